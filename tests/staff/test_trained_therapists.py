"""The desk is not offered who lacks a training that a client's answers call for, and is told no more than that."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from clinic.booking.models import Appointment
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Order, Slot
from clinic.db import db, transaction
from clinic.plans import services as plans
from clinic.practice.models import Therapist
from clinic.web import time_values
from tests import make
from tests.booking.waiting_list import waits
from tests.make import Make
from tests.plans.conftest import Scene
from tests.plans.intakes import PREGNANT, send
from tests.staff.test_calling import clerk, clerk_link, newest
from tests.visitor import Visitor

__all__ = ["clerk"]

THURSDAY = "2031-03-06"
TWO = datetime.fromisoformat("2031-03-06T14:00+01:00")
NOT_FOR_HER = "This therapist cannot be booked for this client. A therapist can say why."
SAID = ("training", "pregnan", "prenatal")


@pytest.fixture
def priya(scene: Scene) -> Therapist:
    """Trained for pregnancy, as Ines is not; Ada is 22 weeks pregnant, and somebody looked at her answers."""
    person = make.therapist(scene.location, given_name="Priya", skills=["prenatal"])
    scene.treatment.therapists = [scene.therapist, person]
    scene.treatment.length_minutes = 45
    submission = send(scene.ada, PREGNANT).submission
    until = make.NOW + timedelta(days=30)
    plans.clear(submission, rules=["T06"], reason="Seen", until=until, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    return person


@pytest.fixture
def visit(scene: Scene, priya: Therapist) -> Appointment:
    return scene.visit(therapist=priya)


def times(clerk: Visitor) -> list[str]:
    """The nearest times of the page, as their buttons say them."""
    return [one.text for one in clerk.page.one("main").all("button") if " March, " in one.text]


def says_nothing_of_health(clerk: Visitor) -> bool:
    return not [word for word in SAID if word in clerk.page.one("main").text.lower()]


def test_only_the_trained_are_offered_for_a_known_client_and_the_others_are_named(
    scene: Scene, priya: Therapist, clerk: Visitor
) -> None:
    where = f"/staff/book?treatment={scene.treatment.slug}&day={THURSDAY}"
    assert clerk.open(where).form_with("10:00 Ines")
    clerk.open(f"{where}&client={scene.ada.id}")
    assert "Not shown: Ines" in clerk.text
    assert scene.therapist.name not in [one.text for one in clerk.page.all("option")]
    assert says_nothing_of_health(clerk)
    clerk.open(clerk_link(clerk, "10:00")).press("Book")
    assert "Booked." in clerk.text
    assert newest().therapist_id == priya.id


def test_a_time_of_somebody_else_names_the_three_nearest_that_fit(
    scene: Scene, priya: Therapist, clerk: Visitor
) -> None:
    value = quote(time_values.value(TWO, scene.therapist.id))
    clerk.open(f"/staff/book/check?treatment={scene.treatment.slug}&client={scene.ada.id}&start={value}")
    assert NOT_FOR_HER in clerk.text
    assert [text for text in times(clerk) if "with Priya" in text] == times(clerk)
    assert len(times(clerk)) == 3
    assert says_nothing_of_health(clerk)


def test_where_nobody_can_be_booked_the_desk_is_told_whom_to_ask(
    scene: Scene, priya: Therapist, clerk: Visitor
) -> None:
    priya.skills = []
    db.session.commit()
    for page in ("book", "waiting-list/add"):
        clerk.open(f"/staff/{page}?treatment={scene.treatment.slug}&client={scene.ada.id}")
        assert "Nobody who gives this treatment can be booked for this client." in clerk.text
        assert "ask a therapist to look at the record" in clerk.text
    assert not [one for one in clerk.page.all("button") if one.text == "Put on the list"]


def test_a_move_to_somebody_else_moves_nothing_and_names_the_three_nearest(
    scene: Scene, visit: Appointment, clerk: Visitor
) -> None:
    clerk.open(f"/staff/appointments/{visit.id}/move?day={THURSDAY}")
    assert "Not shown: Ines" in clerk.text
    value = quote(time_values.value(TWO, scene.therapist.id))
    page = f"/staff/appointments/{visit.id}/move/check?start={value}"
    clerk.open(page)
    assert NOT_FOR_HER in clerk.text
    sent = {"csrf_token": clerk.token(), "revision": str(visit.revision)}
    clerk.answer = clerk.browser.post(page, data=sent)
    assert clerk.status == 409
    assert NOT_FOR_HER in clerk.text
    assert [text.partition(" with ")[2] for text in times(clerk)] == ["Priya"] * 3
    assert make.refreshed(visit).starts_at == visit.starts_at != TWO


def test_sessions_that_do_not_fit_stay_and_their_page_offers_the_nearest(
    scene: Scene, priya: Therapist, clerk: Visitor
) -> None:
    order = Order(treatment_id=scene.treatment.id, location_id=scene.location.id)
    slot = Slot(starts_at=TWO, therapist_id=priya.id)
    with transaction():
        series = new_series.book(order, [slot], client=scene.ada, actor="user:x", now=make.NOW)
    (member,) = new_series.members(series.id)
    asked = f"/staff/series/{series.id}/move?scope=all&index=1&weekday=3&at=15:00&weeks=0&therapist={scene.therapist.slug}"
    clerk.open(asked)
    three = TWO + timedelta(hours=1)
    sent = {
        "csrf_token": clerk.token(),
        "session-1": time_values.value(three, scene.therapist.id),
        "revision-1": str(member.revision),
    }
    clerk.answer = clerk.browser.post(asked, data=sent)
    assert clerk.status == 409
    offered = [one.text for one in clerk.page.one("main").all("label") if "Priya" in one.text]
    assert len(offered) == 3
    assert make.refreshed(member).therapist_id == priya.id


def test_the_times_for_somebody_who_waits_are_those_of_the_trained(
    scene: Scene, priya: Therapist, clerk: Visitor, make: Make
) -> None:
    entry = waits(make, scene.treatment, who=scene.ada)
    clerk.open(f"/staff/waiting-list/{entry.id}/offer")
    lines = [one.text for one in clerk.page.one("main").all("li") if "March" in one.text]
    assert lines
    assert all("Priya" in line for line in lines)
    assert "Not shown: Ines" in clerk.text
