"""One visit at the desk: how to reach the client, and cancelling with a way back."""

from datetime import timedelta

import pytest

from clinic.booking import changes
from clinic.booking.models import State
from clinic.db import transaction
from tests import make
from tests.make import NOW
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, review
from tests.staff.conftest import Browser
from tests.web.reading import read


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
    assert front_desk.act(held, "arrived").status_code == 404


def test_an_owner_without_other_roles_reads_a_visit_and_changes_nothing(
    scene: Scene, sign_in: object
) -> None:
    visit = scene.visit(starts_at=NOW - timedelta(minutes=10))
    shown = {"revision": visit.revision, "state": visit.state}
    owner = sign_in(make.user(roles=["owner"]))
    owner.get(f"/staff/appointments/{visit.id}")
    assert owner.post(f"/staff/appointments/{visit.id}/arrived", **shown).status_code == 403
    assert scene.make.refreshed(visit).state == "booked"


def test_a_page_that_is_old_changes_nothing_and_shows_how_the_visit_stands(
    scene: Scene, front_desk: Browser, therapist: Browser
) -> None:
    """Fritz notes that Ada is here; on the page the therapist opened before, she still has not come."""
    visit = scene.visit(starts_at=NOW - timedelta(minutes=10))
    shown = {"revision": visit.revision, "state": visit.state}
    front_desk.acted(visit, "arrived")
    refused = therapist.post(f"/staff/appointments/{visit.id}/missed", **shown)
    assert refused.status_code == 409
    page = refused.get_data(as_text=True)
    assert "This changed while your page was open" in page
    assert "Here" in page
    assert make.refreshed(visit).state == State.ARRIVED


@pytest.mark.parametrize("what", ["confirm", "decline"])
def test_a_request_the_client_moved_meanwhile_is_not_decided_from_an_old_page(
    scene: Scene, therapist: Browser, what: str
) -> None:
    visit = scene.visit(starts_at=NOW + timedelta(days=3), state=State.REQUESTED)
    shown = {"revision": visit.revision, "state": visit.state}
    with transaction():
        changes.move(
            visit.id,
            visit.starts_at + timedelta(hours=2),
            revision=visit.revision,
            actor=f"link:{visit.id}",
            now=NOW,
        )
    assert therapist.post(f"/staff/appointments/{visit.id}/{what}", **shown).status_code == 409
    assert make.refreshed(visit).state == State.REQUESTED
    assert therapist.act(visit, what).status_code == 303


def test_a_form_without_what_was_shown_changes_nothing(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=NOW - timedelta(minutes=10))
    assert front_desk.post(f"/staff/appointments/{visit.id}/arrived").status_code == 409
    assert make.refreshed(visit).state == State.BOOKED


@pytest.mark.parametrize("path", ["/staff", "/staff/agenda", "visit"])
def test_every_form_carries_what_its_page_shows(scene: Scene, front_desk: Browser, path: str) -> None:
    visit = scene.visit(starts_at=NOW - timedelta(minutes=10))
    page = read(front_desk.get(f"/staff/appointments/{visit.id}" if path == "visit" else path))
    forms = [form for form in page.all("form") if form.get("action").endswith(("/arrived", "/missed"))]
    assert len(forms) == 2
    for form in forms:
        sent = {one.attributes.get("name"): one.attributes.get("value") for one in form.all("input")}
        assert (sent["revision"], sent["state"]) == (str(visit.revision), "booked")


def test_the_therapist_is_told_that_the_type_is_theirs_to_decide(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(therapist_decides=True)
    assert "leaves the type of massage to the therapist" in therapist.get(f"/staff/appointments/{visit.id}")
    note = therapist.get(f"/staff/appointments/{visit.id}/note")
    assert "Ada leaves the type to you." in note
    assert "As planned" not in note
    waiting = review(visit)
    assert "You decide the type" in therapist.get(f"/staff/reviews/{waiting.id}")
    assert "(you decide the type)" in therapist.get("/staff/agenda?day=2031-03-06")


def test_the_head_of_a_visit_says_what_with_whom_and_where(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    page = read(front_desk.get(f"/staff/appointments/{visit.id}")).one("main").text
    said = f"{visit.treatment.name} with {visit.therapist.name}"
    assert page.index(said) < page.index("The visit")
