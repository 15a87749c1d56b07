"""Callers who send half a request and wait: neither behind the documented proxy nor without it do they stop the site."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email import message_from_string
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.journeys.live import Secure, secure
from tests.patience import slowness
from tests.ports import free_port
from tests.proxy import NAME, Proxy, proxied

pytestmark = pytest.mark.faults

NOW = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
SOON = 60
"""Seconds within which a server that is not held up has answered, on a quiet machine."""

HALVES = {
    "half a line": b"GET /bo",
    "half a head": b"GET /book HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "half a form": b"POST /my/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nmail=",
}


PATIENT = {"client_header_timeout": "600s", "client_body_timeout": "600s"}
"""The proxy cuts nobody off while a test looks: what is looked at is that it keeps them from the product."""
NGINX_ITSELF = 60
"""Seconds for which nginx waits for a head or a part of a body when nobody tells it how long."""
IMPATIENT = {"client_header_timeout": "1s", "client_body_timeout": "1s"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with secure(tmp_path_factory.mktemp("slow"), NOW, **PATIENT) as running:
        make.practice()
        running.start_web()
        yield running


@contextmanager
def slow_callers(
    connect: Callable[[], socket.socket], half: bytes, count: int
) -> Iterator[list[socket.socket]]:
    """So many callers who have sent this and send no more."""
    with ExitStack() as lines:
        callers = [lines.enter_context(connect()) for _ in range(count)]
        for caller in callers:
            caller.sendall(half)
        yield callers


def is_held(caller: socket.socket) -> bool:
    """Whether a caller is still waited for: neither answered nor cut off."""
    caller.settimeout(0)
    try:
        caller.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    return False


def is_cut_off(caller: socket.socket, within: float) -> bool:
    """Whether a caller is answered or cut off within so many seconds."""
    caller.settimeout(within)
    try:
        while caller.recv(4096):
            continue
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def is_answered(asked: http.client.HTTPConnection) -> bool:
    """Whether somebody who asks in one go is answered."""
    try:
        asked.request("GET", "/book")
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()


def through(proxy: Proxy) -> http.client.HTTPConnection:
    return http.client.HTTPSConnection(NAME, proxy.port, timeout=SOON * slowness(), context=proxy.trust())


@pytest.mark.parametrize("half", HALVES)
def test_twenty_halves_of_a_request_do_not_get_past_the_proxy(product: Secure, half: str) -> None:
    with slow_callers(product.proxy.connect, HALVES[half], 20) as callers:
        assert is_answered(through(product.proxy))
        assert all(is_held(caller) for caller in callers), "somebody was cut off first"


@pytest.mark.parametrize("half", HALVES)
def test_the_proxy_does_not_even_connect_for_half_a_request(tmp_path: Path, half: str) -> None:
    with (
        echoed() as upstream,
        proxied(tmp_path, port=free_port(), upstream=upstream.port, **PATIENT) as proxy,
        slow_callers(proxy.connect, HALVES[half], 20),
    ):
        assert is_answered(through(proxy))
        assert upstream.connections == 1


def test_hundreds_of_them_from_one_place_do_not_either(product: Secure) -> None:
    """Of whole heads with half a form the proxy takes a hundred at once from one place."""
    counts = {"half a line": 150, "half a head": 150, "half a form": 60}
    with ExitStack() as all_of_them:
        callers = [
            caller
            for half, count in counts.items()
            for caller in all_of_them.enter_context(slow_callers(product.proxy.connect, HALVES[half], count))
        ]
        assert is_answered(through(product.proxy))
        assert all(is_held(caller) for caller in callers), "somebody was cut off first"


@pytest.mark.parametrize("half", HALVES)
def test_the_proxy_cuts_slow_callers_off(product: Secure, tmp_path: Path, half: str) -> None:
    upstream = product.stage.settings.port
    with (
        proxied(tmp_path, port=free_port(), upstream=upstream, **IMPATIENT) as proxy,
        slow_callers(proxy.connect, HALVES[half], 3) as callers,
    ):
        assert all(is_cut_off(caller, NGINX_ITSELF / 2) for caller in callers)


def test_without_the_proxy_they_are_cut_off_in_time_and_the_site_goes_on(product: Secure) -> None:
    port = product.stage.settings.port

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=SOON * slowness())

    with ExitStack() as all_of_them:
        callers = [
            caller
            for half in HALVES.values()
            for caller in all_of_them.enter_context(
                slow_callers(connect, half, 4)
            )  # There are eight threads.
        ]
        assert is_answered(http.client.HTTPConnection("127.0.0.1", port, timeout=2 * SOON * slowness()))
        assert all(is_cut_off(caller, SOON * slowness()) for caller in callers)


def test_what_a_caller_claims_of_themselves_does_not_reach_the_product(tmp_path: Path) -> None:
    """The documented proxy says itself who asks; everything a caller claims in its place is dropped or overwritten."""
    claimed = {
        "X-Forwarded-For": "198.51.100.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "elsewhere.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Forwarded-Protocol": "http",
        "X-Forwarded-Ssl": "off",
        "X-Real-IP": "198.51.100.9",
        "X-Request-ID": "claimed-by-a-caller",
        "Forwarded": "for=198.51.100.9",
        "Proxy": "http://elsewhere.example",
        "Remote_Addr": "198.51.100.9",
    }
    with echoed() as upstream, proxied(tmp_path, port=free_port(), upstream=upstream.port) as proxy:
        asked = through(proxy)
        asked.request("GET", "/", headers=claimed)
        heard = asked.getresponse().read().decode()
        asked.close()
        assert "elsewhere" not in heard
        assert "198.51.100.9" not in heard
        assert "claimed-by-a-caller" not in heard
        said = message_from_string(heard)
        assert said["X-Forwarded-For"] == "127.0.0.1"
        assert said["X-Forwarded-Proto"] == "https"
        assert said["X-Forwarded-Host"] == f"{NAME}:{proxy.port}"
        assert set(said) & set(claimed) == {
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Request-ID",
        }


class Echo(BaseHTTPRequestHandler):
    """Answers with the head of what it was asked."""

    def do_GET(self) -> None:
        """Say what was heard."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(bytes(str(self.headers), "utf-8"))

    def log_message(self, *_: object) -> None:
        """Say nothing else."""


class Upstream(ThreadingHTTPServer):
    """Counts who connects."""

    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection."""
        self.connections += 1
        return super().get_request()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server_port


@contextmanager
def echoed() -> Iterator[Upstream]:
    """A server that answers with what it was asked."""
    with Upstream(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
