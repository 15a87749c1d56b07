"""Periods an owner chooses: how long a kind of record is kept, between what the law and the work here need and what they allow.

`current` is the only answer to how long one is kept now: the privacy page, the settings, erasure and the sweeps ask it. A stored length
outside its bounds, because the country changed, counts as the nearest one inside.

Sources for notes: Germany BGB § 630f(3); Austria MMHmG §§ 3 and 34; Netherlands BW 7:454(3); Great Britain NHS Records Management Code of
Practice (2021, updated 2023); Canada CMTO, Record Retention (Ontario); New Zealand Health (Retention of Health Information) Regulations
1996 (these read 2026-12-01); Ireland HSE retention policy; Australia Health Records and Information Privacy Act 2002 (NSW) s 25 (not read:
as others quote them). `docs/law.md` says for each what was read and what was not. For clients: GDPR, article 5(1)(e).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic.accounts import audit
from clinic.accounts.erasures import RestrictedRecord
from clinic.db import Model, db
from clinic.practice.editing import print_of, require_unchanged
from clinic.practice.queries import find_practice, the_practice
from clinic.refusal import Refusal

NOTES: Final = "notes"
UNSEEN: Final = "unseen_clients"
UNREAD: Final = "unread_documents"


class PeriodUnit(StrEnum):
    """In what a period is counted."""

    HOURS = "hours"
    DAYS = "days"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time; years are those of the calendar."""

    length: int
    unit: PeriodUnit

    def before(self, now: datetime) -> datetime:
        """The instant so long before another one; 28 February where there is no 29th."""
        if self.unit is PeriodUnit.YEARS:
            day = 28 if (now.month, now.day) == (2, 29) else now.day
            return now.replace(year=now.year - self.length, day=day)
        return now - timedelta(**{self.unit.value: self.length})

    def __str__(self) -> str:
        """In English, for staff and the audit: `30 days`."""
        return f"{self.length} {self.unit.value if self.length != 1 else self.unit.value[:-1]}"


def period_of(length: timedelta) -> Period:
    """A fixed length as a period, in days if it is a whole number of them."""
    hours = length // timedelta(hours=1)
    return Period(hours // 24, PeriodUnit.DAYS) if hours % 24 == 0 else Period(hours, PeriodUnit.HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What an owner may choose. `usual` holds if nothing was chosen; None: then nothing is deleted by itself."""

    usual: int | None
    least: int
    most: int
    why_least: str
    why_most: str
    unit: PeriodUnit = PeriodUnit.DAYS

    def period(self, length: int | None) -> Period | None:
        """This length, or the nearest that is allowed."""
        return None if length is None else Period(min(max(length, self.least), self.most), self.unit)


NOTES_YEARS: Final[Mapping[str, int]] = {
    "AT": 10, "AU": 7, "CA": 10, "DE": 10, "GB": 8, "IE": 8, "NL": 20, "NZ": 10,
}  # fmt: skip
"""By country, how many years the law or the profession's rules keep notes after the last visit."""
USUAL_NOTES_YEARS: Final = 10

_BOUNDS: Final = {
    "replaced_addresses": Bounds(
        usual=30, least=7, most=90, why_least="a week to notice that somebody else changed it",
        why_most="an address that is no longer used has to go",
    ),
    "sessions": Bounds(
        usual=30, least=7, most=180, why_least="a week to look into a strange sign-in",
        why_most="who signed in stays in the record of access",
    ),
    "invitations": Bounds(
        usual=90, least=1, most=365, why_least="the link is over anyway", why_most="somebody who never came is nobody’s business",
    ),
    "waiting_list": Bounds(
        usual=90, least=7, most=365, why_least="a week to say what was offered", why_most="what somebody once wished for is over",
    ),
    "task_words": Bounds(
        usual=180, least=30, most=730, why_least="a month of work stays understandable",
        why_most="what matters longer belongs in the client’s file",
    ),
    "unusual_readings": Bounds(
        usual=180, least=90, most=730, why_least="misuse is often noticed late", why_most="suspicion has to end",
    ),
    UNREAD: Bounds(
        usual=180, least=30, most=365, why_least="a visit may be weeks away", why_most="nobody needed it",
    ),
    UNSEEN: Bounds(
        usual=None, least=3, most=30, unit=PeriodUnit.YEARS,
        why_least="claims can be made for about three years, and people come back",
        why_most="nothing about a person may stay for ever",
    ),
}  # fmt: skip


class RetentionPeriod(Model):
    """The length that an owner chose for one kind of record; without a row the usual one holds."""

    __tablename__ = "retention_periods"

    kind: Mapped[str] = mapped_column(primary_key=True)
    length: Mapped[int]
    """In the unit of the kind."""
    chosen_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "CASE kind WHEN 'replaced_addresses' THEN length BETWEEN 7 AND 90 WHEN 'sessions' THEN length BETWEEN 7 AND 180 "
            "WHEN 'invitations' THEN length BETWEEN 1 AND 365 WHEN 'waiting_list' THEN length BETWEEN 7 AND 365 "
            "WHEN 'task_words' THEN length BETWEEN 30 AND 730 WHEN 'unusual_readings' THEN length BETWEEN 90 AND 730 "
            "WHEN 'unread_documents' THEN length BETWEEN 30 AND 365 WHEN 'unseen_clients' THEN length BETWEEN 3 AND 30 "
            "WHEN 'notes' THEN length BETWEEN 1 AND 30 ELSE false END",
            name="length_allowed",
        ),
    )


class PeriodNotAllowed(Refusal):
    """A length outside the bounds."""

    status = 422
    code = "period-not-allowed"


def bounds_of(kind: str) -> Bounds:
    """What may be chosen for a kind, in the practice's country. Raises KeyError for a kind whose period is fixed."""
    return _notes_bounds() if kind == NOTES else _BOUNDS[kind]


def is_chosen(kind: str) -> bool:
    """Whether an owner chooses the period of this kind."""
    return kind == NOTES or kind in _BOUNDS


def _notes_bounds() -> Bounds:
    practice = find_practice()
    years = NOTES_YEARS.get(practice.country) if practice else None
    return Bounds(
        usual=max(USUAL_NOTES_YEARS, years or 0), least=years or 1, most=30, unit=PeriodUnit.YEARS,
        why_least="the law or the profession asks for it here" if years
        else "we know no rule of your country: ask your association",
        why_most="no claim can be made later",
    )  # fmt: skip


def chosen() -> dict[str, int]:
    """Every length that an owner chose. One statement."""
    return {row.kind: row.length for row in db.session.scalars(sa.select(RetentionPeriod))}


def current(kind: str, known: Mapping[str, int] | None = None) -> Period | None:
    """How long a kind is kept now; None if it is not deleted by itself. `known` spares the statement for many kinds."""
    bounds = bounds_of(kind)
    lengths = chosen() if known is None else known
    return bounds.period(lengths.get(kind, bounds.usual))


def notes_years() -> int:
    """How many years the record of treatment is kept after its last visit."""
    period = current(NOTES)
    assert period is not None
    return period.length


def unread_days() -> int:
    """After how many days a letter or report that nobody opened is deleted."""
    period = current(UNREAD)
    assert period is not None
    return period.length


def mark(kind: str) -> str:
    """The mark of a page that shows the period of a kind."""
    return print_of(kind, current(kind))


def choose(kind: str, length: int | None, *, seen_as: str, actor: str, now: datetime) -> None:
    """Keep a kind so long from now on; None for the usual period again.
    Raises PeriodNotAllowed and ChangedMeanwhile. The caller commits.

    The last days of restricted records move with the period of notes.
    """
    bounds = bounds_of(kind)
    if length is not None and not bounds.least <= length <= bounds.most:
        raise PeriodNotAllowed(f"Choose {bounds.least} to {bounds.most} {bounds.unit.value}.")
    db.session.refresh(the_practice(), with_for_update=True)
    require_unchanged(seen_as, mark(kind))
    before = current(kind)
    row = db.session.get(RetentionPeriod, kind)
    if length is None:
        if row is not None:
            db.session.delete(row)
    elif row is None:
        db.session.add(RetentionPeriod(kind=kind, length=length, chosen_at=now))
    else:
        row.length, row.chosen_at = length, now
    db.session.flush()
    after = current(kind)
    if after == before:
        return
    if kind == NOTES and before and after:
        _move_last_days(after.length - before.length)
    audit.record(
        actor, "change", subject_type=RetentionPeriod.__tablename__, fields=[kind],
        purpose=f"{kind}: {before or 'no end'} → {after or 'no end'}", now=now,
    )  # fmt: skip


def _move_last_days(years: int) -> None:
    longer = RestrictedRecord.kept_until + sa.func.make_interval(years)
    db.session.execute(sa.update(RestrictedRecord).values(kept_until=sa.cast(longer, sa.Date)))
