"""What is offered can be booked: a change of the practice takes back at once what it takes back, and every stamp with it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from clinic.booking import availability, services
from clinic.booking.models import Appointment
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice import (
    absences,
    booking_rules,
    practice_settings,
    premises,
    queries,
    therapists,
    treatments,
    working_hours,
)
from clinic.practice.absences import Away
from clinic.practice.models import Location, Room, Therapist, Treatment
from clinic.practice.public_holidays import PublicHoliday
from clinic.practice.queries import Unbookable
from clinic.practice.supply import supply_of
from clinic.practice.working_hours import Span
from clinic.refusal import Refusal
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make
from tests.practice import describing

BY = "user:owner"
TODAY = NOW.date()
THURSDAY = date(2031, 3, 6)
TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin on that Thursday."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shop:
    """One therapist at one place with one room, who gives one treatment."""

    place: Location
    room: Room
    person: Therapist
    sold: Treatment

    def stamp(self) -> int:
        return supply_of(self.sold.id, retired_too=True).stamp

    def is_offered(self) -> bool:
        days = Days(THURSDAY, THURSDAY + ONE_DAY)
        return TEN in availability.offers(SearchCriteria(self.sold.id), days, NOW).offers.instants()

    def hold(self) -> Appointment:
        browser = hashlib.sha256(b"browser").digest()
        return services.hold(SearchCriteria(self.sold.id), TEN, browser=browser, client_id=None, now=NOW)


@pytest.fixture
def shop(make: Make) -> Shop:
    make.practice()
    place = make.location()
    room = make.room(place)
    person = make.therapist(place)
    return Shop(place, room, person, make.treatment(therapists=[person], rooms=[room]))


def time_off(shop: Shop) -> None:
    away = Away(from_on=THURSDAY, until_on=THURSDAY + ONE_DAY)
    absences.take_off(shop.person.id, away, actor=BY, now=NOW)


def time_off_of_a_part_of_the_day(shop: Shop) -> None:
    away = Away(from_on=THURSDAY, until_on=THURSDAY + ONE_DAY, from_minute=10 * 60, until_minute=11 * 60)
    absences.take_off(shop.person.id, away, actor=BY, now=NOW)


def closure_of_the_practice(shop: Shop) -> None:
    absences.close(
        name="Works", from_on=THURSDAY, until_on=THURSDAY + ONE_DAY, location_id=None, actor=BY, now=NOW
    )


def closure_of_the_location(shop: Shop) -> None:
    absences.close(
        name="Works",
        from_on=THURSDAY,
        until_on=THURSDAY + ONE_DAY,
        location_id=shop.place.id,
        actor=BY,
        now=NOW,
    )


def public_holiday(shop: Shop) -> None:
    absences.close_on([PublicHoliday(THURSDAY, "Day of rest")], actor=BY, now=NOW)


def shorter_hours(shop: Shop) -> None:
    working_hours.set_week(
        shop.person.id,
        [Span(3, 11 * 60, 17 * 60, shop.place.id)],
        from_on=TODAY,
        until_on=None,
        seen_as=working_hours.page_mark(shop.person.id),
        today=TODAY,
        actor=BY,
        now=NOW,
    )


def special_day(shop: Shop) -> None:
    spans = [Span(3, 12 * 60, 17 * 60, shop.place.id)]
    working_hours.set_day(shop.person.id, THURSDAY, spans, today=TODAY, actor=BY, now=NOW)


def last_day_of_the_therapist(shop: Shop) -> None:
    change_person(shop, left_on=THURSDAY)


def change_person(shop: Shop, treatments_: tuple[Treatment, ...] | None = None, **changed: object) -> None:
    therapists.change(
        shop.person.id,
        describing.person(shop.person, **changed),
        treatments=[each.id for each in (shop.person.treatments if treatments_ is None else treatments_)],
        seen_as=therapists.page_mark(shop.person),
        actor=BY,
        now=NOW,
    )


def therapist_who_gives_it_no_longer(shop: Shop) -> None:
    change_person(shop, treatments_=())


def last_day_of_the_location(shop: Shop) -> None:
    place = premises.LocationDetails(**{**vars(premises.place_of(shop.place)), "closed_on": THURSDAY})
    premises.change_location(shop.place.id, place, seen_as=premises.page_mark(shop.place), actor=BY, now=NOW)


def room_retired(shop: Shop) -> None:
    premises.retire_room(shop.room.id, actor=BY, now=NOW)


def room_that_suits_no_longer(shop: Shop) -> None:
    details = premises.RoomDetails(name=shop.room.name, treatments=())
    premises.change_room(shop.room.id, details, seen_as=premises.seen_room(shop.room), actor=BY, now=NOW)


def treatment_retired(shop: Shop) -> None:
    treatments.retire(shop.sold.id, actor=BY, now=NOW)


def treatment_of_eight_hours_and_a_half(shop: Shop) -> None:
    treatments.change(
        shop.sold.id,
        describing.terms(shop.sold, length_minutes=510),
        therapists=[shop.person.id],
        rooms=[shop.room.id],
        seen_as=treatments.page_mark(shop.sold),
        actor=BY,
        now=NOW,
    )


def change_rules(**changed: object) -> None:
    practice = queries.the_practice()
    practice_settings.set_rules(
        describing.rules(practice, **changed),
        seen_as=practice_settings.page_mark(booking_rules.rules_of(practice)),
        actor=BY,
        now=NOW,
    )


def longer_notice(shop: Shop) -> None:
    change_rules(notice_minutes=4 * 24 * 60)


def nearer_horizon(shop: Shop) -> None:
    change_rules(horizon_days=2)


CHANGES: list[Callable[[Shop], None]] = [
    time_off,
    time_off_of_a_part_of_the_day,
    closure_of_the_practice,
    closure_of_the_location,
    public_holiday,
    shorter_hours,
    special_day,
    last_day_of_the_therapist,
    therapist_who_gives_it_no_longer,
    last_day_of_the_location,
    room_retired,
    room_that_suits_no_longer,
    treatment_retired,
    treatment_of_eight_hours_and_a_half,
    longer_notice,
    nearer_horizon,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_offered_before_a_change_is_refused_after_it(
    shop: Shop, change: Callable[[Shop], None]
) -> None:
    assert shop.is_offered()
    before = shop.stamp()
    with transaction():
        change(shop)
    assert shop.stamp() > before
    with pytest.raises(Refusal) as refused, transaction():
        shop.hold()
    assert isinstance(refused.value, NotOffered | Unbookable)
    if not isinstance(refused.value, Unbookable):
        assert not shop.is_offered()


def change_and_stumble(shop: Shop, change: Callable[[Shop], None]) -> None:
    with transaction():
        change(shop)
        raise RuntimeError


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_that_is_undone_by_an_error_leaves_everything_offered(
    shop: Shop, change: Callable[[Shop], None]
) -> None:
    before = shop.stamp()
    with pytest.raises(RuntimeError):
        change_and_stumble(shop, change)
    db.session.expire_all()
    assert shop.is_offered()
    assert shop.stamp() == before


def test_a_stamp_is_never_met_again_when_somebody_busy_leaves_the_sum(shop: Shop, make: Make) -> None:
    """Removing a calendar from the sum must not bring back a number under which an answer was kept."""
    busy = make.therapist(shop.place, calendar_version=1000)
    shop.sold.therapists = [shop.person, busy]
    db.session.commit()
    before = shop.stamp()
    with transaction():
        treatments.change(
            shop.sold.id,
            describing.terms(shop.sold),
            therapists=[shop.person.id],
            rooms=[shop.room.id],
            seen_as=treatments.page_mark(shop.sold),
            actor=BY,
            now=NOW,
        )
    assert shop.stamp() > before


def test_what_is_taken_back_is_offered_again(shop: Shop) -> None:
    away = Away(from_on=THURSDAY, until_on=THURSDAY + ONE_DAY)
    with transaction():
        entered = absences.take_off(shop.person.id, away, actor=BY, now=NOW)
    with transaction():
        absences.work_after_all(entered.id, actor=BY, now=NOW)
    with transaction():
        assert shop.hold().therapist_id == shop.person.id


def test_a_restored_treatment_and_room_are_offered_again(shop: Shop) -> None:
    with transaction():
        treatments.retire(shop.sold.id, actor=BY, now=NOW)
    with transaction():
        premises.retire_room(shop.room.id, actor=BY, now=NOW)
    with transaction():
        treatments.restore(shop.sold.id, actor=BY, now=NOW)
    assert not shop.is_offered()
    with transaction():
        premises.restore_room(shop.room.id, actor=BY, now=NOW)
    assert shop.is_offered()
