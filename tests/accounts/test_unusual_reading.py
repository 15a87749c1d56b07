"""Unusual reading raises a task of an owner: many files in an hour, files outside one's own clients, files at night."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit, unusual_reading
from clinic.accounts.models import User
from clinic.accounts.unusual_reading import MANY_FILES, NIGHT_FILES, OUTSIDE_FILES, UnusualReading
from clinic.db import db
from clinic.maintenance import sweeps
from tests import make
from tests.visitor import Visitor, as_staff

BERLIN = "Europe/Berlin"
MIDNIGHT = make.NOW.replace(hour=23, minute=30)
"""Half past midnight in Berlin."""
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def ines(make: make.Make) -> User:
    make.practice()
    make.location()
    return make.user(given_name="Ines", family_name="Moreau")


def reads(
    user: User, files: int, at: datetime, *, action: str = "read", purpose: str = "file", each: int = 1
) -> None:
    for _ in range(files):
        client_id = uuid4()
        for _ in range(each):
            audit.record(
                audit.by_user(user.id),
                action,
                subject_type="session_notes",
                client_id=client_id,
                purpose=purpose,
                now=at,
            )
    db.session.commit()


def found(now: datetime) -> list[tuple[str, int]]:
    unusual_reading.find(now, BERLIN)
    db.session.commit()
    rows = db.session.scalars(sa.select(UnusualReading).order_by(UnusualReading.kind))
    return [(row.kind, row.files) for row in rows]


def test_many_files_in_an_hour_are_unusual(ines: User) -> None:
    now = make.NOW
    reads(ines, MANY_FILES - 1, now, each=2)
    assert found(now) == [], "one file read twice is one file"
    reads(ines, 5, now - timedelta(minutes=61))
    assert found(now) == [], "what was read before the hour does not count"
    reads(ines, 5, now, purpose="calendar")
    assert found(now) == [], "what a calendar shows is no reading of files"
    reads(ines, 1, now)
    assert found(now) == [("many", MANY_FILES)]
    reads(ines, 3, now + A_MINUTE)
    assert found(now + A_MINUTE) == [("many", MANY_FILES + 3)], "it grows and stays one"


def test_files_opened_outside_ones_own_clients_are_unusual(ines: User) -> None:
    now = make.NOW
    reads(ines, OUTSIDE_FILES - 1, now, action="open_with_reason")
    assert found(now) == []
    reads(ines, 1, now + timedelta(hours=5), action="open_with_reason")
    assert found(now + timedelta(hours=5)) == [("outside", OUTSIDE_FILES)]


def test_files_at_night_are_unusual_and_by_day_they_are_not(ines: User) -> None:
    reads(ines, NIGHT_FILES, make.NOW)
    assert found(make.NOW) == []
    reads(ines, NIGHT_FILES - 1, MIDNIGHT)
    assert found(MIDNIGHT) == []
    reads(ines, 1, MIDNIGHT)
    assert found(MIDNIGHT) == [("night", NIGHT_FILES)]


def test_clients_and_the_product_itself_never_read_unusually(ines: User) -> None:
    for actor in ("system", audit.by_contact(uuid4())):
        for _ in range(MANY_FILES):
            audit.record(actor, "read", subject_type="outcomes", client_id=uuid4(), now=make.NOW)
    db.session.commit()
    assert found(make.NOW) == []


def test_the_owner_has_a_task_reads_who_it_was_and_says_that_it_is_done(
    ines: User, app: Flask, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(make.NOW + A_MINUTE)
    reads(ines, MANY_FILES, make.NOW)
    for _ in range(2):
        sweeps.find_unusual_reading()
    owner = Visitor(as_staff(app, make.user(roles=("owner",))))
    assert "Look at unusual reading of files" in owner.open("/staff/tasks").text
    text = owner.open("/staff/settings/access").text
    assert f"Ines Moreau read {MANY_FILES} files within an hour" in text
    desk = Visitor(as_staff(app, make.user(roles=("front_desk",))))
    assert "unusual" not in desk.open("/staff/tasks?whose=all").text
    row = db.session.scalars(sa.select(UnusualReading)).one()
    owner.open(f"/staff/tasks/unusual/{row.id}").press("Done")
    assert "Look at unusual reading of files" not in owner.open("/staff/tasks").text


def test_it_is_forgotten_after_half_a_year(ines: User) -> None:
    reads(ines, MANY_FILES, make.NOW)
    assert found(make.NOW)
    unusual_reading.old_readings(make.NOW).delete()
    assert make.count(UnusualReading) == 1
    unusual_reading.old_readings(make.NOW + A_MINUTE).delete()
    assert make.count(UnusualReading) == 0
