"""What a client says of allergies after booking, in *Before your visit*, stands beside the visit at once."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.plans import preparation
from tests.plans import at_the_gate
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web import reading

HOUR = timedelta(hours=1)


@pytest.fixture
def visit(scene: Scene, now: datetime) -> Appointment:
    """A visit of a client who was asked only what its treatment needs, and so not about oils."""
    at_the_gate.send(scene.ada, now - HOUR)
    visit = scene.visit()
    db.session.commit()
    return visit


def told(visit: Appointment, now: datetime, *allergies: str) -> None:
    found = preparation.preparation_of(visit, now)
    assert found is not None
    posted = at_the_gate.posts(found, "care", allergies=list(allergies))
    preparation.save_part(visit, "care", posted, actor="link", now=now)
    db.session.commit()


def minded(browser: Browser, path: str) -> dict[str, str]:
    """The card *What to mind* of a page; empty if there is none."""
    page = reading.read(browser.get(path))
    return {
        row.one("dt").text: row.one("dd").text
        for card in page.all("section")
        if card.attributes.get("aria-labelledby") == "care"
        for row in card.one("dl").all("div")
    }


def test_they_stand_beside_the_visit_and_the_note_before_the_client_has_finished(
    visit: Appointment, therapist: Browser, now: datetime
) -> None:
    path = f"/staff/appointments/{visit.id}"
    assert "Allergies" not in minded(therapist, path)
    told(visit, now, "nut_oil", "lotion_skin")
    assert minded(therapist, path)["Allergies"] == "Nuts or nut oil; Lotions on the skin"
    assert minded(therapist, f"{path}/note")["Allergies"] == "Nuts or nut oil; Lotions on the skin"
    read = sa.select(AuditEntry).where(AuditEntry.purpose == "care").order_by(AuditEntry.id.desc())
    newest = db.session.scalars(read).first()
    assert newest is not None
    assert "allergies" in newest.fields


def test_a_corrected_answer_takes_the_place_of_the_first(
    visit: Appointment, therapist: Browser, now: datetime
) -> None:
    told(visit, now, "nut_oil")
    told(visit, now + HOUR / 60, "none")
    assert minded(therapist, f"/staff/appointments/{visit.id}")["Allergies"] == "None"


def test_they_stay_once_the_answers_are_handed_in(
    visit: Appointment, therapist: Browser, now: datetime
) -> None:
    told(visit, now, "latex")
    assert preparation.hand_in(visit.id, now) is not None
    db.session.commit()
    assert minded(therapist, f"/staff/appointments/{visit.id}")["Allergies"] == "Latex"


def test_the_front_desk_does_not_see_them(visit: Appointment, front_desk: Browser, now: datetime) -> None:
    told(visit, now, "latex")
    assert "Latex" not in front_desk.get(f"/staff/appointments/{visit.id}")
