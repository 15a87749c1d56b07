"""Two questions some days after a visit. A bad answer waits for a therapist until somebody has seen to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.booking.models import CAME, Appointment
from clinic.db import db
from clinic.plans.models import CheckIn
from clinic.plans.queries import treated
from clinic.practice.models import Therapist
from clinic.practice.queries import never_signs_in
from clinic.refusal import NotFound, Stale

AFTER = timedelta(days=2)
OPEN_FOR = timedelta(days=30)


class Feeling(StrEnum):
    """How somebody feels compared with before the session."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True)
class Reply:
    """What a client answered."""

    feels: Feeling
    is_worried: bool

    @property
    def asks_for_therapist(self) -> bool:
        """Whether somebody should look: worse than before, or anything that worries."""
        return self.is_worried or self.feels is Feeling.WORSE


def answer(visit: Appointment, reply: Reply, now: datetime) -> CheckIn:
    """Store an answer; a client can answer again, and each worrying answer waits separately."""
    if visit.client_id is None or visit.state not in CAME:
        raise NotFound
    given = CheckIn(
        appointment_id=visit.id,
        client_id=visit.client_id,
        asks_for_therapist=reply.asks_for_therapist,
        answered_at=now,
    )
    given.answers = {"feels": reply.feels.value, "worrying": "yes" if reply.is_worried else "no"}
    db.session.add(given)
    audit.record(
        audit.by_link(visit.id),
        "answer",
        given,
        client_id=visit.client_id,
        purpose="check_in",
        fields=("feels", "worrying"),
        now=now,
    )
    db.session.flush()
    return given


@dataclass(frozen=True, kw_only=True)
class UnseenAnswer:
    """An answer that waits for a therapist, with its client and visit."""

    check_in: CheckIn
    client: Client
    appointment: Appointment


def waiting(user_id: UUID, now: datetime) -> list[UnseenAnswer]:
    """Unhandled answers of this therapist's clients, oldest first. Their content stays sealed.

    Answers after a visit with a therapist who never signs in wait for every therapist. That an answer waits reveals
    something about its client, so the access is recorded: the caller commits.
    """
    rows = db.session.execute(
        sa.select(CheckIn, Client, never_signs_in())
        .join(Client, Client.id == CheckIn.client_id)
        .join(Appointment, Appointment.id == CheckIn.appointment_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .where(CheckIn.asks_for_therapist, CheckIn.seen_at.is_(None), Client.erased_at.is_(None))
        .order_by(CheckIn.answered_at, CheckIn.id)
        .options(joinedload(CheckIn.appointment))
    ).all()
    own = treated(user_id, {client.id for _, client, _ in rows}, now)
    found = [
        UnseenAnswer(check_in=check_in, client=client, appointment=check_in.appointment)
        for check_in, client, is_everybodys in rows
        if client.id in own or is_everybodys
    ]
    for entry in found:
        audit.record(
            audit.by_user(user_id),
            "read",
            entry.check_in,
            client_id=entry.client.id,
            purpose="check-ins waiting",
            fields=("asks_for_therapist",),
            now=now,
        )
    return found


def after(visit: Appointment, *, by: User, now: datetime) -> Sequence[tuple[CheckIn, Reply]]:
    """The opened answers after a visit, newest first; the access is recorded."""
    given = db.session.scalars(
        sa.select(CheckIn)
        .where(CheckIn.appointment_id == visit.id)
        .order_by(CheckIn.answered_at.desc(), CheckIn.id.desc())
    ).all()
    if given:
        audit.record(
            audit.by_user(by.id),
            "read",
            given[0],
            client_id=visit.client_id,
            purpose="check_in",
            fields=("feels", "worrying", "done"),
            now=now,
        )
    return [(one, _reply(one)) for one in given]


def newest_after(visit_ids: Iterable[UUID]) -> dict[UUID, Reply]:
    """The newest answer after each of these visits. One statement. A caller that shows them records it."""
    given = db.session.scalars(
        sa.select(CheckIn)
        .where(CheckIn.appointment_id.in_(list(visit_ids)))
        .order_by(CheckIn.answered_at, CheckIn.id)
    )
    return {one.appointment_id: _reply(one) for one in given}


def _reply(given: CheckIn) -> Reply:
    answers = given.answers
    return Reply(Feeling(answers["feels"]), answers["worrying"] == "yes")


def see_to(check_in_id: UUID, done: str, *, by: User, now: datetime) -> CheckIn:
    """Record that a therapist has looked, and what they did in their own words. Raises NotFound and Stale."""
    given = db.session.get(CheckIn, check_in_id, with_for_update=True)
    if given is None:
        raise NotFound
    if given.seen_at is not None:
        raise Stale
    given.seen_at, given.seen_by_id = now, by.id
    given.done = done or None
    audit.record(
        audit.by_user(by.id),
        "see_to",
        given,
        client_id=given.client_id,
        purpose="check_in",
        fields=("done",),
        now=now,
    )
    db.session.flush()
    return given
