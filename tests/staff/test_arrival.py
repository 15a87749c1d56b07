"""At arrival: the device in the client's hands, which opens nothing of the staff, or the questions asked aloud."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake.models import Submission
from clinic.plans import preparation, services
from clinic.plans.models import OutcomeEntry, Review
from tests import make
from tests.plans import at_the_gate
from tests.plans.conftest import Scene
from tests.plans.test_courses import begun, weekly
from tests.plans.test_scores import ACTIVITIES
from tests.public.test_safety_form import plain
from tests.staff.conftest import Browser
from tests.visitor import PASSWORD, Visitor, as_staff

STAFF_PAGES = ("/staff", "/staff/messages", "/staff/agenda", "/staff/reviews", "/staff/account")


@pytest.fixture
def visit(scene: Scene) -> Appointment:
    """Ada is here, for a visit that begins in ten minutes; she named two activities when her course began."""
    first = begun(scene, **ACTIVITIES)
    fourth = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    for number, row in enumerate([first, *_of(scene, first, fourth)]):
        start = make.NOW + timedelta(minutes=10, weeks=number - 3)
        row.starts_at = row.occupied_from = start
        row.ends_at = row.occupied_until = start + timedelta(hours=1)
        row.state = State.ARRIVED if number == 3 else State.DONE
    db.session.commit()
    return fourth


def _of(scene: Scene, first: Appointment, fourth: Appointment) -> list[Appointment]:
    between = sa.select(Appointment).where(
        Appointment.client_id == scene.ada.id, Appointment.id.not_in([first.id, fourth.id])
    )
    return [*db.session.scalars(between.order_by(Appointment.starts_at)), fourth]


@pytest.fixture
def ines(scene: Scene) -> User:
    """The therapist, with a password."""
    scene.therapist_user.password = hash_password(PASSWORD)
    db.session.commit()
    return scene.therapist_user


def handed(app: Flask, user: User, visit: Appointment) -> Visitor:
    """The device after a press of the button on the visit's page."""
    desk = Visitor(as_staff(app, user)).open(f"/staff/appointments/{visit.id}")
    return desk.press("Safety questions on this tablet")


def test_handing_over_opens_the_clients_form_with_nothing_of_the_staff(
    app: Flask, clock_at_now: None, ines: User, visit: Appointment
) -> None:
    device = handed(app, ines, visit)
    assert device.heading == "A short safety check"
    assert device.path == signed_links.purpose_path("visit", "visit", visit.id, visit.link_epoch)
    for hidden in ("Today", "Reviews", "Sign out", "Ada Sample"):
        assert hidden not in device.text


def test_no_page_of_the_staff_opens_until_the_password_was_given(
    app: Flask, clock_at_now: None, ines: User, visit: Appointment
) -> None:
    device = handed(app, ines, visit)
    for path in (*STAFF_PAGES, f"/staff/appointments/{visit.id}", f"/staff/appointments/{visit.id}/note"):
        assert device.open(path).heading == "Is it still you?", path
    posted = device.browser.post(
        f"/staff/appointments/{visit.id}/arrived", data={"csrf_token": device.token()}
    )
    assert posted.status_code == 303
    assert "/staff/again" in posted.headers["Location"]
    for hidden in ("Ines", "Reviews", "Today", "Messages"):
        assert hidden not in device.open("/staff").text
    assert device.open("/staff").press("Go on", password="wrong").heading == "Is it still you?"
    assert device.open("/staff/messages").heading == "Is it still you?"
    assert device.press("Go on", password=PASSWORD).heading == "Messages"
    assert device.open(f"/staff/appointments/{visit.id}").status == 200


def test_a_cookie_from_before_opens_nothing_either(
    app: Flask, clock_at_now: None, ines: User, visit: Appointment
) -> None:
    desk = Visitor(as_staff(app, ines)).open(f"/staff/appointments/{visit.id}")
    before = desk.browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert before is not None
    desk.press("Safety questions on this tablet")
    old: FlaskClient = app.test_client()
    old.set_cookie(app.config["SESSION_COOKIE_NAME"], before.value)
    assert Visitor(old).open("/staff/messages").heading == "Is it still you?"


def test_signing_out_stays_possible(app: Flask, clock_at_now: None, ines: User, visit: Appointment) -> None:
    device = handed(app, ines, visit).open("/staff")
    device.press("Sign out")
    assert device.open("/staff").path.startswith("/staff/sign-in")


def test_answers_on_the_device_are_the_clients_and_it_is_given_back(
    app: Flask, clock_at_now: None, ines: User, visit: Appointment
) -> None:
    device = handed(app, ines, visit)
    assert "tying shoes" in device.text
    done = device.press("Send your answers", **plain(), activity_now_1="6", global_change="much_better")
    assert done.heading == "Thank you"
    assert "Please give the device back now." in done.text
    short = db.session.scalars(sa.select(Submission).where(Submission.kind == "day_of_visit")).one()
    assert short.source == "client"
    assert {
        entry.instrument for entry in db.session.scalars(sa.select(OutcomeEntry)) if entry.appointment_id
    } == {
        "nrs",
        "psfs",
        "global_change",
    }
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "hand_over")).one()
    assert entry.actor == f"user:{ines.id}"


def test_the_front_desk_hands_over_without_reading_the_clients_words(
    app: Flask, clock_at_now: None, visit: Appointment
) -> None:
    desk = make.user(roles=["front_desk"])
    device = handed(app, desk, visit)
    assert device.heading == "A short safety check"
    assert "tying shoes" not in device.text
    assert "The first everyday activity you named" in device.text


def test_an_urgent_answer_at_arrival_shows_the_card_and_waits_for_the_therapist(
    app: Flask, clock_at_now: None, ines: User, visit: Appointment
) -> None:
    device = handed(app, ines, visit)
    card = device.press("Send your answers", **plain(red_flags_chest_pain_breathless="yes"))
    assert card.heading.startswith("Call 112")
    newest = db.session.scalars(sa.select(Review).order_by(Review.id.desc())).first()
    assert newest is not None
    assert newest.outcome.level == "urgent"
    device.open("/staff/messages").press("Go on", password=PASSWORD)
    page = device.open(f"/staff/appointments/{visit.id}").text
    assert "Urgent help was asked for." in page
    assert "Answered by the client" in page


def test_a_therapist_asks_aloud_and_the_answers_say_so(therapist: Browser, visit: Appointment) -> None:
    path = f"/staff/appointments/{visit.id}"
    page = therapist.get(f"{path}/answers")
    assert "tying shoes" in page
    said = therapist.done(f"{path}/answers", **plain(today="fever"), activity_now_2="9")
    assert "A doctor first, or another day." in said
    assert "Asked aloud" in said
    short = db.session.scalars(sa.select(Submission).where(Submission.kind == "day_of_visit")).one()
    assert (short.source, short.outcome.level) == ("therapist", "refer")
    kept = db.session.scalars(sa.select(OutcomeEntry).where(OutcomeEntry.appointment_id == visit.id)).all()
    assert {entry.source for entry in kept} == {"therapist"}


def test_a_sign_nobody_asked_about_is_asked_for_again(therapist: Browser, visit: Appointment) -> None:
    fields = plain()
    del fields["red_flags.weight_loss"]
    answer = therapist.post(f"/staff/appointments/{visit.id}/answers", **fields)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.get_data(as_text=True)


def test_only_the_clients_therapist_asks_aloud(
    front_desk: Browser, colleague: Browser, visit: Appointment
) -> None:
    front_desk.get(f"/staff/appointments/{visit.id}/answers", 403)
    colleague.get(f"/staff/appointments/{visit.id}/answers", 404)
    assert "Not answered yet" not in front_desk.get(f"/staff/appointments/{visit.id}")


def test_long_before_and_after_a_visit_nothing_is_asked(
    scene: Scene, therapist: Browser, sign_in: Callable[[User], Browser]
) -> None:
    for days in (-3, 3):
        visit = scene.visit(starts_at=make.NOW + timedelta(days=days))
        path = f"/staff/appointments/{visit.id}"
        assert "Safety questions on this tablet" not in therapist.get(path)
        therapist.get(f"{path}/answers", 410)
        assert therapist.post(f"{path}/safety").status_code == 410
    assert therapist.get("/staff/messages")


# What was not asked before the booking


@pytest.fixture
def prepared(scene: Scene) -> Appointment:
    """A visit today, of which three of ten parts are answered."""
    at_the_gate.send(scene.ada, make.NOW - timedelta(days=2))
    found = scene.visit(starts_at=make.NOW + timedelta(hours=1))
    for code in ("day", "types", "rest"):
        asked = preparation.preparation_of(found, make.NOW)
        assert asked is not None
        posted = at_the_gate.posts(asked, code, occupation_type=["driving"])
        preparation.save_part(found, code, posted, actor="link", now=make.NOW)
    db.session.commit()
    return found


def test_the_page_of_a_visit_says_how_much_is_answered_and_no_more_to_the_front_desk(
    app: Flask, clock_at_now: None, ines: User, prepared: Appointment
) -> None:
    clerk = make.user(roles=("front_desk",))
    for user, may_hand_over in ((ines, True), (clerk, False)):
        page = Visitor(as_staff(app, user)).open(f"/staff/appointments/{prepared.id}")
        assert "Answers before the visit 3 of 10 done." in page.text
        assert ("The rest on this tablet" in page.text) == may_hand_over
        assert "riving" not in page.text


def test_the_rest_is_answered_on_the_therapists_tablet_which_opens_nothing_of_the_staff(
    app: Flask, clock_at_now: None, ines: User, prepared: Appointment
) -> None:
    device = Visitor(as_staff(app, ines)).open(f"/staff/appointments/{prepared.id}")
    device.press("The rest on this tablet")
    assert "3 of 10 done." in device.text
    assert device.open(f"{device.path}/lately").press("Save and go back").heading == "Before your visit"
    assert "4 of 10 done." in device.text
    assert device.open("/staff/messages").heading == "Is it still you?"


def test_only_the_clients_therapist_hands_it_over(
    app: Flask, clock_at_now: None, prepared: Appointment
) -> None:
    colleague = Visitor(as_staff(app, make.user(roles=("therapist",))))
    colleague.open("/staff")
    answer = colleague.browser.post(
        f"/staff/appointments/{prepared.id}/preparation", data={"csrf_token": colleague.token()}
    )
    assert answer.status_code == 404


def test_marking_the_arrival_makes_a_version_that_the_therapist_reads_beside_the_review(
    app: Flask, therapist: Browser, scene: Scene, prepared: Appointment
) -> None:
    (sent,) = db.session.scalars(sa.select(Submission).where(Submission.client_id == scene.ada.id)).all()
    opened = services.open_review(sent.outcome, scene.ada.id, prepared, make.NOW)
    services.decide(
        opened, decision=services.Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW
    )
    db.session.commit()
    therapist.acted(prepared, "arrived")
    versions = db.session.scalars(sa.select(Submission).where(Submission.client_id == scene.ada.id)).all()
    assert len(versions) == 2
    page = therapist.get(f"/staff/reviews/{opened.id}")
    assert "Answered before the visit" in page
    assert "Driving" in page
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.purpose == "review", AuditEntry.action == "read")
    ).all()[-1]
    assert "occupation_type" in entry.fields
