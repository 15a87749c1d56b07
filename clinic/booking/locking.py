"""The one lock protocol for every writer that can change what is free, and the lapse of expired holds.

Lock the client first (if a limit per client is checked), then queue on their addresses or network
(`accounts.limits.queue_up`, if their bookings are counted), then all candidate therapists, then all candidate rooms,
each set in id order in one statement, and nothing afterwards. Transactions that follow this cannot deadlock each other.
The lock is for speed, for kinder answers, and for rules that no constraint can express (caps, hours, time off); the
exclusion constraints have the last word. Raising `calendar_version` outdates cached answers about free times.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import LONGEST_OCCUPATION, OCCUPYING
from clinic.db import db
from clinic.practice import calendars

_CLIENT = sa.text("SELECT id FROM clients WHERE id = :client FOR NO KEY UPDATE")

# It runs in one statement with the lapse and does not see its effect yet, so it checks `held_until` again.
_LAPSE = f"""
    WITH lapsed AS (
      UPDATE appointments SET state = 'lapsed', changed_at = %(now)s
       WHERE state = 'held' AND held_until <= %(now)s AND occupied_from < %(until)s AND occupied_until > %(begins)s
         AND occupied_from >= %(earliest)s AND (therapist_id = ANY(%(therapists)s) OR room_id = ANY(%(rooms)s)))
    SELECT DISTINCT therapist_id FROM appointments
     WHERE therapist_id = ANY(%(therapists)s) AND occupied_from < %(until)s AND occupied_until > %(begins)s
       AND occupied_from >= %(earliest)s
       AND state IN ({", ".join(f"'{state}'" for state in OCCUPYING)}) AND (state <> 'held' OR held_until > %(now)s)
       AND id <> ALL(%(moving)s) AND (undo_of_id IS NULL OR undo_of_id <> ALL(%(moving)s))
"""  # noqa: S608 - made of constants


def lock(
    therapists: Iterable[UUID],
    rooms: Iterable[UUID],
    client: UUID | None = None,
    *,
    turns: Iterable[str] = (),
) -> None:
    """Queue behind every transaction that is changing these calendars, and hold them until this one ends.

    `turns` are queued on in the same statement, before the calendars.
    """
    if client is not None:
        db.session.execute(_CLIENT, {"client": client})
    calendars.lock(therapists, rooms, turns)


def lapse_expired(
    therapists: Iterable[UUID],
    rooms: Iterable[UUID],
    begins: datetime,
    until: datetime,
    now: datetime,
    *,
    moving: Iterable[UUID] = (),
) -> frozenset[UUID]:
    """Release expired holds that overlap [begins, until); needs the lock.

    No worker is needed to free a slot: the next booking takes it over. Returns which therapists are busy in that time
    nevertheless, not counting visits that are about to move.
    """
    asked = {
        "therapists": list(therapists),
        "rooms": list(rooms),
        "earliest": begins - LONGEST_OCCUPATION,
        "begins": begins,
        "until": until,
        "now": now,
        "moving": list(moving),
    }
    return frozenset(db.session.connection().exec_driver_sql(_LAPSE, asked).scalars())
