"""A client's own wishes about letters."""

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.messaging import preferences
from tests.make import Make
from tests.visitor import Visitor, as_client


@pytest.fixture
def ada(make: Make) -> Client:
    """A client with one address."""
    make.practice()
    person: Client = make.client()
    return person


@pytest.fixture
def page(app: Flask, ada: Client) -> Visitor:
    """Ada's page about her letters."""
    return Visitor(as_client(app, ada.contacts[0], ada)).open("/my/letters")


def test_the_page_shows_what_holds_and_changing_nothing_changes_nothing(page: Visitor, ada: Client) -> None:
    assert page.heading == "My letters"
    page.press("Save")
    contact = ada.contacts[0]
    assert (contact.wants_reminders, contact.reminder_offsets_minutes) == (True, None)
    assert (contact.wants_check_ins, preferences.wants_news(ada.id), ada.language) == (True, False, "en")


def test_all_wishes_are_kept_and_recorded_by_name_alone(page: Visitor, ada: Client) -> None:
    page.press("Save", language="de", reminders="own", offsets=["4320", "60"], check_ins="", news="y")
    contact = ada.contacts[0]
    assert ada.language == "de"
    assert contact.reminder_offsets_minutes == [4320, 60]
    assert preferences.wants_news(ada.id)
    kept = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.client_id == ada.id)).all()
    assert {one.action for one in kept} == {"change", "agree"}
    assert {name for one in kept for name in one.fields} == {
        "language",
        "reminder_offsets_minutes",
        "wants_reminders",
        "wants_check_ins",
    }


def test_no_reminders_at_all_can_be_wished_and_unwished(page: Visitor, ada: Client) -> None:
    page.press("Save", reminders="never")
    assert not ada.contacts[0].wants_reminders
    page.press("Save", reminders="usual")
    assert ada.contacts[0].wants_reminders
    assert ada.contacts[0].reminder_offsets_minutes is None


def test_a_yes_to_news_can_be_taken_back(page: Visitor, ada: Client) -> None:
    page.press("Save", news="y")
    assert preferences.wants_news(ada.id)
    page.press("Save", news=[])
    assert not preferences.wants_news(ada.id)


def test_too_many_reminders_are_refused_with_everything_typed_kept(page: Visitor, ada: Client) -> None:
    six = ["10080", "4320", "2880", "1440", "240", "120"]
    page.press("Save", reminders="own", offsets=six, news="y")
    assert page.status == 422
    assert "at most 5 reminders" in page.text
    ticked = [
        one.get("value")
        for one in page.page.all("input")
        if one.attributes.get("name") == "offsets" and one.has("checked")
    ]
    assert sorted(ticked) == sorted(six)
    assert ada.contacts[0].reminder_offsets_minutes is None
    assert not preferences.wants_news(ada.id)


def test_two_people_on_one_address_have_wishes_of_their_own(app: Flask, make: Make, ada: Client) -> None:
    bo = make.client(given_name="Bo")
    Visitor(as_client(app, ada.contacts[0], bo)).open("/my/letters").press("Save", reminders="never")
    assert ada.contacts[0].wants_reminders
    assert not bo.contacts[0].wants_reminders
