"""`docs/open-a-clinic.md`, followed: its commands are run in their order, with nginx in front and a mail server beside.

Only what needs another machine is left out, and each such line is named here, so that a new one is run or named.
"""

import configparser
import json
import os
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.embedded.processes import eventually, mentioning
from tests.mail_sink import sunk
from tests.ports import free_port
from tests.proxy import Proxy, proxied

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "open-a-clinic.md"
UNIT = ROOT / "docs" / "service" / "lumbar.service"
READY_SECONDS = 240
OF_ANOTHER_MACHINE = {"apt", "useradd", "git", "make", "chown", "certbot", "nginx"}
"""These begin lines that only a machine of one's own can follow; nginx runs by `tests/proxy.py` from the same file."""
BY_US = {"systemctl", "cp /opt/lumbar/docs/service", "sed"}
"""These are followed by other means: the unit is read, its program started, and the site put in place by the proxy's tests."""


def blocks() -> list[str]:
    """The commands of the page, in order; a text between <<'END' and END belongs to its command."""
    found: list[str] = []
    is_text = False
    for line in PAGE.read_text().splitlines():
        if not line.startswith("    "):
            continue
        line = line[4:]
        if is_text:
            found[-1] += f"\n{line}"
            is_text = line != "END"
        else:
            found.append(line)
            is_text = line.endswith("<<'END'")
    return found


class Machine:
    """A machine as the page leaves it, in a folder."""

    def __init__(self, folder: Path, proxy: Proxy, web: int, mail: int) -> None:
        self.folder, self.proxy, self.web = folder, proxy, web
        (folder / "lib").mkdir()
        self.here = {
            "sudo -u lumbar ": "",
            "/opt/lumbar": str(ROOT),
            "/var/lib/lumbar": str(folder / "lib"),
            "/etc/lumbar.env": str(folder / "lumbar.env"),
            "/etc/lumbar.keys.copy": str(folder / "lumbar.keys"),
            "smtps://user:password@mail.practice.example:465": f"smtp://127.0.0.1:{mail}",
            "desk@practice.example": "desk@alderlane.clinic",
            "https://practice.example": proxy.base,
            "curl ": f"curl --silent --cacert {proxy.folder}/certificate.pem ",
        }

    def run(self, command: str, status: int = 0) -> str:
        """What a command of the page says here, typed in a folder that has nothing to do with the product."""
        for there, here in self.here.items():
            command = command.replace(there, here)
        variables = {
            "PATH": os.environ["PATH"],
            "LUMBAR_ENV": str(self.folder / "lumbar.env"),
            "PORT": str(self.web),
        }
        answer = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=variables, capture_output=True, text=True
        )
        assert answer.returncode == status, f"{command}\n{answer.stdout}{answer.stderr}"
        return answer.stdout + answer.stderr

    @contextmanager
    def service(self) -> Iterator[None]:
        """The service, started as its unit says and with the settings of the file; stopped at the end."""
        unit = configparser.ConfigParser(strict=False)
        unit.read(UNIT)
        wanted = unit["Service"]
        program = shlex.split(wanted["ExecStart"].replace("/opt/lumbar", str(ROOT)))
        assert wanted["EnvironmentFile"] == "/etc/lumbar.env"
        lines = (self.folder / "lumbar.env").read_text().splitlines()
        settings = dict(shlex.split(line)[0].split("=", 1) for line in lines)
        with (
            (self.folder / "log").open("wb") as log,
            subprocess.Popen(
                program,
                cwd=wanted["WorkingDirectory"].replace("/opt/lumbar", str(ROOT)),
                env={"PATH": os.environ["PATH"], **settings, "PORT": str(self.web)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as running,
        ):
            try:
                assert eventually(
                    lambda: running.poll() is not None or self.is_served(), within=READY_SECONDS
                )
                assert running.poll() is None, (self.folder / "log").read_text()
                yield
            finally:
                running.terminate()
                assert running.wait(120) == 0
        assert eventually(lambda: not mentioning(settings["LUMBAR_DATA"]))

    def is_served(self) -> bool:
        """Whether people reach it over https."""
        try:
            with self.open("/health") as answer:
                return bool(json.load(answer)["status"] in ("ok", "degraded"))
        except OSError:
            return False

    def open(self, path: str) -> "urllib.request._UrlopenRet":
        return urllib.request.urlopen(self.proxy.base + path, context=self.proxy.trust(), timeout=240)


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("clinic")
    web, mail = free_port(), free_port()
    with ExitStack() as undo:
        undo.enter_context(sunk(folder / "mail", mail))
        proxy = undo.enter_context(proxied(folder / "proxy", port=free_port(), upstream=web))
        yield Machine(folder, proxy, web, mail)


def steps() -> list[str]:
    """What is run here, with the moments at which the service starts and stops."""
    left_out = tuple({*OF_ANOTHER_MACHINE, *BY_US} - {"systemctl"})
    return [command for command in blocks() if not command.startswith(left_out)]


def test_the_page_is_followed_to_a_practice_over_https_that_is_backed_up_and_restored(
    machine: Machine,
) -> None:
    commands, key = iter(steps()), machine.folder / "lib" / "backup.key"
    for command in commands:
        if command.startswith("systemctl enable"):
            break
        machine.run(command)
    with machine.service():
        for command in commands:
            if command == "systemctl reload nginx":
                continue
            if command == "systemctl stop lumbar":
                break
            said = machine.run(command)
            if " drill " in command:
                assert "each table as it was" in said
            if "create-owner" in command:
                found = re.search(re.escape(machine.proxy.base) + r"(/staff/set-up/\S+)", said)
                assert found is not None, said
                set_up = found[1]
        with machine.open(set_up) as page:
            assert "password" in page.read().decode()
        with machine.open("/") as page:
            assert "still being set up" in page.read().decode()
        assert "is running on this data folder" in machine.run(
            f"/opt/lumbar/tools/lumbar.sh restore any.backup --key {key}", status=2
        )
        second = "sudo -u lumbar /opt/lumbar/tools/lumbar.sh create-owner late@practice.example Too Late"
        machine.run(second)
    assert key.stat().st_mode & 0o777 == 0o600
    machine.run(next(commands))  # The old folder is put aside.
    restore = next(commands)
    assert " restore " in restore
    assert "rows are back as they were" in machine.run(restore)
    assert next(commands) == "systemctl start lumbar"
    assert list(commands) == []
    with machine.service():
        with machine.open(set_up) as page:
            assert "password" in page.read().decode()
        again = machine.run(second)
        assert "/staff/set-up/" in again, "who came after the backup is not there any more"


def test_every_line_of_the_page_is_followed_or_named() -> None:
    run = {
        "sudo -u lumbar",
        "cp /var/lib/lumbar/data.keys",
        "cat > /etc/lumbar.env",
        "chmod",
        "curl",
        "grep",
        "mv",
    }
    known = tuple(OF_ANOTHER_MACHINE | BY_US | run)
    assert [command for command in blocks() if not command.startswith(known)] == []


def test_the_service_starts_the_product_as_an_account_of_its_own_and_lets_it_stop_in_order() -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # The way its documentation names.
    unit.read(UNIT)
    wanted = unit["Service"]
    assert wanted["User"] == "lumbar"
    assert (wanted["KillMode"], wanted["NoNewPrivileges"]) == ("mixed", "yes")
    assert wanted["ReadWritePaths"] == "/var/lib/lumbar"
    assert unit["Install"]["WantedBy"] == "multi-user.target"
