"""Who each page is for, before any view runs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import ClientSession, StaffSession
from clinic.accounts.permissions import Permission
from clinic.db import db
from clinic.web import access
from clinic.web.access import anyone, audience, staff
from tests.make import Make
from tests.visitor import Visitor, as_client, as_staff, client_session


@pytest.fixture
def bare() -> Flask:
    app = Flask("bare")
    app.config["PUBLIC_URL"] = "http://localhost"
    return app


def test_an_endpoint_that_says_nothing_stops_the_start(bare: Flask) -> None:
    bare.add_url_rule("/open", "open", audience(anyone)(lambda: ""))
    bare.add_url_rule("/silent", "silent", lambda: "")
    access.declare(bare, {"static": anyone})
    with pytest.raises(access.Undeclared, match=r"for: silent$"):
        access.require_declared(bare)


def test_an_endpoint_of_an_extension_is_declared_from_outside(bare: Flask) -> None:
    bare.add_url_rule("/theirs", "theirs", lambda: "")
    access.declare(
        bare, {"static": anyone, "theirs": access.Policy(staff, frozenset({Permission.AUDIT_READ}))}
    )
    access.require_declared(bare)
    assert access.policy(bare, "theirs") == access.Policy(staff, frozenset({Permission.AUDIT_READ}))


def test_the_product_has_declared_everything(app: Flask) -> None:
    access.require_declared(app)


def test_a_stranger_on_a_staff_page_is_sent_to_the_sign_in_and_back(client: FlaskClient) -> None:
    answer = client.get("/staff/account?tab=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/staff/sign-in?next=/staff/account?tab%3D1"


def test_a_form_is_not_repeated_after_the_sign_in(client: FlaskClient) -> None:
    assert client.post("/staff/account/sign-out-others").headers["Location"] == "/staff/sign-in"


def test_a_stranger_on_a_client_page_is_sent_to_ask_for_a_link(client: FlaskClient) -> None:
    assert client.get("/my").headers["Location"] == "/my/sign-in?next=/my"


def test_somebody_signed_in_without_the_permission_is_told_so(app: Flask, make: Make) -> None:
    make.practice()
    desk = Visitor(as_staff(app, make.user(roles=["front_desk"])))
    assert desk.open("/staff/reviews").status == 403


def test_a_client_session_opens_no_staff_page_even_on_a_staff_address(app: Flask, make: Make) -> None:
    make.practice()
    stella = make.user(roles=["owner", "therapist"])
    ada = make.client(mail=stella.email)
    browser = as_client(app, ada.contacts[0], ada)
    assert browser.get("/my").status_code == 200
    for path in ("/staff", "/staff/account", "/staff/reviews"):
        assert "/staff/sign-in" in browser.get(path).headers["Location"]


def test_a_staff_session_opens_no_client_page(app: Flask, make: Make) -> None:
    browser = as_staff(app, make.user(roles=["owner"]))
    assert "/my/sign-in" in browser.get("/my").headers["Location"]


def test_somebody_who_left_is_out_with_the_next_request(app: Flask, make: Make) -> None:
    make.practice()
    person = make.user()
    browser = as_staff(app, person)
    assert browser.get("/staff/account").status_code == 200
    person.active = False
    db.session.commit()
    assert browser.get("/staff/account").status_code == 303


def test_a_role_taken_away_is_gone_with_the_next_request(app: Flask, make: Make) -> None:
    make.practice()
    person = make.user(roles=["therapist"])
    browser = as_staff(app, person)
    assert browser.get("/staff/reviews").status_code == 200
    person.role_names = ["front_desk"]
    db.session.commit()
    assert browser.get("/staff/reviews").status_code == 403


def test_a_cookie_without_its_session_on_the_server_is_worth_nothing(app: Flask, make: Make) -> None:
    make.practice()
    browser = as_staff(app, make.user())
    db.session.execute(sa.update(StaffSession).values(ended_at=clock.now()))
    db.session.commit()
    assert browser.get("/staff/account").status_code == 303


def test_one_persons_session_does_not_serve_another(app: Flask, make: Make) -> None:
    make.practice()
    browser = as_staff(app, make.user())
    colleague = make.user(roles=["owner"])
    with browser.session_transaction() as session:
        session["_user_id"] = colleague.fs_uniquifier
    assert browser.get("/staff/account").status_code == 303


def test_an_idle_session_is_out(app: Flask, make: Make) -> None:
    make.practice()
    browser = as_staff(app, make.user())
    db.session.execute(sa.update(StaffSession).values(seen_at=clock.now() - timedelta(minutes=31)))
    db.session.commit()
    assert browser.get("/staff/account").status_code == 303


def test_a_page_that_is_read_keeps_the_session_alive(app: Flask, make: Make) -> None:
    make.practice()
    browser = as_staff(app, make.user())
    before = clock.now() - timedelta(minutes=20)
    db.session.execute(sa.update(StaffSession).values(seen_at=before))
    db.session.commit()
    assert browser.get("/staff/account").status_code == 200
    db.session.expire_all()
    assert db.session.scalars(sa.select(StaffSession.seen_at)).one() > before


def test_somebody_who_proved_an_address_first_says_who_they_are(app: Flask, make: Make) -> None:
    make.practice()
    ada = make.client()
    make.client(given_name="Bob")
    browser = as_client(app, ada.contacts[0], None)
    assert browser.get("/my").headers["Location"] == "/my/who"
    assert browser.get("/my/who").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:9"},
        {"Referer": "https://elsewhere.example/form"},
        {"Origin": "null", "Referer": "https://elsewhere.example/form"},
    ],
)
def test_a_form_sent_by_another_site_is_refused_even_with_a_token(
    client: FlaskClient, make: Make, headers: dict[str, str]
) -> None:
    make.practice()
    visitor = Visitor(client).open("/my/sign-in")
    fields = {"mail": "ada@client.example", "csrf_token": visitor.token()}
    assert client.post("/my/sign-in", data=fields, headers=headers).status_code == 403
    assert client.post("/my/sign-in", data=fields, headers={"Origin": "http://localhost"}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        # What browsers send from pages whose address they keep to themselves.
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null"},
        {"Referer": "http://localhost/my/sign-in"},
    ],
)
def test_a_form_of_our_own_page_is_taken(client: FlaskClient, make: Make, headers: dict[str, str]) -> None:
    make.practice()
    visitor = Visitor(client).open("/my/sign-in")
    fields = {"mail": "ada@client.example", "csrf_token": visitor.token()}
    assert client.post("/my/sign-in", data=fields, headers=headers).status_code == 303


def test_a_form_without_a_token_changes_nothing(client: FlaskClient, make: Make) -> None:
    make.practice()
    ada = make.client()
    answer = client.post("/my/sign-in", data={"mail": ada.contacts[0].value})
    assert answer.status_code == 400
    assert "open for too long" in answer.get_data(as_text=True)


@pytest.fixture
def request_context(app: Flask, database: sa.Connection) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def test_a_visitor_acts_as_nobody(request_context: None) -> None:
    assert access.actor() == "visitor"


def test_on_a_clients_page_staff_act_as_the_client(app: Flask, make: Make, now: datetime) -> None:
    ada = make.client()
    found = ClientSession(
        digest=b"d" * 32, contact_id=ada.contacts[0].id, client_id=ada.id,
        created_at=now, seen_at=now, expires_at=now,
    )  # fmt: skip
    with app.test_request_context("/my"):
        g.policy = access.Policy(access.client)
        g.client_session = found
        g.staff_session = object()
        assert access.actor() == f"contact:{ada.contacts[0].id}"


def test_signing_out_of_a_client_session_ends_it_on_the_server(app: Flask, make: Make) -> None:
    make.practice()
    ada = make.client()
    browser = as_client(app, ada.contacts[0], ada)
    copied = browser.get_cookie(app.config["CLIENT_COOKIE_NAME"])
    assert copied
    Visitor(browser).open("/my").press("Sign out")
    browser.set_cookie(app.config["CLIENT_COOKIE_NAME"], copied.value)
    assert browser.get("/my").status_code == 303
    assert client_session(copied.value, clock.now()) is None
