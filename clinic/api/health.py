"""`/health`: whether the database answers, and when the worker, its timetable and the message pass last lived."""

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import __version__
from clinic.db import db
from clinic.messaging import pulse
from clinic.web.access import anyone, audience

blueprint = Blueprint("health", __name__)
RETRY_SECONDS = "5"


@blueprint.get("/health")
@audience(anyone)
def health() -> Response:
    """How the product is, as JSON.

    `status` is `ok`, `degraded` (people are served, but something behind the pages is away) or `down`. Only `down` has
    the HTTP status 503: a balancer must not take a healthy web process away because a worker rests.
    """
    try:
        found = pulse.read()
    except (OperationalError, PoolExhausted):
        db.session.rollback()
        return _down()
    answer = jsonify(
        status="ok" if found.is_well else "degraded",
        version=__version__,
        database="ok",
        **{sign.part.value: sign.word for sign in found.signs},
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _down() -> Response:
    answer = jsonify(status="down", version=__version__, database="away")
    answer.status_code = 503
    answer.headers.update({"Retry-After": RETRY_SECONDS, "Cache-Control": "no-store"})
    return answer
