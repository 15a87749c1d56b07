"""Nobody is shown a time that a bar keeps them from; what is shown to strangers stays as it is."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking import barring
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Therapist, Treatment
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client

DAY = "2031-03-06"
WORDS = "This cannot be booked online. Please call us."


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def pair(make: Make) -> tuple[Therapist, Therapist]:
    make.practice()
    house = make.location()
    return make.therapist(house, given_name="Ana"), make.therapist(house, given_name="Ben")


@pytest.fixture
def sold(make: Make, pair: tuple[Therapist, Therapist]) -> Treatment:
    return make.treatment(therapists=pair)


@pytest.fixture
def ada(make: Make) -> Client:
    return make.client()


def bar(make: Make, client: Client, therapist: Therapist | None = None) -> None:
    clerk = make.user(roles=["front_desk"])
    barring.bar(client.id, therapist.id if therapist else None, "because", by=clerk, now=NOW)
    db.session.commit()


def test_the_times_of_a_therapist_a_client_is_barred_from_are_not_shown_to_them(
    app: Flask, make: Make, sold: Treatment, pair: tuple[Therapist, Therapist], ada: Client
) -> None:
    bar(make, ada, pair[0])
    page = f"/book/{sold.slug}?day={DAY}"
    known = Visitor(as_client(app, ada.contacts[0], ada)).open(page)
    assert "10:00 Ben" in known.text
    assert "Ana" not in known.text.replace(pair[0].name, "")
    known.press("10:00 Ben")
    assert known.status == 200
    assert "10:00 Ana" in Visitor(app.test_client()).open(page).text
    asked = known.open(f"/book/{sold.slug}?therapist={pair[0].slug}")
    assert WORDS in asked.text
    assert "No free times in these weeks" in asked.text


def test_who_is_barred_from_all_of_it_is_told_to_call_before_they_choose(
    app: Flask, make: Make, sold: Treatment, ada: Client
) -> None:
    bar(make, ada)
    known = Visitor(as_client(app, ada.contacts[0], ada)).open(f"/book/{sold.slug}")
    assert known.status == 200
    assert WORDS in known.text
    assert "Error" not in known.text
    assert "No free times in these weeks" in known.text


def test_a_time_kept_before_signing_in_is_no_longer_shown_where_a_bar_meets_it(
    app: Flask, make: Make, sold: Treatment, pair: tuple[Therapist, Therapist], ada: Client
) -> None:
    known = Visitor(as_client(app, ada.contacts[0], ada)).open(f"/book/{sold.slug}?day={DAY}")
    known.press("10:00 Ana")
    known.open(f"/book/{sold.slug}?day={DAY}")
    assert "kept for you until" in known.text
    bar(make, ada, pair[0])
    assert "kept for you until" not in known.open(f"/book/{sold.slug}?day={DAY}").text


def test_a_visit_moves_only_to_therapists_its_client_is_not_barred_from(
    app: Flask, make: Make, sold: Treatment, pair: tuple[Therapist, Therapist], ada: Client
) -> None:
    start = datetime.fromisoformat("2031-03-07T08:00+00:00")
    visit: Appointment = make.appointment(of=sold, who=ada, therapist=pair[1], starts_at=start)
    bar(make, ada, pair[0])
    make.appointment(of=sold, who=make.client(), therapist=pair[1], starts_at=start - timedelta(days=1))
    page = Visitor(app.test_client()).open(
        f"{signed_links.manage_path(visit.id, visit.link_epoch)}/move?day={DAY}"
    )
    assert "10:00 Ben" in page.text
    assert "Ana" not in page.text
    page.press("10:00 Ben").press("Move the appointment")
    assert "Your appointment has a new time." in page.text
