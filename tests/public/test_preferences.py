"""A preference for a woman or a man beside the times, and what is offered where nothing suits."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Gender, Therapist, TherapistProfile, Treatment
from clinic.practice.profiles import ProfileDetails
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor

FRIDAY = "day=2031-03-07"


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def sold(make: Make) -> Treatment:
    """Thea shows that she is a woman and works mornings, Emil that he is a man and works afternoons; Kim shows neither."""
    make.practice()
    place = make.location()
    thea = make.therapist(place, given_name="Thea", slug="thea", hours=(9, 12))
    emil = make.therapist(place, given_name="Emil", slug="emil", hours=(13, 17))
    kim = make.therapist(place, given_name="Kim", slug="kim", hours=(18, 20))
    for person, gender in ((thea, Gender.WOMAN), (emil, Gender.MAN), (kim, None)):
        person.profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True, gender=gender)))
    db.session.commit()
    return make.treatment(therapists=[thea, emil, kim])


def offered(visitor: Visitor) -> set[str]:
    """Who gives the times of the chosen day."""
    times = next(one for one in visitor.page.all("section") if one.attributes.get("id") == "times")
    return {button.text.split()[-1] for button in times.all("button")}


def chips(visitor: Visitor) -> dict[str, str]:
    found = [link for link in visitor.page.all("a") if link.attributes.get("class") == "chip"]
    return {link.text: link.get("href") for link in found}


def test_a_preferred_woman_or_man_is_one_press_and_stays_until_the_time_is_kept(
    sold: Treatment, make: Make, visitor: Visitor
) -> None:
    visitor.open(f"/book/{sold.slug}?{FRIDAY}")
    assert offered(visitor) == {"Thea", "Emil", "Kim"}
    visitor.open(chips(visitor)["A man"])
    assert offered(visitor) == {"Emil"}
    days = [
        link.get("href")
        for link in visitor.page.all("a")
        if "day=2031-03-10" in link.attributes.get("href", "")
    ]
    assert days
    assert all("with=man" in href for href in days)
    visitor.open(days[0])
    assert offered(visitor) == {"Emil"}
    visitor.press("14:00 Emil")
    assert visitor.heading == "Your details"
    assert db.session.query(Appointment).one().therapist.slug == "emil"


def test_only_what_a_page_shows_can_be_preferred(sold: Treatment, visitor: Visitor) -> None:
    emil = next(person for person in sold.therapists if person.slug == "emil")
    assert {"A woman", "A man"} <= set(chips(visitor.open(f"/book/{sold.slug}")))
    assert emil.profile is not None
    emil.profile.is_shown = False
    db.session.commit()
    assert "A man" not in chips(visitor.open(f"/book/{sold.slug}"))
    visitor.open(f"/book/{sold.slug}?{FRIDAY}&with=man")
    assert offered(visitor) == set()


def test_who_gives_a_treatment_alone_is_not_chosen_among(make: Make, visitor: Visitor) -> None:
    alone = make.offering()
    person: Therapist = alone.therapists[0]
    person.profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True, gender=Gender.WOMAN)))
    db.session.commit()
    assert chips(visitor.open(f"/book/{alone.slug}")) == {}


def test_a_nonsensical_preference_is_not_found(sold: Treatment, visitor: Visitor) -> None:
    assert visitor.open(f"/book/{sold.slug}?with=robot").status == 404


def test_where_nothing_suits_the_three_nearest_times_of_anybody_are_offered(
    sold: Treatment, visitor: Visitor
) -> None:
    visitor.open(f"/book/{sold.slug}?day=2031-03-08&therapist=thea")  # A Saturday, on which nobody works.
    assert "Nothing that you chose is free then. The nearest free times of every therapist:" in visitor.text
    assert "Friday 7 March, 18:30 Kim" in visitor.text
    assert visitor.text.count("Friday 7 March, 1") == 3
    visitor.press("Friday 7 March, 19:00 Kim")
    assert visitor.heading == "Your details"


def test_without_a_preference_the_nearest_stand_there_too_and_never_beside_a_time(
    sold: Treatment, visitor: Visitor
) -> None:
    assert (
        "Nothing is free then. The nearest free times:"
        in visitor.open(f"/book/{sold.slug}?day=2031-03-08").text
    )
    assert "nearest free times" not in visitor.open(f"/book/{sold.slug}?{FRIDAY}").text


def test_a_preference_that_leaves_nothing_on_the_day_opens_the_next_that_has_something(
    sold: Treatment, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(NOW + timedelta(hours=4))  # Thea's mornings are over.
    visitor.open(f"/book/{sold.slug}?day=2031-03-03")
    assert offered(visitor) == {"Emil", "Kim"}
    visitor.open(chips(visitor)["A woman"])
    assert offered(visitor) == {"Thea"}
    assert visitor.page.one(id="times-title").text == "Tuesday 4 March"
    assert "Nothing is free on Monday 3 March. This day has free times." in visitor.text
    visitor.open(f"/book/{sold.slug}?day=2031-03-04&with=woman")
    assert "Nothing is free on" not in visitor.text


def test_a_move_begins_around_the_visit_with_the_same_therapist_and_others_are_one_press(
    sold: Treatment, make: Make, visitor: Visitor
) -> None:
    visit = make.appointment(
        of=sold, who=make.client(), therapist=sold.therapists[0], starts_at=NOW + timedelta(days=8, hours=1)
    )
    address = f"{signed_links.manage_path(visit.id, visit.link_epoch)}/move"
    visitor.open(address)
    assert visitor.page.one(id="times-title").text == "Tuesday 11 March"
    assert offered(visitor) == {"Thea"}
    visitor.open(chips(visitor)["A man"])
    assert (visitor.page.one(id="times-title").text, offered(visitor)) == ("Tuesday 11 March", {"Emil"})
    (later,) = {
        link.get("href")
        for link in visitor.page.all("a")
        if "day=2031-03-12" in link.attributes.get("href", "")
    }
    assert offered(visitor.open(later)) == {"Emil"}, "the wish stays while one looks at other days"
    visitor.open(chips(visitor)["Any therapist"])
    assert offered(visitor) == {"Thea", "Emil", "Kim"}
    visitor.press("14:00 Emil")
    assert "New time Wednesday 12 March, 14:00 to 15:00, with Emil" in visitor.text
    assert make.refreshed(visit).therapist_id == sold.therapists[0].id
    visitor.press("Move the appointment")
    assert make.refreshed(visit).therapist_id == sold.therapists[1].id
