"""A practice as large as one gets: the demo's ten times over, and beside it the booking benchmark's hundred therapists, 20,000 clients and
200,000 visits."""

from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa

from bench import dataset
from clinic import clock
from clinic.booking.models import Appointment, State
from clinic.db import db
from tests.authorisation.world import World
from tests.make import Make
from tests.stage import Stage
from tests.visitor import Browser
from tests.web import test_statements as pages
from tests.web.tenfold import tenfold


def grown(stage: Stage) -> World:
    """Fill the stage's database; the stage's clock stands on the demo's Wednesday from then on."""
    app = stage.app
    app.test_client_class = Browser
    app.config["ENVIRONMENT"] = "demo"
    stage.clock.write_text(str((pages.WEDNESDAY - datetime.now(UTC)).total_seconds()))
    clock.follow(stage.clock)
    world = pages.build_demo(app, Make())
    tenfold()
    for table in (
        "therapists",
        "treatments",
        "locations",
    ):  # The others are called as the data set calls them.
        called = (
            f"UPDATE {table} SET slug = slug || '-' || left(id::text, 8) WHERE slug ~ '^(thea|massage|house)'"
        )
        db.session.execute(sa.text(called))
    db.session.commit()
    monday = dataset.first_monday(pages.WEDNESDAY.date())
    dataset.furnish_people(dataset.TEN)
    dataset.load(dataset.TEN, dataset.checked(dataset.TEN, monday), stage.servers.urls.owner)
    over = sa.update(Appointment).where(Appointment.tzdata == "bench", Appointment.ends_at < pages.WEDNESDAY)
    db.session.execute(over.values(state=State.DONE).execution_options(synchronize_session=False))
    db.session.commit()
    _analyse(stage.servers.urls.owner)
    return world


def _analyse(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM ANALYZE")
