"""Two questions after a visit: write-only, open for 30 days, and a bad answer is taken seriously at once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import CheckIn
from tests.make import Make
from tests.visitor import Visitor


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit that ended two days ago."""
    row: Appointment = make.appointment(
        of=make.offering(),
        who=make.client(),
        starts_at=clock.now() - timedelta(days=2, hours=2),
        state="done",
    )
    return row


def path(visit: Appointment) -> str:
    return signed_links.check_in_path(visit.id, visit.link_epoch)


def answered(app: Flask, visit: Appointment, feels: str, worrying: str) -> Visitor:
    asked = Visitor(app.test_client()).open(path(visit))
    return asked.press("Send your answers", feels=feels, worrying=worrying)


def test_the_page_asks_two_questions_and_says_nothing_about_the_client(
    app: Flask, visit: Appointment
) -> None:
    asked = Visitor(app.test_client()).open(path(visit))
    assert asked.heading == "How are you after your session?"
    assert [legend.text for legend in asked.page.all("legend")] == [
        "How do you feel now, compared with before the session?",
        "Is there anything that worries you?",
    ]
    assert "Ada" not in asked.text


@pytest.mark.parametrize(
    ("feels", "worrying", "asks"),
    [
        ("better", "no", False),
        ("same", "no", False),
        ("worse", "no", True),
        ("better", "yes", True),
        ("worse", "yes", True),
    ],
)
def test_an_answer_is_kept_sealed_and_a_bad_one_waits_for_a_therapist(
    app: Flask, visit: Appointment, feels: str, worrying: str, asks: bool
) -> None:
    thanked = answered(app, visit, feels, worrying)
    given = db.session.scalars(sa.select(CheckIn)).one()
    assert given.answers == {"feels": feels, "worrying": worrying}
    assert given.asks_for_therapist is asks
    assert given.client_id == visit.client_id
    assert feels.encode() not in given.answers_sealed
    assert ("Your therapist will see this" in thanked.heading) is asks
    assert ("call 112" in thanked.text) is True
    assert ("bladder or bowel" in thanked.text) is asks


def test_the_answer_is_audited_by_field_names(app: Flask, visit: Appointment) -> None:
    answered(app, visit, "worse", "no")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "check_in")).one()
    assert (entry.actor, entry.action) == (f"link:{visit.id}", "answer")
    assert entry.fields == ["feels", "worrying"]


def test_the_page_is_empty_when_it_is_opened_again_and_takes_another_answer(
    app: Flask, visit: Appointment
) -> None:
    answered(app, visit, "better", "no")
    again = Visitor(app.test_client()).open(path(visit))
    assert " checked" not in again.answer.text
    answered(app, visit, "worse", "no")
    flags = db.session.scalars(sa.select(CheckIn.asks_for_therapist).order_by(CheckIn.id)).all()
    assert flags == [False, True]


def test_an_open_question_is_asked_for_again(app: Flask, visit: Appointment) -> None:
    asked = Visitor(app.test_client()).open(path(visit)).press("Send your answers", feels="worse")
    assert asked.status == 422
    assert asked.title.startswith("Error: ")
    assert "Choose whether anything worries you." in asked.text
    assert db.session.scalars(sa.select(CheckIn)).all() == []


def test_made_up_answers_are_refused(app: Flask, visit: Appointment) -> None:
    asked = answered(app, visit, "marvellous", "perhaps")
    assert asked.status == 422
    assert db.session.scalars(sa.select(CheckIn)).all() == []


def test_the_address_opens_from_the_end_of_the_visit_for_thirty_days(
    client: FlaskClient, visit: Appointment
) -> None:
    opened = path(visit)
    for days, status in ((-1, 404), (1, 200), (29, 200), (31, 410)):
        start = clock.now() - timedelta(days=days, hours=1, minutes=1)
        visit.starts_at = visit.occupied_from = start
        visit.ends_at = visit.occupied_until = start + timedelta(hours=1)
        db.session.commit()
        assert client.get(opened).status_code == status, days


@pytest.mark.parametrize("state", [State.BOOKED, State.MISSED, State.CANCELLED])
def test_a_visit_that_did_not_take_place_has_no_questions(
    client: FlaskClient, visit: Appointment, state: State
) -> None:
    visit.cancelled_by = "client" if state == State.CANCELLED else None
    visit.state = state
    db.session.commit()
    assert client.get(path(visit)).status_code == 404


def test_no_other_key_opens_the_page(client: FlaskClient, visit: Appointment) -> None:
    for token in (
        signed_links.token(signed_links.AFTERCARE, visit.id, visit.link_epoch),
        signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch),
        signed_links.token(signed_links.CHECK_IN, visit.id, visit.link_epoch + 1),
        "x.y",
    ):
        assert client.get(f"/check-in/{token}").status_code == 404
        assert client.post(f"/check-in/{token}").status_code in (400, 404)


def test_an_erased_client_has_no_questions(client: FlaskClient, visit: Appointment) -> None:
    assert visit.client is not None
    visit.client.erased_at = clock.now()
    db.session.commit()
    assert client.get(path(visit)).status_code == 404
