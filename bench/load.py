"""A caller that asks one thing after the other, or several at once, on plain sockets: it should cost next to nothing."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice


@dataclass(frozen=True)
class Load:
    """What calls took: milliseconds each, and how many came back in a second."""

    times: tuple[float, ...]
    seconds: float

    @property
    def p50(self) -> float:
        """The median, in milliseconds."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """The 95th of a hundred, in milliseconds."""
        return sorted(self.times)[int(len(self.times) * 0.95)]

    @property
    def per_second(self) -> float:
        """Calls answered in a second."""
        return len(self.times) / self.seconds

    def __add__(self, other: "Load") -> "Load":
        return Load(self.times + other.times, self.seconds + other.seconds)


NOTHING = Load((), 0.0)


class Refused(RuntimeError):
    """An answer that is none of the wanted ones: a figure made of refusals would be worth nothing."""


def call(port: int, request: bytes, wanted: tuple[int, ...] = (200,)) -> bytes:
    """Send one request on a connection of its own, as a proxy without upstream keep-alive does; the body that came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(262_144):
            parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    status = int(head[9:12])
    if status not in wanted:
        raise Refused(f"{status}: {body[:300]!r}")
    return body


def get(path: str) -> bytes:
    """A GET as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n".encode()


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A POST of JSON as bytes."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    ).encode() + body


def asked(port: int, requests: Sequence[bytes], count: int, at_once: int = 1) -> Load:
    """Ask `count` of the requests in turn, `at_once` at a time."""
    turns = iter(list(islice(cycle(requests), count)))
    return together(lambda request: call(port, request), turns, at_once)


def together(deed: Callable[[bytes], object], turns: Iterator[bytes], at_once: int) -> Load:
    """Do the deed for every turn, `at_once` at a time. What one of them raises is raised."""
    times: list[float] = []
    errors: list[Exception] = []
    guard = threading.Lock()

    def work() -> None:
        while not errors:
            with guard:
                turn = next(turns, None)
            if turn is None:
                return
            begun = time.perf_counter()
            try:
                deed(turn)
            except Exception as error:  # Raised again below, in the thread that waits.
                errors.append(error)
            times.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return Load(tuple(times), time.perf_counter() - begun)
