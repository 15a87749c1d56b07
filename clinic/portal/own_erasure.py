"""A signed-in client asks to be erased: what goes and what the law keeps, asking, how it stands, and taking it back."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import erasures, limits
from clinic.accounts.erasures import ErasureState
from clinic.db import transaction
from clinic.language import N_
from clinic.maintenance import erasure
from clinic.refusal import NotFound
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_erasure", __name__)


@blueprint.get("/my/data/erase")
@audience(client, fresh=True)
def show() -> str:
    """What would go and stay, and how a request stands."""
    signed_in, now = client_of_page(), clock.now()
    newest = erasures.newest_erasure(signed_in.client_id)
    return render_template(
        "portal/erase.html",
        would=erasure.preview(signed_in.client_id, now),
        newest=newest,
        is_open=newest is not None and newest.state in (ErasureState.ASKED, ErasureState.GRANTED),
        can_take_back=newest is not None
        and (newest.carried_out_from is None or now < newest.carried_out_from),
        zone=context.practice_zone(now),
    )


@blueprint.post("/my/data/erase")
@audience(client, fresh=True)
def ask() -> ResponseReturnValue:
    """Ask for it; the practice decides within a month. A second press changes nothing."""
    signed_in, now = client_of_page(), clock.now()
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    try:
        with transaction():
            erasures.ask(signed_in.client_id, actor=signed_in.actor, by_id=None, now=now)
    except erasures.AlreadyAsked as refusal:
        flash(refusal.sentence, "caution")
    else:
        flash(N_("We have your request."), "ok")
    return redirect(url_for(".show"), 303)


@blueprint.post("/my/data/erase/take-back")
@audience(client, fresh=True)
def take_back() -> ResponseReturnValue:
    """Keep everything after all. Raises NotFound if nothing is asked for, AlreadyDecided once it is done."""
    signed_in = client_of_page()
    with transaction():
        asked = erasures.open_erasure(signed_in.client_id)
        if asked is None:
            raise NotFound
        erasures.take_back(asked.id, actor=signed_in.actor, now=clock.now())
    flash(N_("Taken back. Nothing is erased."), "ok")
    return redirect(url_for(".show"), 303)
