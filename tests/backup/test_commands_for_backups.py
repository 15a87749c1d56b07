"""The commands, as somebody types them: their sentences and statuses, and that a refusal makes nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.backup import archive, making
from clinic.cli import main
from clinic.db import db
from clinic.maintenance import erasure_ledger
from tests.stage import ROOT, Stage

KeyPair = tuple[Path, str]


def run(words: list[str], variables: dict[str, str]) -> tuple[int, str]:
    answer = subprocess.run(
        [sys.executable, "-m", "clinic", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
    )
    return answer.returncode, answer.stdout + answer.stderr


def test_a_key_pair_is_printed_whose_halves_fit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["backup-key"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    (tmp_path / "backup.key").write_text(text)
    (identity,) = archive.identities(tmp_path / "backup.key")
    assert f"BACKUP_RECIPIENTS={identity.to_public()}" in text


def test_a_backup_goes_to_an_empty_data_folder_and_to_no_other(
    product: Stage, backup: Path, key_pair: KeyPair, tmp_path: Path
) -> None:
    data = tmp_path / "var"
    words = ["restore", str(backup), "--key", str(key_pair[0])]
    without_keys = {"LUMBAR_DATA": str(data), "ENVIRONMENT": "test"}
    status, said = run(words, without_keys)
    assert (status, "There are no keys" in said) == (2, True)
    assert not data.exists()
    with_keys = {**without_keys, "LUMBAR_KEYS": product.settings.keys.dumped()}
    status, said = run(words, with_keys)
    assert (status, "rows are back as they were" in said) == (0, True), said
    status, said = run(words, with_keys)
    assert (status, "This database is not empty" in said) == (1, True), said


def test_a_drill_proves_the_newest_and_is_noted(
    product: Stage, backup: Path, key_pair: KeyPair, tmp_path: Path
) -> None:
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "DATABASE_URL": product.settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "BACKUP_FOLDER": str(backup.parent),
    }
    status, said = run(["drill", "--key", str(key_pair[0])], variables)
    assert status == 0, said
    assert f"{backup.name}: " in said
    assert "each table as it was" in said
    assert "nothing would be sent" in said


def test_without_a_public_key_no_backup_is_made_and_the_reason_is_said(
    product: Stage, tmp_path: Path
) -> None:
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "DATABASE_URL": product.settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    assert run(["backup"], variables) == (1, f"{making.NoReaders.sentence}\n")
    assert list(tmp_path.iterdir()) == []


def test_who_was_erased_does_not_come_back_and_an_unreadable_ledger_brings_nobody_back(
    product: Stage, backup: Path, key_pair: KeyPair, tmp_path: Path
) -> None:
    eve = db.session.scalars(sa.select(Client.id).where(Client.given_name == "Eve")).one()
    ledger = tmp_path / "ledger" / erasure_ledger.FILE
    ledger.parent.mkdir()
    words = ["restore", str(backup), "--key", str(key_pair[0])]
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "BACKUP_FOLDER": str(ledger.parent),
    }
    ledger.write_text("nonsense\n")
    status, said = run(words, variables)
    assert (status, f"Line 1 of {ledger.name} cannot be read" in said) == (1, True), said
    ledger.write_text(json.dumps({"client": str(eve), "erased_at": "2031-03-01T09:00:00+00:00"}) + "\n")
    status, said = run(words, variables)
    assert (status, "Erased again, as they had been since: 1." in said) == (0, True), said


def test_a_restore_that_is_refused_notes_nobody_as_erased(
    product: Stage, backup: Path, key_pair: KeyPair, tmp_path: Path
) -> None:
    carried = tmp_path / "stick" / backup.name
    carried.parent.mkdir()
    carried.write_bytes(backup.read_bytes())
    line = json.dumps({"client": str(UUID(int=7)), "erased_at": "2031-03-01T09:00:00+00:00"}) + "\n"
    (carried.parent / erasure_ledger.FILE).write_text(line)
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "LUMBAR_KEYS": product.settings.keys.dumped(),
        "DATABASE_URL": product.settings.database_url,
    }
    status, said = run(["restore", str(carried), "--key", str(key_pair[0])], variables)
    assert (status, "This database is not empty" in said) == (1, True), said
    assert not (tmp_path / "var" / "backups" / erasure_ledger.FILE).exists()
