"""Waiting for what other programs do: as long as a quiet machine may need, times how busy this one is.

So a test tells what never happens from what a busy machine does late. Waiting costs nothing where all is well: nothing
waits longer than it must.
"""

import os
import threading
import time
from collections.abc import Callable

SELDOM_SECONDS = 0.25


def slowness() -> float:
    """How many times as long as on a quiet machine something may take here now; at least 1.

    As many programs as this shared each core lately: over the last minute, or over the last five, whichever is more.
    """
    last_minute, last_five, _ = os.getloadavg()
    return max(1.0, max(last_minute, last_five) / len(os.sched_getaffinity(0)))


def eventually(condition: Callable[[], bool], within: float) -> bool:
    """Whether the condition came true within so many seconds of a quiet machine; looks ever more rarely."""
    begun, pause = time.monotonic(), 0.02
    while not condition():
        if time.monotonic() - begun > within * slowness():
            return False
        threading.Event().wait(pause)
        pause = min(pause * 1.2, SELDOM_SECONDS)
    return True
