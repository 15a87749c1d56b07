"""The calendar locks of therapists and rooms: the queue for everything that can change what is free.

Lock all therapists, then all rooms, each set in id order in one statement, and no further rows of theirs afterwards:
transactions that follow this cannot deadlock each other. Raising `calendar_version` and `rules_version` outdates cached
answers about free times.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import limits
from clinic.accounts.limits import QUEUE_SQL
from clinic.db import db
from clinic.practice.models import Room, Therapist
from clinic.practice.queries import find_practice

# Each part reads the one before, so that the rows are locked in the one order: turns, therapists, rooms.
_LOCKED = """
    {table}_locked AS MATERIALIZED (
      SELECT id FROM {table} WHERE id = ANY(:{table}) AND (SELECT count(*) FROM {after}) >= 0 ORDER BY id FOR NO KEY UPDATE)
"""
_RAISED = "UPDATE {table} SET calendar_version = calendar_version + 1 FROM {table}_locked WHERE {table}.id = {table}_locked.id"


@cache
def _lock_sql(*, turns: bool, rooms: bool) -> sa.TextClause:
    """The statement that queues on turns, if there are any, then locks therapists and then rooms, if there are any."""
    first = f"turns AS ({QUEUE_SQL} RETURNING 1)" if turns else "turns AS (SELECT 1)"
    parts = [first, _LOCKED.format(table="therapists", after="turns")]
    last = _RAISED.format(table="therapists")
    if rooms:
        parts += [_LOCKED.format(table="rooms", after="therapists_locked"), f"therapists_raised AS ({last})"]
        last = _RAISED.format(table="rooms")
    return sa.text(f"WITH {', '.join(parts)} {last}")


# Higher than the sum of all calendar versions, so that a stamp never recurs when a calendar leaves the sum.
_NEW_RULES = sa.text(
    """
    UPDATE practice SET rules_version = rules_version + 1
      + (SELECT coalesce(sum(calendar_version), 0) FROM therapists)
      + (SELECT coalesce(sum(calendar_version), 0) FROM rooms)
    """
)


def lock(therapists: Iterable[UUID], rooms: Iterable[UUID], turns: Iterable[str] = ()) -> None:
    """Queue behind everybody who is changing these calendars, and hold them until the transaction ends; one statement.

    Before that it queues on `turns` (`limits.queue_up`).
    """
    asked = limits.turns(turns)
    room_ids = sorted(set(rooms))
    sql = _lock_sql(turns=bool(asked["keys"]), rooms=bool(room_ids))
    db.session.execute(sql, {**asked, "therapists": sorted(set(therapists)), "rooms": room_ids})


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
