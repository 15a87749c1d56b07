"""A series and the state of each session; moving or cancelling several in one act, and undoing that.

The page's choices are sent back as shown; if one of the times is gone meanwhile, nothing is saved, and the page comes
back with that one marked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import states
from clinic.booking.changes import UndoOver
from clinic.booking.models import Appointment, Series
from clinic.booking.placing import SlotTaken
from clinic.booking.series import new_series, series_changes, series_undo
from clinic.booking.series.new_series import Lost, NoSeries
from clinic.booking.series.series_changes import Pick, Scope, SeriesMove, SeriesShift
from clinic.booking.series.series_undo import TakenMeanwhile
from clinic.booking.suitability import OtherTherapist
from clinic.db import transaction
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices
from clinic.web import series_form
from clinic.web.access import actor, audience, staff
from clinic.web.filters import WEEKDAYS
from clinic.web.series_form import SessionRow


@blueprint.get("/series/<uuid:series_id>", endpoint="series")
@audience(staff, Permission.CALENDAR_READ)
def show_series(series_id: UUID) -> ResponseReturnValue:
    """A series with the state of each session."""
    return _series_page(series_id)


def _series_page(series_id: UUID, *, refusal: Refusal | None = None) -> str:
    now, members = clock.now(), _members(series_id)
    whole = new_series.get_series(series_id)
    return render_template(
        "staff/booking/series/show.html",
        here="calendar",
        series_id=series_id,
        members=members,
        alone=[new_series.moved_alone(member) for member in members],
        coming=series_changes.in_scope(members, 1, Scope.ALL, now),
        revision=whole.revision,
        can_undo=series_undo.can_undo(whole, members, now),
        refusal=refusal,
        has_errors=refusal is not None,
    )


@blueprint.get("/series/<uuid:series_id>/move", endpoint="move_series")
@audience(staff, Permission.CALENDAR_WRITE)
def move_series(series_id: UUID) -> ResponseReturnValue:
    """Where several sessions could move, each with what is available."""
    if "weekday" not in request.args:
        return _move_page(series_id, [], clock.now())
    try:
        shift = series_form.shift()
    except Refusal as refusal:
        return _move_page(series_id, [], clock.now(), refusal=refusal), refusal.status
    return _move_page(series_id, _move_rows(series_id, shift), clock.now())


@blueprint.post("/series/<uuid:series_id>/move", endpoint="series_moved")
@audience(staff, Permission.CALENDAR_WRITE)
def moved(series_id: UUID) -> ResponseReturnValue:
    """Move all that is chosen, or nothing."""
    now, shift = clock.now(), series_form.shift()
    chosen = series_form.chosen(new_series.MOST)
    picks = {pick_number: pick for pick_number, pick in _picks(series_id).items() if pick_number in chosen}
    try:
        moves = [
            SeriesMove(pick=picks[number], slot=series_form.slot(value))
            for number, value in chosen.items()
            if number in picks
        ]
        with transaction():
            whole = series_changes.move(series_id, moves, actor=actor(), now=now)
    except (Lost, NoSeries, OtherTherapist, Stale, states.NotNow) as refusal:
        rows = _move_rows(series_id, shift, chosen=chosen, refusal=refusal)
        return _move_page(series_id, rows, now, refusal=refusal), refusal.status
    _say_undoable("The sessions have new times. One letter tells of all of them.", whole)
    return redirect(url_for("staff.series", series_id=series_id), 303)


@blueprint.get("/series/<uuid:series_id>/cancel", endpoint="cancel_series")
@audience(staff, Permission.CALENDAR_WRITE)
def cancel_series(series_id: UUID) -> ResponseReturnValue:
    """Which sessions to cancel; GET changes nothing."""
    return _cancel_page(series_id)


@blueprint.post("/series/<uuid:series_id>/cancel", endpoint="series_cancelled")
@audience(staff, Permission.CALENDAR_WRITE)
def cancelled(series_id: UUID) -> ResponseReturnValue:
    """Cancel all that is chosen, or nothing."""
    ticked = set(request.form.getlist("take"))
    picks = [pick for number, pick in _picks(series_id).items() if str(number) in ticked]
    try:
        with transaction():
            whole = series_changes.cancel(series_id, picks, actor=actor(), now=clock.now())
    except (NoSeries, Stale, states.NotNow) as refusal:
        return _cancel_page(series_id, refusal=refusal), refusal.status
    _say_undoable("The sessions are cancelled. One letter tells of all of them.", whole)
    return redirect(url_for("staff.series", series_id=series_id), 303)


@blueprint.post("/series/<uuid:series_id>/undo", endpoint="undo_series")
@audience(staff, Permission.CALENDAR_WRITE)
def undo(series_id: UUID) -> ResponseReturnValue:
    """Undo the last act on several sessions, all of it, within two minutes."""
    sent = request.form.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
    try:
        with transaction():
            series_undo.undo(series_id, revision=revision, actor=actor(), now=clock.now())
    except (Stale, UndoOver, TakenMeanwhile, SlotTaken) as refusal:
        return _series_page(series_id, refusal=refusal), refusal.status
    desk.say("Taken back. The sessions stand as before, and no letter goes out.")
    return redirect(url_for("staff.series", series_id=series_id), 303)


def _say_undoable(text: str, whole: Series) -> None:
    desk.say(
        text, undo=url_for("staff.undo_series", series_id=whole.id), fields={"revision": str(whole.revision)}
    )


def _move_page(
    series_id: UUID,
    rows: Sequence[SessionRow],
    now: datetime,
    *,
    refusal: Refusal | None = None,
) -> str:
    members = _members(series_id)
    scope, index = _scope(members)
    pivot = next(member for member in members if member.series_index == index)
    asked = {
        "index": str(index),
        "scope": scope.value,
        "weekday": request.args.get("weekday", str(pivot.wall_start.weekday())),
        "at": request.args.get("at", pivot.wall_start.strftime("%H:%M")),
        "weeks": request.args.get("weeks", "0"),
        "therapist": request.args.get("therapist", ""),
    }
    return render_template(
        "staff/booking/series/move.html",
        here="calendar",
        series_id=series_id,
        pivot=pivot,
        asked=asked,
        weekdays=list(enumerate(WEEKDAYS)),
        most_weeks=series_changes.MOST_WEEKS_LATER,
        rows=rows,
        revisions={member.series_index: member.revision for member in members},
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _cancel_page(series_id: UUID, *, refusal: Refusal | None = None) -> str:
    members = _members(series_id)
    scope, index = _scope(members)
    inside = series_changes.in_scope(members, index, scope, clock.now())
    if not inside:
        raise states.NotNow
    return render_template(
        "staff/booking/series/cancel.html",
        here="calendar",
        series_id=series_id,
        members=series_changes.in_scope(members, 1, Scope.ALL, clock.now()),
        ticked={member.series_index for member in inside},
        asked={"index": index, "scope": scope.value},
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _members(series_id: UUID) -> list[Appointment]:
    new_series.get_series(series_id)
    return new_series.members(series_id)


def _scope(members: Sequence[Appointment]) -> tuple[Scope, int]:
    """The sessions that the URL names; raises NotFound for anything that the pages do not link."""
    try:
        scope, index = Scope(request.args.get("scope", "")), int(request.args.get("index", "1"))
    except ValueError:
        raise NotFound from None
    if index not in {member.series_index for member in members}:
        raise NotFound
    return scope, index


def _move_rows(
    series_id: UUID,
    shift: SeriesShift,
    *,
    chosen: Mapping[int, str] | None = None,
    refusal: Refusal | None = None,
) -> list[SessionRow]:
    members = _members(series_id)
    scope, index = _scope(members)
    now = clock.now()
    inside = series_changes.in_scope(members, index, scope, now)
    people = {one.id: one for member in inside for one in member.treatment.therapists}
    therapist = choices.named(list(people.values()), request.args.get("therapist"))
    proposals = series_changes.propose(
        inside, shift, therapist_id=therapist.id if therapist else None, now=now
    )
    if chosen is None:
        rows = [series_form.row(one, people) for one in proposals]
    else:
        rows = series_form.rebuilt_rows(proposals, people, chosen, refusal)
    alone = [new_series.moved_alone(member) for member in inside]
    return [
        SessionRow(
            proposal=row.proposal,
            slots=row.slots,
            chosen="" if by_itself and chosen is None else row.chosen,
            lost=row.lost,
            member=member,
            alone=by_itself,
        )
        for row, member, by_itself in zip(rows, inside, alone, strict=True)
    ]


def _picks(series_id: UUID) -> dict[int, Pick]:
    """The sessions as the page showed them: their revisions, by number."""
    picks = {}
    for member in _members(series_id):
        sent = request.form.get(f"revision-{member.series_index}", "")
        if sent.isascii() and sent.isdigit() and len(sent) < 10:
            picks[member.series_index or 0] = Pick(appointment_id=member.id, revision=int(sent))
    return picks
