"""A house whose Thursday is taken, and people who wait for it."""

from datetime import date, datetime, timedelta
from typing import Any

from clinic.accounts.models import Client
from clinic.booking import changes
from clinic.booking.models import Appointment
from clinic.booking.waiting import entries, rounds
from clinic.booking.waiting.models import Offer, WaitingListEntry
from clinic.booking.waiting.rounds import RoundTally
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from tests.conftest import NOW
from tests.make import Make

THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin, three days after the tests' moment."""
times = entries.times
EVERY_TIME = times(range(7), range(3))
UNDO_OVER = timedelta(seconds=121)
HALF_AN_HOUR = timedelta(minutes=30)


def thursdays(make: Make, **columns: Any) -> Treatment:
    """An hour of massage that can be had on Thursdays at ten and at no other time."""
    make.practice()
    person = make.therapist()
    make.weekly_hours(person, make.location(), 3, 600, 660)
    return make.treatment(therapists=[person], **columns)


def waits(
    make: Make,
    sold: Treatment,
    name: str = "Ada",
    *,
    times: list[int] = EVERY_TIME,
    last_on: date = date(2031, 3, 31),
    now: datetime = NOW,
    who: Client | None = None,
    **columns: Any,
) -> WaitingListEntry:
    """Somebody who waits for this treatment, by default at any time of the month."""
    person = who or make.client(given_name=name, mail=f"{name.lower()}@client.example")
    with transaction():
        return entries.join(
            client=person,
            treatment_id=sold.id,
            times=times,
            last_on=last_on,
            actor="visitor",
            now=now,
            **{"therapist_id": None, "location_id": None, **columns},
        )


def cancels(visit: Appointment, now: datetime = NOW) -> datetime:
    """Somebody cancels; the moment at which that can no longer be undone."""
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor=f"link:{visit.id}", now=now)
    return now + UNDO_OVER


def look(now: datetime) -> RoundTally:
    """The worker looks after the list."""
    tally = rounds.make(now)
    db.session.expire_all()
    return tally


def offers_of(entry: WaitingListEntry) -> list[Offer]:
    """What this entry was offered, the first one first."""
    found = db.session.query(Offer).filter_by(entry_id=entry.id).order_by(Offer.id).all()
    return list(found)


def offer_of(entry: WaitingListEntry) -> Offer:
    """The one offer this entry ever got."""
    (found,) = offers_of(entry)
    return found
