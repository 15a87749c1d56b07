"""The page for the doctor by mail: asked for on the care card, sent as a one-time link, shown once."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.intake import own_pages
from clinic.intake.models import Draft, OwnPage, Submission
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTerms
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.public.spoken import ENGLISH, NOT_ENGLISH
from tests.public.test_intake_pages import Visitor, heading, posted, words

pytestmark = pytest.mark.usefixtures("clock_at_now")

ADDRESS = "ada@client.example"
ASK = "/intake/letter/mail"
QUESTION = "Have you lost weight without trying?"


@pytest.fixture(autouse=True)
def practice(make: Make) -> None:
    make.practice(country="CA", advice_line="", emergency_number="911")


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def doctor(app: Flask) -> Visitor:
    """Another browser, which knows nothing but the mail."""
    return Visitor(app.test_client())


def stop(visitor: Visitor) -> None:
    """Answers of a draft after which a doctor should look first."""
    visitor.say_yes()
    visitor.answer_until("safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])


def send_stopped(visitor: Visitor) -> None:
    """The same, sent."""
    stop(visitor)
    visitor.go("/intake/safety-4")
    visitor.answer_until("check")
    visitor.post("/intake/check", posted("closing", {}))


def mails(app: Flask) -> list[str]:
    """The texts of the letters that went out."""
    postbox = Postbox()
    delivery.run_pass(clock.now(), 100, postbox, PassTerms(pause=lambda seconds: None))
    return [
        f"{mail['Subject']}\n{part(mail, 'text/plain')}" for mail in postbox.mails if mail["To"] == ADDRESS
    ]


def links(app: Flask, text: str) -> list[str]:
    return re.findall(re.escape(app.config["PUBLIC_URL"]) + r"(/own-page/\S+)", text)


def mailed(app: Flask) -> tuple[str, str]:
    """The one-time link that went out, and the address for another."""
    (text,) = mails(app)
    once, again = links(app, text)
    return once, again


def ask(visitor: Visitor, mail: str = ADDRESS) -> int:
    return visitor.post(ASK, {"mail": mail}).status_code


def opened(doctor: Visitor, link: str) -> str:
    doctor.go(link)
    return words(doctor.post(link, {}))


def entries() -> int:
    return db.session.query(AuditEntry).filter_by(purpose="doctor's letter by link").count()


def test_the_link_shows_the_answers_once_and_is_recorded(
    app: Flask, visitor: Visitor, doctor: Visitor
) -> None:
    stop(visitor)
    visitor.go("/intake/outcome")
    assert 'action="/intake/letter/mail"' in visitor.page.text
    assert ask(visitor) == 200
    once, _ = mailed(app)
    assert QUESTION not in words(doctor.go(once))
    assert entries() == 0
    assert f"{QUESTION} Yes" in opened(doctor, once)
    assert heading(doctor.page) == "For the doctor"
    assert "no-store" in doctor.page.headers["Cache-Control"]
    assert doctor.page.headers["Referrer-Policy"] == "no-referrer"
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.purpose == "doctor's letter by link")
    ).one()
    assert (entry.actor, entry.action, entry.subject_type) == ("visitor", "read", "drafts")
    assert "red_flags" in entry.fields
    assert doctor.go(once).status_code == 410
    assert doctor.post(once, {}).status_code == 410
    assert entries() == 1


def test_a_used_link_leads_to_another(app: Flask, visitor: Visitor, doctor: Visitor) -> None:
    stop(visitor)
    ask(visitor)
    once, again = mailed(app)
    opened(doctor, once)
    assert doctor.go(once).status_code == 410
    assert f'action="{again}"' in doctor.page.text
    assert "Send me a link" not in words(doctor.go("/own-page/never-sent"))


def test_another_link_goes_to_the_same_address(
    app: Flask, visitor: Visitor, doctor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    stop(visitor)
    ask(visitor)
    once, again = mailed(app)
    the_clock_says(clock.now() + timedelta(minutes=11))
    assert doctor.go(once).status_code == 410
    doctor.go(again)
    assert doctor.post(again, {}).status_code == 200
    second, _ = mailed(app)
    assert f"{QUESTION} Yes" in opened(doctor, second)


def test_nothing_of_health_is_in_the_letter(app: Flask, visitor: Visitor) -> None:
    stop(visitor)
    ask(visitor)
    (text,) = mails(app)
    for word in ("doctor", "health", "weight", "answer", "massage"):
        assert word not in text.lower(), word


def test_sent_answers_have_a_page_too(app: Flask, visitor: Visitor, doctor: Visitor) -> None:
    send_stopped(visitor)
    said = words(visitor.go("/intake/outcome"))
    assert "Take this along" in said
    assert f"{QUESTION} Yes" in words(visitor.go("/intake/letter"))
    visitor.go(ASK)
    ask(visitor)
    once, _ = mailed(app)
    assert "Why we asked them to see you" in opened(doctor, once)
    row = db.session.scalars(sa.select(OwnPage)).one()
    assert row.submission_id == db.session.scalars(sa.select(Submission.id)).one()
    assert ADDRESS.encode() not in row.mail_sealed


def test_a_link_follows_a_draft_that_is_sent(app: Flask, visitor: Visitor, doctor: Visitor) -> None:
    stop(visitor)
    ask(visitor)
    once, _ = mailed(app)
    visitor.go("/intake/safety-4")
    visitor.answer_until("check")
    visitor.post("/intake/check", posted("closing", {}))
    assert db.session.scalars(sa.select(Draft)).all() == []
    assert f"{QUESTION} Yes" in opened(doctor, once)


def test_a_link_ends_with_its_draft(app: Flask, visitor: Visitor, doctor: Visitor) -> None:
    stop(visitor)
    ask(visitor)
    once, again = mailed(app)
    visitor.post("/intake/again", {})
    doctor.go(once)
    assert doctor.post(once, {}).status_code == 410
    doctor.go(again)
    doctor.post(again, {})
    assert mails(app) == []


def test_an_erased_clients_link_shows_nothing(
    app: Flask, visitor: Visitor, doctor: Visitor, make: Make
) -> None:
    send_stopped(visitor)
    ask(visitor)
    once, _ = mailed(app)
    somebody: Client = make.client()
    db.session.scalars(sa.select(Submission)).one().client_id = somebody.id
    somebody.erased_at = clock.now()
    db.session.commit()
    doctor.go(once)
    assert doctor.post(once, {}).status_code == 410


def test_an_address_is_asked_for_and_shown_again(visitor: Visitor) -> None:
    stop(visitor)
    visitor.go(ASK)
    assert ask(visitor, "") == 422
    assert "Enter your e-mail address" in words(visitor.page)
    assert ask(visitor, "ada at home") == 422
    assert 'value="ada at home"' in visitor.page.text
    assert db.session.scalars(sa.select(OwnPage)).all() == []


def test_without_a_stop_there_is_nothing_to_send(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-3")
    assert visitor.go(ASK).status_code == 404
    assert "There is no page for a doctor here." in words(visitor.page)
    assert ask(visitor) == 404


def test_at_most_three_links_an_hour(visitor: Visitor, the_clock_says: Callable[[datetime], None]) -> None:
    stop(visitor)
    the_clock_says(clock.now().replace(minute=0))
    assert [ask(visitor) for _ in range(4)] == [200, 200, 200, 429]


def test_one_address_is_not_flooded_from_many_browsers(
    app: Flask, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(clock.now().replace(minute=0))
    statuses = []
    for _ in range(4):
        other = Visitor(app.test_client())
        stop(other)
        statuses.append(ask(other))
    assert statuses == [200, 200, 200, 429]


def test_the_pages_speak_german(visitor: Visitor) -> None:
    stop(visitor)
    visitor.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert heading(visitor.go(ASK)) == "Die Seite an sich selbst schicken"
    visitor.go("/own-page/asked")
    assert heading(visitor.page) == "Bitte schauen Sie in Ihr E-Mail-Postfach"
    visitor.go("/own-page/never-sent")
    assert heading(visitor.page) == "Dieser Link gilt nicht mehr"


def test_addresses_are_deleted_after_a_fortnight(visitor: Visitor) -> None:
    stop(visitor)
    ask(visitor)
    own_pages.old_pages(clock.now() - own_pages.KEPT).delete()
    assert len(db.session.scalars(sa.select(OwnPage)).all()) == 1
    own_pages.old_pages(clock.now()).delete()
    assert db.session.scalars(sa.select(OwnPage)).all() == []


def test_the_client_chooses_the_language_that_the_doctor_reads(
    app: Flask, visitor: Visitor, doctor: Visitor
) -> None:
    stop(visitor)
    assert f"{QUESTION} Yes" in words(visitor.go("/intake/letter"))
    assert 'href="?in=de"' in visitor.page.text
    german = words(visitor.go("/intake/letter?in=de"))
    assert "Haben Sie ungewollt Gewicht verloren? Ja" in german
    assert heading(visitor.page) == "Für die Ärztin oder den Arzt"
    assert "Alter 41" in german
    assert ENGLISH.search(NOT_ENGLISH.sub("", heading(visitor.page))) is None
    assert f"{QUESTION} Yes" in words(visitor.go("/intake/letter")), (
        "the client's own pages stay as they were"
    )
    visitor.go(ASK)
    ask(visitor)
    once, _ = mailed(app)
    doctor.go(once)
    assert 'name="in" value="de"' in doctor.page.text
    assert "Haben Sie ungewollt Gewicht verloren? Ja" in words(doctor.post(once, {"in": "de"}))
    assert "/language" not in doctor.page.text
