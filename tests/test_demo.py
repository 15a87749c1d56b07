"""The demo practice: whenever it is first started, it is in the middle of its week, and by the product's own rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import demo
from clinic.accounts.models import Client, Contact, User
from clinic.booking.models import OCCUPYING, Appointment, State
from clinic.db import Base, db, transaction
from clinic.demo import german
from clinic.demo import practice as demo_practice
from clinic.demo.people import CASES
from clinic.demo.post import LEFT_TO_THE_WORKER
from clinic.guidance.knowledge import MODALITIES
from clinic.intake.models import Outcome
from clinic.language.health_texts import health_catalogue
from clinic.maintenance import sweeps
from clinic.messaging import due
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.models import Message
from clinic.plans import courses, queries
from clinic.plans.models import Phrase, SessionNote
from clinic.plans.rule_book import experience
from clinic.plans.rule_book.models import Experience
from clinic.practice import own_texts
from clinic.practice.models import Location, Practice, Therapist, TherapistProfile, Treatment
from config import Environment
from tests.conftest import undone, undone_within
from tests.stage import staged
from tests.visitor import Visitor, as_staff

ZONE = ZoneInfo("America/Toronto")

WEDNESDAY = datetime(2031, 6, 11, 13, 5, tzinfo=ZONE)
FRIDAY_EVENING = datetime(2031, 6, 13, 19, 30, tzinfo=ZONE)
MOMENTS = {
    "a Monday at seven": datetime(2031, 6, 9, 7, 0, tzinfo=ZONE),
    "a Wednesday at one": WEDNESDAY,
    "a Friday evening": FRIDAY_EVENING,
    "the eve of the spring change": datetime(2031, 3, 8, 23, 50, tzinfo=ZONE),
    "the repeated hour of an autumn Sunday": datetime(2031, 11, 2, 1, 30, fold=1, tzinfo=ZONE),
}


@dataclass(frozen=True)
class Week:
    """The demo as it was loaded at one moment."""

    connection: sa.Connection
    loaded_at: datetime


@pytest.fixture(scope="module", params=MOMENTS.values(), ids=MOMENTS.keys())
def shared_week(request: pytest.FixtureRequest, app: Flask) -> Iterator[Week]:
    """Loaded once for the tests of a moment, because it takes longer than all they look at."""
    with undone(app) as connection:
        yield Week(connection, load(request.param))


@pytest.fixture
def week(shared_week: Week, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    """The same; what a test does to it is undone."""
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    with undone_within(shared_week.connection):
        yield shared_week


def load(moment: datetime) -> datetime:
    now = moment.astimezone(UTC)
    with transaction():
        demo.load(now)
    db.session.expire_all()
    return now


def test_the_same_moment_makes_the_same_week(database: sa.Connection) -> None:
    weeks = []
    for _ in range(2):
        with database.begin_nested() as attempt:
            load(FRIDAY_EVENING)
            weeks.append(
                db.session.execute(
                    sa.select(Client.search_name, Appointment.starts_at, Appointment.state, Outcome.level)
                    .join(Client, Client.id == Appointment.client_id)
                    .outerjoin(queries.Review, queries.Review.appointment_id == Appointment.id)
                    .outerjoin(Outcome, Outcome.id == queries.Review.outcome_id)
                    .order_by(Appointment.starts_at, Client.search_name)
                ).all()
            )
            db.session.remove()
            attempt.rollback()
    assert weeks[0] == weeks[1]
    assert len(weeks[0]) > len(CASES)


def test_the_week_is_lively_keeps_every_rule_and_owes_no_old_letter(
    week: Week, app: Flask, the_clock_says: Callable[[datetime], None]
) -> None:
    loaded_at = week.loaded_at
    the_clock_says(loaded_at)
    see_the_week(loaded_at)
    see_the_letters(loaded_at)
    see_the_pages(loaded_at, app)
    see_the_rule_book(loaded_at)


def see_the_week(loaded_at: datetime) -> None:
    """Visits of every kind, at times that can be sold, with what is left to do."""
    visits = db.session.scalars(
        sa.select(Appointment).where(Appointment.client_id.is_not(None)).order_by(Appointment.starts_at)
    ).all()
    of = {(visit.client.given_name, visit.client.family_name): visit for visit in visits if visit.client}

    assert len(of) == len(CASES)
    assert {*db.session.scalars(sa.select(Phrase.name))} == {*demo_practice.PHRASES}
    states = {state: [visit for visit in visits if visit.state == state] for state in State}
    assert {visit.request_reason for visit in states[State.REQUESTED]} == {"level", "plain"}
    assert len(states[State.CANCELLED]) == 1
    assert len(states[State.DONE]) >= 6
    assert len(states[State.BOOKED]) >= 8
    assert all(visit.ends_at <= loaded_at for visit in states[State.DONE])
    assert all(visit.ends_at > loaded_at - timedelta(minutes=10) for visit in states[State.BOOKED])
    assert all((visit.decide_by or loaded_at) > loaded_at for visit in states[State.REQUESTED])
    assert all(8 <= visit.wall_start.hour < 20 and visit.wall_start.weekday() < 6 for visit in visits)
    assert overlapping(visits) == []

    notes = db.session.scalars(sa.select(SessionNote)).all()
    assert len(notes) == len(states[State.DONE])
    assert [note for note in notes if note.signed_at is None] != []

    hannah = courses.sessions([of["Hannah", "Lindqvist"]])
    assert hannah[of["Hannah", "Lindqvist"].id].number == hannah[of["Hannah", "Lindqvist"].id].of == 8

    waiting = queries.queue(user("ines").id, loaded_at)
    assert {(one.client.given_name, one.level) for one in waiting} == {
        ("June", "caution"),
        ("Amara", "therapist_review"),
        ("Samuel", "ok"),
    }
    assert [one.client.given_name for one in queries.plain_requests(user("ines").id) if one.client] == [
        "Grace"
    ]


def see_the_rule_book(loaded_at: datetime) -> None:
    """What the worker counts on its first minute: five clients for one type, and it counts only once by itself."""
    sweeps.count_experiences_first()
    (told,) = [row for (kind, _), row in experience.experiences().items() if kind == "type"]
    assert (told.name, told.clients) == ("trigger_point", 5)
    db.session.execute(sa.delete(Experience))
    sweeps.count_experiences_first()
    assert experience.experiences() == {}


def see_the_pages(loaded_at: datetime, app: Flask) -> None:
    """What a therapist finds at the first look."""
    pages = Visitor(as_staff(app, user("ines")))
    assert pages.open("/staff").status == 200
    shown = working_day(loaded_at)
    assert "Hannah Lindqvist" in pages.open(f"/staff/agenda?day={shown}").text
    assert "of 8" in pages.text
    assert "Intake missing" in pages.text
    assert "Amara Nwosu" in pages.open("/staff/reviews").text


def see_the_letters(loaded_at: datetime) -> None:
    """What went out went out; only the last hour is left to the worker."""
    rules = due.rules(loaded_at)
    assert rules is not None
    owed = [one for question in QUESTIONS for one in due.find(question, rules, loaded_at)]
    unsent = db.session.scalars(
        sa.select(Message).where(Message.sent_at.is_(None), Message.dropped_at.is_(None))
    ).all()
    assert {one.kind for one in owed} <= {
        "request_received",
        "review_waiting",
        "confirmation",
        "cancellation",
        "reminder",
        "aftercare",
        "check_in",
        "agenda",
    }
    assert 1 <= len(owed) <= 12
    assert all(one.due_at > loaded_at - LEFT_TO_THE_WORKER - timedelta(minutes=5) for one in owed)
    assert unsent == []
    assert db.session.scalar(sa.select(sa.func.count()).where(Message.sent_at.is_not(None))) >= 20


def test_everybody_is_plainly_invented_and_what_they_said_stands_nowhere_in_clear(week: Week) -> None:
    addresses = db.session.scalars(sa.select(Contact.normalised).where(Contact.kind == "mail")).all()
    numbers = db.session.scalars(sa.select(Contact.normalised).where(Contact.kind == "phone")).all()
    staff = db.session.scalars(sa.select(User)).all()
    assert len(addresses) == len(numbers) == len(CASES)
    assert all(address.endswith("@client.example") for address in addresses)
    assert all(number.startswith("+190555501") for number in numbers)
    assert all(person.is_demo and person.email.endswith("@alderlane.example") for person in staff)

    remarks = [remark for case in CASES for remark in case.remarks]
    secrets = [*remarks, "anticoagulant", "hypertension_controlled", "tender_points_refer"]
    for table in Base.metadata.sorted_tables:
        rows = " ".join(
            str(row) for row in week.connection.execute(sa.text(f'SELECT t::text FROM "{table.name}" t'))
        )
        for secret in secrets:
            assert secret not in rows, table.name
            assert secret.encode().hex() not in rows, table.name


def test_what_the_practice_says_of_itself_stands_in_german_too(week: Week) -> None:
    told = (
        (Practice, own_texts.OF_PRACTICE),
        (Location, own_texts.OF_LOCATION),
        (Treatment, ("name", "description")),
        (Therapist, own_texts.OF_THERAPIST),
        (TherapistProfile, own_texts.OF_PROFILE),
    )
    for model, columns in told:
        rows = db.session.scalars(sa.select(model)).all()
        assert rows
        missing = [
            (getattr(row, column), column)
            for row in rows
            for column in columns
            if getattr(row, column) and not own_texts.is_said_in(row, column, "de")
        ]
        assert missing == [], model


def test_loading_twice_says_that_there_is_a_practice_already(tmp_path: Path) -> None:
    with staged(tmp_path, Environment.DEMO) as stage:
        ends = [stage.start("clinic", "load-demo").wait(120) for _ in range(2)]
        said = [(tmp_path / f"program-{number}.log").read_text() for number in range(2)]
        assert ends == [0, 0], said
        assert "ines@alderlane.example" in said[0]
        assert "There is a practice already; nothing was changed." in said[1]
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Client)) == len(CASES)


def overlapping(visits: list[Appointment]) -> list[tuple[str, str]]:
    """Pairs of visits that take the same therapist or room at once, buffers included."""
    live = [visit for visit in visits if visit.state in OCCUPYING]
    return [
        (first.reference, second.reference)
        for number, first in enumerate(live)
        for second in live[number + 1 :]
        if (first.therapist_id == second.therapist_id or first.room_id == second.room_id)
        and first.occupied_from < second.occupied_until
        and second.occupied_from < first.occupied_until
    ]


def user(name: str) -> User:
    return db.session.scalars(sa.select(User).where(User.email == f"{name}@alderlane.example")).one()


def working_day(now: datetime) -> date:
    """Today in Toronto or, at the weekend, the Monday after."""
    on = now.astimezone(ZONE).date()
    return on + timedelta(days=max(0, 7 - on.weekday()) if on.weekday() > 4 else 0)


def test_a_type_of_massage_is_called_on_the_menu_what_the_questions_call_it() -> None:
    for sold in demo_practice.TREATMENTS:
        if len(sold.modalities) > 1 and sold.modalities[0] == "swedish":
            continue  # A mixture has a name of its own.
        name = MODALITIES[sold.modalities[0]].name
        assert sold.name == name
        assert german.TREATMENTS[sold.slug][0] == health_catalogue("de")[name]
