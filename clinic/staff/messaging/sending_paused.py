"""Paused sending: why, what waits, and resuming it."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect
from wtforms import RadioField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.language.reading import plural
from clinic.messaging import kinds, pause
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.web.access import actor, audience, staff
from clinic.web.forms import Form

ALL, LATER = "all", "later"


class ReleaseForm(Form):
    """What happens to waiting messages when the pause ends."""

    which = RadioField(
        "What shall become of the messages that wait?",
        choices=[
            (LATER, "Leave them out, and send what falls due from now on"),
            (ALL, "Send them now"),
        ],
        validators=[InputRequired("Choose what shall become of the messages that wait.")],
    )


@blueprint.get("/messages/held", endpoint="held")
@audience(staff, Permission.SETTINGS_WRITE)
def held() -> ResponseReturnValue:
    """Why sending is paused, and what would leave."""
    return _page(ReleaseForm(formdata=None))


@blueprint.post("/messages/held", endpoint="release")
@audience(staff, Permission.SETTINGS_WRITE)
def release() -> ResponseReturnValue:
    """Resume sending."""
    form = ReleaseForm()
    if not form.validate():
        return _page(form), 422
    with transaction():
        left_out = pause.release(actor(), clock.now(), leave_out=form.which.data == LATER)
    desk.say("Messages go again." + (f" {plural(left_out, 'message')} left out." if left_out else ""))
    return redirect(url_for("staff.messages"), 303)


def _page(form: ReleaseForm) -> str:
    now = clock.now()
    return render_template(
        "staff/messaging/sending_paused.html",
        here="messages",
        hold=pause.hold(),
        kinds=[(kinds.label(kind), count) for kind, count in pause.waiting(now).most_common()],
        form=form,
        zone=practice_zone(now),
    )
