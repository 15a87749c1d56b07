"""What people who work here are told: their day, look backs, what could not be delivered, and when a review cannot wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client, User
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.messaging.models import Heartbeat, Message, MessageKind
from clinic.plans.models import LookBack, Plan, PlannedSession, Review
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.owed import berlin, kinds, occasions

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def thea(make: Make, massage: Treatment) -> User:
    """The therapist of the treatment, who signs in."""
    user = make.user()
    massage.therapists[0].user_id = user.id
    db.session.commit()
    return user


# The day


def test_a_therapist_gets_the_days_visits_once_in_the_morning(
    make: Make, massage: Treatment, thea: User, visit: Appointment, run: Pass, postbox: Postbox
) -> None:
    make.appointment(of=massage, who=make.client(given_name="Bo"), starts_at=visit.starts_at + 2 * HOUR)
    run(berlin("2031-03-06T06:59"))
    assert occasions(MessageKind.AGENDA) == []
    run(berlin("2031-03-06T07:00"))
    run(berlin("2031-03-06T07:30"))
    assert occasions(MessageKind.AGENDA) == ["2031-03-06"]
    mail = next(mail for mail in postbox.mails if mail["To"] == thea.email)
    text = part(mail, "text/plain")
    assert text.index("10:00 to 11:00, CET (Sampleton time): Ada, Massage") < text.index("12:00 to 13:00")
    assert " Sample" not in text.replace("(Sampleton time)", "")


def test_a_day_without_visits_and_a_booking_of_the_same_morning_bring_no_agenda(
    make: Make, massage: Treatment, thea: User, ada: Client, run: Pass
) -> None:
    run(berlin("2031-03-06T07:00"))
    make.appointment(
        of=massage,
        who=ada,
        starts_at=berlin("2031-03-06T15:00"),
        time_agreed_at=berlin("2031-03-06T08:00"),
    )
    run(berlin("2031-03-06T08:01"))
    assert occasions(MessageKind.AGENDA) == []


def test_an_agenda_that_comes_after_noon_is_no_use(visit: Appointment, thea: User, run: Pass) -> None:
    run(berlin("2031-03-06T12:00"))
    assert occasions(MessageKind.AGENDA) == []


def test_the_morning_is_that_of_the_place(make: Make, ada: Client, run: Pass) -> None:
    make.practice()
    there = make.location(zone="Pacific/Auckland")
    massage = make.treatment(therapists=[make.therapist(there, user_id=make.user().id)])
    noon = datetime(2031, 3, 6, 12, 0, tzinfo=ZoneInfo("Pacific/Auckland")).astimezone(UTC)
    make.appointment(of=massage, who=ada, starts_at=noon)
    run(noon - 5 * HOUR - timedelta(minutes=1))
    assert occasions(MessageKind.AGENDA) == []
    run(noon - 5 * HOUR)
    assert occasions(MessageKind.AGENDA) == ["2031-03-06"]


@pytest.mark.parametrize("day", ["2031-03-30", "2031-10-26"])
def test_the_agenda_of_the_day_on_which_the_clock_changes_goes_at_seven_too(
    make: Make, massage: Treatment, thea: User, ada: Client, run: Pass, day: str
) -> None:
    make.appointment(of=massage, who=ada, starts_at=berlin(f"{day}T11:00"))
    run(berlin(f"{day}T06:59"))
    assert occasions(MessageKind.AGENDA) == []
    run(berlin(f"{day}T07:00"))
    assert occasions(MessageKind.AGENDA) == [day]


@pytest.mark.parametrize("state", [State.CANCELLED, State.REQUESTED, State.MISSED])
def test_an_agenda_knows_only_visits_that_take_place(
    make: Make, massage: Treatment, thea: User, ada: Client, run: Pass, state: State
) -> None:
    make.appointment(of=massage, who=ada, state=state, request_reason="plain")
    run(berlin("2031-03-06T07:00"))
    assert occasions(MessageKind.AGENDA) == []


# Reviews


@pytest.fixture
def review(make: Make, ada: Client) -> Callable[..., Review]:
    """A review of Ada's answers that was opened at a moment."""

    def make_review(appointment: Appointment, opened_at: datetime) -> Review:
        submission = make.submission(who=ada)
        row = Review(
            outcome_id=submission.outcome.id,
            submission_id=submission.id,
            client_id=ada.id,
            appointment_id=appointment.id,
            opened_at=opened_at,
        )
        db.session.add(row)
        db.session.commit()
        return row

    return make_review


def test_a_review_for_a_visit_within_two_days_is_told_in_the_night(
    thea: User, visit: Appointment, review: Callable[..., Review], run: Pass
) -> None:
    at = visit.starts_at - 35 * HOUR
    review(visit, at)
    run(at)
    assert occasions(MessageKind.REVIEW_WAITING) == ["first"]


def test_a_review_for_a_later_visit_waits_for_the_morning(
    make: Make, massage: Treatment, thea: User, ada: Client, review: Callable[..., Review], run: Pass
) -> None:
    later = make.appointment(of=massage, who=ada, starts_at=berlin("2031-03-12T10:00"))
    review(later, berlin("2031-03-04T23:00"))
    run(berlin("2031-03-04T23:00"))
    assert occasions(MessageKind.REVIEW_WAITING) == []
    run(berlin("2031-03-05T08:00"))
    assert occasions(MessageKind.REVIEW_WAITING) == ["first"]


# Look backs


@pytest.fixture
def due_look_back(
    make: Make,
    massage: Treatment,
    thea: User,
    ada: Client,
    review: Callable[..., Review],
    now: datetime,
) -> Appointment:
    """A visit this morning that was the session to look back at."""
    visit = make.appointment(of=massage, who=ada, starts_at=now - 2 * HOUR, state=State.DONE)
    plan = Plan(
        client_id=ada.id,
        review_id=review(visit, now - 30 * DAY).id,
        therapist_id=visit.therapist_id,
        sessions=8,
        made_at=now - 30 * DAY,
    )
    plan.content = {"modalities": ["swedish"]}
    db.session.add(plan)
    db.session.flush()
    session = PlannedSession(
        plan_id=plan.id, number=4, about_on=visit.starts_at.date(), reassess=True, appointment_id=visit.id
    )
    db.session.add(session)
    db.session.commit()
    return visit


def test_a_look_back_that_nobody_made_is_told_the_next_morning_and_names_nobody(
    due_look_back: Appointment, thea: User, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    assert occasions(MessageKind.LOOK_BACK_DUE) == []
    run(berlin("2031-03-04T09:00"))
    run(berlin("2031-03-05T09:00"))
    assert occasions(MessageKind.LOOK_BACK_DUE) == ["visit"]
    mail = next(mail for mail in postbox.mails if mail["Subject"] == "A look back is due")
    assert "Ada" not in part(mail, "text/plain")
    told = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.LOOK_BACK_DUE)).one()
    assert told.client_id is None


def test_a_look_back_that_was_made_is_told_no_more(
    due_look_back: Appointment, thea: User, run: Pass, now: datetime
) -> None:
    plan = db.session.scalars(sa.select(Plan)).one()
    made = LookBack(
        plan_id=plan.id,
        appointment_id=due_look_back.id,
        client_id=plan.client_id,
        decided_at=now,
        decided_by_id=thea.id,
    )
    made.content = {"chosen": "continue"}
    db.session.add(made)
    db.session.commit()
    run(berlin("2031-03-04T09:00"))
    assert MessageKind.LOOK_BACK_DUE not in kinds()


# What could not be delivered


def lose(message: Message, now: datetime) -> None:
    with transaction():
        message.sent_at = None
        message.given_up_at, message.why = now, "refused"


def test_owners_hear_of_letters_that_were_not_delivered_at_most_once_a_day(
    make: Make, visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    owner = make.user(roles=("owner",))
    make.user(roles=("front_desk",))
    run(now)
    lose(db.session.scalars(sa.select(Message)).one(), now)
    for hours in (0, 1, 23):
        run(now + hours * HOUR)
    assert len(occasions(MessageKind.DELIVERY_TROUBLE)) == 1
    mail = next(mail for mail in postbox.mails if mail["To"] == owner.email)
    assert "1 letter of the last day could not be delivered." in part(mail, "text/plain")
    run(now + 25 * HOUR)
    assert len(occasions(MessageKind.DELIVERY_TROUBLE)) == 1


def test_trouble_in_the_night_is_told_in_the_morning(make: Make, visit: Appointment, run: Pass) -> None:
    make.user(roles=("owner",))
    run(visit.starts_at - 40 * HOUR)
    lose(db.session.scalars(sa.select(Message).limit(1)).one(), berlin("2031-03-04T22:00"))
    run(berlin("2031-03-04T22:01"))
    run(berlin("2031-03-05T07:59"))
    assert occasions(MessageKind.DELIVERY_TROUBLE) == []
    run(berlin("2031-03-05T08:00"))
    assert occasions(MessageKind.DELIVERY_TROUBLE) == ["2031-03-05"]


def test_owners_hear_of_a_worker_that_fell_silent(
    make: Make, visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    make.user(roles=("owner",))
    long_ago = sa.func.clock_timestamp() - timedelta(hours=1)
    db.session.execute(sa.insert(Heartbeat).values(name="worker", at=long_ago, state=""))
    db.session.commit()
    run(now)
    assert len(occasions(MessageKind.DELIVERY_TROUBLE)) == 1
    assert any("silent for a while: worker." in part(mail, "text/plain") for mail in postbox.mails)
