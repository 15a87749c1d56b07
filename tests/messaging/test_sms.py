"""Text messages: off by default, only with consent, and handed over to a provider that speaks plain HTTP."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, Client, Contact
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging import delivery, preferences, resend
from clinic.messaging.delivery import PassTally, PassTerms
from clinic.messaging.kinds.reminders import texts_to_come
from clinic.messaging.mailer import Refused, TryLater, Undelivered
from clinic.messaging.models import Message
from clinic.messaging.preferences import NoTelephone
from clinic.messaging.sms import HttpSms, TextMessage
from clinic.refusal import NotFound
from tests.make import Make
from tests.messaging.mailers import Postbox

DESK = audit.by_user(Client().id)
TWO_HOURS = timedelta(hours=2)
HELLO = TextMessage(reference=UUID(int=7), to="+4930555", text="Grüße")


class Provider(BaseHTTPRequestHandler):
    """Remembers what was posted and answers as it is told."""

    taken: list[tuple[str, str, dict[str, str]]]
    status = 202

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.taken.append((self.path, self.headers["Authorization"], told))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written down."""


@pytest.fixture
def provider() -> Iterator[type[Provider]]:
    """A provider on this machine; its `address` is where it is reached."""
    answering = type("Answering", (Provider,), {"taken": [], "status": 202})
    server = HTTPServer(("127.0.0.1", 0), answering)
    answering.address = f"http://127.0.0.1:{server.server_port}/messages"  # type: ignore[attr-defined]  # made here
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield answering
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http(provider: type[Provider]) -> HttpSms:
    return HttpSms(provider.address, "secret", "Alder Lane", timeout_seconds=2)  # type: ignore[attr-defined]  # made above


@pytest.fixture
def phone(make: Make, visit: Appointment, ada: Client) -> Contact:
    """Ada's telephone, on which she agreed to reminders; her mail address is gone."""
    for contact in ada.contacts:
        db.session.delete(contact)
    row: Contact = make.contact(
        ada, kind="phone", value="+49 30 555", normalised="+4930555", sms_agreed_at=make.NOW
    )
    return row


def a_pass(now: datetime, http: HttpSms | None) -> PassTally:
    return delivery.run_pass(now, 10, Postbox(), PassTerms(sms=http, pause=lambda seconds: None))


def rows() -> list[Message]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Message).where(Message.channel == "sms").order_by(Message.id)))


def test_a_message_is_posted_with_the_token_and_a_reference_that_stays(
    http: HttpSms, provider: type[Provider]
) -> None:
    http.send(HELLO)
    told = {"from": "Alder Lane", "to": "+4930555", "text": "Grüße", "reference": str(UUID(int=7))}
    assert provider.taken == [("/messages", "Bearer secret", told)]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (404, Refused), (302, Refused), (429, TryLater), (503, TryLater)]
)
def test_each_answer_of_the_provider_means_later_or_never(
    http: HttpSms, provider: type[Provider], status: int, kind: type[Undelivered]
) -> None:
    provider.status = status
    with pytest.raises(kind):
        http.send(HELLO)


def test_a_provider_that_is_away_is_tried_later() -> None:
    with pytest.raises(TryLater):
        HttpSms("http://127.0.0.1:9/x", "secret", "x", timeout_seconds=1).send(HELLO)


def test_a_reminder_goes_to_an_agreed_telephone_once(
    visit: Appointment, phone: Contact, http: HttpSms, provider: type[Provider]
) -> None:
    moment = visit.starts_at - TWO_HOURS
    assert a_pass(moment, http).sent == 1
    assert a_pass(moment + timedelta(minutes=5), http).sent == 0
    ((_, _, told),) = provider.taken
    assert told["to"] == "+4930555"
    assert told["text"].startswith("Alder Lane: your appointment is on Thu 6 Mar, 10:00, House ")
    assert "/a/" in told["text"]
    assert "Sample" not in told["text"]
    assert rows()[0].sent_at is not None


def test_the_texts_that_a_page_promises_are_those_that_go(
    app: Flask,
    make: Make,
    visit: Appointment,
    phone: Contact,
    http: HttpSms,
    provider: type[Provider],
    now: datetime,
) -> None:
    make.practice(reminder_offsets_minutes=[48 * 60, 120])
    app.config["SMS_URL"] = "https://sms.example"
    try:
        promised = texts_to_come(visit, now)
    finally:
        app.config["SMS_URL"] = None
    assert promised == [visit.starts_at - timedelta(days=2), visit.starts_at - TWO_HOURS]
    for number, at in enumerate(promised):
        a_pass(at - timedelta(seconds=1), http)
        assert len(provider.taken) == number
        a_pass(at, http)
        assert len(provider.taken) == number + 1


def test_no_text_is_promised_while_they_are_off_or_without_agreement(
    app: Flask, visit: Appointment, phone: Contact, now: datetime
) -> None:
    assert texts_to_come(visit, now) == [], "no provider"
    app.config["SMS_URL"] = "https://sms.example"
    try:
        assert texts_to_come(visit, now)
        phone.sms_agreed_at = None
        db.session.commit()
        assert texts_to_come(visit, now) == []
    finally:
        app.config["SMS_URL"] = None


def test_while_the_mail_server_is_away_text_messages_go_and_letters_wait(
    visit: Appointment, ada: Client, make: Make, http: HttpSms, provider: type[Provider]
) -> None:
    make.contact(ada, kind="phone", value="+49 30 555", normalised="+4930555", sms_agreed_at=make.NOW)
    moment, post = visit.starts_at - TWO_HOURS, Postbox()
    post.away = True
    terms = PassTerms(sms=http, pause=lambda seconds: None)
    first = delivery.run_pass(moment, 10, post, terms)
    second = delivery.run_pass(moment, 10, post, terms)
    assert (first.sent + second.sent, first.unreachable) == (1, 1)
    assert [told["to"] for _, _, told in provider.taken] == ["+4930555"]
    letters = db.session.scalars(sa.select(Message).where(Message.channel == "mail")).all()
    assert letters
    assert all(letter.sent_at is None for letter in letters)


def test_mail_and_text_message_remind_at_the_same_times_the_clients_own(
    visit: Appointment, ada: Client, make: Make, http: HttpSms
) -> None:
    ada.contacts[0].reminder_offsets_minutes = [60]
    make.contact(ada, kind="phone", value="+49 30 555", normalised="+4930555", sms_agreed_at=make.NOW)
    make.contact(ada, kind="phone", value="+49 30 666", normalised="+4930666", sms_agreed_at=make.NOW)
    reminded = sa.select(Message.channel, Message.occasion, Message.due_at).where(Message.kind == "reminder")
    at = visit.starts_at - timedelta(hours=1)
    a_pass(visit.starts_at - TWO_HOURS, http)
    assert db.session.execute(reminded).all() == []
    a_pass(at, http)
    a_pass(at + timedelta(minutes=1), http)
    found = sorted(tuple(row) for row in db.session.execute(reminded))
    assert found == [("mail", "r1/60", at), ("sms", "r1/60", at), ("sms", "r1/60", at)]


def test_who_wants_no_reminders_by_mail_still_gets_the_texts_they_agreed_to(
    visit: Appointment, ada: Client, make: Make, http: HttpSms
) -> None:
    preferences.set_reminders(ada.contacts[0], [], now=make.NOW)
    make.contact(ada, kind="phone", value="+49 30 555", normalised="+4930555", sms_agreed_at=make.NOW)
    a_pass(visit.starts_at - TWO_HOURS, http)
    assert [row.occasion for row in rows()] == ["r1/120"]


def test_who_speaks_german_reads_german(
    visit: Appointment, phone: Contact, ada: Client, http: HttpSms, provider: type[Provider]
) -> None:
    ada.language = "de"
    db.session.commit()
    a_pass(visit.starts_at - TWO_HOURS, http)
    said = provider.taken[0][2]["text"]
    assert "Ihr Termin ist am Do., 6. März" in said
    assert "\u00a0" not in said


def test_without_a_provider_or_without_consent_no_text_message_is_even_owed(
    visit: Appointment, phone: Contact, http: HttpSms, provider: type[Provider]
) -> None:
    moment = visit.starts_at - TWO_HOURS
    a_pass(moment, None)
    phone.sms_agreed_at = None
    db.session.commit()
    a_pass(moment, http)
    assert (rows(), provider.taken) == ([], [])


def owed_and_held(visit: Appointment, http: HttpSms) -> datetime:
    moment = visit.starts_at - TWO_HOURS
    delivery.run_pass(moment, 10, Postbox(), PassTerms(sms=http, held=True))
    assert len(rows()) == 1
    return moment


@pytest.mark.parametrize("why", ["no_consent", "cancelled", "moved", "erased"])
def test_what_became_untrue_before_it_left_is_dropped(
    visit: Appointment, phone: Contact, ada: Client, http: HttpSms, provider: type[Provider], why: str
) -> None:
    moment = owed_and_held(visit, http)
    if why == "no_consent":
        preferences.record_sms_consent(phone.id, DESK, moment, agrees=False)
    elif why == "cancelled":
        visit.state, visit.cancelled_by, visit.changed_at = State.CANCELLED, "client", moment
    elif why == "moved":
        visit.time_revision = visit.revision = 2
        visit.changed_at = visit.time_agreed_at = moment
    elif why == "erased":
        ada.erased_at = moment
    db.session.commit()
    assert a_pass(moment, http).dropped == 1
    assert (rows()[0].why, provider.taken) == (why, [])


def test_a_text_message_that_went_goes_again_as_a_text_message(
    visit: Appointment, phone: Contact, http: HttpSms, provider: type[Provider]
) -> None:
    moment = visit.starts_at - TWO_HOURS
    assert a_pass(moment, http).sent == 1
    resend.send_again(rows()[0].id, DESK, moment)
    db.session.commit()
    assert a_pass(moment, http).sent == 1
    first, second = (told for _, _, told in provider.taken)
    assert (first["to"], first["text"]) == (second["to"], second["text"])
    assert first["reference"] != second["reference"]
    assert {row.channel for row in rows()} == {"sms"}


def test_what_is_still_wanted_and_has_no_way_to_go_is_not_delivered(
    visit: Appointment, phone: Contact, http: HttpSms, provider: type[Provider]
) -> None:
    moment = owed_and_held(visit, http)
    assert a_pass(moment, None).given_up == 1
    assert (rows()[0].why, rows()[0].dropped_at) == ("sms_off", None)
    phone.bounced_at = moment
    db.session.commit()
    resend.send_again(rows()[0].id, DESK, moment)
    db.session.commit()
    assert a_pass(moment, http).given_up == 1
    assert (rows()[0].why, provider.taken) == ("does_not_arrive", [])


def test_a_provider_that_says_later_is_asked_again_and_a_refusal_is_shown(
    visit: Appointment, phone: Contact, http: HttpSms, provider: type[Provider]
) -> None:
    moment = visit.starts_at - TWO_HOURS
    provider.status = 503
    assert a_pass(moment, http).later == 1
    provider.status = 400
    assert a_pass(moment + timedelta(seconds=7), http).given_up == 1
    assert rows()[0].why == "refused"


def test_consent_is_audited_and_only_for_telephones(
    make: Make, phone: Contact, ada: Client, now: datetime
) -> None:
    for agrees in (True, False, False, True):
        preferences.record_sms_consent(phone.id, DESK, now, agrees=agrees)
    db.session.commit()
    actions = sa.select(AuditEntry.action).where(AuditEntry.subject_id == phone.id).order_by(AuditEntry.id)
    assert list(db.session.scalars(actions)) == ["sms_withdrawn", "sms_agreed"]
    with pytest.raises(NoTelephone):
        preferences.record_sms_consent(make.contact(ada, value="b@client.example").id, DESK, now, agrees=True)
    with pytest.raises(NotFound):
        preferences.record_sms_consent(UUID(int=1), DESK, now, agrees=True)
