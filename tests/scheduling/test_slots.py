"""Offers against the slow, obvious answer, and drawn examples for every rule a person would name."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.scheduling import hours, slots
from clinic.scheduling.hours import Days, Rota, RotaWeeklyHours
from clinic.scheduling.slots import Need, SlotLocation, SlotQuestion, Taken
from tests.scheduling import oracle
from tests.scheduling.test_hours import ODD_NIGHTS, moments

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2031, 3, 3)  # Berlin is an hour ahead of UTC.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def at(text: str, on: date = MONDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(text), BERLIN).astimezone(UTC)


def works(opens: str, closes: str, therapist: str = "ana", location: str = "north") -> RotaWeeklyHours[str]:
    return RotaWeeklyHours(
        therapist=therapist,
        location=location,
        weekday=MONDAY.weekday(),
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
    )


NORTH: SlotLocation[str] = SlotLocation(location="north", zone=BERLIN, step=minutes(30))
HOUR = Need(length=minutes(60))


def ask(
    *rules: RotaWeeklyHours[str],
    place: SlotLocation[str] = NORTH,
    taken: Taken[str] | None = None,
    **more: Any,
) -> slots.Offers[str]:
    therapists = tuple(dict.fromkeys(rule.therapist for rule in rules))
    given_parts: dict[str, Any] = {
        "need": HOUR,
        "days": Days(MONDAY, MONDAY + DAY),
        "now": LONG_AGO,
        "therapists": therapists,
        "places": (place,),
    }
    question: SlotQuestion[str] = SlotQuestion(**(given_parts | more))
    return slots.offers(question, Rota(weekly=rules), taken or Taken())


def times(found: slots.Offers[str]) -> list[str]:
    """The wall times offered."""
    assert found.instants() == [start.starts_at for start in found.starts()]
    return [f"{hours.wall(start, BERLIN):%H:%M}" for start in found.instants()]


def test_starts_lie_on_the_step_and_the_visit_ends_by_closing_time() -> None:
    assert times(ask(works("09:00", "11:00"))) == ["09:00", "09:30", "10:00"]


def test_the_step_counts_from_midnight_and_not_from_opening() -> None:
    assert times(ask(works("09:10", "11:00"))) == ["09:30", "10:00"]


def test_an_appointment_takes_away_what_it_overlaps_and_no_more() -> None:
    taken = Taken(therapists=[("ana", at("10:00"), at("11:00"))])
    assert times(ask(works("09:00", "12:30"), taken=taken)) == ["09:00", "11:00", "11:30"]


def test_one_busy_minute_takes_its_five() -> None:
    taken = Taken(therapists=[("ana", at("10:29"), at("10:30"))])
    assert times(ask(works("09:00", "11:30"), taken=taken)) == ["09:00", "10:30"]


def test_the_visit_does_not_bridge_a_break() -> None:
    assert times(ask(works("09:00", "10:30"), works("10:45", "12:00"))) == ["09:00", "09:30", "11:00"]


def test_hours_that_touch_are_one_stretch() -> None:
    assert times(ask(works("09:00", "10:00"), works("10:00", "11:00"))) == ["09:00", "09:30", "10:00"]


def test_buffers_may_spill_over_opening_and_closing_time() -> None:
    need = Need(length=minutes(60), buffer_before=minutes(15), buffer_after=minutes(30))
    assert times(ask(works("09:00", "11:00"), need=need)) == ["09:00", "09:30", "10:00"]


def test_buffers_never_lie_over_busy_time_even_outside_hours() -> None:
    need = Need(length=minutes(60), buffer_before=minutes(15), buffer_after=minutes(15))
    before = Taken(therapists=[("ana", at("08:00"), at("08:50"))])
    after = Taken(therapists=[("ana", at("11:10"), at("12:00"))])
    assert times(ask(works("09:00", "11:00"), need=need, taken=before)) == ["09:30", "10:00"]
    assert times(ask(works("09:00", "11:00"), need=need, taken=after)) == ["09:00", "09:30"]


def test_the_buffers_of_neighbours_add_up() -> None:
    need = Need(length=minutes(60), buffer_before=minutes(15))
    taken = Taken(therapists=[("ana", at("09:00"), at("10:15"))])  # A visit until ten and its buffer after.
    assert times(ask(works("09:00", "12:00"), need=need, taken=taken)) == ["10:30", "11:00"]


def test_busy_time_of_one_therapist_leaves_another_free() -> None:
    taken = Taken(therapists=[("ana", at("09:00"), at("11:00"))])
    found = ask(works("09:00", "11:00"), works("09:00", "11:00", "ben"), taken=taken)
    assert {candidate.therapist for start in found.starts() for candidate in start.candidates} == {"ben"}


def test_notice_is_measured_from_now_to_the_start() -> None:
    place = replace(NORTH, notice=minutes(120))
    assert times(ask(works("09:00", "12:00"), place=place, now=at("07:30"))) == [
        "09:30",
        "10:00",
        "10:30",
        "11:00",
    ]
    assert times(ask(works("09:00", "12:00"), place=place, now=at("07:31")))[0] == "10:00"


def test_a_start_at_the_horizon_is_too_far_away() -> None:
    place = replace(NORTH, horizon=timedelta(days=7))
    assert times(ask(works("09:00", "12:00"), place=place, now=at("10:00") - 7 * DAY)) == ["09:00", "09:30"]


def test_a_start_a_minute_inside_the_horizon_is_offered() -> None:
    place = replace(NORTH, horizon=timedelta(days=7))
    assert times(ask(works("09:00", "12:00"), place=place, now=at("09:31") - 7 * DAY)) == ["09:00", "09:30"]


def test_a_packed_calendar_also_offers_the_ends_of_each_free_stretch() -> None:
    taken = Taken(therapists=[("ana", at("10:00"), at("10:25"))])
    packed = replace(NORTH, pack=True)
    assert times(ask(works("08:20", "12:10"), place=packed, taken=taken)) == [
        "08:20",
        "08:30",
        "09:00",
        "10:25",
        "10:30",
        "11:00",
        "11:10",
    ]


def test_notice_does_not_make_an_odd_start_of_its_own() -> None:
    packed = replace(NORTH, pack=True, notice=minutes(10))
    assert times(ask(works("09:00", "11:00"), place=packed, now=at("09:07"))) == ["09:30", "10:00"]


def test_a_visit_that_needs_a_room_is_offered_only_when_one_is_free() -> None:
    place = replace(NORTH, rooms=("red", "blue"))
    taken = Taken(rooms=[("red", at("09:00"), at("10:00")), ("blue", at("09:30"), at("10:30"))])
    found = ask(works("09:00", "12:00"), place=place, taken=taken).starts()
    rooms = {f"{hours.wall(start.starts_at, BERLIN):%H:%M}": start.candidates[0].rooms for start in found}
    assert rooms == {"10:00": ("red",), "10:30": ("red", "blue"), "11:00": ("red", "blue")}


def test_the_rooms_are_named_in_the_order_given() -> None:
    found = ask(works("09:00", "10:00"), place=replace(NORTH, rooms=("violet", "amber"))).starts()
    assert found[0].candidates[0].rooms == ("violet", "amber")


def test_the_buffers_need_the_room_too() -> None:
    need = Need(length=minutes(60), buffer_after=minutes(15))
    taken = Taken(rooms=[("red", at("10:10"), at("11:00"))])
    assert times(
        ask(works("09:00", "12:30"), place=replace(NORTH, rooms=("red",)), need=need, taken=taken)
    ) == [
        "11:00",
        "11:30",
    ]


def test_a_visit_that_needs_a_room_where_none_suits_is_not_offered() -> None:
    assert times(ask(works("09:00", "12:00"), place=replace(NORTH, rooms=()))) == []


def test_a_visit_that_needs_no_room_names_none() -> None:
    assert ask(works("09:00", "10:00")).starts()[0].candidates[0].rooms == ()


def test_travel_keeps_a_therapist_from_one_place_and_not_from_the_other() -> None:
    south: SlotLocation[str] = SlotLocation(location="south", zone=BERLIN, step=minutes(30))
    found = ask(
        works("09:00", "11:00"),
        works("09:00", "11:00", location="south"),
        places=(NORTH, south),
        taken=Taken(travelling=[("ana", "south", at("08:00"), at("10:00"))]),
    )
    where = [[candidate.location for candidate in start.candidates] for start in found.starts()]
    assert where == [["north"], ["north"], ["north", "south"]]


def test_a_full_day_is_not_offered_and_the_next_is() -> None:
    tuesday = replace(works("09:00", "10:00"), weekday=1)
    taken = Taken(booked={("ana", MONDAY): 2, ("ana", MONDAY + DAY): 1}, daily_cap={"ana": 2})
    found = ask(works("09:00", "10:00"), tuesday, days=Days(MONDAY, MONDAY + 2 * DAY), taken=taken)
    assert found.per_day("north") == {MONDAY: 0, MONDAY + DAY: 1}


def test_a_therapist_without_a_cap_has_no_full_day() -> None:
    taken = Taken(booked={("ana", MONDAY): 99}, daily_cap={"ben": 1})
    assert times(ask(works("09:00", "10:00"), taken=taken)) == ["09:00"]


def test_the_clients_own_therapist_comes_first_then_the_least_booked_then_the_practices_order() -> None:
    rules = [works("09:00", "10:00", who) for who in ("ana", "ben", "cleo", "dora")]
    taken = Taken(booked={("ana", MONDAY): 3, ("ben", MONDAY): 1, ("cleo", MONDAY): 1})
    start = ask(*rules, taken=taken, preferred="ana").starts()[0]
    assert [candidate.therapist for candidate in start.candidates] == ["ana", "dora", "ben", "cleo"]


def test_a_therapist_whose_calendar_would_crumble_comes_after_one_whose_stays_whole() -> None:
    found = ask(works("09:00", "12:00"), works("09:30", "12:00", "ben"))
    start = found.at(at("09:30"))
    assert start is not None
    assert [(each.therapist, each.leaves_gap) for each in start.candidates] == [("ben", False), ("ana", True)]


def test_an_offer_that_leaves_an_unsellable_gap_is_proposed_later_but_never_hidden() -> None:
    starts = ask(works("09:00", "12:00")).starts()
    proposed = [f"{hours.wall(start.starts_at, BERLIN):%H:%M}" for start in slots.best(starts, 5)]
    assert proposed == ["09:00", "10:00", "11:00", "09:30", "10:30"]


def test_a_gap_that_the_smallest_visit_fits_into_is_no_gap() -> None:
    found = ask(works("09:00", "12:00"), smallest=Need(length=minutes(30)))
    assert not any(start.candidates[0].leaves_gap for start in found.starts())


def test_a_gap_beyond_the_last_day_asked_is_seen_whole() -> None:
    rules = (works("23:00", "00:00"), replace(works("00:00", "01:30"), weekday=1))
    late, smallest = at("23:00"), Need(length=minutes(90))
    sellable = ask(*rules, smallest=smallest).at(late)
    too_short = ask(rules[0], replace(rules[1], closes=time(1, 25)), smallest=smallest).at(late)
    assert sellable is not None
    assert too_short is not None
    assert (sellable.candidates[0].leaves_gap, too_short.candidates[0].leaves_gap) == (False, True)


def test_a_gap_off_the_step_is_unsellable_unless_the_calendar_is_packed() -> None:
    rules, need = works("09:00", "10:50"), Need(length=minutes(45), buffer_after=minutes(10))
    smallest = Need(length=minutes(55))
    loose = ask(rules, need=need, smallest=smallest, place=NORTH).at(at("09:00"))
    packed = ask(rules, need=need, smallest=smallest, place=replace(NORTH, pack=True)).at(at("09:00"))
    assert loose is not None
    assert packed is not None
    assert (loose.candidates[0].leaves_gap, packed.candidates[0].leaves_gap) == (True, False)


def test_exactly_this_start_is_answered_with_the_start_or_with_none() -> None:
    found = ask(works("09:00", "11:00"))
    start = found.at(at("09:30"))
    assert start is not None
    assert start.starts_at == at("09:30")
    assert found.at(at("09:15")) is None
    assert found.at(at("09:30") + timedelta(seconds=1)) is None
    assert found.at(at("09:30") + 90 * DAY) is None


def test_without_one_start_of_one_therapist_everything_else_is_still_offered() -> None:
    found = ask(works("09:00", "11:00"), works("09:30", "11:00", "ben"))
    left = found.without("ana", "north", at("09:30"))
    both = found.without("ana", "north", at("09:00"))
    assert times(left) == times(found) == ["09:00", "09:30", "10:00"]
    assert [one.therapist for one in left.starts()[1].candidates] == ["ben"]
    assert times(both) == ["09:30", "10:00"]
    assert both.per_day("north")[MONDAY] == 2
    assert times(found.without("ana", "south", at("09:00"))) == times(found)
    assert times(found.without("ana", "north", at("09:01"))) == times(found)


def test_the_starts_of_one_day_are_those_of_the_whole_answer_on_that_day() -> None:
    tuesday = replace(works("14:00", "16:00"), weekday=1)
    found = ask(works("09:00", "11:00"), tuesday, days=Days(MONDAY, MONDAY + 2 * DAY))
    by_hand = [start for start in found.starts() if hours.local_day(start.starts_at, BERLIN) == MONDAY + DAY]
    assert [*found.starts(on=MONDAY + DAY)] == by_hand
    assert len(by_hand) == 3


drawn_starts = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["ana", "ben"]), st.booleans()),
    max_size=14,
    unique_by=lambda row: row[0],
)


@given(drawn_starts, st.sampled_from([30, 60, 75]))
def test_visits_that_follow_one_another_are_some_of_all_never_overlap_and_cannot_be_more(
    rows: list[tuple[int, str, bool]], length: int
) -> None:
    starts = [
        slots.SlotStart(at("08:00") + minutes(15) * cell, (slots.Candidate(who, "north", (), gap),))
        for cell, who, gap in sorted(rows)
    ]
    chosen = slots.one_after_another(starts, minutes(length))
    assert [start for start in starts if start in chosen] == chosen
    usable = [start for start in starts if not start.candidates[0].leaves_gap] or starts
    assert set(map(id, chosen)) <= set(map(id, usable))
    for who in ("ana", "ben"):
        own = [start.starts_at for start in chosen if start.candidates[0].therapist == who]
        assert all(later - earlier >= minutes(length) for earlier, later in pairwise(own))
        offered = [start.starts_at for start in usable if start.candidates[0].therapist == who]
        assert len(own) == most_that_fit(offered, minutes(length))


def most_that_fit(instants: list[datetime], length: timedelta) -> int:
    """How many visits at most begin at some of these instants and do not overlap, by trying each and leaving each out."""
    if not instants:
        return 0
    first, rest = instants[0], instants[1:]
    taken = 1 + most_that_fit([one for one in rest if one - first >= length], length)
    return max(taken, most_that_fit(rest, length))


def test_the_nearest_starts_come_in_the_order_of_the_day() -> None:
    found = ask(works("09:00", "14:00"))
    near = slots.nearest(found.starts(), at("11:10"), 3)
    assert [f"{hours.wall(start.starts_at, BERLIN):%H:%M}" for start in near] == ["10:30", "11:00", "11:30"]
    assert found.nearest(at("11:10"), 3) == near
    assert found.nearest(at("11:10"), 100) == [*found.starts()]


def test_one_instant_at_places_in_two_zones_belongs_to_the_local_day_of_each() -> None:
    auckland: SlotLocation[str] = SlotLocation(
        location="far", zone=ZoneInfo("Pacific/Auckland"), step=minutes(30)
    )
    rules = (works("00:00", "02:00"), works("00:00", "02:00", "kiri", "far"))
    found = ask(*rules, places=(NORTH, auckland))
    assert found.per_day("north") == {MONDAY: 3}
    assert found.per_day("far") == {MONDAY: 3}
    assert hours.wall(found.instants()[0], auckland.zone) == datetime(2031, 3, 3)
    assert {each.location for start in found.starts(on=MONDAY) for each in start.candidates} == {
        "north",
        "far",
    }
    assert found.starts(on=MONDAY + DAY) == ()


def test_nowhere_and_nobody_find_nothing() -> None:
    nowhere = ask(works("09:00", "11:00"), places=(), now=at("09:07"))
    nobody = ask(works("09:00", "11:00"), therapists=())
    for found in (nowhere, nobody):
        assert found.instants() == []
        assert found.starts() == found.starts(on=MONDAY) == ()
        assert found.at(at("09:30")) is None
    assert nowhere.per_day("north") == {}
    assert nobody.per_day("north") == {MONDAY: 0}


def test_a_month_is_its_days_put_together() -> None:
    rules = [replace(works("09:00", "12:20"), weekday=day) for day in range(7)]
    taken = Taken(therapists=[("ana", at("10:05") + day * DAY, at("10:35") + day * DAY) for day in range(35)])
    whole = ask(*rules, days=Days(MONDAY, MONDAY + 31 * DAY), taken=taken).instants()
    singles = [
        start
        for day in range(31)
        for start in ask(
            *rules, days=Days(MONDAY + day * DAY, MONDAY + (day + 1) * DAY), taken=taken
        ).instants()
    ]
    assert whole == singles  # 30 March, the spring day, is among them.


def test_an_hour_that_comes_twice_is_offered_once_also_when_a_jump_follows_in_the_same_answer() -> None:
    zone = ZoneInfo("Africa/Casablanca")  # In 2026 back on 15 February, for Ramadan, and forward on 22 March.
    place: SlotLocation[str] = SlotLocation(location="north", zone=zone, step=minutes(30), pack=True)
    rules = [replace(works("02:00", "04:00"), weekday=day) for day in range(7)]
    found = ask(*rules, place=place, days=Days(date(2026, 2, 14), date(2026, 3, 24))).instants()
    assert sorted({hours.wall(start, zone) for start in found}) == [
        hours.wall(start, zone) for start in found
    ]


@pytest.mark.parametrize(
    "parts",
    [{"length": minutes(0)}, {"length": minutes(62)}, {"length": minutes(60), "buffer_after": minutes(3)}],
)
def test_a_visit_of_no_length_or_off_the_cells_is_refused(parts: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match=r"takes time|five minutes"):
        Need(**parts)


lengths = st.sampled_from([30, 45, 60, 90, 200]).map(minutes)
buffers = st.sampled_from([0, 5, 10, 30, 60]).map(minutes)
needs = st.builds(Need, length=lengths, buffer_before=buffers, buffer_after=buffers)


@st.composite
def weeks(draw: st.DrawFn, first_on: date) -> tuple[RotaWeeklyHours[str], ...]:
    """Long hours, often through the night, for two therapists at one place or two."""
    rules = []
    for therapist in ("ana", "ben"):
        for day in range(-1, 4):
            opens = draw(st.sampled_from(["00:00", "01:30", "02:10", "08:00"]))
            closes = draw(st.sampled_from(["02:30", "03:35", "12:00", "00:00"]))
            if closes == "00:00" or opens < closes:
                on = first_on + day * DAY
                location = draw(st.sampled_from(["north", "north", "south"]))
                rules.append(replace(works(opens, closes, therapist, location), weekday=on.weekday()))
    return tuple(rules)


@st.composite
def taken_rows(draw: st.DrawFn, first_on: date, zone: ZoneInfo, keys: tuple[str, ...]) -> list[Any]:
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        day, clock = draw(moments)
        begins_at = datetime.combine(first_on + day * DAY, clock, zone).astimezone(UTC)
        begins_at += timedelta(minutes=draw(st.integers(0, 4)))
        rows.append((draw(st.sampled_from(keys)), begins_at, begins_at + minutes(draw(st.integers(1, 240)))))
    return rows


@st.composite
def problems(draw: st.DrawFn, zone: ZoneInfo, on: date) -> tuple[SlotQuestion[str], Rota[str], Taken[str]]:
    days = Days(on - DAY, on + 2 * DAY)
    step = draw(st.sampled_from([5, 15, 20, 30]))
    begins_at, _ = hours.day_range(days, zone)
    place: SlotLocation[str] = SlotLocation(
        location="north",
        zone=zone,
        rooms=draw(st.sampled_from([None, ("red",), ("red", "blue")])),
        step=minutes(step),
        notice=minutes(draw(st.sampled_from([0, 7, 120]))),
        horizon=draw(st.sampled_from([None, timedelta(hours=61)])),
        pack=draw(st.booleans()),
    )
    south = replace(place, location="south", rooms=("green",))
    question: SlotQuestion[str] = SlotQuestion(
        need=draw(needs),
        days=days,
        now=begins_at + minutes(draw(st.sampled_from([-6000, 0, 1473]))),
        therapists=("ana", "ben"),
        places=draw(st.sampled_from([(place,), (place, south)])),
        preferred=draw(st.sampled_from([None, "ben"])),
        smallest=draw(st.none() | needs),
    )
    taken: Taken[str] = Taken(
        therapists=draw(taken_rows(days.first_on, zone, question.therapists)),
        rooms=draw(taken_rows(days.first_on, zone, ("red", "blue", "green"))),
        travelling=[
            (who, "north", begin, end)
            for who, begin, end in draw(taken_rows(days.first_on, zone, question.therapists))[:1]
        ],
        booked={("ana", on): 2, ("ben", on): 1},
        daily_cap=draw(st.sampled_from([{}, {"ana": 2}, {"ana": 3, "ben": 0}])),
    )
    return question, Rota(weekly=draw(weeks(days.first_on))), taken


@settings(max_examples=120, deadline=None)
@given(data=st.data(), night=st.sampled_from(ODD_NIGHTS))
def test_what_is_offered_is_what_trying_every_minute_finds(
    data: st.DataObject, night: tuple[ZoneInfo, date]
) -> None:
    question, rota, taken = data.draw(problems(*night))
    found = slots.offers(question, rota, taken)
    expected = oracle.Oracle(question, rota, taken).offers()
    unfolded = {
        oracle.minute_of(start.starts_at): sorted(
            (each.therapist, each.location, each.rooms) for each in start.candidates
        )
        for start in found.starts()
    }
    assert unfolded == {minute: sorted(rows) for minute, rows in expected.items()}
    assert [oracle.minute_of(each) for each in found.instants()] == sorted(expected)
    for start in found.starts():
        assert found.at(start.starts_at) == start
        ranks = [
            (
                each.therapist != question.preferred,
                each.leaves_gap,
                taken.booked.get(
                    (each.therapist, hours.local_day(start.starts_at, question.places[0].zone)), 0
                ),
            )
            for each in start.candidates
        ]
        assert ranks == sorted(ranks)


QUIET = [(BERLIN, MONDAY), (ZoneInfo("Asia/Kathmandu"), MONDAY)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), day=st.sampled_from(QUIET))
def test_an_offer_leaves_a_gap_when_no_smallest_visit_fits_beside_it(
    data: st.DataObject, day: tuple[ZoneInfo, date]
) -> None:
    question, rota, taken = data.draw(problems(*day))
    slow = oracle.Oracle(question, rota, taken)
    places = {place.location: place for place in question.places}
    for start in slots.offers(question, rota, taken).starts(on=day[1])[::3]:
        minute = oracle.minute_of(start.starts_at)
        for each in start.candidates:
            assert each.leaves_gap == slow.leaves_gap(places[each.location], each.therapist, minute)


@pytest.mark.parametrize(("smallest", "leaves_gap"), [(5, False), (10, True)])
def test_five_minutes_left_over_are_a_gap_unless_something_that_short_is_sold(
    smallest: int, *, leaves_gap: bool
) -> None:
    start = ask(works("09:00", "10:05"), smallest=Need(length=minutes(smallest))).at(at("09:00"))
    assert start is not None
    assert start.candidates[0].leaves_gap == leaves_gap
