"""Columns of the calendar, drawn from what stands in them; no database."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from clinic.booking.models import State
from clinic.staff.calendar.cards import Card
from clinic.staff.calendar.columns import Axis, DayPlan, Piece, axis, column
from clinic.staff.calendar.frame import Absence, Shift

ON = date(2031, 3, 3)
HERE, THERE = uuid4(), uuid4()
NAMES = {HERE: "Mill Street", THERE: "Riverside"}


def card(at: str, minutes: int = 60, place: UUID = HERE, **columns: object) -> Card:
    begins = datetime.combine(ON, time.fromisoformat(at))
    ends = begins + timedelta(minutes=minutes)
    made = Card(
        id=uuid4(),
        state=State.BOOKED,
        revision=1,
        therapist_id=uuid4(),
        room_id=None,
        room="",
        place_id=place,
        begins=begins,
        ends=ends,
        taken_from=begins,
        taken_until=ends,
        minutes=minutes,
        client="Ada Sample",
        treatment="Swedish",
    )
    return replace(made, **columns)  # type: ignore[arg-type]


def plan(*cards: Card, **columns: object) -> DayPlan:
    made = DayPlan(
        on=ON,
        shifts=[Shift(begins=540, ends=1020, place_id=HERE)],
        cards=cards,
        place_name=NAMES.__getitem__,
        minutes_between=lambda one, other: 0 if one == other else 30,
    )
    return replace(made, **columns)  # type: ignore[arg-type]


def spans(pieces: tuple[Piece, ...], kind: str) -> list[tuple[int, int, str]]:
    return [(piece.begins, piece.ends, piece.words) for piece in pieces if piece.kind == kind]


def test_the_way_to_another_place_is_drawn_before_the_visit_there() -> None:
    drawn = column(plan(card("10:00"), card("13:00", place=THERE)))
    assert spans(drawn.pieces, "travel") == [(750, 780, "On the way to Riverside")]
    assert (660, 750, "") in spans(drawn.pieces, "free")
    late = column(plan(card("10:00"), card("11:15", place=THERE)))
    assert spans(late.pieces, "travel") == [(660, 675, "On the way to Riverside")]


def test_with_one_place_chosen_the_other_is_named_and_not_shown() -> None:
    both = [Shift(begins=540, ends=720, place_id=HERE), Shift(begins=780, ends=1020, place_id=THERE)]
    drawn = column(plan(card("10:00"), card("14:00", place=THERE), shifts=both, only_at=HERE))
    assert [piece.begins for piece in drawn.pieces if piece.kind == "visit"] == [600]
    assert (840, 900, "Riverside") in spans(drawn.pieces, "off")
    assert drawn.worked == ((540, 720),)
    assert drawn.visits == 1


def test_a_closed_place_closes_its_own_hours_alone() -> None:
    both = [Shift(begins=540, ends=720, place_id=HERE), Shift(begins=780, ends=1020, place_id=THERE)]
    shut = Absence(begins=0, ends=1440, words="Closed: repairs", place_id=THERE)
    drawn = column(plan(shifts=both, absences=[shut]))
    assert drawn.worked == ((540, 720),)
    assert (780, 1020, "Closed: repairs") in spans(drawn.pieces, "off")


def test_visits_that_overlap_stand_side_by_side() -> None:
    cards = [card("10:00"), card("10:30"), card("11:00"), card("13:00")]
    drawn = column(plan(*cards, keeps_hours=False, shifts=[]))
    assert [(piece.lane, piece.lanes) for piece in drawn.pieces if piece.kind == "visit"] == [
        (0, 2),
        (1, 2),
        (0, 2),
        (0, 1),
    ]


def test_what_was_cancelled_takes_no_time() -> None:
    drawn = column(plan(card("10:00", state=State.CANCELLED)))
    assert (drawn.visits, drawn.booked_minutes, drawn.free_minutes) == (0, 0, 480)


def test_the_axis_holds_everything_in_whole_hours() -> None:
    drawn = column(plan(card("07:40", 30), card("17:30", 75)))
    assert axis([drawn]) == Axis(first_hour=7, last_hour=19)
    assert axis([]) == Axis(first_hour=8, last_hour=18)


def test_load_is_booked_time_against_the_open_hours_in_fifths() -> None:
    assert column(plan()).load == 0
    assert column(plan(card("10:00"))).load == 1
    assert column(plan(card("09:00", 480))).load == 5
