"""A Celery application whose tasks do nothing: the floor beneath everything that a worker does."""

import os
from pathlib import Path

from celery import Celery

celery = Celery("no_op", broker=os.environ["REDIS_URL"])
celery.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    broker_transport_options={"global_keyprefix": "no-op:"},
)


@celery.task(name="nothing")
def nothing(number: int, last: int) -> None:
    """Nothing; the last of them leaves a file."""
    if number == last:
        Path(os.environ["LUMBAR_DATA"], "no-op-done").touch()
