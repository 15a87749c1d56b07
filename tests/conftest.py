"""Fixtures for everybody: real servers, a migrated database, and one transaction a test that is always undone."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser as Chromium
from sqlalchemy.orm import scoped_session, sessionmaker

from clinic import clock
from clinic.app import create_app
from clinic.db import Connection, db, dispose
from clinic.embedded.servers import Servers
from config import Environment, Settings
from tests.browser import launched
from tests.health import HEALTH_TOKEN
from tests.make import Make
from tests.migrated import database_to_copy, migrated_servers
from tests.racing import race_app, race_settings
from tests.secure import proxied_app
from tests.visitor import Browser

__all__ = ["Browser", "proxied_app", "race_app", "race_settings"]

STARTED_FIRST = (
    "test_client_pages", "test_staff_pages", "test_commands", "test_broker_gone", "test_point_in_time",
    "test_database_frozen", "test_storm", "test_calendar_by_hand", "test_over_https", "test_opening_a_clinic",
    "test_supervisor", "test_note_loss", "test_open_a_clinic", "test_wal_receiving", "test_slow_callers",
    "test_acts_on_a_phone", "journeys", "faults", "embedded", "test_statements", "authorisation", "races", "attack",
    "api", "test_demo", "test_forecast", "test_due", "exports", "test_parts_in_a_browser", "test_hygiene", "booking",
    "test_typed", "test_times_shown", "test_framing", "backup", "public", "test_compose", "test_settings",
)  # fmt: skip
"""Folders and files that take longest, the longest first. They leave the short files to even out the end of the run."""
MOSTLY_WAIT = ("faults", "embedded", "test_point_in_time", "test_wal_receiving", "test_slow_callers")
"""Folders and files that spend most of their time waiting for what other programs do."""
SLOWEST_SHOWN, WORTH_TELLING_SECONDS = 10, 60
STATEMENTS_REMEMBERED = 1000
"""The files of a run ask more kinds of questions than a process of the product, which remembers a hundred."""

NOW = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
"""A Monday morning; Berlin is an hour ahead, its clocks change on 30 March."""

# How fast a property is tried says nothing about it, only about what else the machine does.
hypothesis_settings.register_profile(
    "at any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("at any speed")

# Tests name their settings; what the machine happens to have set must not reach them.
for name in (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SMTP_URL",
    "PUBLIC_URL",
    "CLOCK_FILE",
    "LUMBAR_DATA",
    "PYTHONDONTWRITEBYTECODE",  # Each program that a test starts would compile the product anew.
):
    os.environ.pop(name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Where the run begins, and not in the processes it is handed out to: a place for the database that all copy."""
    if not hasattr(config, "workerinput"):
        within = ExitStack()
        within.enter_context(database_to_copy())
        config.add_cleanup(within.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in the order in which they are handed out; the order within a file stays."""
    turns = {file: turn for turn, file in enumerate(handed_out({item.path for item in items}))}
    items.sort(key=lambda item: turns[item.path])


def handed_out(files: Collection[Path]) -> list[Path]:
    """What is slow first, in the order of `STARTED_FIRST`; of three files at most one mostly waits, as long as others are left.

    If all that wait were handed out together, the processors would wait with them.
    """

    def place(file: Path) -> tuple[int, Path]:
        named = [at for at, name in enumerate(STARTED_FIRST) if name in (file.parent.name, file.stem)]
        return min(named, default=len(STARTED_FIRST)), file

    order = sorted(files, key=place)
    waiting = [file for file in order if {file.parent.name, file.stem} & set(MOSTLY_WAIT)]
    mixed = [file for file in order if file not in waiting]
    for number, file in enumerate(waiting):
        mixed.insert(3 * number + 1, file)
    return mixed


def pytest_collection_finish() -> None:
    """From now on, search for garbage only among what is made from here on; see `made_to_stay`."""
    made_to_stay()


def made_to_stay() -> None:
    """Tell the garbage collector that what exists now lives until the end of the run.

    Otherwise every full collection walks through the modules, the tests and the product again: a seventh of the run.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which files took longest, in seconds on the clock, what they set up included."""
    taken = Counter[str]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                taken[report.nodeid.partition("::")[0]] += report.duration
    if taken.total() > WORTH_TELLING_SECONDS:
        terminalreporter.section(f"slowest {SLOWEST_SHOWN} files of {len(taken)}")
        for file, seconds in taken.most_common(SLOWEST_SHOWN):
            terminalreporter.write_line(f"{seconds:7.1f} s  {file}")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and the broker, on a folder that is removed afterwards; the database is at the newest revision."""
    with migrated_servers() as pair:
        yield pair


@pytest.fixture(scope="session")
def settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a test product on those servers."""
    return Settings.read(
        environment=Environment.TEST,
        database_url=servers.urls.app,
        database_owner_url=servers.urls.owner,
        database_seal_url=servers.urls.sealer,
        health_token=HEALTH_TOKEN,
        redis_url=servers.urls.broker,
        lumbar_data=tmp_path_factory.mktemp("data") / "var",
        clock_file=tmp_path_factory.mktemp("clock") / "offset",
        statement_timeout_ms=15_000,  # A machine that is busy with more than the tests makes no page fail.
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The product, composed once."""
    product = create_app(settings)
    product.test_client_class = Browser
    product.config["CLOCK_FILE"] = settings.clock_file
    made_to_stay()
    yield product
    with product.app_context():
        dispose()


@pytest.fixture
def database(app: Flask) -> Iterator[sa.Connection]:
    """One outer transaction, undone after the test; see `undone`."""
    with undone(app) as connection:
        yield connection


@contextmanager
def undone(app: Flask) -> Iterator[sa.Connection]:
    """An outer transaction around all that the product does in the block, undone at its end.

    Commits and rollbacks of the code under test behave as in life: each session joins by a savepoint. What the product
    does on a connection of its own (the counting of limits) is real and swept up.
    """
    clock.follow(app.config["CLOCK_FILE"])  # Another product composed here may have turned it away.
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection, pytest.MonkeyPatch.context() as patch:
        remember_statements(connection)
        outer = connection.begin()
        sessions = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
        patch.setattr(db, "session", scoped_session(sessions, scopefunc=db.session.registry.scopefunc))
        with app.app_context():
            yield connection
        outer.rollback()
    sweep_limits(engine)


def remember_statements(connection: sa.Connection) -> None:
    """Keep what a connection has prepared until its transaction ends, also when a savepoint is undone.

    Each request ends with that here, so the driver would forget them each time, and PostgreSQL plan every statement anew.
    In life a request that only reads is undone without forgetting any. No test on this connection makes or drops a table.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, Connection)
    driver._prepared.are_remembered = True
    driver._prepared.prepared_max = STATEMENTS_REMEMBERED


@contextmanager
def undone_within(connection: sa.Connection) -> Iterator[None]:
    """The same inside a block of `undone`, for tests that share what was built there."""
    db.session.commit()
    act = connection.begin_nested()
    yield
    db.session.rollback()
    act.rollback()
    db.session.expire_all()
    sweep_limits(connection.engine)


def sweep_limits(engine: sa.Engine) -> None:
    """Forget what was counted."""
    with engine.begin() as sweep:
        sweep.execute(sa.text("DELETE FROM limits"))


@pytest.fixture
def client(app: Flask, database: sa.Connection) -> FlaskClient:
    """A browser without JavaScript: Flask's test client on the undone database."""
    return app.test_client()


@pytest.fixture
def make(database: sa.Connection) -> Make:
    """`tests/make.py`: rows with defaults that are valid and dull."""
    return Make()


@pytest.fixture
def now() -> datetime:
    """The moment at which tests play unless they say otherwise."""
    return NOW


@pytest.fixture
def the_clock_says(settings: Settings) -> Iterator[Callable[[datetime], None]]:
    """Move the product's clock to an instant, for pages, which read it themselves; it runs on from there."""
    with moved_clock(settings) as says:
        yield says


@contextmanager
def moved_clock(settings: Settings) -> Iterator[Callable[[datetime], None]]:
    """How the product's clock is moved in the block; it is right again afterwards."""
    assert settings.clock_file is not None
    offset_file = settings.clock_file

    def says(moment: datetime) -> None:
        offset_file.write_text(str((moment - datetime.now(UTC)).total_seconds()))

    yield says
    offset_file.unlink(missing_ok=True)


@pytest.fixture
def clock_at_now(the_clock_says: Callable[[datetime], None], now: datetime) -> None:
    """The product's clock, which pages read themselves, at the moment at which tests play."""
    the_clock_says(now)


@pytest.fixture
def data(settings: Settings) -> Path:
    """The data folder of the test product."""
    settings.lumbar_data.mkdir(parents=True, exist_ok=True)
    return settings.lumbar_data


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A real browser; one for the whole run, because its driver can be started only once in a process."""
    with launched() as browser:
        yield browser
