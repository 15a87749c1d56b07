"""The product behind nginx and https, asked through Flask's test client: what is sent leaves the process and comes back.

The product is served by a thread of this process, one request after the other, so that the transaction of a test, which is
undone afterwards, is the one it works in.
"""

import http.client
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from tests.proxy import NAME, Proxy, proxied
from tests.visitor import Browser

WIRE = "tests.wire"
ADDED_BY_HTTP = {"connection", "content-length", "host", "transfer-encoding"}
"""Headers of one connection, which a caller does not pass on."""


class Quiet(WSGIRequestHandler):
    """Serves without a line for each request."""

    def log(self, *args: Any) -> None:
        """Say nothing."""


class Wire:
    """A WSGI application that passes each request on to a proxy, over one connection that is kept."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.connection = self._connect()

    def _connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(NAME, self.proxy.port, timeout=240, context=self.proxy.trust())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Ask the proxy, and give its answer back as it came."""
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") and name != "HTTP_HOST"
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        method, address = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
        try:
            self.connection.request(method, address, body or None, headers)
            answer = self.connection.getresponse()
        except (
            http.client.RemoteDisconnected,
            BrokenPipeError,
        ):  # A kept connection that the proxy ended meanwhile.
            self.connection.close()
            self.connection.request(method, address, body or None, headers)
            answer = self.connection.getresponse()
        carried = [(name, value) for name, value in answer.getheaders() if name.lower() not in ADDED_BY_HTTP]
        content = answer.read()
        start_response(f"{answer.status} {answer.reason}", carried)
        return [content]


class OverTheWire(Browser):
    """A browser that reaches the product through nginx and TLS."""

    def run_wsgi_app(
        self, environ: WSGIEnvironment, buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        """Send a request with this browser's cookies, and keep those that come back."""
        self._add_cookies_to_wsgi(environ)
        answer = run_wsgi_app(self.application.extensions[WIRE], environ, buffered=buffered)
        self._update_cookies_from_response("localhost", environ["PATH_INFO"], answer[2].getlist("Set-Cookie"))
        return answer


@contextmanager
def on_the_wire(product: Flask, folder: Path, *, port: int, upstream: int) -> Iterator[None]:
    """Serve a product at `upstream` behind a proxy at `port` while the block runs; its test clients go that way."""
    before: type[FlaskClient] | None = product.test_client_class
    server = make_server("127.0.0.1", upstream, product, request_handler=Quiet)
    with server, proxied(folder, port=port, upstream=upstream) as proxy:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        product.extensions[WIRE] = Wire(proxy)
        product.test_client_class = OverTheWire
        try:
            yield
        finally:
            product.extensions.pop(WIRE).connection.close()
            product.test_client_class = before
            server.shutdown()
            thread.join()
