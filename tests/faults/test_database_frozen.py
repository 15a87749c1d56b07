"""PostgreSQL stops answering without going away: pages say so in time, and all goes on by itself when it answers again."""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.client import HTTPMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from clinic import clock
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import queries
from clinic.practice.models import Treatment
from tests import make
from tests.conftest import Browser
from tests.embedded.processes import state_of
from tests.health import health_of
from tests.patience import eventually, slowness
from tests.ports import free_port
from tests.stage import Stage, staged
from tests.visitor import as_client, as_staff

pytestmark = pytest.mark.faults

PROMISED_SECONDS = 5
BOUND_SECONDS = 8 * PROMISED_SECONDS
"""So long the same may take on a machine that does other things too; who waits without a bound waits for longer."""
THREADS = 4
START_SECONDS = 240


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One product for all: what was frozen goes on, so nothing of it is spent."""
    with staged(tmp_path_factory.mktemp("frozen")) as product:
        product.app.test_client_class = Browser
        yield product


def processes(root: int) -> list[int]:
    """A process and all it has started."""
    found = [root]
    for pid in found:
        with suppress(FileNotFoundError, ProcessLookupError):  # It ended meanwhile.
            for thread in Path(f"/proc/{pid}/task").iterdir():
                found.extend(int(child) for child in (thread / "children").read_text().split())
    return found


@contextmanager
def frozen(stage: Stage) -> Iterator[None]:
    """The server and every backend stand still: connections stay open and nobody answers on them."""
    root = stage.servers.database.process
    assert root is not None
    # The server stands still first: from then on no backend is born, and none that ends is gone before it is signalled.
    stopped = [root.pid]
    os.kill(root.pid, signal.SIGSTOP)
    try:
        assert eventually(lambda: state_of(root.pid) == "T", BOUND_SECONDS)
        stopped = processes(root.pid)
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in reversed(stopped):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def timed(address: str) -> tuple[int, HTTPMessage, float]:
    """Status, headers and seconds of one request."""
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(address, timeout=2 * BOUND_SECONDS * slowness()) as answer:
            return answer.status, answer.headers, time.monotonic() - begun
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, time.monotonic() - begun


def is_served(address: str) -> bool:
    try:
        return timed(address)[0] == 200
    except OSError:
        return False


def test_pages_say_that_the_records_are_away_and_come_back(stage: Stage) -> None:
    make.offering()
    port = free_port()
    stage.start("gunicorn", "clinic.app:web()", f"--bind=127.0.0.1:{port}", f"--threads={THREADS}")
    page = f"http://127.0.0.1:{port}/book"
    assert eventually(lambda: is_served(page), START_SECONDS)
    with ThreadPoolExecutor(THREADS) as visitors:
        assert {status for status, _, _ in visitors.map(timed, [page] * THREADS)} == {200}
        with frozen(stage):
            answers = list(visitors.map(timed, [page] * THREADS))
            again = timed(page)
            health = timed(f"http://127.0.0.1:{port}/health")
    print("seconds until 503:", [round(seconds, 1) for _, _, seconds in [*answers, again, health]])
    for status, headers, seconds in [*answers, again, health]:
        assert (status, headers["Retry-After"]) == (503, "5")
        assert seconds < BOUND_SECONDS * slowness()
    assert eventually(lambda: is_served(page), START_SECONDS)


def test_a_statement_under_way_is_given_up_and_the_others_do_not_wait_as_long(stage: Stage) -> None:
    other = db.engine.connect()
    other.execute(sa.text("SELECT 1"))
    db.session.execute(sa.text("SELECT 1"))
    with frozen(stage):
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            db.session.execute(sa.text("SELECT 1"))
        db.session.rollback()
        with pytest.raises(OperationalError):
            other.execute(sa.text("SELECT 1"))
        assert time.monotonic() - begun < BOUND_SECONDS * slowness()
    other.close()
    assert db.session.scalar(sa.text("SELECT 1")) == 1
    with db.engine.connect() as fresh:
        assert fresh.scalar(sa.text("SELECT 1")) == 1


def test_a_connection_that_ended_while_it_rested_is_replaced_unnoticed(stage: Stage) -> None:
    mine = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    above = sa.create_engine(
        stage.servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with above.connect() as superuser:
        lives = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid").bindparams(pid=mine)
        assert superuser.scalar(lives) == 1
        db.session.remove()
        superuser.execute(sa.select(sa.func.pg_terminate_backend(mine)))
        assert eventually(lambda: superuser.scalar(lives) == 0, START_SECONDS)
    assert db.session.scalar(sa.text("SELECT pg_backend_pid()")) not in (None, mine)


@pytest.mark.parametrize("path", ["/", "/book", "/accessibility", "/nowhere"])
def test_no_page_takes_a_silent_database_for_a_practice_that_is_not_set_up(stage: Stage, path: str) -> None:
    make.offering()
    db.session.remove()
    with frozen(stage):
        answer = stage.app.test_client().get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == (404 if path == "/nowhere" else 503)
    assert "not set up" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("who", ["staff", "client"])
def test_who_is_signed_in_gets_the_same_plain_page(stage: Stage, who: str) -> None:
    make.offering()
    person = make.client()
    if who == "staff":
        browser, path = as_staff(stage.app, make.user()), "/staff"
    else:
        browser, path = as_client(stage.app, person.contacts[0], person), "/my"
    assert browser.get(path).status_code == 200
    db.session.remove()
    with frozen(stage):
        answer = browser.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_the_worker_gives_up_its_statements_and_goes_on(stage: Stage) -> None:
    massage = make.offering()
    worker = stage.start("celery", "-A", "worker:celery", "worker", BACKGROUND_TIMEOUT_MS="1000")
    log = stage.settings.lumbar_data.parent / f"program-{len(stage.programs) - 1}.log"
    assert eventually(lambda: health_of(stage.app)["worker"] == "ok", 60)
    with frozen(stage):
        assert eventually(lambda: "the watch cannot reach the database" in log.read_text(), START_SECONDS)
    booked_now(massage)
    assert eventually(lambda: bool(queries.outbox(stage.app.config["MAILDIR"])), START_SECONDS)
    assert worker.poll() is None


def booked_now(massage: Treatment) -> Appointment:
    now = clock.now()
    starts_at = now.replace(minute=0, second=0, microsecond=0, hour=10) + timedelta(days=5)
    row: Appointment = make.appointment(
        of=massage,
        who=make.client(),
        starts_at=starts_at,
        booked_at=now,
        time_agreed_at=now,
        created_at=now,
        changed_at=now,
    )
    return row
