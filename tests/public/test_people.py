"""A therapist's page and a location's page, as anybody sees them."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.db import db
from clinic.practice.models import (
    Location,
    Photo,
    PhotoFile,
    Practice,
    Therapist,
    TherapistProfile,
    Treatment,
)
from clinic.practice.profiles import ProfileDetails
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor
from tests.web.reading import Element, read

SHOWN = ProfileDetails(
    is_shown=True,
    languages="Deutsch, English",
    training="2020 Lymph drainage\n\n2012 Diploma",
    likes="Backs <b>after</b> long days\nRunners",
)
DIGEST = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(app: Flask, client: FlaskClient) -> Visitor:
    return Visitor(client)


def with_page(make: Make, details: ProfileDetails = SHOWN, **columns: Any) -> tuple[Treatment, Therapist]:
    """Thea, who gives one treatment, and her page."""
    sold = make.offering(**columns)
    person = sold.therapists[0]
    person.slug = "thea"
    person.profile = TherapistProfile(**asdict(details))
    db.session.commit()
    return sold, person


def test_the_languages_of_a_therapist_are_called_as_the_reader_calls_them(
    client: FlaskClient, make: Make
) -> None:
    with_page(make, replace(SHOWN, translations={"de": {"languages": "Deutsch, Englisch"}}))
    assert "Deutsch, English" in main_of(client, "/therapists/thea").text
    in_german = client.get("/therapists/thea", headers={"Accept-Language": "de"}).text
    assert "Deutsch, Englisch" in read(in_german).one("main").text
    assert '"knowsLanguage":["Deutsch","Englisch"]' in in_german.replace(", ", ",").replace(": ", ":")


def with_photo(person: Therapist | None = None, place: Location | None = None) -> Photo:
    """A photo in one file that is no picture."""
    file = PhotoFile(format="webp", width=160, height=160, digest=DIGEST, content=b"bytes of a photo")
    small = PhotoFile(format="jpeg", width=160, height=160, digest="f" * 32, content=b"x")
    photo = Photo(
        therapist_id=person.id if person else None,
        location_id=place.id if place else None,
        alt="A friendly face",
        added_at=NOW,
        files=[file, small],
    )
    db.session.add(photo)
    db.session.commit()
    return photo


def main_of(client: FlaskClient, path: str) -> Element:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    return read(answer.text).one("main")


def test_a_therapists_page_says_what_they_wrote_and_leads_to_their_times(
    client: FlaskClient, visitor: Visitor, make: Make
) -> None:
    _, person = with_page(make, name="Easy back")
    page = main_of(client, "/therapists/thea")
    for words in (
        "Deutsch, English",
        "2020 Lymph drainage",
        "Backs <b>after</b> long days",
        "Easy back",
        "60",
    ):
        assert words.replace("60", "60") in page.text
    assert "Monday to Friday" in page.text
    assert page.one("h1").text == person.name
    book = next(link for link in page.all("a") if link.text == "Book with Thea")
    assert visitor.open(book.get("href")).text.count("Easy back") == 1
    visitor.open("/therapists/thea")
    first = next(button for button in visitor.page.all("button") if button.attributes.get("name") == "start")
    visitor.press(first.text)
    assert visitor.heading == "Your details"
    assert person.name in visitor.text


def test_the_next_times_are_the_first_of_the_next_days(client: FlaskClient, make: Make) -> None:
    with_page(make)
    times = [one.text for one in main_of(client, "/therapists/thea").all("button", class_="offer")]
    assert len(times) == 4
    assert len({text.rpartition(",")[0] for text in times}) == 4


def test_one_books_only_what_the_therapist_gives(visitor: Visitor, make: Make) -> None:
    _, person = with_page(make, name="Easy back")
    make.treatment(name="Somebody else's", therapists=[make.therapist(make.location())])
    assert "Somebody else's" in visitor.open("/book").text
    shown = visitor.open("/book?therapist=thea")
    assert "Somebody else's" not in shown.text
    assert f"With {person.name}" in shown.text
    assert Visitor(visitor.browser).open("/book?therapist=nobody").status == 404


@pytest.mark.parametrize("path", ["/therapists/thea", "/therapists/thea/qr.svg"])
@pytest.mark.parametrize("why", ["never written", "not shown", "left", "no practice"])
def test_nobody_has_a_page_who_did_not_choose_one(
    client: FlaskClient, make: Make, path: str, why: str
) -> None:
    _, person = with_page(make)
    assert client.get(path).status_code == 200
    match why:
        case "never written":
            db.session.delete(person.profile)
        case "not shown":
            assert person.profile
            person.profile.is_shown = False
        case "left":
            person.left_on = NOW.date() - timedelta(days=1)
        case "no practice":
            db.session.delete(db.session.get_one(Practice, 1))
    db.session.commit()
    if why == "no practice" and path.endswith("svg"):
        return
    assert client.get(path).status_code == 404
    assert "/therapists/thea" not in client.get("/").text


def test_the_first_page_leads_to_those_who_have_a_page(client: FlaskClient, make: Make) -> None:
    with_page(make)
    make.therapist(given_name="Paul", slug="paul")
    links = [link.get("href") for link in main_of(client, "/").all("a") if link.has("href")]
    assert "/therapists/thea" in links
    assert "/therapists/paul" not in links


def test_wherever_a_therapist_is_named_to_a_client_their_page_is_one_press_away(
    visitor: Visitor, make: Make
) -> None:
    sold, person = with_page(make)
    visit = make.appointment(of=sold, who=make.client())
    manage = signed_links.manage_path(visit.id, visit.link_epoch)
    slots = f"/book/{sold.slug}?day=2031-03-07"
    pages = ["/book?therapist=thea", slots, f"{slots}&therapist=thea", manage]
    pages += [f"{manage}/{page}" for page in ("done", "move", "cancel")]
    assert [page for page in pages if "/therapists/thea" not in links(visitor.open(page).page)] == []
    visitor.open(slots).press("14:00 Thea")
    assert "/therapists/thea" in links(visitor.page)
    person.profile.is_shown = False
    db.session.commit()
    assert [page for page in pages if "/therapists/thea" in links(visitor.open(page).page)] == []


def links(page: Element) -> set[str]:
    return {link.get("href") for link in page.all("a")}


def test_a_page_without_anything_written_has_no_empty_headings(client: FlaskClient, make: Make) -> None:
    sold, _ = with_page(make, ProfileDetails(is_shown=True))
    headings = [each.text for each in main_of(client, "/therapists/thea").all("h2")]
    assert headings == ["Next free times", "Treatments with Thea", "Good to know", "Share"]
    sold.therapists = []
    db.session.commit()
    page = main_of(client, "/therapists/thea")
    assert "Nothing can be booked with Thea at the moment." in page.text
    assert not page.all("button")
    assert "Book with Thea" not in page.text


def test_while_the_practice_is_closed_a_page_offers_no_times(client: FlaskClient, make: Make) -> None:
    with_page(make)
    db.session.get_one(Practice, 1).online_booking = "closed"
    db.session.commit()
    page = main_of(client, "/therapists/thea")
    assert "Online booking is closed at the moment." in page.text
    assert "Book with Thea" not in page.text
    assert not page.all("button", class_="offer")


def test_the_code_leads_to_the_page_and_is_dark_on_white(client: FlaskClient, make: Make) -> None:
    with_page(make)
    answer = client.get("/therapists/thea/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert 'fill="white"' in answer.text
    assert "script" not in answer.text


def test_a_portrait_is_served_for_a_year_and_only_while_the_page_is_shown(
    client: FlaskClient, make: Make
) -> None:
    _, person = with_page(make)
    with_photo(person)
    pictures = main_of(client, "/therapists/thea").all("img", alt="A friendly face")
    assert len(pictures) == 1
    path = f"/photos/{DIGEST}.webp"
    assert path in client.get("/").text
    answer = client.get(path)
    assert (answer.data, answer.mimetype) == (b"bytes of a photo", "image/webp")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert client.get(path, headers={"If-None-Match": f'"{DIGEST}"'}).status_code == 304
    assert person.profile
    person.profile.is_shown = False
    db.session.commit()
    gone = client.get(path)
    assert gone.status_code == 404
    assert gone.headers["Cache-Control"] == "no-store"
    assert path not in client.get("/").text


@pytest.mark.parametrize("name", [f"{DIGEST}.png", f"{DIGEST[:-1]}0.webp", f"{DIGEST}.jpeg", "x.webp"])
def test_no_other_name_finds_a_photo(client: FlaskClient, make: Make, name: str) -> None:
    _, person = with_page(make)
    with_photo(person)
    assert client.get(f"/photos/{name}").status_code == 404


def test_a_location_says_how_to_get_there_and_asks_no_map_service(client: FlaskClient, make: Make) -> None:
    _, person = with_page(make)
    place = make.location(
        slug="north", street="Lime Street 3", town="Köln", parking="Behind the house.", step_free="No steps."
    )
    make.weekly_hours(person, place, 5, 600, 720)
    with_photo(place=place)
    answer = client.get("/locations/north")
    page = read(answer.text).one("main")
    for words in (
        "Lime Street 3",
        "Behind the house.",
        "No steps.",
        "Saturday",
        "10:00 to 12:00",
        person.name,
    ):
        assert words in page.text
    links = [
        unquote_plus(link.get("href"))
        for link in page.all("a")
        if link.get("href").startswith(("https", "geo"))
    ]
    assert len(links) == 4
    assert all("Lime Street 3, Köln" in link for link in links)
    assert not [each for each in page.all("img") if not each.get("src").startswith("/photos/")]
    assert client.get("/locations/nowhere").status_code == 404


def test_opening_hours_are_written_like_every_other_time_there(client: FlaskClient, make: Make) -> None:
    _, person = with_page(make)
    make.practice(country="CA")
    make.weekly_hours(person, make.location(slug="late"), 5, 13 * 60, 24 * 60)
    assert "1:00 pm to 12:00 am" in main_of(client, "/locations/late").text
    make.practice(country="DE")
    assert "13:00 to 24:00" in main_of(client, "/locations/late").text


def test_a_closed_location_has_no_page(client: FlaskClient, make: Make) -> None:
    make.practice()
    make.location(slug="old", closed_on=NOW.date() - timedelta(days=1))
    assert client.get("/locations/old").status_code == 404


def test_a_german_client_reads_the_page_in_german(client: FlaskClient, make: Make) -> None:
    with_page(make, replace(SHOWN, gender="woman"))
    said = client.get("/therapists/thea", headers={"Accept-Language": "de"}).text
    assert "Termin bei Thea buchen" in said
    assert "Book with" not in said
