"""A therapist in a house with one room, and a caller at the desk, for the tests of each verb."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client, User
from clinic.booking import desk, same_person, waivers
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waivers import Rule
from clinic.db import db, transaction
from clinic.practice.models import (
    Location,
    Therapist,
    Treatment,
)
from clinic.practice.supply import supply_of
from tests.conftest import NOW
from tests.make import Make

THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin."""
WHY = "Agreed with Ines on the telephone"


@dataclass
class Shop:
    """A therapist in a house with one room, and a caller."""

    make: Make
    place: Location
    person: Therapist
    sold: Treatment
    caller: Client
    clerk: User
    now: datetime = field(default=NOW)

    def book(self, at: datetime = THURSDAY_TEN, **changed: Any) -> Appointment:
        """Book for the caller, as the last page of the desk does."""
        wanted: dict[str, Any] = {
            "therapist_id": self.person.id,
            "location_id": self.place.id,
            "client": self.caller,
            "by": self.clerk,
            "now": self.now,
            **changed,
        }
        with transaction():
            return desk.book(self.sold.id, at, **wanted)

    def broken(self, at: datetime = THURSDAY_TEN) -> tuple[Rule, ...]:
        """The rules a start would break."""
        criteria = SearchCriteria(self.sold.id, therapist_id=self.person.id, location_id=self.place.id)
        supply = same_person.avoiding(supply_of(self.sold.id), self.caller.id, self.now, records=True)
        return waivers.broken(supply, criteria, at, self.now)


@pytest.fixture
def shop(make: Make) -> Shop:
    make.practice(horizon_days=60)
    place = make.location()
    person = make.therapist(place)
    room = make.room(place)
    sold = make.treatment(therapists=[person], rooms=[room])
    return Shop(make, place, person, sold, make.client(), make.user(roles=["front_desk"]))


def actions(subject: UUID) -> set[tuple[str, tuple[str, ...]]]:
    rows = sa.select(AuditEntry.action, AuditEntry.fields).where(AuditEntry.subject_id == subject)
    return {(action, tuple(fields)) for action, fields in db.session.execute(rows)}


def late(shop: Shop) -> datetime:
    return THURSDAY_TEN + timedelta(hours=8)
