"""What happened while the book could not be kept: visits that were called off, and visits that were never in the book.

Both are typed in later and told to nobody: letters are derived for times to come. A visit that is added took place, so notice and
safety are not asked; two visits at one time stay impossible, and hours and other rules of the practice are set aside for a reason,
which is always asked.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.booking import same_person, waivers
from clinic.booking.desk import WaiverReasonNeeded, keep_reason
from clinic.booking.locking import lapse_expired, lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import agreed_terms, lock_appointment, new_appointment, place
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.services import queue_for
from clinic.booking.states import NotNow, ShownRevision, call_off, require_shown
from clinic.booking.waivers import Rule
from clinic.db import db
from clinic.practice.supply import supply_of
from clinic.refusal import Refusal

LONGEST_AGO: Final = timedelta(days=7)
PURPOSE: Final = "afterwards"
NEVER_JUDGED: Final = (Rule.NOTICE, Rule.HORIZON)
"""Rules about the time to come."""


class NotPast(Refusal):
    """The start lies ahead, or too far back."""

    status = 422
    code = "not-past"
    sentence = (
        "Enter a time that has begun, at most seven days ago. What is still to come is booked as usual."
    )


def cancel(appointment_id: UUID, *, by: User, now: datetime, shown: ShownRevision) -> Appointment:
    """Record that a visit whose time has come was called off meanwhile. Raises Stale, and NotNow before the start or in another state."""
    appointment = lock_appointment(appointment_id)
    require_shown(appointment, shown)
    if appointment.state != State.BOOKED or appointment.starts_at > now:
        raise NotNow
    call_off(appointment, by="staff", reason="staff", now=now)
    db.session.flush()
    audit.record(
        audit.by_user(by.id),
        "cancel",
        appointment,
        client_id=appointment.client_id,
        fields=["state"],
        purpose=PURPOSE,
        now=now,
    )
    return appointment


def add(
    treatment_id: UUID,
    starts_at: datetime,
    *,
    therapist_id: UUID,
    location_id: UUID,
    client: Client,
    reason: str,
    by: User,
    now: datetime,
) -> Appointment:
    """Add a visit that took place and was not in the book; it stands there as arrived.

    Raises NotPast, WaiverReasonNeeded, Unbookable, Impossible, NotOffered, SlotTaken.
    """
    if not now - LONGEST_AGO <= starts_at <= now:
        raise NotPast
    if not reason.strip():
        raise WaiverReasonNeeded("Say why it was not in the book.")
    criteria = SearchCriteria(treatment_id, therapist_id=therapist_id, location_id=location_id)
    supply = same_person.avoiding(supply_of(treatment_id), client.id, starts_at, records=True)
    # Availability is asked as it was at that time: a start in the past is never offered.
    broken = waivers.broken(supply, criteria, starts_at, starts_at)
    queue_for(client.id)
    supply = waivers.waive(supply, {*broken, *NEVER_JUDGED})
    rooms = supply.rooms if supply.needs_room else ()
    lock([therapist_id], rooms, client.id)
    lapse_expired(
        [therapist_id],
        rooms,
        starts_at - supply.need.buffer_before,
        starts_at + supply.need.length + supply.need.buffer_after,
        now,
    )
    visit = new_appointment(
        State.ARRIVED,
        now,
        client_id=client.id,
        booked_by="staff",
        booked_at=now,
        time_agreed_at=now,
        arrived_at=starts_at,
        **agreed_terms(supply),
    )
    place(supply, criteria, starts_at, visit, starts_at)
    audit.record(
        audit.by_user(by.id),
        "book",
        visit,
        client_id=client.id,
        fields=["state"],
        purpose=PURPOSE,
        now=now,
    )
    # Notice was always set aside: nobody gave any.
    set_aside = [Rule.NOTICE, *(rule for rule in broken if rule not in NEVER_JUDGED)]
    keep_reason(visit, set_aside, reason, by, now)
    return visit
