"""The gallery of parts: rendered for reading, and served for a real browser."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, render_template_string
from werkzeug.serving import make_server

from tests.web import gallery
from tests.web.reading import Element, read


@pytest.fixture(scope="session")
def face() -> Flask:
    """The templates with nothing behind them."""
    return gallery.face()


@pytest.fixture
def drawn(face: Flask) -> Callable[..., Element]:
    """Renders a few lines of template and gives what they say as a tree."""

    def draw(template: str, **names: object) -> Element:
        with face.test_request_context("/"):
            return read(render_template_string(template, **names))

    return draw


@pytest.fixture(scope="session")
def gallery_address(face: Flask) -> Iterator[str]:
    """Where the gallery is served, with the product's content policy."""
    server = make_server("127.0.0.1", 0, face, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
