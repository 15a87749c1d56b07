"""The product as it runs in life, for whole stories: gunicorn, a worker and its timetable on servers of their own."""

import http.client
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flask_security import hash_password

from clinic.accounts.models import Role
from clinic.messaging import queries
from clinic.messaging.queries import Mail
from config import Environment
from secret_keys import Keys
from tests import make
from tests.mail_sink import sunk
from tests.patience import eventually
from tests.ports import free_port
from tests.proxy import NAME, Proxy, proxied
from tests.stage import Stage, staged

START_SECONDS, MAIL_SECONDS = 240, 180
"""So long a quiet machine may take at most; nothing waits longer than it must."""
THERAPIST = "thea@alderlane.example"
PASSWORD = "velvet thumb ocean 9"


class Live:
    """A running product, its clock, and the mails that left it."""

    web, worker = "clinic.app:web()", "worker:celery"

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.base = stage.settings.base_url
        self.outbox = stage.app.config["MAILDIR"]

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
            "--preload", "--no-control-socket", self.web,
        )  # fmt: skip
        assert eventually(self.answers, START_SECONDS)

    def start_worker(self) -> None:
        """A Celery worker and beat."""
        beat = str(self.stage.settings.lumbar_data / "beat")
        self.stage.start("celery", "-A", self.worker, "worker")
        self.stage.start("celery", "-A", self.worker, "beat", "--schedule", beat)

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
        """What lies in the maildir, or what the mail server took, oldest first, with this text in the subject."""
        return [mail for mail in reversed(queries.outbox(self.outbox)) if subject in mail.subject]

    def wait_for_mails(self, subject: str, count: int) -> None:
        """Wait until so many mails have this text in their subject; more than that is a fault."""
        assert eventually(lambda: len(self.mails(subject)) >= count, MAIL_SECONDS), [
            mail.subject for mail in self.mails()
        ]
        assert len(self.mails(subject)) == count


class Secure(Live):
    """The product as it runs for a real practice: behind a proxy that speaks https, with a mail server."""

    web, worker = "tests.on_test_clock:web()", "tests.on_test_clock:celery"

    def __init__(self, stage: Stage, sink: Path, proxy: Proxy) -> None:
        super().__init__(stage)
        self.outbox = sink
        self.proxy = proxy


@contextmanager
def live(folder: Path, moment: datetime) -> Iterator[Live]:
    """A demo product at a moment, with one therapist who may sign in; web and worker are started by the story."""
    with staged(folder, Environment.DEMO, port=free_port()) as stage:
        product = Live(stage)
        product.set_clock(moment)
        furnish()
        yield product


@contextmanager
def secure(
    folder: Path, moment: datetime, *, with_demo: bool = False, **of_the_site: str
) -> Iterator[Secure]:
    """The product with production settings at a moment: https at a proxy, its mails in a mail server's folder.

    It is empty, or has the people and visits of the demo. `of_the_site` are directives of the proxy's documented site that a
    test needs otherwise.
    """
    outside, mail = free_port(), free_port()
    with ExitStack() as undo:
        sink = undo.enter_context(sunk(folder / "sink", mail))
        stage = undo.enter_context(
            staged(
                folder,
                Environment.PRODUCTION,
                demo_at=moment if with_demo else None,
                port=free_port(),
                public_url=f"https://{NAME}:{outside}",
                lumbar_keys=Keys.fresh().dumped(),
                smtp_url=f"smtp://127.0.0.1:{mail}",
                mail_from="Alder Lane <desk@alderlane.clinic>",
                trusted_proxies=1,
            )
        )
        inside = stage.settings.port
        proxy = undo.enter_context(proxied(folder / "proxy", port=outside, upstream=inside, **of_the_site))
        product = Secure(stage, sink, proxy)
        product.set_clock(moment)
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


def links_in(mail: Mail) -> list[str]:
    """The addresses in a mail's text part."""
    return re.findall(r"https?://\S+", mail.text)
