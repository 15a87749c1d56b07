"""Messages for staff: their state, the mails in the folder, and what stands above every page while delivery is ill."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import User
from clinic.db import db, new_id
from clinic.messaging import heartbeat
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.mailer import Envelope, MaildirMailer
from clinic.messaging.models import Heartbeat, Message, Sending
from tests import make
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

LETTER = (
    "From: Alder Lane <practice@lumbar.example>\r\nTo: ada@client.example\r\nSubject: You are booked\r\n"
    "Date: Mon, 03 Mar 2031 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThursday 6 March, 10:00.\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Thursday 6 March, <script>alert(1)</script>10:00.</p>\r\n--b--\r\n"
)


@pytest.fixture
def owner(make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    """The owner, who is no therapist."""
    return sign_in(make.user(roles=["owner"], given_name="Olga"))


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
    scene: Scene, front_desk: Browser, app: Flask
) -> None:
    name = written(app.config["MAILDIR"])
    assert "reach nobody" in front_desk.get("/staff")
    assert "You are booked" in front_desk.get("/staff/messages/outbox")
    page = front_desk.get(f"/staff/messages/outbox/{name}")
    assert "Thursday 6 March, 10:00." in page
    assert "sandbox" in page
    assert "alert(1)" not in page


def test_a_letter_s_html_can_do_nothing_in_its_frame(front_desk: Browser, app: Flask) -> None:
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
    for part in (DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS):
        heartbeat.beat(part)
    db.session.commit()
    page = front_desk.get("/staff/agenda")
    assert "No message has been looked after" not in page
    heartbeat.beat(DeliveryPart.MAIL, "unreachable")
    heartbeat.beat(DeliveryPart.PASS, heartbeat.FALLBACK)
    db.session.commit()
    page = front_desk.get("/staff/agenda")
    assert "The mail server does not answer." in page
    assert "stand-in" in page


def beats() -> None:
    for part in (DeliveryPart.WORKER, DeliveryPart.BEAT, DeliveryPart.PASS):
        heartbeat.beat(part)
    db.session.commit()


def test_a_delivery_silent_for_two_minutes_is_told_in_red(front_desk: Browser) -> None:
    beats()
    for seconds, kind in ((60, "banner--caution"), (130, "banner--urgent")):
        older = sa.func.clock_timestamp() - timedelta(seconds=seconds)
        db.session.execute(sa.update(Heartbeat).values(at=older))
        db.session.commit()
        page = front_desk.get("/staff/agenda")
        assert "No message has been looked after" in page
        assert kind in page


def test_the_list_is_filtered_by_what_became_of_messages(scene: Scene, front_desk: Browser) -> None:
    owed(scene, sent_at=make.NOW)
    assert "Confirmation" in front_desk.get("/staff/messages?shown=sent")
    for shown in ("owed", "failed", "dropped"):
        assert "No such message" in front_desk.get(f"/staff/messages?shown={shown}")
    assert "Confirmation" in front_desk.get("/staff/messages?shown=nonsense&before=nonsense&client=x")


def test_the_list_is_searched_by_name_without_accents_and_case(scene: Scene, front_desk: Browser) -> None:
    owed(scene, sent_at=make.NOW)
    assert "Confirmation" in front_desk.get("/staff/messages?name=ÁDA+sam")
    assert "No such message" in front_desk.get("/staff/messages?name=%25")
    assert "No such message" in front_desk.get("/staff/messages?name=Bob")


def test_many_messages_are_read_page_by_page_there_and_back(scene: Scene, front_desk: Browser) -> None:
    first = owed(scene, sent_at=make.NOW)
    rows = [
        {
            "id": new_id(),
            "kind": "reminder",
            "channel": "mail",
            "subject_id": first.subject_id,
            "recipient_id": first.recipient_id,
            "client_id": first.client_id,
            "occasion": f"r1/{number}",
            "owed_at": make.NOW,
            "due_at": make.NOW,
            "sent_at": make.NOW,
            "attempts": 1,
            "fence": 1,
        }
        for number in range(120)
    ]
    db.session.execute(sa.insert(Message), rows)
    db.session.commit()
    address, seen = "/staff/messages", []
    while address:
        page = front_desk.get(address)
        seen.append(page.count('scope="row"'))
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(found[1]) if found else ""
    assert seen == [50, 50, 21]
    back = re.search(r'href="([^"]+)" rel="prev"', page)
    assert back is not None
    assert front_desk.get(html.unescape(back[1])).count('scope="row"') == 50


def test_the_messages_of_one_client_and_of_one_visit_are_listed_alone(
    scene: Scene, front_desk: Browser
) -> None:
    message = owed(scene)
    for query in (f"client={scene.ada.id}", f"visit={message.subject_id}"):
        page = front_desk.get(f"/staff/messages?{query}")
        assert "Ada Sample" in page
        assert page.count('scope="row"') == 1
    assert "No such message" in front_desk.get(f"/staff/messages?client={uuid4()}")


def test_why_a_message_was_not_delivered_is_a_sentence(scene: Scene, front_desk: Browser) -> None:
    owed(scene, given_up_at=make.NOW, why="no_such_address")
    assert "The address does not exist." in front_desk.get("/staff/messages?shown=failed")


def test_a_visit_whose_client_was_not_told_says_so_until_they_are(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    message = owed(scene, given_up_at=make.NOW, why="needs_utf8")
    page = front_desk.get(f"/staff/appointments/{message.subject_id}")
    assert "A message about this visit did not reach Ada." in page
    assert "The mail server takes no address with such letters." in page
    day = front_desk.get("/staff/agenda?day=2031-03-06")
    assert "Message not delivered" in day
    db.session.add(
        Message(
            kind="confirmation",
            subject_id=message.subject_id,
            recipient_id=message.recipient_id,
            client_id=message.client_id,
            occasion="r1/again1",
            owed_at=make.NOW,
            due_at=make.NOW,
            sent_at=make.NOW,
        )
    )
    db.session.commit()
    assert "did not reach" not in front_desk.get(f"/staff/appointments/{message.subject_id}")


@pytest.mark.parametrize("channel", ["mail", "sms"])
@pytest.mark.parametrize("end", ["sent_at", "given_up_at"])
def test_send_again_keeps_to_the_channel(
    scene: Scene, front_desk: Browser, clock_at_now: None, channel: str, end: str
) -> None:
    message = owed(scene, channel=channel, **{end: make.NOW}, why="refused" if end == "given_up_at" else None)
    front_desk.done(f"/staff/messages/{message.id}/again")
    waiting = sa.select(Message.channel).where(Message.sent_at.is_(None), Message.given_up_at.is_(None))
    assert db.session.scalars(waiting).all() == [channel]


@pytest.mark.parametrize("kind", ["mail", "phone"])
def test_an_address_of_either_kind_works_again(
    scene: Scene, front_desk: Browser, clock_at_now: None, kind: str
) -> None:
    contact = (
        scene.ada.contacts[0]
        if kind == "mail"
        else make.contact(scene.ada, kind="phone", value="+493012345678")
    )
    contact.bounced_at = make.NOW
    db.session.commit()
    assert "Messages go to this address again." in front_desk.done(f"/staff/contacts/{contact.id}/works")
    assert make.refreshed(contact).bounced_at is None


def test_why_a_text_message_was_not_delivered_names_no_mail(scene: Scene, front_desk: Browser) -> None:
    owed(scene, channel="sms", given_up_at=make.NOW, why="refused")
    page = front_desk.get("/staff/messages?shown=failed")
    assert "The provider of text messages refused it." in page
    assert "mail server refused" not in page


def test_a_message_that_failed_is_sent_again_from_the_list(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    message = owed(scene, given_up_at=make.NOW, why="refused", attempts=3)
    assert "Send again" in front_desk.get("/staff/messages")
    assert "goes again within seconds" in front_desk.done(f"/staff/messages/{message.id}/again")
    db.session.refresh(message)
    assert (message.given_up_at, message.why, message.attempts) == (None, None, 0)


def test_a_message_that_still_waits_or_holds_a_one_time_link_is_not_offered_again(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    message = owed(scene)
    assert "Send again" not in front_desk.get("/staff/messages")
    assert front_desk.post(f"/staff/messages/{message.id}/again").status_code == 409
    message.sent_at, message.kind = make.NOW, "sign_in"
    db.session.commit()
    assert "Send again" not in front_desk.get("/staff/messages")
    assert front_desk.post(f"/staff/messages/{message.id}/again").status_code == 409


def test_an_owner_sees_messages_and_sends_none(scene: Scene, owner: Browser) -> None:
    owed(scene, sent_at=make.NOW)
    page = owner.get("/staff/messages")
    assert "Ada Sample" in page
    assert "Send again" not in page
    assert "/staff/appointments/" in page, "and sees the calendar"


def test_what_goes_next_is_foreseen_and_nothing_of_it_is_kept(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    scene.visit(starts_at=make.NOW + timedelta(hours=28))
    before = make.count(Message)
    page = front_desk.get("/staff/messages/next")
    assert "Confirmation" in page
    assert "Reminder" in page
    assert make.count(Message) == before


def test_the_letter_of_a_days_visits_names_whose_day_it_is(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    ines = make.user(given_name="Ines", family_name="O'Hara")
    scene.visit(starts_at=make.NOW + timedelta(hours=28)).therapist.user_id = ines.id
    db.session.commit()
    page = front_desk.get("/staff/messages/next")
    assert "The day&#39;s visits" in page
    assert "To Ines O&#39;Hara" in page


def test_the_page_of_what_goes_next_asks_as_often_whatever_there_is(
    scene: Scene, front_desk: Browser, clock_at_now: None
) -> None:
    def asked(visits: range) -> list[str]:
        for number in visits:
            scene.visit(starts_at=make.NOW + timedelta(hours=28 + number), who=make.client())
        db.session.commit()
        db.session.expire_all()
        with statements() as found:
            front_desk.get("/staff/messages/next")
        return found

    few, many = asked(range(2)), asked(range(2, 12))
    every_staff_page = (
        5  # Whose session it is, who that is, the practice, its first location, what stands above the page.
    )
    assert len(few) == len(many) <= every_staff_page + 6


def test_nothing_falls_due_says_so(front_desk: Browser, clock_at_now: None) -> None:
    assert "Nothing falls due" in front_desk.get("/staff/messages/next")


def test_an_address_that_bounced_is_let_in_again_by_staff(scene: Scene, front_desk: Browser) -> None:
    contact = scene.ada.contacts[0]
    contact.bounced_at = make.NOW
    db.session.commit()
    visit = scene.visit()
    assert "Does not arrive" in front_desk.get(f"/staff/appointments/{visit.id}")
    front_desk.done(f"/staff/contacts/{contact.id}/works")
    db.session.refresh(contact)
    assert contact.bounced_at is None
    assert "Does not arrive" not in front_desk.get(f"/staff/appointments/{visit.id}")


def held_back(scene: Scene) -> Message:
    """A restored copy on which one confirmation waits."""
    message = owed(scene)
    db.session.execute(
        sa.insert(Sending).values(id=1, incarnation="1/1/1/1", held_why="restored", held_since=make.NOW)
    )
    db.session.commit()
    return message


def test_held_messages_are_told_above_every_page_and_an_owner_is_led_to_them(
    scene: Scene, front_desk: Browser, owner: Browser
) -> None:
    held_back(scene)
    assert "restored from a copy" in front_desk.get("/staff/agenda")
    assert "/staff/messages/held" not in front_desk.get("/staff/agenda")
    assert "/staff/messages/held" in owner.get("/staff/messages")
    front_desk.get("/staff/messages/held", 403)


def test_an_owner_reads_what_waits_chooses_and_lets_messages_go(
    scene: Scene, owner: Browser, clock_at_now: None
) -> None:
    message = held_back(scene)
    page = owner.get("/staff/messages/held")
    assert "a copy that was restored" in page
    assert "Confirmation" in page
    refused = owner.post("/staff/messages/held")
    assert refused.status_code == 422
    assert "Choose what shall become" in refused.get_data(as_text=True)
    assert "1 message left out" in owner.done("/staff/messages/held", which="later")
    db.session.refresh(message)
    assert message.why == "left_out"
    assert "Nothing is held back" in owner.get("/staff/messages/held")
    assert "restored from a copy" not in owner.get("/staff/messages")


def test_the_backlog_is_shown_to_staff(scene: Scene, front_desk: Browser, clock_at_now: None) -> None:
    assert "Delivery is behind" not in front_desk.get("/staff/messages")
    message = owed(scene)
    message.due_at = make.NOW - timedelta(hours=1)
    db.session.commit()
    assert "1 message should have left more than five minutes ago" in front_desk.get("/staff/messages")
