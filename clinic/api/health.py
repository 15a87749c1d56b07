"""`/health`: whether the database answers, when worker, timetable and message pass last lived, and what is in arrears."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import __version__, clock
from clinic.db import db
from clinic.messaging import arrears, pulse
from clinic.web.access import anyone, audience

blueprint = Blueprint("health", __name__)
RETRY_SECONDS = "5"


@blueprint.get("/health")
@audience(anyone)
def health() -> Response:
    """How the product is, as JSON.

    `status` is `ok`, `degraded` (people are served, but something behind the pages is away or late) or `down`. Only `down`
    has the HTTP status 503: a balancer must not take a healthy web process away because a worker rests. `clock` is `off`
    when this host and the database differ by more than two seconds.
    """
    try:
        found = pulse.read()
        behind = arrears.count(clock.now())
        is_on_time = pulse.is_on_time(clock.system())
    except (OperationalError, PoolExhausted):
        db.session.rollback()
        return _down()
    answer = jsonify(
        status="ok" if found.is_well and behind.are_none and is_on_time else "degraded",
        version=__version__,
        database="ok",
        clock="ok" if is_on_time else "off",
        arrears=asdict(behind),
        **{sign.part.value: sign.word for sign in found.signs},
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _down() -> Response:
    answer = jsonify(status="down", version=__version__, database="away")
    answer.status_code = 503
    answer.headers.update({"Retry-After": RETRY_SECONDS, "Cache-Control": "no-store"})
    return answer
