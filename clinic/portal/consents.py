"""A signed-in client's consents: the ledger of what they agreed to, withdrawing each with what that means, and agreeing that we speak
with their doctor."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.db import transaction
from clinic.intake import consent, withdrawal
from clinic.intake.models import ConsentWay, Purpose
from clinic.language import N_
from clinic.messaging import consent_ledger
from clinic.refusal import NotFound
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("consents", __name__)

TO_GIVE = Purpose.SHARE_WITH_CLINICIAN
"""The consent that can be given on the page itself; the others are given where they matter."""


@blueprint.get("/my/consents")
@audience(client)
def show() -> str:
    """What stands, and what was withdrawn."""
    lines = consent_ledger.ledger_of(client_of_page().client_id)
    standing = consent_ledger.standing_of(lines)
    return render_template(
        "portal/consents.html",
        standing=standing,
        earlier=[one for one in lines if one not in standing],
        doctor=None
        if any(one.kind == TO_GIVE for one in standing)
        else consent.SHARE_WITH_CLINICIAN.paragraphs[0],
        zone=context.practice_zone(clock.now()),
    )


@blueprint.post("/my/consents/doctor")
@audience(client)
def agree() -> ResponseReturnValue:
    """Agree that a therapist speaks with the client's doctor; a second press changes nothing."""
    signed_in, now = client_of_page(), clock.now()
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    with transaction():
        withdrawal.agree(signed_in.client_id, consent.SHARE_WITH_CLINICIAN, actor=signed_in.actor, now=now)
    flash(N_("Thank you. You can withdraw it here at any time."), "ok")
    return redirect(url_for(".show"), 303)


@blueprint.get("/my/consents/<kind>")
@audience(client)
def ask(kind: str) -> str:
    """What withdrawing means, with *Keep it* beside it. Raises NotFound for what does not stand."""
    lines = consent_ledger.ledger_of(client_of_page().client_id)
    found = next((one for one in consent_ledger.standing_of(lines) if one.kind == kind), None)
    if found is None:
        raise NotFound
    return render_template("portal/withdraw.html", given=found)


@blueprint.post("/my/consents/<kind>")
@audience(client)
def withdraw(kind: str) -> ResponseReturnValue:
    """Withdraw; a second press changes nothing. Raises NotFound for what is no kind of consent."""
    signed_in, now = client_of_page(), clock.now()
    if kind not in consent_ledger.WORDS:
        raise NotFound
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    with transaction():
        consent_ledger.withdraw(signed_in.client_id, kind, way=ConsentWay.WEB, actor=signed_in.actor, now=now)
    flash(N_("Withdrawn. What stopped and what did not stands below."), "ok")
    return redirect(url_for(".show"), 303)
