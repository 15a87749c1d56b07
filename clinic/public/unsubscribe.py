"""Unsubscribing from letters of one kind, by the link in each of them.

The page has one button. A mail program can send the same POST by itself (RFC 8058), without cookies and without our
page, so the URL alone carries the key. It ends letters and does nothing else.
"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.messaging import preferences
from clinic.messaging.preferences import Topic
from clinic.refusal import NotFound
from clinic.web import languages
from clinic.web.access import anyone, audience, csrf

blueprint = Blueprint("letters", __name__, url_prefix="/stop")
csrf.exempt(blueprint)


@blueprint.get("/<topic>/<token>")
@audience(anyone)
def ask(topic: str, token: str) -> str:
    """One button. GET changes nothing, so a mail scanner cannot unsubscribe anybody."""
    languages.speak_to(preferences.contact_of(_topic(topic), token).client)
    return render_template("public/unsubscribe.html", topic=topic, token=token)


@blueprint.post("/<topic>/<token>")
@audience(anyone)
def stop(topic: str, token: str) -> ResponseReturnValue:
    """Unsubscribe. Safe to repeat. A mail program gets a plain 200, because it follows no redirect; a person gets a
    page."""
    with transaction():
        preferences.unsubscribe(preferences.contact_of(_topic(topic), token), _topic(topic), clock.now())
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("Done.\n", mimetype="text/plain")
    return redirect(url_for(".stopped"), 303)


@blueprint.get("/done")
@audience(anyone)
def stopped() -> str:
    """Says that it is done, and where to change it again."""
    return render_template("public/unsubscribed.html")


def _topic(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError:
        raise NotFound from None
