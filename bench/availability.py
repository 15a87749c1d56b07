"""A month of free times for any of ten therapists, beside the read of its busy rows alone."""

from datetime import timedelta

import sqlalchemy as sa

from bench.timing import interleaved, show
from clinic import schema
from clinic.app import create_app
from clinic.booking import availability
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, dispose
from clinic.embedded.servers import scratch_servers
from clinic.scheduling.hours import Days
from config import Environment, Settings
from tests import make

THERAPISTS, DAYS = 10, 60


def run() -> None:
    """Print the cost of the month beside one row and beside the busy rows."""
    with scratch_servers() as servers:
        schema.upgrade(servers.urls.owner)
        settings = Settings.read(
            environment=Environment.TEST,
            database_url=servers.urls.app,
            redis_url=servers.urls.broker,
            lumbar_data=servers.directory / "bench",
        )
        with create_app(settings).app_context():
            _measure()
            db.session.remove()
            dispose()


def _measure() -> None:
    make.practice(horizon_days=400)
    house = make.location()
    people = [make.therapist(house) for _ in range(THERAPISTS)]
    sold = make.treatment(
        therapists=people, rooms=[make.room(house) for _ in range(THERAPISTS)], buffer_after_minutes=15
    )
    for person in people:
        for day in range(DAYS):
            start = make.NOW.replace(hour=8) + timedelta(days=day)
            if start.weekday() < 5:
                for hour in (0, 2, 4):
                    make.appointment(of=sold, who=make.client(mail=None), therapist=person, location=house,
                                     starts_at=start + timedelta(hours=hour))  # fmt: skip
    criteria, ids = SearchCriteria(sold.id), [person.id for person in people]
    month = Days(make.NOW.date(), make.NOW.date() + timedelta(days=31))
    rows = sa.select(Appointment.therapist_id, Appointment.occupied_from, Appointment.occupied_until).where(
        Appointment.therapist_id.in_(ids), Appointment.occupied_from < make.NOW + timedelta(days=31)
    )

    def answer() -> None:
        found = availability.offers(criteria, month, make.NOW)
        found.offers.per_day(house.id)

    costs = interleaved(
        {
            "one row": lambda: db.session.execute(sa.text("SELECT 1")).all(),
            "the busy rows of the month": lambda: db.session.execute(rows).all(),
            "the month, every rule on": answer,
        },
        200,
    )
    show(f"A month of free times, any of {THERAPISTS} therapists", costs, "the busy rows of the month")
