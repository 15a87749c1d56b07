"""The desk books for somebody in the very second in which they are erased: the visit is erased with them, or refused in a sentence."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit, erasures
from clinic.accounts.models import Client, Role, User
from clinic.booking import desk
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.maintenance import erasure
from clinic.practice.models import Location
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race
from tests.races.test_same_instant import shop, starts

RIVALS = 4
ROUNDS = 12

pytestmark = pytest.mark.race


def erase_or_book(round_: int, rival: int, task: Any) -> str:
    """The first process is the worker that erases; each of the others is somebody at the desk, at a time of their own."""
    erasure_id, client_id, by_id, treatment_id, therapist_id, location_id, *times = task
    if rival == 0:
        with transaction():
            assert erasure.carry_out(UUID(erasure_id), NOW, Path("/nowhere"))
        return "erased"
    person = db.session.get_one(Client, UUID(client_id))
    if person.erased_at is not None:
        return "nobody to book for"
    with transaction():
        desk.book(
            UUID(treatment_id),
            datetime.fromisoformat(times[rival - 1]),
            therapist_id=UUID(therapist_id),
            location_id=UUID(location_id),
            client=person,
            by=db.session.get_one(User, UUID(by_id)),
            now=NOW,
        )
    return "booked"


def test_no_visit_is_left_of_whoever_was_erased_at_that_instant(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    owner = make.user(roles=[Role.OWNER])
    place = db.session.scalars(sa.select(Location)).one()
    therapist, at = sold.therapists[0], starts(ROUNDS * (RIVALS - 1))
    tasks = []
    for number in range(ROUNDS):
        person = make.client(mail=f"ada-{number}@client.example")
        asked = erasures.ask(person.id, actor=audit.SYSTEM, by_id=None, now=NOW)
        erasures.grant(asked.id, kept_until=None, by_id=owner.id, now=NOW)
        times = at[number * (RIVALS - 1) : (number + 1) * (RIVALS - 1)]
        ids = (asked.id, person.id, owner.id, sold.id, therapist.id, place.id)
        tasks.append((*map(str, ids), *(one.isoformat() for one in times)))
    db.session.commit()
    reports = race(race_settings, erase_or_book, tasks, RIVALS)
    results = Counter(report.result for report in reports)
    print(dict(results))
    assert results["erased"] == ROUNDS
    assert set(results) <= {"erased", "booked", "ClientErased", "nobody to book for"}
    db.session.expire_all()
    left = sa.select(Appointment.state).join(Client).where(Client.erased_at.is_not(None))
    assert set(db.session.scalars(left)) <= {State.CANCELLED}
    assert db.session.scalar(sa.select(sa.func.count()).where(Client.erased_at.is_not(None))) == ROUNDS
