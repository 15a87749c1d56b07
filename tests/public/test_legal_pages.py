"""The legal pages: the practice's words where it has some, and only what the product really does."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from clinic import language
from clinic.db import db
from clinic.maintenance import periods, retention
from clinic.maintenance.processing import PROCESSING
from clinic.maintenance.retention import RETENTION
from clinic.practice import legal_texts
from clinic.practice.legal_texts import LegalPage
from clinic.practice.models import Practice
from tests.conftest import NOW
from tests.make import Make
from tests.web.reading import read


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


def publish(page: LegalPage, words: str | None, spoken: str = "en") -> None:
    legal_texts.save(page, spoken, words, seen=legal_texts.mark(page, spoken), actor="user:owner", now=NOW)
    db.session.commit()


def said(client: FlaskClient, path: str, spoken: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": spoken})
    assert answer.status_code == 200
    return read(answer.text).one("main").text


def test_the_privacy_page_names_every_purpose_and_every_period(client: FlaskClient, make: Make) -> None:
    make.practice()
    text = said(client, "/privacy")
    for row in PROCESSING:
        assert row.name in text
        assert row.seen_by in text
        assert f"{row.ground.words} ({row.ground.article})" in text
    for kept, period in retention.in_force():
        assert kept.what in text
        assert f"{period} after" in text
        assert f"after {kept.after}." in text
    assert "14 days after the last change." in text
    assert "1 hour after they were typed." in text


def test_the_privacy_page_promises_no_deletion_that_nothing_does(client: FlaskClient, make: Make) -> None:
    make.practice()
    unseen = retention.row_of(periods.UNSEEN)
    assert unseen.what not in said(client, "/privacy")
    db.session.add(periods.RetentionPeriod(kind=periods.UNSEEN, length=12, chosen_at=NOW))
    db.session.commit()
    text = said(client, "/privacy")
    assert unseen.what in text
    assert f"12 years after {unseen.after}." in text


def test_articles_are_named_where_they_hold_and_text_messages_where_they_are_sent(
    client: FlaskClient, make: Make
) -> None:
    make.practice(country="CA")
    text = said(client, "/privacy")
    assert "GDPR" not in text
    assert "text messages" not in text
    client.application.config["SMS_URL"] = "https://sms.example/"
    try:
        assert "A provider of text messages" in said(client, "/privacy")
    finally:
        client.application.config["SMS_URL"] = None


def test_a_page_speaks_german_and_says_the_same_periods(client: FlaskClient, make: Make) -> None:
    make.practice()
    text = said(client, "/privacy", "de")
    assert "14 Tage, nachdem zuletzt etwas geändert wurde." in text
    assert "Wer verantwortlich ist" in text


def test_a_german_period_begins_after_something_happened() -> None:
    known = language.catalogue("de")
    moments = [known[row.after][0] for row in RETENTION]
    assert [one for one in moments if not one.startswith("nachdem ")] == []


@pytest.mark.parametrize("page", [LegalPage.PRIVACY, LegalPage.ACCESSIBILITY])
def test_the_draft_holds_until_the_practice_writes_its_own_and_after_it_goes_back(
    client: FlaskClient, make: Make, page: LegalPage
) -> None:
    make.practice(phone="+49 30 5550100")
    draft = said(client, f"/{page.value}")
    assert "030 5550100" in draft
    assert "Version of" in draft
    publish(page, "Our own words.")
    own = said(client, f"/{page.value}")
    assert "Our own words." in own
    assert "Version 1 of" in own
    publish(page, None)
    assert said(client, f"/{page.value}") == draft


def test_what_holds_without_the_practices_words_is_said_beside_them(client: FlaskClient, make: Make) -> None:
    make.practice(late_cancel_hours=48, policy="After that half the price.")
    text = said(client, "/terms")
    assert "until 48 hours before it begins" in text
    assert "After that half the price." in text
    assert "has not published any further terms" in text
    assert "You pay nothing for a visit that we cancel" not in text
    publish(LegalPage.TERMS, "Bring a towel.")
    text = said(client, "/terms")
    assert "Bring a towel." in text
    assert "until 48 hours before it begins" in text
    assert "has not published" not in text


def test_words_in_one_language_stand_on_the_page_in_the_other_and_say_which_it_is(
    client: FlaskClient, make: Make
) -> None:
    make.practice()
    publish(LegalPage.TERMS, "Nur auf Deutsch.", "de")
    page = read(client.get("/terms", headers={"Accept-Language": "en"}).text)
    assert page.one("main").one("div", lang="de").text == "Nur auf Deutsch."


@pytest.mark.parametrize("country", ["DE", "AT", "CH"])
def test_a_country_that_asks_for_an_imprint_gets_one(client: FlaskClient, make: Make, country: str) -> None:
    make.practice(country=country, legal_name="Alder Lane GmbH")
    make.location(street="Erlenweg 1", town="Berlin")
    home = read(client.get("/", headers={"Accept-Language": "de"}).text)
    assert "Impressum" in home.one("footer").text
    text = said(client, "/imprint")
    assert "Alder Lane GmbH" in text
    assert "still completing this page" in text
    assert "[" not in text
    publish(LegalPage.IMPRINT, "{practice}, {address}. Represented by Thea Lindner.")
    text = said(client, "/imprint")
    assert "Alder Lane GmbH, Erlenweg 1, Berlin. Represented by Thea Lindner." in text
    assert "still completing" not in text


def test_elsewhere_there_is_an_imprint_only_if_the_practice_wrote_one(
    client: FlaskClient, make: Make
) -> None:
    make.practice(country="CA")
    assert client.get("/imprint").status_code == 404
    assert "Imprint" not in read(client.get("/").text).one("footer").text
    publish(LegalPage.IMPRINT, "Thea Lindner")
    assert "Thea Lindner" in said(client, "/imprint")
    assert "Imprint" in read(client.get("/").text).one("footer").text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("# One\n\n### Two", "<h2>One</h2>\n<h3>Two</h3>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("[here](https://a.example)", '<a href="https://a.example">here</a>'),
        ("<desk@a.example>", '<a href="mailto:desk@a.example">desk@a.example</a>'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<b onclick=x>", "&lt;b onclick=x&gt;"),
        ("[here](javascript:alert(1))", "[here](javascript:alert(1))"),
        ("[here](data:text/html,x)", "[here](data:text/html,x)"),
        ("![x](https://a.example/x.png)", '!<a href="https://a.example/x.png">x</a>'),
        ('[a](https://a.example "\\"onclick=x")', 'title="&quot;onclick=x"'),
    ],
)
def test_a_text_is_paragraphs_headings_lists_and_links_and_never_html(
    client: FlaskClient, make: Make, typed: str, shown: str
) -> None:
    make.practice()
    publish(LegalPage.TERMS, typed)
    assert shown in client.get("/terms").text


def test_a_fact_of_the_practice_is_no_html_either(client: FlaskClient, make: Make) -> None:
    make.practice(legal_name="<b>Alder</b>")
    publish(LegalPage.TERMS, "{practice} and {nothing}")
    assert "<p>&lt;b&gt;Alder&lt;/b&gt; and {nothing}</p>" in client.get("/terms").text


def test_pages_answer_before_a_practice_is_described(client: FlaskClient) -> None:
    assert db.session.get(Practice, 1) is None
    for path in ("/privacy", "/terms", "/accessibility"):
        assert client.get(path).status_code == 200
    assert client.get("/imprint").status_code == 404
