"""A time that was kept inside somebody else's page moves to the practice's own pages.

The frame keeps a time under a secret of its own. Whoever shows that secret takes the time over into their browser, once:
from then on it is held by the browser, and the secret names nothing any more.
"""

from datetime import datetime
from uuid import UUID

from clinic.booking import admission, barring, online_booking, services
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import reload_locked, translate_conflicts
from clinic.booking.services import HoldGone
from clinic.booking.states import advance
from clinic.db import db
from clinic.intake import queries as intake
from clinic.practice import queries as practice


def take_over(secret: bytes, *, browser: bytes, client_id: UUID | None, now: datetime) -> Appointment:
    """Move the time that is kept under a secret's digest to a browser; it keeps its end.

    What the browser or its client answered before counts from here on, as when they keep a time themselves. A browser holds one
    time at once: its other one is released. A refusal changes nothing. Raises HoldGone, TimeWithdrawn, BookingClosed,
    NotFirst, BarredOnline, NotCleared, Stale.
    """
    kept = _kept_under(secret)
    others = services.holds_of(browser)
    therapists, rooms = _calendars([kept, *others])
    lock(therapists, rooms)
    kept = reload_locked(kept, whole=True)
    services.require_hold(kept, secret, now)
    online_booking.require_open(practice.the_practice())
    admission.refuse_first_visit(kept.treatment.new_clients, client_id)
    if client_id is not None:
        barring.refuse(barring.barred_therapists(client_id), [kept.therapist_id])
    standing = intake.safety_standing(browser=browser, client_id=client_id, now=now, zone=kept.zone)
    admission.refuse_unsafe(standing, kept.starts_at)
    for other in others:
        if reload_locked(other).state == State.HELD:
            advance(other, State.LAPSED, now)
    db.session.flush()
    with translate_conflicts():
        kept.held_by = browser
        db.session.flush()
    return kept


def release(secret: bytes, now: datetime) -> None:
    """Give up the time that is kept under a secret's digest, if it still is."""
    for kept in services.holds_of(secret):
        therapists, rooms = _calendars([kept])
        lock(therapists, rooms)
        if reload_locked(kept).state == State.HELD:
            advance(kept, State.LAPSED, now)
    db.session.flush()


def _kept_under(secret: bytes) -> Appointment:
    """Raises HoldGone for a secret that keeps nothing, because it was used before, or never did."""
    found = services.holds_of(secret)
    if not found:
        raise HoldGone
    return found[0]


def _calendars(kept: list[Appointment]) -> tuple[list[UUID], list[UUID]]:
    return [each.therapist_id for each in kept], [each.room_id for each in kept if each.room_id]
