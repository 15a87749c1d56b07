"""Move a visit for a client to any free time of a suitable therapist or, for a reason, to a time outside the rules."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import changes, desk, same_person, suitability, trained_therapists, waivers
from clinic.booking.changes import TooLong
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NoSuchLength, NotOffered, supply_as_agreed
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.states import NotNow
from clinic.booking.suitability import OtherTherapist
from clinic.db import transaction
from clinic.messaging import promises
from clinic.practice import queries as practice
from clinic.practice.models import Location, Therapist
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk as staff_desk
from clinic.staff import telling
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, obstacles
from clinic.staff.booking.forms import MoveForm
from clinic.staff.booking.obstacles import Obstacles
from clinic.web import slot_picker, time_values
from clinic.web.access import audience, staff
from clinic.web.slot_picker import SlotChoice
from clinic.web.time_values import NoSuchTime


@blueprint.get("/appointments/<uuid:appointment_id>/move", endpoint="move")
@audience(staff, Permission.CALENDAR_WRITE)
def move(appointment_id: UUID) -> ResponseReturnValue:
    """Other times for a visit."""
    visit = movable(appointment_id)
    try:
        choices.minutes()
    except NoSuchLength as refusal:
        return _choose_page(visit, clock.now(), refusal=refusal), refusal.status
    return _choose_page(visit, clock.now())


@blueprint.get("/appointments/<uuid:appointment_id>/move/at", endpoint="move_at")
@audience(staff, Permission.CALENDAR_WRITE)
def move_at(appointment_id: UUID) -> ResponseReturnValue:
    """A typed day and time: redirect to its page."""
    visit = movable(appointment_id)
    location = _location(visit)
    therapist = _therapist(visit)
    if therapist is None:
        raise NotFound
    try:
        minutes = choices.minutes()
        starts_at = time_values.at_wall(
            request.args.get("on", ""), request.args.get("at", ""), ZoneInfo(location.zone)
        )
    except (NoSuchTime, NoSuchLength) as refusal:
        return _choose_page(visit, clock.now(), refusal=refusal), refusal.status
    start = time_values.value(starts_at, therapist.id)
    asked: dict[str, Any] = {"location": location.slug, "start": start, "minutes": minutes}
    return redirect(url_for("staff.check_move", appointment_id=visit.id, **asked), 303)


@blueprint.get("/appointments/<uuid:appointment_id>/move/check", endpoint="check_move")
@audience(staff, Permission.CALENDAR_WRITE)
def check_move(appointment_id: UUID) -> ResponseReturnValue:
    """The old time and length beside the new ones, with the rules they would break."""
    visit = movable(appointment_id)
    try:
        choices.minutes()
    except NoSuchLength as refusal:
        return _choose_page(visit, clock.now(), refusal=refusal), refusal.status
    return _check_page(visit, MoveForm(formdata=None, data={"revision": str(visit.revision)}), clock.now())


@blueprint.post("/appointments/<uuid:appointment_id>/move/check", endpoint="moved")
@audience(staff, Permission.CALENDAR_WRITE)
def moved(appointment_id: UUID) -> ResponseReturnValue:
    """Move it; for two minutes this can be undone."""
    now = clock.now()
    visit, form = movable(appointment_id), MoveForm()
    starts_at, therapist_id = time_values.read_value(request.args.get("start", ""))
    minutes = choices.minutes()
    if not form.validate():
        return _check_page(visit, form, now), 422
    try:
        with transaction():
            done = desk.move(
                visit.id,
                starts_at,
                therapist_id=therapist_id,
                location_id=_location(visit).id,
                revision=form.seen,
                by=staff_desk.user(),
                waived=form.rules,
                reason=form.reason.data or "",
                length_minutes=minutes,
                is_told=not form.untold.data,
                now=now,
            )
    except desk.WaiverReasonNeeded as needed:
        form.reason.errors = [needed.sentence]
        return _check_page(visit, form, now), needed.status
    except (NotOffered, OtherTherapist) as refusal:
        return _check_page(visit, form, now, changed=True), refusal.status
    telling.say_changed(done, now)
    return redirect(url_for("staff.visit", appointment_id=done.id), 303)


def can_move(visit: Appointment, now: datetime) -> bool:
    """Whether a visit can still be given another time."""
    return visit.state in (State.BOOKED, State.REQUESTED) and visit.starts_at > now


def judged(
    visit: Appointment,
    location: Location,
    therapist: Therapist,
    starts_at: datetime,
    now: datetime,
    minutes: int | None = None,
) -> Obstacles:
    """What stands in the way of a visit at this place and time, with another length if `minutes` says so: nothing, rules,
    or something that cannot be waived."""
    return _judged(visit, _at(visit, location, therapist, now, minutes), starts_at, now, minutes)


def _judged(
    visit: Appointment, slots: SlotChoice, starts_at: datetime, now: datetime, minutes: int | None
) -> Obstacles:
    if (
        minutes is not None
        and minutes > visit.length_minutes
        and suitability.is_too_long(visit, minutes, now)
    ):
        return Obstacles(impossible=TooLong())
    therapist_id, location_id = slots.search.therapist_id, slots.search.location_id
    agreed = changes.agreed_already(visit, starts_at, therapist_id, location_id)
    return obstacles.obstacles_at(replace(slots, supply=waivers.waive(slots.supply, agreed)), starts_at, now)


def _at(
    visit: Appointment, location: Location, therapist: Therapist, now: datetime, minutes: int | None
) -> SlotChoice:
    search = SearchCriteria(
        visit.treatment_id, therapist_id=therapist.id, location_id=location.id, moving=(visit.id,)
    )
    return _slots(visit, location, search, now, minutes)


def movable(appointment_id: UUID) -> Appointment:
    """The visit, if it can still be given another time; raises NotFound and NotNow."""
    visit = staff_desk.visit(appointment_id)
    if not can_move(visit, clock.now()):
        raise NotNow
    return visit


def _location(visit: Appointment) -> Location:
    wanted = request.args.get("location")
    places = practice.locations(clock.now().date())
    return next((one for one in places if one.slug == wanted), visit.location)


def _therapist(visit: Appointment) -> Therapist | None:
    """Whoever the URL names; None if it names nobody."""
    wanted = request.args.get("therapist")
    if not wanted:
        return None
    found = next((one for one in visit.treatment.therapists if one.slug == wanted), None)
    if found is None:
        raise NotFound
    return found


def _own(visit: Appointment, now: datetime) -> Therapist | None:
    """The visit's therapist, as long as they can give it to this client and work here on its day; None otherwise."""
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit, None)
    offered = trained_therapists.offered_to_client(supply, visit.client_id, now, visit.id)
    can = visit.therapist_id not in trained_therapists.left_out(supply, offered)
    left_on = visit.therapist.left_on
    can = can and (left_on is None or left_on > visit.wall_start.date())
    return visit.therapist if can and visit.therapist in visit.treatment.therapists else None


def _slots(
    visit: Appointment, location: Location, search: SearchCriteria, now: datetime, minutes: int | None
) -> SlotChoice:
    """What the slot picker shows: the visit as agreed or as long as `minutes` says, without the times at which the client is somewhere else, and
    without therapists who cannot give it to this client."""
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit, minutes)
    offered = trained_therapists.offered_to_client(supply, visit.client_id, now, visit.id)
    return SlotChoice(
        supply=same_person.avoiding(offered, visit.client_id, now, records=True, moving=[visit.id]),
        search=search,
        location=location,
        therapists={one.id: one for one in visit.treatment.therapists},
        day=time_values.read_day(request.args.get("day")),
        start=time_values.read_day(request.args.get("from")),
        left_out=trained_therapists.left_out(supply, offered),
        present=visit,
        is_past_horizon_shown=True,
        is_every_time_shown=True,
    )


def _choose_page(visit: Appointment, now: datetime, refusal: Refusal | None = None) -> str:
    location = _location(visit)
    # The visit's own until somebody chooses; an empty name is *Any therapist*.
    therapist = _therapist(visit) if "therapist" in request.args else _own(visit, now)
    minutes = None if isinstance(refusal, NoSuchLength) else choices.minutes()
    chosen: dict[str, Any] = {
        "appointment_id": visit.id,
        "location": location.slug,
        "therapist": therapist.slug if therapist else "",
        "minutes": minutes,
    }

    def url(day: date | None = None, start: date | None = None) -> str:
        return url_for(
            "staff.move", **{**chosen, "day": day, "from": start, "_anchor": "times" if day else None}
        )

    search = SearchCriteria(
        visit.treatment_id,
        therapist_id=therapist.id if therapist else None,
        location_id=location.id,
        own_therapist=visit.therapist_id,
        moving=(visit.id,),
    )
    slots = _slots(visit, location, search, now, minutes)
    return render_template(
        "staff/booking/move.html",
        here="calendar",
        visit=visit,
        therapist=therapist,
        therapists=[one for one in visit.treatment.therapists if one.id not in slots.left_out],
        left_out=[one for one in visit.treatment.therapists if one.id in slots.left_out],
        location=location,
        locations=practice.locations(now.date()),
        picker=slot_picker.picker(slots, visit.treatment.slug, url, now),
        minutes=minutes,
        present=time_values.value(visit.starts_at, visit.therapist_id),
        refusal=refusal,
        wrong="minutes" if isinstance(refusal, NoSuchLength) else "on",
        has_errors=refusal is not None,
    )


def _check_page(visit: Appointment, form: MoveForm, now: datetime, *, changed: bool = False) -> str:
    starts_at, therapist_id = time_values.read_value(request.args.get("start", ""))
    location = _location(visit)
    therapist = next((one for one in practice.therapists(date.min) if one.id == therapist_id), None)
    if therapist is None:
        raise NotFound
    minutes = choices.minutes()
    slots = _at(visit, location, therapist, now, minutes)
    seen = _judged(visit, slots, starts_at, now, minutes)
    form.name(seen.broken)
    return render_template(
        "staff/booking/move_check.html",
        here="calendar",
        visit=visit,
        therapist=therapist,
        location=location,
        starts_at=starts_at,
        ends_at=starts_at + slots.supply.need.length,
        start=request.args["start"],
        minutes=minutes,
        can_be_told=promises.has_address(staff_desk.client_id_of(visit)),
        form=form,
        seen=seen,
        sentences=obstacles.sentences(seen.broken, therapist),
        changed=changed,
        has_errors=bool(changed or form.errors),
    )
