"""The product as it runs in life, for whole stories: gunicorn, a worker and its timetable on servers of their own."""

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flask_security import hash_password

from clinic.accounts.models import Role
from clinic.messaging import queries
from clinic.messaging.queries import Mail
from config import Environment
from tests import make
from tests.stage import Stage, eventually, staged

START_SECONDS = 90
MAIL_SECONDS = 45
THERAPIST = "thea@alderlane.example"
PASSWORD = "velvet thumb ocean 9"


class Live:
    """A running product, its clock, and the mails that left it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.base = f"http://localhost:{stage.settings.port}"

    def set_clock(self, moment: datetime) -> None:
        """Move every process to a moment; the clock runs on from there."""
        offset = (moment - datetime.now(UTC)).total_seconds()
        draft = self.stage.clock.with_suffix(".new")
        draft.write_text(str(offset))
        draft.rename(self.stage.clock)

    def start_web(self) -> None:
        """gunicorn as `make run` starts it; returns once it answers."""
        bind = f"127.0.0.1:{self.stage.settings.port}"
        self.stage.start(
            "gunicorn", "--bind", bind, "--worker-class", "gthread", "--workers", "2", "--threads", "4",
            "clinic.app:create_app()",
        )  # fmt: skip
        assert eventually(self.answers, START_SECONDS)

    def start_worker(self) -> None:
        """A Celery worker and beat."""
        beat = str(self.stage.settings.lumbar_data / "beat")
        self.stage.start("celery", "-A", "worker:celery", "worker")
        self.stage.start("celery", "-A", "worker:celery", "beat", "--schedule", beat)

    def answers(self) -> bool:
        """Whether the web answers `/health`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.settings.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def mails(self, subject: str = "") -> list[Mail]:
        """What lies in the maildir, oldest first, with this text in the subject."""
        folder: Path = self.stage.app.config["MAILDIR"]
        return [mail for mail in reversed(queries.outbox(folder)) if subject in mail.subject]

    def wait_for_mails(self, subject: str, count: int) -> None:
        """Wait until so many mails have this text in their subject; more than that is a fault."""
        assert eventually(lambda: len(self.mails(subject)) >= count, MAIL_SECONDS), [
            mail.subject for mail in self.mails()
        ]
        assert len(self.mails(subject)) == count


@contextmanager
def live(folder: Path, moment: datetime) -> Iterator[Live]:
    """A demo product at a moment, with one therapist who may sign in; web and worker are started by the story."""
    with staged(folder, Environment.DEMO, port=free_port()) as stage:
        product = Live(stage)
        product.set_clock(moment)
        furnish()
        yield product


def furnish() -> None:
    """A practice with one therapist, one room, and one treatment that starts with the health questions."""
    make.practice(notice_minutes=60, is_demo=True)
    house = make.location()
    user = make.user(roles=[Role.THERAPIST], email=THERAPIST, password=hash_password(PASSWORD), is_demo=True)
    person = make.therapist(house, weekdays=range(6), user_id=user.id)
    make.treatment(
        therapists=[person],
        rooms=[make.room(house)],
        name="Swedish massage",
        slug="swedish",
        intake="before_booking",
        buffer_after_minutes=15,
    )


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def links_in(mail: Mail) -> list[str]:
    """The addresses in a mail's text part."""
    return re.findall(r"https?://\S+", mail.text)
