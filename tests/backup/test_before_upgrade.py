"""Before a new version changes a database it is copied, and the copy leads back."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from clinic import schema
from clinic.backup import before_upgrade, making, restoring
from tests.backup.test_commands_for_backups import run
from tests.stage import Stage


@pytest.fixture
def older(product: Stage, empty_database: Callable[[], str]) -> str:
    """The address of a database that the version before made, with a practice in it."""
    url = empty_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    newest = ScriptDirectory(str(schema.FOLDER)).get_revisions("heads")[0]
    assert newest is not None
    command.upgrade(schema.config(engine), str(newest.down_revision))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept AS SELECT 'before' AS word"))
    return url


def words_of(url: str) -> list[str]:
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return list(connection.scalars(sa.text("SELECT word FROM kept")))


def test_only_what_an_older_version_made_is_behind(
    older: str, product: Stage, empty_database: Callable[[], str]
) -> None:
    assert schema.is_behind(older)
    assert not schema.is_behind(empty_database())
    assert not schema.is_behind(product.servers.urls.owner)


def test_a_copy_with_a_key_of_its_own_leads_back(
    older: str, product: Stage, empty_database: Callable[[], str], tmp_path: Path
) -> None:
    copy, key = before_upgrade.copy(older, tmp_path, [])
    assert key is not None
    assert key.stat().st_mode & 0o077 == 0
    schema.upgrade(older)
    with sa.create_engine(older, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("UPDATE kept SET word = 'after'"))
    back = empty_database()
    restoring.restore(copy, key, back)
    assert words_of(back) == ["before"]


def test_with_public_keys_of_the_practice_no_key_lies_beside_it(
    older: str, key_pair: tuple[Path, str], empty_database: Callable[[], str], tmp_path: Path
) -> None:
    private, public = key_pair
    copy, key = before_upgrade.copy(older, tmp_path, [public])
    assert key is None
    assert {path.suffix for path in copy.parent.iterdir() if path.name != making.LOCK} == {".backup"}
    restoring.restore(copy, private, empty_database())


def test_the_newest_copies_stay_and_always_the_one_just_made(older: str, tmp_path: Path) -> None:
    """Also where the clock was ahead before."""
    folder = tmp_path / before_upgrade.FOLDER
    folder.mkdir()
    for day in range(1, 6):
        for ending in ("backup", "key"):
            (folder / f"lumbar-2999010{day}T000000Z.{ending}").touch()
    copy, key = before_upgrade.copy(older, tmp_path, [])
    left = [path.name for path in folder.iterdir() if path.suffix == ".backup"]
    assert sorted(left) == [copy.name, *(f"lumbar-2999010{day}T000000Z.backup" for day in (3, 4, 5))]
    assert key in {path for path in folder.iterdir() if path.suffix == ".key"}
    assert len([path for path in folder.iterdir() if path.suffix == ".key"]) == len(left)


def test_the_command_copies_first_and_says_how_to_come_back(
    older: str, product: Stage, tmp_path: Path
) -> None:
    data = tmp_path / "var"
    data.mkdir()
    variables = {
        "DATABASE_URL": older,
        "DATABASE_OWNER_URL": older,
        "REDIS_URL": product.settings.redis_url,
        "ENVIRONMENT": "test",
        "LUMBAR_DATA": str(data),
        "LUMBAR_KEYS": product.settings.keys.dumped(),
    }
    status, said = run(["migrate", "--copy-first"], variables)
    assert status == 0, said
    (copy,) = (data / before_upgrade.FOLDER).glob("*.backup")
    assert f"python -m clinic restore {copy} --key {copy.with_suffix('.key')}" in said
    assert not schema.is_behind(older)
    run(["migrate", "--copy-first"], variables)
    assert list(copy.parent.glob("*.backup")) == [copy], "there is nothing to change, so nothing is copied"
