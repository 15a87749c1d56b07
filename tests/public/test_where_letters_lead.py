"""Every page behind an address in a letter speaks the reader's language, and so does every page one press further."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.letters.composing import Letter
from clinic.messaging.models import MessageKind
from tests.make import Make
from tests.messaging.test_letters import AFTERWARDS, STATES, all_letters, put
from tests.public.spoken import english_on
from tests.visitor import Visitor

TO_STAFF = {kind for kind in MessageKind if kind not in KINDS or KINDS[kind].recipient is Recipient.STAFF}
WRITTEN_BY_THE_OWNER = {"Two invoices are open."}
LEAD_NOWHERE = {MessageKind.ADDRESS_REPLACED}
"""Whoever reads an address that was replaced may be anybody: nothing there may open a record."""
ADDRESS = re.compile(r"https?://\S+")
OPENS_A_PAGE = re.compile(r'href="(?!mailto:|tel:)')
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser whose owner reads German."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.4"
    return client


@pytest.fixture
def ada(make: Make) -> Client:
    """Somebody who reads German."""
    person: Client = make.client(language="de")
    return person


@pytest.fixture
def visit(make: Make, ada: Client) -> Appointment:
    """Their visit at a practice whose own words are German."""
    make.practice(name="Praxis Erle", policy="Kostenfrei bis 24 Stunden vorher.", language="de")
    at = make.location(name="Haus Eins", street="Erlenweg 1", town="Musterstadt", getting_here="Zweiter Hof.")
    massage = make.treatment(therapists=[make.therapist(at, given_name="Thea")])
    row: Appointment = make.appointment(of=massage, who=ada)
    return row


def paths(letter: Letter) -> Iterator[str]:
    """Where a letter leads, as paths here."""
    for found in dict.fromkeys(ADDRESS.findall(letter.text)):
        parts = urlsplit(found)
        yield parts.path + (f"?{parts.query}" if parts.query else "")


def shape(path: str) -> str:
    """A path without what names one thing: pages of one shape are looked at once."""
    return re.sub(r"/[\w.-]{20,}|/(?=[\w-]*\d)[\w-]+|\?.*", "/…", path)


def look(browser: FlaskClient, path: str) -> Visitor:
    """Open a page, which is German."""
    page = Visitor(browser).open(path)
    assert page.status in (200, 410), (path, page.status)
    assert english_on(page) == [], path
    return page


def test_every_page_a_letter_leads_to_is_german_and_so_are_the_pages_behind_it(
    app: Flask,
    browser: FlaskClient,
    make: Make,
    visit: Appointment,
    ada: Client,
    now: datetime,
    the_clock_says: Callable[[datetime], None],
) -> None:
    looked_at: set[str] = set()
    for kind, letter in all_letters(make, visit, ada, now).items():
        if kind in TO_STAFF:
            continue
        assert (kind is MessageKind.TEXT_SAMPLE) or set(english_in(letter.text)) <= WRITTEN_BY_THE_OWNER, kind
        put(visit, STATES.get(kind, State.BOOKED), now)
        the_clock_says(visit.ends_at + timedelta(hours=1) if kind in AFTERWARDS else now)
        found = list(paths(letter))
        assert bool(found) == (kind not in LEAD_NOWHERE), kind
        assert found or OPENS_A_PAGE.search(letter.html) is None, kind
        for path in found:
            page = look(browser, path)
            onwards = [link for link in LINK.findall(page.answer.text) if not link.startswith("/static")]
            for further in dict.fromkeys(onwards):
                if shape(further) not in looked_at and not further.endswith((".ics", "/calendar")):
                    looked_at.add(shape(further))
                    look(browser, further.replace("&amp;", "&"))
            looked_at.add(shape(path))
    assert len(looked_at) > 20


def english_in(text: str) -> list[str]:
    """Lines of a letter that are English; addresses and the words of names apart."""
    from tests.public.spoken import ENGLISH

    return [line for line in ADDRESS.sub("", text).splitlines() if ENGLISH.search(line)]
