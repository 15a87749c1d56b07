"""How long a caller may take to send a request, and to take its answer: who is slower is cut off.

A gunicorn thread waits for its caller for ever; a few who send half a request would hold all of them. The proxy of the docs
takes requests whole before it passes them on, so that none of them is slow; this is for a server that stands without one.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

REQUEST_SECONDS = 15.0
"""From the moment a thread begins to read: longer than any honest form takes on a bad line."""
WHOLE_SECONDS = 60.0
"""The same with its answer, which no statement of ours keeps waiting so long."""


@dataclass
class Exchange:
    """One caller whom a thread attends to, since a moment in monotonic seconds."""

    line: socket.socket
    since: float
    cut: int | None = None
    """How the line was cut, as `socket.shutdown` takes it."""


class Arrivals:
    """Watches every exchange of a process, from a thread of its own."""

    def __init__(
        self, request_seconds: float = REQUEST_SECONDS, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        self.request_seconds, self.whole_seconds = request_seconds, whole_seconds
        self._exchanges: dict[int, Exchange] = {}
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Look twice a second for as long as the process lives."""
        threading.Thread(target=self._watch, name="arrivals", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(0.5):
            self.look(time.monotonic())

    @contextlib.contextmanager
    def exchange(self, line: socket.socket) -> Iterator[None]:
        """What happens in the block is one exchange with a caller."""
        key = id(line)
        with self._lock:
            self._exchanges[key] = Exchange(line, time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._exchanges.pop(key, None)

    def look(self, now: float) -> None:
        """Cut who is too slow: nothing more is read from them, and after a while nothing more written either."""
        with self._lock:
            for exchange in self._exchanges.values():
                taken = now - exchange.since
                how = self._how(taken)
                if how is not None and how != exchange.cut:
                    exchange.cut = how
                    with contextlib.suppress(OSError):  # They had gone by themselves.
                        exchange.line.shutdown(how)

    def _how(self, taken: float) -> int | None:
        if taken >= self.whole_seconds:
            return socket.SHUT_RDWR
        return socket.SHUT_RD if taken >= self.request_seconds else None
