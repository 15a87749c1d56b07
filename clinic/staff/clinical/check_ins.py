"""Answers after a visit that a therapist deals with, on the visit's page."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import db, transaction
from clinic.plans import check_ins
from clinic.plans.models import CheckIn
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.forms import CheckInSeenForm
from clinic.web.access import audience, staff


@blueprint.post("/check-ins/<uuid:check_in_id>/seen", endpoint="see_to")
@audience(staff, Permission.REVIEW_DECIDE)
def see_to(check_in_id: UUID) -> ResponseReturnValue:
    """Record that the therapist has looked, and perhaps what they did."""
    given = db.session.get(CheckIn, check_in_id)
    if given is None:
        raise NotFound
    now = clock.now()
    desk.require_own(given.client_id, now)
    back = redirect(url_for("staff.visit", appointment_id=given.appointment_id), 303)
    form = CheckInSeenForm()
    if not form.validate():
        desk.say("That was too long to keep. Please put the rest into the note.")
        return back
    with transaction():
        check_ins.see_to(check_in_id, form.done.data or "", by=desk.user(), now=now)
    desk.say("Noted. It no longer waits.")
    return back
