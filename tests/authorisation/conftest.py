"""One world a file: it takes longer to build than most tests take to ask it something. What a test does to it is undone."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import undone, undone_within


@pytest.fixture(scope="module")
def shared_database(app: Flask) -> Iterator[sa.Connection]:
    """The transaction in which the world of a file is built; undone after its last test."""
    with undone(app) as connection:
        yield connection


@pytest.fixture
def database(shared_database: sa.Connection) -> Iterator[sa.Connection]:
    """The same transaction, put back after each test to how the world was built."""
    with undone_within(shared_database):
        yield shared_database
