"""Banners above every page while they are true: a demo, a URL without encryption, letters that do not go out.

Staff see all of them; a visitor sees only that this is a demo.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask, current_app, g, has_request_context, url_for
from sqlalchemy.exc import SQLAlchemyError

from clinic.accounts.permissions import Permission
from clinic.language import N_
from clinic.messaging.heartbeat import DeliveryHeartbeats, DeliveryPart, Sign
from clinic.messaging.pause import Why
from clinic.web import access, signed_in_staff
from clinic.web.access import Policy, staff

Note = dict[str, Any]

UNATTENDED = "No message has been looked after for a while. Nothing is lost: they go out when the delivery works again."
STOOD_IN = "Messages are looked after by a stand-in and go out a little later than usual."
NO_SERVER = "The mail server does not answer. Messages wait and go out as soon as it does."
HELD = "No message leaves: the settings hold them back."
RESTORED = (
    "No message leaves: this database was restored from a copy. Some of what waits may have gone out before."
)

LOCAL = ("http://localhost", "http://127.0.0.1", "http://[::1]")


def init_app(app: Flask) -> None:
    """Give every page its banners, under the name `banner_notes`."""
    app.context_processor(lambda: {"banner_notes": notes()})


def notes() -> list[Note]:
    """The banners for this page, most serious first."""
    if not has_request_context():
        return []
    for_staff: Policy | None = g.get("policy")
    if (
        for_staff is None
        or for_staff.audience != staff
        or signed_in_staff.signed_in_user() is None
        or signed_in_staff.is_handed_over()
        or signed_in_staff.is_locked()
    ):
        return _demo()
    return [*_letters(), *_unencrypted(), *_recovery(), *_no_pin(), *(_kept_mails() or _demo())]


def _letters() -> list[Note]:
    try:
        found = signed_in_staff.heartbeats()
    except SQLAlchemyError:
        return []  # The page itself will say that the database is away.
    return list(_troubles(found))


def _troubles(found: DeliveryHeartbeats) -> Iterator[Note]:
    """One sentence for the delivery (the most serious that is true), one for the mail server, and one for a pause."""
    ill = {sign.part: sign for sign in found.troubles}
    if DeliveryPart.PASS in ill and not ill[DeliveryPart.PASS].state:
        yield {"kind": "urgent" if ill[DeliveryPart.PASS].is_dead else "caution", "text": UNATTENDED}
    elif ill.keys() & {DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS}:
        yield {"kind": "caution", "text": STOOD_IN}
    if DeliveryPart.MAIL in ill:
        yield {"kind": "caution", "text": NO_SERVER}
    if DeliveryPart.SENDING in ill:
        yield _held(ill[DeliveryPart.SENDING])


def _held(sign: Sign) -> Note:
    note: Note = {"kind": "urgent", "text": RESTORED if sign.state == Why.RESTORED else HELD}
    if access.may(Permission.SETTINGS_WRITE):
        note["link"] = (url_for("staff.held"), "Look and let them go")
    return note


def _kept_mails() -> list[Note]:
    """Where emails go while there is no mail server; outside production they can be read."""
    if current_app.config["SMTP_URL"]:
        return []
    text = "No mail server is set: mails stay in a folder here and reach nobody."
    if current_app.config["ENVIRONMENT"] == "demo":
        text = (
            "A demo with invented people: enter nothing real. Mails stay in a folder here and reach nobody."
        )
    note: Note = {"kind": "plain", "text": text}
    if current_app.config["ENVIRONMENT"] != "production" and access.may(Permission.MESSAGES_READ):
        note["link"] = (url_for("staff.outbox"), "Read the mails")
    return [note]


def _unencrypted() -> list[Note]:
    address: str = current_app.config["PUBLIC_URL"]
    if address.startswith(("https://", *LOCAL)):
        return []
    text = (
        "This address is not encrypted: others on the network can read what is sent. Set PUBLIC_URL to https."
    )
    return [{"kind": "caution", "text": text}]


def _recovery() -> list[Note]:
    user = signed_in_staff.signed_in_user()
    if user is None or not user.tf_primary_method or user.mf_recovery_codes:
        return []
    text = "You have no recovery codes. Without them a lost telephone locks you out."
    return [{"kind": "plain", "text": text, "link": (url_for("security.mf_recovery_codes"), "Make them now")}]


def _no_pin() -> list[Note]:
    """Nothing but the whole sign-in would open a browser that locks by itself."""
    own = g.staff_session
    if own.lock_minutes is None or own.pin_hash is not None or own.user.webauthn:
        return []
    text = f"After {own.lock_minutes} minutes this browser locks by itself. You have no PIN here to open it again."
    return [{"kind": "plain", "text": text, "link": (url_for("auth.pin"), "Choose a PIN")}]


def _demo() -> list[Note]:
    if current_app.config["ENVIRONMENT"] != "demo":
        return []
    return [{"kind": "plain", "text": N_("This is a demo with invented people. Do not enter anything real.")}]
