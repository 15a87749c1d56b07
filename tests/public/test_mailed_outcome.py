"""The outcome by mail: asked for on its page, sent as a one-time link, shown once without ways to go."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Route

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db, transaction
from clinic.intake import own_pages
from clinic.intake.models import OwnPage, RaisedLevel, Submission
from tests.browser import PATIENCE_MS
from tests.make import Make
from tests.public.spoken import ENGLISH
from tests.public.test_intake_pages import Visitor, heading, posted, words
from tests.public.test_own_page import ADDRESS, mailed, mails, opened

pytestmark = pytest.mark.usefixtures("clock_at_now")

ASK = "/intake/outcome/mail"
SUGGESTED = "A good place to start"


@pytest.fixture(autouse=True)
def practice(make: Make) -> None:
    make.practice(country="DE", emergency_number="112")


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def elsewhere(app: Flask) -> Visitor:
    """Another browser, which knows nothing but the mail."""
    return Visitor(app.test_client())


def send(visitor: Visitor) -> None:
    """Answers that lead to a suggestion, sent."""
    visitor.say_yes()
    visitor.answer_until("check")
    visitor.post("/intake/check", posted("closing", {}))


def ask(visitor: Visitor, mail: str = ADDRESS) -> int:
    return visitor.post(ASK, {"mail": mail}).status_code


def looks() -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "outcome by link")))


def test_the_link_shows_the_outcome_once_and_is_recorded(
    app: Flask, visitor: Visitor, elsewhere: Visitor
) -> None:
    send(visitor)
    assert SUGGESTED in words(visitor.page)
    assert f'href="{ASK}"' in visitor.page.text
    visitor.go(ASK)
    assert ask(visitor) == 200
    once, again = mailed(app)
    assert SUGGESTED not in words(elsewhere.go(once))
    assert looks() == []
    said = opened(elsewhere, once)
    assert SUGGESTED in said
    assert "This page is shown once." in said
    assert "no-store" in elsewhere.page.headers["Cache-Control"]
    (entry,) = looks()
    assert (entry.actor, entry.action, entry.subject_type) == ("visitor", "read", "outcomes")
    assert {"suggestion", "plan"} <= set(entry.fields)
    assert elsewhere.go(once).status_code == 410
    assert f'action="{again}"' in elsewhere.page.text
    assert elsewhere.post(once, {}).status_code == 410
    assert len(looks()) == 1


def test_the_next_step_stands_before_ways_to_keep_the_page(visitor: Visitor) -> None:
    send(visitor)
    visitor.go("/intake/outcome")
    page = visitor.page.text
    assert page.index("Next step</h2>") < page.index("Draft course</h2>") < page.index("Keep this page</h2>")


def test_a_page_by_mail_leads_nowhere_a_stranger_could_book(
    app: Flask, visitor: Visitor, elsewhere: Visitor
) -> None:
    send(visitor)
    assert 'href="/book' in visitor.page.text
    visitor.go(ASK)
    ask(visitor)
    opened(elsewhere, mailed(app)[0])
    assert 'href="/book' not in elsewhere.page.text
    assert ASK not in elsewhere.page.text
    assert "/language" not in elsewhere.page.text


def test_nothing_of_health_is_in_the_letter(app: Flask, visitor: Visitor) -> None:
    send(visitor)
    visitor.go(ASK)
    ask(visitor)
    (text,) = mails(app)
    for word in ("doctor", "health", "massage", "answer", "suggest", "outcome"):
        assert word not in text.lower(), word


def test_letter_and_page_are_in_the_language_it_was_asked_for_in(
    app: Flask, visitor: Visitor, elsewhere: Visitor
) -> None:
    send(visitor)
    visitor.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert heading(visitor.go(ASK)) == "Die Seite an sich selbst schicken"
    ask(visitor)
    (text,) = mails(app)
    assert "Dieser Link zeigt sie" in text or "Sie haben" in text
    once = next(part for part in text.split() if "/own-page/" in part and "/again/" not in part)
    path = once.removeprefix(app.config["PUBLIC_URL"])
    elsewhere.go(path)
    assert 'lang="de"' in elsewhere.page.text
    assert "Ein guter Anfang" in words(elsewhere.post(path, {}))


def test_the_reader_can_choose_another_language_before_it_is_shown(
    app: Flask, visitor: Visitor, elsewhere: Visitor
) -> None:
    send(visitor)
    visitor.go(ASK)
    ask(visitor)
    once, _ = mailed(app)
    elsewhere.go(once)
    said = words(elsewhere.post(once, {"in": "de"}))
    assert "Ein guter Anfang" in said
    assert ENGLISH.search(heading(elsewhere.page)) is None


def test_a_signed_in_client_finds_their_address_and_nobody_else_does(
    app: Flask, visitor: Visitor, make: Make
) -> None:
    send(visitor)
    ada: Client = make.client(mail=ADDRESS)
    db.session.scalars(sa.select(Submission)).one().client_id = ada.id
    db.session.commit()
    assert ADDRESS not in visitor.go(ASK).text
    with transaction():
        secret = sessions.open_client(ada.contacts[0], ada.id, clock.now())
    visitor.browser.set_cookie(app.config["CLIENT_COOKIE_NAME"], secret)
    assert f'value="{ADDRESS}"' in visitor.go(ASK).text


def test_whether_an_address_is_known_changes_nothing(app: Flask, visitor: Visitor, make: Make) -> None:
    send(visitor)
    make.client(mail=ADDRESS)
    visitor.go(ASK)
    ask(visitor)
    known = words(visitor.page)
    visitor.go(ASK)
    ask(visitor, "nobody@client.example")
    assert words(visitor.page) == known


def test_before_answers_are_sent_there_is_nothing_to_mail(visitor: Visitor) -> None:
    visitor.say_yes()
    assert visitor.go(ASK).status_code == 404
    assert ask(visitor) == 404
    assert db.session.scalars(sa.select(OwnPage)).all() == []


def test_an_emergency_is_not_mailed(visitor: Visitor) -> None:
    send(visitor)
    sent = db.session.scalars(sa.select(Submission)).one()
    _raise(sent, "urgent")
    assert ASK not in visitor.go("/intake/outcome").text
    assert visitor.go(ASK).status_code == 404


def test_the_link_shows_what_holds_when_it_is_opened(
    app: Flask, visitor: Visitor, elsewhere: Visitor
) -> None:
    send(visitor)
    visitor.go(ASK)
    ask(visitor)
    once, _ = mailed(app)
    _raise(db.session.scalars(sa.select(Submission)).one(), "urgent")
    said = opened(elsewhere, once)
    assert SUGGESTED not in said
    assert "112" in said


def _raise(sent: Submission, level: str) -> None:
    db.session.add(
        RaisedLevel(
            browser=sent.browser,
            level=level,
            disposition="emergency",
            raised_at=clock.now() + timedelta(seconds=1),
        )
    )
    db.session.commit()


def test_an_erased_clients_link_shows_nothing(
    app: Flask, visitor: Visitor, elsewhere: Visitor, make: Make
) -> None:
    send(visitor)
    visitor.go(ASK)
    ask(visitor)
    once, _ = mailed(app)
    somebody: Client = make.client()
    db.session.scalars(sa.select(Submission)).one().client_id = somebody.id
    somebody.erased_at = clock.now()
    db.session.commit()
    elsewhere.go(once)
    assert elsewhere.post(once, {}).status_code == 410


def test_at_most_three_links_an_hour(visitor: Visitor, the_clock_says: Callable[[datetime], None]) -> None:
    send(visitor)
    the_clock_says(clock.now().replace(minute=0))
    visitor.go(ASK)
    assert [ask(visitor) for _ in range(4)] == [200, 200, 200, 429]


def test_a_refused_address_is_shown_again(visitor: Visitor) -> None:
    send(visitor)
    visitor.go(ASK)
    assert ask(visitor, "ada at home") == 422
    assert 'value="ada at home"' in visitor.page.text


def test_an_address_is_deleted_after_a_fortnight(visitor: Visitor) -> None:
    send(visitor)
    visitor.go(ASK)
    ask(visitor)
    own_pages.old_pages(clock.now()).delete()
    assert db.session.scalars(sa.select(OwnPage)).all() == []


@pytest.mark.browser
def test_on_paper_stands_what_one_reads_and_no_way_to_go(
    app: Flask, visitor: Visitor, chromium: Browser
) -> None:
    send(visitor)
    body, static = visitor.page.text, Path(str(app.static_folder))

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=static / path.removeprefix("/static/"))
        else:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

    context = chromium.new_context(viewport={"width": 794, "height": 1123})
    context.set_default_timeout(PATIENCE_MS)
    context.route("**/*", answer)
    tab = context.new_page()
    tab.goto("http://lumbar.test/")
    on_screen = tab.locator("body").inner_text()
    tab.emulate_media(media="print")
    on_paper = tab.locator("body").inner_text()
    context.close()
    for said in (SUGGESTED, "Why we suggest it", "Draft course", "How sure is this?"):
        assert said in on_paper
    for said in (
        "Choose a time",
        "Mail me this page",
        "Keep this page",
        "Next step",
        "Accessibility",
        "What our guidance says of it",
    ):
        assert said in on_screen
        assert said not in on_paper
