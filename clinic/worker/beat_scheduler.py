"""Celery beat's scheduler, with a heartbeat: each tick that reached the broker is a sign of life."""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from sqlalchemy.exc import OperationalError

from clinic.db import transaction
from clinic.messaging import heartbeat
from clinic.messaging.heartbeat import DeliveryPart
from clinic.worker.celery_app import Driver

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0


class HeartbeatScheduler(PersistentScheduler):
    """Celery's own scheduler; it also says that it lives. Frozen on a silent broker it falls silent too."""

    app: Driver
    said_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round of due tasks; returns how long to sleep until the next."""
        wait: float = super().tick(*args, **kwargs)
        if time.monotonic() - self.said_at >= EVERY_SECONDS:
            self.said_at = time.monotonic()
            self._say()
        return wait

    def _say(self) -> None:
        try:
            with self.app.flask_app.app_context(), transaction():
                heartbeat.beat(DeliveryPart.BEAT)
        except OperationalError:
            # Without the database nothing is due either; the heartbeat goes stale, which is correct.
            log.warning("beat cannot reach the database")
