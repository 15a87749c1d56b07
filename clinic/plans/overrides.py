"""Overrides: which rules' suggestions therapists follow, change or replace, and for which kind of reason.

Decisions and explanations are sealed, so the worker counts and stores numbers only; a page never opens a sealed value.
Numbers under five are not shown exactly, so that no single client can be recognised.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.db import db
from clinic.guidance.rules import CURRENT
from clinic.intake.explanation import Explanation
from clinic.plans.models import Decision, OverrideCount, ReasonKind, Recount, Review

NAME: Final = "overrides"
LEAST: Final = 5
"""Numbers from one to below this are not shown."""
MONTHS: Final = 12
BATCH: Final = 200
COUNTED: Final = (Decision.ACCEPT, Decision.CHANGE, Decision.REPLACE)


def ask_recount(now: datetime) -> None:
    """Ask the worker to count again; asked twice, it counts once."""
    asked = pg.insert(Recount).values(name=NAME, asked_at=now)
    db.session.execute(asked.on_conflict_do_update(index_elements=["name"], set_={"asked_at": now}))


def recount() -> Recount | None:
    """When it was last counted and asked for; None before the first time."""
    return db.session.get(Recount, NAME, populate_existing=True)


def count_if_asked(now: datetime) -> bool:
    """Count if somebody has asked since the last count; returns whether it did. The caller commits."""
    row = recount()
    if row is None or row.asked_at is None or (row.counted_at is not None and row.counted_at > row.asked_at):
        return False
    count(now)
    return True


def count(now: datetime) -> None:
    """Recount the decisions of this month and the last twelve; earlier counts stay.

    The caller commits. Twice at once is harmless: the second waits for the first and writes the same numbers.
    """
    since = _first_month(now.astimezone(UTC).date())
    tallies = _tallies(since)
    # Locked only now, so that somebody who asks meanwhile waits only for the writing.
    db.session.execute(pg.insert(Recount).values(name=NAME).on_conflict_do_nothing())
    row = db.session.get_one(Recount, NAME, with_for_update=True, populate_existing=True)
    db.session.execute(sa.delete(OverrideCount).where(OverrideCount.month >= since))
    db.session.add_all(
        OverrideCount(month=month, rule=rule, **numbers) for (month, rule), numbers in tallies.items()
    )
    row.counted_at = now
    # One audit entry for the whole count: nothing of a single record leaves the worker.
    audit.record(
        audit.SYSTEM,
        "count",
        subject_type=Review.__tablename__,
        purpose="report",
        fields=("decision", "chosen", "explanation"),
        now=now,
    )
    db.session.flush()


def _tallies(since: date) -> dict[tuple[date, str], dict[str, int]]:
    """The numbers of each month and rule since a day."""
    tallies: dict[tuple[date, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for review in _decided(since):
        for rule, verdict in _verdicts(review):
            _add(tallies[_month(review), rule], verdict, review.reason_kind)
    return tallies


def _first_month(today: date) -> date:
    """The first day of the same month a year ago."""
    return date(today.year - 1, today.month, 1)


def _decided(since: date) -> Iterator[Review]:
    """Decided reviews since a day, in batches: their explanations are opened one by one, not held in memory all at
    once."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    ids = db.session.scalars(
        sa.select(Review.id).where(Review.decided_at >= start, Review.decision.in_(COUNTED))
    ).all()
    for first in range(0, len(ids), BATCH):
        yield from db.session.scalars(
            sa.select(Review)
            .where(Review.id.in_(ids[first : first + BATCH]))
            .options(joinedload(Review.outcome), joinedload(Review.submission))
        )


def _month(review: Review) -> date:
    assert review.decided_at is not None
    decided_on = review.decided_at.astimezone(UTC).date()
    return decided_on.replace(day=1)


def _verdicts(review: Review) -> Iterator[tuple[str, Decision]]:
    """Each rule that mattered in this review, and what the therapist did with it.

    A rule that gave points to the suggested type shares what the therapist did with the suggestion. A safety rule that
    excluded types counts as followed unless it was deliberately set aside.
    """
    explained = Explanation.of(review.outcome)
    if not explained.ranked or review.decision is None:
        return
    for cited in explained.ranked[0].reasons:
        if not cited.is_start:
            yield cited.rule, Decision(review.decision)
    set_aside = frozenset((review.chosen or {}).get("set_aside", ()))
    for rule in sorted(explained.rules_against(explained.exclusions)):
        yield rule, Decision.REPLACE if rule in set_aside else Decision.ACCEPT


def _add(numbers: dict[str, int], verdict: Decision, reason_kind: str | None) -> None:
    numbers["shown"] += 1
    numbers[_COLUMN[verdict]] += 1
    if verdict is not Decision.ACCEPT and reason_kind is not None:
        numbers[ReasonKind(reason_kind).value] += 1


_COLUMN: Final = {Decision.ACCEPT: "followed", Decision.CHANGE: "changed", Decision.REPLACE: "replaced"}


@dataclass(frozen=True, kw_only=True)
class RuleReport:
    """One rule in the report, in words that hide small numbers. `reasons` is (kind, how often)."""

    rule: str
    says: str
    shown: int
    followed: str
    departed: str
    reasons: tuple[tuple[ReasonKind, str], ...]


@dataclass(frozen=True, kw_only=True)
class OverrideReport:
    """The rules shown at least five times, most often overridden first, and how many were shown less often.

    `since` is the first month counted.
    """

    rules: tuple[RuleReport, ...]
    hidden: int
    since: date
    counted_at: datetime | None
    is_asked: bool


def report(now: datetime) -> OverrideReport:
    """The numbers as they were last counted, of this month and the twelve before; opens nothing sealed."""
    since = _first_month(now.astimezone(UTC).date())
    sums = [sa.func.sum(getattr(OverrideCount, name)).label(name) for name in _NUMBERS]
    rows = db.session.execute(
        sa.select(OverrideCount.rule, *sums).where(OverrideCount.month >= since).group_by(OverrideCount.rule)
    ).all()
    told = [row for row in rows if row.shown >= LEAST]
    told.sort(key=lambda row: (-(row.changed + row.replaced) / row.shown, -row.shown, row.rule))
    state = recount()
    return OverrideReport(
        rules=tuple(_told(row) for row in told),
        hidden=len(rows) - len(told),
        since=since,
        counted_at=state.counted_at if state else None,
        is_asked=state is not None
        and state.asked_at is not None
        and (state.counted_at is None or state.asked_at >= state.counted_at),
    )


_NUMBERS: Final = ("shown", "followed", "changed", "replaced", *(kind.value for kind in ReasonKind))


def _told(row: sa.Row[tuple[int, ...]]) -> RuleReport:
    departed = row.changed + row.replaced
    followed, left = in_words((row.followed, departed))
    reasons = [(kind, getattr(row, kind.value)) for kind in ReasonKind]
    return RuleReport(
        rule=row.rule,
        says=_SAYS.get(row.rule, ""),
        shown=row.shown,
        followed=followed,
        departed=left,
        reasons=tuple((kind, _at_least_five(number)) for kind, number in reasons if number)
        if departed >= LEAST
        else (),
    )


def in_words(parts: tuple[int, int]) -> tuple[str, str]:
    """Two parts of a known total: if one is too small to show, the other is not shown exactly either."""
    whole = sum(parts)
    if not any(0 < part < LEAST for part in parts):
        return str(parts[0]), str(parts[1])
    first, second = (
        _at_least_five(part) if part < LEAST else f"{whole - LEAST + 1} or more" for part in parts
    )
    return first, second


def _at_least_five(number: int) -> str:
    return "under five" if 0 < number < LEAST else str(number)


def _sentences() -> Iterable[tuple[str, str]]:
    yield from ((rule.id, rule.reason) for rule in (*CURRENT.back, *CURRENT.preferences))
    yield from ((rule.id, rule.reason) for rule in (CURRENT.liked, CURRENT.general, CURRENT.blend))
    yield from ((rule.id, rule.why) for rule in CURRENT.safety)


_SAYS: Final = dict(_sentences())
"""What each rule of the current version says; an older version's rule is named by its id alone."""
