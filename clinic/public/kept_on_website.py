"""The other end of booking on the practice's website: a time that was kept in the frame goes on in a tab at our own address."""

from flask import Blueprint, Response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import framed_reservations
from clinic.booking.refusals import NextStep, next_step
from clinic.db import transaction
from clinic.intake import drafts
from clinic.practice.models import IntakeRule
from clinic.public import booking
from clinic.refusal import Refusal
from clinic.web import refusal_page
from clinic.web.access import anyone, audience, csrf, require_own_form
from clinic.web.assets import asset_file
from clinic.web.browser import browser, digest
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("kept_on_website", __name__)
csrf.exempt(blueprint)

FIELD = "kept"
"""The field of the forms that carry the secret. It stands in no URL, so it is in no log and no history."""


@blueprint.post("/kept-time")
@audience(anyone)
def take_over() -> ResponseReturnValue:
    """Move the time to this browser, once, and continue with what is still to be asked."""
    require_own_form()
    now = clock.now()
    try:
        with transaction():
            kept = framed_reservations.take_over(
                digest(request.form.get(FIELD, "")),
                browser=browser(),
                client_id=signed_in_client_id(),
                now=now,
            )
            if kept.treatment.intake == IntakeRule.BEFORE_BOOKING:
                drafts.choose(browser(), kept.treatment.modalities, now)
    except Refusal as refusal:
        return _refused(refusal)
    return redirect(booking.next_page(kept, now), 303)


@blueprint.get("/kept-time")
@audience(anyone)
def go_on() -> ResponseReturnValue:
    """For whoever reloads that address: the time is in this browser already, or there is none."""
    return redirect(url_for("booking.details"), 303)


def script_for_websites() -> Response:
    """The built script, at an address that stays; websites ask for it again after a while."""
    return send_file(asset_file("website.js"), mimetype="text/javascript")


def _refused(refusal: Refusal) -> ResponseReturnValue:
    step = next_step(refusal)
    if (first := refusal_page.to_first(step)) is not None:
        return first
    page = booking.closed_page() if step is NextStep.PHONE else ""
    return refusal_page.answer(page or booking.treatments_page(refusal=refusal), refusal)
