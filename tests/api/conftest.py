"""A caller at a moment tests can name."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from tests.api.caller import Caller
from tests.conftest import NOW


@pytest.fixture
def caller(client: FlaskClient, the_clock_says: Callable[[datetime], None]) -> Caller:
    """A program, on the Monday morning at which tests play."""
    the_clock_says(NOW)
    return Caller(client)
