"""Telephone numbers read as the practice's country writes them, are dialled in E.164, and forms show how."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask

from clinic.accounts.models import ContactKind
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.exports import record as records
from clinic.exports.page import html
from clinic.guidance.help_lines import ADVICE_LINES
from clinic.language.telephones import dialled, telephone, telephone_example
from clinic.messaging.models import Message, MessageKind
from clinic.web import time_values
from tests.booking.waiting_list import thursdays, waits
from tests.make import NOW, Make
from tests.visitor import Visitor, as_client, as_staff, token_for

SHORT = ("911", "811", "988", "112", "999", "000", "144", "116 117", "1450", "1177", "111")


@pytest.fixture
def placed(app: Flask, make: Make) -> Iterator[Make]:
    with app.test_request_context("/"):
        yield make


@pytest.mark.parametrize(
    ("country", "typed", "read", "dials"),
    [
        ("CA", "905 555 0142", "(905) 555-0142", "+19055550142"),
        ("CA", "+1 212 555 0142", "(212) 555-0142", "+12125550142"),
        ("CA", "+49305550100", "+49 30 5550100", "+49305550100"),
        ("DE", "+49 (0)30 5550100", "030 5550100", "+49305550100"),
        ("DE", "905 555 0142", "905 555 0142", "9055550142"),
        ("CH", "0446681800", "044 668 18 00", "+41446681800"),
        ("AT", "+41446681800", "+41 44 668 18 00", "+41446681800"),
        ("GB", "02079460018", "020 7946 0018", "+442079460018"),
        ("CA", "905 555 0142 ext. 12", "905 555 0142 ext. 12", "+19055550142"),
        ("CA", "ask at the desk", "ask at the desk", ""),
        ("", "+49305550100", "+49 30 5550100", "+49305550100"),
    ],
)
def test_a_number_reads_as_at_home_or_with_its_country(
    placed: Make, country: str, typed: str, read: str, dials: str
) -> None:
    if country:
        placed.practice(country=country)
    assert (telephone(typed), dialled(typed)) == (read, dials)


@pytest.mark.parametrize("country", [*ADVICE_LINES, "CA", "CH"])
def test_short_numbers_are_dialled_and_read_as_they_are(placed: Make, country: str) -> None:
    placed.practice(country=country)
    for number in SHORT:
        assert telephone(number) == number
        assert dialled(number) == number.replace(" ", "")
    if country in ADVICE_LINES:
        line = ADVICE_LINES[country].number
        assert telephone(line).replace(" ", "") == line.replace(" ", "")


@pytest.mark.parametrize(
    ("country", "example"),
    [
        ("CA", "(416) 555-0123"),
        ("US", "(201) 555-0123"),
        ("GB", "07700 900123"),
        ("DE", "030 23125000"),
        ("AU", "0491 570 156"),
        ("AT", ""),
        ("CH", ""),
    ],
)
def test_the_example_is_a_number_that_is_kept_for_examples(placed: Make, country: str, example: str) -> None:
    placed.practice(country=country)
    assert telephone_example() == example


def test_without_a_practice_there_is_no_example(placed: Make) -> None:
    assert telephone_example() == ""


def test_a_page_calls_in_e164_and_shows_the_number_of_the_country(app: Flask, make: Make) -> None:
    make.practice(country="CA", phone="905 555 0142")
    make.offering()
    page = Visitor(app.test_client()).open("/")
    calls = {
        (link.get("href"), link.text.strip())
        for link in page.page.all("a")
        if link.has("href") and link.get("href").startswith("tel:")
    }
    assert ("tel:+19055550142", "(905) 555-0142") in calls
    assert not [href for href, _ in calls if href != "tel:+19055550142"]


def test_a_field_for_a_telephone_shows_one_of_the_country(app: Flask, make: Make) -> None:
    make.practice(country="CA")
    sold = make.offering()
    page = Visitor(app.test_client()).open(f"/waiting-list/{sold.slug}")
    assert "For example (416) 555-0123." in page.text


TYPED, READ = "905 555 0142", "(905) 555-0142"


@pytest.fixture
def caller(clock_at_now: None, make: Make) -> Appointment:
    """A visit of somebody in Canada who waits for an earlier time and has a telephone as they typed it."""
    sold = thursdays(make)
    make.practice(country="CA")
    who = make.client()
    make.contact(who, kind=ContactKind.PHONE, value=TYPED, normalised="+19055550142", bounced_at=NOW)
    waits(make, sold, who=who)
    return make.appointment(of=sold, who=who)


@pytest.mark.parametrize(
    "path",
    [
        "/staff/book?client={client}",
        "/staff/book/check?client={client}&start={start}&treatment={treatment}&location={place}",
        "/staff/clients",
        "/staff/clients/{client}",
        "/staff/clients/{client}/record",
        "/staff/waiting-list",
        "/staff/appointments/{visit}",
    ],
)
def test_the_desk_reads_a_clients_number_as_the_country_writes_it(
    app: Flask, make: Make, caller: Appointment, path: str
) -> None:
    start = quote(time_values.value(caller.starts_at + timedelta(days=7), caller.therapist_id))
    named = {
        "client": caller.client_id,
        "start": start,
        "treatment": caller.treatment.slug,
        "place": caller.location.slug,
        "visit": caller.id,
    }
    page = Visitor(as_staff(app, make.user(roles=["front_desk"]))).open(path.format(**named))
    assert page.status == 200
    assert READ in page.text
    assert TYPED not in page.text


def test_a_number_found_while_typing_is_written_too(app: Flask, make: Make, caller: Appointment) -> None:
    desk = as_staff(app, make.user(roles=["front_desk"]))
    for path in ("/staff/book/suggest", "/staff/book/find"):
        found = desk.post(path, data={"csrf_token": token_for(desk), "text": "555 0142"}).get_data(
            as_text=True
        )
        assert READ in found, path
        assert TYPED not in found.replace('value="555 0142"', ""), path


def test_clients_read_their_number_as_the_country_writes_it(
    app: Flask, make: Make, caller: Appointment
) -> None:
    assert caller.client is not None
    mail, number = sorted(caller.client.contacts, key=lambda one: one.kind)
    db.session.add(
        Message(
            kind=MessageKind.REMINDER,
            subject_id=caller.id,
            recipient_id=number.id,
            client_id=caller.client_id,
            occasion="once",
            channel="sms",
            owed_at=NOW,
            due_at=NOW,
            sent_at=NOW,
        )
    )
    db.session.commit()
    page = Visitor(as_client(app, mail, caller.client)).open("/my/messages")
    assert f"By text message. To {READ}." in page.text
    with app.app_context():
        copy = html(records.read(caller.client.id, NOW))
    assert READ in copy
    assert TYPED not in copy
