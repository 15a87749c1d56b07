"""Mail: the hand-over, the look for what is due as the past grows, reminders beside idle tasks, and from a booking to its mail."""

import os
import smtplib
import tempfile
import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import sqlalchemy as sa
from celery import Celery

from bench.goals import Goal, tell
from bench.timing import Cost, interleaved, show
from clinic import clock
from clinic.accounts import audit
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.messaging import delivery, due, services
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.letters import composing
from clinic.messaging.letters.composing import Letter
from clinic.messaging.mailer import Envelope, SmtpMailer, Unreachable
from clinic.messaging.models import Message, MessageKind
from tests import make
from tests.faults.reminders import Post, all_are_sent, left_open, many_due, sent
from tests.patience import eventually
from tests.stage import Stage, staged

BATCH = 40
PAST = (10_000, 1_000_000)
DUE = 300
IDLE_TASKS = 2000
BOOKINGS = 20
START_SECONDS = 60
BACKLOG, BACKLOG_SECONDS = 5000, 60

FILL = """
    INSERT INTO messages (id, kind, channel, subject_id, recipient_id, occasion, owed_at, due_at, sent_at, attempts, fence)
    SELECT gen_random_uuid(), CASE WHEN n % 3 = 0 THEN 'confirmation' ELSE 'reminder' END, 'mail', gen_random_uuid(),
           gen_random_uuid(), CASE WHEN n % 3 = 0 THEN 'r1' ELSE 'r1/2880' END, at, at, at, 1, 1
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n, LATERAL (SELECT CAST(:now AS timestamptz) - n * interval '1 minute' AS at) AS past
"""


def run() -> None:
    """Print every figure beside its floor, both measured in this run."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        post = Post(stage)
        post.open()
        assert eventually(lambda: _answers(post), START_SECONDS)
        many_due(DUE)
        delivery.find(clock.now())
        _hand_over(post, _a_letter().envelope())
        _reminders(stage, post)
        _due_scan(stage)
        _from_booking_to_mail(stage, post)
    _backlog()


def _answers(post: Post) -> bool:
    try:
        SmtpMailer(post.url).probe()
    except Unreachable:
        return False
    return True


def _a_letter() -> Letter:
    with transaction():
        held = services.claim(clock.now())
        assert held is not None
        letter = composing.compose(held, clock.now())
        services.put_back(held)
    assert isinstance(letter, Letter)
    return letter


def _hand_over(post: Post, mail: Envelope) -> None:
    kept = SmtpMailer(post.url)
    plain = smtplib.SMTP("127.0.0.1", post.port)
    parsed = BytesParser(policy=SMTP).parsebytes(mail.content)

    def reused() -> None:
        for _ in range(BATCH):
            kept.send(mail)

    def a_connection_each() -> None:
        for _ in range(BATCH):
            fresh = SmtpMailer(post.url)
            fresh.send(mail)
            fresh.close()

    def built_each_time() -> None:
        for _ in range(BATCH):
            plain.send_message(_built(parsed), mail.sender, [mail.recipient])

    costs = interleaved(
        {
            "as the product hands over": reused,
            "a connection a mail": a_connection_each,
            "EmailMessage and send_message": built_each_time,
        },
        15,
        1,
    )
    kept.close()
    plain.quit()
    show(
        f"Handing over {BATCH} mails of {len(mail.content) / 1000:.1f} kB", costs, "as the product hands over"
    )


def _built(parsed: object) -> EmailMessage:
    """The same mail put together part by part, as the standard library offers it."""
    assert isinstance(parsed, EmailMessage)
    built = EmailMessage(policy=SMTP)
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        built[name] = str(parsed[name])
    texts = {part.get_content_type(): part for part in parsed.walk() if part.get_content_maintype() == "text"}
    built.set_content(texts["text/plain"].get_content())
    built.add_alternative(texts["text/html"].get_content(), subtype="html")
    return built


def _reminders(stage: Stage, post: Post) -> None:
    """How many reminders a second one sender brings to the mail server, beside how many tasks that do nothing a worker runs."""
    idle = _idle_tasks_a_second(stage)
    mailer = SmtpMailer(post.url)
    began, before = time.monotonic(), sent()
    delivery.run_pass(clock.now(), DUE, mailer)
    whole = (sent() - before) / (time.monotonic() - began)
    mailer.close()
    letters = _each_part()
    kept = _rows_a_second()
    print("\nReminders beside tasks that do nothing, one process each")
    for name, rate in (
        ("tasks that do nothing", idle),
        ("claimed and settled", kept),
        ("written from the facts of the moment", letters[0]),
        ("made into a mail (MIME)", letters[1]),
        ("claimed, written, handed over, settled", whole),
    ):
        print(f"  {name:44} {rate:8.0f} a second   {rate / idle:.2f} x")
    share = whole / idle
    tell(Goal("P18: reminders, of the tasks that do nothing", f"{share:.0%}", "at least 50 %", share >= 0.5))


def _each_part() -> tuple[float, float]:
    """How many letters a second are written, and how many are made into mails."""
    with transaction():
        went = sa.update(Message).where(Message.kind == MessageKind.REMINDER, Message.sent_at.is_not(None))
        db.session.execute(went.values(sent_at=None, fence=0))
    with transaction():
        held = services.claim(clock.now())
    assert held is not None
    letters = []
    began = time.monotonic()
    for _ in range(DUE):
        with transaction():
            letters.append(composing.compose(held, clock.now()))
    written = DUE / (time.monotonic() - began)
    began = time.monotonic()
    for letter in letters:
        assert isinstance(letter, Letter)
        letter.envelope()
    made = DUE / (time.monotonic() - began)
    with transaction():
        services.settle(held, clock.now())
    return written, made


def _backlog() -> None:
    """So many due at once, and as many senders as there are cores."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        post = Post(stage)
        post.open()
        assert eventually(lambda: _answers(post), START_SECONDS)
        many_due(BACKLOG)
        began = time.monotonic()
        stage.start("tests.faults.sender", post.url, *["0"] * len(os.sched_getaffinity(0)))
        assert all_are_sent(BACKLOG, 20 * BACKLOG_SECONDS)
        seconds = time.monotonic() - began
    print(f"\n{BACKLOG:,} reminders due at once were sent in {seconds:.0f} s, the senders' start included")
    tell(
        Goal(
            f"{BACKLOG:,} due are sent", f"{seconds:.0f} s", f"{BACKLOG_SECONDS} s", seconds < BACKLOG_SECONDS
        )
    )


def _rows_a_second() -> float:
    """The bookkeeping alone: a claim and a settlement of each message, each in its own transaction."""
    with transaction():
        went = sa.update(Message).where(Message.kind == MessageKind.REMINDER, Message.sent_at.is_not(None))
        db.session.execute(went.values(sent_at=None, fence=0))
    began = time.monotonic()
    for _ in range(DUE):
        with transaction():
            held = services.claim(clock.now())
        assert held is not None
        with transaction():
            services.settle(held, clock.now())
    return DUE / (time.monotonic() - began)


def _idle_tasks_a_second(stage: Stage) -> float:
    done = stage.settings.lumbar_data / "no-op-done"
    app = Celery("no_op", broker=stage.settings.redis_url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "no-op:"}
    worker = stage.start(
        "celery", "-A", "bench.no_op:celery", "worker", "--concurrency", "1", "--without-mingle"
    )
    app.send_task("nothing", (1, 1))
    assert eventually(done.exists, START_SECONDS)
    done.unlink()
    began = time.monotonic()
    with app.connection_for_write() as connection, connection.SimpleQueue("unused"):
        for number in range(1, IDLE_TASKS + 1):
            app.send_task("nothing", (number, IDLE_TASKS))
    assert eventually(done.exists, START_SECONDS)
    seconds = time.monotonic() - began
    worker.terminate()
    worker.wait()
    app.close()
    return IDLE_TASKS / seconds


def _due_scan(stage: Stage) -> None:
    """The look for what is owed and the claim, with more and more messages of the past."""
    owner = sa.create_engine(stage.servers.urls.owner, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    costs: dict[str, Cost] = {}
    there = 0
    for past in PAST:
        with owner.connect() as connection:
            connection.execute(sa.text(FILL), {"first": there + 1, "last": past, "now": clock.now()})
            connection.execute(sa.text("VACUUM ANALYZE messages"))
        there = past
        found = interleaved({"often": _look, "thorough": lambda: _look(thorough=True), "claim": _claim}, 40)
        costs.update({f"{name}, {past:,} past messages": cost for name, cost in found.items()})
    show("The look for what is due", costs, f"often, {PAST[0]:,} past messages")
    for name in ("often", "thorough", "claim"):
        few, many = (costs[f"{name}, {past:,} past messages"] for past in PAST)
        print(f"  {name}: a million costs {many.over(few)} of ten thousand")


def _look(*, thorough: bool = False) -> None:
    with transaction():
        rules = due.rules(clock.now(), thorough=thorough)
        assert rules is not None
        for question in QUESTIONS:
            due.find(question, rules, clock.now())


def _claim() -> None:
    with transaction():
        services.claim(clock.now())
        db.session.rollback()


def _from_booking_to_mail(stage: Stage, post: Post) -> None:
    """From a booking's commit to the mail server's yes, with worker, its watch and timetable as in life."""
    beat = ("beat", "--schedule", str(stage.settings.lumbar_data / "beat"))
    for words in (("worker",), beat):
        stage.start("celery", "-A", "worker:celery", *words, SMTP_URL=post.url)
    assert eventually(lambda: not left_open(), START_SECONDS)
    sold = make.offering()
    pause = threading.Event()
    seconds = []
    for number in range(BOOKINGS + 1):
        before = post.count()
        now = clock.now()
        audit.record(audit.VISITOR, "book", subject_type=Appointment.__tablename__, now=now)
        make.appointment(
            of=sold,
            who=make.client(mail=f"b{number}@client.example"),
            starts_at=now + timedelta(days=5, hours=2 * number),
            booked_at=now,
            time_agreed_at=now,
            created_at=now,
            changed_at=now,
        )
        began = time.monotonic()
        assert eventually(lambda before=before: post.count() > before, START_SECONDS)
        seconds.append(time.monotonic() - began)
        pause.wait(0.37)  # Not in step with the timetable.
    stage.stop_all()
    waits = sorted(seconds[1:])
    print("\nFrom a booking to its mail, worker and timetable as in life")
    print(
        f"  p50 {waits[len(waits) // 2]:.2f} s   p95 {waits[int(len(waits) * 0.95)]:.2f} s   n {len(waits)}"
    )
