"""Staff move a visit for a client, look at what they set aside, and book the same again."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from clinic.booking import desk
from clinic.booking.models import State
from clinic.db import db
from tests import make
from tests.plans.conftest import Scene
from tests.staff.test_calling import clerk, clerk_link
from tests.visitor import Visitor

__all__ = ["clerk"]


def test_a_visit_moves_to_a_free_time_and_back(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-07")
    assert "Thursday 6 March, 10:00 to 11:00" in clerk.text
    clerk.open(clerk_link(clerk, "14:00"))
    assert make.refreshed(visit).wall_start.isoformat() == "2031-03-06T10:00:00"
    clerk.press("Move")
    assert "The visit has a new time." in clerk.text
    assert make.refreshed(visit).wall_start.isoformat() == "2031-03-07T14:00:00"
    clerk.press("Undo")
    assert make.refreshed(visit).wall_start.isoformat() == "2031-03-06T10:00:00"


def test_a_visit_moves_to_a_colleague(scene: Scene, clerk: Visitor) -> None:
    colleague = make.therapist(scene.location, given_name="Daniel")
    scene.treatment.therapists = [scene.therapist, colleague]
    db.session.commit()
    visit = scene.visit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-06&therapist={colleague.slug}")
    clerk.open(clerk_link(clerk, "10:00"))
    assert "with Daniel" in clerk.text
    clerk.press("Move")
    assert make.refreshed(visit).therapist_id == colleague.id


def test_a_move_outside_the_rules_names_them_and_shows_the_reason_at_the_visit(
    scene: Scene, clerk: Visitor
) -> None:
    visit = scene.visit()
    where = f"/staff/appointments/{visit.id}/move/at?therapist={scene.therapist.slug}"
    clerk.open(f"{where}&on=2031-03-06&at=18:00")
    assert "Ines has no open hours then" in clerk.text
    clerk.press("Move outside the rules")
    assert clerk.status == 422
    clerk.press("Move outside the rules", reason="Ines stays longer")
    assert make.refreshed(visit).wall_start.hour == 18
    assert "Outside the rules (opening hours): Ines stays longer" in clerk.text
    assert desk.waivers_of(visit.id)[0].rules == ["hours"]


def test_a_time_somebody_else_has_is_not_given_away(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    make.appointment(of=scene.treatment, who=make.client(), starts_at=visit.starts_at + timedelta(hours=2))
    where = f"/staff/appointments/{visit.id}/move/at?therapist={scene.therapist.slug}"
    clerk.open(f"{where}&on=2031-03-06&at=12:30")
    assert "This time cannot be booked." in clerk.text
    assert not [one for one in clerk.page.all("button") if one.text.startswith("Move")]


def test_an_old_page_moves_nothing(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-07").open(clerk_link(clerk, "14:00"))
    clerk.press("Move", revision="7")
    assert clerk.status == 409
    assert make.refreshed(visit).wall_start.isoformat() == "2031-03-06T10:00:00"


@pytest.mark.parametrize("state", [State.DONE, State.CANCELLED, State.MISSED])
def test_what_is_over_is_not_moved(scene: Scene, clerk: Visitor, state: State) -> None:
    visit = scene.visit(state=state)
    for path in ("", "/at?on=2031-03-06&at=12:30", "/check"):
        assert clerk.open(f"/staff/appointments/{visit.id}/move{path}").status == 409
    assert "Move…" not in clerk.open(f"/staff/appointments/{visit.id}").text


def test_a_retired_treatment_can_still_be_moved_and_is_not_booked_again(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    other = make.treatment(therapists=[scene.therapist])
    scene.treatment.retired_at = make.NOW
    db.session.commit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-07").open(clerk_link(clerk, "14:00"))
    clerk.press("Move")
    assert make.refreshed(visit).wall_start.day == 7
    again = next(one for one in clerk.page.all("a") if one.text == "Book again")
    assert other.slug in clerk.open(again.get("href")).answer.get_data(as_text=True)


def test_the_same_is_booked_again_from_the_visit(scene: Scene, clerk: Visitor, app: Flask) -> None:
    visit = scene.visit()
    clerk.open(f"/staff/appointments/{visit.id}")
    again = next(one for one in clerk.page.all("a") if one.text == "Book again")
    clerk.open(again.get("href") + "&day=2031-03-13")
    assert clerk.heading == "Book for Ada Sample"
    clerk.open(clerk_link(clerk, "10:00")).press("Book")
    assert "Booked." in clerk.text


def test_nonsense_in_an_address_of_a_move_is_not_found(scene: Scene, clerk: Visitor) -> None:
    path = f"/staff/appointments/{scene.visit().id}/move"
    for query in ("?therapist=nobody", "?day=never", "/at?on=2031-03-06&at=10:00", "/check?start=soon"):
        assert clerk.open(path + query).status == 404, query
    lost = "0190a8e2-0000-7000-8000-00000000dead"
    assert clerk.open(f"{path}/check?start=2031-03-06T09:00:00%2B00:00/{lost}").status == 404


def therapists_of(clerk: Visitor) -> tuple[str, set[str]]:
    """Who is chosen on the page of a move, and with whom its times are."""
    asked = clerk.page.one("select", id="therapist")
    chosen = [one.text for one in asked.all("option") if "selected" in one.attributes]
    offers = {
        one.text.split()[-1] for one in clerk.page.all("button") if "offer" in one.attributes.get("class", "")
    }
    return (chosen[0] if chosen else "Any therapist"), offers


def test_a_move_begins_with_the_therapist_of_the_visit_and_anybody_can_be_asked_for(
    scene: Scene, clerk: Visitor
) -> None:
    colleague = make.therapist(scene.location, given_name="Daniel")
    scene.treatment.therapists = [colleague, scene.therapist]
    db.session.commit()
    where = f"/staff/appointments/{scene.visit().id}/move"
    busy = datetime(2031, 3, 7, 13, tzinfo=UTC)
    scene.visit(starts_at=busy, who=make.client(given_name="Ben"))
    clerk.open(f"{where}?day=2031-03-07")
    assert therapists_of(clerk) == (scene.therapist.name, {"Ines"})
    clerk.open(f"{where}?day=2031-03-07&therapist=")
    assert therapists_of(clerk) == ("Any therapist", {"Ines", "Daniel"})
    days = [
        one.get("href") for one in clerk.page.all("a") if one.attributes.get("class", "").startswith("day")
    ]
    assert days
    assert all("therapist=&" in day for day in days), "another day keeps who was asked for"


def test_a_move_begins_with_anybody_where_the_therapist_has_left_by_then(
    scene: Scene, clerk: Visitor
) -> None:
    visit = scene.visit()
    colleague = make.therapist(scene.location, given_name="Daniel")
    scene.treatment.therapists = [colleague, scene.therapist]
    scene.therapist.left_on = visit.wall_start.date()
    db.session.commit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-07")
    assert therapists_of(clerk) == ("Any therapist", {"Daniel"})


def test_a_move_begins_with_anybody_where_the_therapist_gives_the_treatment_no_more(
    scene: Scene, clerk: Visitor
) -> None:
    visit = scene.visit()
    scene.treatment.therapists = [
        make.therapist(scene.location, given_name=name) for name in ("Daniel", "Mia")
    ]
    db.session.commit()
    clerk.open(f"/staff/appointments/{visit.id}/move?day=2031-03-07")
    assert therapists_of(clerk)[0] == "Any therapist"
