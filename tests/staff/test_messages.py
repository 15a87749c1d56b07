"""Messages for staff: their state, the mails in the folder, and what stands above every page while delivery is ill."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from clinic.db import db
from clinic.messaging import pulse
from clinic.messaging.mailer import Envelope, MaildirMailer
from clinic.messaging.models import Message
from clinic.messaging.pulse import Part
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

LETTER = (
    "From: Alder Lane <practice@lumbar.example>\r\nTo: ada@client.example\r\nSubject: You are booked\r\n"
    "Date: Mon, 03 Mar 2031 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThursday 6 March, 10:00.\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Thursday 6 March, <script>alert(1)</script>10:00.</p>\r\n--b--\r\n"
)


def written(folder: Path) -> str:
    """A letter in the folder; gives the name of its file."""
    MaildirMailer(folder).send(
        Envelope(
            name=str(uuid4()),
            sender="practice@lumbar.example",
            recipient="ada@client.example",
            content=LETTER.encode(),
        )
    )
    return sorted(file.name for file in (folder / "new").iterdir())[-1]


def owed(scene: Scene, **columns: object) -> Message:
    visit = scene.visit()
    row = Message(
        kind="confirmation",
        subject_id=visit.id,
        recipient_id=scene.ada.contacts[0].id,
        client_id=scene.ada.id,
        occasion="r1",
        owed_at=make.NOW,
        due_at=make.NOW,
        **columns,
    )
    db.session.add(row)
    db.session.commit()
    return row


def test_each_message_says_what_became_of_it(scene: Scene, front_desk: Browser) -> None:
    message = owed(scene)
    page = front_desk.get("/staff/messages")
    assert "Confirmation" in page
    assert "Ada Sample" in page
    assert "Waits" in page
    message.sent_at = make.NOW + timedelta(seconds=3)
    db.session.commit()
    assert "Sent" in front_desk.get("/staff/messages")
    message.sent_at, message.given_up_at = None, make.NOW
    db.session.commit()
    assert "Not delivered" in front_desk.get("/staff/messages")


def test_no_messages_says_what_will_bring_them(front_desk: Browser) -> None:
    assert "No message yet" in front_desk.get("/staff/messages")


def test_without_a_mail_server_a_banner_says_so_and_the_mails_can_be_read(
    scene: Scene, front_desk: Browser, app: object
) -> None:
    name = written(app.config["MAILDIR"])
    assert "reach nobody" in front_desk.get("/staff")
    assert "You are booked" in front_desk.get("/staff/messages/outbox")
    page = front_desk.get(f"/staff/messages/outbox/{name}")
    assert "Thursday 6 March, 10:00." in page
    assert "sandbox" in page
    assert "alert(1)" not in page


def test_a_letter_s_html_can_do_nothing_in_its_frame(front_desk: Browser, app: object) -> None:
    name = written(app.config["MAILDIR"])
    answer = front_desk.look(f"/staff/messages/outbox/{name}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.mimetype == "text/html"


def test_no_file_outside_the_folder_can_be_read(front_desk: Browser) -> None:
    for name in ("..%2f..%2fconfig.py", "nothing.eml", "1.eml"):
        front_desk.get(f"/staff/messages/outbox/{name}", 404)
        front_desk.get(f"/staff/messages/outbox/{name}/html", 404)


def test_a_silent_delivery_is_told_above_every_page_until_it_lives(front_desk: Browser) -> None:
    assert "No message has been looked after" in front_desk.get("/staff/agenda")
    for part in (Part.WORKER, Part.BEAT, Part.PASS):
        pulse.beat(part)
    db.session.commit()
    page = front_desk.get("/staff/agenda")
    assert "No message has been looked after" not in page
    pulse.beat(Part.MAIL, "unreachable")
    pulse.beat(Part.PASS, pulse.STAND_IN)
    db.session.commit()
    page = front_desk.get("/staff/agenda")
    assert "The mail server does not answer." in page
    assert "stand-in" in page
