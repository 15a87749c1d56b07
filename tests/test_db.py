"""The connections of a process: opened before the first caller, and asked whether they live after a rest."""

from flask import Flask
from sqlalchemy.pool import QueuePool

from clinic import db
from clinic.accounts import limits
from clinic.app import create_app
from clinic.db import ASIDE
from config import Settings
from tests import make


def pools() -> list[QueuePool]:
    return [engine.pool for engine in db.db.engines.values() if isinstance(engine.pool, QueuePool)]


def test_a_process_opens_all_its_connections_ahead_and_lets_go_of_them(race_app: Flask) -> None:
    db.dispose()
    db.open_ahead()
    assert [(pool.checkedin(), pool.checkedout()) for pool in pools()] == [
        (pool.size(), 0) for pool in pools()
    ]
    assert len(pools()) == 2


def test_a_process_starts_although_its_database_is_away(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": "postgresql+psycopg://lumbar@127.0.0.1:1/none"})
    with create_app(nowhere).app_context():
        db.open_ahead()
        assert [pool.checkedin() + pool.checkedout() for pool in pools()] == [0, 0]


def test_a_try_counts_on_a_connection_that_rested_and_was_asked_whether_it_lives(race_app: Flask) -> None:
    limit = limits.Limit("test", 1, limits.KEPT)
    limits.take(limit, "one", make.NOW)
    with db.db.engines[ASIDE].connect() as connection:
        connection.connection.driver_connection.rests_since = -100.0  # type: ignore[union-attr]
        assert connection.connection.driver_connection.lives()  # type: ignore[union-attr]
    limits.take(limit, "two", make.NOW)
    assert limits.forget(make.NOW + 3 * limits.KEPT) == 2
