"""Messages: what was owed lately and what became of it, and the mails that were written to the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.messaging import queries as messages
from clinic.messaging.models import Kind
from clinic.messaging.pulse import Part, Pulse
from clinic.messaging.queries import Mail, Stage
from clinic.refusal import NotFound
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.web.access import audience, signed_in_user, staff

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
    Kind.SIGN_IN: "Sign-in link",
    Kind.RESUME_INTAKE: "Link to go on with the questions",
    Kind.REVIEW_WAITING: "A review waits (to staff)",
}
STAGES = {
    Stage.WAITING: ("Waits", None),
    Stage.SENDING: ("Being sent", None),
    Stage.RETRYING: ("Tried, will be tried again", "caution"),
    Stage.SENT: ("Sent", "ok"),
    Stage.DROPPED: ("Not needed any more", None),
    Stage.GIVEN_UP: ("Not delivered", "caution"),
}
UNATTENDED = "No message has been looked after for a while; none goes out until this is mended."
STOOD_IN = "Messages are looked after by a stand-in and go out a little later than usual."
NO_SERVER = "The mail server does not answer. Messages wait and go out as soon as it does."


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


@blueprint.app_context_processor
def banner_notes() -> dict[str, Any]:
    """What stands above every staff page while the delivery of messages is not well or leads to a folder."""
    if request.blueprint != blueprint.name or signed_in_user() is None:
        return {}
    notes: list[dict[str, Any]] = []
    if not current_app.config["SMTP_URL"]:
        link = (url_for("staff.outbox"), "Read the mails") if has_outbox() else None
        notes.append(
            {
                "kind": "plain",
                "text": "No mail server is set: mails are kept here and leave the house to nobody.",
                "link": link,
            }
        )
    notes.extend({"kind": "caution", "text": text, "link": None} for text in _troubles(messages.pulse()))
    return {"banner_notes": notes}


def _troubles(pulse: Pulse) -> Iterator[str]:
    """One sentence for the delivery, the worst that is true, and one for the mail server."""
    ill = {sign.part: sign for sign in pulse.troubles}
    if Part.PASS in ill and not ill[Part.PASS].state:
        yield UNATTENDED
    elif ill.keys() & {Part.WORKER, Part.BEAT, Part.PASS}:
        yield STOOD_IN
    if Part.MAIL in ill:
        yield NO_SERVER
