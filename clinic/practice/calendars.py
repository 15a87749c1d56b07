"""The calendar locks of therapists and rooms: the queue for everything that can change what is free.

Lock all therapists, then all rooms, each set in id order in one statement, and no further rows of theirs afterwards:
transactions that follow this cannot deadlock each other. Raising `calendar_version` and `rules_version` outdates cached
answers about free times.
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

# Higher than the sum of all calendar versions, so that a stamp never recurs when a calendar leaves the sum.
_NEW_RULES = sa.text(
    """
    UPDATE practice SET rules_version = rules_version + 1
      + (SELECT coalesce(sum(calendar_version), 0) FROM therapists)
      + (SELECT coalesce(sum(calendar_version), 0) FROM rooms)
    """
)


def lock(therapists: Iterable[UUID], rooms: Iterable[UUID]) -> None:
    """Queue behind everybody who is changing these calendars, and hold them until the transaction ends."""
    db.session.execute(_THERAPISTS, {"ids": sorted(set(therapists))})
    room_ids = sorted(set(rooms))
    if room_ids:
        db.session.execute(_ROOMS, {"ids": room_ids})


@contextmanager
def changing() -> Iterator[None]:
    """Let the block change what the practice can offer, while nobody can book.

    Every calendar is locked first. Afterwards every stamp of a cached answer is outdated for good.
    """
    lock(db.session.scalars(sa.select(Therapist.id)), db.session.scalars(sa.select(Room.id)))
    yield
    db.session.flush()
    db.session.execute(_NEW_RULES)
    practice = find_practice()
    if practice is not None:
        db.session.expire(practice, ["rules_version"])
