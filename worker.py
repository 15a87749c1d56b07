"""The worker's entry point; its timetable stands in `clinic.worker.timetable`.

celery -A worker:celery worker
celery -A worker:celery beat
"""

import logging
import sys
from typing import Any

from celery.signals import setup_logging, worker_init, worker_process_init
from kombu.exceptions import OperationalError

from clinic import db
from clinic.background import create_background_app, refuse_other_keys
from clinic.messaging import tasks, watch
from clinic.web import logs
from clinic.worker.celery_app import Driver

app = create_background_app()
celery = Driver(app)
celery.set_default()

ASKED_EXPIRES_SECONDS = 15
"""A pass that was asked for and not begun by then is worth nothing: the watch makes one itself."""


@setup_logging.connect
def write_lines(**_: Any) -> None:
    """What worker and beat write down goes to standard error as lines of JSON; Celery's own set-up would quote errors."""
    logs.write_to(sys.stderr, logging.WARNING)


def ask_for_pass() -> bool:
    """Have the broker bring a message pass to some worker; False if it does not take it."""
    try:
        celery.tasks[tasks.message_pass.__name__].apply_async(expires=ASKED_EXPIRES_SECONDS, retry=False)
    except OperationalError:
        return False
    return True


@worker_init.connect
def start_watch(**_: Any) -> None:
    """Start the watch over the message pass. Celery sends this signal before the worker connects to anything.

    A worker whose keys do not open what the database holds ends here, as the web does: it would seal beside it, and tell people
    that their data cannot be read.

    The watch gets an application, and so an engine, of its own: the children that the worker forks share no connection with it.
    """
    refuse_other_keys(app)
    watch.start(create_background_app(), ask_for_pass)


@worker_process_init.connect
def forget_inherited_connections(**_: Any) -> None:
    """A forked child must not talk on its parent's connections."""
    with app.app_context():
        db.dispose(close=False)
