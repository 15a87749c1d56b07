"""A copy of everything that is kept about a signed-in client: asking for it, how far it is, fetching and deleting it.

Every page of it needs a fresh proof of identity, so that a browser that was left open gives nothing away.
"""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import data_exports, limits
from clinic.accounts.data_exports import AskedAlready
from clinic.db import transaction
from clinic.exports.building import STEPS
from clinic.language import N_
from clinic.portal.contact_data import own_mail
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.copies import as_download
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_export", __name__)


@blueprint.get("/my/data/copy")
@audience(client, fresh=True)
def show() -> str:
    """What a copy holds and the button, or how far it is."""
    return _page()


@blueprint.post("/my/data/copy")
@audience(client, fresh=True)
def ask() -> ResponseReturnValue:
    """Ask for a copy. Its password is on this answer and nowhere else."""
    signed_in, now = client_of_page(), clock.now()
    limits.take(limits.DATA_EXPORTS, str(signed_in.client_id), now)
    try:
        with transaction():
            _, password = data_exports.ask(
                signed_in.client_id,
                by_staff=None,
                contact_id=own_mail(signed_in).id,
                actor=signed_in.actor,
                now=now,
            )
    except AskedAlready as refusal:
        flash(refusal.sentence, "caution")
        return redirect(url_for(".show"), 303)
    return _page(password=password)


@blueprint.get("/my/data/copy/file")
@audience(client, fresh=True)
def fetch() -> Response:
    """The file, which opens with the password alone; that it was fetched is recorded."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        export = data_exports.newest(signed_in.client_id, now)
        return as_download(data_exports.fetch(export, actor=signed_in.actor, now=now), now)


@blueprint.post("/my/data/copy/delete")
@audience(client, fresh=True)
def delete() -> ResponseReturnValue:
    """Delete the copy, or stop making it."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        data_exports.delete(signed_in.client_id, actor=signed_in.actor, now=now)
    flash(N_("The copy is deleted."), "ok")
    return redirect(url_for(".show"), 303)


def _page(*, password: str = "") -> str:
    now = clock.now()
    return render_template(
        "portal/copy.html",
        export=data_exports.newest(client_of_page().client_id, now),
        password=password,
        steps=STEPS,
        zone=context.practice_zone(now),
    )
