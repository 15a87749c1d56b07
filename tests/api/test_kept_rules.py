"""Answers from rules that a process keeps are those that are read afresh, whatever the practice is like and whoever books."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from clinic.api.availability_cache import KEPT, KEPT_BYTES, KeptAnswers
from clinic.api.free_times_first import RULES
from clinic.booking import availability, services
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import asking, db, transaction
from clinic.practice import absences, calendars
from clinic.practice.kept_rules import AFTER, BEFORE, KeptRules, usual_window
from clinic.practice.models import SpecialDay, Therapist, Treatment
from clinic.practice.supply import Supply
from clinic.scheduling.hours import Days
from tests.api.caller import Caller
from tests.conftest import NOW
from tests.make import Make

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo")
QUESTIONS = 25


def a_practice(make: Make, chance: random.Random) -> tuple[Treatment, list[Therapist]]:
    """Any practice: one or two houses, with or without rooms, buffers, caps, days off, special days and closures."""
    make.practice(
        pack=chance.random() < 0.5,
        notice_minutes=chance.choice([0, 61, 2880]),
        horizon_days=chance.choice([3, 40, 180]),
        step_minutes=chance.choice([5, 15, 30]),
    )
    houses = [make.location(zone=chance.choice(ZONES)) for _ in range(chance.choice([1, 2]))]
    people = [
        make.therapist(
            chance.choice(houses),
            weekdays=chance.sample(range(7), 5),
            hours=(chance.randrange(0, 12), chance.randrange(13, 24)),
            daily_cap=chance.choice([None, None, 1]),
            left_on=chance.choice([None, None, make.day(chance.randrange(1, 60))]),
        )
        for _ in range(3)
    ]
    rooms = [make.room(house) for house in houses] if chance.random() < 0.5 else []
    sold = make.treatment(
        therapists=people,
        rooms=rooms,
        minutes=chance.choice([20, 60, 95]),
        buffer_before_minutes=chance.choice([0, 10]),
        buffer_after_minutes=chance.choice([0, 15]),
    )
    for person in people[:2]:
        db.session.add(
            SpecialDay(
                therapist_id=person.id,
                location_id=chance.choice(houses).id,
                on=make.day(chance.randrange(0, 40)),
                from_minute=600,
                until_minute=840,
            )
        )
        time_off(make, chance, person)
    absences.close(
        name="Closed",
        from_on=make.day(5),
        until_on=make.day(7),
        location_id=chance.choice([None, houses[0].id]),
        actor="user:desk",
        now=NOW,
    )
    who = make.client()
    for number in range(15):
        begins = NOW + timedelta(days=number * 2, minutes=chance.randrange(0, 144) * 5)
        house = chance.choice(houses)
        room = next((each for each in rooms if each.location_id == house.id), None)
        make.appointment(
            of=sold,
            starts_at=begins,
            who=who,
            therapist=people[number % 3],
            location=house,
            room_id=room.id if room else None,
        )
    return sold, people


def time_off(make: Make, chance: random.Random, person: Therapist) -> None:
    first = chance.randrange(0, 60)
    part = chance.choice([{}, {"from_minute": 600, "until_minute": 725}])
    away = absences.Away(
        from_on=make.day(first), until_on=make.day(first + chance.randrange(1, 9)), note="", **part
    )
    absences.take_off(person.id, away, actor="user:desk", now=NOW)
    db.session.commit()


def a_question(supply: Supply, chance: random.Random) -> tuple[SearchCriteria, Days]:
    first = NOW.date() + timedelta(days=chance.choice([-95, -3, 0, 1, 26, 30, 170, 230, 9000]))
    days = Days(first, first + timedelta(days=chance.choice([1, 7, 31, 93])))
    therapist: UUID | None = chance.choice([None, *supply.therapists])
    location: UUID | None = chance.choice([None, *(site.location_id for site in supply.sites)])
    return SearchCriteria(supply.treatment_id, therapist_id=therapist, location_id=location), days


def compare(sold: Treatment, kept: KeptRules, chance: random.Random, now: datetime) -> int:
    """How many starts were found, both ways the same."""
    with asking() as ask:
        supply = availability.basis(sold.slug, now, kept.supply(sold.slug), ask)[1]
        kept.keep(sold.slug, supply)
        criteria, days = a_question(supply, chance)
        quick = availability.find_starts(supply, criteria, days, now, kept=kept, ask=ask).offers
    slow = availability.offers(criteria, days, now).offers
    assert quick.instants() == slow.instants(), (criteria, days)
    for site in supply.sites:
        assert quick.wall_times(site.location_id) == slow.wall_times(site.location_id)
    return len(slow.instants())


@pytest.mark.parametrize("seed", range(8))
def test_starts_from_kept_rules_are_those_that_are_read(make: Make, seed: int) -> None:
    chance, kept, found = random.Random(seed), KeptRules(), 0
    sold, people = a_practice(make, chance)
    for number in range(QUESTIONS):
        if number % 8 == 7:
            time_off(make, chance, chance.choice(people))
        found += compare(sold, kept, chance, NOW + timedelta(days=number // 5, minutes=number * 7))
    assert found


def test_hours_are_kept_until_the_rules_change_and_only_then_read_again(make: Make) -> None:
    sold = make.offering()
    kept, read = KeptRules(), []
    for changed in (False, False, True, False):
        if changed:
            with calendars.changing():
                pass
        with asking() as ask:
            supply = availability.basis(sold.slug, NOW, kept.supply(sold.slug), ask)[1]
            kept.keep(sold.slug, supply)
            asked = []

            def noted(sql: str, values: object, ask: object = ask, asked: list[str] = asked) -> object:
                asked.append(sql)
                return ask(sql, values)  # type: ignore[operator]

            days = Days(make.day(1), make.day(2))
            availability.find_starts(
                supply,
                SearchCriteria(sold.id),
                days,
                NOW,
                kept=kept,
                ask=noted,  # type: ignore[arg-type]
            )
        read.append(len(asked))
    assert read == [2, 1, 2, 1]


def test_hours_of_days_that_nobody_can_book_are_not_kept(make: Make) -> None:
    """Callers can ask for any day of two centuries; what a process keeps must not grow with them."""
    sold = make.offering()
    kept = KeptRules()
    with asking() as ask:
        supply = availability.basis(sold.slug, NOW, None, ask)[1]
        kept.keep(sold.slug, supply)
        for year in (2032, 2150):
            days = Days(date(year, 6, 1), date(year, 6, 8))
            availability.find_starts(supply, SearchCriteria(sold.id), days, NOW, kept=kept, ask=ask)
    assert kept.people == 0


def test_with_a_booking_a_second_no_process_gives_a_stale_answer(
    app: Flask, make: Make, caller: Caller, the_clock_says: object
) -> None:
    """Two processes answer in turn, each from what it keeps; after every booking both show what is free now."""
    sold = make.offering()
    processes = [(KeptAnswers(KEPT_BYTES), KeptRules()) for _ in range(2)]
    usual = app.extensions[KEPT], app.extensions[RULES]
    first, until = make.day(1), make.day(8)
    stale = []
    for second in range(20):
        now = NOW + timedelta(seconds=second)
        the_clock_says(now)  # type: ignore[operator]
        expected = availability.offers(SearchCriteria(sold.id), Days(first, until), now).offers.instants()
        for app.extensions[KEPT], app.extensions[RULES] in processes:
            shown = [
                datetime.fromisoformat(f"{day}T{time}").astimezone(UTC)
                for day, times in caller.days(sold, str(first), str(until)).items()
                for time in times
            ]
            stale += [second] if shown != expected else []
        with transaction():
            start = expected[second % len(expected)]
            services.hold(
                SearchCriteria(sold.id), start, browser=second.to_bytes(32), client_id=None, now=now
            )
    app.extensions[KEPT], app.extensions[RULES] = usual
    assert stale == []


def test_what_is_kept_is_the_same_window_for_weeks() -> None:
    horizon = timedelta(days=90)
    windows = {usual_window(NOW + number * timedelta(hours=1), horizon) for number in range(24 * 28)}
    assert len(windows) <= 3
    first = usual_window(NOW, horizon)
    assert first.begins_at <= NOW - BEFORE
    assert first.ends_at >= NOW + horizon + AFTER
