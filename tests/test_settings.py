"""Settings are read once and name every fault at once; keys are made once and kept apart."""

import json
import stat
from pathlib import Path

import pytest

from config import Environment, InvalidSettings, Keys, Settings

GOOD = {"database_url": "postgresql://app@/lumbar", "redis_url": "redis://localhost"}


def settings(tmp_path: Path, **changes: object) -> Settings:
    return Settings.read(**{**GOOD, "lumbar_data": tmp_path / "var", **changes})


def test_every_fault_is_named_at_once_and_no_value_is_shown() -> None:
    with pytest.raises(InvalidSettings) as refused:
        Settings.read(database_url="mysql://user:hunter2@host/db", smtp_url="ftp://secret@host", port=99999)
    said = str(refused.value)
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT"):
        assert name in said
    assert "hunter2" not in said
    assert "secret@" not in said


def test_a_plain_postgresql_address_gets_our_driver(tmp_path: Path) -> None:
    assert settings(tmp_path).database_url == "postgresql+psycopg://app@/lumbar"


def test_production_names_all_that_it_misses(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as refused:
        settings(
            tmp_path, environment="production", public_url="http://x.example", clock_file=tmp_path / "clock"
        )
    for missing in ("https://", "LUMBAR_KEYS", "CLOCK_FILE", "SMTP_URL"):
        assert missing in str(refused.value)


def test_production_starts_with_what_it_needs(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        environment="production",
        public_url="https://clinic.example/",
        smtp_url="smtp+starttls://user:word@mail.example",
        lumbar_keys=Keys.fresh().dumped(),
    )
    assert found.environment is Environment.PRODUCTION
    assert found.base_url == "https://clinic.example"


def test_keys_are_made_once_beside_the_data_folder_for_the_owner_alone(tmp_path: Path) -> None:
    first = settings(tmp_path)
    made = first.keys.dumped()
    assert first.key_file == tmp_path / "var.keys"
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    assert settings(tmp_path).keys.dumped() == made


@pytest.mark.parametrize("damage", [{"sealing": {}}, {"sealing": {"1": "short"}}, {"links": {"1": "!!"}}])
def test_damaged_keys_are_refused(damage: dict[str, object]) -> None:
    broken = {**json.loads(Keys.fresh().dumped()), **damage}
    with pytest.raises(ValueError, match=r"sealing|links"):
        Keys.model_validate_json(json.dumps(broken))


@pytest.mark.parametrize("address", ["https://clinic.example/app", "clinic.example", "ftp://clinic.example"])
def test_a_public_address_is_a_scheme_and_a_host(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidSettings, match="PUBLIC_URL"):
        settings(tmp_path, public_url=address)


def test_a_pool_too_small_for_the_message_pass_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_POOL"):
        settings(tmp_path, database_pool=1)
