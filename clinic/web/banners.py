"""What stands above every page until it is no longer true: a demo, an address without encryption, letters that do not go out.

Staff see all of it; a stranger sees only that this is a demo.
"""

from typing import Any

from flask import Flask, current_app, g, has_request_context, url_for
from sqlalchemy.exc import SQLAlchemyError

from clinic.messaging import pulse
from clinic.web import access
from clinic.web.access import Policy, staff

Note = dict[str, Any]

LOCAL = ("http://localhost", "http://127.0.0.1", "http://[::1]")


def init_app(app: Flask) -> None:
    """Give every page its notes, under the name `banner_notes`."""
    app.context_processor(lambda: {"banner_notes": notes()})


def notes() -> list[Note]:
    """What has to be said above this page, the gravest first."""
    if not has_request_context():
        return []
    for_staff: Policy | None = g.get("policy")
    if for_staff is None or for_staff.audience != staff or access.signed_in_user() is None:
        return _demo()
    return [*_letters(), *_unencrypted(), *_recovery(), *_demo()]


def _letters() -> list[Note]:
    try:
        troubled = not pulse.read().is_well
    except SQLAlchemyError:
        return []  # The page itself will say that the database is away.
    if not troubled:
        return []
    text = "Messages are not going out as they should. Nothing is lost: they go out when the delivery works again."
    return [{"kind": "caution", "text": text}]


def _unencrypted() -> list[Note]:
    address: str = current_app.config["PUBLIC_URL"]
    if address.startswith(("https://", *LOCAL)):
        return []
    text = "This address is not encrypted: others on the network can read what is sent. Set PUBLIC_URL to https."
    return [{"kind": "caution", "text": text}]


def _recovery() -> list[Note]:
    user = access.signed_in_user()
    if user is None or not user.tf_primary_method or user.mf_recovery_codes:
        return []
    text = "You have no recovery codes. Without them a lost telephone locks you out."
    return [{"kind": "plain", "text": text, "link": (url_for("security.mf_recovery_codes"), "Make them now")}]


def _demo() -> list[Note]:
    if current_app.config["ENVIRONMENT"] != "demo":
        return []
    return [{"kind": "plain", "text": "This is a demo with invented people. Do not enter anything real."}]
