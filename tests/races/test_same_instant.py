"""Sixteen people want one time at one instant: as many get it as there are therapists free, and nobody sees a fault."""

import hashlib
import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking import locking, placing, services
from clinic.booking.models import OCCUPYING, Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.intake import drafts, own_pages
from clinic.intake.models import Draft, OwnPage
from clinic.practice.models import Treatment
from clinic.practice.supply import supply_of
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import Report, race

RIVALS = 16
UNLOCKED_RIVALS = 6
"""Enough to come between each other where nothing is locked; each is a process of its own."""
ROUNDS = int(os.environ.get("RACE_ROUNDS", "15"))
MONDAY_NINE = datetime.fromisoformat("2031-03-10T08:00+00:00")
POLITE = {"booked", "NotOffered", "SlotTaken"}

pytestmark = pytest.mark.race


def starts(rounds: int = ROUNDS) -> list[datetime]:
    """A start for each round: eight full hours on each working day from the Monday on."""
    days = (MONDAY_NINE + timedelta(days=day) for day in range(200))
    hours = (day + timedelta(hours=hour) for day in days if day.weekday() < 5 for hour in range(8))
    # After the clock change a full hour in Berlin is another one in UTC, but still a full hour within 9 to 17.
    return [next(hours) for _ in range(rounds)]


def book(round_: int, rival: int, task: Any) -> str:
    """One person's whole booking: hold, become a client, book, in one transaction as the page does it."""
    treatment_id, start = task
    browser = hashlib.sha256(f"{round_}/{rival}".encode()).digest()
    with transaction():
        hold = services.hold(
            SearchCriteria(UUID(treatment_id)),
            datetime.fromisoformat(start),
            browser=browser,
            client_id=None,
            now=NOW,
        )
        person = make.stranger(f"{round_}-{rival}")
        return services.book(hold.id, browser=browser, client=person, actor="visitor", now=NOW).state


def unlocked_book(round_: int, rival: int, task: Any) -> str:
    """The same by a product that forgot the lock."""
    for module in (locking, placing):
        module.lock = lambda *_, **__: None  # type: ignore[attr-defined]
    services.lock_all = lambda *_, **__: None  # type: ignore[attr-defined]
    return book(round_, rival, task)


def shop(therapists: int) -> Treatment:
    make.practice(horizon_days=400)
    house = make.location(zone="Etc/GMT-1")
    people = [make.therapist(house) for _ in range(therapists)]
    rooms = [make.room(house) for _ in range(therapists)]
    return make.treatment(therapists=people, rooms=rooms)


def overlaps() -> int:
    """Pairs of occupying rows that share a therapist or a room at a time: what may never be."""
    other = sa.orm.aliased(Appointment)
    return db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Appointment)
        .join(
            other,
            sa.and_(
                Appointment.id < other.id,
                sa.or_(Appointment.therapist_id == other.therapist_id, Appointment.room_id == other.room_id),
                Appointment.occupied_from < other.occupied_until,
                other.occupied_from < Appointment.occupied_until,
                Appointment.state.in_(OCCUPYING),
                other.state.in_(OCCUPYING),
            ),
        )
    )  # type: ignore[return-value]


def worst(reports: list[Report]) -> str:
    """The slowest answer; the first round apart, in which sixteen fresh processes compile every statement at once."""
    cold = max(report.seconds for report in reports if report.round == 0)
    warm = max(report.seconds for report in reports if report.round > 0)
    return f"worst {warm * 1000:.0f} ms ({cold * 1000:.0f} ms as the first deed of a process)"


@pytest.mark.parametrize("therapists", [1, 3])
def test_as_many_get_the_time_as_there_are_therapists_free(
    race_app: Flask, race_settings: Settings, therapists: int
) -> None:
    sold = shop(therapists)
    tasks = [(str(sold.id), start.isoformat()) for start in starts()]
    reports = race(race_settings, book, tasks, RIVALS)

    results = Counter(report.result for report in reports)
    print(f"{therapists} free: {dict(results)} in {ROUNDS} rounds, {worst(reports)}")
    assert set(results) <= POLITE
    winners = Counter(report.round for report in reports if report.result == "booked")
    assert winners == dict.fromkeys(range(ROUNDS), therapists)
    assert overlaps() == 0
    booked = sa.select(sa.func.count()).select_from(Appointment).where(Appointment.state == State.BOOKED)
    assert db.session.scalar(booked) == ROUNDS * therapists


def book_start(round_: int, rival: int, task: Any) -> str:
    """The same in one step, without keeping the time."""
    treatment_id, start = task
    supply = supply_of(UUID(treatment_id))
    with transaction():
        return services.book_start(
            SearchCriteria(supply.treatment_id),
            datetime.fromisoformat(start),
            browser=hashlib.sha256(f"{round_}/{rival}".encode()).digest(),
            client=make.stranger(f"{round_}-{rival}"),
            now=NOW,
            supply=supply,
        ).state


def test_of_sixteen_who_book_one_start_in_one_step_one_gets_it(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    tasks = [(str(sold.id), start.isoformat()) for start in starts()]
    reports = race(race_settings, book_start, tasks, RIVALS)
    assert {report.result for report in reports} <= POLITE
    winners = Counter(report.round for report in reports if report.result == "booked")
    assert winners == dict.fromkeys(range(ROUNDS), 1)
    assert overlaps() == 0


def test_without_the_constraints_a_product_that_forgot_the_lock_double_books(
    race_app: Flask, race_settings: Settings
) -> None:
    """What the guards are worth: with both gone, somebody is booked twice; so each test above can fail."""
    sold = shop(1)
    owner = sa.create_engine(str(race_settings.database_owner_url), poolclass=sa.NullPool)
    dropped = ("ex_appointments_therapist", "ex_appointments_room")
    with owner.begin() as connection:
        definitions = {
            name: connection.execute(
                sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
                {"name": name},
            ).scalar_one()
            for name in dropped
        }
        for name in dropped:
            connection.execute(sa.text(f"ALTER TABLE appointments DROP CONSTRAINT {name}"))
    try:
        tasks = [(str(sold.id), start.isoformat()) for start in starts(10)]
        race(race_settings, unlocked_book, tasks, UNLOCKED_RIVALS, apart=True)
        assert overlaps() > 0
    finally:
        db.session.rollback()
        with owner.begin() as connection:
            connection.execute(sa.text("DELETE FROM appointments"))
            for name, definition in definitions.items():
                connection.execute(sa.text(f"ALTER TABLE appointments ADD CONSTRAINT {name} {definition}"))


def test_without_the_lock_the_constraints_still_let_nobody_in_twice(
    race_app: Flask, race_settings: Settings
) -> None:
    """The database has the last word; what is lost without the lock are manners, not truth."""
    sold = shop(1)
    tasks = [(str(sold.id), start.isoformat()) for start in starts(6)]
    reports = race(race_settings, unlocked_book, tasks, UNLOCKED_RIVALS, apart=True)
    assert overlaps() == 0
    assert {report.result for report in reports} > {"booked"}


def test_a_daily_cap_holds_under_contention(race_app: Flask, race_settings: Settings) -> None:
    """No constraint can hold a cap: the lock does. Sixteen people want sixteen different times of one day."""
    sold = shop(1)
    sold.therapists[0].daily_cap = 3
    db.session.commit()
    reports = race(race_settings, spread_book, [str(sold.id)], RIVALS)
    assert Counter(report.result for report in reports)["booked"] == 3


def spread_book(round_: int, rival: int, task: Any) -> str:
    start = MONDAY_NINE + timedelta(minutes=15 * (rival * 2))
    return book(round_, rival, (task, start.isoformat()))


def test_people_with_one_address_cannot_exceed_what_it_may_have_open(
    race_app: Flask, race_settings: Settings
) -> None:
    """Each is a new client and takes another therapist's time: nothing but the address brings them together."""
    make.practice(horizon_days=400, open_bookings_per_client=2)
    house = make.location(zone="Etc/GMT-1")
    sold = make.treatment(therapists=[make.therapist(house) for _ in range(RIVALS)])
    tasks = [
        ([str(person.id) for person in sold.therapists], str(sold.id), str(round_)) for round_ in range(3)
    ]
    reports = race(race_settings, book_by_one_address, tasks, RIVALS)
    for round_ in range(3):
        results = Counter(report.result for report in reports if report.round == round_)
        assert results == {"booked": 2, "TooManyOpen": RIVALS - 2}


def book_by_one_address(round_: int, rival: int, task: Any) -> str:
    therapists, treatment_id, family = task
    browser = hashlib.sha256(f"{family}/{rival}".encode()).digest()
    criteria = SearchCriteria(UUID(treatment_id), therapist_id=UUID(therapists[rival]))
    start = MONDAY_NINE + timedelta(hours=round_)
    with transaction():
        hold = services.hold(criteria, start, browser=browser, client_id=None, now=NOW)
    with transaction():
        return services.book(
            hold.id, browser=browser, client=make.stranger(f"family-{family}"), actor="visitor", now=NOW
        ).state


def test_tabs_of_one_browser_that_begin_at_once_share_one_draft(
    race_app: Flask, race_settings: Settings
) -> None:
    reports = race(race_settings, begin, [str(round_) for round_ in range(5)], RIVALS)
    assert {report.result for report in reports} == {"begun"}
    drafts_of_browsers = db.session.scalars(sa.select(sa.func.count(Draft.id)).group_by(Draft.browser)).all()
    assert drafts_of_browsers == [1] * 5


def begin(round_: int, rival: int, task: Any) -> str:
    browser = hashlib.sha256(f"tabs {task}".encode()).digest()
    with transaction():
        drafts.start(browser=browser, client_id=None, mail=None, now=NOW)
    return "begun"


def test_a_page_for_the_doctor_that_is_asked_for_twice_at_once_is_one_page(
    race_app: Flask, race_settings: Settings
) -> None:
    with transaction():
        own = [
            drafts.start(
                browser=hashlib.sha256(f"own page {n}".encode()).digest(), client_id=None, mail=None, now=NOW
            )
            for n in range(5)
        ]
    reports = race(race_settings, ask_for_page, [str(draft.id) for draft in own], rivals=4)
    assert Counter(report.result for report in reports) == {"asked": 20}
    assert sorted(db.session.scalars(sa.select(OwnPage.asked_revision))) == [1] * 5


def ask_for_page(round_: int, rival: int, task: Any) -> str:
    """What a press of the button writes."""
    with transaction():
        own_pages.ask(db.session.get_one(Draft, UUID(task)), "ada@client.example", NOW)
        return "asked"
