"""Series that want each other's times at one instant: each gets all of what it wants or nothing, and nobody sees a fault."""

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking.models import Appointment, State
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import Order, Slot
from clinic.booking.series.series_changes import Pick, SeriesMove
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race
from tests.races.test_same_instant import MONDAY_NINE, overlaps, shop, worst

RIVALS = 6
ROUNDS = int(os.environ.get("RACE_ROUNDS", "8"))
SESSIONS = 4
STAFF = "user:0190a8e2-0000-7000-8000-000000000001"

pytestmark = pytest.mark.race


def weekly(first: datetime, therapist: str) -> list[Slot]:
    """Four sessions, a week apart."""
    return [
        Slot(starts_at=first + number * timedelta(weeks=1), therapist_id=UUID(therapist))
        for number in range(SESSIONS)
    ]


def book(round_: int, rival: int, task: Any) -> str:
    """Book a series; every other rival begins a week later, so that they overlap in part."""
    treatment_id, location_id, therapist_id, start = task
    first = datetime.fromisoformat(start) + timedelta(weeks=rival % 2)
    order = Order(treatment_id=UUID(treatment_id), location_id=UUID(location_id))
    with transaction():
        person = make.stranger(f"{round_}-{rival}")
        new_series.book(order, weekly(first, therapist_id), client=person, actor=STAFF, now=NOW)
    return "booked"


def pass_over(round_: int, rival: int, task: Any) -> str:
    """Move one of two series onto the times of the other, while the other comes the other way."""
    mine, its_slots = task[rival]
    moves = [
        SeriesMove(
            pick=Pick(appointment_id=UUID(id_), revision=1),
            slot=Slot(starts_at=datetime.fromisoformat(at), therapist_id=UUID(who)),
        )
        for (id_, _), (at, who) in zip(mine["members"], its_slots, strict=True)
    ]
    with transaction():
        series_changes.move(UUID(mine["id"]), moves, actor=STAFF, now=NOW)
    return "moved"


def place_of(sold: Treatment) -> str:
    return str(db.session.scalar(sa.select(make.Location.id)))


def test_of_series_that_overlap_one_is_booked_whole_and_the_others_not_at_all(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    where = (str(sold.id), place_of(sold), str(sold.therapists[0].id))
    # Five weeks of one hour for each round: days and hours that no other round touches.
    starts = [MONDAY_NINE + timedelta(days=number // 8, hours=number % 8) for number in range(ROUNDS)]
    reports = race(race_settings, book, [(*where, start.isoformat()) for start in starts], RIVALS)

    results = Counter(report.result for report in reports)
    print(f"series: {dict(results)} in {ROUNDS} rounds, {worst(reports)}")
    assert set(results) == {"booked", "Lost"}
    assert results["booked"] == ROUNDS
    sizes = sa.select(sa.func.count()).select_from(Appointment).group_by(Appointment.series_id)
    assert set(db.session.scalars(sizes)) == {SESSIONS}
    assert overlaps() == 0


def test_two_series_that_move_onto_each_other_do_not_deadlock_and_stay_whole(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(2)
    location_id = UUID(place_of(sold))
    tasks = []
    for number in range(ROUNDS):
        first = MONDAY_NINE + timedelta(days=number // 8, hours=number % 8)
        pair = []
        for therapist in sold.therapists:
            with transaction():
                made = new_series.book(
                    Order(treatment_id=sold.id, location_id=location_id),
                    weekly(first, str(therapist.id)),
                    client=make.stranger(f"{number}-{therapist.id}"),
                    actor=STAFF,
                    now=NOW,
                )
            members = new_series.members(made.id)
            pair.append(
                {
                    "id": str(made.id),
                    "members": [(str(one.id), one.revision) for one in members],
                    "slots": [(one.starts_at.isoformat(), str(one.therapist_id)) for one in members],
                }
            )
        tasks.append([(pair[0], pair[1]["slots"]), (pair[1], pair[0]["slots"])])
    before = set(
        db.session.execute(sa.select(Appointment.id, Appointment.therapist_id, Appointment.starts_at)).all()
    )
    db.session.rollback()
    reports = race(race_settings, pass_over, tasks, 2)

    results = Counter(report.result for report in reports)
    print(f"passing over: {dict(results)} in {ROUNDS} rounds, {worst(reports)}")
    assert set(results) == {"Lost"}, "each stands in the other's way, and neither goes first"
    after = set(
        db.session.execute(sa.select(Appointment.id, Appointment.therapist_id, Appointment.starts_at)).all()
    )
    assert after == before
    assert set(db.session.scalars(sa.select(Appointment.state))) == {State.BOOKED}
    assert overlaps() == 0
