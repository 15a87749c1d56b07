"""The ledger of a client's consents: each with the words that were read, its way, and its withdrawal; and what withdrawing each kind does.

Withdrawing stops what rests on the consent and nothing else: `WORDS` says both, to the client before and after, and to staff who record it.
A consent to the areas of a treatment is part of that visit's note, and one to a file stands and goes with the file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic import language
from clinic.accounts.models import Contact, User
from clinic.db import db
from clinic.intake import consent, guardians, withdrawal
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, ConsentWay, GuardianConsent, Purpose
from clinic.language import N_
from clinic.messaging import preferences

GUARDIAN: Final = "guardian"
"""A consent of a parent or guardian; the other kinds are called as their purpose."""
BY_STAFF: Final = "user:"


@dataclass(frozen=True, kw_only=True)
class ConsentWords:
    """How a kind reads, what withdrawing does, and what it leaves as it is."""

    title: str
    text: ConsentText
    stops: tuple[str, ...]
    stays: tuple[str, ...]


WORDS: Final[dict[str, ConsentWords]] = {
    Purpose.HEALTH_DATA: ConsentWords(
        title=N_("We keep your health answers"),
        text=consent.HEALTH_DATA,
        stops=(
            N_("Your answers no longer count: before your next booking we ask the questions again."),
            N_("Tips after a visit no longer use them."),
            N_("Your therapist reads that you withdrew."),
        ),
        stays=(
            N_("Your booked visits stay."),
            N_("A warning sign that you told us about still counts, for your safety."),
            N_("What is in your record stays there for as long as the law obliges us to keep it."),
        ),
    ),
    Purpose.SHARE_WITH_CLINICIAN: ConsentWords(
        title=N_("We may contact your doctor"),
        text=consent.SHARE_WITH_CLINICIAN,
        stops=(N_("Your therapist no longer contacts your doctor about you."),),
        stays=(N_("What was said or sent before cannot be taken back."),),
    ),
    Purpose.NEWS: ConsentWords(
        title=N_("We write when it is time for another session"),
        text=preferences.NEWS,
        stops=(N_("Invitations to come again no longer come."),),
        stays=(N_("Confirmations, reminders and changes of your visits still come."),),
    ),
    Purpose.TEXT_MESSAGES: ConsentWords(
        title=N_("We send reminders as text messages"),
        text=preferences.TEXT_MESSAGES,
        stops=(N_("Text messages no longer come."),),
        stays=(N_("Reminders by e-mail still come."),),
    ),
    GUARDIAN: ConsentWords(
        title=N_("A parent or guardian agrees to the visits"),
        text=consent.GUARDIAN,
        stops=(N_("Nothing more can be booked until a parent or guardian agrees again."),),
        stays=(
            N_("Booked visits stay. Cancel those that shall not take place."),
            N_("The answers about their health stay in the record, for as long as we have to keep it."),
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One consent: which words, when, by which way and by whom it was given and, if it was, withdrawn."""

    kind: str
    given_at: datetime
    way: ConsentWay
    recorded_by: str
    """The name of the member of staff who recorded what was said; empty if nobody did."""
    version: str
    language: str | None
    words: str
    """As they were read; empty if they were not stored and are no longer in use."""
    withdrawn_at: datetime | None
    withdrawn_way: ConsentWay | None
    withdrawn_by: str

    @property
    def said(self) -> ConsentWords:
        """What this kind of consent means."""
        return WORDS[self.kind]


def ledger_of(client_id: UUID) -> list[LedgerLine]:
    """Every consent of a client, the newest first; the same consent that several answers rest on once. Three statements."""
    rows: list[Consent | GuardianConsent] = [
        *withdrawal.consents_of(client_id),
        *guardians.consents_of(client_id),
    ]
    names = _names(rows)
    found = {_key(line): line for line in (_line(row, names) for row in rows)}
    return sorted(found.values(), key=lambda line: line.given_at, reverse=True)


def standing_of(lines: Iterable[LedgerLine]) -> list[LedgerLine]:
    """The newest standing consent of each kind."""
    newest: dict[str, LedgerLine] = {}
    for line in lines:
        if line.withdrawn_at is None:
            newest.setdefault(line.kind, line)
    return list(newest.values())


def withdraw(client_id: UUID, kind: str, *, way: ConsentWay, actor: str, now: datetime) -> int:
    """Withdraw every standing consent of a kind; returns how many. Raises KeyError for what is no kind. The caller commits."""
    if kind == GUARDIAN:
        return guardians.withdraw(client_id, way=way, actor=actor, now=now)
    purpose = Purpose(WORDS[kind].text.purpose or "")
    if purpose == Purpose.TEXT_MESSAGES:
        agreed = sa.select(Contact.id).where(
            Contact.client_id == client_id, Contact.sms_agreed_at.is_not(None)
        )
        for contact_id in db.session.scalars(agreed).all():
            preferences.record_sms_consent(contact_id, actor, now, agrees=False, way=way)
    return withdrawal.withdraw(client_id, purpose, actor=actor, now=now, way=way)


def _key(line: LedgerLine) -> tuple[object, ...]:
    return line.kind, line.given_at, line.version, line.withdrawn_at


def _line(row: Consent | GuardianConsent, names: dict[str, str]) -> LedgerLine:
    if isinstance(row, Consent):
        kind, given_at, way, by = row.purpose, row.given_at, ConsentWay(row.channel), row.given_by
    else:
        assert row.agreed_at is not None
        kind, given_at, way, by = GUARDIAN, row.agreed_at, ConsentWay.LINK, None
    return LedgerLine(
        kind=kind,
        given_at=given_at,
        way=way,
        recorded_by=names.get(by or "", ""),
        version=row.text_version,
        language=row.language,
        words=row.words or _words_in_use(WORDS[kind].text, row),
        withdrawn_at=row.withdrawn_at,
        withdrawn_way=ConsentWay(row.withdrawn_way) if row.withdrawn_way else None,
        withdrawn_by=names.get(row.withdrawn_by or "", ""),
    )


def _words_in_use(text: ConsentText, row: Consent | GuardianConsent) -> str:
    same = row.text_sha256 == text.sha256 if isinstance(row, Consent) else row.text_version == text.version
    return text.words(language.current()) if same else ""


def _names(rows: Iterable[Consent | GuardianConsent]) -> dict[str, str]:
    ids = [UUID(actor.removeprefix(BY_STAFF)) for actor in _staff(rows)]
    return {
        f"{BY_STAFF}{user.id}": user.name
        for user in db.session.scalars(sa.select(User).where(User.id.in_(ids)))
    }


def _staff(rows: Iterable[Consent | GuardianConsent]) -> Iterator[str]:
    for row in rows:
        given_by = row.given_by if isinstance(row, Consent) else None
        yield from (actor for actor in (given_by, row.withdrawn_by) if actor and actor.startswith(BY_STAFF))
