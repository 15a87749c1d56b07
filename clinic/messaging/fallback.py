"""The fallback: a thread that runs the message pass when the broker is down or silent.

One thread in each worker's main process, started before the worker connects to the broker. It reads the heartbeat of
the pass in PostgreSQL; if there was no pass for ten seconds it runs one, on one host at a time.
"""

import logging
import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic.db import transaction
from clinic.messaging import delivery, heartbeat
from clinic.messaging.heartbeat import DeliveryPart

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
OVERDUE = timedelta(seconds=10)
PASS_LIMIT = 10_000
"""So many messages that a pass of the fallback ends at its time limit instead."""
LOCK = 7_503_002


def start(app: Flask) -> threading.Event:
    """Start the thread; setting the returned event ends it.

    Give the thread an application of its own, so that no forked child shares its connections.
    """
    stop = threading.Event()
    threading.Thread(target=_look_until, args=(app, stop), name="fallback", daemon=True).start()
    return stop


def _look_until(app: Flask, stop: threading.Event) -> None:
    # Wait before the first look, so that the worker's forked children inherit no half-done work.
    while not stop.wait(LOOK_SECONDS):
        try:
            with app.app_context():
                check_worker(app)
        except (DBAPIError, PoolExhausted):
            log.warning("the fallback cannot reach the database")


def check_worker(app: Flask) -> bool:
    """Record that the worker is alive, and run the pass if it is overdue; returns whether it ran here."""
    with transaction():
        heartbeat.beat(DeliveryPart.WORKER)
    with transaction():
        found = heartbeat.heartbeats().sign(DeliveryPart.PASS)
    overdue = found.age is None or found.age > OVERDUE or found.state == heartbeat.FALLBACK
    if not overdue:
        return False
    with delivery.alone(LOCK) as ours:
        if ours:
            delivery.make_pass(app, PASS_LIMIT, driver=heartbeat.FALLBACK)
        return ours
