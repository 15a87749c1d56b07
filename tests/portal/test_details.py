"""A client says what the practice asks for, and nothing else."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import client_records
from clinic.accounts.client_records import Further
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from tests.make import Make
from tests.visitor import Visitor, as_client


@pytest.fixture
def ada(make: Make) -> Client:
    make.practice(asked_details=["birth_date", "emergency"])
    person: Client = make.client()
    person.further = {"doctor": "Dr Example"}
    db.session.commit()
    return person


@pytest.fixture
def page(app: Flask, ada: Client, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, ada.contacts[0], ada)).open("/my/details")


def test_only_what_is_asked_stands_on_the_page_and_the_rest_stays(page: Visitor, ada: Client) -> None:
    assert page.heading == "My details"
    for not_asked in ("Town", "Family doctor", "Dr Example"):
        assert not_asked not in page.text
    page.press("Save", birth_on="1980-02-29", emergency_name="Bo, my brother", doctor="forged")
    assert "Saved." in page.text
    db.session.refresh(ada)
    assert ada.birth_on == date(1980, 2, 29)
    assert client_records.further_of(ada) == Further(emergency_name="Bo, my brother", doctor="Dr Example")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.client_id == ada.id)).one()
    assert (entry.actor, entry.fields) == (f"contact:{ada.contacts[0].id}", ["birth_on", "emergency_name"])
    assert "Bo, my brother" in page.open("/my/details").answer.get_data(as_text=True)


@pytest.mark.parametrize("birth_on", ["1899-12-31", "2031-03-04", "yesterday", "1981-02-29"])
def test_a_birth_date_that_cannot_be_is_refused_and_the_rest_shown_again(
    page: Visitor, ada: Client, birth_on: str
) -> None:
    page.press("Save", birth_on=birth_on, emergency_name="Bo")
    assert page.status == 422
    assert "a day from 1900 to today" in page.text
    assert 'value="Bo"' in page.answer.get_data(as_text=True)
    db.session.refresh(ada)
    assert ada.birth_on is None


def test_what_the_desk_changed_meanwhile_is_not_overwritten(page: Visitor, ada: Client) -> None:
    ada.birth_on = date(1970, 1, 1)
    db.session.commit()
    page.press("Save", birth_on="1980-02-29", emergency_name="Bo")
    assert page.status == 409
    db.session.refresh(ada)
    assert (ada.birth_on, client_records.further_of(ada).emergency_name) == (date(1970, 1, 1), "")


def test_a_practice_that_asks_for_nothing_has_no_such_page(page: Visitor, ada: Client, make: Make) -> None:
    assert "My details" in page.open("/my/data").text
    make.practice(asked_details=[])
    assert "My details" not in page.open("/my/data").text
    assert page.open("/my/details").status == 404
