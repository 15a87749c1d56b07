"""A place with one therapist and a client who comes for a course, for the tests of each verb."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, Series
from clinic.booking.series import new_series, series_changes
from clinic.booking.series.new_series import Order, Proposal, Rhythm, Slot
from clinic.booking.series.series_changes import Pick, SeriesMove, SeriesShift
from clinic.db import transaction
from clinic.practice.models import Location, Therapist, Treatment
from tests.conftest import NOW
from tests.make import Make

THURSDAY_TEN = datetime(2031, 3, 6, 10, 0)
"""By the clock of the place."""
STAFF = "user:0190a8e2-0000-7000-8000-000000000001"
CLIENT = "contact:0190a8e2-0000-7000-8000-000000000002"


@dataclass
class Shop:
    """A place with one therapist, and a client who comes for a course."""

    make: Make
    place: Location
    person: Therapist
    sold: Treatment
    ada: Client

    @property
    def order(self) -> Order:
        """The treatment with the therapist."""
        return Order(treatment_id=self.sold.id, location_id=self.place.id, therapist_id=self.person.id)

    def proposed(
        self, *, first: datetime = THURSDAY_TEN, every: int = 1, count: int = 6, by_staff: bool = True
    ) -> list[Proposal]:
        """What can be had of a series."""
        rhythm = Rhythm(first=first, every_weeks=every, count=count)
        return new_series.propose(self.order, rhythm, by_staff=by_staff, now=NOW)

    def book(self, slots: Sequence[Slot], *, actor: str = STAFF, now: datetime = NOW) -> Series:
        """Book these."""
        with transaction():
            return new_series.book(self.order, slots, client=self.ada, actor=actor, now=now)

    def weekly(self, count: int = 6, **rhythm: Any) -> list[Appointment]:
        """A series, booked."""
        return new_series.members(self.book(free(self.proposed(count=count, **rhythm))).id)

    def visit(self, at: datetime, **columns: Any) -> Appointment:
        """Somebody else's visit at a local time."""
        starts_at = at.replace(tzinfo=ZoneInfo(self.place.zone)).astimezone(ZoneInfo("UTC"))
        return self.make.appointment(of=self.sold, who=self.make.client(), starts_at=starts_at, **columns)


def free(proposals: Sequence[Proposal]) -> list[Slot]:
    return [one.slot for one in proposals if one.slot]


def walls(members: Sequence[Appointment]) -> list[datetime]:
    return [member.wall_start for member in members]


@pytest.fixture
def shop(make: Make) -> Shop:
    make.practice()
    place = make.location()
    person = make.therapist(place)
    return Shop(make, place, person, make.treatment(therapists=[person]), make.client())


def moved(members: Sequence[Appointment], shift: SeriesShift, *, now: datetime = NOW) -> Series:
    """Move these as the page proposes it, all free."""
    proposals = series_changes.propose(members, shift, therapist_id=None, now=now)
    moves = [
        SeriesMove(pick=Pick(appointment_id=member.id, revision=member.revision), slot=one.slot)
        for member, one in zip(members, proposals, strict=True)
        if one.slot
    ]
    assert len(moves) == len(members)
    with transaction():
        return series_changes.move(members[0].series_id, moves, actor=STAFF, now=now)
