"""The product in production, which refuses to have its clock moved, on a clock that a test moves all the same.

`gunicorn "tests.on_test_clock:web()"` and `celery -A tests.on_test_clock:celery worker`; TEST_CLOCK names the file.
"""

import os
from pathlib import Path
from typing import Any

from celery.signals import worker_init
from flask import Flask

from clinic import app, clock


def web() -> Flask:
    """The product as a web server runs it."""
    made = app.web()
    _follow()
    return made


def _follow(**_: Any) -> None:
    clock.follow(Path(os.environ["TEST_CLOCK"]))


def __getattr__(name: str) -> Any:
    """The worker's application, made only where a worker asks for it."""
    if name != "celery":
        raise AttributeError(name)
    import worker

    worker_init.connect(_follow, weak=False)  # After the worker's own, which composes the product once more.
    _follow()
    return worker.celery
