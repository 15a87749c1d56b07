"""Incidents on pages: recorded from the visit, read by the client's therapists alone, corrected by additions."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.booking.models import Appointment, State
from clinic.db import db, new_id
from clinic.plans.models import Incident
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import read

LIST = "/staff/incidents"


@pytest.fixture
def visit(scene: Scene) -> Appointment:
    found: Appointment = scene.visit(state=State.ARRIVED, starts_at=make.NOW + timedelta(hours=1))
    db.session.commit()
    return found


def of(visit: Appointment) -> str:
    return f"/staff/appointments/{visit.id}/incidents/new"


def fields(**more: Any) -> dict[str, Any]:
    return {"incident": new_id(), "kind": "burn", "happened": "Hot stone, left shoulder.", "done": "", **more}


def test_the_visit_leads_to_the_form_and_shows_what_was_signed(
    therapist: Browser, visit: Appointment
) -> None:
    page = therapist.get(f"/staff/appointments/{visit.id}")
    assert "None recorded." in page
    assert of(visit) in page
    page = therapist.done(of(visit), **fields())
    assert "Hot stone, left shoulder." in page
    assert "It does not change any more." in page
    page = therapist.get(f"/staff/appointments/{visit.id}")
    assert ">Burn</a>" in page
    assert "Hot stone" not in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": ""}, "Choose what it was."),
        ({"kind": "earthquake"}, "Choose one of the answers below"),
        ({"happened": ""}, "Write what happened."),
        ({"incident": "x"}, "This page is not complete."),
    ],
)
def test_a_form_that_lacks_something_says_so_and_keeps_the_rest(
    therapist: Browser, visit: Appointment, wrong: dict[str, str], sentence: str
) -> None:
    answer = therapist.post(of(visit), **fields(done="Cold water.", **wrong))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert sentence in page
    assert "Cold water." in page
    assert db.session.scalar(sa.select(Incident.id)) is None


def test_a_form_sent_twice_records_once_and_says_so(therapist: Browser, visit: Appointment) -> None:
    sent = fields()
    therapist.done(of(visit), **sent)
    answer = therapist.post(of(visit), **sent)
    assert answer.status_code == 409
    assert "recorded already" in answer.get_data(as_text=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 1


def test_a_visit_to_come_has_none(therapist: Browser, scene: Scene) -> None:
    coming = scene.visit()
    db.session.commit()
    assert "Record an incident" not in therapist.get(f"/staff/appointments/{coming.id}")
    assert therapist.look(of(coming)).status_code == 409
    assert therapist.post(of(coming), **fields()).status_code == 409


def test_a_correction_is_added_below(therapist: Browser, visit: Appointment) -> None:
    therapist.done(of(visit), **fields())
    row = db.session.scalars(sa.select(Incident)).one()
    page = therapist.done(f"{LIST}/{row.id}/more", text="It was the right shoulder.")
    assert "It was the right shoulder." in page
    assert "Hot stone, left shoulder." in page
    answer = therapist.post(f"{LIST}/{row.id}/more", text="")
    assert answer.status_code == 400
    assert "Write what you want to add." in answer.get_data(as_text=True)


def test_the_list_shows_kind_client_and_visit(therapist: Browser, visit: Appointment) -> None:
    assert "No incident recorded" in therapist.get(LIST)
    assert LIST in therapist.get("/staff")
    therapist.done(of(visit), **fields())
    row = read(therapist.get(LIST)).one("tbody").text
    assert "Burn" in row
    assert visit.client is not None
    assert visit.client.name in row


def test_nobody_else_reads_or_records_it(
    therapist: Browser, colleague: Browser, front_desk: Browser, visit: Appointment
) -> None:
    therapist.done(of(visit), **fields())
    row = db.session.scalars(sa.select(Incident)).one()
    for path in (of(visit), f"{LIST}/{row.id}"):
        assert colleague.look(path).status_code == 404
        assert front_desk.look(path).status_code == 403
    assert colleague.post(f"{LIST}/{row.id}/more", text="x").status_code == 404
    assert "No incident recorded" in colleague.get(LIST)
    assert front_desk.look(LIST).status_code == 403
    for browser in (colleague, front_desk):
        assert 'id="incidents"' not in browser.get(f"/staff/appointments/{visit.id}")
