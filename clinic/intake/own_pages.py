"""Pages about a client's own answers, mailed as a one-time link to an address they give: the outcome, and after a stop the
page for the doctor.

Asking stores the address; messaging derives the letter from that row. Following the link proves the address, and nothing
about health is in the letter. What the page shows is read when the link is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts.models import Client, LoginLink
from clinic.db import RowsToDelete, db
from clinic.guidance.levels import Disposition
from clinic.intake import drafts, queries
from clinic.intake.assessment import advice_so_far, led_by
from clinic.intake.consent import DRAFTS_KEPT
from clinic.intake.explanation import safety_of
from clinic.intake.models import Draft, OwnPage, PageShown, Submission
from clinic.intake.queries import SafetyStanding

ASKED_AGAIN: Final = timedelta(minutes=1)
"""Asking again for the same address within this time sends no second letter."""
KEPT: Final = timedelta(days=14)
"""How long after the last request another link can be asked for at the same address."""


@dataclass(frozen=True)
class Told:
    """Answers with the keys of those that led to a stop, in the order of the pages, as key and value."""

    answers: Mapping[str, Any]
    led: tuple[tuple[str, Any], ...]


def stopped_here(
    *, browser: bytes | None, client_id: UUID | None, standing: SafetyStanding, now: datetime
) -> Draft | Submission | None:
    """The answers that a doctor should see: the browser's draft, or else what was sent; None if nothing stops here."""
    draft = queries.draft(browser, now)
    if draft is not None:
        said = advice_so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now))
        return draft if said.verdict.level.stops else None
    if standing.level is None or not standing.level.stops or standing.disposition is Disposition.POSTPONE:
        return None
    return queries.newest_sent(browser=browser, client_id=client_id, now=now)


def told(source: Draft | Submission, now: datetime) -> Told:
    """What the page shows of these answers. The caller records the access in the audit log."""
    if isinstance(source, Draft):
        answers = dict(source.answers)
        return Told(answers, advice_so_far(answers, drafts.cleared_rules(source, answers, now)).led)
    outcome = source.outcome
    highest = [rule for rule in safety_of(outcome).fired if rule.level == outcome.level and rule.level.stops]
    return Told(queries.answers_judged(source), led_by(rule.answers for rule in highest))


def ask(
    source: Draft | Submission,
    mail: str,
    now: datetime,
    *,
    shows: PageShown = PageShown.DOCTOR,
    language: str | None = None,
) -> OwnPage:
    """Request the link at an email address; a new address replaces the old one. The letter is in this language.

    Raises UnreadableAddress for an address that cannot be one, and NoDraft if the answers have just gone.
    """
    address = accounts.normalise_mail(mail)
    column = OwnPage.draft_id if isinstance(source, Draft) else OwnPage.submission_id
    # Two presses at once wait here for each other, so that the second finds what the first has written.
    locked = sa.select(type(source).id).where(type(source).id == source.id).with_for_update()
    if db.session.scalar(locked) is None:
        raise drafts.NoDraft
    row = db.session.scalar(
        sa.select(OwnPage).where(column == source.id, OwnPage.shows == shows).with_for_update()
    )
    if row is None:
        row = OwnPage(shows=shows, asked_at=now, **{column.key: source.id})
        row.mail = address
        db.session.add(row)
    elif row.mail != address or row.asked_at <= now - ASKED_AGAIN:
        row.mail = address
        _owe_a_letter(row, now)
    row.language = language or row.language
    db.session.flush()
    return row


def ask_again(page_id: UUID, now: datetime) -> None:
    """Request a new link at the same address; does nothing if there is no such page any more."""
    row = db.session.get(OwnPage, page_id, with_for_update=True)
    if row is not None and now - KEPT < row.asked_at <= now - ASKED_AGAIN:
        _owe_a_letter(row, now)
        db.session.flush()


def _owe_a_letter(row: OwnPage, now: datetime) -> None:
    row.asked_at = now
    row.asked_revision += 1


def page_behind(link: LoginLink | None) -> OwnPage | None:
    """The page that a one-time link is for, also a link that was used."""
    return db.session.get(OwnPage, link.subject_id) if link else None


def answers_behind(row: OwnPage | None, now: datetime) -> Draft | Submission | None:
    """The answers that a page is about; None if they are no longer kept."""
    if row is None or row.asked_at <= now - KEPT:
        return None
    source: Draft | Submission | None
    if row.draft_id is not None:
        source = db.session.get(Draft, row.draft_id)
        if source is None or source.changed_at <= now - DRAFTS_KEPT:
            return None
    else:
        source = db.session.get_one(Submission, row.submission_id)
    client = db.session.get(Client, source.client_id) if source.client_id else None
    return None if client is not None and client.erased_at is not None else source


def client_of(row: OwnPage) -> UUID | None:
    """Whose answers they are, if that is known yet."""
    if row.draft_id is not None:
        return db.session.scalar(sa.select(Draft.client_id).where(Draft.id == row.draft_id))
    return db.session.scalar(sa.select(Submission.client_id).where(Submission.id == row.submission_id))


def follow(draft: Draft, submission: Submission) -> None:
    """Let a mailed link lead to the answers as they were sent, once their draft ends."""
    db.session.execute(
        sa.update(OwnPage)
        .where(OwnPage.draft_id == draft.id)
        .values(draft_id=None, submission_id=submission.id)
    )


def old_pages(until: datetime) -> RowsToDelete:
    """The addresses last asked for at an instant or before it."""
    return RowsToDelete(OwnPage, OwnPage.asked_at <= until)
