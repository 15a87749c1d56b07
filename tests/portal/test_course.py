"""A signed-in client books the rest of a course in one act."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import limits
from clinic.booking import barring
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series
from clinic.db import db
from clinic.plans.models import Plan, PlannedSession
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.test_to_book import course
from tests.visitor import Visitor, as_client, shown

__all__ = ["scene"]

ASKED = "on=2031-03-13&at=10:00&count=3"


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    """Ada, signed in, with the answers of today and a course of four sessions of which one is booked."""
    course(scene)
    make.submission(who=scene.ada, submitted_at=make.NOW)
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


def walls() -> list[datetime]:
    rows = sa.select(Appointment.wall_start).where(Appointment.series_id.is_not(None))
    return list(db.session.scalars(rows.order_by(Appointment.series_index)))


def test_the_rest_of_a_course_is_booked_from_the_list_of_visits(scene: Scene, ada: Visitor) -> None:
    ada.open("/my")
    link = next(one for one in ada.page.all("a") if one.text == "Book the 3 sessions that are left")
    ada.open(link.get("href"))
    form, _ = ada.form_with("See what is free")
    values = shown(form)
    assert (values["on"], values["at"], values["count"]) == ("2031-03-13", "10:00", "3")
    assert "Book these sessions" not in ada.text
    ada.open("/my/course?" + "&".join(f"{name}={value}" for name, value in values.items()))
    assert "All 3 are free." in ada.text
    assert make.count(Series) == 0
    ada.press("Book these sessions")
    assert "Your sessions are booked." in ada.text
    assert walls() == [datetime(2031, 3, 13, 10) + number * timedelta(weeks=1) for number in range(3)]
    members = new_series.members(db.session.scalars(sa.select(Series.id)).one())
    assert {member.booked_by for member in members} == {"client"}
    given = db.session.scalars(sa.select(PlannedSession.appointment_id).order_by(PlannedSession.number))
    assert list(given)[1:] == [member.id for member in members]
    assert "that are left" not in ada.text
    assert ada.open("/my/course").status == 404


def test_who_follows_no_course_has_no_such_page(scene: Scene, app: Flask, clock_at_now: None) -> None:
    scene.visit()
    visitor = Visitor(as_client(app, scene.ada.contacts[0], scene.ada))
    assert "Your course" not in visitor.open("/my").text
    assert visitor.open("/my/course").status == 404


def test_nobody_reaches_the_course_of_somebody_else(scene: Scene, app: Flask, ada: Visitor) -> None:
    bob = make.client(given_name="Bob", mail="bob@client.example")
    assert Visitor(as_client(app, bob.contacts[0], bob)).open("/my/course").status == 404
    assert "sign-in" in Visitor(app.test_client()).open("/my/course").path


def test_a_time_taken_meanwhile_comes_back_marked_with_others_of_its_week(scene: Scene, ada: Visitor) -> None:
    ada.open(f"/my/course?{ASKED}&therapist={scene.therapist.slug}")
    make.appointment(
        of=scene.treatment, who=make.client(), starts_at=datetime.fromisoformat("2031-03-20T09:00+00:00")
    )
    ada.press("Book these sessions")
    assert ada.status == 409
    assert ada.text.count("Taken meanwhile") == 1
    assert make.count(Series) == 0
    form, _ = ada.form_with("Book these sessions")
    options = [one.get("value") for one in form.all("input") if one.attributes.get("name") == "session-2"]
    assert len(options) == 4
    ada.press("Book these sessions", **{"session-2": options[0]})
    assert [wall.isoformat() for wall in walls()][1] == "2031-03-20T09:00:00"


def test_the_same_form_sent_twice_books_once(scene: Scene, ada: Visitor) -> None:
    ada.open(f"/my/course?{ASKED}")
    form, _ = ada.form_with("Book these sessions")
    answers = [ada.browser.post(form.get("action"), data=shown(form)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert make.count(Series) == 1
    assert ada.browser.post(form.get("action"), data={**shown(form), "key": ""}).status_code == 409


def test_the_horizon_and_the_number_of_open_bookings_hold_online(scene: Scene, ada: Visitor) -> None:
    make.practice(horizon_days=14)
    ada.open(f"/my/course?{ASKED}")
    assert "1 of 3 is free" in ada.text
    make.practice(horizon_days=120, open_bookings_per_client=3)
    ada.open(f"/my/course?{ASKED}").press("Book these sessions")
    assert ada.status == 409
    assert "You have several appointments open already." in ada.text
    assert make.count(Series) == 0


@pytest.mark.parametrize(("level", "disposition"), [("urgent", "emergency"), ("refer", "doctor")])
def test_serious_answers_end_in_the_care_card(
    scene: Scene, ada: Visitor, level: str, disposition: str
) -> None:
    ada.open(f"/my/course?{ASKED}")
    form, _ = ada.form_with("Book these sessions")
    make.submission(
        who=scene.ada, level=level, disposition=disposition, submitted_at=make.NOW + timedelta(seconds=1)
    )
    answer = ada.browser.post(form.get("action"), data=shown(form))
    assert answer.status_code == 303
    assert "outcome" in answer.headers["Location"]
    assert make.count(Series) == 0


def test_old_answers_lead_to_the_questions_first(scene: Scene, app: Flask, clock_at_now: None) -> None:
    made, first = course(scene)
    assert isinstance(made, Plan)
    assert first.state == State.BOOKED
    db.session.execute(sa.text("UPDATE submissions SET submitted_at = submitted_at - interval '3 days'"))
    db.session.commit()
    visitor = Visitor(as_client(app, scene.ada.contacts[0], scene.ada))
    visitor.open(f"/my/course?{ASKED}").press("Book these sessions")
    assert visitor.path.startswith("/intake")
    assert "Your times are not kept meanwhile" in visitor.text
    assert make.count(Series) == 0


def test_whom_a_therapist_looks_at_first_asks_for_one_session_elsewhere(scene: Scene, ada: Visitor) -> None:
    make.submission(who=scene.ada, level="therapist_review", submitted_at=make.NOW + timedelta(seconds=1))
    ada.open(f"/my/course?{ASKED}").press("Book these sessions")
    assert ada.status == 409
    assert "A therapist looks first." in ada.text
    assert make.count(Series) == 0


@pytest.mark.parametrize(
    "asked", ["on=&at=10:00&count=3", "on=2031-03-13&at=ten&count=3", "on=2031-03-13&at=10:00&count=0"]
)
def test_numbers_nobody_books_are_refused(scene: Scene, ada: Visitor, asked: str) -> None:
    assert ada.open(f"/my/course?{asked}").status == 422
    assert ada.title.startswith("Error: ")


def test_a_course_that_paused_goes_on_in_the_future(scene: Scene, ada: Visitor) -> None:
    first = db.session.scalars(sa.select(Appointment)).one()
    first.wall_start -= timedelta(weeks=4)
    first.starts_at -= timedelta(weeks=4)
    first.ends_at -= timedelta(weeks=4)
    first.occupied_from -= timedelta(weeks=4)
    first.occupied_until -= timedelta(weeks=4)
    db.session.commit()
    ada.open("/my/course")
    form, _ = ada.form_with("See what is free")
    assert shown(form)["on"] == "2031-03-06"


def test_more_than_the_course_has_left_is_not_proposed(scene: Scene, ada: Visitor) -> None:
    ada.open("/my/course?on=2031-03-13&at=10:00&count=40")
    assert "All 3 are free." in ada.text
    assert ada.open("/my/course?on=2031-03-13&at=10:00&count=3&therapist=nobody").status == 404


def test_whoever_books_too_often_keeps_the_page_with_what_was_chosen(scene: Scene, ada: Visitor) -> None:
    ada.open(f"/my/course?{ASKED}&therapist={scene.therapist.slug}")
    for _ in range(limits.BOOKINGS_NETWORK.count):
        limits.take(limits.BOOKINGS_NETWORK, limits.network("127.0.0.1"), make.NOW)
    ada.press("Book these sessions", **{"session-2": ""})
    assert ada.status == 429
    assert ada.answer.headers["Retry-After"]
    assert "Too many attempts." in ada.text
    form, _ = ada.form_with("Book these sessions")
    kept = shown(form)
    assert [bool(kept.get(f"session-{number}", [""])[0]) for number in (1, 2, 3)] == [True, False, True]
    assert make.count(Series) == 0


def test_an_old_page_sent_with_other_choices_leads_to_what_it_booked(scene: Scene, ada: Visitor) -> None:
    ada.open(f"/my/course?{ASKED}&therapist={scene.therapist.slug}")
    form, _ = ada.form_with("Book these sessions")
    path, old = form.get("action"), {**shown(form), "session-3": ""}
    ada.press("Book these sessions")
    ada.path, ada.answer = path, ada.browser.post(path, data=old)
    ada.follow()
    assert ada.heading == "Hello Ada"
    assert "This form was sent before with other details." in ada.text
    assert make.count(Series) == 1


def test_a_course_proposes_nobody_the_client_is_barred_from(scene: Scene, ada: Visitor) -> None:
    barring.bar(scene.ada.id, scene.therapist.id, "because", by=make.user(roles=["front_desk"]), now=make.NOW)
    db.session.commit()
    ada.open(f"/my/course?{ASKED}&therapist={scene.therapist.slug}")
    assert (ada.status, "This cannot be booked online. Please call us." in ada.text) == (403, True)
    assert "Book these sessions" not in ada.text
