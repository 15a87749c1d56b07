"""The day as staff see it: who comes, what to know, and no word of health at the front desk."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import services
from clinic.plans.models import Decision
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, BLOOD_THINNER, KNOTS, review, send
from tests.staff.conftest import Browser
from tests.visitor import shown
from tests.web.reading import read

TODAY_AT_TEN = make.NOW  # 10:00 in Berlin
LATER = make.NOW + timedelta(hours=3)


def test_an_empty_day_says_so(therapist: Browser) -> None:
    page = therapist.get("/staff")
    assert "<h1>Monday 3 March</h1>" in page
    assert "Nobody comes today" in page


def test_a_therapist_sees_who_comes_when_and_where(scene: Scene, therapist: Browser) -> None:
    scene.visit(starts_at=LATER)
    page = therapist.get("/staff")
    assert "1 visit, first at 13:00." in page
    assert "Ada Sample" in page
    assert scene.treatment.name in page


def test_a_colleagues_visits_are_not_on_my_day_but_on_the_agenda(scene: Scene, colleague: Browser) -> None:
    scene.visit(starts_at=LATER)
    assert "Ada Sample" not in colleague.get("/staff")
    assert "Ada Sample" in colleague.get("/staff/agenda")


def test_flags_stand_only_when_present(scene: Scene, therapist: Browser) -> None:
    scene.visit(starts_at=TODAY_AT_TEN - timedelta(days=60), state=State.DONE)
    scene.visit(starts_at=LATER)
    send(scene.ada)
    page = therapist.get("/staff")
    for absent in ("New client", "Intake missing", "Caution", "Session"):
        assert absent not in page


def test_a_new_client_without_answers_is_marked(scene: Scene, therapist: Browser) -> None:
    scene.visit(starts_at=LATER)
    page = therapist.get("/staff")
    assert "New client" in page
    assert "Intake missing" in page


def test_caution_is_shown_to_the_therapist_and_leaves_a_mark(scene: Scene, therapist: Browser) -> None:
    scene.visit(starts_at=LATER)
    send(scene.ada, BLOOD_PRESSURE)
    assert "Caution" in therapist.get("/staff")
    read = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "day")).one()
    assert read.client_id == scene.ada.id
    assert read.fields == ["level"]


def test_neither_front_desk_nor_colleague_sees_caution(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    scene.visit(starts_at=LATER)
    send(scene.ada, BLOOD_PRESSURE)
    for browser in (front_desk, colleague):
        page = browser.get("/staff/agenda")
        assert "Ada Sample" in page
        assert "Caution" not in page
        assert "To review" not in browser.get("/staff") or browser is colleague
    assert not db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "day")).all()


def test_the_session_of_a_course_and_its_look_back_are_shown(scene: Scene, therapist: Browser) -> None:
    first = scene.visit(starts_at=TODAY_AT_TEN - timedelta(days=21), state=State.DONE)
    services.decide(
        review(first, KNOTS),
        decision=Decision.ACCEPT,
        revision=1,
        by=scene.therapist_user,
        now=first.starts_at,
    )
    db.session.commit()
    for days in (14, 7):
        scene.visit(starts_at=TODAY_AT_TEN - timedelta(days=days), state=State.DONE)
    scene.visit(starts_at=LATER)
    page = therapist.get("/staff")
    assert "Session 4 of 8" in page
    assert "Look back today" in page


def test_arrived_can_be_taken_back(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=LATER)
    page = front_desk.acted(visit, "arrived", back="/staff")
    assert "Ada is here." in page
    assert "Undo" in page
    assert make.refreshed(visit).state == State.ARRIVED
    front_desk.acted(visit, "undo")
    assert make.refreshed(visit).state == State.BOOKED


def test_who_is_here_is_not_called_next(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=LATER)
    assert "Next is" in front_desk.get("/staff")
    front_desk.acted(visit, "arrived")
    page = front_desk.get("/staff")
    assert "Here now is" in page
    assert "Next is" not in page


def test_somebody_who_did_not_come_is_noted_only_after_the_start(scene: Scene, front_desk: Browser) -> None:
    later, begun = scene.visit(starts_at=LATER), scene.visit(starts_at=TODAY_AT_TEN - timedelta(minutes=30))
    assert front_desk.act(later, "missed").status_code == 409
    assert "did not come" in front_desk.acted(begun, "missed")
    assert make.refreshed(begun).state == State.MISSED
    assert make.refreshed(later).state == State.BOOKED


def test_nobody_arrives_twice(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=LATER)
    front_desk.acted(visit, "arrived")
    assert front_desk.act(visit, "arrived").status_code == 409


@pytest.mark.parametrize(
    "back", ["/staff", "/staff/agenda?day=2031-03-03", "/staff/afterwards?day=2031-03-03"]
)
def test_taking_back_leads_to_the_page_on_which_it_was_pressed(
    scene: Scene, front_desk: Browser, back: str
) -> None:
    visit = scene.visit(starts_at=LATER)
    page = read(front_desk.acted(visit, "arrived", back=back))
    (undo,) = [one for one in page.all("form") if one.get("action").endswith(f"{visit.id}/undo")]
    answer = front_desk.post(undo.get("action"), **shown(undo))
    assert answer.headers["Location"] == back
    assert make.refreshed(visit).state == State.BOOKED


def test_a_form_leads_back_to_staff_pages_only(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=LATER)
    answer = front_desk.act(visit, "arrived", back="//elsewhere.example/staff")
    assert answer.headers["Location"] == "/staff"
    answer = front_desk.act(visit, "undo", back="/staff/agenda?day=2031-03-03")
    assert answer.headers["Location"] == "/staff/agenda?day=2031-03-03"


def test_what_waits_for_the_therapist_stands_beside_the_day(scene: Scene, therapist: Browser) -> None:
    review(scene.request(), BLOOD_THINNER)
    other = make.client(given_name="Ben", mail=None)
    scene.visit(starts_at=LATER + timedelta(days=9), who=other, state=State.REQUESTED, request_reason="plain")
    page = therapist.get("/staff")
    assert "To review" in page
    assert "Waits for you" in page
    assert "Asked for" in page
    assert "Ben Sample" in page
    # The count on the rail.
    assert "(2 waiting)" in page


def test_the_agenda_goes_from_day_to_day(scene: Scene, front_desk: Browser) -> None:
    scene.visit(starts_at=LATER + timedelta(days=1))
    page = front_desk.get("/staff/agenda?day=2031-03-03")
    assert "Nobody comes on this day" in page
    assert "/staff/agenda?day=2031-03-02" in page
    assert "/staff/agenda?day=2031-03-04" in page
    assert "Ada Sample" in front_desk.get("/staff/agenda?day=2031-03-04")


def test_the_agenda_of_one_therapist_leaves_out_the_others(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    scene.visit(starts_at=LATER)
    other = db.session.scalars(sa.select(make.Therapist).where(make.Therapist.given_name == "Daniel")).one()
    assert "Ada Sample" in front_desk.get(f"/staff/agenda?therapist={scene.therapist.slug}")
    assert "Ada Sample" not in front_desk.get(f"/staff/agenda?therapist={other.slug}")


def test_a_day_that_is_none_is_not_found(front_desk: Browser, scene: Scene) -> None:
    for nonsense in ("yesterday", "2031-02-30", "0001-01-01", "9999-12-31"):
        front_desk.get(f"/staff/agenda?day={nonsense}", 404)
    front_desk.get("/staff/agenda?therapist=nobody", 404)


def test_a_day_is_the_location_s_own_day(make: object, scene: Scene, front_desk: Browser) -> None:
    """In Sydney Tuesday has begun when Berlin has Monday noon."""
    far = scene.make.location(zone="Australia/Sydney")
    person = scene.make.therapist(far)
    sold = scene.make.treatment(therapists=[person])
    scene.make.appointment(
        of=sold,
        location=far,
        who=scene.make.client(given_name="Kim", mail=None),
        starts_at=LATER + timedelta(hours=3),
    )
    assert "Kim Sample" not in front_desk.get("/staff/agenda?day=2031-03-03")
    page = front_desk.get("/staff/agenda?day=2031-03-04")
    assert "Kim Sample" in page
    assert "03:00" in page


def test_many_places_wait_under_more_in_the_bar_of_a_phone(
    scene: Scene, sign_in: Callable[[User], Browser], front_desk: Browser
) -> None:
    for browser in (sign_in(make.user(roles=["owner"])), front_desk):
        more = read(browser.get("/staff/settings")).one("details")
        assert "Settings" in more.text
        assert "Sign out" in more.text


def test_a_visitor_is_led_to_the_sign_in(scene: Scene, client: FlaskClient) -> None:
    for path in ("/staff", "/staff/agenda", "/staff/reviews", "/staff/messages"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/staff/sign-in")
