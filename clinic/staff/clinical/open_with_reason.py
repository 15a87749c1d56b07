"""*Open with reason*: a therapist opens another therapist's client's record, for 24 hours, with an audit entry."""

from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.plans import queries as plans
from clinic.plans import services
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.forms import OpenForm
from clinic.web.access import audience, staff


@blueprint.route("/appointments/<uuid:appointment_id>/open", endpoint="open_record", methods=["GET", "POST"])
@audience(staff, Permission.HEALTH_READ, fresh=True)
def open_record(appointment_id: UUID) -> ResponseReturnValue:
    """Ask for the reason; then the record is open for 24 hours."""
    appointment = desk.visit(appointment_id)
    now = clock.now()
    if plans.treats(desk.user().id, desk.client_id_of(appointment), now):
        return redirect(url_for("staff.visit", appointment_id=appointment_id), 303)
    form = OpenForm()
    if form.validate_on_submit():
        with transaction():
            services.open_with_reason(
                desk.client_id_of(appointment), reason=form.reason.data or "", by=desk.user(), now=now
            )
        desk.say("The record is open to you for 24 hours. The owner sees this and your reason.")
        return redirect(url_for("staff.visit", appointment_id=appointment_id), 303)
    page = render_template(
        "staff/clinical/open_with_reason.html",
        here="calendar",
        appointment=appointment,
        form=form,
        has_errors=form.has_errors,
    )
    return page, 400 if form.has_errors else 200
