"""The one lock protocol of everybody who can change what is free, and the lapse of holds that ran out.

Client first (when a limit per client counts), then the queue of their addresses or of a network (`accounts.limits.queue_up`,
when what those have is counted), then all candidate therapists, then all candidate rooms, each set in order in one
statement, and nothing afterwards. Whoever follows it cannot deadlock with another who does. The lock is for
speed, for manners, and for the rules no constraint can hold (caps, hours, time off); the exclusion constraints stay the
truth. Raising `calendar_version` is how kept answers about free times learn that they are old.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import LONGEST_OCCUPATION, OCCUPYING
from clinic.db import db
from clinic.practice import calendars

_CLIENT = sa.text("SELECT id FROM clients WHERE id = :client FOR NO KEY UPDATE")

# In one statement with the lapse, which this reading does not see yet: hence its second look at `held_until`.
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


def lock(therapists: Iterable[UUID], rooms: Iterable[UUID], client: UUID | None = None) -> None:
    """Queue behind everybody else who is changing these calendars, until the transaction ends."""
    if client is not None:
        db.session.execute(_CLIENT, {"client": client})
    calendars.lock(therapists, rooms)


def lapse_expired(
    therapists: Iterable[UUID],
    rooms: Iterable[UUID],
    begins: datetime,
    until: datetime,
    now: datetime,
    *,
    moving: Iterable[UUID] = (),
) -> frozenset[UUID]:
    """Let go of holds past their time that stand in the way of [begins, until); needs the lock.

    No worker is needed to free a slot: whoever wants the time takes it over. Returns which of the therapists are taken in
    that time all the same, by other visits than those that are about to move.
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
