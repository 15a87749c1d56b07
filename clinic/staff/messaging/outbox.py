"""The emails that were written to a folder because no mail server is set; readable here, outside production."""

from pathlib import Path

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.messaging import queries as messages
from clinic.messaging.queries import Mail
from clinic.refusal import NotFound
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.web.access import audience, staff

FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""A letter may use its inline styles and nothing else: no scripts, external images, forms or links."""


@blueprint.get("/messages/outbox", endpoint="outbox")
@audience(staff, Permission.MESSAGES_READ)
def outbox() -> ResponseReturnValue:
    """The mails in the folder, newest first."""
    return render_template(
        "staff/messaging/outbox.html",
        here="messages",
        mails=messages.outbox(_folder()),
        zone=practice_zone(clock.now()),
        has_outbox=True,
    )


@blueprint.get("/messages/outbox/<name>", endpoint="mail")
@audience(staff, Permission.MESSAGES_READ)
def mail(name: str) -> ResponseReturnValue:
    """One email of the folder: its text, and its HTML in a sandboxed frame."""
    return render_template(
        "staff/messaging/mail.html", here="messages", mail=_mail(name), zone=practice_zone(clock.now())
    )


@blueprint.get("/messages/outbox/<name>/html", endpoint="mail_html")
@audience(staff, Permission.MESSAGES_READ)
def mail_html(name: str) -> ResponseReturnValue:
    """The HTML part of a mail under a policy of its own, for the sandboxed frame."""
    response = Response(_mail(name).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def has_outbox() -> bool:
    """Whether emails go to a readable folder: no mail server is set, and this is not production."""
    return not current_app.config["SMTP_URL"] and current_app.config["ENVIRONMENT"] != "production"


def _folder() -> Path:
    if not has_outbox():
        raise NotFound
    folder: Path = current_app.config["MAILDIR"]
    return folder


def _mail(name: str) -> Mail:
    found = messages.mail(_folder(), name)
    if found is None:
        raise NotFound
    return found
