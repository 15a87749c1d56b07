"""The pages of treatments and therapists."""

from datetime import date
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.practice import opening_hours, premises, therapists, treatments
from clinic.practice.models import Therapist, Treatment
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.catalogue_forms import EveryTypeForm, TherapistForm, TreatmentForm
from clinic.staff.settings.fields import chosen, offered, told_apart
from clinic.staff.settings.layout import OWNERS, OutsideHoursWatch, page, saved, way
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff

USUAL_LENGTH, USUAL_BUFFER = 60, 15


@blueprint.get("/settings/treatments", endpoint="settings_treatments")
@audience(staff, *OWNERS)
def all_treatments() -> ResponseReturnValue:
    """Current and retired treatments."""
    every = treatments.every_treatment()
    return page(
        "treatments",
        "treatments",
        EveryTypeForm(formdata=None, data={"length_minutes": USUAL_LENGTH}),
        sold=[each for each in every if each.retired_at is None],
        retired=[each for each in every if each.retired_at is not None],
    )


@blueprint.post("/settings/treatments/begin", endpoint="settings_begin_treatments")
@audience(staff, *OWNERS)
def begin_treatments() -> ResponseReturnValue:
    """Put a treatment of every type of the guidance onto an empty list, at one length and price, to be edited afterwards."""
    form = EveryTypeForm()
    if not form.validate_on_submit():
        return page("treatments", "treatments", form, sold=[], retired=[])
    with transaction():
        made = treatments.add_every_type(
            length_minutes=form.length_minutes.data or USUAL_LENGTH,
            price_cents=form.price.cents or 0,
            buffer_after_minutes=USUAL_BUFFER,
            actor=actor(),
            now=clock.now(),
        )
    desk.say(
        f"{len(made)} treatments are on the list. Open each to change it, or stop offering what you do not give."
    )
    return redirect(url_for("staff.settings_treatments"), 303)


@blueprint.route("/settings/treatments/new", endpoint="settings_new_treatment", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def new_treatment() -> ResponseReturnValue:
    """Add a treatment."""
    form = _treatment_form(None)
    if not form.is_submitted():
        form.length_minutes.data, form.buffer_before_minutes.data = USUAL_LENGTH, 0
        form.buffer_after_minutes.data, form.mail_name.data = USUAL_BUFFER, "Massage"
        form.intake.data, form.new_clients.data, form.needs_room.data = "before_booking", "welcome", True
        form.rooms.data = [str(each.id) for each in premises.every_room() if each.retired_at is None]
    if form.validate_on_submit() and saved(
        form,
        lambda: treatments.add(
            form.terms,
            therapists=chosen(form.therapists),
            rooms=chosen(form.rooms),
            actor=actor(),
            now=clock.now(),
        ),
    ):
        desk.say(f"{form.name.data} is on the list.")
        return redirect(url_for("staff.settings_treatments"), 303)
    return page("treatment", "treatments", form, sold=None)


@blueprint.route(
    "/settings/treatments/<uuid:treatment_id>", endpoint="settings_treatment", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def treatment(treatment_id: UUID) -> ResponseReturnValue:
    """One treatment."""
    sold = treatments.treatment(treatment_id)
    form = _treatment_form(sold)
    if not form.is_submitted():
        form.seen.data = treatments.page_mark(sold)
        form.show(treatments.terms_of(sold))
        form.therapists.data = [str(each.id) for each in sold.therapists]
        form.rooms.data = [str(each.id) for each in sold.rooms]
    if form.validate_on_submit() and saved(
        form,
        lambda: treatments.change(
            treatment_id,
            form.terms,
            therapists=chosen(form.therapists),
            rooms=chosen(form.rooms),
            seen_as=form.seen.data or "",
            actor=actor(),
            now=clock.now(),
        ),
        present=lambda: treatments.page_mark(treatments.treatment(treatment_id)),
    ):
        desk.say("Saved. What is booked keeps its length and price.")
        return redirect(url_for("staff.settings_treatments"), 303)
    return page("treatment", "treatments", form, sold=sold)


def _treatment_form(sold: Treatment | None) -> TreatmentForm:
    form = in_languages(TreatmentForm)
    today = opening_hours.today(clock.now())
    people = sold.therapists if sold else []
    rooms = sold.rooms if sold else []
    where = {each.id: each.name for each in premises.every_location()}
    form.therapists.choices = offered(
        (each.id, each.name)
        for each in therapists.every_therapist()
        if _is_here(each, today) or each in people
    )
    form.rooms.choices = offered(
        (each.id, f"{each.name}, {where[each.location_id]}" if len(where) > 1 else each.name)
        for each in premises.every_room()
        if each.retired_at is None or each in rooms
    )
    return form


def _is_here(person: Therapist, today: date) -> bool:
    return person.left_on is None or person.left_on > today


@blueprint.post("/settings/treatments/<uuid:treatment_id>/retire", endpoint="settings_retire_treatment")
@audience(staff, *OWNERS)
def retire_treatment(treatment_id: UUID) -> ResponseReturnValue:
    """Retire a treatment."""
    with transaction():
        sold = treatments.retire(treatment_id, actor=actor(), now=clock.now())
    desk.say(
        f"{sold.name} is no longer offered. What is booked stays.",
        undo=url_for("staff.settings_restore_treatment", treatment_id=treatment_id),
    )
    return redirect(url_for("staff.settings_treatments"), 303)


@blueprint.post("/settings/treatments/<uuid:treatment_id>/restore", endpoint="settings_restore_treatment")
@audience(staff, *OWNERS)
def restore_treatment(treatment_id: UUID) -> ResponseReturnValue:
    """Restore a treatment."""
    with transaction():
        sold = treatments.restore(treatment_id, actor=actor(), now=clock.now())
    desk.say(f"{sold.name} is offered again.")
    return redirect(url_for("staff.settings_treatments"), 303)


@blueprint.post("/settings/treatments/<uuid:treatment_id>/order", endpoint="settings_order_treatment")
@audience(staff, *OWNERS)
def order_treatment(treatment_id: UUID) -> ResponseReturnValue:
    """Move a treatment up or down in the list."""
    with transaction():
        treatments.shift_treatment(treatment_id, way(), actor=actor(), now=clock.now())
    return redirect(url_for("staff.settings_treatments"), 303)


@blueprint.get("/settings/therapists", endpoint="settings_therapists")
@audience(staff, *OWNERS)
def all_therapists() -> ResponseReturnValue:
    """Current and former therapists."""
    every, today = therapists.every_therapist(), opening_hours.today(clock.now())
    return page(
        "therapists",
        "therapists",
        here_now=[each for each in every if _is_here(each, today)],
        gone=[each for each in every if not _is_here(each, today)],
    )


@blueprint.route("/settings/therapists/new", endpoint="settings_new_therapist", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def new_therapist() -> ResponseReturnValue:
    """Add a therapist; the next page asks for their hours."""
    form = _therapist_form(None)
    if not form.is_submitted():
        form.colour.data = len(therapists.every_therapist()) % therapists.COLOURS + 1
    added: list[Therapist] = []
    if form.validate_on_submit() and saved(
        form,
        lambda: added.append(
            therapists.take_on(
                form.person, treatments=chosen(form.treatments), actor=actor(), now=clock.now()
            )
        ),
    ):
        desk.say(f"{form.given_name.data} is added. Now say when they work.")
        return redirect(url_for("staff.settings_week", therapist_id=added[0].id), 303)
    return page("therapist", "therapists", form, person=None)


@blueprint.route(
    "/settings/therapists/<uuid:therapist_id>", endpoint="settings_therapist", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def therapist(therapist_id: UUID) -> ResponseReturnValue:
    """One therapist."""
    known = therapists.therapist(therapist_id)
    form = _therapist_form(known)
    if not form.is_submitted():
        form.seen.data = therapists.page_mark(known)
        form.show(therapists.person_of(known))
        form.treatments.data = [str(each.id) for each in known.treatments]
    if form.validate_on_submit():
        watched = OutsideHoursWatch(clock.now())
        if saved(
            form,
            lambda: therapists.change(
                therapist_id,
                form.person,
                treatments=chosen(form.treatments),
                seen_as=form.seen.data or "",
                actor=actor(),
                now=clock.now(),
            ),
            present=lambda: therapists.page_mark(therapists.therapist(therapist_id)),
        ):
            return watched.leave("Saved.", url_for("staff.settings_therapists"))
    return page("therapist", "therapists", form, person=known)


def _therapist_form(known: Therapist | None) -> TherapistForm:
    form = in_languages(TherapistForm)
    given = known.treatments if known else []
    form.treatments.choices = offered(
        told_apart(
            [sold for sold in treatments.every_treatment() if sold.retired_at is None or sold in given]
        )
    )
    form.user.choices = [
        ("", "None yet"),
        *((str(user.id), f"{user.name}, {user.email}") for user in therapists.sign_ins(known)),
    ]
    return form


@blueprint.post("/settings/therapists/<uuid:therapist_id>/order", endpoint="settings_order_therapist")
@audience(staff, *OWNERS)
def order_therapist(therapist_id: UUID) -> ResponseReturnValue:
    """Move a therapist up or down in the list."""
    with transaction():
        therapists.shift_therapist(therapist_id, way(), actor=actor(), now=clock.now())
    return redirect(url_for("staff.settings_therapists"), 303)
