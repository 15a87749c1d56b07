"""Whether a letter tells the client of a new time: what staff read about it, and their choice that none is written."""

from datetime import datetime
from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import changes
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.messaging import promises
from clinic.refusal import Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.desk import FlashAct
from clinic.web.access import actor, audience, staff


class LetterHasLeft(Refusal):
    """The letter is on its way."""

    code = "letter-has-left"
    sentence = "The letter has left already, so it cannot be held back."


@blueprint.post("/appointments/<uuid:appointment_id>/tell", endpoint="tell_change")
@audience(staff, Permission.CALENDAR_WRITE)
def tell(appointment_id: UUID) -> ResponseReturnValue:
    """Write no letter about the newest change of a visit, or write one after all."""
    visit, now = desk.visit(appointment_id), clock.now()
    is_told = request.form.get("told") != "no"
    back = url_for("staff.visit", appointment_id=appointment_id)
    try:
        with transaction():
            if not is_told and promises.is_leaving(visit, now):
                raise LetterHasLeft
            changes.tell(visit.id, is_told=is_told, revision=desk.sent_revision(), actor=actor(), now=now)
    except Refusal as refusal:
        desk.say(refusal.sentence)
        return desk.back_to(back)
    desk.say(
        letter_sentence(visit, now),
        acts=letter_acts(visit, now, desk.staff_path(request.form.get("back")) or back),
    )
    return desk.back_to(back)


def say_changed(visit: Appointment, now: datetime, back: str = "") -> None:
    """Say on the next page that a visit was moved or has another length, and what becomes of the letter; for two minutes
    the change can be undone, and the letter held back as long as it has not left."""
    is_only_longer = (
        visit.undo_starts_at == visit.starts_at and visit.undo_length_minutes != visit.length_minutes
    )
    desk.say(
        f"The visit has a new {'length' if is_only_longer else 'time'}. {letter_sentence(visit, now)}",
        undo=desk.undo_address(visit),
        fields=_fields(visit, back),
        acts=letter_acts(visit, now, back),
    )


def letter_sentence(visit: Appointment, now: datetime) -> str:
    """Whether a letter tells the client of the present time, by the rules that send it."""
    who = visit.client.first_name if visit.client else "the client"
    if promises.letter_to_come(visit, now) is not None:
        return f"A letter tells {who}."
    if visit.client_id is None or not promises.has_address(visit.client_id):
        return "No e-mail address is known, so no letter goes out."
    if changes.is_untold(visit):
        return f"No letter tells {who}."
    return f"{who} has been told of this time, so no letter goes out."


def letter_acts(visit: Appointment, now: datetime, back: str = "") -> tuple[FlashAct, ...]:
    """What can still be decided about the letter: to hold it back, or to write it after all."""
    to = url_for("staff.tell_change", appointment_id=visit.id)
    if changes.is_untold(visit):
        is_possible = visit.client_id is not None and promises.has_address(visit.client_id)
        after_all = FlashAct(text="Write a letter", to=to, fields={**_fields(visit, back), "told": "yes"})
        return (after_all,) if is_possible else ()
    if promises.letter_to_come(visit, now) is None or promises.is_leaving(visit, now):
        return ()
    return (FlashAct(text="Write no letter", to=to, fields={**_fields(visit, back), "told": "no"}),)


def _fields(visit: Appointment, back: str) -> dict[str, str]:
    return {"revision": str(visit.revision), "back": back}
