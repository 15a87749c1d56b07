"""Answers about free times before Flask is involved: sessions, sign-ins, routes and hooks do not affect them, and cost more.

An answer is cached with what it depends on (`availability_cache`); only if that has changed, or the question is new, is it
computed again, from the rules that the process keeps (`practice.kept_rules`) and what is busy. What cannot be answered goes
on to Flask with the reason, which refuses it as it refuses everything.
"""

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug import Request
from werkzeug.http import parse_etags

from clinic import clock
from clinic.api import request_parsing
from clinic.api.availability_cache import KEPT, KEPT_BYTES, FreeTimesQuery, KeptAnswer, KeptAnswers
from clinic.booking import availability, online_booking, search_criteria
from clinic.db import asking
from clinic.practice.kept_rules import KeptRules
from clinic.web import headers, logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/api/v1/availability"
RULES = "kept_rules"
REASON = "clinic.unanswered"
"""The environ key for the error because of which a question was not answered here, so that nothing is tried twice."""
PARAMETERS = ("treatment", "therapist", "location", "from", "to")


def init_app(app: Flask) -> None:
    """Give the app its caches, and let it answer questions about free times before everything else."""
    app.extensions[KEPT] = KeptAnswers(KEPT_BYTES)
    app.extensions[RULES] = KeptRules()
    app.wsgi_app = FreeTimesFirst(app)  # type: ignore[method-assign]  # The way Flask documents for middleware.


class FreeTimesFirst:
    """WSGI middleware: answers plain questions about free times; everything else goes to the app."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._product = app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The response; of a question that cannot be answered, the app's."""
        if environ["PATH_INFO"] != PATH or not _only_asks(environ):
            return self._product(environ, start_response)
        began = time.perf_counter()
        answer: KeptAnswer | None = None
        try:
            with self._app.app_context():
                answer = answered(self._app, environ)
        except Exception as error:  # The app knows how to tell of each.
            environ[REASON] = error
        if answer is None:
            return self._product(environ, start_response)
        shown = environ.get("HTTP_IF_NONE_MATCH")
        is_known = shown is not None and parse_etags(shown).contains_weak(answer.etag)
        status = "304 NOT MODIFIED" if is_known else "200 OK"
        request_id = headers.request_id_of(environ.get("HTTP_X_REQUEST_ID"), self._app.config)
        sent = {
            **headers.for_machines(self._app.config, PATH),
            **answer.headers,
            "X-Request-ID": request_id,
        }
        if not is_known:
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(answer.body))}
        start_response(status, list(sent.items()))
        method = environ["REQUEST_METHOD"]
        logs.answered(request_id, method, PATH, int(status[:3]), time.perf_counter() - began)
        return [] if is_known or method == "HEAD" else [answer.body]


def answered(app: Flask, environ: "WSGIEnvironment") -> KeptAnswer:
    """The answer to a question, kept or new; in an app context.

    Raises Malformed, Invalid, Unbookable, NotFound, BookingClosed, and SQLAlchemyError.
    """
    answers: KeptAnswers = app.extensions[KEPT]
    rules: KeptRules = app.extensions[RULES]
    question, now = environ.get("QUERY_STRING", ""), clock.now()
    last = answers.get(question)
    asked = last.asked if last else _asked(Request(environ, populate_request=False))
    known = last.supply if last else rules.supply(asked.treatment)
    with asking() as ask:
        basis, supply = availability.basis(asked.treatment, now, known, ask)
        if last is not None and basis == last.basis:
            return last
        rules.keep(asked.treatment, supply)
        online_booking.require_open(supply.rules)
        criteria = search_criteria.from_slugs(supply, asked.therapist, asked.location)
        found = availability.find_starts(supply, criteria, asked.days, now, kept=rules, ask=ask)
    answer = KeptAnswer.of(asked, basis, supply, _written(asked, found))
    answers.put(question, answer)
    return answer


def _asked(request: Request) -> FreeTimesQuery:
    given = request_parsing.query(PARAMETERS, request)
    location = given.get("location")
    return FreeTimesQuery(
        treatment=request_parsing.name(given.get("treatment", "")),
        therapist=request_parsing.name(given.get("therapist", search_criteria.ANYBODY)),
        location=None if location is None else request_parsing.name(location),
        days=request_parsing.days(given),
    )


def _written(asked: FreeTimesQuery, found: availability.AvailabilityAnswer) -> bytes:
    sites = {site.location_id: site for site in found.supply.sites}
    places = [place.location for place in found.offers.question.places]
    content = {
        "treatment": asked.treatment,
        "therapist": asked.therapist,
        "from": asked.days.first_on.isoformat(),
        "to": asked.days.until_on.isoformat(),
        "locations": [
            {
                "location": sites[place].slug,
                "zone": sites[place].zone.key,
                "days": {on.isoformat(): times for on, times in found.offers.wall_times(place).items()},
            }
            for place in places
        ],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _only_asks(environ: "WSGIEnvironment") -> bool:
    """Whether a request is a plain GET; the app refuses those with a body or another protocol."""
    more = (environ.get("CONTENT_LENGTH", "0") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and not more and "HTTP_UPGRADE" not in environ
