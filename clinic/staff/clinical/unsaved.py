"""What was typed into a form about a client's health when its writer's session ended: kept for them, and shown again."""

from uuid import UUID

from flask import request
from werkzeug.datastructures import MultiDict

from clinic import clock
from clinic.accounts import permissions
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.plans import kept_forms
from clinic.plans import queries as plans
from clinic.plans.models import Plan
from clinic.staff import desk
from clinic.web.forms import Form


def keep_typed(
    form: type[Form], about: Appointment | Plan, client_id: UUID, *, writer: User, needed: Permission
) -> bool:
    """Store the fields of this form that were sent about an own client; anything else is dropped. The caller commits.

    Returns whether anything was stored.
    """
    now = clock.now()
    if not permissions.may(writer, needed) or not plans.treats(writer.id, client_id, now):
        return False
    fields = set(form(formdata=None).data) - {"csrf_token"}
    names = [name for name in request.form if name.split("-")[0] in fields]
    kept_forms.keep(about, {name: request.form.getlist(name) for name in names}, by=writer, now=now)
    return True


def typed_before(about: Appointment | Plan) -> MultiDict[str, str] | None:
    """What was kept for the signed-in person, as their form had sent it; None if there is nothing. The caller commits."""
    kept = kept_forms.open_kept(about, by=desk.user(), now=clock.now())
    if kept is None:
        return None
    return MultiDict([(name, value) for name, values in kept.items() for value in values])
