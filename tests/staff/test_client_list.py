"""The list of clients at the desk: searched, filtered and turned without a script, and what one press leads to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from clinic.booking import client_list
from tests.conftest import NOW
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor, as_staff


@pytest.fixture
def clerk(scene: Scene, app: Flask, make: Make, clock_at_now: None) -> Visitor:
    return Visitor(as_staff(app, make.user(roles=["front_desk"])))


def links(clerk: Visitor) -> dict[str, str]:
    return {one.text: one.get("href") for one in clerk.page.all("a")}


def test_the_list_shows_everybody_and_leads_to_file_visit_and_move(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    clerk.open("/staff/clients")
    found = links(clerk)
    assert found["Ada Sample"] == f"/staff/clients/{scene.ada.id}"
    assert found["Move… the visit of Ada Sample"] == f"/staff/appointments/{visit.id}/move"
    assert f"/staff/appointments/{visit.id}" in found.values()
    assert clerk.open(found["Move… the visit of Ada Sample"]).heading == "Move the visit of Ada Sample"


def test_a_search_stands_in_no_address_and_stays_in_its_field(scene: Scene, clerk: Visitor) -> None:
    clerk.open("/staff/clients").press("Find", text="ada", show="all")
    assert "1 client found." in clerk.text
    assert "ada" not in clerk.path
    assert 'value="ada"' in clerk.answer.get_data(as_text=True)
    clerk.press("Find", text="nobody of that name")
    assert "Try the family name alone" in clerk.text


def test_the_pages_of_a_search_are_turned_with_what_was_typed(
    scene: Scene, clerk: Visitor, make: Make
) -> None:
    for number in range(client_list.PAGE + 1):
        make.client(given_name=f"Person{number:03}", mail=None)
    clerk.open("/staff/clients")
    assert "1 to 50 of 52" in clerk.text
    assert "51 to 52 of 52" in clerk.open(links(clerk)["Next clients"]).text
    clerk.open("/staff/clients").press("Find", text="person")
    assert "1 to 50 of 51" in clerk.text
    answer = clerk.browser.post(
        "/staff/clients",
        data={"csrf_token": clerk.token(), "text": "person", "show": "all", "sort": "", "page": "2"},
    )
    assert "51 to 51 of 51" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("show=coming", "1 client found."),
        ("show=new", "1 client found."),
        ("show=birthday", "Nobody at the moment"),
        ("show=away&weeks=2", "Nobody at the moment"),
        ("show=nonsense&sort=nonsense&weeks=x&page=x", "1 client."),
    ],
)
def test_filters_stand_in_the_address(scene: Scene, clerk: Visitor, asked: str, said: str) -> None:
    scene.visit(starts_at=NOW + timedelta(days=1))
    assert said in clerk.open(f"/staff/clients?{asked}").text


def test_impossible_weeks_are_refused_and_nothing_typed_is_lost(scene: Scene, clerk: Visitor) -> None:
    clerk.open("/staff/clients").press("Find", text="ada", show="away", weeks="0")
    assert (clerk.status, "a number of weeks from 1 to 520" in clerk.text) == (422, True)
    assert 'value="ada"' in clerk.answer.get_data(as_text=True)
    assert clerk.press("Find", text="x" * 101).status == 422


def test_an_owner_who_books_for_nobody_is_offered_no_booking(
    scene: Scene, make: Make, sign_in: Callable[..., Browser]
) -> None:
    scene.visit()
    seen = sign_in(make.user(roles=["owner"])).get("/staff/clients")
    assert "Ada Sample" in seen
    assert "/staff/book" not in seen
    assert "/move" not in seen
