"""Processes that all do one thing at the same instant, and report what became of it."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

from clinic.app import create_app
from clinic.db import db, dispose
from config import Settings

TIMEOUT_SECONDS = 450


@dataclass(frozen=True)
class Report:
    """What one process saw in one round: the name of what it got or of the error, and how long it took."""

    round: int
    rival: int
    result: str
    seconds: float


Deed = Callable[[int, int, Any], str]
"""(round, rival, task) -> the name of what came of it. Errors are reported by their class name."""


class Crowd:
    """Processes that wait, with a product composed in each and its statements compiled, for what to do next."""

    def __init__(self, settings: Settings, rivals: int) -> None:
        # Children of a fork server that has imported the product: clean processes, without sixteen imports at once.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["clinic.app", __name__])
        self.barrier = context.Barrier(rivals)
        self.reports: Any = context.Queue()
        self.orders: list[Any] = [context.SimpleQueue() for _ in range(rivals)]
        self.processes = [
            context.Process(
                target=_wait_for_orders, args=(settings, n, self.barrier, orders, self.reports), daemon=True
            )
            for n, orders in enumerate(self.orders)
        ]
        for process in self.processes:
            process.start()

    def do(self, deed: Deed, tasks: Sequence[Any]) -> list[Report]:
        """Every report of every process on every task."""
        for orders in self.orders:
            orders.put((deed, tasks))
        return [self.reports.get(timeout=TIMEOUT_SECONDS) for _ in range(len(self.processes) * len(tasks))]

    def go_home(self) -> None:
        """Let each process end by itself."""
        for orders in self.orders:
            orders.put(None)
        for process in self.processes:
            process.join(TIMEOUT_SECONDS)
        assert [process.exitcode for process in self.processes] == [0] * len(self.processes)

    def give_up(self) -> None:
        """End processes that no longer do what they are told."""
        for process in self.processes:
            process.terminate()
            process.join()


_crowds: dict[tuple[str, int], Crowd] = {}


def race(
    settings: Settings, deed: Deed, tasks: Sequence[Any], rivals: int, *, apart: bool = False
) -> list[Report]:
    """Let `rivals` processes do `deed` on each task at once, task after task; every report of every process.

    The processes stay for the next race. With `apart` they are new ones and end with it: for deeds that change the product.
    """
    place = settings.database_url, rivals
    crowd = Crowd(settings, rivals) if apart or place not in _crowds else _crowds[place]
    try:
        found = crowd.do(deed, tasks)
    except BaseException:
        _crowds.pop(place, None)
        crowd.give_up()
        raise
    if apart:
        crowd.go_home()
    else:
        _crowds[place] = crowd
    return found


def end_all() -> None:
    """Let every process that waits for another race go home."""
    while _crowds:
        _crowds.popitem()[1].go_home()


def _wait_for_orders(settings: Settings, number: int, barrier: Any, orders: Any, reports: Any) -> None:
    app = create_app(settings)
    while (order := orders.get()) is not None:
        deed, tasks = order
        _run(app, deed, tasks, number, barrier, reports)
    with app.app_context():
        dispose()


def _run(app: Flask, deed: Deed, tasks: Sequence[Any], number: int, barrier: Any, reports: Any) -> None:
    with app.app_context():
        db.session.connection()  # A warm connection, so that the round measures the deed alone.
    for count, task in enumerate(tasks):
        barrier.wait(TIMEOUT_SECONDS)
        begun = time.perf_counter()
        try:
            with app.app_context():  # As each request has one: what is read once for it ends with it.
                result = deed(count, number, task)
        except Exception as error:  # the report names it, and the test judges
            result = type(error).__name__
        reports.put(Report(count, number, result, time.perf_counter() - begun))
