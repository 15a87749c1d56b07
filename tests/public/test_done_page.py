"""Right after booking: what the page promises is what will be."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging.models import Message
from tests.make import Make
from tests.plans.conftest import Scene, scene
from tests.plans.intakes import BLOOD_THINNER, send
from tests.plans.test_to_book import course
from tests.visitor import Visitor, as_client
from tests.web.reading import read

__all__ = ["scene"]

EARLY = datetime(2031, 3, 6, 9, 15, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def early(make: Make, clock_at_now: None) -> Appointment:
    """A visit whose two-hour reminder falls into the quiet hours."""
    make.practice(reminder_offsets_minutes=[48 * 60, 120])
    visit: Appointment = make.appointment(of=make.offering(), who=make.client(), starts_at=EARLY)
    return visit


def path(visit: Appointment, page: str = "") -> str:
    return signed_links.manage_path(visit.id, visit.link_epoch) + page


def test_no_reminder_is_promised_within_the_quiet_hours(client: FlaskClient, early: Appointment) -> None:
    page = client.get(path(early, "/done")).get_data(as_text=True)
    assert page.count("A reminder by e-mail.") == 1
    assert "07:15" not in page
    assert "4 March, 09:15" in page


@pytest.mark.parametrize("fault", ["bounced", "not delivered"])
def test_whom_mail_does_not_reach_is_promised_none(
    client: FlaskClient, early: Appointment, now: datetime, fault: str
) -> None:
    assert early.client is not None
    assert "A confirmation is on its way" in client.get(path(early, "/done")).get_data(as_text=True)
    contact = early.client.contacts[0]
    if fault == "bounced":
        contact.bounced_at = now
    else:
        db.session.add(
            Message(
                kind="confirmation",
                subject_id=early.id,
                recipient_id=contact.id,
                client_id=early.client_id,
                occasion="r1",
                owed_at=now,
                due_at=now,
                given_up_at=now + timedelta(seconds=5),
                why="needs_utf8",
            )
        )
    db.session.commit()
    for page in ("/done", ""):
        shown = client.get(path(early, page)).get_data(as_text=True)
        assert "Our e-mails do not reach you." in shown
        assert "is on its way" not in shown


def test_price_length_and_the_end_of_free_cancelling_stand_there(
    client: FlaskClient, early: Appointment
) -> None:
    visit = read(client.get(path(early, "/done")).get_data(as_text=True)).text
    assert f"{early.length_minutes} min" in visit
    assert "paid at the visit" in visit
    assert "Until Wednesday 5 March, 09:15" in visit
    early.starts_at = early.starts_at - timedelta(days=2, hours=1)
    early.ends_at = early.ends_at - timedelta(days=2, hours=1)
    early.occupied_from, early.occupied_until = early.starts_at, early.ends_at
    db.session.commit()
    late = read(client.get(path(early, "/done")).get_data(as_text=True)).text
    assert "The time for cancelling free of charge is over." in late


def test_a_decided_course_is_booked_from_there_by_its_signed_in_client_alone(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    _, first = course(scene)
    mine = Visitor(as_client(app, scene.ada.contacts[0], scene.ada)).open(path(first, "/done"))
    (way,) = [
        one.get("href") for one in mine.page.all("a") if one.text == "Book the 3 sessions that are left"
    ]
    assert way == "/my/course"
    assert [len(one.all("li")) for one in mine.page.all("ol") if one.attributes.get("class") == "course"] == [
        4
    ]
    bob = scene.make.client(given_name="Bob", mail="bob@client.example")
    for other in (app.test_client(), as_client(app, bob.contacts[0], bob)):
        page = Visitor(other).open(path(first, "/done"))
        assert "that are left" not in page.text
        assert "left to book" not in page.text, "the address alone tells nothing of a course"
        assert "More than one session?" in page.text


def test_text_messages_that_will_come_are_named_beside_the_letters(
    app: Flask, make: Make, client: FlaskClient, early: Appointment
) -> None:
    make.practice(reminder_offsets_minutes=[48 * 60])
    make.contact(
        early.client, kind="phone", value="+49 30 555", normalised="+4930555", sms_agreed_at=make.NOW
    )
    db.session.commit()
    assert "text message" not in client.get(path(early, "/done")).get_data(as_text=True)
    app.config["SMS_URL"] = "https://sms.example"
    try:
        page = client.get(path(early, "/done")).get_data(as_text=True)
        assert page.count("A reminder by e-mail and by text message.") == 1
        assert early.client is not None
        early.client.contacts[0].wants_reminders = False
        db.session.commit()
        page = client.get(path(early, "/done")).get_data(as_text=True)
        assert page.count("A reminder by text message.") == 1
        assert "A reminder by e-mail" not in page
    finally:
        app.config["SMS_URL"] = None


@pytest.mark.parametrize(
    ("spoken", "heading", "decides"),
    [
        ("en", "The course we propose", "A proposal from your answers. Ines decides it with you."),
        (
            "de",
            "Die vorgeschlagene Behandlungsreihe",
            "Ein Vorschlag aus Ihren Antworten. Ines entscheidet mit Ihnen",
        ),
    ],
)
def test_after_a_suggestion_the_course_stands_there_as_a_proposal(
    app: Flask, scene: Scene, clock_at_now: None, spoken: str, heading: str, decides: str
) -> None:
    scene.ada.language = spoken
    send(scene.ada)
    visit = scene.visit()
    db.session.commit()
    mine = Visitor(as_client(app, scene.ada.contacts[0], scene.ada)).open(path(visit, "/done"))
    assert heading in mine.text
    assert decides in mine.text
    assert len([one for one in mine.page.all("ol") if one.attributes.get("class") == "course"]) == 1
    looks = sa.select(AuditEntry.client_id).where(AuditEntry.purpose == "outcome")
    assert db.session.scalars(looks).all() == [scene.ada.id]


def test_the_proposal_names_sessions_check_and_length_and_no_more(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    send(scene.ada)
    visit = scene.visit()
    db.session.commit()
    page = Visitor(as_client(app, scene.ada.contacts[0], scene.ada)).open(path(visit, "/done"))
    aside = page.page.one("aside")
    terms = [one.text for one in aside.all("dt")]
    assert terms == ["Sessions", "We check how it is going", "Length"]


def test_nobody_else_reads_of_the_proposal_and_it_goes_with_what_it_rests_on(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    send(scene.ada)
    visit = scene.visit()
    bob = scene.make.client(given_name="Bob", mail="bob@client.example")
    send(bob)
    db.session.commit()
    for other in (app.test_client(), as_client(app, bob.contacts[0], bob)):
        assert "The course we propose" not in Visitor(other).open(path(visit, "/done")).text
    mine = as_client(app, scene.ada.contacts[0], scene.ada)
    assert "The course we propose" in Visitor(mine).open(path(visit, "/done")).text
    send(scene.ada, BLOOD_THINNER)
    db.session.commit()
    assert "The course we propose" not in Visitor(mine).open(path(visit, "/done")).text, (
        "a therapist looks first"
    )


def test_once_it_is_decided_the_course_is_booked_there_and_no_proposal_stands_beside_it(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    _, first = course(scene)
    page = Visitor(as_client(app, scene.ada.contacts[0], scene.ada)).open(path(first, "/done"))
    assert "Book the 3 sessions that are left" in page.text
    assert "The course we propose" not in page.text


def test_who_is_in_a_course_reads_before_booking_that_the_session_becomes_part_of_it(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    _, first = course(scene)
    mine = Visitor(as_client(app, scene.ada.contacts[0], scene.ada))
    bob = scene.make.client(given_name="Bob", mail="bob@client.example")
    told = []
    for visitor in (mine, Visitor(as_client(app, bob.contacts[0], bob))):
        visitor.open(f"/book/{first.treatment.slug}")
        visitor.press(next(one.text for one in visitor.page.one(id="times").all("button")))
        visitor.open("/book/details?plain=yes")
        assert visitor.heading == "Your details"
        told.append("sessions still to book. This session becomes the next one of it." in visitor.text)
    assert told == [True, False]
    assert "You have a course here with 3 sessions still to book." in mine.text
