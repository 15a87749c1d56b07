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

from clinic.db import db
from clinic.practice import calendars

_CLIENT = sa.text("SELECT id FROM clients WHERE id = :client FOR NO KEY UPDATE")

_LAPSE = sa.text(
    """
    UPDATE appointments SET state = 'lapsed', changed_at = :now
     WHERE state = 'held' AND held_until <= :now AND occupied_from < :until AND occupied_until > :begins
       AND (therapist_id = ANY(:therapists) OR room_id = ANY(:rooms))
    """
)


def lock(therapists: Iterable[UUID], rooms: Iterable[UUID], client: UUID | None = None) -> None:
    """Queue behind everybody else who is changing these calendars, until the transaction ends."""
    if client is not None:
        db.session.execute(_CLIENT, {"client": client})
    calendars.lock(therapists, rooms)


def lapse_expired(
    therapists: Iterable[UUID], rooms: Iterable[UUID], begins: datetime, until: datetime, now: datetime
) -> None:
    """Let go of holds past their time that stand in the way of [begins, until); needs the lock.

    No worker is needed to free a slot: whoever wants the time takes it over.
    """
    db.session.execute(
        _LAPSE,
        {"therapists": list(therapists), "rooms": list(rooms), "begins": begins, "until": until, "now": now},
    )
