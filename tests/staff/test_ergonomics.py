"""Small things that a desk meets all day: where names and error pages lead, and what is read of what people type."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from wtforms import Form

from clinic.accounts.models import User
from clinic.guidance.knowledge import MODALITIES
from clinic.practice import geography
from clinic.practice import queries as practice
from clinic.staff.settings import fields
from clinic.staff.settings.fields import Price
from clinic.web import time_values
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import read

LATER = make.NOW + timedelta(hours=3)


def test_a_name_on_today_leads_to_the_file_and_the_line_below_to_the_visit(
    scene: Scene, therapist: Browser
) -> None:
    visit = scene.visit(starts_at=LATER)
    links = {link.text: link.get("href") for link in read(therapist.get("/staff")).one("main").all("a")}
    assert links["Ada Sample"] == f"/staff/clients/{scene.ada.id}"
    assert f"/staff/appointments/{visit.id}" in links.values()


def test_error_pages_lead_staff_back_to_today(front_desk: Browser) -> None:
    page = read(front_desk.get("/staff/nothing-here", 404))
    assert any(link.text == "Back to Today" and link.get("href") == "/staff" for link in page.all("a"))
    assert "Back to Today" not in front_desk.get("/nothing-here", 404)


class PriceForm(Form):
    price = Price()


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("95", 9500), ("$95.00", 9500), ("95,5 €", 9550), ("CA$95", 9500), ("CAD 95.00", 9500), ("95 EUR", 9500),
     ("$", None), ("ninety", None), ("9 5", None)],
)  # fmt: skip
def test_a_price_is_read_with_its_currency(typed: str, cents: int | None) -> None:
    assert PriceForm(data={"price": typed}).price.cents == cents


@pytest.mark.parametrize(
    ("typed", "zone"),
    [("Toronto", "America/Toronto"), ("new york", "America/New_York"), ("europe/berlin", "Europe/Berlin"),
     ("Atlantis", "Atlantis")],
)  # fmt: skip
def test_a_zone_is_found_by_its_city(typed: str, zone: str) -> None:
    assert geography.zone_named(typed) == zone


@pytest.mark.parametrize(
    ("typed", "minute"),
    [("9", 540), ("9:05", 545), ("0930", 570), ("18.30", 1110), ("2pm", 840), ("5:15\u00a0pm", 1035), ("2:15 p.m.", 855), ("8 AM", 480),
     ("12 am", 0), ("12:30 pm", 750)],
)  # fmt: skip
def test_a_time_is_read_as_people_type_it(typed: str, minute: int) -> None:
    at = time_values.at_wall("2031-03-05", typed, ZoneInfo("UTC"))
    assert at.hour * 60 + at.minute == minute
    assert fields.parsed_clock(typed) == minute


@pytest.mark.parametrize("typed", ["25", "9:60", "13 pm", "0 am", "2 xm", "pm", "９"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(time_values.NoSuchTime, match="Enter a time"):
        time_values.at_wall("2031-03-05", typed, ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="Enter a time"):
        fields.parsed_clock(typed)


def test_an_owner_begins_with_every_type_of_the_guidance(sign_in: Callable[[User], Browser]) -> None:
    make.practice()
    trained = make.therapist(make.location(), skills=[])
    owner = sign_in(make.user(roles=["owner"]))
    assert "every type of the guidance" in owner.get("/staff/settings/treatments")
    refused = owner.post("/staff/settings/treatments/begin", length_minutes="60", price="much")
    assert refused.status_code == 422
    assert "Enter a price" in refused.get_data(as_text=True)
    foreign = owner.post("/staff/settings/treatments/begin", length_minutes="60", price="$95.00")
    assert "Enter the price in EUR" in foreign.get_data(as_text=True)
    page = owner.done("/staff/settings/treatments/begin", length_minutes="60", price="€95.00")
    assert f"{len(MODALITIES)} treatments are on the list" in page
    sold = practice.treatments()
    assert {one.modalities[0] for one in sold} == set(MODALITIES)
    assert {one.price_cents for one in sold} == {9500}
    for one in sold:
        needs_training = MODALITIES[one.modalities[0]].special_training is not None
        assert one.therapists == ([] if needs_training else [trained])
    assert owner.post("/staff/settings/treatments/begin", length_minutes="60", price="95").status_code == 409
