"""What a browser keeps after a sign-out: the mark of the device, and nothing about who was there."""

import time

from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts.models import User
from clinic.db import db
from clinic.staff.auth import device_mark
from tests.make import Make
from tests.visitor import Visitor, as_client, as_staff


def cookies(app: Flask, browser: FlaskClient) -> set[str]:
    names = (app.config["SESSION_COOKIE_NAME"], app.config["CLIENT_COOKIE_NAME"], "lumbar-device")
    return {name for name in names if browser.get_cookie(name) is not None}


def kept(browser: FlaskClient) -> set[str]:
    with browser.session_transaction() as session:
        return set(session)


def marked(app: Flask, browser: FlaskClient, user: User) -> None:
    with app.test_request_context():
        device_mark.remember(user)
        answer = app.process_response(app.make_response(""))
    browser.set_cookie("lumbar-device", answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0])


def test_a_member_of_staff_who_signs_out_leaves_the_mark_alone(app: Flask, make: Make) -> None:
    make.practice()
    user = make.user()
    visitor = Visitor(as_staff(app, user))
    marked(app, visitor.browser, user)
    with visitor.browser.session_transaction() as session:
        session["browser"], session["language"], session["other"] = "x", "de", "something"
    form, _ = visitor.open("/staff/account").form_with("Sign out")
    answer = visitor.browser.post(form.get("action"), data={"csrf_token": visitor.token()})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert kept(visitor.browser) <= {"language", "_flashes"}
    assert "lumbar-device" in cookies(app, visitor.browser)


def test_a_client_who_signs_out_leaves_nothing(app: Flask, make: Make) -> None:
    make.practice()
    ada = make.client()
    visitor = Visitor(as_client(app, ada.contacts[0], ada))
    with visitor.browser.session_transaction() as session:
        session["after_sign_in"] = "/my"
    visitor.open("/my")
    answer = visitor.browser.post("/my/sign-out", data={"csrf_token": visitor.token()})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert kept(visitor.browser) <= {"language", "_flashes"}
    assert app.config["CLIENT_COOKIE_NAME"] not in cookies(app, visitor.browser)


def test_a_client_who_leaves_a_browser_of_the_staff_signs_nobody_else_out(app: Flask, make: Make) -> None:
    make.practice()
    ada = make.client()
    browser = as_staff(app, make.user())
    client = as_client(app, ada.contacts[0], ada)
    cookie = client.get_cookie(app.config["CLIENT_COOKIE_NAME"])
    assert cookie is not None
    browser.set_cookie(app.config["CLIENT_COOKIE_NAME"], cookie.value)
    with browser.session_transaction() as session:
        session["fs_paa"] = time.time()
    visitor = Visitor(browser).open("/my")
    visitor.browser.post("/my/sign-out", data={"csrf_token": visitor.token()})
    assert visitor.open("/staff/account").status == 200
    assert visitor.heading == "Your sign-in"
    db.session.rollback()
