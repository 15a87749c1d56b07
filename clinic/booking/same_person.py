"""One person in two places at the same time: how that is detected, what it means for a booking, and the pairs shown to
staff.

The same person means the same record, or another record with the same name and an address in common. A visitor has
proved nothing, so they are not refused because of somebody else's booking: they get the usual answer, and staff are
asked. People who proved who they are, or who booked the other visit in the same browser, are refused. Couples book
under two names.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from clinic.accounts import audit
from clinic.accounts.models import Client, Contact, User
from clinic.accounts.shared_addresses import is_of_same_person
from clinic.booking import queries
from clinic.booking.models import Appointment, SamePersonAnswer, State, Waiver
from clinic.booking.placing import NotOffered
from clinic.booking.queries import KeptTime
from clinic.db import db
from clinic.language import N_
from clinic.practice.supply import Supply
from clinic.refusal import NotFound

LIVE = (State.REQUESTED, State.BOOKED, State.ARRIVED)
PERSON = "person"
"""Value of the rule that staff can waive (`waivers.Rule.PERSON`)."""


class TwoPlaces(NotOffered):
    """The client has another appointment at that time."""

    code = "two-places"
    sentence = N_(
        "You have an appointment at that time already. Please choose another time, or move that one first."
    )


# Built once, because it runs while others wait; without `IN`, as in `services`.
_IS_LIVE = sa.or_(*(Appointment.state == state for state in LIVE))
IS_ELSEWHERE = sa.exists().where(
    is_of_same_person(Appointment.client_id),
    _IS_LIVE,
    Appointment.starts_at < sa.bindparam("ends_at"),
    Appointment.ends_at > sa.bindparam("starts_at"),
    Appointment.id != sa.bindparam("except_id"),
    sa.or_(
        sa.bindparam("proven", type_=sa.Boolean),
        Appointment.client_id == sa.bindparam("client"),
        Appointment.booked_in == sa.bindparam("same_browser", type_=sa.LargeBinary),
    ),
)
"""Whether a client would be somewhere else at the time of a visit, and may be told so; see `elsewhere_parameters`."""
_ELSEWHERE = sa.select(Appointment.id, Appointment.starts_at, Appointment.ends_at).where(
    is_of_same_person(Appointment.client_id),
    _IS_LIVE,
    Appointment.ends_at > sa.bindparam("now"),
)


def refuse_two_places(visit: Appointment, client_id: UUID, *, actor: str, browser: bytes | None) -> None:
    """Raise TwoPlaces if a client would be somewhere else at the time of this visit, and may be told so.

    Needs `queue_for` or the visitor's turn, so that nobody books for the same person at this moment. A signed-in client
    is told about all their records, the holder of a link about that record's visits, and everybody about what the same
    browser booked.
    """
    if db.session.scalar(
        sa.select(IS_ELSEWHERE), elsewhere_parameters(visit, client_id, actor=actor, browser=browser)
    ):
        raise TwoPlaces


def elsewhere_parameters(
    visit: Appointment | KeptTime, client_id: UUID, *, actor: str, browser: bytes | None
) -> dict[str, object]:
    """The parameters of `IS_ELSEWHERE`."""
    return {
        "client": client_id,
        "records": True,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "except_id": visit.id,
        "proven": actor.startswith("contact:"),
        "same_browser": browser,
    }


def avoiding(
    supply: Supply, client_id: UUID | None, now: datetime, *, records: bool, moving: Collection[UUID] = ()
) -> Supply:
    """The supply without the times at which a client is somewhere else; `moving` are visits that are about to move.

    `records` also counts every record with the same name and address: for staff, and for clients who proved an address.
    """
    if client_id is None:
        return supply
    rows = db.session.execute(_ELSEWHERE, {"client": client_id, "records": records, "now": now})
    spans = tuple((row.starts_at, row.ends_at) for row in rows if row.id not in set(moving))
    return replace(supply, elsewhere=spans)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two visits at one time that seem to be of one person, the earlier first."""

    first: Appointment
    second: Appointment


def pairs(now: datetime) -> list[Pair]:
    """Overlapping future visits that seem to be one person's, soonest first, unless staff meant it or have looked
    already."""
    one, other = aliased(Appointment), aliased(Appointment)
    who, whose = aliased(Client), aliased(Client)
    mine, theirs = aliased(Contact), aliased(Contact)
    shared = sa.exists().where(
        mine.client_id == one.client_id,
        theirs.client_id == other.client_id,
        mine.kind == theirs.kind,
        mine.normalised == theirs.normalised,
    )
    seen = sa.exists().where(SamePersonAnswer.first_id == one.id, SamePersonAnswer.second_id == other.id)
    meant = sa.exists().where(Waiver.appointment_id.in_([one.id, other.id]), Waiver.rules.contains([PERSON]))
    rows = db.session.execute(
        sa.select(one.id, other.id)
        .join(who, who.id == one.client_id)
        .join(whose, whose.search_name == who.search_name)
        .join(
            other,
            sa.and_(
                other.client_id == whose.id,
                one.id < other.id,
                other.starts_at < one.ends_at,
                other.ends_at > one.starts_at,
            ),
        )
        .where(
            one.state.in_(LIVE),
            other.state.in_(LIVE),
            one.ends_at > now,
            other.ends_at > now,
            sa.or_(one.client_id == other.client_id, shared),
            ~seen,
            ~meant,
        )
        .order_by(sa.func.least(one.starts_at, other.starts_at), one.id, other.id)
    ).all()
    return _with_visits([(row[0], row[1]) for row in rows])


def _with_visits(ids: Sequence[tuple[UUID, UUID]]) -> list[Pair]:
    if not ids:
        return []
    wanted = {id_ for pair in ids for id_ in pair}
    visits = {
        row.id: row
        for row in db.session.scalars(
            sa.select(Appointment).where(Appointment.id.in_(wanted)).options(*queries.WITH_ALL)
        )
    }
    found = []
    for pair in ids:
        first, second = sorted((visits[id_] for id_ in pair), key=lambda visit: (visit.starts_at, visit.id))
        found.append(Pair(first=first, second=second))
    return found


def leave_both(first_id: UUID, second_id: UUID, *, by: User, now: datetime) -> None:
    """Leave both of two visits; staff are not asked about them again. Raises NotFound; safe to repeat."""
    low, high = _in_order(first_id, second_id)
    if _answer(low, high) is None:
        answer = SamePersonAnswer(first_id=low, second_id=high, user_id=by.id, answered_at=now)
        db.session.add(answer)
        db.session.flush()
        audit.record(audit.by_user(by.id), "leave_both", answer, now=now)


def ask_again(first_id: UUID, second_id: UUID, *, by: User, now: datetime) -> None:
    """Undo that. Raises NotFound; safe to repeat."""
    answer = _answer(*_in_order(first_id, second_id))
    if answer is not None:
        audit.record(audit.by_user(by.id), "leave_both", answer, purpose="undo", now=now)
        db.session.delete(answer)
        db.session.flush()


def _in_order(first_id: UUID, second_id: UUID) -> tuple[UUID, UUID]:
    """Both ids, the lower first; raises NotFound unless both are somebody's visits."""
    known = sa.select(sa.func.count()).where(
        Appointment.id.in_([first_id, second_id]), Appointment.client_id.is_not(None)
    )
    if db.session.scalar(known) != 2:
        raise NotFound
    low, high = sorted((first_id, second_id))
    return low, high


def _answer(low: UUID, high: UUID) -> SamePersonAnswer | None:
    return db.session.scalar(
        sa.select(SamePersonAnswer).where(
            SamePersonAnswer.first_id == low, SamePersonAnswer.second_id == high
        )
    )
