"""Tips after a visit, behind the link in the aftercare letter.

The address opens for 30 days and proves only that somebody has the mail: the page shows the general tips for the types
given and the warning signs, and nothing that depends on the client's own answers.
"""

from datetime import datetime

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, signed_links
from clinic.booking import past_visits
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.guidance.knowledge import MODALITIES
from clinic.language import N_
from clinic.plans import tips as after_visit
from clinic.refusal import NotFound, Refusal
from clinic.web.access import anyone, audience

blueprint = Blueprint("aftercare", __name__, url_prefix="/c")


class TipsOver(Refusal):
    """The link is valid but has expired."""

    status = 410
    code = "tips-over"
    sentence = N_(
        N_("These tips were kept for 30 days. Please call us if you have a question about your session.")
    )


@blueprint.get("/<token>")
@audience(anyone)
def tips(token: str) -> ResponseReturnValue:
    """The tips of one visit; the reading leaves an audit row."""
    now = clock.now()
    with transaction():
        appointment = opened(token, now)
        given = after_visit.given_in(appointment)
        audit.record(
            audit.by_link(appointment.id),
            "read",
            appointment,
            client_id=appointment.client_id,
            purpose="aftercare",
            fields=["modalities"],
            now=now,
        )
        page = {
            "starts_at": appointment.starts_at,
            "zone": appointment.zone,
            "therapist": appointment.therapist.name,
        }
    found = after_visit.general(given)
    names = [MODALITIES[modality].name for modality in given.types] if given.is_noted else []
    return render_template(
        "public/aftercare.html",
        tips=found,
        types=names,
        days=past_visits.TIPS_KEPT.days,
        ask_own=url_for("own_tips.ask", token=token),
        **page,
    )


def opened(token: str, now: datetime) -> Appointment:
    """The visit of a token; raises NotFound, and TipsOver once the tips have expired."""
    claim = signed_links.check(token, signed_links.AFTERCARE)
    appointment = db.session.get(Appointment, claim.subject_id) if claim else None
    if claim is None or appointment is None or not claim.holds(appointment.link_epoch):
        raise NotFound
    if (
        appointment.client is None
        or appointment.client.erased_at is not None
        or not past_visits.took_place(appointment)
    ):
        raise NotFound
    if not past_visits.keeps_tips(appointment, now):
        raise TipsOver
    return appointment
