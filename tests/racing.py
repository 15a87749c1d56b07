"""A database of its own with true commits, for tests that race whole processes."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock, schema
from clinic.app import create_app
from clinic.db import db, dispose
from clinic.embedded.servers import Servers
from config import Environment, Settings
from tests.races import rivals


@pytest.fixture(scope="session")
def race_settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings on a second, migrated database of the same servers."""
    admin = sa.create_engine(servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE races OWNER lumbar_owner"))

    def there(url: str) -> str:
        return sa.make_url(url).set(database="races").render_as_string(hide_password=False)

    schema.upgrade(there(servers.urls.owner))
    yield Settings.read(
        environment=Environment.TEST,
        database_url=there(servers.urls.app),
        database_owner_url=there(servers.urls.owner),
        database_seal_url=there(servers.urls.sealer),
        redis_url=servers.urls.broker,
        lumbar_data=tmp_path_factory.mktemp("races") / "var",
        statement_timeout_ms=60_000,  # What counts is who gets the time, also on a machine that is busy with more.
    )
    rivals.end_all()


@pytest.fixture
def race_app(race_settings: Settings, settings: Settings, servers: Servers) -> Iterator[Flask]:
    """The product on the race database; whatever was committed is swept away afterwards."""
    app = create_app(race_settings)
    with app.app_context():
        yield app
        db.session.remove()
        dispose()
    # Composing a product sets the clock of the whole process; the tests that follow move the other one's.
    clock.follow(settings.clock_file)
    _sweep(servers.urls.superuser)


def _sweep(url: str) -> None:
    """Empty every table, also those that refuse it to everybody but the superuser without triggers."""
    admin = sa.create_engine(sa.make_url(url).set(database="races"), poolclass=sa.NullPool)
    with admin.begin() as connection:
        tables = sa.inspect(connection).get_table_names()
        names = ", ".join(f'"{table}"' for table in tables if table != "alembic_version")
        connection.execute(sa.text("SET session_replication_role = replica"))
        connection.execute(sa.text(f"TRUNCATE {names} CASCADE"))
