"""What search engines and friends see: descriptions, languages, structured data, and which pages are to be left alone."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.db import db
from clinic.practice.models import Practice
from clinic.public.site_files import PRIVATE
from clinic.web.headers import FINDABLE
from tests.authorisation.policies import ANYONE, POLICIES
from tests.conftest import NOW
from tests.make import Make
from tests.public.test_people import with_page
from tests.visitor import Visitor
from tests.web.reading import Element, read

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
NOBODYS = ("static", "photos.show", "health.health", "well_known.security")
"""Files and answers for machines, which no search engine lists as pages."""
PATHS = [
    "/",
    "/book",
    "/book/easy-back",
    "/therapists/thea",
    "/privacy",
    "/terms",
    "/accessibility",
    "/locations/north",
]


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def shop(make: Make) -> None:
    sold, _ = with_page(make, name="Easy back", slug="easy-back", description='Slow </script> & "kind"')
    place = make.location(slug="north", name="North", street="Lime Street 3", town="Köln")
    make.weekly_hours(sold.therapists[0], place, 5, 600, 720)


def named(page: Element, name: str) -> str:
    return next(meta.get("content") for meta in page.all("meta") if name in meta.attributes.values())


def structured(text: str) -> list[dict[str, Any]]:
    found = BLOCK.search(text)
    assert found is not None
    document = json.loads(found[1])
    assert document["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = document["@graph"]
    return nodes


@pytest.mark.parametrize("path", PATHS)
def test_a_page_that_may_be_listed_says_what_it_is_and_in_which_languages(
    client: FlaskClient, app: Flask, shop: None, path: str
) -> None:
    answer = client.get(f"{path}?lang=de&day=2031-03-05")
    page, here = read(answer.text), app.config["PUBLIC_URL"] + path
    assert "X-Robots-Tag" not in answer.headers
    links = {
        link.attributes.get("hreflang", ""): link.get("href") for link in page.all("link", rel="alternate")
    }
    assert links == {"x-default": here, "en": f"{here}?lang=en", "de": f"{here}?lang=de"}
    assert page.one("link", rel="canonical").get("href") == f"{here}?lang=de"
    assert read(client.get(path).text).one("link", rel="canonical").get("href") == here
    assert page.one("html").get("lang") == "de"
    assert 30 < len(named(page, "description")) < 200
    assert named(page, "og:description") == named(page, "description")
    assert named(page, "og:title") == page.one("title").text
    assert named(page, "og:image").startswith(app.config["PUBLIC_URL"])


def test_descriptions_differ_from_page_to_page(client: FlaskClient, shop: None) -> None:
    said = [named(read(client.get(path).text), "description") for path in PATHS]
    assert len(set(said)) == len(PATHS)


def test_a_language_in_the_address_counts_for_the_pages_after_it_unless_one_was_chosen(
    client: FlaskClient, shop: None
) -> None:
    def spoken(path: str) -> str:
        return read(client.get(path).text).one("html").get("lang")

    assert spoken("/") == "en"
    assert spoken("/?lang=de") == "de"
    assert spoken("/book") == "de"
    assert spoken("/?lang=xx") == "de"
    Visitor(client).open("/").press("English")
    assert spoken("/book") == "en"
    assert spoken("/book?lang=de") == "de"
    assert spoken("/book") == "en"


def test_the_practice_is_described_with_its_hours_and_no_health_promise(
    client: FlaskClient, app: Flask, shop: None
) -> None:
    (north,) = structured(client.get("/locations/north").text)
    assert north["@type"] == "HealthAndBeautyBusiness"
    assert north["address"]["streetAddress"] == "Lime Street 3"
    assert north["openingHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": "https://schema.org/Saturday",
            "opens": "10:00",
            "closes": "12:00",
        }
    ]
    assert len(structured(client.get("/").text)) == 2


def test_a_treatment_and_a_person_are_described_as_their_pages_show_them(
    client: FlaskClient, app: Flask, shop: None
) -> None:
    said = client.get("/book/easy-back").text
    business, service = structured(said)
    assert service["name"] == "Easy back"
    assert service["description"] == 'Slow </script> & "kind"'
    assert service["offers"] == {"@type": "Offer", "price": "60.00", "priceCurrency": "EUR"}
    assert service["provider"] == {"@id": business["@id"]}
    (person,) = structured(client.get("/therapists/thea").text)
    assert person["url"] == f"{app.config['PUBLIC_URL']}/therapists/thea"
    assert person["knowsLanguage"] == ["Deutsch", "English"]
    assert "gender" not in person


def test_the_map_of_the_site_names_pages_that_are_there_and_may_be_listed(
    client: FlaskClient, app: Flask, shop: None
) -> None:
    written = client.get("/sitemap.xml")
    assert written.mimetype == "application/xml"
    paths = [urlsplit(url).path for url in re.findall("<loc>(.*?)</loc>", written.text)]
    assert set(PATHS) <= set(paths)
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "X-Robots-Tag" not in answer.headers
        assert not path.startswith(PRIVATE)
    assert f"Sitemap: {app.config['PUBLIC_URL']}/sitemap.xml" in client.get("/robots.txt").text


def test_until_a_practice_opens_nothing_of_it_is_to_be_listed(client: FlaskClient, shop: None) -> None:
    db.session.get_one(Practice, 1).online_booking = "not_open"
    db.session.commit()
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert "<loc>" not in client.get("/sitemap.xml").text


def test_every_page_but_those_for_everybody_asks_not_to_be_listed(client: FlaskClient, shop: None) -> None:
    for path in (
        "/my",
        "/my/sign-in",
        "/staff/sign-in",
        "/book/details",
        "/intake",
        "/a/nothing",
        "/therapists/x",
    ):
        assert client.get(path).headers["X-Robots-Tag"] == "noindex, nofollow", path
    assert {POLICIES[endpoint] for endpoint in FINDABLE} == {ANYONE}


def test_robots_leaves_alone_every_path_that_is_not_for_everybody(app: Flask, client: FlaskClient) -> None:
    reached = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    slips = [
        rule.rule
        for rule in reached
        if rule.endpoint not in NOBODYS and (rule.endpoint in FINDABLE) == rule.rule.startswith(PRIVATE)
    ]
    assert slips == []
    assert all(any(rule.rule.startswith(path) for rule in reached) for path in PRIVATE)


def test_the_home_screen_gets_name_and_icons_that_are_there(client: FlaskClient, shop: None) -> None:
    page = read(client.get("/").text)
    answer = client.get(page.one("link", rel="manifest").get("href"))
    assert answer.mimetype == "application/manifest+json"
    assert answer.json
    for icon in [*answer.json["icons"], {"src": page.one("link", rel="apple-touch-icon").get("href")}]:
        with client.get(icon["src"]) as file:
            assert file.mimetype == "image/png"
