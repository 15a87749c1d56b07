"""A kept time is taken while the practice closes it, and one person books twice at one instant: from processes, for real."""

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.booking import outside_hours, same_person, services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice import absences
from clinic.practice.absences import Away
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race

RIVALS = 6
ROUNDS = 6
MONDAY_NINE = datetime.fromisoformat("2031-03-10T08:00+00:00")
ONE_DAY = timedelta(days=1)

pytestmark = pytest.mark.race


def browser_of(task: Any, rival: int) -> bytes:
    return hashlib.sha256(f"{task}/{rival}".encode()).digest()


def complete(round_: int, rival: int, task: Any) -> str:
    """Rival 0 enters time off and says how many visits it left outside; the others complete what they keep."""
    therapist_id, nine = UUID(task[0]), datetime.fromisoformat(task[1])
    if rival == 0:
        with transaction():
            away = Away(from_on=nine.date(), until_on=nine.date() + ONE_DAY)
            absences.take_off(therapist_id, away, actor="user:owner", now=NOW)
            found = [
                each for each in outside_hours.visits(NOW) if each.appointment.starts_at.date() == nine.date()
            ]
            return f"off {len(found)}"
    browser = browser_of(task[1], rival)
    with transaction():
        (hold,) = services.holds_of(browser)
        person = make.stranger(f"{round_}-{rival}")
        return services.book(hold.id, browser=browser, client=person, actor="visitor", now=NOW).state


def test_who_completes_a_kept_time_does_so_before_time_off_or_not_at_all(
    race_app: Flask, race_settings: Settings
) -> None:
    make.practice(horizon_days=400)
    house = make.location(zone="Etc/GMT-1")
    person = make.therapist(house, weekdays=range(7))
    sold = make.treatment(therapists=[person], rooms=[make.room(house)])
    tasks = [(str(person.id), (MONDAY_NINE + number * ONE_DAY).isoformat()) for number in range(ROUNDS)]
    for _, nine in tasks:
        for rival in range(1, RIVALS):
            start = datetime.fromisoformat(nine) + timedelta(hours=rival)
            with transaction():
                services.hold(
                    SearchCriteria(sold.id), start, browser=browser_of(nine, rival), client_id=None, now=NOW
                )
    reports = race(race_settings, complete, tasks, RIVALS)
    for round_ in range(ROUNDS):
        results = Counter(report.result for report in reports if report.round == round_)
        (found,) = (int(result.removeprefix("off ")) for result in results if result.startswith("off "))
        assert found == results["booked"], "nobody booked after the time off was entered"
        assert results["booked"] + results["TimeWithdrawn"] == RIVALS - 1, dict(results)


def book_as(actor: str, round_: int, rival: int, task: Any) -> str:
    """One client, already known, with a therapist of the rival's own."""
    treatment_id, people, clients, start = task
    browser = browser_of(start, rival)
    criteria = SearchCriteria(UUID(treatment_id), therapist_id=UUID(people[rival]))
    with transaction():
        hold = services.hold(
            criteria, datetime.fromisoformat(start), browser=browser, client_id=None, now=NOW
        )
    with transaction():
        if actor == audit.VISITOR:
            who = make.stranger(f"ada-{round_}")
        else:
            who = db.session.get_one(Client, UUID(clients[round_]))
        return services.book(hold.id, browser=browser, client=who, actor=actor, now=NOW).state


def proven(round_: int, rival: int, task: Any) -> str:
    return book_as("contact:proven", round_, rival, task)


def unproven(round_: int, rival: int, task: Any) -> str:
    return book_as(audit.VISITOR, round_, rival, task)


@pytest.mark.parametrize("deed", [proven, unproven])
def test_one_person_who_books_twice_at_one_instant_is_refused_when_proven_and_else_asked_about(
    race_app: Flask, race_settings: Settings, deed: Any
) -> None:
    make.practice(horizon_days=400, open_bookings_per_client=50)
    house = make.location(zone="Etc/GMT-1")
    people = [make.therapist(house) for _ in range(RIVALS)]
    sold = make.treatment(therapists=people)
    clients = [str(make.client(mail=f"ada-{number}@client.example").id) for number in range(3)]
    ids = [str(person.id) for person in people]
    tasks = [
        (str(sold.id), ids, clients, (MONDAY_NINE + number * ONE_DAY).isoformat()) for number in range(3)
    ]
    reports = race(race_settings, deed, tasks, RIVALS)
    for round_ in range(3):
        results = Counter(report.result for report in reports if report.round == round_)
        if deed is proven:
            assert results == {"booked": 1, "TwoPlaces": RIVALS - 1}
        else:
            assert results == {"booked": RIVALS}
    visits = db.session.query(Appointment).filter_by(state=State.BOOKED).count()
    every_two = RIVALS * (RIVALS - 1) // 2
    assert len(same_person.pairs(NOW)) == (0 if deed is proven else 3 * every_two)
    assert visits == (3 if deed is proven else 3 * RIVALS)


def change_over(round_: int, rival: int, task: Any) -> str:
    """Whoever keeps a time of one therapist takes one of the next in its place, under a new secret, as in a frame."""
    treatment_id, people, start = task
    criteria = SearchCriteria(UUID(treatment_id), therapist_id=UUID(people[(rival + 1) % RIVALS]))
    with transaction():
        return services.hold(
            criteria,
            datetime.fromisoformat(start) + timedelta(hours=2),
            browser=browser_of(f"{start} after", rival),
            client_id=None,
            now=NOW,
            known=False,
            gives_up=browser_of(start, rival),
        ).state


def test_nobody_waits_in_a_circle_who_exchanges_a_kept_time_for_one_of_another_therapist(
    race_app: Flask, race_settings: Settings
) -> None:
    make.practice(horizon_days=400)
    house = make.location(zone="Etc/GMT-1")
    people = [make.therapist(house, weekdays=range(7)) for _ in range(RIVALS)]
    sold = make.treatment(therapists=people)
    tasks = [
        (str(sold.id), [str(each.id) for each in people], (MONDAY_NINE + number * ONE_DAY).isoformat())
        for number in range(ROUNDS)
    ]
    for treatment_id, ids, nine in tasks:
        for rival, therapist_id in enumerate(ids):
            with transaction():
                services.hold(
                    SearchCriteria(UUID(treatment_id), therapist_id=UUID(therapist_id)),
                    datetime.fromisoformat(nine),
                    browser=browser_of(nine, rival),
                    client_id=None,
                    now=NOW,
                )
    reports = race(race_settings, change_over, tasks, RIVALS)
    assert Counter(report.result for report in reports) == {"held": ROUNDS * RIVALS}
    db.session.expire_all()
    states = Counter(db.session.scalars(sa.select(Appointment.state)))
    assert states == {State.HELD: ROUNDS * RIVALS, State.LAPSED: ROUNDS * RIVALS}
