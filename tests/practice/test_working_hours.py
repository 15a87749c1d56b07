"""Weekly hours from a day on, until another; what held before and after goes on holding."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.db import db, transaction
from clinic.practice import opening_hours, working_hours
from clinic.practice.editing import ChangedMeanwhile
from clinic.practice.models import Location, SpecialDay, Therapist, WeeklyHours
from clinic.practice.working_hours import (
    EndsBeforeItBegins,
    HoursInThePast,
    HoursOverlap,
    Phase,
    Span,
)
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make

TODAY = NOW.date()
ONE_DAY = timedelta(days=1)
MONDAY, TUESDAY = 0, 1
NEXT_MONDAY = date(2031, 3, 10)
IN_APRIL = date(2031, 4, 7)


@pytest.fixture
def place(make: Make) -> Location:
    make.practice()
    return make.location(name="North")


@pytest.fixture
def ana(make: Make, place: Location) -> Therapist:
    """Mondays from nine to five."""
    return make.therapist(place, weekdays=[MONDAY])


def span(place: Location, opens: int, closes: int, weekday: int = MONDAY) -> Span:
    return Span(weekday, opens * 60, closes * 60, place.id)


def set_week(ana: Therapist, spans: list[Span], from_on: date = TODAY, until_on: date | None = None) -> None:
    with transaction():
        working_hours.set_week(
            ana.id,
            spans,
            from_on=from_on,
            until_on=until_on,
            seen_as=working_hours.page_mark(ana.id),
            today=TODAY,
            actor="user:owner",
            now=NOW,
        )


def hours_on(ana: Therapist, on: date) -> list[tuple[int, int]]:
    """Open hours of a day, as full hours of the wall clock."""
    (day,) = opening_hours.days_of(ana.id, Days(on, on + ONE_DAY))
    return [(stay.opens.hour, stay.closes.hour) for stay in day.stays]


def test_new_hours_hold_from_their_day_on_and_the_old_ones_until_then(
    place: Location, ana: Therapist
) -> None:
    set_week(ana, [span(place, 12, 20)], from_on=IN_APRIL)
    assert hours_on(ana, IN_APRIL - timedelta(weeks=1)) == [(9, 17)]
    assert hours_on(ana, IN_APRIL) == [(12, 20)]
    assert hours_on(ana, IN_APRIL + timedelta(weeks=50)) == [(12, 20)]


def test_hours_for_a_while_give_way_to_the_usual_ones_again(place: Location, ana: Therapist) -> None:
    until = IN_APRIL + timedelta(weeks=2)
    set_week(ana, [span(place, 7, 9)], from_on=IN_APRIL, until_on=until)
    weeks = [NEXT_MONDAY, IN_APRIL, until - timedelta(weeks=1), until]
    assert [hours_on(ana, on) for on in weeks] == [[(9, 17)], [(7, 9)], [(7, 9)], [(9, 17)]]


def test_a_break_is_the_gap_between_two_spans(place: Location, ana: Therapist) -> None:
    set_week(ana, [span(place, 13, 17), span(place, 8, 12)])
    assert hours_on(ana, NEXT_MONDAY) == [(8, 12), (13, 17)]


def test_no_spans_mean_not_working(ana: Therapist) -> None:
    set_week(ana, [])
    assert hours_on(ana, NEXT_MONDAY) == []


def test_phases_tell_what_holds_now_and_after_each_change(place: Location, ana: Therapist) -> None:
    set_week(ana, [span(place, 12, 20)], from_on=IN_APRIL)
    planned = working_hours.phases(ana.id, TODAY)
    assert planned == [
        Phase(TODAY, IN_APRIL, (span(place, 9, 17),)),
        Phase(IN_APRIL, None, (span(place, 12, 20),)),
    ]
    assert [phase.weekly_minutes for phase in planned] == [480, 480]


def test_a_change_that_changes_nothing_is_no_phase(place: Location, ana: Therapist) -> None:
    set_week(ana, [span(place, 9, 17)], from_on=IN_APRIL)
    assert len(working_hours.phases(ana.id, TODAY)) == 1


def test_hours_at_two_places_at_one_time_are_refused_by_the_name_of_the_other(
    make: Make, place: Location, ana: Therapist
) -> None:
    other = make.location(name="South")
    with pytest.raises(HoursOverlap) as refused:
        set_week(ana, [span(place, 9, 13), span(other, 12, 17)])
    assert refused.value.sentence == (
        "On Monday, 09:00 to 13:00 at North and 12:00 to 17:00 at South overlap. "
        "Nobody can be in two places at once."
    )
    assert hours_on(ana, NEXT_MONDAY) == [(9, 17)]


def test_spans_that_touch_do_not_overlap(make: Make, place: Location, ana: Therapist) -> None:
    other = make.location(name="South")
    set_week(ana, [span(place, 9, 12), span(other, 12, 17)])
    assert hours_on(ana, NEXT_MONDAY) == [(9, 12), (12, 17)]


def test_days_that_are_over_are_not_rewritten(ana: Therapist) -> None:
    with pytest.raises(HoursInThePast):
        set_week(ana, [], from_on=TODAY - ONE_DAY)
    with pytest.raises(EndsBeforeItBegins):
        set_week(ana, [], from_on=IN_APRIL, until_on=IN_APRIL)


def test_a_page_from_before_somebody_elses_change_writes_nothing(place: Location, ana: Therapist) -> None:
    mark = working_hours.page_mark(ana.id)
    set_week(ana, [span(place, 12, 20)])
    with pytest.raises(ChangedMeanwhile), transaction():
        working_hours.set_week(
            ana.id,
            [],
            from_on=TODAY,
            until_on=None,
            seen_as=mark,
            today=TODAY,
            actor="user:owner",
            now=NOW,
        )
    assert hours_on(ana, NEXT_MONDAY) == [(12, 20)]


def test_a_special_day_replaces_the_week_everywhere_and_can_be_taken_back(
    make: Make, place: Location, ana: Therapist
) -> None:
    other = make.location()
    for spans, expected in (([span(other, 6, 8)], [(6, 8)]), ([], [(9, 17)])):
        with transaction():
            working_hours.set_day(ana.id, NEXT_MONDAY, spans, today=TODAY, actor="user:owner", now=NOW)
        assert hours_on(ana, NEXT_MONDAY) == expected


def test_the_database_refuses_two_special_hours_at_one_time(place: Location, ana: Therapist) -> None:
    for opens in (9, 10):
        row = SpecialDay(
            therapist_id=ana.id,
            location_id=place.id,
            on=NEXT_MONDAY,
            from_minute=opens * 60,
            until_minute=720,
        )
        db.session.add(row)
    with pytest.raises(IntegrityError, match="ex_special_days_therapist"):
        db.session.flush()
    db.session.rollback()


def test_first_hours_need_no_past(make: Make, place: Location) -> None:
    ben = make.therapist()
    set_week(ben, [span(place, 9, 12)])
    assert db.session.scalars(sa.select(WeeklyHours.valid_from)).all() == [date.min]


def test_no_order_of_changes_leaves_two_hours_on_one_day(place: Location, ana: Therapist) -> None:
    """Every day is under exactly the hours that were set for it last, whatever was cut into whatever."""
    expected = {NEXT_MONDAY + timedelta(weeks=number): [(9, 17)] for number in range(8)}
    changes = [(2, 5, 8), (4, None, 10), (0, 3, 11), (3, 4, 12), (1, 7, 13), (6, None, 14), (0, 8, 15)]
    weeks = sorted(expected)
    for first, until, opens in changes:
        set_week(
            ana,
            [span(place, opens, 18)],
            from_on=weeks[first],
            until_on=weeks[until] if until is not None and until < len(weeks) else None,
        )
        for on in weeks[first : until if until is not None else None]:
            expected[on] = [(opens, 18)]
        assert {on: hours_on(ana, on) for on in weeks} == expected
