"""The watch over the message pass: one thread in each worker's main process, started before it connects to the broker.

It has Celery run a pass as soon as there is news. Whoever commits something that a letter may follow from notifies `CHANNEL`
with that commit, by triggers (revision 0130); the thread listens. Without news a pass comes by the timetable, which is soon
enough for what falls due by the clock.

It also reads the heartbeat of the pass, and asks for one that is overdue. If the broker does not take the question, or no pass
begins after it because the worker's children are silent, it runs one itself (the fallback), on one host at a time.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import psycopg
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import clock
from clinic.db import db, transaction
from clinic.messaging import delivery, heartbeat, services
from clinic.messaging.heartbeat import DeliveryPart, Sign

log = logging.getLogger(__name__)

CHANNEL = "news_for_letters"
LOOK_SECONDS = 10.0
"""How often the watch looks although there was no news."""
GATHER_SECONDS = 0.3
"""How long news wait for a pass that was asked for before and has not begun."""
ANSWERED_WITHIN = timedelta(seconds=15)
OVERDUE = timedelta(seconds=45)
"""The timetable has a pass begin every thirty seconds."""
PASS_LIMIT = 10_000
"""So many messages that a pass of the fallback ends at its time limit instead."""
LOCK = 7_503_002


@dataclass
class Watch:
    """What one worker's watch knows between two looks.

    `ask` has the broker bring a pass to some worker; it returns False if the broker did not take it.
    """

    app: Flask
    ask: Callable[[], bool]
    has_news: bool = False
    asked_at: float | None = None
    """Monotonic seconds of the pass that was asked for and has not begun; None if there is none."""
    said_at: float | None = None

    def look(self, *, has_news: bool = False) -> bool:
        """Say that the worker lives, and see to it that a pass comes if there is reason; returns whether it ran here."""
        self.has_news |= has_news
        with self.app.app_context():
            last, waits = self._state()
            if self.asked_at is not None and last.age is not None and last.age < self._since_asked():
                self.asked_at = None
            is_ours = last.state == heartbeat.FALLBACK  # The broker was away; until it brings a pass again.
            is_overdue = last.age is None or last.age > OVERDUE
            if (self.has_news or waits or is_overdue) and self.asked_at is None and not is_ours:
                if self.has_news:
                    with transaction():
                        heartbeat.note(heartbeat.NEWS, clock.now())  # Whichever pass comes next looks.
                self.asked_at, self.has_news = time.monotonic(), False
                if not self.ask():
                    self.asked_at, is_ours = None, True
            is_ours = is_ours or (self.asked_at is not None and self._since_asked() > ANSWERED_WITHIN)
            return is_ours and self._run_here()

    @property
    def seconds_to_wait(self) -> float:
        """How long to listen for news until the next look."""
        return GATHER_SECONDS if self.has_news else LOOK_SECONDS

    def _state(self) -> tuple[Sign, bool]:
        """The last pass, and whether a message is due that nobody is sending."""
        with transaction():
            if self.said_at is None or time.monotonic() - self.said_at >= LOOK_SECONDS:
                heartbeat.beat(DeliveryPart.WORKER)
                self.said_at = time.monotonic()
            return heartbeat.heartbeats().sign(DeliveryPart.PASS), services.oldest_due(
                clock.now()
            ) is not None

    def _since_asked(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - (self.asked_at or 0))

    def _run_here(self) -> bool:
        with delivery.alone(LOCK) as ours:
            if ours:
                self.asked_at, self.has_news = None, False
                delivery.make_pass(self.app, PASS_LIMIT, driver=heartbeat.FALLBACK)
            return ours


def start(app: Flask, ask: Callable[[], bool]) -> threading.Event:
    """Start the thread; setting the returned event ends it.

    Give the thread an application of its own, so that no forked child shares its connections.
    """
    stop = threading.Event()
    watch = Watch(app, ask)
    threading.Thread(target=_look_until, args=(watch, stop), name="watch", daemon=True).start()
    return stop


def _look_until(watch: Watch, stop: threading.Event) -> None:
    # Wait before the first look, so that the worker's forked children inherit no half-done work.
    while not stop.wait(LOOK_SECONDS):
        try:
            with listening(watch.app) as line:
                watch.has_news = True  # Whatever was committed while nobody listened.
                while not stop.is_set():
                    watch.look(has_news=_hears(line, watch.seconds_to_wait))
        except (DBAPIError, PoolExhausted, psycopg.Error):
            log.warning("the watch cannot reach the database")
        except Exception as error:
            # It must outlive whatever a pass meets. Only the type, because a text may quote what it met.
            log.error("the watch failed", extra={"fault": type(error).__name__})


@contextmanager
def listening(app: Flask) -> Iterator[psycopg.Connection]:
    """A connection that hears `CHANNEL`, of nobody else's pool, closed at the end.

    A pooler that gives each transaction another connection lets nothing be heard: then passes come by the timetable alone.
    """
    with app.app_context():
        engine = db.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
        held.detach()
        held.exec_driver_sql(f"LISTEN {CHANNEL}")
        yield cast(psycopg.Connection, held.connection.dbapi_connection)


def _hears(line: psycopg.Connection, seconds: float) -> bool:
    """Whether there was news within so many seconds. Raises OperationalError if the line is dead."""
    if list(line.notifies(timeout=seconds, stop_after=1)):
        return True
    line.execute("SELECT 1")  # A line that nothing comes from may be cut.
    return False
