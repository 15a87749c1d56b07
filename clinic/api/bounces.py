"""Webhooks for mail providers' reports of bounces and complaints.

    POST /api/bounces             Authorization: Bearer <BOUNCES_SECRET>; the report mail itself, or a small JSON object
    POST /api/bounces/ses         a notification of Amazon SES, signed by the SNS topic SES_TOPIC_ARN
    POST /api/bounces/postmark    a webhook of Postmark, with POSTMARK_SECRET as the password of its address
    POST /api/bounces/mailgun     a webhook of Mailgun, signed with MAILGUN_SIGNING_KEY
    POST /api/bounces/sendgrid    a signed event webhook of SendGrid; SENDGRID_PUBLIC_KEY verifies it

Nothing that is sent is stored or logged, and no URL in it is fetched.
"""

import hmac

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.messaging import mime
from clinic.messaging.bounces import effects, parsing, providers
from clinic.messaging.bounces.parsing import BounceReport, What
from clinic.messaging.bounces.providers import Notification, mailgun, postmark, sendgrid, ses
from clinic.messaging.bounces.providers.sns import NotFetchedYet
from clinic.refusal import NotFound, Refusal
from clinic.web.access import anyone, audience, csrf

blueprint = Blueprint("bounces", __name__, url_prefix="/api")
csrf.exempt(blueprint)


class NotProven(Refusal):
    """The caller did not prove to be the provider."""

    status = 401
    code = "not-proven"
    sentence = "Send the secret as a bearer token."


@blueprint.post("/bounces")
@audience(anyone)
def report() -> ResponseReturnValue:
    """Record a report about a letter. Reports about other letters are accepted too, or the provider would send them
    again."""
    _require_secret()
    read = parsing.read_json if request.is_json else parsing.read_mail
    found = read(request.get_data(), _domain())
    if found is not None:
        with transaction():
            _note(found)
    return "", 204


@blueprint.post("/bounces/<any(ses, postmark, mailgun, sendgrid):provider>")
@audience(anyone)
def notification(provider: str) -> ResponseReturnValue:
    """Record a provider's notification in its own format, once it is proven to be genuine."""
    now, not_yet = clock.now(), None
    with transaction():
        try:
            told = _told(provider)
        except NotFetchedYet as refusal:
            told, not_yet = Notification(), refusal  # Keep what the worker has to fetch.
        if providers.is_new(provider, told, now):
            for found in told.reports:
                _note(found)
    if not_yet is not None:
        raise not_yet
    return "", 204


def _told(provider: str) -> Notification:
    content, domain, now = request.get_data(), _domain(), clock.now()
    if provider == "postmark":
        given = request.authorization
        password = given.password if given is not None and given.type == "basic" else None
        return postmark.read(content, password or "", _setting("POSTMARK_SECRET"), domain)
    if provider == "mailgun":
        return mailgun.read(content, _setting("MAILGUN_SIGNING_KEY"), domain, now)
    if provider == "sendgrid":
        return sendgrid.read(content, dict(request.headers), _setting("SENDGRID_PUBLIC_KEY"), domain, now)
    return ses.read(content, _setting("SES_TOPIC_ARN"), domain, now)


def _setting(name: str) -> str:
    """The provider's secret or key. Raises NotFound while it is not set."""
    value: str | None = current_app.config[name]
    if value is None:
        raise NotFound
    return value


def _domain() -> str:
    return mime.bare_address(current_app.config["MAIL_FROM"]).rpartition("@")[2]


def _require_secret() -> None:
    secret = _setting("BOUNCES_SECRET")
    given = request.headers.get("Authorization", "").encode(errors="replace")
    if not hmac.compare_digest(given, f"Bearer {secret}".encode()):
        raise NotProven


def _note(found: BounceReport) -> None:
    now = clock.now()
    if found.what is What.UNWANTED:
        effects.was_unwanted(found.message_id, now)
    else:
        effects.came_back(
            found.message_id,
            now,
            for_good=found.what is What.NO_SUCH_ADDRESS,
            recipient=found.recipient,
        )
