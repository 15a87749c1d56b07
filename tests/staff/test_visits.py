"""One visit at the desk: how to reach the client, and cancelling with a way back."""

from datetime import timedelta

from clinic.booking.models import State
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, review
from tests.staff.conftest import Browser


def test_the_front_desk_sees_time_place_and_how_to_reach_the_client(
    scene: Scene, front_desk: Browser
) -> None:
    visit = scene.visit()
    page = front_desk.get(f"/staff/appointments/{visit.id}")
    for expected in (
        "Ada Sample",
        "ada@client.example",
        "Thursday 6 March",
        "10:00 to 11:00",
        "€60",
        visit.reference,
    ):
        assert expected in page, expected


def test_the_front_desk_sees_nothing_of_health(scene: Scene, front_desk: Browser) -> None:
    visit = scene.request()
    review(visit, BLOOD_THINNER)
    page = front_desk.get(f"/staff/appointments/{visit.id}")
    for hidden in ("review", "Answers", "Note", "reason", "T01"):
        assert hidden not in page.split("<main")[1], hidden


def test_a_visit_is_cancelled_after_asking_and_can_be_taken_back(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    path = f"/staff/appointments/{visit.id}"
    assert "Keep appointment" in front_desk.get(f"{path}/cancel")
    assert make.refreshed(visit).state == State.BOOKED
    page = front_desk.done(f"{path}/cancel", revision=visit.revision)
    assert "is cancelled" in page
    assert make.refreshed(visit).state == State.CANCELLED
    assert visit.cancelled_by == "staff"
    front_desk.done(f"{path}/undo", revision=visit.revision)
    assert make.refreshed(visit).state == State.BOOKED


def test_a_page_that_is_old_cancels_nothing(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    for revision in ("7", "", "first"):
        assert front_desk.post(f"/staff/appointments/{visit.id}/cancel", revision=revision).status_code == 409
    assert make.refreshed(visit).state == State.BOOKED


def test_a_visit_that_began_is_not_cancelled(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW - timedelta(minutes=5))
    front_desk.get(f"/staff/appointments/{visit.id}/cancel", 409)
    assert front_desk.post(f"/staff/appointments/{visit.id}/cancel", revision=1).status_code == 409


def test_a_bare_hold_is_no_visit(scene: Scene, front_desk: Browser) -> None:
    held = scene.make.appointment(of=scene.treatment, state=State.HELD)
    front_desk.get(f"/staff/appointments/{held.id}", 404)
    assert front_desk.post(f"/staff/appointments/{held.id}/arrived").status_code == 404


def test_an_owner_without_other_roles_sees_no_visit(scene: Scene, sign_in: object) -> None:
    visit = scene.visit()
    owner = sign_in(make.user(roles=["owner"]))
    owner.get(f"/staff/appointments/{visit.id}", 403)
