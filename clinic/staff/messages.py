"""Messages: what was owed lately and what became of it, and the mails that were written to the folder."""

from pathlib import Path

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.messaging import queries as messages
from clinic.messaging.models import Kind
from clinic.messaging.queries import Mail, Stage
from clinic.refusal import NotFound
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.web.access import audience, staff

FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""A letter brings its own inline styles and nothing else: no script, no picture from elsewhere, no form, no link that opens."""

KINDS = {
    Kind.CONFIRMATION: "Confirmation",
    Kind.CHANGE: "Change of time",
    Kind.CANCELLATION: "Cancellation",
    Kind.REQUEST_RECEIVED: "Request received",
    Kind.REQUEST_CONFIRMED: "Request confirmed",
    Kind.REQUEST_DECLINED: "Request declined",
    Kind.REMINDER: "Reminder",
    Kind.AFTERCARE: "Aftercare",
    Kind.OWN_TIPS: "Link to own tips",
    Kind.CHECK_IN: "Check-in",
    Kind.SIGN_IN: "Sign-in link",
    Kind.RESUME_INTAKE: "Link to go on with the questions",
    Kind.GUARDIAN_CONSENT: "Link for a parent or guardian",
    Kind.REVIEW_WAITING: "A review waits (to staff)",
    Kind.CHECK_IN_ANSWERED: "A check-in waits (to staff)",
}
STAGES = {
    Stage.WAITING: ("Waits", None),
    Stage.SENDING: ("Being sent", None),
    Stage.RETRYING: ("Tried, will be tried again", "caution"),
    Stage.SENT: ("Sent", "ok"),
    Stage.DROPPED: ("Not needed any more", None),
    Stage.GIVEN_UP: ("Not delivered", "caution"),
}


@blueprint.get("/messages", endpoint="messages")
@audience(staff, Permission.MESSAGES_READ)
def recent() -> ResponseReturnValue:
    """The messages owed last, with what became of each."""
    return render_template(
        "staff/messages.html",
        here="messages",
        lines=messages.recent(clock.now()),
        KINDS=KINDS,
        STAGES=STAGES,
        zone=practice_zone(clock.now()),
        has_outbox=has_outbox(),
    )


@blueprint.get("/messages/outbox", endpoint="outbox")
@audience(staff, Permission.MESSAGES_READ)
def outbox() -> ResponseReturnValue:
    """The mails in the folder, newest first."""
    return render_template(
        "staff/outbox.html",
        here="messages",
        mails=messages.outbox(_folder()),
        zone=practice_zone(clock.now()),
    )


@blueprint.get("/messages/outbox/<name>", endpoint="mail")
@audience(staff, Permission.MESSAGES_READ)
def mail(name: str) -> ResponseReturnValue:
    """One mail of the folder: its text, and its HTML in a frame that can do nothing."""
    return render_template(
        "staff/mail.html", here="messages", mail=_mail(name), zone=practice_zone(clock.now())
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
    """Whether mails go to a folder that may be read here: no mail server is set, and this is no production."""
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
