"""Undoing the last act on several appointments of a series, within two minutes: all of it, or nothing.

Appointments that were changed by themselves since stay as they are. The letter about an act waits until it can no
longer be undone, so nobody hears of an act that was.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.booking import changes, revalidation
from clinic.booking.changes import EarlierPlace, UndoOver
from clinic.booking.locking import lapse_expired, lock
from clinic.booking.models import OCCUPYING, Appointment, Series, State
from clinic.booking.placing import reload_locked
from clinic.booking.series import new_series
from clinic.booking.series.series_changes import constraints_at_the_end, recorded
from clinic.db import db
from clinic.refusal import Refusal, Stale


class TakenMeanwhile(Refusal):
    """Some of the old times were taken meanwhile, so nothing was undone; `walls` are their naive local times."""

    code = "series-taken"
    sentence = "Nothing was taken back: some of the old times have been taken or closed meanwhile."

    def __init__(self, walls: Iterable[datetime]) -> None:
        super().__init__()
        self.walls = tuple(sorted(walls))


def undo(series_id: UUID, *, revision: int, actor: str, now: datetime) -> Series:
    """Undo what the act with this revision of the series cancelled or moved.

    Raises NotFound, Stale when another act came after it, UndoOver, and TakenMeanwhile, which names the times.
    """
    whole = new_series.get_series(series_id)
    seen = new_series.of_act(series_id, revision)
    lock(*changes.calendars_of_undo(seen))
    db.session.refresh(whole)
    if whole.revision != revision:
        raise Stale
    members = [member for member in map(reload_locked, seen) if _is_undoable(member, now)]
    if not members:
        raise UndoOver
    for member in members:
        changes.end_undo_holds(member, now)
    back = {member.id: changes.goes_back_to(member) for member in members}
    _refuse_taken(members, back.values(), now)
    with constraints_at_the_end():
        for member in members:
            changes.put_back(member, now)
    for member in members:
        recorded(member, "undo", ["state", "starts_at"], actor, now)
    db.session.flush()
    return whole


def can_undo(whole: Series, members: Iterable[Appointment], now: datetime) -> bool:
    """Whether the last act on a series can be undone now."""
    return any(member.series_revision == whole.revision and _is_undoable(member, now) for member in members)


def _is_undoable(member: Appointment, now: datetime) -> bool:
    is_live = member.state in (State.BOOKED, State.REQUESTED, State.CANCELLED)
    return is_live and changes.is_of_act(member) and changes.can_undo(member, "staff", now)


def _refuse_taken(members: Sequence[Appointment], places: Iterable[EarlierPlace], now: datetime) -> None:
    """Raise TakenMeanwhile if one of these places is taken, or nobody is there now; needs the lock."""
    every = list(places)
    judged = revalidation.objections([place.spot() for place in every])
    taken = []
    for place, reason in zip(every, judged, strict=True):
        if reason in revalidation.ABSENT:
            taken.append(place.wall_start)
            continue
        rooms = [place.room_id] if place.room_id else []
        lapse_expired([place.therapist_id], rooms, place.occupied_from, place.occupied_until, now)
        others = sa.exists().where(
            sa.or_(Appointment.therapist_id == place.therapist_id, Appointment.room_id.in_(rooms)),
            Appointment.occupied_from < place.occupied_until,
            Appointment.occupied_until > place.occupied_from,
            Appointment.state.in_(OCCUPYING),
            Appointment.id.not_in([member.id for member in members]),
        )
        if db.session.scalar(sa.select(others)):
            taken.append(place.wall_start)
    if taken:
        raise TakenMeanwhile(taken)
