"""What a change of the practice left outside hours: existing visits, and current reservations."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import outside_hours, outside_reservations
from clinic.booking.states import NotNow
from clinic.db import transaction
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.layout import BLOCKERS, page
from clinic.web.access import actor, audience, staff

KEPT_NO_LONGER = "This time is no longer kept. Nothing was changed."


@blueprint.get("/settings/outside", endpoint="settings_outside")
@audience(staff, *BLOCKERS)
def outside() -> ResponseReturnValue:
    """Visits and reservations outside the present hours."""
    now = clock.now()
    return page(
        "outside", "home", visits=outside_hours.visits(now), kept=outside_reservations.outside_now(now)
    )


@blueprint.post("/settings/outside/<uuid:hold_id>/end", endpoint="settings_end_kept")
@audience(staff, *BLOCKERS)
def end(hold_id: UUID) -> ResponseReturnValue:
    """End a reservation; the person is told."""
    try:
        with transaction():
            outside_reservations.end(hold_id, actor=actor(), now=clock.now())
    except NotNow:
        return _back(KEPT_NO_LONGER)
    return _back("Ended. Whoever was about to book this time is told, and can choose another.")


@blueprint.post("/settings/outside/<uuid:hold_id>/spare", endpoint="settings_spare_kept")
@audience(staff, *BLOCKERS)
def spare(hold_id: UUID) -> ResponseReturnValue:
    """Spare a reservation."""
    try:
        with transaction():
            outside_reservations.spare(hold_id, actor=actor(), now=clock.now())
    except NotNow:
        return _back(KEPT_NO_LONGER)
    return _back(
        "Spared. This time can be booked while it is kept.",
        undo=url_for("staff.settings_spare_no_longer", hold_id=hold_id),
    )


@blueprint.post("/settings/outside/<uuid:hold_id>/spare-no-longer", endpoint="settings_spare_no_longer")
@audience(staff, *BLOCKERS)
def spare_no_longer(hold_id: UUID) -> ResponseReturnValue:
    """Undo sparing a reservation."""
    try:
        with transaction():
            outside_reservations.spare_no_longer(hold_id, actor=actor(), now=clock.now())
    except NotNow:
        return _back(KEPT_NO_LONGER)
    return _back("Taken back. This time can no longer be booked.")


def _back(text: str, *, undo: str | None = None) -> ResponseReturnValue:
    desk.say(text, undo=undo)
    return redirect(url_for("staff.settings_outside"), 303)
