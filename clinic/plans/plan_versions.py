"""Versions of a plan: what it said from when on, who decided it and why. The newest is the plan as it stands.

A version is only ever added, numbered from 1, and the database refuses to change or delete one. The plan's own row holds
the newest content together with what follows from it, so that whoever reads a course reads one row. A plan from before
versions were kept gets its first one when it is changed. The caller commits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.db import db, violates
from clinic.plans.models import Plan, PlannedSession, PlanVersion, Review
from clinic.plans.plan_content import PlanContent
from clinic.refusal import Stale


class PlanCause(StrEnum):
    """What made a version."""

    DECISION = "decision"
    EDIT = "edit"
    LOOK_BACK = "look_back"


@dataclass(frozen=True, kw_only=True)
class KeptVersion:
    """A version with its author; `set_aside` are sentences that spoke against it and were set aside."""

    number: int
    content: PlanContent
    cause: PlanCause
    why: str
    set_aside: tuple[str, ...]
    author: User
    made_at: datetime


def keep(
    plan: Plan,
    *,
    cause: PlanCause,
    why: str,
    by_id: UUID,
    now: datetime,
    set_aside: Iterable[str] = (),
) -> PlanVersion:
    """Add the plan as it stands as its newest version. Raises Stale if somebody else added one at the same moment.

    A caller that changes a plan has locked its row, and calls `begin_history` before it does.
    """
    made = PlanVersion(
        plan_id=plan.id,
        client_id=plan.client_id,
        number=newest_number(plan.id) + 1,
        author_id=by_id,
        made_at=now,
    )
    made.content = {
        "plan": PlanContent.of(plan.content, plan.sessions).stored,
        "cause": cause.value,
        "why": why,
        "set_aside": list(set_aside),
    }
    with violates("uq_plan_versions_plan_id_number", Stale()):
        db.session.add(made)
        db.session.flush()
    return made


def begin_history(plan: Plan) -> None:
    """Keep the first version of a plan that has none yet: as it stands, by whoever decided it."""
    if newest_number(plan.id):
        return
    stands = present(plan)
    review = db.session.get_one(Review, plan.review_id)
    assert review.decided_by_id is not None
    first = PlanVersion(
        plan_id=plan.id,
        client_id=plan.client_id,
        number=1,
        author_id=review.decided_by_id,
        made_at=plan.made_at,
    )
    first.content = {
        "plan": stands.stored,
        "cause": PlanCause.DECISION.value,
        "why": review.reason or "",
        "set_aside": [],
    }
    with violates("uq_plan_versions_plan_id_number", Stale()):
        db.session.add(first)
        db.session.flush()


def newest_number(plan_id: UUID) -> int:
    """The number of the newest version; 0 if none is kept."""
    newest = sa.select(sa.func.max(PlanVersion.number)).where(PlanVersion.plan_id == plan_id)
    return db.session.scalar(newest) or 0


def present(plan: Plan) -> PlanContent:
    """What the plan says now. Without versions the planned sessions know best where it is looked back on.

    A caller that shows it records it.
    """
    content = PlanContent.of(plan.content, plan.sessions)
    gates = sa.select(PlannedSession.number).where(PlannedSession.plan_id == plan.id, PlannedSession.reassess)
    return replace(content, look_backs=tuple(sorted(db.session.scalars(gates))))


def versions_of(plan: Plan, *, by: User, purpose: str, now: datetime) -> list[KeptVersion]:
    """All versions of a plan, the newest first, read with one audit entry. Three statements at most, however many there are."""
    rows = db.session.execute(
        sa.select(PlanVersion, User)
        .join(User, User.id == PlanVersion.author_id)
        .where(PlanVersion.plan_id == plan.id)
        .order_by(PlanVersion.number.desc())
    ).all()
    audit.record(
        audit.by_user(by.id),
        "read",
        plan,
        client_id=plan.client_id,
        purpose=purpose,
        fields=("versions",),
        now=now,
    )
    return [_opened(version, author) for version, author in rows] or _only(plan)


def _opened(version: PlanVersion, author: User) -> KeptVersion:
    content = version.content
    return KeptVersion(
        number=version.number,
        content=PlanContent.read(content["plan"]),
        cause=PlanCause(content["cause"]),
        why=content["why"],
        set_aside=tuple(content["set_aside"]),
        author=author,
        made_at=version.made_at,
    )


def _only(plan: Plan) -> list[KeptVersion]:
    """The one version of a plan that was never changed since versions are kept."""
    review = db.session.get_one(Review, plan.review_id)
    return [
        KeptVersion(
            number=1,
            content=present(plan),
            cause=PlanCause.DECISION,
            why=review.reason or "",
            set_aside=(),
            author=db.session.get_one(User, review.decided_by_id),
            made_at=plan.made_at,
        )
    ]


def numbered(versions: Sequence[KeptVersion], number: int) -> KeptVersion | None:
    """The version with this number; None if there is none."""
    return next((one for one in versions if one.number == number), None)
