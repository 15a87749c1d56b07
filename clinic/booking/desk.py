"""Booking and moving for a client: what staff do on the telephone or across the desk.

Staff can book at any time, even without the health questions; the client is then invited to answer them. For a reason,
staff can set rules aside (`waivers`), but never the two constraints, absences or safety.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.booking import changes, same_person, waivers
from clinic.booking.admission import Admission, Agreed, admission_of
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, Waiver
from clinic.booking.placing import (
    NotOffered,
    agreed_terms,
    get_appointment,
    new_appointment,
    place,
    require_length,
    supply_as_agreed,
    supply_with_length,
)
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.services import queue_for
from clinic.booking.waivers import Rule
from clinic.db import db
from clinic.intake import queries as intake
from clinic.practice.models import Treatment
from clinic.practice.supply import supply_of
from clinic.refusal import Refusal

LONGEST_REASON = 500


class RulesInTheWay(NotOffered):
    """The start breaks rules that were not set aside; `rules` names them."""

    code = "rules-in-the-way"
    sentence = "This time is outside the rules. It can be booked for a reason."

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self.rules = tuple(rules)


class WaiverReasonNeeded(Refusal):
    """A waiver needs a reason."""

    status = 422
    code = "reason-needed"
    sentence = "Say why the rules are set aside."


def book(
    treatment_id: UUID,
    starts_at: datetime,
    *,
    therapist_id: UUID,
    location_id: UUID,
    client: Client,
    by: User,
    now: datetime,
    waived: Collection[Rule] = (),
    reason: str = "",
    therapist_decides: bool = False,
    length_minutes: int | None = None,
) -> Appointment:
    """Book for a client in one step: booked, or requested when a therapist has to look first.

    Limits on open bookings are for clients, not for the desk. `therapist_decides`: the caller leaves the type of massage to
    the therapist. `length_minutes` is another length than the treatment's; the price stays the treatment's. Raises
    NoSuchLength, Unbookable, NotCleared, GuardianNeeded, RulesInTheWay, ReasonNeeded, Impossible, NotOffered, SlotTaken.
    """
    sold = supply_with_length(supply_of(treatment_id), length_minutes)
    supply = same_person.avoiding(sold, client.id, now, records=True)
    criteria = SearchCriteria(treatment_id, therapist_id=therapist_id, location_id=location_id)
    needed = _needed(waivers.broken(supply, criteria, starts_at, now), waived, reason)
    queue_for(client.id)
    if Rule.PERSON not in needed:
        supply = same_person.avoiding(
            supply, client.id, now, records=True
        )  # Read again, now that nobody else can book for them.
    supply = waivers.waive(supply, needed)
    lock([therapist_id], supply.rooms if supply.needs_room else (), client.id)
    zone = supply.zone_of(location_id).key
    admitted = _admission(treatment_id, starts_at, client, therapist_id, zone, length_minutes, now)
    appointment = new_appointment(
        admitted.state,
        now,
        client_id=client.id,
        booked_by="staff",
        therapist_decides=therapist_decides,
        **admitted.columns(starts_at, now),
        **agreed_terms(supply),
    )
    place(supply, criteria, starts_at, appointment, now)
    audit.record(
        audit.by_user(by.id),
        "book",
        appointment,
        client_id=client.id,
        fields=["state"],
        purpose="desk",
        now=now,
    )
    keep_reason(appointment, needed, reason, by, now)
    return appointment


def move(
    appointment_id: UUID,
    starts_at: datetime,
    *,
    therapist_id: UUID,
    location_id: UUID,
    revision: int,
    by: User,
    now: datetime,
    waived: Collection[Rule] = (),
    reason: str = "",
    length_minutes: int | None = None,
    is_told: bool = True,
) -> Appointment:
    """Move a visit for a client, to any therapist and, for a reason, outside the rules, or give it another length;
    undone like every move. Without `is_told` no letter is written about it.

    Raises what `changes.move` raises, and RulesInTheWay, ReasonNeeded, Impossible.
    """
    needed = _needed(
        in_the_way(
            get_appointment(appointment_id), starts_at, therapist_id, location_id, now, length_minutes
        ),
        waived,
        reason,
    )
    moved = changes.move(
        appointment_id,
        starts_at,
        therapist_id=therapist_id,
        location_id=location_id,
        waived=needed,
        length_minutes=length_minutes,
        is_told=is_told,
        revision=revision,
        actor=audit.by_user(by.id),
        now=now,
    )
    keep_reason(moved, needed, reason, by, now)
    return moved


def in_the_way(
    visit: Appointment,
    starts_at: datetime,
    therapist_id: UUID,
    location_id: UUID,
    now: datetime,
    length_minutes: int | None = None,
) -> tuple[Rule, ...]:
    """The rules a move of this visit would break, or another length; raises Impossible and NoSuchLength."""
    length = visit.length_minutes if length_minutes is None else require_length(length_minutes)
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit, length)
    supply = waivers.waive(supply, changes.agreed_already(visit, starts_at, therapist_id, location_id))
    supply = same_person.avoiding(supply, visit.client_id, now, records=True, moving=[visit.id])
    criteria = SearchCriteria(
        visit.treatment_id, therapist_id=therapist_id, location_id=location_id, moving=(visit.id,)
    )
    return waivers.broken(supply, criteria, starts_at, now)


def waivers_of(appointment_id: UUID) -> list[Waiver]:
    """Why rules were set aside for this appointment, newest first."""
    about = sa.select(Waiver).where(Waiver.appointment_id == appointment_id)
    return list(db.session.scalars(about.order_by(Waiver.made_at.desc(), Waiver.id.desc())))


def _needed(broken: Sequence[Rule], waived: Collection[Rule], reason: str) -> tuple[Rule, ...]:
    """The rules to waive, after checking that all of them were shown and a reason was given."""
    if not set(broken) <= set(waived):
        raise RulesInTheWay(broken)
    if broken and not reason.strip():
        raise WaiverReasonNeeded
    return tuple(broken)


def _admission(
    treatment_id: UUID,
    starts_at: datetime,
    client: Client,
    therapist_id: UUID,
    zone: str,
    minutes: int | None,
    now: datetime,
) -> Admission:
    """How the booking begins. Missing answers do not prevent it here; answers that call for a doctor do."""
    standing = intake.safety_standing(browser=None, client_id=client.id, now=now, zone=zone)
    treatment = db.session.get_one(Treatment, treatment_id)
    return admission_of(
        treatment,
        standing,
        starts_at,
        client_id=client.id,
        therapist_id=therapist_id,
        agreed=Agreed.DESK,
        minutes=minutes,
    )


def keep_reason(
    appointment: Appointment, waived: Sequence[Rule], reason: str, by: User, now: datetime
) -> None:
    """Keep with the visit which rules were set aside for it, and why; does nothing if none were."""
    if not waived:
        return
    made = Waiver(
        appointment_id=appointment.id, user_id=by.id, rules=[rule.value for rule in waived], made_at=now
    )
    made.reason = reason.strip()
    db.session.add(made)
    audit.record(
        audit.by_user(by.id),
        "set_aside",
        made,
        client_id=appointment.client_id,
        fields=made.rules,
        purpose="rules",
        now=now,
    )
    db.session.flush()
