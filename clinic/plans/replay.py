"""What another rule set would say about answers that are already judged. It only reads: outcomes, reviews and decisions
stay as they are.

A rule set in use is never edited, and an outcome names the version it was made with. So the same version gives the same
result again, and a new one shows beforehand which open reviews a therapist would find different.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.db import db
from clinic.guidance import rules
from clinic.guidance.facts import InvalidFacts
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import RuleSet
from clinic.intake import queries as intake
from clinic.intake.assessment import assess
from clinic.intake.explanation import Explanation, unasked_of
from clinic.intake.models import Outcome, Submission, SubmissionKind
from clinic.plans import queries
from clinic.plans.models import Review
from clinic.plans.queries import WaitingReview

NOTHING = "-"
UNREADABLE = "unreadable"
HEADS = ("review", "rule set", "level before", "level after", "top before", "top after")


@dataclass(frozen=True)
class Result:
    """A rule set's result for answers: the level, and the leading type, None if nothing is suggested."""

    level: str
    top: str | None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """An open review with the version it was judged by, the result then, and the result now.

    `after` is None if today's fields can no longer read the answers.
    """

    review_id: UUID
    rule_set: str
    before: Result
    after: Result | None

    @property
    def differs(self) -> bool:
        """Whether a therapist would find another level or another leading type."""
        return self.before != self.after


def stored_result(outcome: Outcome) -> Result:
    """The stored result."""
    suggested = Explanation.of(outcome).suggested
    return Result(outcome.level, suggested[0] if suggested else None)


def replayed_result(submission: Submission, rule_set: RuleSet = CURRENT) -> Result:
    """The result this rule set gives for the same answers; raises InvalidFacts for answers it cannot read."""
    assessed = assess(intake.answers_judged(submission), rule_set, unasked=unasked_of(submission.outcome))
    # Nothing is suggested after the short form of a visit, whatever the engine could say.
    is_short = submission.kind == SubmissionKind.DAY_OF_VISIT
    top = assessed.suggestion.top if assessed.suggestion and not is_short else None
    return Result(assessed.safety.level.value, top.modality if top else None)


def open_reviews(now: datetime, rule_set: RuleSet = CURRENT) -> list[Replayed]:
    """Every undecided review, oldest first, judged again by this rule set; each reading leaves an audit row.

    The caller commits. Nothing but the audit is written.
    """
    waiting = db.session.scalars(
        sa.select(Review)
        .join(Client, Client.id == Review.client_id)
        .where(Review.decided_at.is_(None), Client.erased_at.is_(None))
        .order_by(Review.opened_at, Review.id)
        .options(joinedload(Review.outcome), joinedload(Review.submission))
    ).all()
    found = [_read_again(review, audit.SYSTEM, rule_set, now) for review in waiting]
    db.session.flush()
    return found


@dataclass(frozen=True)
class JudgedOtherwise:
    """A review of a therapist's queue that today's rules judge differently, with both results."""

    waiting: WaitingReview
    replayed: Replayed


def own_judged_otherwise(user: User, now: datetime) -> list[JudgedOtherwise]:
    """This therapist's waiting reviews by older rules that today's rules judge differently, oldest first.

    Each reading leaves an audit row; the caller commits.
    """
    rule_set = rules.CURRENT
    waiting = queries.queue_by_other_rules(user.id, rule_set.version, now)
    actor = audit.by_user(user.id)
    found = [JudgedOtherwise(one, _read_again(one.review, actor, rule_set, now)) for one in waiting]
    db.session.flush()
    return [one for one in found if one.replayed.differs]


def _read_again(review: Review, actor: str, rule_set: RuleSet, now: datetime) -> Replayed:
    audit.record(
        actor,
        "read",
        review.submission,
        client_id=review.client_id,
        purpose="replay",
        fields=("answers", "explanation"),
        now=now,
    )
    return _replayed(review, rule_set)


def _replayed(review: Review, rule_set: RuleSet) -> Replayed:
    try:
        after = replayed_result(review.submission, rule_set)
    except InvalidFacts:
        after = None
    return Replayed(
        review_id=review.id,
        rule_set=review.outcome.rule_set,
        before=stored_result(review.outcome),
        after=after,
    )


def table(replayed: Iterable[Replayed]) -> list[str]:
    """A table of the reviews that would come out differently, as lines; without answers or names."""
    rows = [HEADS, *(_row(one) for one in replayed if one.differs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _row(one: Replayed) -> tuple[str, ...]:
    after = one.after or Result(UNREADABLE, None)
    tops = (one.before.top or NOTHING, after.top or NOTHING)
    return (str(one.review_id), one.rule_set, one.before.level, after.level, *tops)
