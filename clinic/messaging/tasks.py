"""The worker's steps, and the Celery application that drives them.

Each step takes nothing, finds its work in the database, and owns its transactions: a step that is lost, doubled or late
costs nothing, because the next one finds the same rows. Nothing outside the worker ever sends a task.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Celery, Task
from flask import Flask, current_app

from clinic import clock
from clinic.accounts import audit_seals, client_records, limits, sessions, typed_details
from clinic.accounts import services as accounts
from clinic.booking import idempotency
from clinic.booking import services as booking
from clinic.booking.waiting import entries, rounds
from clinic.db import transaction
from clinic.intake import services as intake
from clinic.messaging import delivery
from clinic.messaging.bounces.providers import sns
from clinic.plans import note_drafts, overrides
from clinic.practice import invitations

PASS_LIMIT = 2000
LAPSED_KEPT = timedelta(days=1)
WISHES_KEPT = timedelta(days=90)


def message_pass() -> None:
    """Find and deliver what is owed. Twice at once is harmless: a message is claimed by one."""
    delivery.make_pass(current_app, PASS_LIMIT)


def lapse_and_decide() -> None:
    """End requests nobody decided in time. Twice is harmless: each is looked at again under the lock."""
    now = clock.now()
    for appointment_id in booking.end_undecided(now):
        with transaction():
            booking.end_request(appointment_id, now)


def offer_freed_times() -> None:
    """Keep what has become free and offer it to those who wait. Twice is harmless: a time can be kept once."""
    rounds.make(clock.now())


def seal_audit() -> None:
    """Seal the past minutes of the audit. Twice is harmless: the second finds nothing left to seal."""
    audit_seals.seal_as_sealer(clock.now())


def delete_old_drafts() -> None:
    """Delete health answers nobody finished, and notes nobody came back for. Twice is harmless: the second finds none."""
    with transaction():
        intake.delete_old_drafts(clock.now())
        note_drafts.delete_old(clock.now())


def fetch_from_sns() -> None:
    """Fetch the certificates that notifications of Amazon SES wait for. Twice is harmless: both fetch the same."""
    topic: str | None = current_app.config["SES_TOPIC_ARN"]
    if topic is not None:
        sns.run_errands(topic, clock.now(), sns.over_https)


def count_overrides() -> None:
    """Count what therapists did with suggestions. Twice is harmless: the same decisions give the same numbers."""
    with transaction():
        overrides.count(clock.now())


def count_overrides_if_asked() -> None:
    """The same when somebody asked for it. Twice is harmless: the second finds it counted."""
    with transaction():
        overrides.count_if_asked(clock.now())


def tidy() -> None:
    """Forget what has run out: counts, one-time links, sessions, invitations, wishes, holds, answered keys.

    Twice is harmless: the second finds none.
    """
    now = clock.now()
    limits.forget(now)
    with transaction():
        accounts.forget_links(now)
        client_records.forget_replaced(now)
        sessions.forget(now)
        typed_details.delete_old(now)
        invitations.forget(now)
    with transaction():
        entries.delete_ended(now - WISHES_KEPT)
        booking.delete_lapsed(now - LAPSED_KEPT)
        idempotency.delete_old(now)


STEPS: tuple[Callable[[], None], ...] = (
    message_pass,
    lapse_and_decide,
    offer_freed_times,
    seal_audit,
    delete_old_drafts,
    tidy,
    fetch_from_sns,
    count_overrides,
    count_overrides_if_asked,
)


class InContext(Task[Any, Any]):
    """A task that runs in the context of its Flask application."""

    app: "Driver"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.app.flask_app.app_context():
            return self.run(*args, **kwargs)


class Driver(Celery):
    """The Celery application of one Flask application, with every step as a task under its own name."""

    def __init__(self, flask_app: Flask) -> None:
        super().__init__("clinic", task_cls=InContext, set_as_current=False)
        self.flask_app = flask_app
        self.config_from_object(_settings(flask_app))
        for step in STEPS:
            self.task(name=step.__name__)(step)


def init_app(app: Flask) -> None:
    """Give the app its driver."""
    app.extensions["celery"] = Driver(app)


def _settings(app: Flask) -> dict[str, Any]:
    return {
        "broker_url": app.config["REDIS_URL"],
        "result_backend": None,
        "task_ignore_result": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "enable_utc": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": 120,
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": app.config["WORKER_CONCURRENCY"],
        "worker_hijack_root_logger": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 4,
        # A task is redelivered when it was not done after visibility_timeout, which is far beyond the time limit; the
        # sweep that does so runs at each interval (kombu's own throttle of ten would make it every 100 seconds).
        "broker_transport_options": {
            "visibility_timeout": 900,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "global_keyprefix": "lumbar:",
            "socket_connect_timeout": 4,
            "socket_timeout": 10,
        },
        "task_publish_retry": False,
        "beat_scheduler": "clinic.messaging.beat_scheduler:Timetable",
        "beat_max_loop_interval": 5,
    }
