"""What the page hands its script: where the JSON interface says the same as the page does, and the sentences it may need."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.conftest import NOW
from tests.make import Make
from tests.web.reading import read

pytestmark = pytest.mark.usefixtures("clock_at_now")


def attribute(page: str, name: str) -> str:
    found = re.search(rf' data-{name}="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def shown(page: str) -> tuple[list[str], dict[str, int]]:
    """The times of the chosen day, and how many each day has."""
    times = re.findall(r'<button class="offer"[^>]*>(\d\d:\d\d)', page)
    days = re.findall(
        r'href="[^"]*[?&;]day=([\d-]+)[^"]*#times"[^>]*><span class="sr">[^<]*</span>.*?count-free">(\d+)',
        page,
    )
    return times, {on: int(free) for on, free in days}


@pytest.mark.parametrize("who", ["", "&therapist=thea"])
def test_the_interface_says_the_same_as_the_page(make: Make, client: FlaskClient, who: str) -> None:
    make.practice()
    place = make.location()
    people = [
        make.therapist(place, slug="thea"),
        make.therapist(make.location(), hours=(8, 20)),
        make.therapist(place, hours=(12, 19)),
    ]
    sold = make.treatment(therapists=people)
    page = client.get(f"/book/{sold.slug}?location={place.slug}&day=2031-03-12&times=all{who}").get_data(
        as_text=True
    )
    answer = client.get(attribute(page, "watched")).get_json()
    (told,) = answer["locations"]
    times, counts = shown(page)
    assert told["location"] == place.slug
    assert {on: len(starts) for on, starts in told["days"].items()} == counts
    assert [start[:5] for start in told["days"][attribute(page, "day")]] == times
    assert attribute(page, "day") == "2031-03-12"
    assert len(counts) > 10


def test_of_many_times_those_that_follow_one_another_are_shown_and_all_on_request(
    make: Make, client: FlaskClient
) -> None:
    make.practice()
    thea = make.therapist(make.location(), slug="thea")
    sold = make.treatment(therapists=[thea], buffer_after_minutes=15)
    make.appointment(of=sold, who=make.client(), starts_at=NOW + timedelta(days=3, hours=2))
    page = client.get(f"/book/{sold.slug}?day=2031-03-06").get_data(as_text=True)
    few, counts = shown(page)
    assert few == ["09:00", "10:45", "13:15", "14:30", "15:45"]
    found = re.search(r'href="([^"]*)">Show all (\d+) times of this day', page)
    assert found is not None
    every, _ = shown(client.get(unescape(found[1])).get_data(as_text=True))
    assert len(every) == int(found[2]) == counts["2031-03-06"] > len(few)
    (told,) = client.get(attribute(page, "watched")).get_json()["locations"]
    assert [start[:5] for start in told["days"]["2031-03-06"]] == every
    assert set(few) < set(every)


def test_a_visit_that_is_moved_is_watched_where_it_is(make: Make, client: FlaskClient) -> None:
    from clinic.accounts import signed_links

    sold = make.offering()
    visit = make.appointment(of=sold, who=make.client())
    page = client.get(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/move").get_data(as_text=True)
    answer = client.get(attribute(page, "watched"))
    assert answer.status_code == 200
    assert answer.get_json()["treatment"] == sold.slug


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_sentences_of_the_script_stand_in_the_page(
    make: Make, client: FlaskClient, language: str
) -> None:
    sold = make.offering()
    page = client.get(f"/book/{sold.slug}", headers={"Accept-Language": language}).get_data(as_text=True)
    assert attribute(page, "looking")
    assert all("{times}" in attribute(page, name) for name in ("gone", "came"))
    assert ("Try again" in page) is (language == "en")


def test_a_therapist_is_chosen_by_one_press_which_keeps_day_and_place(
    client: FlaskClient, make: Make
) -> None:
    make.practice()
    place = make.location()
    make.location()
    people = [make.therapist(place), make.therapist(place, given_name="Paul", slug="paul")]
    sold = make.treatment(therapists=people)
    first = read(client.get(f"/book/{sold.slug}?day=2031-03-06").text).one("nav", aria_label="Therapist")
    assert [link.text for link in first.all("a", aria_current="true")] == ["Any therapist"]
    paul = next(link for link in first.all("a") if link.text.startswith("Paul")).get("href")
    assert "day=2031-03-06" in paul
    page = read(client.get(paul).text)
    chosen = page.one("nav", aria_label="Therapist").all("a", aria_current="true")
    assert [link.text for link in chosen] == [people[1].name]
    assert page.one("nav", aria_label="Where").all("a", aria_current="true")
