"""Records a request's security events after its response is made, because a refused request rolls back everything
else."""

import logging
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, Response, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import clock
from clinic.accounts import security_events
from clinic.accounts.security_events import SecurityEvent
from clinic.db import db, transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Noted:
    """An event of this request that is still to be recorded."""

    event: SecurityEvent
    actor: str
    account_id: UUID | None
    about: str


def init_app(app: Flask) -> None:
    """Record a request's events once its response is made."""
    app.after_request(_write)


def note(
    event: SecurityEvent, *, actor: str, account_id: UUID | None = None, about: str | None = None
) -> None:
    """Remember an event until the response is made; `about` defaults to the endpoint."""
    if "security_events" not in g:
        g.security_events = []
    said = (request.endpoint or "") if about is None else about
    g.security_events.append(Noted(event, actor, account_id, said))


def _write(response: Response) -> Response:
    noted: list[Noted] = g.pop("security_events", [])
    if not noted:
        return response
    now, network = clock.now(), security_events.network_hash(request.remote_addr)
    try:
        db.session.rollback()
        with transaction():
            for one in noted:
                security_events.record(
                    one.event,
                    actor=one.actor,
                    account_id=one.account_id,
                    network=network,
                    about=one.about,
                    now=now,
                )
    except (OperationalError, PoolExhausted):
        log.warning("security event not written")
    return response
