"""Error handling for pages and machines: every refusal and every failure becomes a designed answer.

Pages live in `templates/errors/<status>.html`; paths of machines get `application/problem+json` (RFC 9457). What went wrong
inside is logged without values and never shown.
"""

import logging
from contextlib import suppress
from http import HTTPStatus
from math import ceil
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadHost, HTTPException
from werkzeug.routing import RequestRedirect

from clinic.accounts.limits import TooMany
from clinic.accounts.security_events import SecurityEvent
from clinic.db import db
from clinic.language import N_, gettext, ngettext
from clinic.refusal import NotFound, Refusal
from clinic.web import context, security_log, trailing_slash, typed_text
from clinic.web.access import MACHINE_PATHS, actor, came_from_elsewhere
from clinic.web.headers import request_id
from clinic.web.signed_in_staff import signed_in_user

log = logging.getLogger(__name__)

RETRY_SECONDS = 5

SENTENCES = {
    400: N_("Something about that request was not right. Please go back and try again."),
    401: N_("Please sign in first."),
    403: N_("This page is not open to you."),
    404: N_("We could not find that page."),
    405: N_("That cannot be done on this page."),
    409: N_("That is not possible right now."),
    410: N_("This page is not open now."),
    413: N_("That was more than this page can take."),
    414: N_("That address is too long."),
    415: N_("Files cannot be sent here."),
    429: N_("Too many attempts. Please wait a little and try again."),
    500: N_("Something went wrong on our side. It has been noted."),
    503: N_("We cannot reach our records right now. Please try again in a minute."),
}


STAFF_PATHS = "/staff"


def init_app(app: Flask) -> None:
    """Handle refusals, HTTP errors, an absent database, and unexpected errors."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, database_away)
    app.register_error_handler(PoolTimeout, database_away)
    app.register_error_handler(DBAPIError, database_error)
    if not app.testing:
        app.register_error_handler(Exception, unexpected)


def refused(refusal: Refusal) -> Response:
    """A domain's refusal: its own status and sentence."""
    wait = refusal.retry_after if isinstance(refusal, TooMany) else None
    # The page of a plain 404 says more than the plain sentence does.
    sentence = None if refusal.sentence == NotFound.sentence else refusal.sentence
    return answer(refusal.status, code=refusal.code, sentence=sentence, retry_seconds=wait)


def stale_form(_error: CSRFError) -> Response:
    """The form's token is missing or belongs to another session: usually the page was open too long."""
    return answer(
        400,
        code="stale-form",
        sentence=N_(
            "This page was open for too long, so nothing was sent. Please go back, reload it and try again."
        ),
    )


def http_error(error: HTTPException) -> Response:
    """Flask's and Werkzeug's refusals: unknown pages, wrong methods, too much data, wrong content type."""
    status = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    if (elsewhere := trailing_slash.without_slash(error)) is not None:
        return make_response(elsewhere)
    if isinstance(error, BadHost):
        # Without a host no URL can be built, and our pages are full of them.
        return Response(f"{error.description or SENTENCES[400]}\n", 400, mimetype="text/plain")
    response = answer(status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def database_away(error: Exception) -> Response:
    """PostgreSQL does not answer, or not in time: say so, and when to try again."""
    log.error("database away", exc_info=error, extra={"request_id": request_id()})
    # The page must not use the database again, so it is rendered as for a stranger.
    g.practice = g.staff_session = g.client_session = None
    g._login_user = AnonymousUserMixin()
    return answer(503, retry_seconds=RETRY_SECONDS)


def database_error(error: DBAPIError) -> Response:
    """A broken connection counts as an absent database; anything else is a bug."""
    if error.connection_invalidated:
        return database_away(error)
    if current_app.testing:
        raise error
    return unexpected(error)


def unexpected(error: Exception) -> Response:
    """A bug: logged with its trace but no values; the answer has neither."""
    log.error("unexpected error", exc_info=error, extra={"request_id": request_id()})
    return answer(500)


def answer(
    status: int, *, code: str | None = None, sentence: str | None = None, retry_seconds: int | None = None
) -> Response:
    """The designed page, or for machines the problem document, of a status."""
    with suppress(DBAPIError):
        db.session.rollback()
    if status == HTTPStatus.FORBIDDEN:
        _note_refused()
    response = (
        _problem(status, code, sentence) if _is_for_machines() else _page(status, sentence, retry_seconds)
    )
    if retry_seconds is not None:
        response.headers["Retry-After"] = str(retry_seconds)
    return response


def _note_refused() -> None:
    """Somebody requested what they may not open: a security event, whoever it was."""
    with suppress(DBAPIError, PoolTimeout):
        user = signed_in_user()
        security_log.note(SecurityEvent.REFUSED, actor=actor(), account_id=user.id if user else None)


def _is_for_machines() -> bool:
    return request.path.startswith(MACHINE_PATHS)


def _page(status: int, sentence: str | None, retry_seconds: int | None) -> Response:
    said: dict[str, Any] = {
        "message": sentence,
        "reference": request_id(),
        "retry_after": _words(retry_seconds),
        "typed": [] if came_from_elsewhere() else typed_text.typed(),
        "now_at": _as_it_stands(),
        "way_back": ("/staff", "Back to Today") if request.path.startswith(STAFF_PATHS) else None,
    }
    with suppress(OperationalError):
        context.practice()  # An absent database is noticed here, not in the middle of the page.
    try:
        page = render_template(f"errors/{status}.html", **said)
    except TemplateNotFound:
        said["message"] = sentence or SENTENCES.get(status)
        page = render_template(f"errors/{400 if status < 500 else 500}.html", **said)
    return make_response(page, status)


def _as_it_stands() -> str | None:
    """The URL at which a form's page can be read again; None if the form's URL is not a page."""
    try:
        current_app.url_map.bind("").match(request.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return request.path


def _words(seconds: int | None) -> str | None:
    """A waiting time in words, rounded up."""
    if seconds is None:
        return None
    if seconds <= 60:
        return gettext("a minute")
    minutes = ceil(seconds / 60)
    if minutes <= 90:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}
    hours = ceil(minutes / 60)
    return ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours}


def _problem(status: int, code: str | None, sentence: str | None) -> Response:
    response = jsonify(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code or f"http-{status}",
            "detail": sentence or SENTENCES.get(status, SENTENCES[400 if status < 500 else 500]),
            "request_id": request_id(),
        }
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response
