"""*Same person, same time?*: two visits at one time that seem to be of one person, until staff move one or leave both."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import same_person
from clinic.db import transaction
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.web.access import audience, staff


@blueprint.post("/same-person/<uuid:first_id>/<uuid:second_id>/leave", endpoint="leave_both")
@audience(staff, Permission.CALENDAR_WRITE)
def leave(first_id: UUID, second_id: UUID) -> ResponseReturnValue:
    """Leave both visits; staff are not asked about them again."""
    with transaction():
        same_person.leave_both(first_id, second_id, by=desk.user(), now=clock.now())
    desk.say(
        "Both visits stay. Nobody is asked about them again.",
        undo=url_for("staff.ask_again", first_id=first_id, second_id=second_id),
    )
    return redirect(url_for("staff.today"), 303)


@blueprint.post("/same-person/<uuid:first_id>/<uuid:second_id>/ask-again", endpoint="ask_again")
@audience(staff, Permission.CALENDAR_WRITE)
def ask_again(first_id: UUID, second_id: UUID) -> ResponseReturnValue:
    """Undo leaving both visits."""
    with transaction():
        same_person.ask_again(first_id, second_id, by=desk.user(), now=clock.now())
    desk.say("Taken back.")
    return redirect(url_for("staff.today"), 303)
