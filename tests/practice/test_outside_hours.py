"""Bookings that a change left outside hours: listed with the reason until they are moved, and nothing else is."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking import changes, outside_hours
from clinic.booking.models import Appointment, State, Waiver
from clinic.db import db, transaction
from clinic.practice.models import Closure, SpecialDay, Therapist, TimeOff, WeeklyHours
from tests.conftest import NOW
from tests.make import Make

THURSDAY = date(2031, 3, 6)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def visit(make: Make) -> Appointment:
    """Thursday from ten to eleven, with Ines at North in the red room."""
    make.practice()
    place = make.location(name="North")
    room = make.room(place)
    person = make.therapist(place, given_name="Ines")
    sold = make.treatment(therapists=[person], rooms=[room])
    return make.appointment(of=sold, who=make.client(), room_id=room.id)


def why() -> list[str]:
    return [each.why for each in outside_hours.visits(NOW)]


def add(row: object) -> None:
    db.session.add(row)
    db.session.commit()


def test_a_booking_inside_hours_is_not_listed(visit: Appointment) -> None:
    assert why() == []


@pytest.mark.parametrize(
    ("from_minute", "until_minute", "listed"),
    [(600, 660, True), (655, 700, True), (540, 605, True), (540, 600, False), (660, 720, False)],
)
def test_time_off_counts_where_it_touches_the_visit(
    visit: Appointment, from_minute: int, until_minute: int, listed: bool
) -> None:
    add(
        TimeOff(
            therapist_id=visit.therapist_id,
            from_on=THURSDAY,
            until_on=THURSDAY + ONE_DAY,
            from_minute=from_minute,
            until_minute=until_minute,
        )
    )
    assert why() == (["Ines has time off"] if listed else [])


def test_each_reason_is_said_in_its_words(visit: Appointment) -> None:
    person = db.session.get_one(Therapist, visit.therapist_id)
    add(
        SpecialDay(
            therapist_id=person.id,
            location_id=visit.location_id,
            on=THURSDAY,
            from_minute=630,
            until_minute=900,
        )
    )
    assert why() == ["Outside the hours"]
    add(Closure(name="Works", from_on=THURSDAY, until_on=THURSDAY + ONE_DAY))
    assert why() == ["Closed"]
    visit.location.closed_on = THURSDAY
    db.session.commit()
    assert why() == ["North will have closed for good by then"]
    person.left_on = THURSDAY
    db.session.commit()
    assert why() == ["Ines will have left by then"]


def test_a_room_that_is_no_longer_used_is_a_reason(visit: Appointment) -> None:
    assert visit.room is not None
    visit.room.retired_at = NOW
    db.session.commit()
    assert why() == ["The room is no longer used"]


def test_a_closure_of_another_location_is_none(visit: Appointment, make: Make) -> None:
    other = make.location()
    add(Closure(name="Works", from_on=THURSDAY, until_on=THURSDAY + ONE_DAY, location_id=other.id))
    assert why() == []


@pytest.mark.parametrize("state", [State.CANCELLED, State.DECLINED, State.DONE])
def test_only_what_still_stands_is_listed(visit: Appointment, make: Make, state: State) -> None:
    db.session.execute(sa.delete(WeeklyHours))
    visit.state = state
    visit.cancelled_by = "staff" if state is State.CANCELLED else None
    db.session.commit()
    assert why() == []


def test_a_visit_leaves_the_list_when_it_is_moved(visit: Appointment) -> None:
    add(TimeOff(therapist_id=visit.therapist_id, from_on=THURSDAY, until_on=THURSDAY + ONE_DAY))
    assert outside_hours.ids(NOW) == {visit.id}
    friday = datetime.fromisoformat("2031-03-07T09:00+00:00")
    with transaction():
        changes.move(visit.id, friday, revision=visit.revision, actor="user:desk", now=NOW)
    assert why() == []


def test_a_visit_put_outside_on_purpose_is_listed_only_for_another_reason(
    visit: Appointment, make: Make
) -> None:
    db.session.execute(sa.delete(WeeklyHours))
    waiver = Waiver(appointment_id=visit.id, user_id=make.user().id, rules=["hours"], made_at=NOW)
    waiver.reason = "She can only come then."
    add(waiver)
    assert why() == []
    add(TimeOff(therapist_id=visit.therapist_id, from_on=THURSDAY, until_on=THURSDAY + ONE_DAY))
    assert why() == ["Ines has time off"]


def test_of_the_many_that_are_inside_only_their_times_are_read(visit: Appointment, make: Make) -> None:
    for hour in (2, 4):
        later = visit.starts_at + timedelta(days=1, hours=hour)
        make.appointment(of=visit.treatment, who=visit.client, room_id=visit.room_id, starts_at=later)
    add(TimeOff(therapist_id=visit.therapist_id, from_on=THURSDAY, until_on=THURSDAY + ONE_DAY))
    db.session.expunge_all()
    read: list[Appointment] = []

    def note(each: Appointment, _: object) -> None:
        read.append(each)

    sa.event.listen(Appointment, "load", note)
    try:
        (found,) = outside_hours.visits(NOW)
    finally:
        sa.event.remove(Appointment, "load", note)
    assert read == [found.appointment]


def test_a_room_that_is_gone_is_an_objection_also_where_the_hours_were_waived(
    visit: Appointment, make: Make
) -> None:
    db.session.execute(sa.delete(WeeklyHours))
    waiver = Waiver(appointment_id=visit.id, user_id=make.user().id, rules=["hours"], made_at=NOW)
    waiver.reason = "She can only come then."
    add(waiver)
    assert visit.room is not None
    visit.room.retired_at = NOW
    db.session.commit()
    assert why() == ["The room is no longer used"]
