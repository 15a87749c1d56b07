"""What the answers of one or many clients allow in a visit, read for all of them in one statement."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import contains_eager

from clinic.db import db
from clinic.intake.models import Submission, SubmissionKind
from clinic.intake.queries import FULL_LASTS, SafetyStanding
from clinic.intake.visit_limits import NO_LIMITS, VisitLimits, newest_limits


@dataclass(frozen=True, kw_only=True)
class AnsweredLimits:
    """The limits, and the full form they belong to; None before anything was answered."""

    limits: VisitLimits = NO_LIMITS
    submission_id: UUID | None = None

    @classmethod
    def of(cls, standing: SafetyStanding) -> Self:
        """Those of a standing that was read already."""
        return cls(
            limits=standing.limits, submission_id=standing.submission.id if standing.submission else None
        )


NOT_ANSWERED = AnsweredLimits()


def answered_limits(client_ids: Collection[UUID], now: datetime) -> dict[UUID, AnsweredLimits]:
    """The limits of each of these clients who answered within six months, as `safety_standing` has them."""
    if not client_ids:
        return {}
    newest = (
        sa.select(Submission)
        .join(Submission.outcome)
        .options(contains_eager(Submission.outcome))
        .where(Submission.client_id.in_(client_ids), Submission.submitted_at > now - FULL_LASTS)
        .ext(distinct_on(Submission.client_id, Submission.kind))
        .order_by(Submission.client_id, Submission.kind, Submission.submitted_at.desc(), Submission.id.desc())
    )
    sent: dict[UUID, dict[str, Submission]] = {}
    for row in db.session.scalars(newest):
        assert row.client_id is not None
        sent.setdefault(row.client_id, {})[row.kind] = row
    found: dict[UUID, AnsweredLimits] = {}
    for client_id, of_client in sent.items():
        full = of_client.get(SubmissionKind.FULL)
        if full is not None:
            last = max(of_client.values(), key=lambda one: one.submitted_at)
            limits = newest_limits(last.outcome, full.outcome)
            found[client_id] = AnsweredLimits(limits=limits, submission_id=full.id)
    return found
