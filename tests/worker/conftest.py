"""The application that the worker composes, in place of the one with pages."""

from collections.abc import Iterator

import pytest
from flask import Flask

from clinic.background import create_background_app
from clinic.db import dispose
from config import Settings


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    """What the worker composes, on the servers of the other tests."""
    product = create_background_app(settings)
    product.config["CLOCK_FILE"] = settings.clock_file
    yield product
    with product.app_context():
        dispose()
