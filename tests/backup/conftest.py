"""A product with some rows that were truly committed, a key pair, one backup of it, and empty databases to restore into."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from clinic.backup import archive, making
from clinic.embedded.cluster import EXTENSIONS
from tests import make
from tests.intake import walk
from tests.stage import Stage, staged


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A practice with a client whose answers are sealed."""
    with staged(tmp_path_factory.mktemp("product")) as stage:
        make.practice()
        for name in ("Ada", "Eve", "Zoë O’Neil"):
            make.client(given_name=name)
        walk.sent(make.NOW)
        make.db.session.commit()
        yield stage


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A private key's file, and the public key."""
    private, public = archive.fresh_identity()
    file = tmp_path_factory.mktemp("keys") / "backup.key"
    file.write_text(f"# kept far away\n{private}\n")
    return file, public


@pytest.fixture(scope="session")
def backup(product: Stage, key_pair: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One backup of the product; not to be changed."""
    folder = tmp_path_factory.mktemp("backups")
    return making.make(product.settings.database_url, folder, [key_pair[1]])


@pytest.fixture(scope="session")
def new_database(product: Stage) -> Callable[[], str]:
    """Makes another empty database beside the product's; gives its address as the owner of its tables."""
    numbers = itertools.count()

    def made() -> str:
        name = f"empty_{next(numbers)}"
        superuser = product.servers.urls.superuser.replace("+psycopg", "")
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" OWNER lumbar_owner')
        with psycopg.connect(superuser.replace("/lumbar?", f"/{name}?"), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {extension}")
        return product.servers.urls.owner.replace("/lumbar?", f"/{name}?")

    return made


@pytest.fixture
def empty_database(new_database: Callable[[], str]) -> Callable[[], str]:
    """The same, for a single test."""
    return new_database
