"""Times kept and visits booked online, for the tests of each verb."""

import hashlib
from datetime import datetime, timedelta

from clinic.booking import availability, services
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import transaction
from clinic.practice.models import Treatment
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make

ME = hashlib.sha256(b"my browser").digest()
YOU = hashlib.sha256(b"your browser").digest()
THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin."""


def held(
    sold: Treatment, at: datetime = THURSDAY_TEN, *, browser: bytes = ME, now: datetime = NOW
) -> Appointment:
    with transaction():
        return services.hold(SearchCriteria(sold.id), at, browser=browser, client_id=None, now=now)


def starts(sold: Treatment, *, now: datetime = NOW) -> list[datetime]:
    days = Days(THURSDAY_TEN.date(), THURSDAY_TEN.date() + timedelta(days=1))
    return availability.offers(SearchCriteria(sold.id), days, now).offers.instants()


def booked(make: Make, sold: Treatment, at: datetime = THURSDAY_TEN, **who: object) -> Appointment:
    hold = held(sold, at)
    with transaction():
        return services.book(hold.id, browser=ME, client=make.client(**who), actor="visitor", now=NOW)
