"""Run the benchmarks: all, or those named. One that is ended by a signal ends what it has started."""

import signal
import sys
from types import FrameType

from bench import (
    at_rest,
    availability,
    backup_drill,
    booking,
    clients,
    first_render,
    frozen_broker,
    goals,
    guidance,
    messages,
    pages,
)

BENCHES = {
    "guidance": guidance.run,
    "availability": availability.run,
    "frozen-broker": frozen_broker.run,
    "booking": booking.run,
    "messages": messages.run,
    "pages": pages.run,
    "clients": clients.run,
    "first-render": first_render.run,
    "backup-drill": backup_drill.run,
    "at-rest": at_rest.run,
}


def main(names: list[str]) -> None:
    """Run these, and say at the end which goals were missed."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _end)
    for name in names or BENCHES:
        BENCHES[name]()
    goals.sum_up()


def _end(number: int, _frame: FrameType | None) -> None:
    """Leave as by an exception, so that servers and programs are stopped on the way out."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


main(sys.argv[1:])
