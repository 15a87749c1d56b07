"""Every command that the documents name is run exactly as it stands there, beside a running `up` and on servers of one's own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from clinic.cli import COMMANDS, main
from clinic.embedded.servers import scratch_servers
from config import InvalidSettings
from tests.embedded.test_supervisor import house
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FOLLOWED_ELSEWHERE = {ROOT / "docs" / "open-a-clinic.md"}
"""Its commands are run in their order by `tests/test_open_a_clinic.py`."""
COMMAND = re.compile(r"(?m)(?:`|^    )(python -m clinic (?!…)[^`\n]+)")
SAYS = {
    "python -m clinic migrate": r"The database is at the newest revision\.",
    "python -m clinic create-owner owner@practice.example Given Family": r"Open this address within a day.*\n +http\S+/staff/set-up/\S+",
    "python -m clinic reset-password owner@practice.example": r"Open this address within a day.*\n +http\S+/staff/set-up/\S+",
    "python -m clinic affected --by owner@practice.example --since 2026-11-01": r"client,name,first,last,reads,changes,records,fields",
    "python -m clinic doctor": r"All is well; \d+ seals of the audit hold\.",
    "python -m clinic keys": r"sealing: health data in the database\n  1, made .*, the newest: values: 0",
    "python -m clinic rotate-key sealing": r"Every value of sealing is under key 2",
    "python -m clinic rotate-key totp_secrets": r"Every value of totp_secrets is under key 2",
    "python -m clinic rotate-key links": r"Key 1 may go: `python -m clinic let-go-key links 1`",
    "python -m clinic rotate-key audit": r"Key 2 of audit is in",
    "python -m clinic let-go-key links 1 --even-so": r"Key 1 of links is no longer in",
    "python -m clinic repair-zones --list": r"0 would move",
    "python -m clinic repair-zones": r"0 moved",
    "python -m clinic new-keys": r'"sealing": \{',
    "python -m clinic replay": r"0 of 0 open reviews would come out differently\.",
    "python -m clinic suggest -": r'"safety": "ok"',
    "python -m clinic up": "",
}
"""What each says; in this order, because some need what another made."""
OF_BACKUPS = {"backup-key", "backup", "backups", "restore", "drill", "receive-wal", "base-backup"}
"""Followed by `tests/test_open_a_clinic.py`, and one by one in `tests/backup`."""
FROM_STORAGE = {"python -m clinic restore --from-storage --key FILE"}
"""Followed by `tests/backup/test_object_storage.py`, which has a storage."""
OF_A_NEW_SERVER = {"renew-server", "let-go-old-server"}
"""Run by `tests/backup/test_server_renewal.py`."""
OF_LOCKED_KEYS = {"lock-keys", "unlock-keys"}
"""Run by `tests/test_settings.py`."""
AFTER_AN_HOUR = {"python -m clinic let-go-key sealing 1"}
"""Run by `tests/faults/test_changing_keys.py`."""
NEEDS_A_DATABASE = set(COMMANDS) - {
    "up",
    "new-keys",
    "suggest",
    "backup-key",
    "backups",
    "restore",
    *OF_LOCKED_KEYS,
    *OF_A_NEW_SERVER,
}


def in_the_documents() -> set[str]:
    pages = [page for page in PAGES if page.exists() and page not in FOLLOWED_ELSEWHERE]
    return {found.strip() for page in pages for found in COMMAND.findall(page.read_text())}


def run(command: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it in a shell, in an environment that holds nothing but these variables and our Python."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={"PATH": path, **variables},
        input="{}",
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module", params=["beside a running up", "on servers of one's own"])
def variables(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What somebody has set who types the commands: the data folder, and the addresses of servers that are their own."""
    folder = tmp_path_factory.mktemp("commands", numbered=True)
    if request.param == "beside a running up":
        with house(folder / "var", ENVIRONMENT="test") as up:
            yield {"LUMBAR_DATA": str(up.data)}
            up.process.send_signal(signal.SIGTERM)
            up.rest()
    else:
        with scratch_servers(durable=True) as pair:
            yield {
                "LUMBAR_DATA": str(folder / "var"),
                "ENVIRONMENT": "test",
                "DATABASE_URL": pair.urls.app,
                "DATABASE_OWNER_URL": pair.urls.owner,
                "REDIS_URL": pair.urls.broker,
            }


def test_no_command_of_the_documents_is_forgotten_here() -> None:
    of_locked_keys = {f"python -m clinic {name}" for name in OF_LOCKED_KEYS}
    of_a_new_server = {f"python -m clinic {name}" for name in OF_A_NEW_SERVER}
    assert in_the_documents() <= set(SAYS) | of_locked_keys | of_a_new_server | AFTER_AN_HOUR | FROM_STORAGE
    assert {command.split()[3] for command in SAYS} | {
        "load-demo"
    } | OF_BACKUPS | OF_LOCKED_KEYS | OF_A_NEW_SERVER == set(COMMANDS)


def test_each_command_does_what_the_documents_say(variables: dict[str, str]) -> None:
    for command, says in SAYS.items():
        if command != "python -m clinic up":  # It is what the others run beside.
            answer = run(command, variables)
            assert answer.returncode == 0, f"{command}\n{answer.stdout}{answer.stderr}"
            assert re.search(says, answer.stdout), command


def test_the_address_that_is_printed_is_the_one_that_up_serves(variables: dict[str, str]) -> None:
    told = Path(variables["LUMBAR_DATA"]) / "servers" / "running.json"
    port = json.loads(told.read_text())["PORT"] if told.exists() else "8000"
    answer = run("python -m clinic create-owner second@practice.example Given Family", variables)
    assert f"http://localhost:{port}/staff/set-up/" in answer.stdout
    if told.exists():
        assert told.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", sorted(NEEDS_A_DATABASE))
def test_where_nothing_runs_a_command_says_so_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    words = {
        "create-owner": ["o@practice.example", "A", "B"],
        "reset-password": ["o@practice.example"],
        "drill": ["--key", "none"],
        "rotate-key": ["sealing"],
        "let-go-key": ["sealing", "1"],
    }
    for variable in os.environ:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("LUMBAR_DATA", str(tmp_path / "var"))
    with pytest.raises(InvalidSettings, match=f"Lumbar is not running on the data folder {tmp_path / 'var'}"):
        main([name, *words.get(name, [])])
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_runs_the_sentence_is_all_that_is_said(tmp_path: Path) -> None:
    answer = run("python -m clinic doctor", {"LUMBAR_DATA": str(tmp_path / "var")})
    assert answer.returncode == 1
    assert answer.stderr.startswith(
        f"There is no database: Lumbar is not running on the data folder {tmp_path}"
    )
    assert answer.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_up_left_behind_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "servers"
    folder.mkdir(parents=True)
    url = f"postgresql+psycopg://a:b@/lumbar?host={tmp_path}"
    (folder / "running.json").write_text(json.dumps({"DATABASE_URL": url, "REDIS_URL": "redis://x"}))
    answer = run("python -m clinic doctor", {"LUMBAR_DATA": str(tmp_path / "var")})
    assert "Lumbar is not running on the data folder" in answer.stderr


def test_a_database_that_is_away_or_was_never_prepared_is_said_in_a_sentence(tmp_path: Path) -> None:
    away = f"postgresql://lumbar@127.0.0.1:{free_port()}/lumbar"
    variables = {
        "LUMBAR_DATA": str(tmp_path / "var"),
        "ENVIRONMENT": "test",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    answer = run("python -m clinic replay", {**variables, "DATABASE_URL": away})
    assert answer.returncode == 1
    assert re.fullmatch(
        r"The database does not answer \(connection failed: .*\)\. What the command had not finished was undone\.\n",
        answer.stderr,
    )
    with scratch_servers() as pair:
        answer = run("python -m clinic replay", {**variables, "DATABASE_URL": pair.urls.app})
    assert answer.returncode == 1
    assert answer.stderr == "The database is not at the newest revision: run `python -m clinic migrate`.\n"
