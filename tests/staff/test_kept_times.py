"""What is kept when the practice closes: shown with the visits, ended or spared; and two visits that seem to be one person's."""

from datetime import timedelta

import pytest

from clinic.booking import services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from tests.conftest import NOW
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

THURSDAY_TEN = NOW + timedelta(days=3)
ME = b"m" * 32
THURSDAY = {"first_on": "2031-03-06", "last_on": "2031-03-06"}


@pytest.fixture
def held(scene: Scene) -> Appointment:
    with transaction():
        return services.hold(
            SearchCriteria(scene.treatment.id),
            THURSDAY_TEN,
            browser=ME,
            client_id=None,
            now=NOW - timedelta(minutes=1),
        )


@pytest.mark.parametrize("what", ["time-off", "closures"])
def test_who_closes_a_kept_time_is_shown_it_and_ends_it(
    front_desk: Browser, scene: Scene, held: Appointment, what: str
) -> None:
    typed = {"therapist": scene.therapist.id} if what == "time-off" else {"name": "Works"}
    page = front_desk.done(f"/staff/settings/{what}", **typed, **THURSDAY)
    assert "1 time is being kept for somebody at this moment: end or spare it." in page
    assert "Kept at this moment" in page
    assert "Somebody who is booking, until 10:19" in page
    page = front_desk.done(f"/staff/settings/outside/{held.id}/end")
    assert "Whoever was about to book this time is told" in page
    assert "Kept at this moment" not in page
    assert scene.make.refreshed(held).state == State.LAPSED


def test_a_kept_time_is_spared_and_that_taken_back(
    front_desk: Browser, scene: Scene, held: Appointment
) -> None:
    front_desk.done("/staff/settings/time-off", therapist=scene.therapist.id, **THURSDAY)
    page = front_desk.done(f"/staff/settings/outside/{held.id}/spare")
    assert "This time can be booked while it is kept." in page
    assert "Spared" in page
    page = front_desk.done(f"/staff/settings/outside/{held.id}/spare-no-longer")
    assert scene.make.refreshed(held).spared_at is None
    front_desk.done(f"/staff/settings/outside/{held.id}/end")
    for act in ("end", "spare"):
        assert "no longer kept. Nothing was changed." in front_desk.done(
            f"/staff/settings/outside/{held.id}/{act}"
        )


def test_a_visit_is_no_kept_time(front_desk: Browser, scene: Scene) -> None:
    visit = scene.visit()
    assert "no longer kept" in front_desk.done(f"/staff/settings/outside/{visit.id}/end")
    assert scene.make.refreshed(visit).state == State.BOOKED


def test_two_visits_that_seem_to_be_of_one_person_stand_on_today_until_both_are_left(
    front_desk: Browser, therapist: Browser, scene: Scene
) -> None:
    assert "Same person, same time?" not in front_desk.get("/staff")
    other = scene.make.therapist(scene.location, given_name="Omar")
    scene.treatment.therapists = [scene.therapist, other]
    db.session.commit()
    first = scene.visit()
    second = scene.visit(who=scene.make.client(), therapist=other, location=scene.location)
    for reader in (front_desk, therapist):
        page = reader.get("/staff")
        assert "Same person, same time?" in page
        assert all(f"/staff/appointments/{visit.id}" in page for visit in (first, second))
    address = f"/staff/same-person/{first.id}/{second.id}"
    page = front_desk.done(f"{address}/leave")
    assert "Nobody is asked about them again." in page
    assert "Same person, same time?" not in page
    assert "Same person, same time?" in front_desk.done(f"{address}/ask-again")
