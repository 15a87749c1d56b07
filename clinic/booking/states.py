"""Which state may follow which, how a change raises a revision, and when a request ends undecided."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.refusal import Refusal, Stale

NEXT: dict[State, frozenset[State]] = {
    State.HELD: frozenset({State.REQUESTED, State.BOOKED, State.LAPSED}),
    State.REQUESTED: frozenset({State.BOOKED, State.DECLINED, State.CANCELLED}),
    State.BOOKED: frozenset({State.REQUESTED, State.ARRIVED, State.DONE, State.MISSED, State.CANCELLED}),
    State.ARRIVED: frozenset({State.BOOKED, State.DONE, State.MISSED}),
    State.MISSED: frozenset({State.BOOKED, State.ARRIVED}),
    State.CANCELLED: frozenset({State.BOOKED, State.REQUESTED}),
    State.DONE: frozenset(),
    State.DECLINED: frozenset({State.REQUESTED}),
    State.LAPSED: frozenset(),
}
"""Back from missed, cancelled, declined and arrived only to undo a slip."""


class NotNow(Refusal):
    """The appointment's state does not allow this step."""

    code = "wrong-state"
    sentence = N_("That is not possible any more: the appointment has changed. Here is how it stands now.")


def advance(appointment: Appointment, to: State, now: datetime) -> None:
    """Move an appointment into another state; raises NotNow if the table has no such step."""
    if to not in NEXT[State(appointment.state)]:
        raise NotNow
    appointment.state = to
    appointment.changed_at = now


def require_current(appointment: Appointment, revision: int) -> None:
    if appointment.revision != revision:
        raise Stale


@dataclass(frozen=True)
class ShownRevision:
    """An appointment's revision and state as the page showed them."""

    revision: int
    state: str

    @classmethod
    def of(cls, appointment: Appointment) -> "ShownRevision":
        """As it stands now."""
        return cls(appointment.revision, appointment.state)


def require_shown(appointment: Appointment, shown: ShownRevision | None) -> None:
    """Raise Stale if the appointment has changed since it was shown; does nothing without a page."""
    if shown is not None and shown != ShownRevision.of(appointment):
        raise Stale


def raise_revision(appointment: Appointment, now: datetime, *, time_too: bool = False) -> None:
    """Raise the revision for a change that a client can see, and the time's revision if the time changed."""
    appointment.revision += 1
    appointment.changed_at = now
    if time_too:
        appointment.time_revision = appointment.revision
        appointment.time_agreed_at = now


def free_until(appointment: Appointment) -> datetime:
    """Until when a client can move or cancel free of charge."""
    return practice.the_practice().free_until(appointment.starts_at)


def call_off(appointment: Appointment, *, by: str, reason: str, now: datetime) -> None:
    """Cancel for `by` (`client`, `staff`, `system`); a client's late cancellation is marked late.

    A move made just before can no longer be undone: that would bring the appointment back.
    """
    advance(appointment, State.CANCELLED, now)
    forget_undo(appointment)
    appointment.cancelled_at = now
    appointment.cancelled_by = by
    appointment.cancel_reason = reason
    appointment.cancelled_late = by == "client" and now > free_until(appointment)
    appointment.coming_said_at = appointment.coming_revision = None
    raise_revision(appointment, now)


def forget_undo(appointment: Appointment) -> None:
    """Nothing is left to undo."""
    appointment.undo_until = appointment.undo_starts_at = None
    appointment.undo_therapist_id = appointment.undo_room_id = appointment.undo_location_id = None
    appointment.undo_length_minutes, appointment.undo_untold = None, False


def acting_side(actor: str) -> str:
    """Which side acted, from the actor: `client`, `staff` or `system`."""
    if actor.startswith("user:"):
        return "staff"
    return "system" if actor == "system" else "client"


SAFETY_DECISION = timedelta(hours=24)
SAFETY_LEAST = timedelta(hours=2)
REQUEST_LEAST = timedelta(hours=4)
SHORTEST_DECISION = timedelta(hours=1)


def decide_by(starts_at: datetime, now: datetime, *, safety: bool = False) -> datetime:
    """When an undecided request ends: the practice's time after it was made, usually 48 h, or 4 h before its start,
    whichever comes first.

    For an appointment that became a request because of a safety answer: 24 h and 2 h. A late request still gets an
    hour, but never beyond its start.
    """
    # Called in the middle of a change: flushed too early, a request without its end would violate a constraint.
    with db.session.no_autoflush:
        own = timedelta(hours=practice.the_practice().decide_hours)
    longest, least = (SAFETY_DECISION, SAFETY_LEAST) if safety else (own, REQUEST_LEAST)
    deadline = min(now + longest, starts_at - least)
    return min(max(deadline, now + SHORTEST_DECISION), starts_at)
