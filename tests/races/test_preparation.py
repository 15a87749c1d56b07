"""Two tabs and the desk at one instant: no part is lost, and what was given becomes one version."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.intake.models import Submission
from clinic.plans import preparation
from clinic.plans.models import VisitPreparation
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.plans import at_the_gate
from tests.races.rivals import race

ROUNDS = 4
CODES = ("day", "lately", "hopes", "rest", "session", "types")
ALL_DONE = NOW + timedelta(hours=1)

pytestmark = pytest.mark.race


@pytest.fixture
def visits(race_app: Flask) -> list[Appointment]:
    """Visits of clients who answered only what was asked before the booking."""
    make.practice()
    sold = make.treatment(therapists=[make.therapist(make.location())], intake="before_booking")
    found = []
    for number in range(ROUNDS):
        person = make.client(mail=f"{number}@client.example")
        at_the_gate.send(person, NOW)
        start = make.NOW + timedelta(days=3, hours=number)
        found.append(make.appointment(of=sold, who=person, starts_at=start))
    return found


def save(round_: int, rival: int, task: Any) -> str:
    """What one tab sends: a part of its own."""
    visit = appointments.appointment(UUID(task))
    found = preparation.preparation_of(visit, NOW)
    assert found is not None
    posted = at_the_gate.posts(found, CODES[rival])
    with transaction():
        preparation.save_part(visit, CODES[rival], posted, actor="link", now=NOW)
    return "saved"


def test_tabs_that_save_different_parts_at_once_lose_none(
    race_settings: Settings, visits: list[Appointment]
) -> None:
    reports = race(race_settings, save, [str(visit.id) for visit in visits], rivals=len(CODES))
    assert Counter(report.result for report in reports) == {"saved": ROUNDS * len(CODES)}
    rows = db.session.scalars(sa.select(VisitPreparation)).all()
    assert [row.parts_done for row in rows] == [len(CODES)] * ROUNDS


def end(round_: int, rival: int, task: Any) -> str:
    """Two tabs press *Finish* while the desk marks the client as arrived."""
    with transaction():
        if rival:
            made = preparation.finish(
                appointments.appointment(UUID(task)), looked_at=(), actor="link", now=ALL_DONE
            )
        else:
            made = preparation.hand_in(UUID(task), ALL_DONE)
        return "made" if made is not None else "nothing"


def test_finishing_twice_while_the_desk_marks_the_arrival_makes_one_version(
    race_settings: Settings, visits: list[Appointment]
) -> None:
    for visit in visits:
        while (found := preparation.preparation_of(visit, NOW)) and (task := found.next_after("")):
            posted = at_the_gate.posts(found, task.part.code)
            preparation.save_part(visit, task.part.code, posted, actor="link", now=NOW)
    db.session.commit()
    reports = race(race_settings, end, [str(visit.id) for visit in visits], rivals=3)
    assert Counter(report.result for report in reports) == {"made": ROUNDS, "nothing": 2 * ROUNDS}
    sent = sa.select(sa.func.count()).select_from(Submission).group_by(Submission.client_id)
    assert list(db.session.scalars(sent)) == [2] * ROUNDS
