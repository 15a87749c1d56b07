"""A practice is upgraded while it works: the code of the version before and this one, side by side on one database.

Run alone: `LUMBAR_LONG=1 python -m pytest -m long tests/faults/test_rolling_upgrade.py`. It took 76 s of processor time and 187 s on the clock of a
busy machine with two cores (2026-12-01), most of it the start of nine programs and the making of the demo, and so stays out of the ordinary suite.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import psycopg
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from clinic.demo import PASSWORD
from clinic.embedded.servers import Urls, scratch_servers
from secret_keys import Keys
from tests.faults.previous_code import ROOT, previous_revision, unpack
from tests.patience import eventually
from tests.ports import free_port
from tests.visitor import Visitor

pytestmark = [pytest.mark.long, pytest.mark.faults]

START_SECONDS, LETTER_SECONDS = 240, 180
TREATMENT = "swedish-45"
STAFF_PAGES = (
    "/staff",
    "/staff/calendar",
    "/staff/clients",
    "/staff/tasks",
    "/staff/messages",
    "/staff/settings/data",
)
OWNER = "ines@alderlane.example"
TIME_BUTTON = re.compile(r"\d\d:\d\d .+")


@dataclass
class Version:
    """One version of the code on the practice's servers; whatever it started ends with the test."""

    code: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *words: str) -> str:
        """A command, which must do what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "clinic", *words],
            cwd=self.code, env=self._environment(), capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *words: str) -> None:
        """A program that goes on."""
        with self.log(name).open("wb") as log:
            self.programs[name] = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=self.code, env=self._environment(), stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    def start_web(self) -> None:
        """The pages; returns once they answer."""
        self.start(
            "web", "gunicorn", "clinic.app:web()", f"--bind=127.0.0.1:{self.port}", "--worker-class=gthread",
            "--workers=2", "--threads=4", "--preload", "--no-control-socket",
        )  # fmt: skip
        assert eventually(lambda: self.call("GET", "/health")[0] == 200, START_SECONDS), self.log(
            "web"
        ).read_text()

    def start_worker(self) -> None:
        """What sends letters and sweeps, and its timetable."""
        self.start(
            "worker",
            "celery",
            "--quiet",
            "-A",
            "worker:celery",
            "worker",
            "--concurrency=1",
            "--loglevel=WARNING",
        )
        schedule = self.log("beat").with_suffix(".schedule")
        self.start("beat", "celery", "--quiet", "-A", "worker:celery", "beat", f"--schedule={schedule}")

    def stop(self, *names: str) -> None:
        """Ask these programs to end, and wait."""
        for name in names:
            self.programs[name].terminate()
        for name in names:
            self.programs.pop(name).wait(60)

    def call(
        self, method: str, path: str, content: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Ask the interface; status 0 if nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            body = json.dumps(content) if content is not None else None
            line.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = line.getresponse()
            text = answer.read()
        except OSError:
            return 0, None
        finally:
            line.close()
        return answer.status, json.loads(text) if "json" in (answer.getheader("Content-Type") or "") else None

    def visitor(self) -> Visitor:
        """Somebody with a browser of their own."""
        return Visitor(Client(self._passed_on, Response))  # type: ignore[arg-type]

    def _passed_on(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """As a WSGI application: asks the running web, and gives its answer back as it came."""
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        line.request(environ["REQUEST_METHOD"], environ["REQUEST_URI"], body or None, headers)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        carried = [
            each for each in answer.getheaders() if each[0].lower() not in ("connection", "transfer-encoding")
        ]
        start_response(f"{answer.status} {answer.reason}", carried)
        return [content]

    def log(self, name: str) -> Path:
        """What a program wrote."""
        return Path(self.environment["LUMBAR_DATA"]).parent / f"{self.code.name}-{name}.log"

    def _environment(self) -> dict[str, str]:
        return {**self.environment, "PORT": str(self.port), "PUBLIC_URL": f"http://localhost:{self.port}"}


@dataclass
class Practice:
    """Both versions, and what lies between them."""

    before: Version
    now: Version
    servers: Urls

    def revision(self) -> str:
        with psycopg.connect(self.servers.superuser.replace("+psycopg", "")) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row is not None
        return str(row[0])

    def letters(self) -> dict[str, list[str]]:
        """The subjects of all letters, by whom they went to."""
        folder = Path(self.before.environment["LUMBAR_DATA"]) / "mail" / "new"
        found: dict[str, list[str]] = {}
        for file in folder.glob("*.eml"):
            letter = message_from_bytes(file.read_bytes(), policy=policy.default)
            found.setdefault(str(letter["To"]), []).append(str(letter["Subject"]))
        return found


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """The demo practice as the version before made it; nothing of this version has run yet."""
    code = unpack(previous_revision(), tmp_path / "before")
    with scratch_servers() as servers:
        environment = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "demo",
            "LUMBAR_DATA": str(tmp_path / "var"),
            "LUMBAR_KEYS": Keys.fresh().dumped(),
            "DATABASE_URL": servers.urls.app,
            "DATABASE_OWNER_URL": servers.urls.owner,
            "DATABASE_SEAL_URL": servers.urls.sealer,
            "REDIS_URL": servers.urls.broker,
            "TRUSTED_PROXIES": "1",
        }
        (tmp_path / "var").mkdir()
        both = Practice(Version(code, environment), Version(ROOT, environment), servers.urls)
        both.before.run("migrate")
        both.before.run("load-demo")
        with psycopg.connect(servers.urls.superuser.replace("+psycopg", "")) as connection:
            # The health questions have tests of their own; here they would only make each booking long.
            connection.execute("UPDATE treatments SET intake = 'none'")
        try:
            yield both
        finally:
            for version in (both.before, both.now):
                version.stop(*version.programs)


class Booker:
    """Books by the interface, one visit after the other, until told to stop."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.answers: Counter[int] = Counter()
        self.booked: list[str] = []
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self._book)

    def __enter__(self) -> "Booker":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.thread.join()

    def _book(self) -> None:
        number = 0
        while not self.enough.wait(1.0):
            number += 1
            mail = f"booker-{self.version.code.name}-{number}@client.example"
            network = f"10.{len(self.version.code.name)}.{number >> 8}.{number & 255}"
            booked = booked_by_interface(self.version, mail, network, self.answers)
            if booked is not None:
                self.booked.append(mail)


def booked_by_interface(version: Version, mail: str, network: str, answers: Counter[int]) -> str | None:
    """The reference of a visit that was booked from this address of the network; None if somebody else was quicker."""

    def call(method: str, path: str, content: dict[str, Any] | None = None, **headers: str) -> Any:
        status, answer = version.call(
            method, f"/api/v1{path}", content, **{"X-Forwarded-For": network, **headers}
        )
        answers[status] += 1
        return answer

    first = datetime.now(UTC).date() + timedelta(days=2)
    found = call("GET", f"/availability?treatment={TREATMENT}&from={first}&to={first + timedelta(days=20)}")
    days = next(place["days"] for place in found["locations"] if place["days"])
    day, times = max(days.items())
    kept = call("POST", "/holds", {"treatment": TREATMENT, "start": f"{day}T{times[-1]}"})
    if "hold" not in kept:
        return None
    person = {"given_name": "Bo", "family_name": "Oker", "mail": mail, "agreed_to_policy": True}
    booked = call("POST", "/appointments", {"hold": kept["hold"], **person}, **{"Idempotency-Key": mail})
    return str(booked["reference"]) if "reference" in booked else None


def booked_on_pages(version: Version, mail: str) -> Visitor:
    """Somebody who has booked on the pages, and looks at their visit."""
    visitor = version.visitor()
    day = datetime.now(UTC).date() + timedelta(days=7)
    while not (found := times_of(visitor.open(f"/book/{TREATMENT}?day={day}&times=all"))):
        day += timedelta(days=1)
    visitor.press(found[0])
    assert visitor.heading == "Your details", visitor.text
    visitor.press("Book this session", given_name="Pat", family_name="Ages", mail=mail, agree="y")
    assert visitor.heading == "You are booked, Pat", visitor.text
    return visitor


def times_of(visitor: Visitor) -> list[str]:
    """The buttons with a time on the page that is open."""
    return [each.text for each in visitor.page.all("button") if TIME_BUTTON.fullmatch(each.text)]


def signed_in_staff(version: Version) -> Visitor:
    """An owner at work."""
    visitor = version.visitor().open("/staff")
    visitor.press("Continue", email=OWNER, password=PASSWORD)
    assert visitor.path == "/staff", visitor.text
    return visitor


def test_old_and_new_code_work_side_by_side_while_people_book(practice: Practice) -> None:
    """Booking goes on through the migration; what one version booked, the other shows, changes and writes letters about."""
    before, now = practice.before, practice.now
    before.start_web()
    before.start_worker()
    first = booked_on_pages(before, "first@client.example")
    owner_before = signed_in_staff(before)
    revision = practice.revision()

    with Booker(before) as booker:
        assert eventually(lambda: len(booker.booked) >= 2, START_SECONDS), booker.answers
        now.run("migrate")
        so_far = len(booker.booked)
        assert practice.revision() != revision, (
            "the version before has no older schema: choose an earlier one"
        )
        assert eventually(lambda: len(booker.booked) >= so_far + 3, START_SECONDS), booker.answers
        now.start_web()
        now.start(
            "worker",
            "celery",
            "--quiet",
            "-A",
            "worker:celery",
            "worker",
            "--concurrency=1",
            "--loglevel=WARNING",
        )
        with Booker(now) as beside:
            assert eventually(lambda: len(beside.booked) >= 3, START_SECONDS), beside.answers
            second = booked_on_pages(before, "second@client.example")
            third = booked_on_pages(now, "third@client.example")
    assert set(booker.answers) | set(beside.answers) <= {200, 201, 409}, (booker.answers, beside.answers)

    for booked, other in ((first, now), (second, now), (third, before)):
        elsewhere = other.visitor().open(booked.path)
        assert elsewhere.status == 200
        assert "Pat" in elsewhere.text
        cancelled = elsewhere.open(f"{booked.path.removesuffix('/done')}/cancel").press("Cancel appointment")
        assert cancelled.status == 200
        assert "cancelled" in cancelled.text
    for staff in (owner_before, signed_in_staff(now)):
        for path in STAFF_PAGES:
            assert staff.open(path).status == 200, path

    now.start(
        "beat",
        "celery",
        "--quiet",
        "-A",
        "worker:celery",
        "beat",
        f"--schedule={now.log('beat').with_suffix('.schedule')}",
    )
    before.stop("beat", "worker", "web")
    booked_on_pages(now, "last@client.example")
    kept = {*booker.booked, *beside.booked, "last@client.example"}
    assert eventually(lambda: kept <= practice.letters().keys(), LETTER_SECONDS)
    letters = practice.letters()
    assert [mail for mail in kept if len(letters[mail]) != 1 or "Booked" not in letters[mail][0]] == []
    for name in (
        "first",
        "second",
        "third",
    ):  # Cancelled since; whoever cancels quickly is not told of the booking.
        subjects = letters.get(f"{name}@client.example", [])
        assert len(subjects) == len(set(subjects)), subjects
    for version in (before, now):
        assert '"level": "error"' not in version.log("web").read_text()
    print(
        f"{len(booker.booked)} visits booked by the code before, {len(beside.booked)} beside it by this one; none was refused for a fault"
    )
