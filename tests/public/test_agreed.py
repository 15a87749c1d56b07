"""What a client agrees to stands on four pages in the same words: times, details, booked, appointment."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.db import db
from clinic.practice.models import Practice, TherapistProfile
from clinic.practice.profiles import ProfileDetails
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor
from tests.web.reading import Element

AGREED = ("Length", "Price", "Therapist", "Where", "Cancel free of charge")


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def facts(page: Element) -> dict[str, str]:
    """The terms and values that are shown, of what is agreed."""
    rows = [(row.all("dt"), row.all("dd")) for row in page.one("main").all("div")]
    shown = {terms[0].text: values[0].text for terms, values in rows if terms and values}
    return {term: shown[term] for term in AGREED}


def test_the_four_pages_agree(visitor: Visitor, make: Make) -> None:
    sold = make.offering(price_cents=8450, length_minutes=75)
    who = sold.therapists[0]
    where = visitor.open(f"/book/{sold.slug}?therapist={who.slug}&day=2031-03-06&times=all")
    times = facts(where.page)
    assert times == {
        "Length": "75 min",
        "Price": "€84.50, paid at the visit",
        "Therapist": who.name,
        "Where": times["Where"],
        "Cancel free of charge": "Until 24 hours before it begins",
    }
    details = facts(visitor.press(f"10:00 {who.given_name}").page)
    assert visitor.heading == "Your details"
    visitor.press(
        "Book this session", given_name="Ada", family_name="L", mail="ada@client.example", agree="y"
    )
    assert "You are booked" in visitor.heading
    booked = facts(visitor.page)
    appointment = facts(visitor.open(visitor.path.removesuffix("/done")).page)
    assert details == booked == appointment
    assert details == {**times, "Cancel free of charge": "Until Wednesday 5 March, 10:00"}


def test_each_time_names_its_therapist_where_none_is_chosen(visitor: Visitor, make: Make) -> None:
    sold = make.offering()
    assert facts(visitor.open(f"/book/{sold.slug}").page)["Therapist"] == "As named beside each time"


def test_what_was_agreed_stays_when_the_treatment_changes(visitor: Visitor, make: Make) -> None:
    sold = make.offering()
    visit = make.appointment(of=sold, who=make.client())
    sold.price_cents, sold.length_minutes = 9900, 90
    db.session.commit()
    path = signed_links.manage_path(visit.id, visit.link_epoch)
    for page in (path, f"{path}/done"):
        shown = facts(visitor.open(page).page)
        assert (shown["Length"], shown["Price"]) == ("60 min", "€60, paid at the visit")


def test_a_visit_that_begins_soon_can_no_longer_be_cancelled_free_of_charge(
    visitor: Visitor, make: Make
) -> None:
    sold = make.offering()
    db.session.get_one(Practice, 1).late_cancel_hours = 0
    db.session.commit()
    assert facts(visitor.open(f"/book/{sold.slug}").page)["Cancel free of charge"] == "Until it begins"
    db.session.get_one(Practice, 1).late_cancel_hours = 168
    db.session.commit()
    visitor.open(f"/book/{sold.slug}?day=2031-03-06").press("10:00 Thea")
    assert facts(visitor.page)["Cancel free of charge"] == "The time for cancelling free of charge is over."


@pytest.mark.parametrize("intake", ["before_booking", "before_visit", "none"])
def test_every_way_to_a_kept_time_says_first_what_is_asked_and_how_long_it_takes(
    app: Flask, visitor: Visitor, make: Make, intake: str
) -> None:
    sold = make.offering(intake=intake)
    asks = intake == "before_booking"
    assert ("about 10 minutes" in visitor.open("/").text) == asks
    assert ("about 10 minutes: warning signs" in visitor.open("/book").text) == asks
    times = visitor.open(f"/book/{sold.slug}").text
    assert ("about 10 minutes: warning signs" in times) == asks
    assert ("We keep the time you choose for 20 minutes" in times) == asks
    sold.therapists[0].profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True)))
    db.session.commit()
    person = visitor.open(f"/therapists/{sold.therapists[0].slug}")
    assert [one.text for one in person.page.all("button")], "a time can be kept there at once"
    assert ("about 10 minutes: warning signs" in person.text) == asks
    assert ("We keep the time you choose for 20 minutes" in person.text) == asks
