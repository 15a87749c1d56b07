"""Rows for tests: plain functions with defaults that are valid and dull. What matters to a test is written there.

Each adds to the session and commits (inside the test's outer transaction), so that what is read later is read anew.
"""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, ContactKind, User
from clinic.accounts.name_search import search_name
from clinic.booking import safety
from clinic.booking.models import Appointment, State
from clinic.db import Base, db
from clinic.guidance.levels import Level
from clinic.intake import raised
from clinic.intake.assessment import SafetyVerdict
from clinic.intake.models import Outcome, Submission
from clinic.practice.models import (
    Location,
    Practice,
    Room,
    Therapist,
    Treatment,
    WeeklyHours,
)

NOW = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
Row = TypeVar("Row", bound=Base)
_numbers = itertools.count(1)


def _add(row: Row) -> Row:
    db.session.add(row)
    db.session.commit()
    return row


def practice(**columns: Any) -> Practice:
    """The practice; the one that is there when there is one."""
    found = db.session.get(Practice, 1)
    if found is None:
        found = Practice(
            name="Alder Lane",
            phone="+49 30 5550100",
            mail="hello@alderlane.example",
            country="DE",
            currency="EUR",
            emergency_number="112",
            policy="Free to change or cancel until 24 hours before.",
            notice_minutes=0,
            pack=False,
        )
    for name, value in columns.items():
        setattr(found, name, value)
    return _add(found)


def location(*, zone: str = "Europe/Berlin", **columns: Any) -> Location:
    """A place, in Berlin."""
    number = next(_numbers)
    return _add(
        Location(
            **{
                "name": f"House {number}",
                "slug": f"house-{number}",
                "street": f"Example Street {number}",
                "town": "Sampleton",
                "zone": zone,
                **columns,
            }
        )
    )


def room(at: Location, **columns: Any) -> Room:
    """A room of a location."""
    return _add(Room(**{"location_id": at.id, "name": f"Room {next(_numbers)}", **columns}))


def therapist(
    at: Location | None = None,
    *,
    weekdays: Sequence[int] = range(5),
    hours: tuple[int, int] = (9, 17),
    **columns: Any,
) -> Therapist:
    """A therapist who works at a location on these weekdays between these full hours; nowhere without a location."""
    number = next(_numbers)
    person = _add(
        Therapist(
            **{
                "given_name": "Thea",
                "family_name": f"Lindner-{number}",
                "slug": f"thea-{number}",
                "position": number,
                **columns,
            }
        )
    )
    if at is not None:
        db.session.add_all(
            _weekly_hours(person, at, weekday, hours[0] * 60, hours[1] * 60) for weekday in weekdays
        )
        db.session.commit()
    return person


def weekly_hours(
    person: Therapist, at: Location, weekday: int, from_minute: int, until_minute: int
) -> WeeklyHours:
    """Open hours in minutes after local midnight."""
    return _add(_weekly_hours(person, at, weekday, from_minute, until_minute))


def _weekly_hours(
    person: Therapist, at: Location, weekday: int, from_minute: int, until_minute: int
) -> WeeklyHours:
    return WeeklyHours(
        therapist_id=person.id,
        location_id=at.id,
        weekday=weekday,
        from_minute=from_minute,
        until_minute=until_minute,
    )


def treatment(
    *, therapists: Sequence[Therapist] = (), rooms: Sequence[Room] = (), minutes: int = 60, **columns: Any
) -> Treatment:
    """An hour of Swedish massage without buffers, that asks no health questions; needs a room when rooms are given."""
    number = next(_numbers)
    sold = Treatment(
        **{
            "name": f"Massage {number}",
            "slug": f"massage-{number}",
            "modalities": ["swedish"],
            "length_minutes": minutes,
            "buffer_after_minutes": 0,
            "price_cents": 6000,
            "intake": "none",
            "needs_room": bool(rooms),
            **columns,
        }
    )
    sold.therapists = list(therapists)
    sold.rooms = list(rooms)
    return _add(sold)


def offering(**columns: Any) -> Treatment:
    """A treatment that can be booked: a practice, a location, a therapist with weekday hours 9 to 17, no room needed."""
    practice()
    return treatment(therapists=[therapist(location())], **columns)


def client(*, mail: str | None = "ada@client.example", given_name: str = "Ada", **columns: Any) -> Client:
    """A client with one mail address, not yet proven."""
    person = Client(
        **{
            "given_name": given_name,
            "family_name": "Sample",
            "search_name": search_name(given_name, columns.get("family_name", "Sample")),
            "created_at": NOW,
            **columns,
        }
    )
    db.session.add(person)
    db.session.flush()
    if mail is not None:
        contact(person, value=mail)
    return _add(person)


def stranger(name: str) -> Client:
    """A new client, flushed only: for a booking that commits itself."""
    person = Client(given_name=name, family_name="Sample", search_name=name, created_at=NOW)
    db.session.add(person)
    db.session.flush()
    db.session.add(
        Contact(
            client_id=person.id,
            kind="mail",
            value=f"{name}@client.example",
            normalised=f"{name}@client.example",
            created_at=NOW,
        )
    )
    db.session.flush()
    return person


def contact(person: Client, *, kind: str = ContactKind.MAIL, value: str, **columns: Any) -> Contact:
    """An address of a client."""
    return _add(
        Contact(
            **{
                "client_id": person.id,
                "kind": kind,
                "value": value,
                "normalised": value.lower(),
                "created_at": NOW,
                **columns,
            }
        )
    )


def user(*, roles: Sequence[str] = ("therapist",), email: str | None = None, **columns: Any) -> User:
    """A member of staff without a password; `tests` that sign in give one."""
    return _add(
        User(
            **{
                "email": email or f"staff{next(_numbers)}@alderlane.example",
                "given_name": "Stella",
                "family_name": "Staff",
                "role_names": list(roles),
                "fs_uniquifier": secrets.token_hex(16),
                **columns,
            }
        )
    )


def appointment(
    *,
    of: Treatment,
    starts_at: datetime | None = None,
    who: Client | None = None,
    state: State = State.BOOKED,
    **columns: Any,
) -> Appointment:
    """An appointment of a treatment with its first therapist, by default in three days at 10:00 in Berlin, booked."""
    starts_at = starts_at or NOW + timedelta(days=3)
    person = columns.pop("therapist", None) or of.therapists[0]
    place = columns.pop("location", None) or _location_of(person)
    row = Appointment(
        **{
            "reference": "".join(secrets.choice("ABCDEFGH") for _ in range(8)),
            "client_id": who.id if who else None,
            "therapist_id": person.id,
            "location_id": place.id,
            "treatment_id": of.id,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=of.length_minutes),
            "occupied_from": starts_at - timedelta(minutes=of.buffer_before_minutes),
            "occupied_until": starts_at + timedelta(minutes=of.length_minutes + of.buffer_after_minutes),
            "wall_start": starts_at.astimezone(ZoneInfo(place.zone)).replace(tzinfo=None),
            "zone": place.zone,
            "tzdata": "test",
            "length_minutes": of.length_minutes,
            "buffer_before_minutes": of.buffer_before_minutes,
            "buffer_after_minutes": of.buffer_after_minutes,
            "price_cents": of.price_cents,
            "state": state,
            "held_until": NOW + timedelta(minutes=20) if state == State.HELD else None,
            "decide_by": starts_at - timedelta(hours=4) if state == State.REQUESTED else None,
            "booked_at": NOW if state in (State.BOOKED, State.ARRIVED, State.DONE, State.MISSED) else None,
            "time_agreed_at": NOW,
            "cancelled_by": "client" if state == State.CANCELLED else None,
            "created_at": NOW,
            "changed_at": NOW,
            **columns,
        }
    )
    return _add(row)


def _location_of(person: Therapist) -> Location:
    found = db.session.scalar(
        sa.select(Location)
        .join(WeeklyHours, WeeklyHours.location_id == Location.id)
        .where(WeeklyHours.therapist_id == person.id)
    )
    return found or location()


def submission(
    *,
    who: Client | None = None,
    browser: bytes | None = None,
    level: str = "ok",
    disposition: str | None = None,
    answers: dict[str, Any] | None = None,
    explanation: dict[str, Any] | None = None,
    submitted_at: datetime = NOW,
    **columns: Any,
) -> Submission:
    """A submission with its outcome at a level, of a client or a browser."""
    row = Submission(
        client_id=who.id if who else None,
        browser=browser if browser or who else hashlib.sha256(b"browser").digest(),
        submitted_at=submitted_at,
        **columns,
    )
    row.answers = answers or {}
    outcome = Outcome(
        submission_id=row.id, level=level, disposition=disposition, rule_set="test", assessed_at=submitted_at
    )
    outcome.rules = []
    outcome.explanation = explanation or {}
    db.session.add(row)
    db.session.flush()
    _add(outcome)
    return row


def answer_seriously(visit: Appointment, level: Level, now: datetime) -> None:
    """Let a client answer something of this level: it counts for all their visits. The caller commits."""
    raised.keep(SafetyVerdict(level, None), browser=None, client_id=visit.client_id, now=now)
    safety.raise_levels(visit.client_id, browser=None, now=now)


def day(offset: int = 0) -> date:
    """A date, counted in days from the day of `NOW`."""
    return NOW.date() + timedelta(days=offset)


def refreshed(row: Row) -> Row:
    """The row as the database has it now."""
    db.session.refresh(row)
    return row


def count(model: type[Base]) -> int:
    """How many rows a table has."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def found(model: type[Row], id_: UUID) -> Row | None:
    """The row with this id, read anew."""
    db.session.expire_all()
    return db.session.get(model, id_)


class Make:
    """What the fixture `make` gives a test: the functions above, so that mypy checks their use."""

    NOW = NOW
    practice = staticmethod(practice)
    location = staticmethod(location)
    room = staticmethod(room)
    therapist = staticmethod(therapist)
    weekly_hours = staticmethod(weekly_hours)
    treatment = staticmethod(treatment)
    offering = staticmethod(offering)
    client = staticmethod(client)
    stranger = staticmethod(stranger)
    contact = staticmethod(contact)
    user = staticmethod(user)
    appointment = staticmethod(appointment)
    submission = staticmethod(submission)
    answer_seriously = staticmethod(answer_seriously)
    day = staticmethod(day)
    refreshed = staticmethod(refreshed)
    count = staticmethod(count)
    found = staticmethod(found)
