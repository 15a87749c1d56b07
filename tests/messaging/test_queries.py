"""What staff see of messages."""

from datetime import datetime, timedelta
from pathlib import Path

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import delivery, queries
from clinic.messaging.mailer import MaildirMailer, Refused, TryLater
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.queries import MessageFilter, Stage
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox


def test_the_list_names_kind_client_and_stage_newest_first(
    make: Make, visit: Appointment, massage: Treatment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    postbox.faults.extend([TryLater("not_now"), Refused("refused")])
    for hour in (2, 4):
        make.appointment(
            of=massage,
            who=make.client(given_name="Ben"),
            starts_at=visit.starts_at + timedelta(hours=hour),
            changed_at=now + timedelta(seconds=hour),
        )
    delivery.run_pass(now + timedelta(seconds=5), 10, postbox)
    lines = queries.page(now).lines
    assert {(line.kind, line.client_name, line.stage, line.why) for line in lines} == {
        (MessageKind.CONFIRMATION, "Ada Sample", Stage.SENT, ""),
        (MessageKind.CONFIRMATION, "Ben Sample", Stage.RETRYING, "not_now"),
        (MessageKind.CONFIRMATION, "Ben Sample", Stage.GIVEN_UP, "refused"),
    }
    of_ada = queries.page(now, MessageFilter(client_id=visit.client_id)).lines
    assert [line.client_name for line in of_ada] == ["Ada Sample"]


def test_each_stage_is_told_apart(make: Make, now: datetime) -> None:
    make.practice()
    ada: Client = make.client()
    stages = {
        Stage.WAITING: {},
        Stage.SENDING: {"attempts": 1, "lease_until": now + timedelta(seconds=30)},
        Stage.RETRYING: {"attempts": 1, "lease_until": now - timedelta(seconds=30)},
        Stage.SENT: {"sent_at": now},
        Stage.DROPPED: {"dropped_at": now},
        Stage.UNWANTED: {"sent_at": now, "why": "complaint"},
        Stage.GIVEN_UP: {"given_up_at": now},
        Stage.CAME_BACK: {"given_up_at": now, "why": "bounced"},
    }
    for stage, columns in stages.items():
        db.session.add(
            Message(
                kind=MessageKind.SIGN_IN,
                subject_id=ada.id,
                recipient_id=ada.id,
                occasion=stage.value,
                owed_at=now,
                due_at=now,
                **columns,
            )
        )
    db.session.commit()
    assert {line.stage for line in queries.page(now).lines} == set(stages)


def test_mails_in_the_folder_are_listed_and_read(visit: Appointment, tmp_path: Path, now: datetime) -> None:
    assert queries.outbox(tmp_path) == []
    delivery.run_pass(now, 10, MaildirMailer(tmp_path))
    (mail,) = queries.outbox(tmp_path)
    assert (mail.to, mail.written_at) == ("ada@client.example", now)
    assert "You are booked, Ada" in mail.text
    assert "<h1" in mail.html
    assert mail.calendar.startswith("BEGIN:VCALENDAR")
    assert queries.mail(tmp_path, mail.name) == mail


def test_no_name_opens_a_file_outside_the_folder(visit: Appointment, tmp_path: Path, now: datetime) -> None:
    delivery.run_pass(now, 10, MaildirMailer(tmp_path))
    (mail,) = queries.outbox(tmp_path)
    for name in ("../" + mail.name, "/etc/passwd", "..", "", mail.name + "x", f"../new/{mail.name}"):
        assert queries.mail(tmp_path, name) is None
