"""The worker: the Celery application, and the one table of everything that happens by the clock.

celery -A worker:celery worker
celery -A worker:celery beat
"""

import logging
import sys
from typing import Any

from celery.schedules import crontab
from celery.signals import setup_logging, worker_init, worker_process_init

from clinic import db
from clinic.app import create_app
from clinic.messaging import fallback
from clinic.messaging.tasks import Driver
from clinic.web import logs

app = create_app(in_background=True)
celery: Driver = app.extensions["celery"]
celery.set_default()

# A tick that could not be taken up within its own period is worth nothing: the next one finds the same work.
TIMETABLE: dict[str, dict[str, Any]] = {
    "message_pass": {"schedule": 2.0, "options": {"expires": 4}},
    "lapse_and_decide": {"schedule": 30.0, "options": {"expires": 30}},
    "offer_freed_times": {"schedule": 30.0, "options": {"expires": 30}},
    "seal_audit": {"schedule": 60.0, "options": {"expires": 60}},
    "fetch_from_sns": {"schedule": 10.0, "options": {"expires": 10}},
    "tidy": {"schedule": crontab(minute="7"), "options": {"expires": 1800}},
    "count_overrides": {"schedule": crontab(hour="3", minute="40"), "options": {"expires": 3600}},
    "count_overrides_if_asked": {"schedule": 20.0, "options": {"expires": 20}},
    "delete_old_drafts": {"schedule": crontab(hour="3", minute="20"), "options": {"expires": 3600}},
}
celery.conf.beat_schedule = {name: {"task": name, **entry} for name, entry in TIMETABLE.items()}


@setup_logging.connect
def write_lines(**_: Any) -> None:
    """What worker and beat write down goes to standard error as lines of JSON; Celery's own set-up would quote errors."""
    logs.write_to(sys.stderr, logging.WARNING)


@worker_init.connect
def start_stand_in(**_: Any) -> None:
    """Start what makes the pass when the broker is away: sent before the worker connects to anything.

    It gets an application, and so an engine, of its own: the children that the worker forks share no connection with it.
    """
    fallback.start(create_app(in_background=True))


@worker_process_init.connect
def forget_inherited_connections(**_: Any) -> None:
    """A forked child must not talk on its parent's connections."""
    with app.app_context():
        db.dispose(close=False)
