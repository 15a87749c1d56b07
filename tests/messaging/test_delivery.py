"""The pass: what a mail server's moods do to messages."""

import os
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging import delivery, heartbeat, services
from clinic.messaging.delivery import PassTerms
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.mailer import Refused, TryLater
from clinic.messaging.models import Heartbeat, Message, MessageKind
from clinic.practice.models import Treatment
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox

SECOND = timedelta(seconds=1)
JUST_NOW = -600
"""Seconds ago, as a machine sees it on which much else went on meanwhile."""
HELD = PassTerms(held=True)


def row() -> Message:
    db.session.expire_all()
    return db.session.scalars(sa.select(Message)).one()


def state_of(part: DeliveryPart) -> str:
    return heartbeat.heartbeats().sign(part).state


def seconds_ago(part: DeliveryPart, seconds: int) -> None:
    """Make a heartbeat older, by the database's clock."""
    older = sa.func.clock_timestamp() - timedelta(seconds=seconds)
    db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == part.value).values(at=older))
    db.session.commit()


def test_a_mail_that_was_taken_is_settled(visit: Appointment, run: Pass, now: datetime) -> None:
    tally = run(now)
    assert (tally.owed, tally.sent) == (1, 1)
    assert row().sent_at is not None
    assert row().lease_until is None


def test_a_server_that_says_not_now_is_asked_again_later(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    postbox.faults.append(TryLater("not_now"))
    begun = monotonic()
    assert run(now).later == 1
    took = (monotonic() - begun) * SECOND
    assert (row().why, row().attempts) == ("not_now", 1)
    again_at = row().due_at
    assert now + 4 * SECOND <= again_at <= now + 6 * SECOND + took
    assert run(again_at - SECOND).sent == 0
    assert run(again_at + SECOND).sent == 1


def test_a_refused_mail_is_tried_once_and_shown(
    visit: Appointment, run: Pass, postbox: Postbox, ada: Client, now: datetime
) -> None:
    postbox.faults.append(Refused("refused"))
    assert run(now).given_up == 1
    assert (row().why, ada.contacts[0].bounced_at) == ("refused", None)
    run(now + timedelta(hours=1))
    assert postbox.kept == []


def test_an_address_that_does_not_exist_is_marked(
    visit: Appointment, run: Pass, postbox: Postbox, ada: Client, now: datetime
) -> None:
    postbox.faults.append(Refused("no_such_address", no_such_address=True))
    run(now)
    db.session.refresh(ada.contacts[0])
    assert ada.contacts[0].bounced_at is not None


def test_one_bad_message_holds_up_no_other(
    make: Make, visit: Appointment, massage: Treatment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    for hour in range(2, 5):
        make.appointment(of=massage, who=make.client(), starts_at=visit.starts_at + timedelta(hours=hour))
    postbox.faults.append(Refused("refused"))
    assert run(now).sent == 3


def test_a_fault_of_ours_is_logged_without_a_word_of_the_letter_and_tried_again(
    visit: Appointment, run: Pass, postbox: Postbox, caplog: pytest.LogCaptureFixture, now: datetime
) -> None:
    postbox.faults.append(KeyError("ada@client.example"))  # type: ignore[arg-type]  # what no mailer should raise
    assert run(now).later == 1
    assert row().why == "fault"
    assert "ada@" not in caplog.text
    assert caplog.records[-1].message == "message failed"
    assert run(now + 10 * SECOND).sent == 1


def test_a_server_that_is_away_uses_up_nobodys_attempts(
    make: Make, visit: Appointment, massage: Treatment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    make.appointment(of=massage, who=make.client(), starts_at=visit.starts_at + timedelta(hours=2))
    postbox.away = True
    for seconds in range(0, 60, 2 if os.environ.get("LUMBAR_LONG") else 10):
        run(now + seconds * SECOND)
    assert db.session.scalars(sa.select(Message.attempts)).all() == [0, 0]
    assert state_of(DeliveryPart.MAIL) == "unreachable"


def test_the_open_circuit_is_probed_every_three_seconds_and_closes_when_the_server_is_back(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    postbox.away = True
    run(now)
    seconds_ago(DeliveryPart.MAIL, JUST_NOW)
    run(now)
    assert postbox.probes == 0
    seconds_ago(DeliveryPart.MAIL, 4)
    run(now)
    seconds_ago(DeliveryPart.MAIL, JUST_NOW)
    run(now)
    assert postbox.probes == 1
    postbox.away = False
    seconds_ago(DeliveryPart.MAIL, 4)
    assert run(now).sent == 1
    assert state_of(DeliveryPart.MAIL) == ""


def test_while_held_messages_are_owed_and_wait(visit: Appointment, postbox: Postbox, now: datetime) -> None:
    held = delivery.run_pass(now, 10, postbox, HELD)
    assert (held.owed, held.sent, postbox.kept) == (1, 0, [])
    assert delivery.run_pass(now, 10, postbox).sent == 1


def test_a_pass_stops_at_its_limit(
    make: Make, visit: Appointment, massage: Treatment, postbox: Postbox, now: datetime
) -> None:
    make.appointment(of=massage, who=make.client(), starts_at=visit.starts_at + timedelta(hours=2))
    assert delivery.run_pass(now, 1, postbox).sent == 1
    assert delivery.run_pass(now, 1, postbox).sent == 1


def test_a_letter_waits_for_the_disk_once(
    make: Make, visit: Appointment, massage: Treatment, postbox: Postbox, now: datetime
) -> None:
    """What was accepted is recorded in the transaction that claims the next."""
    for number in range(1, 5):
        make.appointment(
            of=massage, who=make.client(), starts_at=visit.starts_at + timedelta(hours=2 * number)
        )
    delivery.run_pass(now, 10, postbox, HELD)
    changing: list[set[str]] = [set()]

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("RELEASE"):
            changing.append(set())
        elif statement.startswith("UPDATE messages"):
            changing[-1].add("settled" if "sent_at=" in statement else "claimed")

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert delivery.run_pass(now, 10, postbox).sent == 5
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    both = {"settled", "claimed"}
    assert [each for each in changing if "settled" in each] == [both] * 5


def test_after_a_long_outage_mails_leave_ten_a_second_and_none_about_the_past(
    make: Make, massage: Treatment, ada: Client, postbox: Postbox, now: datetime
) -> None:
    soon = [
        make.appointment(of=massage, who=ada, starts_at=now + timedelta(hours=hour)) for hour in (3, 50, 60)
    ]
    delivery.run_pass(now, 10, postbox, HELD)
    pauses: list[float] = []
    later = now + timedelta(hours=24)
    tally = delivery.run_pass(later, 10, postbox, PassTerms(pause=pauses.append))
    # The first visit is over; the two others are confirmed and reminded.
    assert (tally.sent, pauses) == (4, [0.1] * 4)
    ended = db.session.scalars(sa.select(Message.why).where(Message.subject_id == soon[0].id)).all()
    assert ended == ["too_late"]
    pauses.clear()
    delivery.run_pass(later + SECOND, 10, postbox, PassTerms(pause=pauses.append))
    assert pauses == []


def test_a_message_that_became_untrue_between_owing_and_sending_is_dropped(
    visit: Appointment, postbox: Postbox, now: datetime
) -> None:
    delivery.run_pass(now, 10, postbox, HELD)
    visit.state, visit.cancelled_by, visit.changed_at = State.CANCELLED, "client", now
    db.session.commit()
    assert delivery.run_pass(now, 10, postbox).dropped == 1
    assert (row().why, postbox.kept) == ("cancelled", [])


def test_a_reminder_of_a_moved_visit_is_dropped(
    visit: Appointment, postbox: Postbox, run: Pass, now: datetime
) -> None:
    run(now)
    moment = visit.starts_at - timedelta(hours=2)
    delivery.run_pass(moment, 10, postbox, HELD)
    visit.time_revision = visit.revision = 2
    visit.changed_at = visit.time_agreed_at = moment
    db.session.commit()
    delivery.run_pass(moment, 10, postbox)
    reminder = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.REMINDER)).one()
    assert reminder.why == "moved"


def test_a_second_try_carries_the_same_message_id(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    message = row()
    message.sent_at = None
    db.session.commit()
    run(now + services.LEASE)
    ids = {str(mail["Message-ID"]) for mail in postbox.mails}
    assert len(postbox.kept) == 2
    assert ids == {f"<{message.id}@lumbar.example>"}


def test_the_pass_leaves_its_pulse(visit: Appointment, run: Pass, now: datetime) -> None:
    run(now)
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).word == "ok"


def test_no_more_leave_in_a_minute_than_the_provider_allows_and_nobodys_attempt_is_used_up(
    make: Make, visit: Appointment, massage: Treatment, postbox: Postbox, now: datetime
) -> None:
    for hour in range(2, 5):
        make.appointment(of=massage, who=make.client(), starts_at=visit.starts_at + timedelta(hours=hour))
    few = PassTerms(per_minute=3)
    assert delivery.run_pass(now, 10, postbox, few).sent == 3
    assert delivery.run_pass(now + 2 * SECOND, 10, postbox, few).sent == 0
    waiting = db.session.scalars(sa.select(Message.attempts).where(Message.sent_at.is_(None))).all()
    assert waiting == [0]
    assert delivery.run_pass(now + 61 * SECOND, 10, postbox, few).sent == 1


def test_greylisting_for_a_quarter_of_an_hour_ends_in_a_delivery(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    tries, begun = [now], monotonic()
    postbox.faults.append(TryLater("not_now"))
    run(now)
    while row().sent_at is None:
        if tries[-1] < now + timedelta(minutes=15):
            postbox.faults.append(TryLater("not_now"))
        tries.append(row().due_at)
        run(row().due_at)
    postbox.faults.clear()
    took = monotonic() - begun  # A wait begins when its try ends.
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    for wait, meant in zip(waits, services.RETRY_SECONDS, strict=False):
        assert 0.8 * meant <= wait <= 1.2 * meant + took
    assert len(postbox.kept) == 1
    assert row().attempts == len(tries)


def test_a_message_is_given_up_when_its_next_try_would_come_after_the_start_of_the_visit(
    visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    visit.client.contacts[0].wants_reminders = False
    db.session.commit()
    postbox.faults.append(TryLater("not_now"))
    run(now)
    late = visit.starts_at - timedelta(minutes=45)
    db.session.execute(sa.update(Message).values(due_at=late, attempts=7))
    db.session.commit()
    postbox.faults.extend([TryLater("not_now")] * 2)
    assert run(late).later == 1
    assert late < row().due_at < visit.starts_at
    run(row().due_at)
    assert row().given_up_at is not None
    assert (row().why, postbox.kept) == ("not_now", [])


def test_the_wait_before_another_try_is_spread_and_never_longer_than_36_minutes() -> None:
    waits = {services.retry_delay(attempts) for attempts in range(1, 60) for _ in range(5)}
    assert len(waits) > 100
    assert max(waits) <= timedelta(minutes=36)
    assert min(waits) >= timedelta(seconds=4)


def test_a_host_whose_clock_is_off_goes_by_the_database_s(visit: Appointment) -> None:
    here = clock.system()
    for minutes in (-60, -5, 5, 60):
        off = timedelta(minutes=minutes)
        found = heartbeat.on_time(here + off, here + off)
        assert abs(found - here) < 30 * SECOND
        assert not heartbeat.is_on_time(here + off)
    assert heartbeat.on_time(here + SECOND, here + SECOND) == here + SECOND
    assert heartbeat.is_on_time(clock.system())


def test_a_shifted_test_clock_stays_shifted(visit: Appointment, now: datetime) -> None:
    assert heartbeat.on_time(now, clock.system()) == now
