"""The question after a visit, and the letter about an answer that worries: when, to whom, and when not."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.models import Message, MessageKind
from clinic.plans import score_sheets
from clinic.plans.models import CheckIn
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox
from tests.messaging.test_due import berlin, done, occasions


@pytest.mark.parametrize("state", [State.DONE, State.ARRIVED])
def test_a_visit_is_asked_about_two_days_after_its_end(
    make: Make, massage: Treatment, ada: Client, run: Pass, state: State
) -> None:
    done(make, massage, ada, berlin("2031-03-04T10:00"), state)
    run(berlin("2031-03-06T10:59"))
    assert occasions(MessageKind.CHECK_IN) == []
    run(berlin("2031-03-06T11:00"))
    run(berlin("2031-03-06T12:00"))
    assert occasions(MessageKind.CHECK_IN) == ["visit"]


def test_the_spring_night_shortens_the_two_days_by_no_hour(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    row = done(make, massage, ada, berlin("2031-03-28T15:00"))
    run(row.ends_at + timedelta(hours=47, minutes=59))
    assert occasions(MessageKind.CHECK_IN) == []
    run(row.ends_at + timedelta(hours=48))
    assert occasions(MessageKind.CHECK_IN) == ["visit"]


def test_nobody_is_asked_in_quiet_hours(make: Make, massage: Treatment, ada: Client, run: Pass) -> None:
    done(make, massage, ada, berlin("2031-03-04T20:30"))
    run(berlin("2031-03-06T21:30"))
    run(berlin("2031-03-07T07:59"))
    assert occasions(MessageKind.CHECK_IN) == []
    run(berlin("2031-03-07T08:00"))
    assert occasions(MessageKind.CHECK_IN) == ["visit"]


@pytest.mark.parametrize("state", [State.MISSED, State.CANCELLED, State.BOOKED])
def test_a_visit_that_did_not_take_place_is_not_asked_about(
    make: Make, massage: Treatment, ada: Client, run: Pass, state: State
) -> None:
    done(make, massage, ada, berlin("2031-03-04T10:00"), state)
    run(berlin("2031-03-06T12:00"))
    assert occasions(MessageKind.CHECK_IN) == []


def test_a_week_later_the_question_makes_no_sense_any_more(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    done(make, massage, ada, berlin("2031-03-04T10:00"))
    run(berlin("2031-03-11T12:00"))
    assert occasions(MessageKind.CHECK_IN) == []


def test_somebody_who_wants_no_check_ins_is_not_asked(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    done(make, massage, ada, berlin("2031-03-04T10:00"))
    ada.contacts[0].wants_check_ins = False
    db.session.commit()
    run(berlin("2031-03-06T12:00"))
    assert occasions(MessageKind.CHECK_IN) == []


def given(visit: Appointment, at: datetime, *, asks: bool = True) -> CheckIn:
    """An answer after a visit."""
    row = CheckIn(appointment_id=visit.id, client_id=visit.client_id, asks_for_therapist=asks, answered_at=at)
    row.answers = {"feels": "worse" if asks else "better", "worrying": "no"}
    db.session.add(row)
    db.session.commit()
    return row


def to(postbox: Postbox) -> list[str]:
    return sorted(str(mail["To"]) for mail in postbox.mails if "check-in" in str(mail["Subject"]))


def test_an_answer_that_worries_is_told_to_the_visits_therapist_without_a_name(
    make: Make, massage: Treatment, ada: Client, run: Pass, postbox: Postbox
) -> None:
    hers = make.user(email="thea@alderlane.example")
    make.user(email="other@alderlane.example")
    massage.therapists[0].user_id = hers.id
    visit = done(make, massage, ada, berlin("2031-03-04T10:00"))
    given(visit, berlin("2031-03-06T12:00"))
    for minute in (0, 1):
        run(berlin(f"2031-03-06T12:0{minute}"))
    assert to(postbox) == ["thea@alderlane.example"]
    told = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.CHECK_IN_ANSWERED)).one()
    assert told.client_id is None


def test_a_good_answer_and_one_that_was_seen_to_are_told_to_nobody(
    make: Make, massage: Treatment, ada: Client, run: Pass, postbox: Postbox
) -> None:
    user = make.user()
    visit = done(make, massage, ada, berlin("2031-03-04T10:00"))
    given(visit, berlin("2031-03-06T12:00"), asks=False)
    seen = given(visit, berlin("2031-03-06T12:00"))
    seen.seen_at, seen.seen_by_id = berlin("2031-03-06T12:01"), user.id
    db.session.commit()
    run(berlin("2031-03-06T12:02"))
    assert to(postbox) == []


def test_when_the_visits_therapist_never_signs_in_all_therapists_are_told_in_the_morning(
    make: Make, massage: Treatment, ada: Client, run: Pass, postbox: Postbox
) -> None:
    make.user(email="one@alderlane.example")
    make.user(email="two@alderlane.example", roles=["therapist", "owner"])
    make.user(email="desk@alderlane.example", roles=["front_desk"])
    visit = done(make, massage, ada, berlin("2031-03-04T10:00"))
    given(visit, berlin("2031-03-06T22:00"))
    run(berlin("2031-03-06T22:01"))
    assert to(postbox) == []
    run(berlin("2031-03-07T08:00"))
    assert to(postbox) == ["one@alderlane.example", "two@alderlane.example"]


def test_a_letter_that_staff_asked_for_goes_once_outside_the_quiet_hours(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    visit = done(make, massage, ada, berlin("2031-03-04T10:00"))
    sheet = score_sheets.ask_by_letter(visit, by=make.user(), now=berlin("2031-03-05T22:00"))
    db.session.commit()
    run(berlin("2031-03-05T22:01"))
    assert occasions(MessageKind.SCORES_ASKED) == []
    for minute in (0, 1):
        run(berlin(f"2031-03-06T08:0{minute}"))
    assert occasions(MessageKind.SCORES_ASKED) == [str(sheet.id)]


def test_a_letter_for_scores_that_were_given_meanwhile_does_not_go(
    make: Make, massage: Treatment, ada: Client, run: Pass, postbox: Postbox
) -> None:
    visit = done(make, massage, ada, berlin("2031-03-04T10:00"))
    sheet = score_sheets.ask_by_letter(visit, by=make.user(), now=berlin("2031-03-05T22:00"))
    score_sheets.answer(sheet.id, {"pain_avg_nrs": ["3"]}, berlin("2031-03-05T22:05"))
    db.session.commit()
    run(berlin("2031-03-06T08:00"))
    assert occasions(MessageKind.SCORES_ASKED) == []
    assert not [mail for mail in postbox.mails if "A few questions" in str(mail["Subject"])]
