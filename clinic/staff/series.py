"""Several sessions in one act: booked from a visit, and a page of the whole series to move or cancel several from.

Everything is shown before anything is saved. What the page proposed is sent back as it was shown; when one of its times is
gone meanwhile nothing is written, and the same page comes back with that one marked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import idempotency, series, states, taking_back, together
from clinic.booking.changes import UndoOver
from clinic.booking.idempotency import Answer
from clinic.booking.models import Appointment, Series
from clinic.booking.placing import SlotTaken
from clinic.booking.series import Lost, NoSeries, Order, Rhythm
from clinic.booking.taking_back import TakenMeanwhile
from clinic.booking.together import Move, Pick, Scope, Shift
from clinic.db import transaction
from clinic.plans import to_book
from clinic.practice.models import Therapist
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import choosing, desk
from clinic.staff.blueprint import blueprint
from clinic.staff.calling import NotBookable
from clinic.web import form_keys, sessions
from clinic.web.access import actor, audience, staff
from clinic.web.browser import browser
from clinic.web.filters import WEEKDAYS
from clinic.web.sessions import Row

USUAL = 6
SCOPES = {Scope.LATER: "This and later ones", Scope.ALL: "All that are to come"}


@blueprint.get("/appointments/<uuid:appointment_id>/series", endpoint="plan_series")
@audience(staff, Permission.CALENDAR_WRITE)
def plan_series(appointment_id: UUID) -> ResponseReturnValue:
    """Further sessions after a visit: how often and how many, and then each of them with what can be had."""
    visit, now = desk.visit(appointment_id), clock.now()
    if "count" not in request.args:
        return _plan_page(visit, None, [], now)
    if "on" not in request.args:
        return redirect(_from_the_visit_on(visit, now), 303)
    try:
        order, rhythm = _order(visit), sessions.rhythm()
    except Refusal as refusal:
        return _plan_page(visit, None, [], now, refusal=refusal), refusal.status
    rows = [
        sessions.row(one, _people(visit)) for one in series.propose(order, rhythm, by_staff=True, now=now)
    ]
    return _plan_page(visit, rhythm, rows, now)


@blueprint.post("/appointments/<uuid:appointment_id>/series", endpoint="series_booked")
@audience(staff, Permission.CALENDAR_WRITE)
def book_series(appointment_id: UUID) -> ResponseReturnValue:
    """Book all that is chosen, or nothing."""
    visit, now = desk.visit(appointment_id), clock.now()
    order, rhythm = _order(visit), sessions.rhythm()
    chosen = sessions.chosen(rhythm.count)
    key = request.form.get("key", "")
    content: dict[str, object] = {"series_of": str(visit.id), "chosen": sorted(chosen.items())}
    if not key:
        raise Stale
    if (done := _done_before(key, content)) is not None:
        return done
    try:
        with transaction():
            client = visit.client
            if client is None:
                raise NotFound
            slots = [sessions.slot(value) for value in chosen.values()]
            made = series.book(order, slots, client=client, actor=actor(), now=now)
            to_book.give(client.id, series.members(made.id))
            location = url_for("staff.series", series_id=made.id)
            idempotency.remember(browser(), key, content, Answer(303, location), now)
    except idempotency.AtTheSameTime:
        return _done_before(key, content) or redirect(url_for("staff.visit", appointment_id=visit.id), 303)
    except (Lost, NoSeries, series.LookFirst, states.NotCleared, states.GuardianNeeded) as refusal:
        if (done := _done_before(key, content)) is not None:
            return done
        said = NotBookable() if isinstance(refusal, states.NotCleared) else refusal
        proposals = series.propose(order, rhythm, by_staff=True, now=now)
        rows = sessions.again(proposals, _people(visit), chosen, refusal)
        return _plan_page(visit, rhythm, rows, now, refusal=said), said.status
    desk.say("The sessions are booked. One letter tells of all of them.")
    return redirect(location, 303)


@blueprint.get("/series/<uuid:series_id>", endpoint="series")
@audience(staff, Permission.CALENDAR_READ)
def show_series(series_id: UUID) -> ResponseReturnValue:
    """A series with what became of each of its sessions."""
    return _series_page(series_id)


def _series_page(series_id: UUID, *, refusal: Refusal | None = None) -> str:
    now, members = clock.now(), _members(series_id)
    whole = series.found(series_id)
    return render_template(
        "staff/series/show.html",
        here="calendar",
        series_id=series_id,
        members=members,
        alone=[series.moved_alone(member) for member in members],
        coming=together.in_scope(members, 1, Scope.ALL, now),
        revision=whole.revision,
        can_undo=taking_back.can_undo(whole, members, now),
        refusal=refusal,
        has_errors=refusal is not None,
    )


@blueprint.get("/series/<uuid:series_id>/move", endpoint="move_series")
@audience(staff, Permission.CALENDAR_WRITE)
def move_series(series_id: UUID) -> ResponseReturnValue:
    """Where several sessions could go, each with what can be had."""
    if "weekday" not in request.args:
        return _move_page(series_id, None, [], clock.now())
    try:
        shift = sessions.shift()
    except Refusal as refusal:
        return _move_page(series_id, None, [], clock.now(), refusal=refusal), refusal.status
    return _move_page(series_id, shift, _move_rows(series_id, shift), clock.now())


@blueprint.post("/series/<uuid:series_id>/move", endpoint="series_moved")
@audience(staff, Permission.CALENDAR_WRITE)
def moved(series_id: UUID) -> ResponseReturnValue:
    """Move all that is chosen, or nothing."""
    now, shift = clock.now(), sessions.shift()
    chosen = sessions.chosen(series.MOST)
    picks = {pick_number: pick for pick_number, pick in _picks(series_id).items() if pick_number in chosen}
    try:
        moves = [
            Move(pick=picks[number], slot=sessions.slot(value))
            for number, value in chosen.items()
            if number in picks
        ]
        with transaction():
            whole = together.move(series_id, moves, actor=actor(), now=now)
    except (Lost, NoSeries, Stale, states.NotNow) as refusal:
        rows = _move_rows(series_id, shift, chosen=chosen, refusal=refusal)
        return _move_page(series_id, shift, rows, now, refusal=refusal), refusal.status
    _say_undoable("The sessions have new times. One letter tells of all of them.", whole)
    return redirect(url_for("staff.series", series_id=series_id), 303)


@blueprint.get("/series/<uuid:series_id>/cancel", endpoint="cancel_series")
@audience(staff, Permission.CALENDAR_WRITE)
def cancel_series(series_id: UUID) -> ResponseReturnValue:
    """Which sessions are cancelled; nothing changes by looking."""
    return _cancel_page(series_id)


@blueprint.post("/series/<uuid:series_id>/cancel", endpoint="series_cancelled")
@audience(staff, Permission.CALENDAR_WRITE)
def cancelled(series_id: UUID) -> ResponseReturnValue:
    """Cancel all that is chosen, or nothing."""
    ticked = set(request.form.getlist("take"))
    picks = [pick for number, pick in _picks(series_id).items() if str(number) in ticked]
    try:
        with transaction():
            whole = together.cancel(series_id, picks, actor=actor(), now=clock.now())
    except (NoSeries, Stale, states.NotNow) as refusal:
        return _cancel_page(series_id, refusal=refusal), refusal.status
    _say_undoable("The sessions are cancelled. One letter tells of all of them.", whole)
    return redirect(url_for("staff.series", series_id=series_id), 303)


@blueprint.post("/series/<uuid:series_id>/undo", endpoint="undo_series")
@audience(staff, Permission.CALENDAR_WRITE)
def undo(series_id: UUID) -> ResponseReturnValue:
    """Take back the last act on several sessions, all of it, within two minutes."""
    sent = request.form.get("revision", "")
    revision = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1
    try:
        with transaction():
            taking_back.undo(series_id, revision=revision, actor=actor(), now=clock.now())
    except (Stale, UndoOver, TakenMeanwhile, SlotTaken) as refusal:
        return _series_page(series_id, refusal=refusal), refusal.status
    desk.say("Taken back. The sessions stand as before, and no letter goes out.")
    return redirect(url_for("staff.series", series_id=series_id), 303)


def _say_undoable(text: str, whole: Series) -> None:
    desk.say(
        text, undo=url_for("staff.undo_series", series_id=whole.id), fields={"revision": str(whole.revision)}
    )


def repeats(visit: Appointment) -> tuple[int, int]:
    """How often a visit is repeated to begin with, in weeks, and how many times: as the course says, where there is one."""
    rest = to_book.rest(visit.client_id) if visit.client_id else None
    return (rest.every_weeks, rest.sessions) if rest else (1, USUAL)


def _from_the_visit_on(visit: Appointment, now: datetime) -> str:
    """The address of sessions at the time of day and with the therapist of the visit, in the rhythm that is asked for."""
    every, count = request.args.get("every", ""), request.args["count"]
    weeks = int(every) if every in map(str, range(1, series.MOST_WEEKS_APART + 1)) else 1
    first = sessions.next_start(visit, weeks, now)
    return url_for(
        "staff.plan_series",
        appointment_id=visit.id,
        every=weeks,
        count=count,
        on=first.date().isoformat(),
        at=first.strftime("%H:%M"),
        therapist=visit.therapist.slug,
    )


def _plan_page(
    visit: Appointment,
    rhythm: Rhythm | None,
    rows: Sequence[Row],
    now: datetime,
    *,
    refusal: Refusal | None = None,
) -> str:
    rest = to_book.rest(visit.client_id) if visit.client_id else None
    every, count = repeats(visit)
    first = sessions.next_start(visit, every, now)
    asked = {
        "every": request.args.get("every", str(every)),
        "count": request.args.get("count", str(count)),
        "on": request.args.get("on", first.date().isoformat()),
        "at": request.args.get("at", first.strftime("%H:%M")),
        "therapist": request.args.get("therapist", visit.therapist.slug),
    }
    return render_template(
        "staff/series/plan.html",
        here="calendar",
        visit=visit,
        rest=rest,
        asked=asked,
        most=series.MOST,
        most_apart=series.MOST_WEEKS_APART,
        rhythm=rhythm,
        rows=rows,
        query={name: request.args[name] for name in asked if name in request.args},
        key=request.form.get("key") or form_keys.new(),
        zone=visit.zone,
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _move_page(
    series_id: UUID,
    shift: Shift | None,
    rows: Sequence[Row],
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
        "staff/series/move.html",
        here="calendar",
        series_id=series_id,
        members=members,
        pivot=pivot,
        scopes=SCOPES,
        asked=asked,
        weekdays=list(enumerate(WEEKDAYS)),
        most_weeks=together.MOST_WEEKS_LATER,
        shift=shift,
        rows=rows,
        revisions={member.series_index: member.revision for member in members},
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _cancel_page(series_id: UUID, *, refusal: Refusal | None = None) -> str:
    members = _members(series_id)
    scope, index = _scope(members)
    inside = together.in_scope(members, index, scope, clock.now())
    if not inside:
        raise states.NotNow
    return render_template(
        "staff/series/cancel.html",
        here="calendar",
        series_id=series_id,
        members=together.in_scope(members, 1, Scope.ALL, clock.now()),
        ticked={member.series_index for member in inside},
        asked={"index": index, "scope": scope.value},
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _members(series_id: UUID) -> list[Appointment]:
    series.found(series_id)
    return series.members(series_id)


def _scope(members: Sequence[Appointment]) -> tuple[Scope, int]:
    """What the address says the act is about; raises NotFound for anything the pages do not link."""
    try:
        scope, index = Scope(request.args.get("scope", "")), int(request.args.get("index", "1"))
    except ValueError:
        raise NotFound from None
    if index not in {member.series_index for member in members}:
        raise NotFound
    return scope, index


def _order(visit: Appointment) -> Order:
    therapist = choosing.named(visit.treatment.therapists, request.args.get("therapist"))
    return Order(
        treatment_id=visit.treatment_id,
        location_id=visit.location_id,
        therapist_id=therapist.id if therapist else None,
    )


def _move_rows(
    series_id: UUID, shift: Shift, *, chosen: Mapping[int, str] | None = None, refusal: Refusal | None = None
) -> list[Row]:
    members = _members(series_id)
    scope, index = _scope(members)
    now = clock.now()
    inside = together.in_scope(members, index, scope, now)
    people = {one.id: one for member in inside for one in member.treatment.therapists}
    therapist = choosing.named(list(people.values()), request.args.get("therapist"))
    proposals = together.propose(inside, shift, therapist_id=therapist.id if therapist else None, now=now)
    if chosen is None:
        rows = [sessions.row(one, people) for one in proposals]
    else:
        rows = sessions.again(proposals, people, chosen, refusal)
    alone = [series.moved_alone(member) for member in inside]
    return [
        Row(
            proposal=row.proposal,
            slots=row.slots,
            chosen="" if by_itself and chosen is None else row.chosen,
            lost=row.lost,
            member=member,
            alone=by_itself,
        )
        for row, member, by_itself in zip(rows, inside, alone, strict=True)
    ]


def _people(visit: Appointment) -> dict[UUID, Therapist]:
    return {one.id: one for one in visit.treatment.therapists}


def _picks(series_id: UUID) -> dict[int, Pick]:
    """The sessions as the page showed them: their revisions, by number."""
    picks = {}
    for member in _members(series_id):
        sent = request.form.get(f"revision-{member.series_index}", "")
        if sent.isascii() and sent.isdigit() and len(sent) < 10:
            picks[member.series_index or 0] = Pick(appointment_id=member.id, revision=int(sent))
    return picks


def _done_before(key: str, content: dict[str, object]) -> ResponseReturnValue | None:
    earlier = idempotency.earlier(browser(), key, content)
    return redirect(earlier.location, 303) if earlier is not None and earlier.location else None
