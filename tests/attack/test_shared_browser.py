"""Two people, one tablet: what one of them told us is not shown to the other."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import Client
from clinic.db import db, transaction
from clinic.intake import drafts, queries
from clinic.web.browser import digest
from tests.intake.walk import sent, walk
from tests.make import Make
from tests.visitor import Visitor, as_client

TOLD = "Tight all over, no single sore place"


def browser_of(browser: FlaskClient) -> bytes:
    with browser.session_transaction() as session:
        return digest(session["browser"])


def couple(make: Make) -> tuple[Client, Client]:
    make.offering()
    return make.client(given_name="Ada", mail="both@client.example"), make.client(
        given_name="Bob", mail="both@client.example"
    )


def ada_begins(app: Flask, ada: Client) -> Visitor:
    """Ada signs in and begins a form that her earlier answers fill in."""
    visitor = Visitor(as_client(app, ada.contacts[0], ada))
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    draft = queries.draft(browser_of(visitor.browser), clock.now())
    assert draft is not None
    assert draft.client_id == ada.id
    with transaction():
        walk(clock.now(), browser=draft.browser)
    assert TOLD in visitor.open("/intake/check").text
    return visitor


def test_after_signing_out_the_answers_under_way_are_out_of_sight(app: Flask, make: Make) -> None:
    ada, _ = couple(make)
    visitor = ada_begins(app, ada)
    visitor.open("/my").press("Sign out")
    assert TOLD not in visitor.open("/intake/check").text
    assert "under way" not in visitor.open("/intake").text


def test_after_signing_out_the_outcome_is_out_of_sight(app: Flask, make: Make) -> None:
    ada, _ = couple(make)
    visitor = ada_begins(app, ada)
    draft = queries.draft(browser_of(visitor.browser), clock.now())
    assert draft is not None
    with transaction():
        submission = sent(clock.now(), browser=draft.browser)
    assert submission.client_id == ada.id
    assert visitor.open("/intake/outcome").path == "/intake/outcome"
    visitor.open("/my").press("Sign out")
    assert visitor.open("/intake/outcome").path == "/intake"


@pytest.mark.parametrize("hours", [3, 30])
def test_when_a_session_ends_by_itself_nothing_of_it_is_left_to_see(
    app: Flask, make: Make, the_clock_says: Callable[[datetime], None], hours: int
) -> None:
    """After three hours it is idle, after thirty the browser has dropped its cookie too."""
    ada, _ = couple(make)
    visitor = ada_begins(app, ada)
    draft = queries.draft(browser_of(visitor.browser), clock.now())
    assert draft is not None
    the_clock_says(clock.now() + timedelta(hours=hours))
    if hours > 24:
        visitor.browser.delete_cookie(app.config["CLIENT_COOKIE_NAME"])
    assert TOLD not in visitor.open("/intake/check").text
    assert "under way" not in visitor.open("/intake").text
    assert queries.draft(draft.browser, clock.now()) is not None, "kept for her link"


def test_when_a_session_ends_by_itself_the_outcome_is_out_of_sight(
    app: Flask, make: Make, the_clock_says: Callable[[datetime], None]
) -> None:
    ada, _ = couple(make)
    visitor = ada_begins(app, ada)
    with transaction():
        sent(clock.now(), browser=browser_of(visitor.browser))
    assert visitor.open("/intake/outcome").path == "/intake/outcome"
    the_clock_says(clock.now() + timedelta(hours=3))
    assert visitor.open("/intake/outcome").path == "/intake"


def test_who_is_chosen_next_on_the_same_address_does_not_see_the_form_of_the_one_before(
    app: Flask, make: Make
) -> None:
    ada, bob = couple(make)
    visitor = ada_begins(app, ada)
    before = browser_of(visitor.browser)
    token = visitor.open("/my/who").token()
    visitor.browser.post("/my/who", data={"csrf_token": token, "person": str(bob.id)})
    assert TOLD not in visitor.open("/intake/check").text
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    db.session.expire_all()
    bobs = queries.draft(browser_of(visitor.browser), clock.now())
    assert bobs is not None
    assert bobs.client_id == bob.id
    assert queries.draft(before, clock.now()) is not None, "Ada's own answers are kept for her link"


def test_what_a_visitor_began_goes_on_after_signing_in(app: Flask, make: Make) -> None:
    ada, _ = couple(make)
    visitor = Visitor(as_client(app, ada.contacts[0], None))
    visitor.browser.get("/intake")
    with visitor.browser.session_transaction() as session:
        session["browser"] = "visitors-browser"
    with transaction():
        drafts.start(browser=digest("visitors-browser"), client_id=None, mail=None, now=clock.now())
    token = visitor.open("/my/who").token()
    visitor.browser.post("/my/who", data={"csrf_token": token, "person": str(ada.id)})
    assert browser_of(visitor.browser) == digest("visitors-browser")
