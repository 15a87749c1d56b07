"""A client who returns within six months: what is asked anew on one page, and what they only look over.

1. *Safety today*: every sign, today, medicines and pregnancy, the pain now. Each is a question of its own; “None of these”
   answers the signs of one group together.
2. *Still true?*: what they told us before. It stays as it was given, with its date; nothing of the safety part is among it.
3. Whatever is missing, or has passed since, is asked on its own page, as of anybody. A new name for the problem asks everything.

A draft of somebody new, or of somebody whose answers are older, has none of this.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import PAGES, QUESTIONS, Question
from clinic.intake import drafts, history, path
from clinic.intake.assessment import SafetyVerdict
from clinic.intake.drafts import NotReached, Posted
from clinic.intake.models import Draft, Submission
from clinic.language import N_

OPEN_GROUP: Final = N_("Tick “None of these”, or answer each line.")


@dataclass(frozen=True)
class SignGroup:
    """The signs of one page of the questionnaire, which “None of these” answers together."""

    slug: str
    heading: str
    signs: tuple[Question, ...]


SIGN_GROUPS: Final = tuple(
    SignGroup(page.slug, page.heading, page.questions)
    for page in PAGES
    if all(question.kind is FieldKind.RED_FLAG for question in page.questions)
)


def asked_beside(
    before: Submission, now: datetime, answers: Mapping[str, object] | None = None
) -> tuple[Question, ...]:
    """What is asked today beside the signs, of a client with these earlier answers and those of their draft so far.

    Somebody who had pain says how much it is now, and somebody who had none whether there is some.
    """
    known = {**history.filled_in(before, now), **(answers or {})}
    had_pain = before.answers.get("back_pain_now") == "yes"
    pain = ("pain_now_nrs", "pain_avg_nrs") if had_pain else ("back_pain_now",)
    wanted = (QUESTIONS[name] for name in ("today", "medications", "pregnancy", *pain))
    return tuple(question for question in wanted if questionnaire.asked(question, known))


def is_answered_today(draft: Draft) -> bool:
    """Whether every question of today's page has an answer in this draft; true for a draft that has no such page."""
    before = drafts.earlier(draft)
    if before is None:
        return True
    signs = (sign for group in SIGN_GROUPS for sign in group.signs)
    beside = asked_beside(before, draft.created_at, draft.answers)
    return all(question.field in draft.answers for question in (*signs, *beside))


def is_given_today(draft: Draft, fields: Iterable[str]) -> bool:
    """Whether one of these answers is asked on today's page of this draft."""
    before = drafts.earlier(draft)
    if before is None:
        return False
    signs = {sign.field for group in SIGN_GROUPS for sign in group.signs}
    beside = {question.field for question in asked_beside(before, draft.created_at, draft.answers)}
    return not (signs | beside).isdisjoint(fields)


def is_open(draft: Draft) -> bool:
    """Whether a returning client has yet to answer today's page, or to say that the rest is still true.

    Where everything is asked again, there is nothing to look over.
    """
    if drafts.earlier(draft) is None:
        return False
    return not is_answered_today(draft) or (draft.looked_over_at is None and not drafts.is_renewed(draft))


def save_today(
    browser: bytes, posted: Posted, none_of: Collection[str], now: datetime
) -> tuple[Draft, SafetyVerdict]:
    """Save the page of today and judge all answers; at urgent the draft is stopped.

    `none_of` are the groups, by slug, whose open signs are answered with no together. Raises NoDraft, NotReached for
    somebody who does not return, and DraftIncomplete, whose problems stand under a field or the slug of a group.
    """
    draft = drafts.lock_draft(browser, now)
    before = drafts.earlier(draft)
    if before is None:
        raise NotReached
    problems: dict[str, str] = {}
    as_group: list[str] = []
    questions: list[Question] = []
    for group in SIGN_GROUPS:
        refused = _doubtful(group, posted) if group.slug in none_of else ()
        problems |= dict.fromkeys(refused, drafts.WHICH_IS_RIGHT)
        if refused:
            continue
        left_open = [sign.field for sign in group.signs if not any(posted.get(sign.field, ()))]
        if group.slug in none_of:
            as_group += left_open
        elif len(left_open) == len(group.signs):
            problems[group.slug] = OPEN_GROUP
            continue
        questions += group.signs
    questions += asked_beside(before, draft.created_at, draft.answers)
    values, unread = drafts.read_answers(
        questions, {**posted, **{sign: ["no"] for sign in as_group}}, draft.answers
    )
    return draft, drafts.store(draft, values, {**problems, **unread}, as_group, now)


def _doubtful(group: SignGroup, posted: Posted) -> Sequence[str]:
    return [sign.field for sign in group.signs if {"yes", "unsure"} & set(posted.get(sign.field, ()))]


def say_still_true(browser: bytes, now: datetime) -> Draft:
    """The client looked over what they told us before, and it is still true. No answer becomes newer by it.

    Raises NoDraft, and NotReached while a question is open.
    """
    draft = drafts.lock_draft(browser, now)
    is_missing = path.next_unanswered(draft.answers, path.scope_of(draft)) is not None
    if drafts.earlier(draft) is None or not is_answered_today(draft) or is_missing:
        raise NotReached
    draft.looked_over_at = draft.changed_at = now
    db.session.flush()
    return draft
