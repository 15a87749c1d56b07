"""What happened here with each rule and each type: how often therapists departed from it and why, how pain and daily life went,
and incidents.

The worker counts every night, because decisions, scores and incidents are sealed; pages read numbers alone. Each client counts once
for a rule or type, with the first decision about it, so that a figure changes only when five more clients count (`steps.py`). None
of it shows what caused what.

1. Decided reviews since the first of January two years ago are opened in batches, oldest first.
2. For each rule that mattered and for the suggested type, the client is put on a list with what the therapist did.
3. Scores are those the course began with and those of its first look back; the type is the one that the course was planned with.
4. Incidents count for clients who had one after that decision.
5. From the lists come numbers in steps of five. What is below five is not stored.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.db import db
from clinic.guidance.measures import Peg
from clinic.guidance.schedule import Instrument
from clinic.intake.explanation import Explanation
from clinic.plans import courses, scores
from clinic.plans.models import Decision, Incident, OutcomeEntry, Plan, ReasonKind, Recount, Review
from clinic.plans.rule_book.models import Experience, ExperienceKind
from clinic.plans.rule_book.steps import STEP, both_parts, in_steps, whole_groups

NAME: Final = "experiences"
YEARS: Final = 2
BATCH: Final = 200

Subject = tuple[ExperienceKind, str]


@dataclass(frozen=True)
class FirstVerdict:
    """What a therapist did for one client: followed it, or departed from it, and for which kind of reason."""

    at: datetime
    has_departed: bool
    reason: str | None


@dataclass(frozen=True)
class ScoreChange:
    """One client's score at the start of a course and at its first look back."""

    at: datetime
    start: float
    later: float


@dataclass
class Tally:
    """The clients of one rule or type, each once, in the order in which they came to count."""

    decisions: dict[UUID, FirstVerdict] = field(default_factory=dict)
    pain: dict[UUID, ScoreChange] = field(default_factory=dict)
    function: dict[UUID, ScoreChange] = field(default_factory=dict)


def since(now: datetime) -> datetime:
    """The first of January two years ago, in UTC. It moves once a year, so that no night drops a single client."""
    return datetime(now.astimezone(UTC).year - YEARS, 1, 1, tzinfo=UTC)


def count(now: datetime) -> None:
    """Count anew and replace all numbers.

    The caller commits. Twice at once is harmless: the second waits for the first and writes the same numbers.
    """
    tallies = _tallies(since(now))
    incidents = _incidents()
    db.session.execute(pg.insert(Recount).values(name=NAME).on_conflict_do_nothing())
    row = db.session.get_one(Recount, NAME, with_for_update=True, populate_existing=True)
    db.session.execute(sa.delete(Experience))
    for (kind, name), tally in sorted(tallies.items()):
        numbers = told(tally, incidents)
        if any(numbers.values()):
            db.session.add(Experience(kind=kind, name=name, **numbers))
    row.counted_at = now
    audit.record(
        audit.SYSTEM,
        "count",
        subject_type=Experience.__tablename__,
        purpose="report",
        fields=("decision", "chosen", "explanation", "scores", "incidents"),
        now=now,
    )
    db.session.flush()


def told(tally: Tally, incidents: Mapping[UUID, datetime]) -> dict[str, Any]:
    """The numbers of one rule or type that may be stored; `incidents` is each client's newest incident."""
    counted = whole_groups(sorted(tally.decisions.items(), key=lambda one: (one[1].at, one[0])))
    departures = [one for _, one in counted if one.has_departed]
    followed, departed = both_parts(len(counted) - len(departures), len(departures))
    kinds = Counter(one.reason for one in departures)
    hurt = sum(1 for client, one in counted if client in incidents and incidents[client] >= one.at)
    return {
        "clients": len(counted) or None,
        "followed": followed,
        "departed": departed,
        "reasons": [kind.value for kind in ReasonKind if departed and kinds[kind] >= STEP],
        "incident_clients": in_steps(hurt),
        **_means("pain", tally.pain),
        **_means("function", tally.function),
    }


def _means(name: str, changes: Mapping[UUID, ScoreChange]) -> dict[str, Any]:
    counted = whole_groups(sorted(changes.items(), key=lambda one: (one[1].at, one[0])))
    if not counted:
        return {}
    return {
        f"{name}_clients": len(counted),
        f"{name}_start": _mean([one.start for _, one in counted]),
        f"{name}_later": _mean([one.later for _, one in counted]),
    }


def _mean(values: Sequence[float]) -> Decimal:
    return Decimal(str(round(sum(values) / len(values), 1)))


def _tallies(start: datetime) -> dict[Subject, Tally]:
    tallies: dict[Subject, Tally] = defaultdict(Tally)
    ids = db.session.scalars(
        sa.select(Review.id)
        .join(Client, Client.id == Review.client_id)
        .where(Review.decided_at >= start, Client.erased_at.is_(None))
        .order_by(Review.decided_at, Review.id)
    ).all()
    for first in range(0, len(ids), BATCH):
        _add_batch(tallies, ids[first : first + BATCH])
    return tallies


def _add_batch(tallies: dict[Subject, Tally], ids: Sequence[UUID]) -> None:
    reviews = db.session.scalars(
        sa.select(Review)
        .where(Review.id.in_(ids))
        .order_by(Review.decided_at, Review.id)
        .options(joinedload(Review.outcome), joinedload(Review.submission))
    ).all()
    developed = _developed(reviews)
    for review in reviews:
        assert review.decided_at is not None
        subjects = dict(verdicts(review))
        for subject, has_departed in subjects.items():
            reason = review.reason_kind if has_departed else None
            decision = FirstVerdict(review.decided_at, has_departed, reason)
            tallies[subject].decisions.setdefault(review.client_id, decision)
        plan, changes = developed.get(review.id, (None, {}))
        planned = (
            {(ExperienceKind.TYPE, str(one)) for one in plan.content["modalities"][:1]} if plan else set()
        )
        for subject in planned | {one for one in subjects if one[0] is ExperienceKind.RULE}:
            for instrument, change in changes.items():
                measured = (
                    tallies[subject].pain if instrument is Instrument.NRS else tallies[subject].function
                )
                measured.setdefault(review.client_id, change)


def verdicts(review: Review) -> Iterator[tuple[Subject, bool]]:
    """The suggested type and each rule that mattered in a decided review, with whether the therapist departed from it.

    A rule that gave points to the suggested type shares what became of the type. A rule that stops is departed from when the
    review ends in a plan, any other safety rule when it is set aside.
    """
    explained = Explanation.of(review.outcome)
    is_declined = review.decision == Decision.DECLINE
    chosen = review.chosen or {}
    for fired in explained.safety.fired:
        if fired.level.stops:
            yield (ExperienceKind.RULE, fired.rule), not is_declined
        elif not is_declined:
            yield (ExperienceKind.RULE, fired.rule), fired.rule in chosen.get("set_aside", ())
    if is_declined or not explained.ranked:
        return
    top = explained.ranked[0]
    is_kept = review.decision == Decision.ACCEPT or top.modality in chosen.get("modalities", ())
    yield (ExperienceKind.TYPE, top.modality), not is_kept
    for cited in top.reasons:
        if not cited.is_start:
            yield (ExperienceKind.RULE, cited.rule), not is_kept


Developed = dict[UUID, tuple[Plan, dict[Instrument, ScoreChange]]]


def _developed(reviews: Sequence[Review]) -> Developed:
    """By review: the course that followed, with pain and daily life at its start and at its first look back."""
    plans = db.session.scalars(sa.select(Plan).where(Plan.review_id.in_([one.id for one in reviews]))).all()
    gates = {
        course.plan.id: course.visits[first - 1][0]
        for course in courses.courses_of(plan.id for plan in plans)
        if (first := min(course.look_backs, default=0)) and first <= len(course.visits)
    }
    later = scores.before_visits(gates.values())
    starts = _starts([review.submission_id for review in reviews])
    submissions = {review.id: review.submission_id for review in reviews}
    found: Developed = {}
    for plan in plans:
        at_start = starts.get(submissions[plan.review_id], {})
        at_gate = later.get(gates[plan.id], {}) if plan.id in gates else {}
        found[plan.review_id] = (plan, dict(_changes(at_start, at_gate)))
    return found


def _starts(submission_ids: Sequence[UUID]) -> dict[UUID, dict[Instrument, OutcomeEntry]]:
    found: dict[UUID, dict[Instrument, OutcomeEntry]] = defaultdict(dict)
    rows = sa.select(OutcomeEntry).where(
        OutcomeEntry.submission_id.in_(submission_ids), OutcomeEntry.appointment_id.is_(None)
    )
    for entry in db.session.scalars(rows):
        if entry.submission_id is not None:
            found[entry.submission_id][Instrument(entry.instrument)] = entry
    return found


def _changes(
    start: Mapping[Instrument, OutcomeEntry], later: Mapping[Instrument, OutcomeEntry]
) -> Iterator[tuple[Instrument, ScoreChange]]:
    for instrument in (Instrument.NRS, Instrument.PEG):
        if instrument in start and instrument in later:
            before, after = _score(start[instrument]), _score(later[instrument])
            if before is not None and after is not None:
                yield instrument, ScoreChange(later[instrument].recorded_at, before, after)


def _score(entry: OutcomeEntry) -> float | None:
    given = entry.scores
    return given.get("average") if entry.instrument == Instrument.NRS else Peg(**given).score


def _incidents() -> dict[UUID, datetime]:
    """Each client's newest incident."""
    rows = db.session.execute(
        sa.select(Incident.client_id, sa.func.max(Incident.signed_at)).group_by(Incident.client_id)
    )
    return {row[0]: row[1] for row in rows}


def experiences() -> dict[tuple[str, str], Experience]:
    """The numbers as they were last counted, by kind and id; opens nothing sealed."""
    return {(row.kind, row.name): row for row in db.session.scalars(sa.select(Experience))}


def counted_at() -> datetime | None:
    """When it was last counted; None before the first night."""
    row = db.session.get(Recount, NAME, populate_existing=True)
    return row.counted_at if row else None
