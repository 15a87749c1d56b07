"""Strangers can guess only so often, and cannot keep a member of staff from signing in."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password

from clinic.accounts import limits
from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from tests.make import Make
from tests.staff.test_sign_in import enrolled, is_in, key_shown, later_code, with_password
from tests.visitor import PASSWORD, Visitor

MAIL = "ines@alderlane.example"
HOSTILE = [f"203.0.113.{number}" for number in range(1, 11)]


@pytest.fixture
def ines(app: Flask, make: Make) -> User:
    make.practice()
    user: User = make.user(roles=["therapist"], email=MAIL, password=hash_password(PASSWORD))
    db.session.commit()
    return user


def at(app: Flask, address: str) -> Visitor:
    visitor = Visitor(app.test_client())
    visitor.browser.environ_base["REMOTE_ADDR"] = address
    return visitor


def guess(app: Flask, addresses: list[str], times: int, mail: str = MAIL) -> list[int]:
    """Wrong tries at an account, one network after another; the statuses. Without a password nothing is hashed: a try all the same."""
    hostile = Visitor(app.test_client()).open("/staff/sign-in")
    fields = {"email": mail, "password": "", "csrf_token": hostile.token()}
    return [
        hostile.browser.post(
            "/staff/sign-in", data=fields, environ_overrides={"REMOTE_ADDR": address}
        ).status_code
        for _ in range(times)
        for address in addresses
    ]


def test_ten_hostile_networks_lock_out_neither_the_known_browser_nor_the_right_password_from_a_clean_network(
    app: Flask, ines: User
) -> None:
    own = at(app, "198.51.100.1")
    app_of_ines = enrolled(own)
    own.open("/staff/account").press("Sign out")
    statuses = guess(app, HOSTILE, 12)
    assert statuses.count(200) == len(HOSTILE) + limits.SIGN_IN_FURTHER.count
    assert set(statuses[-20:]) == {429}

    elsewhere = with_password(at(app, "198.51.100.2"))
    assert elsewhere.heading == "Your code"
    own.browser.environ_base["REMOTE_ADDR"] = HOSTILE[0]
    with_password(own).press("Sign in", code=later_code(app_of_ines))
    assert is_in(own)
    assert with_password(at(app, HOSTILE[0])).status == 429


def test_a_guess_that_is_sent_as_json_is_no_guess(app: Flask, ines: User) -> None:
    hostile = Visitor(app.test_client()).open("/staff/sign-in")
    sent = {"email": MAIL, "password": PASSWORD, "csrf_token": hostile.token()}
    answer = hostile.browser.post("/staff/sign-in", json=sent, headers={"X-CSRFToken": hostile.token()})
    assert answer.status_code == 415


def test_many_networks_together_guess_only_so_often(app: Flask, ines: User) -> None:
    networks = [f"2001:db8:{number:x}::1" for number in range(limits.SIGN_IN_FIRST.count + 30)]
    statuses = guess(app, networks, 1)
    assert statuses.count(200) == limits.SIGN_IN_FIRST.count
    assert set(statuses[limits.SIGN_IN_FIRST.count :]) == {429}
    assert limits.SIGN_IN_FIRST.count + limits.SIGN_IN_FURTHER.count < 100


def test_the_networks_of_one_ipv6_household_have_one_first_try(app: Flask, ines: User) -> None:
    household = [f"2001:db8:1:{number:x}::1" for number in range(limits.SIGN_IN_FURTHER.count + 5)]
    assert guess(app, household, 1).count(200) == 1 + limits.SIGN_IN_FURTHER.count


@pytest.mark.parametrize(
    "written", ["ines@ａｌｄｅｒｌａｎｅ.example", "INES@ALDERLANE.EXAMPLE", " ines@alderlane.example "]
)
def test_another_way_of_writing_an_address_opens_no_fresh_window(
    app: Flask, ines: User, written: str
) -> None:
    assert guess(app, HOSTILE[:1], 10) == [200] * 10
    assert guess(app, HOSTILE[:1], 1, mail=written) == [429]


def test_the_sign_in_reads_an_address_as_it_is_counted(app: Flask, ines: User) -> None:
    assert (
        with_password(at(app, "198.51.100.1"), email="Ines@ａｌｄｅｒｌａｎｅ.example").heading
        == "Set up your app"
    )


def test_signing_in_often_is_no_failure(app: Flask, ines: User) -> None:
    for _ in range(limits.SIGN_IN.count + 1):
        visitor = with_password(at(app, "198.51.100.1"))
    assert visitor.heading == "Set up your app"


def test_the_mark_survives_the_sign_out_and_is_forgotten_on_request(app: Flask, ines: User) -> None:
    own = at(app, "198.51.100.1")
    app_of_ines = enrolled(own)
    own.open("/staff/account").press("Sign out")
    marked = own.browser.get_cookie("lumbar-device")
    assert marked is not None
    assert marked.http_only
    assert marked.same_site == "Lax"
    assert str(ines.id) not in marked.value
    with_password(own).press("Sign in", code=later_code(app_of_ines))
    own.open("/staff/account").press("Forget this device")
    assert "This device is forgotten" in own.text
    assert own.browser.get_cookie("lumbar-device") is None
    assert is_in(own)
    guess(app, HOSTILE, 5)
    own.open("/staff/account").press("Sign out")
    own.browser.environ_base["REMOTE_ADDR"] = HOSTILE[0]
    assert with_password(own).status == 429


def test_a_marked_browser_may_guess_only_so_often_too(app: Flask, ines: User) -> None:
    own = at(app, "198.51.100.1")
    enrolled(own)
    own.open("/staff/account").press("Sign out").open("/staff/sign-in")
    fields = {"email": MAIL, "password": "", "csrf_token": own.token()}
    statuses = [own.browser.post("/staff/sign-in", data=fields).status_code for _ in range(11)]
    assert statuses == [200] * limits.MARKED_SIGN_IN.count + [429]


@pytest.mark.parametrize("sent", ["", "nonsense", "AQ==", "AAAA" * 40])
def test_a_mark_that_we_did_not_make_marks_nothing(app: Flask, ines: User, sent: str) -> None:
    guess(app, HOSTILE, 5)
    forger = at(app, HOSTILE[0])
    forger.browser.set_cookie("lumbar-device", sent)
    assert with_password(forger).status == 429


def test_a_mark_knows_only_who_signed_in_with_it(app: Flask, ines: User, make: Make) -> None:
    fritz = make.user(roles=["front_desk"], email="fritz@alderlane.example", password=hash_password(PASSWORD))
    db.session.commit()
    own = at(app, HOSTILE[0])
    with_password(own, email=fritz.email).press("Show the picture to scan")
    own.press("Finish", code=key_shown(own).generate().token)
    own.open("/staff/account").press("Sign out")
    guess(app, HOSTILE, 5)
    assert with_password(own).status == 429


def events(action: str) -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action)))


def test_failures_and_lock_outs_are_written_down_without_what_was_typed(app: Flask, ines: User) -> None:
    guess(app, HOSTILE[:1], 11)
    failed = events("sign_in_failed")
    assert len(failed) == limits.SECURITY_EVENTS_FROM.count
    assert {entry.subject_id for entry in failed} == {ines.id}
    assert {entry.actor for entry in failed} == {"visitor"}
    assert len({entry.network for entry in failed}) == 1
    assert failed[0].network
    assert HOSTILE[0] not in failed[0].network
    assert failed[-1].purpose.endswith("more may have followed within the hour")
    (locked,) = events("locked_out")
    assert locked.subject_id == ines.id
    assert locked.network == failed[0].network


def test_a_flood_of_failures_does_not_fill_the_audit(app: Flask, ines: User) -> None:
    guess(app, HOSTILE, 12)
    assert len(events("sign_in_failed")) <= limits.SECURITY_EVENTS.count
    assert len(events("locked_out")) <= limits.SECURITY_EVENTS.count


def test_a_try_at_no_account_names_nobody(app: Flask, ines: User) -> None:
    guess(app, HOSTILE[:1], 1, mail="somebody.private@elsewhere.example")
    (entry,) = events("sign_in_failed")
    assert entry.subject_id is None
    assert "elsewhere" not in f"{entry.purpose} {entry.fields} {entry.actor}"


def test_wrong_codes_and_refused_pages_are_written_down(app: Flask, ines: User) -> None:
    own = at(app, "198.51.100.1")
    app_of_ines = enrolled(own)
    other = with_password(at(app, "198.51.100.9"))
    other.press("Sign in", code=f"{(int(later_code(app_of_ines)) + 1) % 10**6:06}")
    (wrong,) = events("code_wrong")
    assert wrong.subject_id == ines.id
    assert own.open("/staff/settings/practice").status == 403
    (refused,) = events("refused")
    assert (refused.actor, refused.subject_id, refused.purpose) == (
        f"user:{ines.id}",
        ines.id,
        "staff.settings_practice",
    )
    assert wrong.network != refused.network
