"""A booking over HTTP while the broker answers, is frozen, and answers again."""

import os
import signal
import tempfile
from datetime import datetime
from pathlib import Path

from bench.timing import interleaved, show
from clinic import clock
from clinic.booking import availability, services
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import new_id, transaction
from clinic.practice.models import Treatment
from clinic.scheduling.hours import Days
from tests import make
from tests.stage import staged


def run() -> None:
    """Print what a hold and its booking take with the broker up and with it stopped by SIGSTOP."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        sold = make.offering()
        now = clock.now()
        starts = iter(_starts(sold))
        broker = stage.servers.broker.process
        assert broker is not None

        def book() -> None:
            browser = new_id().bytes * 2
            with transaction():
                held = services.hold(
                    SearchCriteria(sold.id), next(starts), browser=browser, client_id=None, now=now
                )
                services.book(
                    held.id, browser=browser, client=make.stranger(str(held.id)), actor="visitor", now=now
                )

        def frozen() -> None:
            os.kill(broker.pid, signal.SIGSTOP)
            try:
                book()
            finally:
                os.kill(broker.pid, signal.SIGCONT)

        costs = interleaved({"broker answers": book, "broker frozen": frozen}, 60)
        show("A hold and its booking", costs, "broker answers")


def _starts(sold: Treatment) -> list[datetime]:
    today = clock.now().date()
    days = Days(today, today.replace(year=today.year + 1))
    return availability.offers(SearchCriteria(sold.id), days, clock.now()).offers.instants()[::4]
