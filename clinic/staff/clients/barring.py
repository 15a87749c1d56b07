"""Barring a client from online booking or from one therapist, for a reason that only staff see, and lifting it."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import barring, client_search
from clinic.db import transaction
from clinic.practice import queries as practice
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import layout
from clinic.web.access import audience, staff
from clinic.web.forms import Form

ONLINE = "online"


class BarForm(Form):
    """From what, and why."""

    what = RadioField("Barred from what?", validators=[InputRequired("Choose what is barred.")])
    reason = TextAreaField(
        "Why?",
        description="Only staff read it. Write nothing about health here.",
        validators=[
            InputRequired("Say why, so that colleagues know."),
            Length(max=barring.LONGEST_REASON),
        ],
    )


@blueprint.route("/clients/<uuid:client_id>/bar", methods=["GET", "POST"], endpoint="bar_client")
@audience(staff, Permission.CALENDAR_WRITE)
def bar(client_id: UUID) -> ResponseReturnValue:
    """Bar a client; existing bookings stay, and staff can still book for them."""
    person = client_search.client(client_id)
    form = BarForm()
    form.what.choices = [
        (ONLINE, "All online booking"),
        *((str(one.id), f"Visits with {one.name}") for one in practice.therapists(clock.now().date())),
    ]
    if form.validate_on_submit():
        try:
            with transaction():
                barring.bar(
                    client_id,
                    None if form.what.data == ONLINE else UUID(form.what.data),
                    form.reason.data or "",
                    by=desk.user(),
                    now=clock.now(),
                )
        except barring.BarredAlready as refusal:
            form.what.errors = [refusal.sentence]
        else:
            desk.say("Barred. What is booked stands, and you may still book for them here.")
            return redirect(url_for("staff.client_record", client_id=client_id), 303)
    page = layout.page("bar", person=person, form=form, has_errors=form.has_errors)
    return page, 422 if form.has_errors else 200


@blueprint.post("/bars/<uuid:bar_id>/lift", endpoint="lift_bar")
@audience(staff, Permission.CALENDAR_WRITE)
def lift(bar_id: UUID) -> ResponseReturnValue:
    """Let somebody book online again."""
    with transaction():
        lifted = barring.lift(bar_id, by=desk.user(), now=clock.now())
    desk.say("Lifted. This can be booked online again.")
    return redirect(url_for("staff.client_record", client_id=lifted.client_id), 303)
