"""A key is changed while others read and write, and the change is killed on its way: at no moment does anything fail to open."""

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from clinic import sealed
from clinic.app import create_app
from clinic.db import Base, db, dispose, transaction
from clinic.intake.models import Draft
from config import Settings
from secret_keys import KeyFile, Keys
from tests.faults.keys_at_work import new_draft
from tests.migrated import migrated_servers
from tests.patience import eventually

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
VALUES = 1300
"""Enough for several steps of a change."""
LONG_AGO = datetime.now(UTC) - timedelta(hours=2)


@dataclass
class Practice:
    """A data folder with its key file, and a database with health data."""

    variables: dict[str, str]
    file: KeyFile
    settings: Settings

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "clinic", *words],
            cwd=ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
        )

    def killed(self, after_lines: int, *words: str) -> bool:
        """One command, killed some moments after it said so many lines; false if it ended by itself before."""
        process = subprocess.Popen(
            [sys.executable, "-m", "clinic", *words],
            cwd=ROOT,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(after_lines):
            process.stdout.readline()
        threading.Event().wait(random.random() * 0.05)
        process.kill()
        process.stdout.close()
        return process.wait() < 0

    def is_whole(self) -> None:
        """Every value opens, with the keys that are in the file now."""
        app = create_app(self.settings.model_copy(deep=True))
        with app.app_context(), transaction():
            rows = db.session.scalars(sa.select(Draft)).all()
            assert len(rows) >= VALUES
            assert all("number" in row.answers for row in rows)
            assert sealed.unreadable(db.session(), Base) == []
        with app.app_context():
            dispose()

    def back_date(self) -> None:
        """Let the keys in the file be two hours old."""
        keys = self.file.read()
        made = {kind: dict.fromkeys(numbers, LONG_AGO) for kind, numbers in keys.made.items()}
        self.file.replace(keys.model_copy(update={"made": made}), None)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    with migrated_servers() as servers:
        variables = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "test",
            "LUMBAR_DATA": str(tmp_path / "var"),
            "DATABASE_URL": servers.urls.app,
            "REDIS_URL": servers.urls.broker,
        }
        settings = Settings.read(
            **{name.lower(): value for name, value in variables.items() if name != "PATH"}
        )
        file = KeyFile(tmp_path / "var.keys")
        file.make(Keys.fresh(LONG_AGO))
        app = create_app(settings)
        with app.app_context():
            with transaction():
                db.session.add_all([new_draft(number) for number in range(VALUES)])
            dispose()
        yield Practice(variables, file, settings)


@dataclass
class AtWork:
    """A process that seals and opens all the time, and what it said: the key of each value."""

    process: subprocess.Popen[str]
    said: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(int(line) for line in self.process.stdout)

    def goes_on(self, under: int) -> None:
        """It works on, and what it seals from now on is under this key."""
        seen = len(self.said)
        assert eventually(lambda: under in self.said[seen:] or self.process.poll() is not None, 60)
        assert self.process.poll() is None

    def end(self) -> None:
        """Let it end, which it does well if nothing ever failed to open."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait() == 0


@pytest.fixture
def at_work(practice: Practice) -> Iterator[AtWork]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.keys_at_work"],
        cwd=ROOT,
        env=practice.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield AtWork(process)
        process.kill()


@pytest.mark.parametrize("kills", [4, pytest.param(25, marks=pytest.mark.long)])
def test_a_key_is_changed_beside_readers_and_writers_although_the_change_is_killed(
    practice: Practice, at_work: AtWork, kills: int
) -> None:
    at_work.goes_on(under=1)
    for number in range(kills):
        practice.killed(number % 5 + 1, "rotate-key", "sealing")
        practice.is_whole()
    done = practice.run("rotate-key", "sealing")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Going on with key 2 of sealing")
    assert "Every value of sealing is under key 2." in done.stdout
    at_work.goes_on(under=2)
    assert sorted(practice.file.read().sealing) == [1, 2]
    too_early = practice.run("let-go-key", "sealing", "1")
    assert too_early.returncode == 1
    assert "may still write with it: wait until" in too_early.stderr
    practice.back_date()
    gone = practice.run("let-go-key", "sealing", "1")
    assert gone.returncode == 0, gone.stderr
    assert sorted(practice.file.read().sealing) == [2]
    practice.is_whole()
    at_work.goes_on(under=2)
    at_work.end()


def test_a_key_that_still_holds_values_is_not_let_go_and_a_list_says_what_rests_on_it(
    practice: Practice,
) -> None:
    assert practice.killed(1, "rotate-key", "sealing")
    practice.back_date()
    refused = practice.run("let-go-key", "sealing", "1", "--even-so")
    assert refused.returncode == 1
    assert "Key 1 of sealing stays. On it rest values: " in refused.stderr
    assert "Run `rotate-key sealing` first." in refused.stderr
    listed = practice.run("keys").stdout
    assert "sealing: health data in the database" in listed
    assert "  2, made" in listed
    for secret in practice.file.read().sealing.values():
        assert secret.get_secret_value() not in listed
    practice.is_whole()


def test_a_database_whose_key_was_lost_is_not_started_on_new_keys(practice: Practice) -> None:
    practice.file.replace(Keys.fresh(), None)
    worker = ["-m", "celery", "--quiet", "-A", "worker:celery", "worker", "--loglevel=WARNING"]
    for words in (
        ["-m", "clinic", "migrate"],
        ["-m", "gunicorn", "--check-config", "clinic.app:web()"],
        worker,
    ):
        answer = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=practice.variables, capture_output=True, text=True
        )
        said = answer.stdout + answer.stderr
        assert answer.returncode != 0, said
        assert (
            "its keys do not open these health data, and new ones must not be sealed beside them: drafts."
            in said
        )
        assert "Traceback" not in said
    assert "drafts" in practice.run("keys").stderr


def test_keys_of_the_environment_are_printed_for_whoever_sets_them(practice: Practice) -> None:
    practice.variables["LUMBAR_KEYS"] = practice.file.text()
    asked = practice.run("rotate-key", "sealing")
    assert (asked.returncode, "no command can change" in asked.stderr) == (0, True)
    made = json.loads(asked.stdout)
    assert list(made["sealing"]) == ["1", "2"]
    practice.variables["LUMBAR_KEYS"] = asked.stdout
    assert "Every value of sealing is under key 2." in practice.run("rotate-key", "sealing").stdout
    made["made"]["sealing"]["2"] = LONG_AGO.isoformat()
    practice.variables["LUMBAR_KEYS"] = json.dumps(made)
    left = practice.run("let-go-key", "sealing", "1")
    assert list(json.loads(left.stdout)["sealing"]) == ["2"], left.stderr
