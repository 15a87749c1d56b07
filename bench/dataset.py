"""The clinics that the booking benchmark asks about: drawn from fixed seeds, checked, and loaded in bulk.

1x is ten therapists and a year; 10x is a hundred; deep is ten with six and a half years behind them. The same appointments,
wherever they are loaded, come from the same draw: the digest of the 1x and 10x rows is checked before anything is measured.
"""

import csv
import hashlib
import io
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import psycopg
import sqlalchemy as sa

from clinic.db import db
from clinic.practice.models import Location, Practice, Therapist, Treatment, WeeklyHours

MINUTES = (30, 45, 60, 75, 90)
WEIGHTS = (40, 25, 20, 10, 5)
MEAN_MINUTES, GAP_MINUTES = 47.25, 15
DIGEST_DAY = date(2026, 11, 23)
"""The Monday for which the digests of the rows were written down."""
IDS = UUID("0190a8e2-0000-7000-8000-0000000be9c4")

Visit = tuple[int, int, int, date, int, int]
"""Therapist, treatment, client, day, and the first and the last minute of that day (UTC)."""


@dataclass(frozen=True)
class Clinic:
    """One of the data sets, with what must come out of the draw."""

    name: str
    therapists: int
    clients: int
    weeks_back: int
    visits: int
    sha256: str | None


ONE = Clinic("1x", 10, 2000, 26, 19_941, "96834fcf5aba71a5ed3137a32ddd1f8fc8a681cf5496f482a615ccb2cf193274")
TEN = Clinic(
    "10x", 100, 20_000, 26, 200_198, "a246b81a2a9f288525bbe010900623946a1b839c39766ccb7dddc27d8a8268c6"
)
DEEP = Clinic("deep", 10, 20_000, 338, 188_382, None)
CLINICS = (ONE, TEN, DEEP)


def first_monday(today: date) -> date:
    """The Monday on or after a day: everything is drawn around it."""
    return today + timedelta(days=-today.weekday() % 7)


def _chance(fill: float) -> float:
    return GAP_MINUTES * fill / (MEAN_MINUTES * (1 - fill) + GAP_MINUTES * fill)


def opened(day: date) -> tuple[tuple[int, int], ...]:
    """Open minutes of a day: nine to six with lunch, Saturdays ten to two, Sundays never."""
    if day.weekday() == 6:
        return ()
    return ((540, 780), (840, 1080)) if day.weekday() < 5 else ((600, 840),)


def visits(clinic: Clinic, monday: date) -> Iterator[Visit]:
    """Every appointment of a clinic, therapist by therapist, in order of time."""
    for therapist in range(clinic.therapists):
        chance = random.Random(20260101 * 1000 + therapist)
        for offset in range(-7 * clinic.weeks_back, 7 * 26):
            day = monday + timedelta(days=offset)
            full = _chance(0.95 if offset < 0 else 0.70 if offset < 56 else 0.30)
            for begins, ends in opened(day):
                at = begins
                while at + 30 <= ends:
                    if chance.random() >= full:
                        at += 15
                        continue
                    kind = chance.choices(range(5), WEIGHTS)[0]
                    while at + MINUTES[kind] > ends:
                        kind -= 1
                    client = chance.randrange(clinic.clients)
                    yield therapist, kind, client, day, at, at + MINUTES[kind]
                    at += MINUTES[kind]


def checked(clinic: Clinic, monday: date) -> list[Visit]:
    """The appointments; raises ValueError when the draw differs from the one that was written down."""
    drawn = list(visits(clinic, monday))
    if len(drawn) != clinic.visits:
        raise ValueError(f"{clinic.name}: {len(drawn)} appointments instead of {clinic.visits}")
    if clinic.sha256 and digest(drawn, monday - DIGEST_DAY) != clinic.sha256:
        raise ValueError(f"{clinic.name}: the appointments are not the ones that were written down")
    return drawn


def digest(drawn: Iterable[Visit], shifted: timedelta) -> str:
    """SHA-256 of the rows as a CSV file, with days put back by `shifted`."""
    text = io.StringIO()
    write = csv.writer(text).writerow
    for therapist, kind, client, day, begins, ends in drawn:
        begins_at, ends_at = (_instant(day - shifted, minute).strftime("%F %T") for minute in (begins, ends))
        write((therapist, kind, client, begins_at, ends_at))
    return hashlib.sha256(text.getvalue().encode()).hexdigest()


def _instant(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)


def id_of(kind: str, number: int) -> UUID:
    """The id of the n-th therapist, treatment, client or appointment."""
    return uuid5(IDS, f"{kind}/{number}")


def treatment_slug(kind: int) -> str:
    """The address part of the treatment of the n-th length."""
    return f"massage-{MINUTES[kind]}"


def furnish(clinic: Clinic) -> None:
    """The practice: no buffers, no rooms, starts every quarter of an hour, nothing refused for being too soon. Committed."""
    rules = {"notice_minutes": 0, "horizon_days": 180, "pack": False, "step_minutes": 15}
    db.session.add(
        Practice(
            name="Bench",
            phone="+49 30 5550100",
            mail="hello@bench.example",
            country="DE",
            currency="EUR",
            emergency_number="112",
            **rules,
        )
    )
    furnish_people(clinic)


def furnish_people(clinic: Clinic) -> None:
    """The house, who works there and what they give, in a practice that is there already. Committed."""
    house = Location(
        id=id_of("location", 0),
        name="House",
        slug="house",
        street="Example Street 1",
        town="Sampleton",
        zone="Etc/UTC",
    )
    db.session.add(house)
    db.session.flush()
    people = [_therapist(number) for number in range(clinic.therapists)]
    db.session.add_all(people)
    db.session.flush()
    for kind, minutes in enumerate(MINUTES):
        sold = Treatment(
            id=id_of("treatment", kind), name=f"Massage {minutes}", slug=treatment_slug(kind), modalities=["swedish"],
            length_minutes=minutes, buffer_after_minutes=0, price_cents=6000, intake="none", needs_room=False,
        )  # fmt: skip
        sold.therapists = people
        db.session.add(sold)
    db.session.flush()
    weekdays = [date(2026, 11, 23) + timedelta(days=number) for number in range(7)]
    db.session.add_all(
        WeeklyHours(
            therapist_id=person.id,
            location_id=house.id,
            weekday=day.weekday(),
            from_minute=begins,
            until_minute=ends,
        )
        for person in people
        for day in weekdays
        for begins, ends in opened(day)
    )
    db.session.commit()


def _therapist(number: int) -> Therapist:
    return Therapist(
        id=id_of("therapist", number), given_name="Thea", family_name=f"Bench-{number}", slug=f"thea-{number}",
        position=number,
    )  # fmt: skip


CONSTRAINTS = ("ex_appointments_therapist", "ex_appointments_room")


def load(clinic: Clinic, drawn: Iterable[Visit], owner_url: str) -> None:
    """Clients and appointments by COPY. The exclusion constraints are built last, over all rows at once."""
    with psycopg.connect(owner_url.replace("+psycopg", "")) as connection:
        definitions = _dropped(connection)
        with connection.cursor().copy(
            "COPY clients (id, given_name, family_name, search_name, language, created_at) FROM STDIN"
        ) as rows:
            begun = datetime(2020, 1, 1, tzinfo=UTC)
            for number in range(clinic.clients):
                rows.write_row((id_of("client", number), "Ada", "Bench", f"ada bench {number}", "en", begun))
        with connection.cursor().copy(f"COPY appointments ({', '.join(COLUMNS)}) FROM STDIN") as rows:
            for number, visit in enumerate(drawn):
                rows.write_row(_appointment(number, visit))
        for name, definition in definitions.items():
            connection.execute(f"ALTER TABLE appointments ADD CONSTRAINT {name} {definition}")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _dropped(connection: psycopg.Connection) -> dict[str, str]:
    definitions = {}
    for name in CONSTRAINTS:
        found = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (name,)
        ).fetchone()
        assert found is not None
        definitions[name] = found[0]
        connection.execute(f"ALTER TABLE appointments DROP CONSTRAINT {name}")
    return definitions


COLUMNS = (
    "id", "reference", "client_id", "therapist_id", "location_id", "treatment_id", "starts_at", "ends_at",
    "occupied_from", "occupied_until", "wall_start", "zone", "tzdata", "length_minutes", "buffer_before_minutes",
    "buffer_after_minutes", "price_cents", "state", "hold_extended", "revision", "time_revision", "link_epoch",
    "booked_at", "created_at", "changed_at", "cancelled_late", "time_agreed_at",
)  # fmt: skip
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SHARED = {kind: id_of("treatment", kind) for kind in range(5)}


def _appointment(number: int, visit: Visit) -> tuple[object, ...]:
    therapist, kind, client, day, begins, ends = visit
    starts_at, ends_at = _instant(day, begins), _instant(day, ends)
    made_at = starts_at - timedelta(days=14)
    return (
        id_of("appointment", number), _reference(number), id_of("client", client), id_of("therapist", therapist),
        id_of("location", 0), _SHARED[kind], starts_at, ends_at, starts_at, ends_at, starts_at.replace(tzinfo=None),
        "Etc/UTC", "bench", ends - begins, 0, 0, 6000, "booked", False, 1, 1, 1, made_at, made_at, made_at, False, made_at,
    )  # fmt: skip


def _reference(number: int) -> str:
    letters = ""
    for _ in range(8):
        number, place = divmod(number, len(LETTERS))
        letters = LETTERS[place] + letters
    return letters


@dataclass(frozen=True)
class Asked:
    """One question about free times: a therapist or any, a treatment, and half-open days."""

    therapist: int | None
    kind: int
    first_on: date
    until_on: date

    @property
    def path(self) -> str:
        """The address that asks it."""
        who = "any" if self.therapist is None else f"thea-{self.therapist}"
        return (
            f"/api/v1/availability?treatment={treatment_slug(self.kind)}&therapist={who}"
            f"&from={self.first_on}&to={self.until_on}"
        )


def days_asked(clinic: Clinic, monday: date) -> list[Asked]:
    """Single days of one therapist: 400 draws over eight weeks, less the Sundays."""
    chance = random.Random(7)
    found: list[Asked] = []
    while len(found) < 400:
        day = monday + timedelta(days=chance.randrange(56))
        if day.weekday() == 6:
            continue
        therapist, kind = chance.randrange(clinic.therapists), chance.choices(range(5), WEIGHTS)[0]
        found.append(Asked(therapist, kind, day, day + timedelta(days=1)))
    return found


def months_asked(clinic: Clinic, monday: date) -> list[Asked]:
    """A hundred months of one therapist, of the two that begin next."""
    chance = random.Random(8)
    first = _next_month(monday)
    starts = (first, _next_month(first))
    found = []
    for _ in range(100):
        therapist, kind = chance.randrange(clinic.therapists), chance.choices(range(5), WEIGHTS)[0]
        month = chance.choice(starts)
        found.append(Asked(therapist, kind, month, _next_month(month)))
    return found


def anybody(asked: Iterable[Asked]) -> list[Asked]:
    """The same questions for any therapist."""
    return [Asked(None, each.kind, each.first_on, each.until_on) for each in asked]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def free_half_hours(drawn: Iterable[Visit], clinic: Clinic, monday: date) -> list[tuple[int, datetime]]:
    """Disjoint free half hours of days 1 to 149, shuffled: (therapist, start). Each can be booked once."""
    taken: dict[tuple[int, date], list[tuple[int, int]]] = {}
    for therapist, _, _, day, begins, ends in drawn:
        taken.setdefault((therapist, day), []).append((begins, ends))
    found = []
    for therapist in range(clinic.therapists):
        for offset in range(1, 150):
            day = monday + timedelta(days=offset)
            for begins, ends in opened(day):
                at = begins
                while at + 30 <= ends:
                    if any(
                        since < at + 30 and at < until for since, until in taken.get((therapist, day), ())
                    ):
                        at += 15
                        continue
                    found.append((therapist, _instant(day, at)))
                    at += 30
    random.Random(9).shuffle(found)
    return found


def count_overlaps() -> int:
    """Pairs of occupying appointments of one therapist at one time: what may never be."""
    return db.session.execute(
        sa.text(
            "SELECT count(*) FROM (SELECT occupied_from < max(occupied_until) OVER (PARTITION BY therapist_id"
            " ORDER BY occupied_from, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS meets FROM appointments"
            " WHERE state IN ('held', 'requested', 'booked', 'arrived', 'done')) AS walked WHERE meets"
        )
    ).scalar_one()
