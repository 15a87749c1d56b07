"""Settings are read once and name every fault at once; keys are made once and kept apart."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from clinic.background import backup_storage
from clinic.backup import archive
from config import Environment, InvalidSettings, Settings, Start
from secret_keys import KeyFile, Keys

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


PASSPHRASE = "seven lamps on the pier"


def locked(tmp_path: Path) -> KeyFile:
    """A key file under a passphrase, and somebody who knows it."""
    file = KeyFile(tmp_path / "var.keys", SecretStr(PASSPHRASE))
    file.replace(Keys.fresh(), file.passphrase)
    return file


def test_locked_keys_open_with_their_passphrase_only_and_each_fault_has_its_sentence(tmp_path: Path) -> None:
    made = locked(tmp_path).read().dumped()
    assert "sealing" not in (tmp_path / "var.keys").read_text()
    assert settings(tmp_path, lumbar_keys_passphrase=PASSPHRASE).keys.dumped() == made
    (tmp_path / "word").write_text(f"{PASSPHRASE}\n")
    assert settings(tmp_path, lumbar_keys_passphrase_file=tmp_path / "word").keys.dumped() == made
    with pytest.raises(InvalidSettings, match=r"var.keys cannot be used: it is locked: give the passphrase"):
        settings(tmp_path)
    with pytest.raises(
        InvalidSettings, match=r"cannot be used: the passphrase does not open it, or it is damaged$"
    ):
        settings(tmp_path, lumbar_keys_passphrase="seven lamps on the peer")
    with pytest.raises(InvalidSettings, match=r"LUMBAR_KEYS_PASSPHRASE_FILE: cannot be read"):
        settings(tmp_path, lumbar_keys_passphrase_file=tmp_path / "nowhere")


def test_locked_keys_may_stand_in_the_environment(tmp_path: Path) -> None:
    file = locked(tmp_path)
    found = in_production(tmp_path, lumbar_keys=file.text(), lumbar_keys_passphrase=PASSPHRASE)
    assert found.keys.dumped() == file.read().dumped()


def test_keys_are_locked_and_unlocked_by_a_command(tmp_path: Path) -> None:
    made = settings(tmp_path).keys.dumped()

    def run(name: str, said: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "clinic", name],
            env={"PATH": os.environ["PATH"], "LUMBAR_DATA": str(tmp_path / "var"), **variables},
            cwd=ROOT,
            input=said,
            capture_output=True,
            text=True,
        )

    assert "12 characters or more" in run("lock-keys", "short\n").stderr
    assert "every start needs the passphrase" in run("lock-keys", f"{PASSPHRASE}\n").stdout
    assert stat.S_IMODE((tmp_path / "var.keys").stat().st_mode) == 0o600
    assert "it is locked" in run("up").stderr
    assert "does not open it" in run("unlock-keys", LUMBAR_KEYS_PASSPHRASE="another one").stderr
    assert run("unlock-keys", LUMBAR_KEYS_PASSPHRASE=PASSPHRASE).returncode == 0
    assert settings(tmp_path).keys.dumped() == made


def test_nobody_makes_keys_for_a_data_folder_that_holds_a_practice(tmp_path: Path) -> None:
    (tmp_path / "var" / "servers" / "data").mkdir(parents=True)
    (tmp_path / "var" / "servers" / "data" / "PG_VERSION").write_text("18\n")
    with pytest.raises(InvalidSettings, match=r"does not exist, although .*var holds a practice.*your copy"):
        settings(tmp_path)
    assert not (tmp_path / "var.keys").exists()


def test_keys_inside_the_data_folder_are_in_the_wrong_place(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "var.keys").write_text(Keys.fresh().dumped())
    with pytest.raises(InvalidSettings, match=rf"inside the data folder.*: move it to {tmp_path}/var.keys"):
        settings(tmp_path)
    assert not (tmp_path / "var.keys").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_production_refuses_keys_that_are_open_to_other_accounts(tmp_path: Path, mode: int) -> None:
    made = settings(tmp_path).key_file.path
    settings(tmp_path).key_file.make(Keys.fresh())
    made.chmod(mode)
    with pytest.raises(InvalidSettings, match=rf"is open to other accounts: chmod 600 {made}"):
        in_production(tmp_path, lumbar_keys=None)
    made.chmod(0o600)
    assert in_production(tmp_path, lumbar_keys=None).keys


WORDS = {
    "up": ["-m", "clinic", "up"],
    "migrate": ["-m", "clinic", "migrate"],
    "doctor": ["-m", "clinic", "doctor"],
    "create-owner": ["-m", "clinic", "create-owner", "o@alderlane.clinic", "Olive", "Owner"],
    "rotate-key": ["-m", "clinic", "rotate-key", "sealing"],
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
    told = re.findall(r"(?m)^\| (`[A-Z][A-Z0-9_`, ]+`) \|", text)
    names = [name for cell in told for name in re.findall(r"[A-Z0-9_]+", cell)]
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
    assert first.key_file.path == tmp_path / "var.keys"
    assert stat.S_IMODE(first.key_file.path.stat().st_mode) == 0o600
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


def test_an_object_storage_needs_a_bucket_and_its_key_and_in_production_a_protected_way(
    tmp_path: Path,
) -> None:
    key = {"backup_s3_key_id": "id", "backup_s3_secret": "hunter2"}
    for url, fault in (
        ("ftp://s3.example/bucket", "must begin with http:// or https://"),
        ("https://s3.example", "must name a bucket after the host"),
        ("https://id:hunter2@s3.example/bucket", "must not name a user or a password"),
        ("https://s3.example/bucket?region=x", "without a question"),
    ):
        with pytest.raises(InvalidSettings, match="BACKUP_S3_URL") as refused:
            settings(tmp_path, backup_s3_url=url, **key)
        assert fault in str(refused.value)
        assert "hunter2" not in str(refused.value)
    with pytest.raises(InvalidSettings) as refused:
        settings(tmp_path, backup_s3_url="https://s3.example/bucket", backup_s3_key_id="id")
    assert "BACKUP_S3_SECRET: is not set" in str(refused.value)
    with pytest.raises(InvalidSettings) as refused:
        settings(tmp_path, environment="production", backup_s3_url="http://s3.example/bucket", **key)
    assert "BACKUP_S3_URL: must be an https://" in str(refused.value)
    read = settings(tmp_path, backup_s3_url="http://s3.example/bucket/a/b/", **key)
    assert "hunter2" not in repr(read)
    address = backup_storage(read)
    assert address is not None
    assert (address.endpoint, address.bucket, address.folder) == ("http://s3.example", "bucket", "a/b/")
    assert backup_storage(settings(tmp_path)) is None


def test_wal_is_received_only_where_it_is_asked_for_and_somebody_may_read_it(tmp_path: Path) -> None:
    _, public = archive.fresh_identity()
    assert not settings(tmp_path, backup_recipients=public).backup_wal
    assert settings(tmp_path, backup_recipients=public, backup_wal="1").backup_wal
    with pytest.raises(InvalidSettings, match="BACKUP_WAL: needs BACKUP_RECIPIENTS"):
        settings(tmp_path, backup_wal="1")
