"""What is owed, kind by kind, as the pass finds it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client, Contact
from clinic.booking import changes, request_decisions
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.intake.models import Draft
from clinic.messaging.kinds.reminders import to_come
from clinic.messaging.models import Message, MessageKind
from clinic.plans import services as plans
from clinic.plans.models import Review, SessionNote
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox
from tests.plans.intakes import review

SETTLED = timedelta(seconds=120)
HOUR = timedelta(hours=1)


def kinds() -> list[str]:
    """The kinds of all messages, in the order they were owed."""
    return list(db.session.scalars(sa.select(Message.kind).order_by(Message.id)))


def occasions(kind: MessageKind) -> list[str]:
    return list(
        db.session.scalars(sa.select(Message.occasion).where(Message.kind == kind).order_by(Message.id))
    )


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def remind_at(make: Make, *offsets: timedelta) -> None:
    make.practice(reminder_offsets_minutes=[int(offset.total_seconds() // 60) for offset in offsets])


# Confirmations and requests


def test_a_booking_is_confirmed_once_however_often_one_looks(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    for seconds in range(5):
        run(now + timedelta(seconds=seconds))
    assert kinds() == [MessageKind.CONFIRMATION]
    assert postbox.subjects == ["Booked: Thursday 6 March, 10:00 at Alder Lane"]


def test_a_sent_letter_keeps_the_day_it_spoke_of(visit: Appointment, run: Pass, now: datetime) -> None:
    told = visit.starts_at
    run(now)
    with transaction():
        changes.move(visit.id, told + HOUR, revision=1, actor="link:x", now=now)
    run(now + SETTLED)
    days = db.session.scalars(sa.select(Message.visit_starts_at).order_by(Message.id)).all()
    assert days == [told, told + HOUR]


def test_nothing_is_owed_about_the_past_or_a_hold(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    make.appointment(of=massage, who=ada, starts_at=now - HOUR)
    make.appointment(of=massage, state=State.HELD, starts_at=now + HOUR)
    run(now)
    assert kinds() == []


def test_a_request_is_received_then_confirmed(
    make: Make, massage: Treatment, ada: Client, run: Pass, postbox: Postbox, now: datetime
) -> None:
    request = make.appointment(of=massage, who=ada, state=State.REQUESTED, request_reason="level")
    run(now)
    with transaction():
        request_decisions.confirm(request.id, actor="system", now=now + HOUR)
    run(now + HOUR)
    assert kinds() == [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_CONFIRMED]
    assert postbox.subjects == [
        "We have your request: Thursday 6 March, 10:00",
        "Confirmed: Thursday 6 March, 10:00 at Alder Lane",
    ]


def test_a_declined_request_gets_one_kind_of_letter(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    request = make.appointment(of=massage, who=ada, state=State.REQUESTED, request_reason="level")
    run(now)
    with transaction():
        request_decisions.decline(request.id, actor="system", now=now + HOUR)
    run(now + 2 * HOUR)
    assert kinds() == [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_DECLINED]


def test_a_decision_that_can_be_taken_back_is_told_once_it_cannot(
    make: Make, visit: Appointment, run: Pass, now: datetime
) -> None:
    visit.state, visit.decide_by, visit.request_reason = State.REQUESTED, now + timedelta(hours=1), "plain"
    db.session.commit()
    run(now)
    request_decisions.decline(visit.id, actor="user:1", now=now, can_be_taken_back=True)
    db.session.commit()
    run(now + timedelta(seconds=119))
    assert MessageKind.REQUEST_DECLINED not in kinds()
    run(now + timedelta(seconds=120))
    assert kinds()[-1] == MessageKind.REQUEST_DECLINED


def test_a_client_is_told_of_a_call_only_if_wanted_and_not_once_it_is_undone(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    request = make.appointment(of=massage, who=ada, state=State.REQUESTED, request_reason="safety")
    waiting, by = review(request), make.user(roles=["therapist"])
    with transaction():
        plans.call_first(waiting, revision=1, by=by, now=now)
        plans.tell_of_call(waiting, revision=waiting.revision, by=by, now=now)
    run(now)
    assert MessageKind.CALL_FIRST not in kinds()
    with transaction():
        plans.end_call(waiting, reached=False, revision=waiting.revision, by=by, now=now)
        plans.call_first(waiting, revision=waiting.revision, by=by, now=now)
    run(now + HOUR)
    assert MessageKind.CALL_FIRST not in kinds()
    with transaction():
        plans.end_call(waiting, reached=False, revision=waiting.revision, by=by, now=now)
        plans.call_first(waiting, revision=waiting.revision, by=by, now=now)
        plans.tell_of_call(waiting, revision=waiting.revision, by=by, now=now)
    run(now + 2 * HOUR)
    run(now + 3 * HOUR)
    assert kinds().count(MessageKind.CALL_FIRST) == 1


def test_what_safety_turned_into_a_request_is_not_told_by_mail(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    make.appointment(of=massage, who=ada, state=State.REQUESTED, request_reason="safety")
    run(now)
    assert kinds() == []


def test_what_most_passes_do_not_look_at_is_found_within_five_minutes(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    run(now)
    make.appointment(of=massage, who=ada, changed_at=now - timedelta(days=3))
    run(now + timedelta(seconds=2))
    assert kinds() == []
    run(now + timedelta(minutes=5))
    assert kinds() == [MessageKind.CONFIRMATION]


# Changes and cancellations


def moved(visit: Appointment, by: timedelta, now: datetime) -> None:
    with transaction():
        changes.move(visit.id, visit.starts_at + by, revision=visit.revision, actor="system", now=now)


def test_a_change_is_told_after_it_has_settled_and_only_the_newest(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    moved(visit, HOUR, now)
    run(now + timedelta(seconds=60))
    moved(visit, HOUR, now + timedelta(seconds=90))
    run(now + timedelta(seconds=150))
    assert kinds() == [MessageKind.CONFIRMATION]
    run(now + timedelta(seconds=90) + SETTLED)
    assert occasions(MessageKind.CHANGE) == ["r3"]
    assert postbox.subjects[-1] == "Changed: now Thursday 6 March, 12:00 at Alder Lane"


def test_a_move_that_was_undone_leaves_no_trace(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    moved(visit, HOUR, now)
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor="system", now=now + timedelta(seconds=60))
    run(now + timedelta(seconds=60) + SETTLED)
    run(now + HOUR)
    assert postbox.subjects == ["Booked: Thursday 6 March, 10:00 at Alder Lane"]


def test_there_and_back_and_there_again_loses_no_letter(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    for hours, by in ((1, HOUR), (2, -HOUR), (3, HOUR)):
        moved(visit, by, now + hours * HOUR)
        run(now + hours * HOUR + SETTLED)
    assert occasions(MessageKind.CHANGE) == ["r2", "r3", "r4"]
    assert [subject.split(", ")[1][:5] for subject in postbox.subjects[1:]] == ["11:00", "10:00", "11:00"]


def test_a_booking_that_moved_before_anybody_was_told_gets_one_letter_with_the_time_that_stands(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    moved(visit, HOUR, now)
    run(now + timedelta(seconds=1))
    run(now + HOUR)
    assert postbox.subjects == ["Booked: Thursday 6 March, 11:00 at Alder Lane"]


def test_a_cancellation_is_told_after_it_has_settled(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    with transaction():
        changes.cancel(visit.id, revision=1, actor="link:x", now=now)
    run(now + SETTLED - timedelta(seconds=1))
    assert kinds() == [MessageKind.CONFIRMATION]
    run(now + SETTLED)
    assert postbox.subjects[-1] == "Cancelled: Thursday 6 March, 10:00 at Alder Lane"


def test_a_cancellation_that_was_undone_leaves_no_trace(visit: Appointment, run: Pass, now: datetime) -> None:
    run(now)
    with transaction():
        changes.cancel(visit.id, revision=1, actor="link:x", now=now)
    with transaction():
        changes.undo(visit.id, revision=2, actor="link:x", now=now + timedelta(seconds=60))
    run(now + HOUR)
    assert kinds() == [MessageKind.CONFIRMATION]


# Reminders


def test_each_reminder_goes_at_its_offset_and_none_after_the_visit(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    for before in (49, 48, 3, 2, 1, -1):
        run(visit.starts_at - timedelta(hours=before))
    assert occasions(MessageKind.REMINDER) == ["r1/2880", "r1/120"]
    assert postbox.subjects[1:] == ["Thursday 6 March, 10:00: your session at Alder Lane"] * 2


def test_a_booking_made_inside_the_window_gets_no_late_reminder(
    make: Make, massage: Treatment, ada: Client, run: Pass, now: datetime
) -> None:
    starts_at = now + timedelta(hours=30)
    make.appointment(of=massage, who=ada, starts_at=starts_at, time_agreed_at=now)
    run(now + timedelta(minutes=1))
    assert occasions(MessageKind.REMINDER) == []
    run(starts_at - timedelta(hours=2))
    assert occasions(MessageKind.REMINDER) == ["r1/120"]


def test_of_two_reminders_due_at_once_only_the_last_goes(visit: Appointment, run: Pass) -> None:
    run(visit.starts_at - timedelta(minutes=90))
    run(visit.starts_at - timedelta(minutes=80))
    assert occasions(MessageKind.REMINDER) == ["r1/120"]


def test_a_new_rule_neither_doubles_nor_loses_a_reminder(make: Make, visit: Appointment, run: Pass) -> None:
    run(visit.starts_at - timedelta(hours=48))
    remind_at(make, timedelta(hours=72), timedelta(hours=24))
    run(visit.starts_at - timedelta(hours=47))
    assert occasions(MessageKind.REMINDER) == ["r1/2880"]
    run(visit.starts_at - timedelta(hours=24))
    assert occasions(MessageKind.REMINDER) == ["r1/2880", "r1/1440"]


def test_a_reminder_that_falls_into_quiet_hours_goes_before_them(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    remind_at(make, timedelta(hours=3))
    make.appointment(of=massage, who=ada, starts_at=berlin("2031-03-06T09:00"))
    run(berlin("2031-03-05T20:29"))
    assert occasions(MessageKind.REMINDER) == []
    run(berlin("2031-03-05T20:30"))
    assert occasions(MessageKind.REMINDER) == ["r1/180"]


def test_in_quiet_hours_the_short_reminder_is_left_out_when_the_long_one_went(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    start = berlin("2031-03-06T09:00")
    make.appointment(of=massage, who=ada, starts_at=start)
    run(start - timedelta(hours=48))
    for moment in ("2031-03-05T20:30", "2031-03-05T22:00", "2031-03-06T08:00", "2031-03-06T08:59"):
        run(berlin(moment))
    assert occasions(MessageKind.REMINDER) == ["r1/2880"]


def test_a_reminder_that_was_missed_waits_for_the_morning_unless_the_visit_is_too_near(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    near = make.appointment(of=massage, who=ada, starts_at=berlin("2031-03-06T09:00"))
    later = make.appointment(of=massage, who=ada, starts_at=berlin("2031-03-06T11:00"), therapist=None)
    run(berlin("2031-03-06T03:00"))
    assert db.session.scalars(
        sa.select(Message.subject_id).where(Message.kind == MessageKind.REMINDER)
    ).all() == [near.id]
    run(berlin("2031-03-06T08:00"))
    reminded = db.session.scalars(
        sa.select(Message.subject_id).where(Message.kind == MessageKind.REMINDER)
    ).all()
    assert set(reminded) == {near.id, later.id}


def test_quiet_hours_are_those_of_the_location(make: Make, ada: Client, run: Pass) -> None:
    make.practice()
    remind_at(make, timedelta(hours=3))
    there = make.location(zone="Asia/Kathmandu")
    massage = make.treatment(therapists=[make.therapist(there)])
    start = datetime(2031, 3, 6, 9, 0, tzinfo=ZoneInfo("Asia/Kathmandu")).astimezone(UTC)
    make.appointment(of=massage, who=ada, starts_at=start)
    run(start - timedelta(hours=13))
    assert occasions(MessageKind.REMINDER) == []
    run(start - timedelta(hours=12, minutes=30))
    assert occasions(MessageKind.REMINDER) == ["r1/180"]


@pytest.mark.parametrize("begins", ["09:15", "10:00", "14:00", "21:30"])
@pytest.mark.parametrize("offsets", [(48, 2), (2,), (24, 12, 2)], ids=str)
def test_pages_promise_the_reminders_that_go_and_when(
    make: Make, visit: Appointment, run: Pass, now: datetime, begins: str, offsets: tuple[int, ...]
) -> None:
    remind_at(make, *(hours * HOUR for hours in offsets))
    visit.starts_at = berlin(f"2031-03-06T{begins}")
    visit.ends_at = visit.starts_at + HOUR
    visit.occupied_from, visit.occupied_until = visit.starts_at, visit.ends_at
    db.session.commit()
    promised = to_come(visit, now)
    run(now)
    for moment in promised:
        before = len(occasions(MessageKind.REMINDER))
        run(moment - timedelta(seconds=1))
        assert len(occasions(MessageKind.REMINDER)) == before
        run(moment)
        assert len(occasions(MessageKind.REMINDER)) == before + 1
    run(visit.starts_at - timedelta(minutes=1))
    assert len(occasions(MessageKind.REMINDER)) == len(promised) > 0


def test_nothing_is_promised_to_who_gets_no_reminder(visit: Appointment, ada: Client, now: datetime) -> None:
    assert to_come(visit, now)
    ada.contacts[0].reminder_offsets_minutes = [60]
    db.session.commit()
    assert to_come(visit, now) == [visit.starts_at - HOUR]
    ada.contacts[0].wants_reminders = False
    db.session.commit()
    assert to_come(visit, now) == []
    ada.contacts[0].wants_reminders, ada.contacts[0].bounced_at = True, now
    db.session.commit()
    assert to_come(visit, now) == []


def test_a_reminder_counts_elapsed_hours_over_the_spring_night(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    start = berlin("2031-03-31T10:00")
    make.appointment(of=massage, who=ada, starts_at=start)
    run(berlin("2031-03-29T08:59"))
    assert occasions(MessageKind.REMINDER) == []
    run(berlin("2031-03-29T09:00"))
    assert occasions(MessageKind.REMINDER) == ["r1/2880"]


def test_the_new_time_of_a_moved_visit_is_another_occasion(visit: Appointment, run: Pass) -> None:
    run(visit.starts_at - timedelta(hours=48))
    moved(visit, timedelta(days=4), visit.starts_at - timedelta(hours=40))
    run(visit.starts_at - timedelta(hours=48))
    assert occasions(MessageKind.REMINDER) == ["r1/2880", "r2/2880"]


@pytest.mark.parametrize(
    "state", [State.CANCELLED, State.REQUESTED, State.DONE, State.MISSED, State.DECLINED]
)
def test_only_booked_visits_are_reminded(
    make: Make, massage: Treatment, ada: Client, run: Pass, state: State
) -> None:
    row = make.appointment(of=massage, who=ada, state=state, request_reason="level")
    run(row.starts_at - timedelta(hours=2))
    assert occasions(MessageKind.REMINDER) == []


def test_who_wants_no_reminder_gets_none_but_is_confirmed(visit: Appointment, ada: Client, run: Pass) -> None:
    ada.contacts[0].wants_reminders = False
    db.session.commit()
    run(visit.starts_at - timedelta(hours=2))
    assert kinds() == [MessageKind.CONFIRMATION]


# Addresses


def test_nothing_is_owed_to_an_address_that_bounced(
    visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    ada.contacts[0].bounced_at = now
    db.session.commit()
    run(now)
    assert kinds() == []


def test_nothing_is_owed_for_a_client_who_was_erased(
    visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    ada.erased_at = now
    db.session.commit()
    run(now)
    assert kinds() == []


def test_of_several_addresses_one_counts_the_guardians_first(
    make: Make, visit: Appointment, ada: Client, run: Pass, postbox: Postbox, now: datetime
) -> None:
    make.contact(ada, value="carer@client.example", relation="carer", verified_at=now)
    make.contact(ada, value="parent@client.example", relation="guardian")
    make.contact(ada, kind="phone", value="+4930555010")
    run(now)
    assert [mail["To"] for mail in postbox.mails] == ["parent@client.example"]


def test_another_address_later_does_not_repeat_what_was_told(
    make: Make, visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    run(now)
    make.contact(ada, value="newer@client.example", verified_at=now)
    run(now + HOUR)
    assert kinds() == [MessageKind.CONFIRMATION]


def test_an_address_that_was_corrected_gets_the_letter_the_wrong_one_could_not_take(
    make: Make, visit: Appointment, ada: Client, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    message = db.session.scalars(sa.select(Message)).one()
    message.sent_at, message.given_up_at = None, now
    ada.contacts[0].bounced_at = now
    db.session.commit()
    make.contact(ada, value="right@client.example")
    run(now + HOUR)
    assert [str(mail["To"]) for mail in postbox.mails] == ["ada@client.example", "right@client.example"]


def test_two_clients_on_one_address_each_get_their_own_letter(
    make: Make, visit: Appointment, massage: Treatment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    ben = make.client(given_name="Ben", mail="ada@client.example")
    make.appointment(of=massage, who=ben, starts_at=visit.starts_at + 2 * HOUR)
    run(now)
    assert len(postbox.kept) == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 2


# After the visit


def done(
    make: Make, massage: Treatment, ada: Client, starts_at: datetime, state: State = State.DONE
) -> Appointment:
    row: Appointment = make.appointment(of=massage, who=ada, starts_at=starts_at, state=state)
    return row


def sign(make: Make, visit: Appointment, at: datetime) -> None:
    author = make.user()
    note = SessionNote(
        appointment_id=visit.id, client_id=visit.client_id, author_id=author.id, written_at=at, signed_at=at
    )
    note.content = {
        "modalities": ["deep_tissue"],
        "areas": [],
        "pressure": "",
        "text": "",
        "reaction": "",
        "next": "",
    }
    db.session.add(note)
    db.session.commit()


def test_aftercare_goes_once_the_note_is_signed(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    row = done(make, massage, ada, berlin("2031-03-04T10:00"))
    run(berlin("2031-03-04T12:00"))
    assert occasions(MessageKind.AFTERCARE) == []
    sign(make, row, berlin("2031-03-04T12:30"))
    run(berlin("2031-03-04T12:31"))
    run(berlin("2031-03-05T10:00"))
    assert occasions(MessageKind.AFTERCARE) == ["visit"]


@pytest.mark.parametrize("state", [State.DONE, State.ARRIVED])
def test_without_a_signed_note_aftercare_goes_the_next_morning_at_nine(
    make: Make, massage: Treatment, ada: Client, run: Pass, state: State
) -> None:
    done(make, massage, ada, berlin("2031-03-29T10:00"), state)
    run(berlin("2031-03-30T08:59"))
    assert occasions(MessageKind.AFTERCARE) == []
    run(berlin("2031-03-30T09:00"))
    assert occasions(MessageKind.AFTERCARE) == ["visit"]


def test_a_note_signed_at_night_is_followed_by_aftercare_in_the_morning(
    make: Make, massage: Treatment, ada: Client, run: Pass
) -> None:
    sign(make, done(make, massage, ada, berlin("2031-03-04T16:00")), berlin("2031-03-04T22:00"))
    run(berlin("2031-03-05T07:59"))
    assert occasions(MessageKind.AFTERCARE) == []
    run(berlin("2031-03-05T08:00"))
    assert occasions(MessageKind.AFTERCARE) == ["visit"]


@pytest.mark.parametrize("state", [State.MISSED, State.CANCELLED, State.BOOKED])
def test_a_visit_that_did_not_take_place_has_no_aftercare(
    make: Make, massage: Treatment, ada: Client, run: Pass, state: State
) -> None:
    done(make, massage, ada, berlin("2031-03-04T10:00"), state)
    run(berlin("2031-03-05T12:00"))
    assert occasions(MessageKind.AFTERCARE) == []


# Intake and reviews


def draft(asked_at: datetime | None, mail: str | None = "ada@client.example") -> Draft:
    row = Draft(
        browser=b"browser",
        consented_at=asked_at,
        consent_version="1",
        created_at=asked_at,
        changed_at=asked_at,
        resume_asked_at=asked_at,
        resume_revision=1,
    )
    row.answers, row.mail = {}, mail
    db.session.add(row)
    db.session.commit()
    return row


def test_asking_for_a_resume_link_owes_one_letter_and_asking_again_another(
    make: Make, run: Pass, postbox: Postbox, now: datetime
) -> None:
    make.offering()
    row = draft(now)
    run(now)
    run(now + timedelta(seconds=2))
    row.resume_asked_at, row.resume_revision = now + HOUR, 2
    db.session.commit()
    run(now + HOUR)
    assert occasions(MessageKind.RESUME_INTAKE) == ["r1", "r2"]
    assert [str(mail["To"]) for mail in postbox.mails] == ["ada@client.example"] * 2


def test_a_draft_without_an_address_gets_no_link(make: Make, run: Pass, now: datetime) -> None:
    make.offering()
    draft(now, mail=None)
    run(now)
    assert kinds() == []


def test_a_waiting_review_is_told_to_the_therapist_of_the_visit_only(
    make: Make,
    massage: Treatment,
    visit: Appointment,
    ada: Client,
    run: Pass,
    postbox: Postbox,
    now: datetime,
) -> None:
    hers = make.user(email="thea@alderlane.example")
    make.user(email="other@alderlane.example")
    massage.therapists[0].user_id = hers.id
    submission = make.submission(who=ada)
    db.session.add(
        Review(
            outcome_id=submission.outcome.id,
            submission_id=submission.id,
            client_id=ada.id,
            appointment_id=visit.id,
            opened_at=now,
        )
    )
    db.session.commit()
    run(now)
    letters = [mail for mail in postbox.mails if str(mail["Subject"]).startswith("An intake")]
    assert [str(mail["To"]) for mail in letters] == ["thea@alderlane.example"]


def test_a_review_of_a_visit_whose_therapist_never_signs_in_is_told_to_all_therapists(
    make: Make, visit: Appointment, ada: Client, run: Pass, now: datetime
) -> None:
    one, two = make.user(), make.user(roles=["therapist", "owner"])
    make.user(roles=["front_desk"])
    make.user(active=False)
    submission = make.submission(who=ada)
    db.session.add(
        Review(
            outcome_id=submission.outcome.id,
            submission_id=submission.id,
            client_id=ada.id,
            appointment_id=visit.id,
            opened_at=now,
        )
    )
    db.session.commit()
    run(now)
    told = db.session.scalars(
        sa.select(Message.recipient_id).where(Message.kind == MessageKind.REVIEW_WAITING)
    )
    assert set(told) == {one.id, two.id}


def test_before_set_up_nothing_is_owed(database: sa.Connection, run: Pass, now: datetime) -> None:
    assert run(now).owed == 0
