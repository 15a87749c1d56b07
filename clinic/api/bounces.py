"""Where a mail provider reports letters that came back and letters that were not wanted.

    POST /api/bounces   Authorization: Bearer <BOUNCES_SECRET>

The body is the report mail itself, or a small JSON object; nothing of it is kept or written down.
"""

import hmac

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.messaging import mime, reports, returned
from clinic.messaging.reports import Report, What
from clinic.refusal import NotFound, Refusal
from clinic.web.access import anyone, audience, csrf

blueprint = Blueprint("bounces", __name__, url_prefix="/api")
csrf.exempt(blueprint)


class NotProven(Refusal):
    """Whoever reports did not prove to be the provider."""

    status = 401
    code = "not-proven"
    sentence = "Send the secret as a bearer token."


@blueprint.post("/bounces")
@audience(anyone)
def report() -> ResponseReturnValue:
    """Note what became of a letter. One that is not ours is thanked for alike: a provider would only send it again."""
    _require_secret()
    domain = mime.bare_address(current_app.config["MAIL_FROM"]).rpartition("@")[2]
    read = reports.read_json if request.is_json else reports.read_mail
    found = read(request.get_data(), domain)
    if found is not None:
        with transaction():
            _note(found)
    return "", 204


def _require_secret() -> None:
    secret: str | None = current_app.config["BOUNCES_SECRET"]
    if secret is None:
        raise NotFound
    given = request.headers.get("Authorization", "").encode(errors="replace")
    if not hmac.compare_digest(given, f"Bearer {secret}".encode()):
        raise NotProven


def _note(found: Report) -> None:
    now = clock.now()
    if found.what is What.UNWANTED:
        returned.was_unwanted(found.message_id, now)
    else:
        returned.came_back(
            found.message_id,
            now,
            for_good=found.what is What.NO_SUCH_ADDRESS,
            recipient=found.recipient,
        )
