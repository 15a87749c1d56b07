"""Reservations for times that the practice has since closed: staff see them and end or spare each one.

If staff do neither, nothing happens until the person tries to book; they are then told that the time is gone
(`revalidation`). Ending a reservation tells them at once and frees the time. Sparing it lets them book the time for as
long as it is reserved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.booking import outside_hours, revalidation
from clinic.booking.models import Appointment, State
from clinic.booking.placing import lock_appointment
from clinic.booking.states import NotNow, advance
from clinic.booking.waiting import offering as offerings
from clinic.booking.waiting.models import Offering
from clinic.db import db


@dataclass(frozen=True, kw_only=True)
class ReservationOutsideHours:
    """A hold or an offered time, with the current objection to it in a few words."""

    hold: Appointment
    why: str
    offering: Offering | None

    @property
    def is_spared(self) -> bool:
        """Whether staff spared the reservation."""
        return self.hold.spared_at is not None


def outside_now(now: datetime) -> list[ReservationOutsideHours]:
    """Every current reservation for a time that the practice no longer offers, earliest first."""
    kept = _kept(now)
    judged = revalidation.against_kept([hold for hold, _ in kept]) if kept else []
    return [
        ReservationOutsideHours(hold=hold, why=outside_hours.in_words(reason, hold), offering=offering)
        for (hold, offering), reason in zip(kept, judged, strict=True)
        if reason is not None
    ]


def ids(now: datetime) -> set[UUID]:
    """The ids of the holds that `outside_now` finds."""
    return {each.hold.id for each in outside_now(now)}


def _kept(now: datetime) -> Sequence[tuple[Appointment, Offering | None]]:
    """Live holds for a browser, an API caller or the waiting list, each with any open offering; none kept for undo."""
    rows = db.session.execute(
        sa.select(Appointment, Offering)
        .outerjoin(Offering, sa.and_(Offering.hold_id == Appointment.id, Offering.ended_at.is_(None)))
        .where(
            Appointment.state == State.HELD,
            Appointment.held_until > now,
            Appointment.starts_at > now,
            Appointment.undo_of_id.is_(None),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .options(
            joinedload(Appointment.therapist),
            joinedload(Appointment.treatment),
            joinedload(Appointment.location),
        )
    )
    return [(hold, offering) for hold, offering in rows]


def end(hold_id: UUID, *, actor: str, now: datetime) -> None:
    """End a reservation; if it is on offer, the people it was offered to are told. Raises NotFound, NotNow."""
    offering_id = db.session.scalar(
        sa.select(Offering.id).where(Offering.hold_id == hold_id, Offering.ended_at.is_(None))
    )
    if offering_id is not None:
        offerings.stop(offering_id, actor=actor, now=now)
        return
    hold = _live(hold_id, now)
    advance(hold, State.LAPSED, now)
    db.session.flush()
    audit.record(actor, "end_hold", hold, fields=["state"], now=now)


def spare(hold_id: UUID, *, actor: str, now: datetime) -> None:
    """Spare a reservation: let it be booked although the practice has closed its time. Raises NotFound, NotNow."""
    hold = _live(hold_id, now)
    hold.spared_at = now
    db.session.flush()
    audit.record(actor, "spare_hold", hold, fields=["spared_at"], now=now)


def spare_no_longer(hold_id: UUID, *, actor: str, now: datetime) -> None:
    """Undo `spare`. Raises NotFound, NotNow."""
    hold = _live(hold_id, now)
    hold.spared_at = None
    db.session.flush()
    audit.record(actor, "spare_hold", hold, fields=["spared_at"], purpose="undo", now=now)


def _live(hold_id: UUID, now: datetime) -> Appointment:
    hold = lock_appointment(hold_id)
    if not revalidation.is_live(hold, now) or hold.undo_of_id is not None:
        raise NotNow("This time is no longer kept.")
    return hold
