"""Ending one kind of letter: by the address in it, by the mailbox itself, and never more than that."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db, transaction
from clinic.intake.models import Consent
from clinic.messaging import delivery, preferences
from clinic.messaging.preferences import Topic
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.visitor import Visitor


@pytest.fixture
def ada(make: Make) -> Client:
    """A client who asked to be invited again."""
    make.practice()
    person: Client = make.client()
    with transaction():
        preferences.agree_to_news(person.id, actor="system", now=clock.now())
    return person


def path(person: Client, topic: Topic = Topic.REBOOKING) -> str:
    return preferences.unsubscribe_path(person.contacts[0].id, topic)


def actions() -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id))
    return [tuple(row) for row in rows]


def test_looking_ends_nothing_and_the_button_does(app: Flask, ada: Client) -> None:
    page = Visitor(app.test_client()).open(path(ada))
    assert page.heading == "No more invitations to come again?"
    assert preferences.wants_news(ada.id)
    assert page.press("Stop these mails").heading == "These mails have stopped"
    assert not preferences.wants_news(ada.id)
    assert actions()[-1] == ("withdraw", f"contact:{ada.contacts[0].id}")


def test_a_mailbox_stops_them_without_cookies_or_a_page(client: FlaskClient, ada: Client) -> None:
    for _ in range(2):
        answer = client.post(path(ada), data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200, "a mailbox follows no redirect (RFC 8058, section 3.1)"
        assert "Location" not in answer.headers
    consent = db.session.scalars(sa.select(Consent).where(Consent.client_id == ada.id)).one()
    assert consent.withdrawn_at is not None


@pytest.mark.parametrize(
    "sent",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}, "content_type": "multipart/form-data"},
    ],
)
def test_both_ways_in_which_a_mailbox_may_send_it_are_understood(
    client: FlaskClient, ada: Client, sent: dict[str, object]
) -> None:
    assert client.post(path(ada), **sent).status_code == 200
    assert not preferences.wants_news(ada.id)


def test_a_person_who_presses_the_button_comes_to_a_page(client: FlaskClient, ada: Client) -> None:
    answer = client.post(path(ada))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/stop/done")


def test_check_ins_stop_by_an_address_of_their_own(client: FlaskClient, ada: Client) -> None:
    client.post(path(ada, Topic.CHECK_INS))
    assert not ada.contacts[0].wants_check_ins
    assert ada.contacts[0].wants_reminders
    assert preferences.wants_news(ada.id)


@pytest.mark.parametrize("ask", ["get", "post"])
def test_a_key_to_one_kind_of_letter_opens_no_other_and_a_false_one_nothing(
    client: FlaskClient, ada: Client, ask: str
) -> None:
    token = path(ada).rsplit("/", 1)[1]
    for wrong in (f"/stop/check-ins/{token}", f"/stop/nothing/{token}", f"/stop/rebooking/{token}x"):
        assert getattr(client, ask)(wrong).status_code == 404
    assert preferences.wants_news(ada.id)
    assert ada.contacts[0].wants_check_ins


def test_the_headers_of_such_a_letter_lead_here_and_others_have_none(
    app: Flask, client: FlaskClient, make: Make, ada: Client
) -> None:
    now, postbox = clock.now(), Postbox()
    massage = make.offering()
    make.practice(quiet_from_hour=0, quiet_until_hour=0)
    make.appointment(of=massage, who=ada, starts_at=now - timedelta(days=30), state="done")
    delivery.run_pass(now, 10, postbox)
    make.appointment(of=massage, who=ada, starts_at=now + timedelta(days=3), changed_at=now)
    delivery.run_pass(now + timedelta(minutes=6), 10, postbox)
    invitation, confirmation = postbox.mails
    assert invitation["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (stop,) = re.findall(
        r"^<" + re.escape(app.config["PUBLIC_URL"]) + r"(/stop/\S+)>$", invitation["List-Unsubscribe"]
    )
    assert stop in part(invitation, "text/plain")
    assert confirmation["List-Unsubscribe"] is None
    client.post(stop, data={"List-Unsubscribe": "One-Click"})
    assert not preferences.wants_news(ada.id)


def test_the_page_speaks_the_language_of_the_letter_or_the_one_that_was_chosen(
    app: Flask, make: Make
) -> None:
    ada = make.client(language="de")
    german = Visitor(app.test_client()).open(path(ada))
    assert german.page.one("html").get("lang") == "de"
    assert german.heading == "Keine Einladungen mehr?"
    english = german.press("English", language="en")
    assert english.page.one("html").get("lang") == "en"
    assert english.heading == "No more invitations to come again?"
    assert english.press("Deutsch", language="de").heading == german.heading


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "x"])
def test_choosing_a_language_leads_nowhere_else(app: Flask, ada: Client, back: str) -> None:
    browser = app.test_client()
    token = Visitor(browser).open(path(ada)).token()
    answer = browser.post("/language", data={"language": "de", "back": back, "csrf_token": token})
    assert answer.headers["Location"] == "/"
