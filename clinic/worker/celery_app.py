"""The Celery application: every step of the timetable as a task, run in the context of one Flask application."""

from typing import Any

from celery import Celery, Task
from flask import Flask

from clinic.maintenance import sweeps
from clinic.messaging import tasks
from clinic.worker import broker_transport
from clinic.worker.timetable import STEP_LIMIT, TIMETABLE


class InContext(Task[Any, Any]):
    """A task that runs in the context of its Flask application."""

    app: "Driver"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.app.flask_app.app_context():
            return self.run(*args, **kwargs)


class Driver(Celery):
    """The Celery application of one Flask application, with every step as a task under its own name."""

    def __init__(self, flask_app: Flask) -> None:
        broker_transport.use_for_redis()
        super().__init__("clinic", task_cls=InContext, set_as_current=False)
        self.flask_app = flask_app
        self.config_from_object(_settings(flask_app))
        for each in TIMETABLE:
            self.task(name=each.name, time_limit=each.limit)(each.step)
        # A timetable of the version before, during an upgrade, asks for each of the short steps.
        for step in sweeps.OFTEN:
            self.task(name=step.__name__, time_limit=STEP_LIMIT)(step)
        # No clock asks for this one: the watch over the message pass does.
        self.task(name=tasks.message_pass.__name__, time_limit=STEP_LIMIT)(tasks.message_pass)


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
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": app.config["WORKER_CONCURRENCY"],
        "worker_hijack_root_logger": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 4,
        # A task is given out again when it was not done after visibility_timeout, which is far beyond what most may take; the
        # sweep that does so runs at each interval (kombu's own throttle of ten would make it every 100 seconds).
        "broker_transport_options": {
            "visibility_timeout": 900,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "global_keyprefix": "lumbar:",
            "socket_connect_timeout": 4,
            "socket_timeout": 10,
            # How long the worker's question for a task stays with the broker before it is put again. A task is handed out at once.
            "polling_interval": 8,
        },
        "task_publish_retry": False,
        "beat_scheduler": "clinic.worker.beat_scheduler:HeartbeatScheduler",
        "beat_max_loop_interval": 5,
        "beat_schedule": {
            each.name: {"task": each.name, "schedule": each.schedule, "options": {"expires": each.expires}}
            for each in TIMETABLE
            if each.needs is None or app.config[each.needs] is not None
        },
    }
