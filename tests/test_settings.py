"""Settings are read once and name every fault at once; keys are made once and kept apart."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import Environment, InvalidSettings, Keys, Settings, Start

ROOT = Path(__file__).parents[1]
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
    for missing in (
        "PUBLIC_URL: must be an https://",
        "LUMBAR_KEYS: is not set",
        "CLOCK_FILE:",
        "SMTP_URL: is not set",
    ):
        assert missing in str(refused.value)
    assert "MAIL_FROM: is not set" in str(refused.value)


def test_what_production_misses_is_named_beside_the_faults_of_single_settings_in_plain_words(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        settings(
            tmp_path,
            environment="production",
            public_url="https://clinic.example",
            port="many",
            lumbar_keys='{"sealing": {"1": "hunter2"}}',
            bounces_secret="short",
            messages_held="perhaps",
        )
    told = dict(line.strip().split(": ", 1) for line in str(refused.value).splitlines()[1:])
    assert told == {
        "PORT": "must be a whole number",
        "LUMBAR_KEYS": "it does not hold the keys as new-keys prints them "
        "(links, password_salt, secret_key, totp_secrets)",
        "BOUNCES_SECRET": "must have at least 32 characters",
        "MESSAGES_HELD": "must be 1 (yes) or 0 (no)",
        "SMTP_URL": "is not set: production needs a mail server",
        "MAIL_FROM": "is not set: production needs the address that letters come from",
    }


def in_production(tmp_path: Path, **changes: object) -> Settings:
    given = {
        "environment": "production",
        "public_url": "https://clinic.example",
        "smtp_url": "smtps://user:word@mail.example",
        "mail_from": "Practice <desk@alderlane.clinic>",
        "lumbar_keys": Keys.fresh().dumped(),
    }
    return settings(tmp_path, **{**given, **changes})


@pytest.mark.parametrize(
    "sender",
    [
        "desk",
        "Practice",
        "desk@localhost",
        "desk@practice",
        "desk@practice.example",
        "desk@practice.test",
        "desk@mail.example.org",
        "desk@house.lan",
        "desk@alderlane.clinic, owner@alderlane.clinic",
        "Practice <desk@alderlane.clinic> trailing",
        "desk@alderlane..clinic",
        "   ",
    ],
)
def test_letters_come_from_one_address_whose_domain_can_exist(tmp_path: Path, sender: str) -> None:
    with pytest.raises(
        InvalidSettings, match=r"^Lumbar cannot start.*\n  MAIL_FROM: must (be one|have a)[^\n]*$"
    ):
        in_production(tmp_path, mail_from=sender)


def test_letters_may_come_from_a_named_address_and_from_a_domain_in_other_letters(tmp_path: Path) -> None:
    for sender in (
        "desk@alderlane.clinic",
        "Praxis Süd <desk@praxis-süd.clinic>",
        '"A, B" <a@alderlane.clinic>',
    ):
        assert in_production(tmp_path, mail_from=sender).mail_from == sender


@pytest.mark.parametrize(
    "address",
    ["smtp://mail.example", "smtp://user:word@10.0.0.3:25", "smtp://localhost.mail.example"],
)
def test_letters_cross_no_network_in_clear_unless_a_setting_says_so(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidSettings, match="SMTP_URL: sends letters in clear"):
        in_production(tmp_path, smtp_url=address)
    assert in_production(tmp_path, smtp_url=address, smtp_plain_allowed="1").smtp_url is not None
    for here in ("smtp://localhost:1025", "smtp://127.0.0.1", "smtp://[::1]:25"):
        assert in_production(tmp_path, smtp_url=here).smtp_url is not None


def test_a_key_file_that_holds_no_keys_is_named_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "var.keys").write_text("{}")
    with pytest.raises(InvalidSettings, match=r"LUMBAR_KEYS: is not set, and .*var.keys cannot be used"):
        in_production(tmp_path, lumbar_keys=None)


WORDS = {
    "up": ["-m", "clinic", "up"],
    "migrate": ["-m", "clinic", "migrate"],
    "doctor": ["-m", "clinic", "doctor"],
    "create-owner": ["-m", "clinic", "create-owner", "o@alderlane.clinic", "Olive", "Owner"],
    "rotate-keys": ["-m", "clinic", "rotate-keys"],
    "web": ["-m", "gunicorn", "--check-config", "clinic.app:web()"],
    "worker": ["-m", "celery", "-A", "worker:celery", "report"],
}


@pytest.mark.parametrize("name", WORDS)
def test_every_way_in_names_all_faults_before_it_makes_or_starts_anything(tmp_path: Path, name: str) -> None:
    data = tmp_path / "var"
    variables = {"ENVIRONMENT": "production", "LUMBAR_DATA": str(data), "PUBLIC_URL": "http://clinic.example"}
    answer = subprocess.run(
        [sys.executable, *WORDS[name]],
        env={"PATH": os.environ["PATH"], **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    for fault in (
        "PUBLIC_URL: must be",
        "LUMBAR_KEYS: is not set",
        "SMTP_URL: is not set",
        "MAIL_FROM: is not",
    ):
        assert fault in said, said
    assert "Value error" not in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_every_variable_stands_in_the_one_table_of_the_docs() -> None:
    text = (ROOT / "docs/operating.md").read_text()
    told = re.findall(r"(?m)^\| (`[A-Z][A-Z_`, ]+`) \|", text)
    names = [name for cell in told for name in re.findall(r"[A-Z_]+", cell)]
    assert len(names) == len(set(names)), "each stands there once"
    assert set(names) == {name.upper() for name in {**Settings.model_fields, **Start.model_fields}}


def test_the_readme_names_no_variable_that_does_not_exist() -> None:
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+|PORT|ENVIRONMENT)`", (ROOT / "README.md").read_text()))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_production_starts_with_what_it_needs(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        environment="production",
        public_url="https://clinic.example/",
        smtp_url="smtp+starttls://user:word@mail.example",
        mail_from="Practice <desk@alderlane.clinic>",
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


@pytest.mark.parametrize(
    "address",
    [
        "https://clinic.example/app",
        "clinic.example",
        "ftp://clinic.example",
        "https://user@clinic.example",
        "https://clinic.example#top",
        "https://clinic.example/?a=b",
        "https://clinic .example",
        "https://clinic.example:0",
        "https://clinic.example:70000",
        "https://clinic.example:port",
        "https://",
        "https://-clinic.example",
        "https://[::1",
    ],
)
def test_a_public_address_is_a_scheme_and_a_host(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidSettings, match="PUBLIC_URL"):
        settings(tmp_path, public_url=address)


def test_a_pool_too_small_for_the_message_pass_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_POOL"):
        settings(tmp_path, database_pool=1)
