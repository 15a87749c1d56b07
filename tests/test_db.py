"""The connections of a process: opened before the first caller, and asked whether they live after a rest."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import _queries as driver_queries
from sqlalchemy import Connection
from sqlalchemy.pool import QueuePool

from clinic import db
from clinic.accounts import audit, limits
from clinic.accounts.models import Client
from clinic.app import create_app
from clinic.db import ASIDE
from config import Settings
from tests import make
from tests.conftest import undone_within
from tests.measuring import statements


def pools() -> list[QueuePool]:
    """The main one, then the one for what is written aside."""
    found = [db.db.engine.pool, db.db.engines[ASIDE].pool]
    return [pool for pool in found if isinstance(pool, QueuePool)]


@pytest.mark.parametrize(("threads", "opened"), [(1, [1, 1]), (4, [4, 2]), (100, [10, 2])])
def test_a_process_opens_what_its_threads_need_ahead_and_lets_go_of_it(
    race_app: Flask, threads: int, opened: list[int]
) -> None:
    db.dispose()
    db.open_ahead(threads)
    assert [pool.checkedin() for pool in pools()] == opened
    assert [pool.checkedout() for pool in pools()] == [0, 0]


def test_a_process_starts_although_its_database_is_away(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": "postgresql+psycopg://lumbar@127.0.0.1:1/none"})
    with create_app(nowhere).app_context():
        db.open_ahead(8)
        assert [pool.checkedin() + pool.checkedout() for pool in pools()] == [0, 0]


def test_a_try_counts_on_a_connection_that_rested_and_was_asked_whether_it_lives(race_app: Flask) -> None:
    limit = limits.Limit("test", 1, timedelta(days=2))
    limits.take(limit, "one", make.NOW)
    with db.db.engines[ASIDE].connect() as connection:
        connection.connection.driver_connection.rests_since = -100.0  # type: ignore[union-attr]
        assert connection.connection.driver_connection.lives()  # type: ignore[union-attr]
    limits.take(limit, "two", make.NOW)
    assert limits.delete_windows(make.NOW + timedelta(days=1)) == 2


def test_what_one_test_did_to_what_others_share_is_undone(database: Connection) -> None:
    ada = make.client(given_name="Ada")
    with undone_within(database):
        ada.given_name = "Eve"
        make.client(mail="eve@client.example")
        db.db.session.commit()
    assert ada.given_name == "Ada"
    assert make.count(Client) == 1


PREPARED = "SELECT count(*) FROM pg_prepared_statements"


def ask_often(question: str = "SELECT 1") -> int:
    """Ask, as a page that only reads, so often that the driver prepares the statement; how many are prepared afterwards."""
    for _ in range(8):
        db.db.session.execute(sa.text(question)).all()
        db.db.session.rollback()
    found: int = db.db.session.execute(sa.text(PREPARED)).scalar_one()
    db.db.session.rollback()
    return found


def test_statements_stay_prepared_when_a_page_that_only_reads_ends(race_app: Flask) -> None:
    db.dispose()
    assert ask_often() >= 1


def test_statements_stay_prepared_when_what_stands_for_a_transaction_in_tests_is_undone(
    database: Connection,
) -> None:
    """Otherwise PostgreSQL plans nearly every statement of the suite anew."""
    assert ask_often("SELECT 2") >= 1


def test_after_an_error_statements_are_prepared_anew(race_app: Flask) -> None:
    """One of them may have failed while it was being prepared: what the two sides know must not differ."""
    db.dispose()
    ask_often()
    with pytest.raises(sa.exc.DataError):
        db.db.session.execute(sa.text("SELECT 1 / 0"))
    db.db.session.rollback()
    assert db.db.session.execute(sa.text(PREPARED)).scalar_one() == 0
    db.db.session.rollback()
    assert ask_often() >= 1


def test_a_statement_that_fails_each_time_leaves_nothing_prepared_behind(race_app: Flask) -> None:
    db.dispose()
    for _ in range(20):
        with pytest.raises(sa.exc.DataError):
            db.db.session.execute(sa.text("SELECT 1 / :n"), {"n": 0})
        db.db.session.rollback()
    assert db.db.session.execute(sa.text(PREPARED)).scalar_one() == 0


def test_a_column_of_another_type_is_noticed_once_and_not_until_a_restart(
    race_app: Flask, race_settings: Settings
) -> None:
    """What is asked outside a transaction is prepared as well; PostgreSQL refuses what it prepared for the old type."""

    def ask() -> object:
        with db.asking() as asked:
            return asked("SELECT n FROM shifting", {})[0][0]

    owner = sa.create_engine(race_settings.database_owner_url or race_settings.database_url)
    try:
        with owner.begin() as connection:
            connection.execute(sa.text("CREATE TABLE shifting (n) AS SELECT 7"))
            connection.execute(sa.text("GRANT SELECT ON shifting TO PUBLIC"))
        assert {ask() for _ in range(8)} == {7}
        with owner.begin() as connection:
            connection.execute(sa.text("ALTER TABLE shifting ALTER COLUMN n TYPE text"))
        with pytest.raises(sa.exc.NotSupportedError):
            ask()
        assert ask() == "7"
    finally:
        with owner.begin() as connection:
            connection.execute(sa.text("DROP TABLE shifting"))
        owner.dispose()


def test_the_driver_takes_a_long_statement_apart_once(race_app: Flask) -> None:
    asked = sa.text(f"SELECT :n + {' + '.join('0' for _ in range(2000))}")
    before = driver_queries._query2pg.cache_info().misses
    for number in range(3):
        assert db.db.session.execute(asked, {"n": number}).scalar_one() == number
    db.db.session.rollback()
    assert driver_queries._query2pg.cache_info().misses == before + 1


def test_changes_of_one_row_are_written_in_one_statement_and_not_again(database: Connection) -> None:
    ada = make.client(given_name="Ada")
    ada.given_name, ada.language = "Eve", "de"
    with statements() as sent:
        db.write_changes(ada)
        db.db.session.flush()
    assert len(sent) == 1
    db.db.session.expire(ada)
    assert (ada.given_name, ada.language) == ("Eve", "de")


def test_what_else_waits_is_written_with_the_changes_of_a_row(database: Connection) -> None:
    ada, bea = make.client(given_name="Ada"), make.client(given_name="Bea")
    ada.given_name = bea.given_name = "Eve"
    db.write_changes(ada)
    names = (
        sa.select(sa.func.count()).select_from(Client.__table__).where(Client.__table__.c.given_name == "Eve")
    )
    assert db.db.session.connection().execute(names).scalar_one() == 2


def asked_of_database(*questions: sa.Select[Any]) -> int:
    with statements() as asked:
        for question in questions:
            db.db.session.execute(question).all()
    return len(asked)


@pytest.fixture
def asking_once(database: Connection) -> Iterator[None]:
    db.ask_once()
    yield
    db.ask_again()


NAMED = sa.select(Client.given_name)


def test_a_page_that_only_shows_asks_a_question_once(asking_once: None) -> None:
    assert asked_of_database(NAMED, NAMED, NAMED.where(Client.given_name == "Ada")) == 2
    assert asked_of_database(NAMED.where(Client.given_name == "Bob")) == 1
    assert asked_of_database(NAMED.with_for_update(), NAMED.with_for_update()) == 2
    db.ask_again()
    assert asked_of_database(NAMED, NAMED) == 2


def test_after_a_change_it_is_asked_anew(asking_once: None) -> None:
    assert db.db.session.scalars(NAMED).all() == []
    ada = make.client()
    db.db.session.expire(ada)
    assert db.db.session.scalars(NAMED).all() == ["Ada"]
    ada.given_name = "Bea"
    assert db.db.session.scalars(NAMED).all() == ["Bea"]
    db.db.session.execute(sa.update(Client).values(given_name="Cleo"))
    assert db.db.session.scalars(NAMED).all() == ["Cleo"]


def test_a_page_that_records_its_look_reads_no_row_twice(database: Connection) -> None:
    ada = make.client()
    assert ada.given_name
    with db.transaction():
        audit.record(audit.SYSTEM, "read", ada, client_id=ada.id, now=make.NOW)
    with statements() as asked:
        assert ada.given_name == "Ada"
    assert asked == []
    with db.transaction():
        ada.family_name = "Other"
        audit.record(audit.SYSTEM, "change", ada, client_id=ada.id, now=make.NOW)
    with statements() as asked:
        assert ada.given_name == "Ada"
    assert len(asked) == 1


def test_a_change_by_a_statement_lets_what_was_read_be_read_anew(database: Connection) -> None:
    ada = make.client()
    assert ada.given_name == "Ada"
    with db.transaction():
        change = sa.update(Client).values(given_name="Cleo")
        db.db.session.execute(change.execution_options(synchronize_session=False))
    assert ada.given_name == "Cleo"
