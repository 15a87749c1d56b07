"""The pages of locations, travel times and rooms."""

from datetime import datetime
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import zone_changes
from clinic.db import transaction
from clinic.practice import geography, premises, queries, treatments
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.fields import offered, told_apart
from clinic.staff.settings.layout import OWNERS, OutsideHoursWatch, page, saved, way
from clinic.staff.settings.premises_forms import LocationForm, RoomForm
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm

FARTHEST = 300


@blueprint.get("/settings/locations", endpoint="settings_locations")
@audience(staff, *OWNERS)
def locations() -> ResponseReturnValue:
    """The locations, and the travel times between them."""
    return _locations(UnchangedForm(formdata=None, seen=premises.seen_ways()))


def _locations(form: UnchangedForm, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    return page(
        "locations",
        "locations",
        form,
        places=premises.every_location(),
        ways=premises.travel_minutes(),
        typed=typed or {},
    )


@blueprint.post("/settings/locations/ways", endpoint="settings_ways")
@audience(staff, *OWNERS)
def ways() -> ResponseReturnValue:
    """How long a therapist needs between two locations."""
    form = UnchangedForm()
    minutes: dict[premises.Pair, int] = {}
    typed: dict[str, str] = {}
    for a, b in premises.travel_minutes():
        name = f"way-{a}-{b}"
        typed[name] = sent = request.form.get(name, "").strip()
        if not (
            sent.isascii()
            and sent.isdigit()
            and len(sent) < 4
            and int(sent) <= FARTHEST
            and int(sent) % 5 == 0
        ):
            form.form_errors = ["Enter each way in minutes, in steps of five up to 300, for example 30."]
        else:
            minutes[a, b] = int(sent)
    if form.validate_on_submit() and len(minutes) == len(typed):
        if saved(
            form,
            lambda: premises.set_ways(minutes, seen_as=form.seen.data or "", actor=actor(), now=clock.now()),
            present=premises.seen_ways,
        ):
            desk.say("Saved. New bookings leave time for the way.")
            return redirect(url_for("staff.settings_locations"), 303)
    elif not form.has_errors:
        form.form_errors = ["Enter each way in minutes, in steps of five up to 300, for example 30."]
    return _locations(form, typed)


@blueprint.route("/settings/locations/new", endpoint="settings_new_location", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def new_location() -> ResponseReturnValue:
    """Add a location."""
    form = in_languages(LocationForm)
    practice = queries.find_practice()
    near = geography.zones_of(practice.country) if practice else ()
    if not form.is_submitted() and len(near) == 1:
        form.zone.data = near[0]
    if form.validate_on_submit() and saved(
        form,
        lambda: premises.open_location(form.place, form.zone.data or "", actor=actor(), now=clock.now()),
    ):
        desk.say(f"{form.name.data} is added.")
        return redirect(url_for("staff.settings_locations"), 303)
    return page("location", "locations", form, where=None, zones=_zones(near), moving=())


@blueprint.route(
    "/settings/locations/<uuid:location_id>", endpoint="settings_location", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def location(location_id: UUID) -> ResponseReturnValue:
    """One location; a change of its zone is confirmed first if it has visits."""
    where = premises.location(location_id)
    form = in_languages(LocationForm)
    if not form.is_submitted():
        form.seen.data = premises.page_mark(where)
        form.show(premises.place_of(where), where.zone)
    practice = queries.find_practice()
    near = geography.zones_of(practice.country) if practice else ()
    moving: list[zone_changes.ZoneShift] = []
    if form.validate_on_submit():
        now, zone = clock.now(), form.zone.data or ""
        is_asked = zone != where.zone and zone in geography.zones() and "keep_wall" not in request.form
        moving = zone_changes.shifts(location_id, zone, now) if is_asked else []
        watched = OutsideHoursWatch(now)
        if not moving and saved(
            form,
            lambda: _change(location_id, form, now),
            present=lambda: premises.page_mark(premises.location(location_id)),
        ):
            return watched.leave("Saved.", url_for("staff.settings_locations"))
    return page("location", "locations", form, where=where, zones=_zones(near), moving=moving)


def _change(location_id: UUID, form: LocationForm, now: datetime) -> None:
    premises.change_location(location_id, form.place, seen_as=form.seen.data or "", actor=actor(), now=now)
    zone_changes.change_zone(location_id, form.zone.data or "", actor=actor(), now=now)


def _zones(near: tuple[str, ...]) -> list[str]:
    """All zones, those of the practice's country first."""
    return list(dict.fromkeys((*near, *geography.zones())))


@blueprint.post("/settings/locations/<uuid:location_id>/order", endpoint="settings_order_location")
@audience(staff, *OWNERS)
def order_location(location_id: UUID) -> ResponseReturnValue:
    """Move a location up or down in the list."""
    with transaction():
        premises.shift_location(location_id, way(), actor=actor(), now=clock.now())
    return redirect(url_for("staff.settings_locations"), 303)


@blueprint.get("/settings/rooms", endpoint="settings_rooms")
@audience(staff, *OWNERS)
def rooms() -> ResponseReturnValue:
    """All rooms by location."""
    sold = [each for each in treatments.every_treatment() if each.retired_at is None]
    every = premises.every_room()
    return page(
        "rooms",
        "rooms",
        places=premises.every_location(),
        rooms=every,
        suited={room.id: [each.name for each in sold if room in each.rooms] for room in every},
        suits_all={
            room.id: bool(sold) and all(room in each.rooms for each in sold if each.needs_room)
            for room in every
        },
    )


@blueprint.route("/settings/rooms/new", endpoint="settings_new_room", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def new_room() -> ResponseReturnValue:
    """Another room."""
    where = premises.every_location()
    if not where:
        desk.say("A room stands in a location: add that first.")
        return redirect(url_for("staff.settings_new_location"), 303)
    form = _room_form()
    form.location.choices = offered((each.id, each.name) for each in where)
    if not form.is_submitted():
        form.treatments.data = [
            str(sold.id)
            for sold in treatments.every_treatment()
            if sold.retired_at is None and sold.needs_room
        ]
    if form.validate_on_submit() and saved(
        form,
        lambda: premises.add_room(UUID(form.location.data), form.details, actor=actor(), now=clock.now()),
    ):
        desk.say(f"{form.name.data} is added.")
        return redirect(url_for("staff.settings_rooms"), 303)
    return page("room", "rooms", form, room=None)


@blueprint.route("/settings/rooms/<uuid:room_id>", endpoint="settings_room", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def room(room_id: UUID) -> ResponseReturnValue:
    """One room."""
    shown = premises.room(room_id)
    form = _room_form()
    del form.location  # A room stays at its location.
    if not form.is_submitted():
        form.seen.data = premises.seen_room(shown)
        form.show(premises.room_details(shown))
    if form.validate_on_submit() and saved(
        form,
        lambda: premises.change_room(
            room_id, form.details, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        present=lambda: premises.seen_room(premises.room(room_id)),
    ):
        desk.say("Saved.")
        return redirect(url_for("staff.settings_rooms"), 303)
    return page("room", "rooms", form, room=shown)


def _room_form() -> RoomForm:
    form = RoomForm()
    form.treatments.choices = offered(
        told_apart([sold for sold in treatments.every_treatment() if sold.retired_at is None or sold.rooms])
    )
    return form


@blueprint.post("/settings/rooms/<uuid:room_id>/retire", endpoint="settings_retire_room")
@audience(staff, *OWNERS)
def retire_room(room_id: UUID) -> ResponseReturnValue:
    """Retire a room."""
    now = clock.now()
    watched = OutsideHoursWatch(now)
    with transaction():
        changed = premises.retire_room(room_id, actor=actor(), now=now)
    return watched.leave(
        f"{changed.name} is no longer offered.",
        url_for("staff.settings_rooms"),
        undo=url_for("staff.settings_restore_room", room_id=room_id),
    )


@blueprint.post("/settings/rooms/<uuid:room_id>/restore", endpoint="settings_restore_room")
@audience(staff, *OWNERS)
def restore_room(room_id: UUID) -> ResponseReturnValue:
    """Restore a room."""
    with transaction():
        changed = premises.restore_room(room_id, actor=actor(), now=clock.now())
    desk.say(f"{changed.name} is offered again.")
    return redirect(url_for("staff.settings_rooms"), 303)


@blueprint.post("/settings/rooms/<uuid:room_id>/order", endpoint="settings_order_room")
@audience(staff, *OWNERS)
def order_room(room_id: UUID) -> ResponseReturnValue:
    """Move a room up or down in the list."""
    with transaction():
        premises.shift_room(room_id, way(), actor=actor(), now=clock.now())
    return redirect(url_for("staff.settings_rooms"), 303)
