"""The words of letters that a practice may make its own: subject, heading, opening and closing of each kind.

Ours stand here in English and in the catalogue in other languages; the practice's are read by `practice_wording`. Both may hold
`{placeholders}` from a fixed list for each kind. They are put in once, as plain text: there is no language in them, what they
bring is not looked at again, and no fact about health has a placeholder. What safety needs (when, where, the link, how to
reach us, warning signs) is no part of these words, so that nobody can take it away.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from clinic.language import N_
from clinic.messaging.models import MessageKind
from clinic.refusal import Refusal

LONGEST: Final = {"subject": 200, "heading": 200, "opening": 2000, "closing": 2000}
PARTS: Final = tuple(LONGEST)

_PLACEHOLDER = re.compile(r"(,? )?\{([^{}]*)\}")
_DIRECTIONS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Characters that make a line read otherwise than it is written; what a placeholder brings loses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Subject and heading on one line each; opening and closing in paragraphs, with an empty line between them."""

    subject: str
    heading: str
    opening: str = ""
    closing: str = ""

    def filled(self, values: Mapping[str, str]) -> "Words":
        """The same words with every placeholder replaced; an empty one goes with the comma or space before it."""
        return Words(**{part.name: _filled(getattr(self, part.name), values) for part in fields(self)})


class BadWords(Refusal):
    """Words that no letter could be made of; the sentence says what to change."""

    status = 422
    code = "bad-words"


def _filled(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[2]
        if name not in values:
            return found[0]
        brought = " ".join(values[name].translate(_DIRECTIONS).split())
        return f"{found[1] or ''}{brought}" if brought else ""

    return _PLACEHOLDER.sub(value, text)


def check(kind: MessageKind, part: str, text: str) -> None:
    """Raises BadWords for a placeholder this kind does not have, and for braces around anything else."""
    known = placeholders(kind)
    listed = " ".join(f"{{{name}}}" for name in known)
    unknown = [name for _, name in _PLACEHOLDER.findall(text) if name not in known]
    if unknown:
        raise BadWords(f"There is no {{{unknown[0]}}} in this letter. You can use {listed}")
    if set(_PLACEHOLDER.sub("", text)) & set("{}"):
        raise BadWords(f"A brace stands alone. Braces belong around one of {listed}")
    if part in ("subject", "heading") and not text.strip():
        raise BadWords("This line cannot be empty.")


def paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph."""
    parts = re.split(r"\n\s*\n", text.strip())
    return [[line.strip() for line in part.splitlines()] for part in parts if part.strip()]


_PRACTICE: Final = ("practice", "phone")
_VISIT: Final = ("client", "practice", "phone", "day", "weekday", "time", "therapist", "place", "what")

OURS: Final[Mapping[MessageKind, Words]] = {
    MessageKind.CONFIRMATION: Words(
        subject=N_("Booked: {day}, {time} at {practice}"),
        heading=N_("You are booked, {client}"),
    ),
    MessageKind.CHANGE: Words(
        subject=N_("Changed: now {day}, {time} at {practice}"),
        heading=N_("Your appointment has changed, {client}"),
        opening=N_("This is how it stands now; the time before is free again."),
    ),
    MessageKind.CANCELLATION: Words(
        subject=N_("Cancelled: {day}, {time} at {practice}"),
        heading=N_("Your appointment is cancelled, {client}"),
    ),
    MessageKind.SERIES: Words(
        subject=N_("Your sessions at {practice}"),
        heading=N_("Your sessions, {client}"),
    ),
    MessageKind.REQUEST_RECEIVED: Words(
        subject=N_("We have your request: {day}, {time}"),
        heading=N_("We have your request, {client}"),
    ),
    MessageKind.REQUEST_CONFIRMED: Words(
        subject=N_("Confirmed: {day}, {time} at {practice}"),
        heading=N_("Your request is confirmed, {client}"),
        opening=N_("A therapist has looked at it and your time stands."),
    ),
    MessageKind.REQUEST_DECLINED: Words(
        subject=N_("Not booked: {day}, {time} at {practice}"),
        heading=N_("We cannot offer this time, {client}"),
    ),
    MessageKind.REMINDER: Words(
        subject=N_("{day}, {time}: your session at {practice}"),
        heading=N_("See you on {weekday}, {client}"),
    ),
    MessageKind.AFTERCARE: Words(
        subject=N_("Your tips after {day}"),
        heading=N_("Thank you for coming, {client}"),
    ),
    MessageKind.OWN_TIPS: Words(
        subject=N_("Your link for {day}"),
        heading=N_("The rest of your tips, {client}"),
    ),
    MessageKind.CHECK_IN: Words(
        subject=N_("Two questions after {day}"),
        heading=N_("How are things, {client}?"),
        opening=N_("Two questions about the days since your session with {therapist}."),
    ),
    MessageKind.SIGN_IN: Words(
        subject=N_("Your sign-in link for {practice}"),
        heading=N_("Here is your link"),
    ),
    MessageKind.RESUME_INTAKE: Words(
        subject=N_("Go on with your questions at {practice}"),
        heading=N_("Go on where you stopped"),
    ),
    MessageKind.GUARDIAN_CONSENT: Words(
        subject=N_("A young person asks for your yes at {practice}"),
        heading=N_("Do you agree to a visit?"),
    ),
    MessageKind.ADDRESS_REPLACED: Words(
        subject=N_("Your e-mail address at {practice} was replaced"),
        heading=N_("This address was replaced"),
    ),
    MessageKind.REVIEW_WAITING: Words(
        subject=N_("An intake waits for your review"),
        heading=N_("An intake waits for your review"),
    ),
    MessageKind.CHECK_IN_ANSWERED: Words(
        subject=N_("A check-in waits for you"),
        heading=N_("A check-in waits for you"),
    ),
    MessageKind.INTAKE_INVITATION: Words(
        subject=N_("Before your visit on {day}: a few questions"),
        heading=N_("A few questions before you come, {client}"),
    ),
    MessageKind.REBOOKING: Words(
        subject=N_("Time for another session at {practice}?"),
        heading=N_("Time for another session, {client}?"),
        opening=N_("You asked us to write when it is time to come again."),
    ),
    MessageKind.WAITING_JOINED: Words(
        subject=N_("You are on the waiting list at {practice}"),
        heading=N_("You are on the waiting list"),
    ),
    MessageKind.WAITING_OFFER: Words(
        subject=N_("Free for you: {day}, {time}"),
        heading=N_("A time is free for you, {client}"),
    ),
    MessageKind.WAITING_OUTCOME: Words(
        subject=N_("No longer free: {day}, {time}"),
        heading=N_("This time is gone, {client}"),
    ),
    MessageKind.WAITING_OVER: Words(
        subject=N_("Your time on the waiting list is over"),
        heading=N_("Your last day is over"),
    ),
    MessageKind.LOOK_BACK_DUE: Words(
        subject=N_("A look back is due"),
        heading=N_("A look back is due"),
    ),
    MessageKind.AGENDA: Words(
        subject=N_("Your day at {practice}"),
        heading=N_("Your day"),
    ),
    MessageKind.DELIVERY_TROUBLE: Words(
        subject=N_("Letters could not be delivered"),
        heading=N_("Letters need a look"),
    ),
    MessageKind.STAFF_INVITATION: Words(
        subject=N_("You are invited to the team at {practice}"),
        heading=N_("You are invited to the team"),
    ),
    MessageKind.PASSWORD_RESET: Words(
        subject=N_("Choose a new password at {practice}"),
        heading=N_("Choose a new password"),
    ),
}
"""What we say in each kind of letter."""

TO_STAFF: Final = frozenset(
    {
        MessageKind.REVIEW_WAITING,
        MessageKind.CHECK_IN_ANSWERED,
        MessageKind.LOOK_BACK_DUE,
        MessageKind.AGENDA,
        MessageKind.DELIVERY_TROUBLE,
        MessageKind.STAFF_INVITATION,
        MessageKind.PASSWORD_RESET,
    }
)
"""Kinds that go to people who work here, in the language of their pages."""

WITHOUT_VISIT: Final = TO_STAFF | {
    MessageKind.SIGN_IN,
    MessageKind.RESUME_INTAKE,
    MessageKind.GUARDIAN_CONSENT,
    MessageKind.ADDRESS_REPLACED,
    MessageKind.WAITING_JOINED,
    MessageKind.WAITING_OVER,
}


def placeholders(kind: MessageKind) -> Sequence[str]:
    """What may stand in braces in this kind of letter."""
    if kind is MessageKind.SERIES:
        return ("client", *_PRACTICE)
    return _PRACTICE if kind in WITHOUT_VISIT else _VISIT
