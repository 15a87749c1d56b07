"""Overrides: which rules' suggestions therapists follow, change or replace, and for which kind of reason.

Decisions and explanations are sealed, so the worker counts and stores numbers only; a page never opens a sealed value.
Each client counts once for a rule, with the first decision of the year reported, and numbers are told as in the rule book
(`rule_book.steps`), so that nobody can be recognised.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.db import db
from clinic.guidance.rules import CURRENT
from clinic.intake.explanation import Explanation
from clinic.plans.models import Decision, OverrideCount, ReasonKind, Recount, Review
from clinic.plans.rule_book.steps import STEP, both_parts, in_steps

NAME: Final = "overrides"
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
    """The numbers of each month and rule since a day; each client counts once for a rule."""
    tallies: dict[tuple[date, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    counted: set[tuple[UUID, str]] = set()
    for review in _decided(since):
        for rule, verdict in dict(_verdicts(review)).items():
            if (review.client_id, rule) not in counted:
                counted.add((review.client_id, rule))
                _add(tallies[_month(review), rule], verdict, review.reason_kind)
    return tallies


def _first_month(today: date) -> date:
    """The first day of the same month a year ago."""
    return date(today.year - 1, today.month, 1)


def _decided(since: date) -> Iterator[Review]:
    """Decided reviews since a day, oldest first, in batches: their explanations are opened one by one, not held in memory all at
    once."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    ids = db.session.scalars(
        sa.select(Review.id)
        .where(Review.decided_at >= start, Review.decision.in_(COUNTED))
        .order_by(Review.decided_at, Review.id)
    ).all()
    for first in range(0, len(ids), BATCH):
        yield from db.session.scalars(
            sa.select(Review)
            .where(Review.id.in_(ids[first : first + BATCH]))
            .order_by(Review.decided_at, Review.id)
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
    """One rule in the report, in clients and in whole fives; None stands for fewer than five, or none."""

    rule: str
    says: str
    clients: int
    followed: int | None
    departed: int | None
    reasons: tuple[tuple[ReasonKind, int], ...]


@dataclass(frozen=True, kw_only=True)
class OverrideReport:
    """The rules that met at least five clients, most often overridden first, and how many met fewer.

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
    told = [row for row in rows if row.shown >= STEP]
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
    followed, departed = both_parts(row.followed, row.changed + row.replaced)
    reasons = ((kind, in_steps(getattr(row, kind.value))) for kind in ReasonKind) if departed else ()
    return RuleReport(
        rule=row.rule,
        says=_SAYS.get(row.rule, ""),
        clients=in_steps(row.shown) or 0,
        followed=followed,
        departed=departed,
        reasons=tuple((kind, number) for kind, number in reasons if number),
    )


def _sentences() -> Iterable[tuple[str, str]]:
    yield from ((rule.id, rule.reason) for rule in (*CURRENT.back, *CURRENT.preferences))
    yield from ((rule.id, rule.reason) for rule in (CURRENT.liked, CURRENT.general, CURRENT.blend))
    yield from ((rule.id, rule.why) for rule in CURRENT.safety)


_SAYS: Final = dict(_sentences())
"""What each rule of the current version says; an older version's rule is named by its id alone."""
