"""Staff sign in with a password and a second factor; nothing less opens a page."""

import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from passlib.totp import TOTP

from clinic import clock
from clinic.accounts import team
from clinic.accounts.models import AuditEntry, Role, StaffSession, User
from clinic.db import db, transaction
from tests.make import Make
from tests.visitor import PASSWORD, Visitor, as_staff


@pytest.fixture
def ines(app: Flask, make: Make) -> User:
    """A therapist with a password, who has no second factor yet."""
    make.practice()
    return make.user(roles=["therapist"], email="ines@alderlane.example", password=hash_password(PASSWORD))


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def with_password(
    visitor: Visitor, password: str = PASSWORD, email: str = "ines@alderlane.example"
) -> Visitor:
    return visitor.open("/staff/sign-in").press("Continue", email=email, password=password)


def key_shown(visitor: Visitor) -> TOTP:
    found = re.search(r"Type this key into the app instead: ((?:[A-Z2-7]{4}-?)+)", visitor.text)
    assert found, visitor.text
    return TOTP(key=found.group(1).replace("-", ""))


def enrolled(visitor: Visitor) -> TOTP:
    """Sign in for the first time: scan, and show the first code."""
    with_password(visitor).press("Show the picture to scan")
    app_of_ines = key_shown(visitor)
    visitor.press("Finish", code=app_of_ines.generate().token)
    return app_of_ines


def later_code(app_of_ines: TOTP, steps: int = 1) -> str:
    """The code of a later time step; the server accepts one step of skew."""
    return app_of_ines.generate(time.time() + 30 * steps).token


def is_in(visitor: Visitor) -> bool:
    return visitor.open("/staff/account").heading == "Your sign-in"


def forget_the_last_code(user: User) -> None:
    """As if half a minute had passed since the last code."""
    db.session.execute(sa.update(User).where(User.id == user.id).values(totp_counter=None))
    db.session.commit()


def test_the_first_sign_in_sets_up_an_app_and_a_password_alone_opens_nothing(
    visitor: Visitor, ines: User
) -> None:
    with_password(visitor)
    assert visitor.heading == "Set up your app"
    assert not is_in(visitor)
    enrolled(visitor)
    assert is_in(visitor)


def test_the_picture_to_scan_is_part_of_the_page(visitor: Visitor, ines: User) -> None:
    with_password(visitor).press("Show the picture to scan")
    picture = visitor.page.one("img")
    assert picture.get("src").startswith("data:image/svg+xml;base64,")
    assert "img-src 'self' data:" in visitor.answer.headers["Content-Security-Policy"]


def test_a_wrong_first_code_sets_nothing_up(visitor: Visitor, ines: User) -> None:
    with_password(visitor).press("Show the picture to scan")
    right = key_shown(visitor).generate().token
    visitor.press("Finish", code=f"{(int(right) + 1) % 10**6:06}")
    assert not is_in(visitor)
    db.session.refresh(ines)
    assert ines.tf_primary_method is None


def test_every_later_sign_in_asks_for_a_code(app: Flask, visitor: Visitor, ines: User) -> None:
    app_of_ines = enrolled(visitor)
    other = with_password(Visitor(app.test_client()))
    assert other.heading == "Your code"
    assert not is_in(other)
    other = with_password(other).press("Sign in", code=later_code(app_of_ines))
    assert is_in(other)


def test_a_code_works_once(app: Flask, visitor: Visitor, ines: User) -> None:
    app_of_ines = enrolled(visitor)
    used = later_code(app_of_ines)
    assert is_in(with_password(Visitor(app.test_client())).press("Sign in", code=used))
    third = with_password(Visitor(app.test_client())).press("Sign in", code=used)
    assert "not right, or it was used before" in third.text
    assert third.title.startswith("Error: ")
    assert not is_in(third)


def test_a_code_older_than_the_last_one_used_is_refused(app: Flask, visitor: Visitor, ines: User) -> None:
    app_of_ines = enrolled(visitor)
    older = app_of_ines.generate().token
    assert is_in(with_password(Visitor(app.test_client())).press("Sign in", code=later_code(app_of_ines)))
    assert not is_in(with_password(Visitor(app.test_client())).press("Sign in", code=older))


@pytest.mark.parametrize(("email", "password"), [
    ("ines@alderlane.example", "wrong password here"),
    ("nobody@alderlane.example", PASSWORD),
    ("not an address", PASSWORD),
    ("ines@alderlane.example", ""),
])  # fmt: skip
def test_a_failed_sign_in_does_not_tell_what_was_wrong(
    visitor: Visitor, ines: User, email: str, password: str
) -> None:
    with_password(visitor, password=password, email=email)
    assert visitor.status == 200
    assert visitor.heading == "Sign in"
    assert "do not belong together" in visitor.text
    assert not is_in(visitor)


def test_known_and_unknown_addresses_cost_the_same_time(visitor: Visitor, ines: User) -> None:
    """Medians of interleaved tries; the work of a password hash dominates, so a missing one would show at once."""
    took: dict[str, list[float]] = {"ines@alderlane.example": [], "nobody@alderlane.example": []}
    for _ in range(5):
        for email, times in took.items():
            with db.engine.begin() as sweep:
                sweep.execute(sa.text("DELETE FROM limits"))
            visitor.open("/staff/sign-in")
            fields = {"email": email, "password": "wrong password", "csrf_token": visitor.token(), "next": ""}
            began = time.process_time()
            visitor.browser.post("/staff/sign-in", data=fields)
            times.append(time.process_time() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    assert abs(known - unknown) < 0.3 * max(known, unknown)


def test_somebody_who_left_gets_the_same_answer_as_a_wrong_password(visitor: Visitor, ines: User) -> None:
    ines.active = False
    db.session.commit()
    assert "do not belong together" in with_password(visitor).text
    assert not is_in(visitor)


def test_demo_staff_need_no_second_factor_in_a_demo(
    app: Flask, visitor: Visitor, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ines.is_demo = True
    db.session.commit()
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    with_password(visitor)
    assert is_in(visitor)
    assert "A demo with invented people" in visitor.text


@pytest.mark.parametrize("environment", ["production", "test"])
def test_demo_staff_cannot_sign_in_outside_a_demo(
    app: Flask, visitor: Visitor, ines: User, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    ines.is_demo = True
    db.session.commit()
    monkeypatch.setitem(app.config, "ENVIRONMENT", environment)
    assert "do not belong together" in with_password(visitor).text
    assert not is_in(visitor)


def test_real_staff_need_their_second_factor_in_a_demo_too(
    app: Flask, visitor: Visitor, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    assert with_password(visitor).heading == "Set up your app"


def test_ten_wrong_passwords_make_the_network_wait_for_this_account(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    for _ in range(10):
        with_password(visitor, password="wrong password")
    with_password(visitor)
    assert visitor.status == 429
    assert int(visitor.answer.headers["Retry-After"]) > 0
    elsewhere = Visitor(app.test_client())
    elsewhere.browser.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert with_password(elsewhere).heading == "Set up your app"


def test_upper_case_does_not_get_an_account_more_tries(visitor: Visitor, ines: User) -> None:
    for number in range(10):
        with_password(
            visitor, password="wrong", email=("INES" if number % 2 else "ines") + "@alderlane.example"
        )
    assert with_password(visitor).status == 429


def test_wrong_codes_are_limited_too(app: Flask, visitor: Visitor, ines: User) -> None:
    app_of_ines = enrolled(visitor)
    other = with_password(Visitor(app.test_client()))
    wrong = f"{(int(later_code(app_of_ines)) + 1) % 10**6:06}"
    for _ in range(10):
        other.press("Sign in", code=wrong)
    other.press("Sign in", code=later_code(app_of_ines))
    assert other.status == 429
    assert not is_in(other)


def test_signing_out_ends_the_session_for_copies_of_the_cookie(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    enrolled(visitor)
    copied = visitor.browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert copied
    visitor.open("/staff/account").press("Sign out")
    assert not is_in(visitor)
    thief = Visitor(app.test_client())
    thief.browser.set_cookie(app.config["SESSION_COOKIE_NAME"], copied.value)
    assert not is_in(thief)


def test_a_sign_in_gives_the_browser_another_session_and_token(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    visitor.open("/staff/sign-in")
    before = visitor.token()
    enrolled(visitor)
    visitor.open("/staff/account")
    assert visitor.token() != before


def test_a_session_planted_before_the_sign_in_does_not_become_one(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    visitor.open("/staff/sign-in")
    planted = visitor.browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert planted
    enrolled(visitor)
    attacker = Visitor(app.test_client())
    attacker.browser.set_cookie(app.config["SESSION_COOKIE_NAME"], planted.value)
    assert not is_in(attacker)


def test_remember_me_cannot_be_asked_for(app: Flask, visitor: Visitor, ines: User) -> None:
    ines.is_demo = True
    db.session.commit()
    app.config["ENVIRONMENT"] = "demo"
    try:
        visitor.open("/staff/sign-in").press("Continue", email=ines.email, password=PASSWORD, remember="y")
        assert visitor.browser.get_cookie("remember_token") is None
    finally:
        app.config["ENVIRONMENT"] = "test"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example"]
)
def test_a_sign_in_never_leads_to_another_site(visitor: Visitor, ines: User, elsewhere: str) -> None:
    with_password(visitor).press("Show the picture to scan")
    fields = {"code": key_shown(visitor).generate().token, "csrf_token": visitor.token()}
    answer = visitor.browser.post("/staff/code", query_string={"next": elsewhere}, data=fields)
    assert answer.status_code == 302
    there = urlsplit(answer.headers["Location"])
    assert (there.scheme, there.netloc) in (("", ""), ("http", "localhost"))
    assert not there.path.startswith(("//", "/\\"))


def test_a_sign_in_page_made_to_lead_elsewhere_signs_nobody_in(visitor: Visitor, ines: User) -> None:
    visitor.open("/staff/sign-in?next=https://evil.example/").press(
        "Continue", email=ines.email, password=PASSWORD
    )
    assert visitor.heading == "Sign in"


def test_after_the_sign_in_one_is_where_one_wanted_to_go(visitor: Visitor, ines: User) -> None:
    app_of_ines = enrolled(visitor)
    visitor.open("/staff/account").press("Sign out")
    visitor.open("/staff/reviews").press("Continue", email=ines.email, password=PASSWORD)
    visitor.press("Sign in", code=later_code(app_of_ines))
    assert visitor.path == "/staff/reviews"


def test_recovery_codes_are_shown_once_and_kept_unreadable(visitor: Visitor, ines: User) -> None:
    codes = recovery_codes(visitor)
    assert len(set(codes)) == 10
    db.session.refresh(ines)
    assert ines.mf_recovery_codes
    assert len(ines.mf_recovery_codes) == 10
    assert not any(code in str(ines.mf_recovery_codes) for code in codes)
    assert not any(code in visitor.open("/staff/recovery-codes?show_codes=1").text for code in codes)


def recovery_codes(visitor: Visitor) -> list[str]:
    enrolled(visitor)
    visitor.open("/staff/recovery-codes").press("Make ten new codes")
    return re.findall(r"\b[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}\b", visitor.text)


def test_a_recovery_code_signs_in_once(app: Flask, visitor: Visitor, ines: User) -> None:
    code = recovery_codes(visitor)[0]
    assert is_in(with_code(app, code))
    again = with_code(app, code)
    assert "not one of yours" in again.text
    assert not is_in(again)


def test_a_recovery_code_may_be_typed_in_capitals(app: Flask, visitor: Visitor, ines: User) -> None:
    assert is_in(with_code(app, f" {recovery_codes(visitor)[0].upper()} "))


def with_code(app: Flask, code: str) -> Visitor:
    other = with_password(Visitor(app.test_client())).open("/staff/recovery-code")
    return other.press("Sign in", code=code)


def test_a_recovery_code_is_asked_for_only_after_the_password(visitor: Visitor, ines: User) -> None:
    assert visitor.open("/staff/recovery-code").heading == "Sign in"


def test_new_codes_make_the_old_ones_worthless(app: Flask, visitor: Visitor, ines: User) -> None:
    old = recovery_codes(visitor)[0]
    visitor.open("/staff/recovery-codes").press("Make ten new codes")
    assert not is_in(with_code(app, old))


def test_a_changed_password_signs_other_devices_out_and_keeps_this_one(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    app_of_ines = enrolled(visitor)
    other = with_password(Visitor(app.test_client())).press("Sign in", code=later_code(app_of_ines))
    fresh = "granite lantern whistles softly"
    visitor.open("/staff/password").press(
        "Change the password", password=PASSWORD, new_password=fresh, new_password_confirm=fresh
    )
    assert "Your password is changed" in visitor.text
    assert is_in(visitor)
    assert not is_in(other)
    assert with_password(Visitor(app.test_client()), password=fresh).heading == "Your code"


@pytest.mark.parametrize(
    ("password", "new", "again", "says"),
    [
        ("wrong", "granite lantern whistles", "granite lantern whistles", "not your password"),
        (PASSWORD, "granite lantern whistles", "granite lantern", "two passwords differ"),
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, "Alder Lane Alder Lane", "Alder Lane Alder Lane", "tried first"),
        (PASSWORD, PASSWORD, PASSWORD, "the password you have now"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_bad_one(
    visitor: Visitor, ines: User, password: str, new: str, again: str, says: str
) -> None:
    enrolled(visitor)
    before = ines.password
    visitor.open("/staff/password").press(
        "Change the password", password=password, new_password=new, new_password_confirm=again
    )
    assert says in visitor.text
    assert visitor.title.startswith("Error: ")
    db.session.refresh(ines)
    assert ines.password == before


def test_what_is_sensitive_asks_again_after_ten_minutes(app: Flask, visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    with visitor.browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 601
    assert visitor.open("/staff/passkeys").heading == "Is it still you?"
    visitor.press("Go on", password="wrong password")
    assert "not your password" in visitor.text
    visitor.press("Go on", password=PASSWORD)
    assert visitor.heading == "Passkeys"


def test_a_new_app_replaces_the_old_one_when_it_has_shown_a_code(
    app: Flask, visitor: Visitor, ines: User
) -> None:
    old = enrolled(visitor)
    forget_the_last_code(ines)
    visitor.open("/staff/second-factor").press("Show the picture to scan")
    new = key_shown(visitor)
    visitor.press("Finish", code=new.generate().token)
    assert "Your app is set up" in visitor.text
    forget_the_last_code(ines)
    assert not is_in(with_password(Visitor(app.test_client())).press("Sign in", code=old.generate().token))
    assert is_in(with_password(Visitor(app.test_client())).press("Sign in", code=new.generate().token))


def test_opening_the_page_for_a_code_does_not_sign_out(visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    assert visitor.open("/staff/code").heading == "Your sign-in"
    assert is_in(visitor)


def test_the_second_factor_cannot_be_switched_off(visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    visitor.open("/staff/second-factor")
    visitor.browser.post("/staff/second-factor", data={"setup": "disable", "csrf_token": visitor.token()})
    db.session.refresh(ines)
    assert ines.tf_primary_method == "authenticator"


def test_a_set_up_link_leads_from_nothing_to_the_first_sign_in(
    app: Flask, visitor: Visitor, make: Make
) -> None:
    make.practice()
    olga = team.add_user(
        mail="olga@alderlane.example",
        given_name="Olga",
        family_name="Owner",
        roles=[Role.OWNER],
        now=clock.now(),
    )
    path = team.set_up_path(team.mint_set_up_link(olga, clock.now()))
    db.session.commit()
    for _ in range(2):
        assert visitor.open(path).heading == "Choose your password"
    assert visitor.answer.headers["Referrer-Policy"] == "no-referrer"
    visitor.press("Set the password", password="short", again="short", treats="no")
    assert "at least 12 characters" in visitor.text
    visitor.press("Set the password", password=PASSWORD, again=PASSWORD, treats="no")
    assert visitor.heading == "Sign in"
    assert Visitor(app.test_client()).open(path).status == 410
    assert with_password(visitor, email=olga.email).heading == "Set up your app"


def test_what_happens_at_the_door_is_on_record(visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    visitor.open("/staff/account").press("Sign out")
    by_ines = (
        sa.select(AuditEntry.action).where(AuditEntry.actor == f"user:{ines.id}").order_by(AuditEntry.id)
    )
    actions = db.session.scalars(by_ines).all()
    assert "signed_in" in actions
    assert actions[-1] == "signed_out"


def test_other_devices_can_be_signed_out(app: Flask, visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    other = Visitor(as_staff(app, ines))
    assert is_in(other)
    visitor.open("/staff/account").press("Sign out everywhere else")
    assert "signed in here only" in visitor.text
    assert not is_in(other)


def test_staff_without_recovery_codes_are_told_until_they_have_some(visitor: Visitor, ines: User) -> None:
    enrolled(visitor)
    assert "You have no recovery codes" in visitor.open("/staff/account").text
    visitor.open("/staff/recovery-codes").press("Make ten new codes")
    assert "You have no recovery codes" not in visitor.open("/staff/account").text


@pytest.fixture
def committed(app: Flask) -> Iterator[User]:
    """A member of staff who is really there, for requests that really run at the same time."""
    with app.app_context():
        with transaction():
            person = team.add_user(
                mail="race@alderlane.example", given_name="Rae", family_name="Ce", roles=[Role.THERAPIST],
                now=clock.now(), password=PASSWORD,
            )  # fmt: skip
            person_id = person.id
        yield person
        with transaction():
            db.session.execute(sa.delete(StaffSession).where(StaffSession.user_id == person_id))
            db.session.execute(sa.delete(User).where(User.id == person_id))
            db.session.execute(sa.text("DELETE FROM limits"))


@pytest.mark.race
def test_of_many_uses_of_one_code_at_the_same_time_one_signs_in(app: Flask, committed: User) -> None:
    secret = app.extensions["security"].totp_factory.generate_totp_secret()
    with transaction():
        person = db.session.get_one(User, committed.id)
        person.tf_primary_method, person.tf_totp_secret = "authenticator", secret
    code = app.extensions["security"].totp_factory.generate_totp_password(secret)
    assert winners(app, [waiting_for_code(app) for _ in range(6)], "/staff/code", code) == 1


@pytest.mark.race
def test_of_many_uses_of_one_recovery_code_at_the_same_time_one_signs_in(app: Flask, committed: User) -> None:
    secret = app.extensions["security"].totp_factory.generate_totp_secret()
    with app.test_request_context("/"), transaction():
        person = db.session.get_one(User, committed.id)
        person.tf_primary_method, person.tf_totp_secret = "authenticator", secret
        code = app.extensions["security"].mf_recovery_codes_util.create_recovery_codes(person)[0]
    assert winners(app, [waiting_for_code(app) for _ in range(6)], "/staff/recovery-code", code) == 1


def waiting_for_code(app: Flask) -> tuple[FlaskClient, str]:
    visitor = with_password(Visitor(app.test_client()), email="race@alderlane.example")
    assert visitor.heading == "Your code"
    return visitor.browser, visitor.token()


def winners(app: Flask, browsers: list[tuple[FlaskClient, str]], path: str, code: str) -> int:
    """How many of these browsers get in when all send the same code at once."""

    def send(browser: tuple[FlaskClient, str]) -> bool:
        answer = browser[0].post(path, data={"code": code, "csrf_token": browser[1]})
        return answer.status_code == 302 and browser[0].get("/staff/account").status_code == 200

    with ThreadPoolExecutor(len(browsers)) as crowd:
        return sum(crowd.map(send, browsers))
