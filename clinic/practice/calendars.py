"""The calendars of therapists and rooms: the queue that everybody joins who can change what is free.

All therapists, then all rooms, each set in id order in one statement, and nothing of theirs afterwards: whoever follows this
cannot deadlock with another who does. Raising `calendar_version` and `rules_version` is how kept answers about free times
learn that they are old.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import sqlalchemy as sa

from clinic.db import db
from clinic.practice.models import Room, Therapist
from clinic.practice.queries import find_practice

_RAISE = """
WITH locked AS MATERIALIZED (SELECT id FROM {table} WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE)
UPDATE {table} SET calendar_version = calendar_version + 1 FROM locked WHERE {table}.id = locked.id
"""
_THERAPISTS = sa.text(_RAISE.format(table="therapists"))
_ROOMS = sa.text(_RAISE.format(table="rooms"))

# Beyond the sum of every calendar, so that a stamp is never met again when somebody leaves the sum.
_NEW_RULES = sa.text(
    """
    UPDATE practice SET rules_version = rules_version + 1
      + (SELECT coalesce(sum(calendar_version), 0) FROM therapists)
      + (SELECT coalesce(sum(calendar_version), 0) FROM rooms)
    """
)


def lock(therapists: Iterable[UUID], rooms: Iterable[UUID]) -> None:
    """Queue behind everybody else who is changing these calendars, until the transaction ends."""
    db.session.execute(_THERAPISTS, {"ids": sorted(set(therapists))})
    room_ids = sorted(set(rooms))
    if room_ids:
        db.session.execute(_ROOMS, {"ids": room_ids})


@contextmanager
def changing() -> Iterator[None]:
    """Let the block change what the practice can offer, while nobody books.

    Every calendar is locked first. Afterwards each stamp an availability was kept under is exceeded for good.
    """
    lock(db.session.scalars(sa.select(Therapist.id)), db.session.scalars(sa.select(Room.id)))
    yield
    db.session.flush()
    db.session.execute(_NEW_RULES)
    practice = find_practice()
    if practice is not None:
        db.session.expire(practice, ["rules_version"])
