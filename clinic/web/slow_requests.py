"""Limits how long a caller may take to send a request and to read its response; slower callers are cut off.

A gunicorn thread waits for its caller without limit, so a few half-sent requests would block all threads. The
documented proxy buffers whole requests before passing them on; this protects a server without one.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

REQUEST_SECONDS = 15.0
"""From the moment a thread begins to read: longer than any honest form takes on a bad connection."""
WHOLE_SECONDS = 60.0
"""The same for its response; no statement of ours takes that long."""


@dataclass
class Exchange:
    """One caller that a thread is serving, since a moment in monotonic seconds."""

    line: socket.socket
    since: float
    cut: int | None = None
    """How the connection was cut, as for `socket.shutdown`."""


class Arrivals:
    """Watches every exchange of a process, from a thread of its own."""

    def __init__(
        self, request_seconds: float = REQUEST_SECONDS, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        self.request_seconds, self.whole_seconds = request_seconds, whole_seconds
        self._exchanges: dict[int, Exchange] = {}
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Check twice a second for the life of the process."""
        threading.Thread(target=self._watch, name="arrivals", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(0.5):
            self.look(time.monotonic())

    @contextlib.contextmanager
    def exchange(self, line: socket.socket) -> Iterator[None]:
        """The block is one exchange with a caller."""
        key = id(line)
        with self._lock:
            self._exchanges[key] = Exchange(line, time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._exchanges.pop(key, None)

    def look(self, now: float) -> None:
        """Cut off slow callers: first stop reading from them, and after a while stop writing too."""
        with self._lock:
            for exchange in self._exchanges.values():
                taken = now - exchange.since
                how = self._how(taken)
                if how is not None and how != exchange.cut:
                    exchange.cut = how
                    with contextlib.suppress(OSError):  # They had already disconnected.
                        exchange.line.shutdown(how)

    def _how(self, taken: float) -> int | None:
        if taken >= self.whole_seconds:
            return socket.SHUT_RDWR
        return socket.SHUT_RD if taken >= self.request_seconds else None
