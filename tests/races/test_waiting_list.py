"""Everybody answers at one instant: one has the time, the others hear so, and nothing is kept that nobody can take."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking import changes
from clinic.booking.models import Appointment, State
from clinic.booking.waiting import entries, offer_answers, offering, rounds
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from clinic.practice.supply import supply_of
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race
from tests.races.test_same_instant import overlaps, shop, starts

ROUNDS = 6
PEOPLE = 4
EVERY_TIME = list(range(21))
LATER = NOW + timedelta(minutes=10)

pytestmark = pytest.mark.race


def waits(sold: Treatment, name: str) -> UUID:
    with transaction():
        return entries.join(
            client=make.stranger(name),
            treatment_id=sold.id,
            therapist_id=None,
            location_id=None,
            times=EVERY_TIME,
            last_on=date(2031, 12, 31),
            actor="visitor",
            now=NOW,
        ).id


def kept(sold: Treatment, start: datetime, entry_ids: list[UUID]) -> UUID:
    """A time that is kept and offered to these entries."""
    site = supply_of(sold.id).sites[0]
    time = WaitingListTime(start, sold.therapists[0].id, site.location_id, site.zone)
    with transaction():
        return offering.keep(sold.id, time, entry_ids, now=NOW).id


def offers_of(offering_id: UUID) -> list[str]:
    ids = sa.select(Offer.id).where(Offer.offering_id == offering_id).order_by(Offer.id)
    return [str(id_) for id_ in db.session.scalars(ids)]


def accept(offer_id: str, rival: int, now: datetime) -> str:
    with transaction():
        visit = offer_answers.accept(UUID(offer_id), browser=bytes([rival]) * 32, actor="visitor", now=now)
        return str(visit.state)


def accepts(round_: int, rival: int, task: Any) -> str:
    return accept(task[rival], rival, LATER)


def test_of_all_who_accept_at_one_instant_one_has_the_time(race_app: Flask, race_settings: Settings) -> None:
    sold = shop(1)
    tasks = []
    for number, start in enumerate(starts(ROUNDS)):
        people = [waits(sold, f"w{number}-{each}") for each in range(PEOPLE)]
        tasks.append(offers_of(kept(sold, start, people)))
    reports = race(race_settings, accepts, tasks, PEOPLE)

    assert Counter(report.result for report in reports) == {
        "booked": ROUNDS,
        "OfferGone": ROUNDS * (PEOPLE - 1),
    }
    assert Counter(report.round for report in reports if report.result == "booked") == dict.fromkeys(
        range(ROUNDS), 1
    )
    db.session.expire_all()
    ends = Counter(db.session.scalars(sa.select(Offer.end)))
    assert ends == {OfferEnd.ACCEPTED: ROUNDS, OfferEnd.MISSED: ROUNDS * (PEOPLE - 1)}
    assert overlaps() == 0


def answers_or_ends(round_: int, rival: int, task: Any) -> str:
    """Two accept in the last moment, one says no, and the worker thinks the time is over."""
    offering_id, *offers = task
    if rival < 2:
        return accept(offers[rival], rival, NOW + timedelta(minutes=30, microseconds=-1))
    with transaction():
        if rival == 2:
            offer_answers.decline(UUID(offers[0]), actor="visitor", now=LATER)
            return "declined"
        offering.go_on(UUID(offering_id), NOW + timedelta(minutes=30))
        return "went on"


def test_a_time_that_is_accepted_as_it_ends_is_either_booked_or_free(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    tasks = []
    for number, start in enumerate(starts(ROUNDS)):
        kept_id = kept(sold, start, [waits(sold, f"e{number}-{each}") for each in range(2)])
        with transaction():  # The second round, so that nobody else is asked afterwards.
            db.session.get_one(Offering, kept_id).round = 2
        tasks.append([str(kept_id), *offers_of(kept_id)])
    reports = race(race_settings, answers_or_ends, tasks, 4)

    assert {report.result for report in reports} <= {"booked", "OfferGone", "declined", "went on"}
    db.session.expire_all()
    booked = {report.round for report in reports if report.result == "booked"}
    for number, (kept_id, *_) in enumerate(tasks):
        found = db.session.get_one(Offering, UUID(kept_id))
        accepted = [offer for offer in found.offers if offer.end == OfferEnd.ACCEPTED]
        assert len(accepted) == (1 if number in booked else 0)
        assert found.ended_at is not None
        assert found.hold.state == (State.BOOKED if number in booked else State.LAPSED)
    assert overlaps() == 0


def moves_or_cancels(round_: int, rival: int, task: Any) -> str:
    offer_id, visit_id, revision = task
    if rival < 2:
        return accept(offer_id, rival, LATER)
    with transaction():
        changes.cancel(UUID(visit_id), revision=revision, actor="visitor", now=LATER)
        return "cancelled"


def test_an_earlier_time_and_the_cancellation_of_the_visit_exclude_each_other(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    early, tasks = starts(ROUNDS), []
    for number, start in enumerate(early):
        who = make.client(given_name=f"m{number}", mail=f"m{number}@client.example")
        visit = make.appointment(of=sold, who=who, starts_at=start + timedelta(days=56))
        with transaction():
            entry = entries.join_earlier(
                visit, times=EVERY_TIME, any_therapist=True, actor="visitor", now=NOW
            ).id
        (offer_id,) = offers_of(kept(sold, start, [entry]))
        tasks.append((offer_id, str(visit.id), visit.revision))
    reports = race(race_settings, moves_or_cancels, tasks, 3)

    assert {report.result for report in reports} <= {
        "booked",
        "cancelled",
        "Stale",
        "NotNow",
        "OfferGone",
        "NothingEarlier",
    }
    db.session.expire_all()
    for number, (offer_id, visit_id, _) in enumerate(tasks):
        mine = {report.result for report in reports if report.round == number}
        visit = db.session.get_one(Appointment, UUID(visit_id))
        hold = db.session.get_one(Offer, UUID(offer_id)).offering.hold
        if "booked" in mine:
            assert "cancelled" not in mine
            assert (visit.state, visit.starts_at, hold.state) == (State.BOOKED, early[number], State.LAPSED)
        else:
            assert visit.state == State.CANCELLED
            assert (hold.state, hold.starts_at) == (State.HELD, early[number])
    assert overlaps() == 0


def looks(round_: int, rival: int, task: Any) -> str:
    rounds.make(datetime.fromisoformat(task))
    return "looked"


def test_workers_that_look_at_the_same_time_keep_each_time_once(
    race_app: Flask, race_settings: Settings
) -> None:
    sold = shop(1)
    visits = [
        make.appointment(of=sold, who=make.client(mail=f"v{number}@client.example"), starts_at=start)
        for number, start in enumerate(starts(4))
    ]
    for each in range(9):
        waits(sold, f"l{each}")
    for visit in visits:
        with transaction():
            changes.cancel(visit.id, revision=visit.revision, actor="visitor", now=NOW)
    moments = [(NOW + timedelta(minutes=3 + number)).isoformat() for number in range(3)]
    reports = race(race_settings, looks, moments, 2)

    assert {report.result for report in reports} == {"looked"}
    db.session.expire_all()
    held = list(db.session.scalars(sa.select(Appointment).join(Offering, Offering.hold_id == Appointment.id)))
    assert len(held) == len({hold.starts_at for hold in held}) == 3, "three times for nine people"
    open_ = Counter(db.session.scalars(sa.select(Offer.entry_id).where(Offer.ended_at.is_(None))))
    assert set(open_.values()) == {1}
    assert len(open_) == db.session.scalar(sa.select(sa.func.count()).select_from(WaitingListEntry))
    assert overlaps() == 0
