"""Everybody sees where they are signed in, ends one session or all others, and proves first who they are."""

import time

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import AuditEntry, StaffSession, User
from clinic.db import db
from tests.make import Make
from tests.staff.test_sign_in import enrolled
from tests.visitor import PASSWORD, Visitor, as_staff

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def nora(make: Make) -> User:
    make.practice()
    return make.user(roles=["front_desk"], email="ines@alderlane.example", given_name="Nora")


@pytest.fixture
def visitor(app: Flask, nora: User) -> Visitor:
    return Visitor(as_staff(app, nora))


def opened(user: User, device: str) -> str:
    raw = sessions.open_staff(user, clock.now(), device)
    db.session.commit()
    return raw


def test_one_session_is_ended_and_the_others_go_on(visitor: Visitor, nora: User) -> None:
    tablet, laptop = opened(nora, "Safari on iPad"), opened(nora, "Edge on Windows")
    visitor.open("/staff/account")
    assert "Safari on iPad" in visitor.text
    button = next(one.text for one in visitor.page.all("button") if "Safari on iPad" in one.text)
    visitor.press(button)
    assert "That device is signed out." in visitor.text
    assert "Safari on iPad" not in visitor.text
    assert sessions.staff(tablet, clock.now()) is None
    assert sessions.staff(laptop, clock.now())
    assert "session_ended" in set(db.session.scalars(sa.select(AuditEntry.action)))


def test_a_session_of_somebody_else_is_not_there(visitor: Visitor, make: Make) -> None:
    other = opened(make.user(), "Safari on iPad")
    row = sessions.staff(other, clock.now())
    assert row is not None
    token = visitor.open("/staff/account").token()
    answer = visitor.browser.post(f"/staff/account/sessions/{row.id}/end", data={"csrf_token": token})
    assert answer.status_code == 404
    assert sessions.staff(other, clock.now())


def test_ending_others_asks_who_one_is_when_that_is_long_ago(visitor: Visitor, nora: User) -> None:
    tablet = opened(nora, "Safari on iPad")
    visitor.open("/staff/account")
    with visitor.browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 601
    button = next(one.text for one in visitor.page.all("button") if "Safari on iPad" in one.text)
    assert visitor.press(button).heading == "Is it still you?"
    assert visitor.open("/staff/account").press("Sign out everywhere else").heading == "Is it still you?"
    assert sessions.staff(tablet, clock.now())


def test_a_sign_in_is_known_by_browser_and_machine_and_nothing_that_was_sent_is_kept(
    app: Flask, nora: User
) -> None:
    nora.password = hash_password(PASSWORD)
    db.session.commit()
    visitor = Visitor(app.test_client())
    visitor.browser.environ_base["HTTP_USER_AGENT"] = f"{FIREFOX} <script>"
    enrolled(visitor)
    assert "Firefox on Linux" in visitor.open("/staff/account").text
    kept = db.session.scalars(sa.select(StaffSession.device)).all()
    assert kept == ["Firefox on Linux"]
