"""Locking a browser between two clients, and the ways to open it again."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password

from clinic import clock
from clinic.accounts import session_locks
from clinic.accounts.models import AuditEntry, StaffSession, User
from clinic.db import db
from tests.make import Make
from tests.visitor import PASSWORD, Visitor, as_staff, token_for

PIN = "407216"


@pytest.fixture
def nora(make: Make) -> User:
    make.practice()
    return make.user(
        roles=["owner"], email="nora@alderlane.example", given_name="Nora", password=hash_password(PASSWORD)
    )


@pytest.fixture
def visitor(app: Flask, nora: User) -> Visitor:
    """Nora's browser, with a PIN."""
    browser = as_staff(app, nora)
    session_locks.set_pin(own_session(), PIN)
    db.session.commit()
    return Visitor(browser)


def own_session() -> StaffSession:
    return db.session.scalars(sa.select(StaffSession).execution_options(populate_existing=True)).one()


def acts() -> list[str]:
    db.session.rollback()
    found = sa.select(AuditEntry.action, AuditEntry.purpose).order_by(AuditEntry.id)
    return [" ".join(filter(None, row)) for row in db.session.execute(found)]


def test_lock_replaces_the_page_and_the_pin_leads_back_to_it(visitor: Visitor) -> None:
    visitor.open("/staff/clients?show=coming").press("Lock")
    assert visitor.heading == "Locked"
    assert "Nora" in visitor.text
    assert visitor.open("/staff/clients").heading == "Locked"
    visitor.open("/staff/unlock?next=/staff/clients?show=coming").press("Unlock", pin=PIN)
    assert visitor.path == "/staff/clients?show=coming"
    assert visitor.status == 200
    assert acts()[-2:] == ["locked", "unlocked PIN"]


def test_lock_leads_only_to_pages_that_can_be_opened(visitor: Visitor) -> None:
    for wanted in (
        "https://elsewhere.example/",
        "//elsewhere.example/staff",
        "/staff/unlock",
        "/staff/lock/state",
        "/book",
    ):
        visitor.open("/staff")
        visitor.browser.post("/staff/lock", data={"csrf_token": token_for(visitor.browser), "next": wanted})
        visitor.open(f"/staff/unlock?next={wanted}").press("Unlock", pin=PIN)
        assert visitor.path == "/staff", wanted


def test_a_wrong_pin_says_how_many_tries_are_left_and_the_fifth_signs_out(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    for left in ("4 tries are left", "3 tries are left", "2 tries are left", "One try is left"):
        visitor.press("Unlock", pin="407217")
        assert left in visitor.text
        assert visitor.status == 400
    visitor.press("Unlock", pin="407217")
    assert visitor.heading == "Sign in"
    assert "The PIN does not open this browser any more." in visitor.text
    assert own_session().ended_at is not None
    assert own_session().pin_hash is None
    assert acts().count("pin_wrong auth.unlock") == 5
    assert "pin_used_up" in acts()


def test_the_right_pin_counts_anew(visitor: Visitor) -> None:
    for _ in range(2):
        visitor.open("/staff").press("Lock")
        for _ in range(4):
            visitor.press("Unlock", pin="407217")
        assert visitor.press("Unlock", pin=PIN).path == "/staff"


def test_after_twelve_hours_the_pin_opens_nothing(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    own_session().created_at = clock.now() - timedelta(hours=12)
    db.session.commit()
    visitor.press("Unlock", pin=PIN)
    assert visitor.heading == "Sign in"


def test_after_an_hour_with_a_client_the_pin_is_enough(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    own_session().seen_at = clock.now() - timedelta(hours=1)
    db.session.commit()
    assert visitor.press("Unlock", pin=PIN).path == "/staff"


FRESH_ONLY = (
    "/staff/settings/access/export",
    "/staff/settings/team/invite",
    "/staff/pin",
    "/staff/second-factor",
    "/staff/passkeys",
    "/staff/recovery-codes",
)


@pytest.mark.parametrize("path", FRESH_ONLY)
def test_a_pin_is_no_fresh_proof(visitor: Visitor, path: str) -> None:
    """Not even within the ten minutes of the proof before the lock, and not with an older copy of the cookie."""
    assert visitor.open(path).heading != "Is it still you?"
    kept = visitor.browser.get_cookie("lumbar")
    assert kept is not None
    visitor.open("/staff").press("Lock").press("Unlock", pin=PIN)
    assert visitor.open(path).heading == "Is it still you?"
    visitor.browser.set_cookie("lumbar", kept.value)
    assert visitor.open(path).heading == "Is it still you?"
    visitor.open("/staff/again").browser.post(
        "/staff/again", data={"csrf_token": token_for(visitor.browser), "password": PASSWORD}
    )
    assert visitor.open(path).heading != "Is it still you?"


def test_a_password_alone_unlocks_nothing(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    visitor.browser.post(
        "/staff/again", data={"csrf_token": token_for(visitor.browser), "password": PASSWORD}
    )
    assert own_session().locked_at is not None
    assert visitor.open("/staff").heading == "Locked"


def test_the_whole_sign_in_leads_back_and_somebody_else_begins_anew(visitor: Visitor) -> None:
    visitor.open("/staff/clients").press("Lock").press("Sign in with password and code")
    assert visitor.heading == "Sign in"
    kept = [one.get("value") for one in visitor.page.all("input") if one.attributes.get("name") == "next"]
    assert kept == ["/staff/clients"]
    assert own_session().ended_at is not None


def test_somebody_else_begins_anew(visitor: Visitor) -> None:
    visitor.open("/staff/clients").press("Lock").press("I am not Nora")
    assert visitor.heading == "Sign in"
    assert "/staff/clients" not in visitor.answer.get_data(as_text=True)
    assert own_session().ended_at is not None


def test_without_a_pin_a_page_asks_first_and_locks_all_the_same(app: Flask, nora: User) -> None:
    visitor = Visitor(as_staff(app, nora)).open("/staff/clients").press("Lock")
    assert visitor.heading == "Not locked yet"
    assert own_session().locked_at is None
    visitor.press("Lock without a PIN")
    assert visitor.heading == "Locked"
    assert "There is no PIN in this browser." in visitor.text
    answer = visitor.browser.post(
        "/staff/unlock", data={"csrf_token": token_for(visitor.browser), "pin": PIN}
    )
    assert answer.status_code == 200
    assert own_session().locked_at is not None
    assert own_session().ended_at is None


def test_a_pin_is_chosen_changed_and_removed(app: Flask, nora: User) -> None:
    visitor = Visitor(as_staff(app, nora)).open("/staff/pin")
    assert (
        "first that anybody would try" in visitor.press("Save the PIN", pin="123456", pin_again="123456").text
    )
    assert visitor.status == 400
    assert "123456" not in visitor.answer.get_data(as_text=True)
    assert "The two PINs differ." in visitor.press("Save the PIN", pin=PIN, pin_again="407217").text
    assert own_session().pin_hash is None
    visitor.press("Save the PIN", pin=PIN, pin_again=PIN)
    assert "Your PIN is set for this browser." in visitor.text
    assert (
        visitor.open("/staff/pin").press("Save and lock", pin="918273", pin_again="918273").heading
        == "Locked"
    )
    assert visitor.press("Unlock", pin=PIN).status == 400
    visitor.press("Unlock", pin="918273").open("/staff/account").press("Remove the PIN")
    assert own_session().pin_hash is None
    assert [act for act in acts() if act.startswith("pin_")] == [
        "pin_set",
        "pin_set",
        "pin_wrong auth.unlock",
        "pin_removed",
    ]


def test_a_pin_is_chosen_only_with_a_fresh_proof(visitor: Visitor) -> None:
    with visitor.browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 601
    assert visitor.open("/staff/pin").heading == "Is it still you?"


def test_what_is_typed_when_the_lock_comes_stands_on_the_page_that_refuses_it(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    answer = visitor.browser.post(
        "/staff/settings/practice",
        data={"csrf_token": token_for(visitor.browser), "about": "Typed at length"},
    )
    assert answer.status_code == 423
    assert "Typed at length" in answer.get_data(as_text=True)
    assert "This browser is locked, so nothing was saved." in answer.get_data(as_text=True)


def test_a_page_that_asks_by_itself_hears_that_it_is_locked(visitor: Visitor) -> None:
    state = visitor.open("/staff").browser.get("/staff/lock/state")
    assert state.json == {"locked": False, "person": str(own_session().user_id)}
    visitor.press("Lock")
    for path in ("/staff/lock/state", "/staff/calendar"):
        answer = visitor.browser.get(path, headers={"X-By-Itself": "yes"})
        assert answer.status_code == 423, path
        assert answer.json == {"locked": True}


def test_clients_pages_and_the_interface_are_not_locked(visitor: Visitor) -> None:
    visitor.open("/staff").press("Lock")
    assert visitor.open("/book").status == 200
    assert visitor.browser.get("/api/v1/treatments").status_code == 200


def test_a_browser_in_a_clients_hands_shows_no_page_of_the_sign_in(visitor: Visitor) -> None:
    """Some of its pages are open to anyone, and know the person by the cookie alone."""
    own_session().spent_proof = time.time() + 60
    db.session.commit()
    assert visitor.open("/staff/second-factor").heading == "Is it still you?"


def after(minutes: float) -> None:
    """So long ago was the person of the one session last seen."""
    own_session().seen_at = clock.now() - timedelta(minutes=minutes)
    db.session.commit()


def test_minutes_that_nobody_offered_are_refused_with_a_sentence(visitor: Visitor) -> None:
    page = visitor.open("/staff/settings/team").press("Save", minutes="7")
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert own_session().lock_minutes is None


def test_an_owner_lets_browsers_lock_by_themselves(visitor: Visitor) -> None:
    visitor.open("/staff/settings/team").press("Save", minutes="5")
    assert "Browsers lock after 5 minutes." in visitor.text
    assert own_session().lock_minutes == 5, "also those signed in now"
    after(4.9)
    assert visitor.open("/staff/tasks").heading != "Locked"
    after(5)
    assert visitor.open("/staff/tasks").heading == "Locked"
    assert "locked_itself" in acts()
    assert visitor.press("Unlock", pin=PIN).path == "/staff/tasks"
    visitor.open("/staff/settings/team").press("Save", minutes="")
    assert "No browser locks by itself." in visitor.text
    after(29)
    assert visitor.open("/staff/tasks").heading != "Locked"


def test_one_that_locks_by_itself_does_not_end_by_idleness(visitor: Visitor) -> None:
    own_session().lock_minutes = 5
    after(300)
    assert visitor.open("/staff/tasks").heading == "Locked"


def test_only_acts_keep_a_browser_open(visitor: Visitor) -> None:
    own_session().lock_minutes = 5
    after(4)
    visitor.browser.get("/staff/lock/state", headers={"X-By-Itself": "yes"})
    visitor.browser.get("/staff/calendar/stamp")
    assert clock.now() - own_session().seen_at > timedelta(minutes=3)
    visitor.browser.get("/staff/lock/state")
    assert clock.now() - own_session().seen_at < timedelta(minutes=1)


def test_a_new_session_locks_by_itself_as_the_practice_says(
    app: Flask, nora: User, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.practice(lock_minutes=10)
    nora.is_demo = True
    db.session.commit()
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    visitor = Visitor(app.test_client()).open("/staff/sign-in")
    visitor.press("Continue", email=nora.email, password=PASSWORD)
    assert own_session().lock_minutes == 10
    assert "You have no PIN here to open it again." in visitor.text
