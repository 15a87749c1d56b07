"""`/health`: whether the product is well, for anybody; with the token, also the state of each part.

A request's source address gives no access: behind a proxy on the same host every request comes from this machine.
"""

import hmac
from dataclasses import asdict

from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import __version__, clock
from clinic.accounts import audit_seals
from clinic.backup import runs, wal_archive
from clinic.db import db
from clinic.messaging import backlog, heartbeat
from clinic.web.access import anyone, audience

blueprint = Blueprint("health", __name__)
RETRY_SECONDS = "5"


@blueprint.get("/health")
@audience(anyone)
def health() -> Response:
    """How the product is, as JSON: `status`, and more for a request with `Authorization: Bearer` and the token of the settings.

    `status` is `ok`, `degraded` (people are served, but something behind the pages is away or late) or `down`. Only `down`
    has the HTTP status 503: a balancer must not take a healthy web process away because a worker rests. `clock` is `off`
    when this host and the database differ by more than two seconds.
    """
    try:
        found = heartbeat.heartbeats()
        behind = backlog.count(clock.now())
        is_on_time = heartbeat.is_on_time(clock.system())
        sealing = audit_seals.state(clock.now())
        are_on = bool(current_app.config["BACKUP_RECIPIENTS"])
        backup = runs.state(clock.now(), are_on=are_on)
        has_storage = current_app.config["BACKUP_STORAGE"] is not None
        storage = runs.storage_state(clock.now(), is_on=are_on and has_storage)
        wal = wal_archive.state(
            current_app.config["WAL_FOLDER"], clock.now(), is_on=current_app.config["BACKUP_WAL"]
        )
    except (OperationalError, PoolExhausted):
        db.session.rollback()
        return _down()
    is_well = (
        found.is_well
        and behind.are_none
        and is_on_time
        and sealing == "ok"
        and not any(each.is_ill for each in (backup, storage, wal))
    )
    status = "ok" if is_well else "degraded"
    if not _may_see_details():
        return _unkept(jsonify(status=status))
    answer = jsonify(
        status=status,
        version=__version__,
        database="ok",
        clock="ok" if is_on_time else "off",
        arrears=asdict(behind),
        audit=sealing,
        backup=backup,
        backup_storage=storage,
        backup_wal=wal,
        **{sign.part.value: sign.word for sign in found.signs},
    )
    return _unkept(answer)


def _may_see_details() -> bool:
    token: str | None = current_app.config["HEALTH_TOKEN"]
    sent = request.headers.get("Authorization", "")
    return token is not None and hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


def _unkept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _down() -> Response:
    answer = jsonify(status="down")
    answer.status_code = 503
    answer.headers["Retry-After"] = RETRY_SECONDS
    return _unkept(answer)
