"""Processes that all do one thing at the same instant, and report what became of it."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clinic.app import create_app
from clinic.db import db
from config import Settings

TIMEOUT_SECONDS = 150


@dataclass(frozen=True)
class Report:
    """What one process saw in one round: the name of what it got or of the error, and how long it took."""

    round: int
    rival: int
    result: str
    seconds: float


Deed = Callable[[int, int, Any], str]
"""(round, rival, task) -> the name of what came of it. Errors are reported by their class name."""


def race(settings: Settings, deed: Deed, tasks: Sequence[Any], rivals: int) -> list[Report]:
    """Let `rivals` processes do `deed` on each task at once, task after task; every report of every process."""
    # Children of a fork server that has imported the product: clean processes, without sixteen imports at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["clinic.app", __name__])
    barrier = context.Barrier(rivals)
    reports: Any = context.Queue()
    processes = [
        context.Process(target=_run, args=(settings, deed, tasks, number, barrier, reports), daemon=True)
        for number in range(rivals)
    ]
    for process in processes:
        process.start()
    found = [reports.get(timeout=TIMEOUT_SECONDS) for _ in range(rivals * len(tasks))]
    for process in processes:
        process.join(TIMEOUT_SECONDS)
    assert [process.exitcode for process in processes] == [0] * rivals
    return found


def _run(
    settings: Settings, deed: Deed, tasks: Sequence[Any], number: int, barrier: Any, reports: Any
) -> None:
    app = create_app(settings)
    with app.app_context():
        db.session.connection()  # A warm connection, so that the round measures the deed alone.
        db.session.rollback()
        for count, task in enumerate(tasks):
            barrier.wait(TIMEOUT_SECONDS)
            begun = time.perf_counter()
            try:
                result = deed(count, number, task)
            except Exception as error:  # the report names it, and the test judges
                result = type(error).__name__
            finally:
                db.session.remove()
            reports.put(Report(count, number, result, time.perf_counter() - begun))
