"""The leave to send: what holds messages back, and what lets them go."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import delivery, heartbeat, pause
from clinic.messaging.delivery import PassTerms
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.models import Message, MessageKind, Sending
from clinic.messaging.pause import SendingPause, Why
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox

HELD = PassTerms(held=True)
OWNER = audit.by_user(Client().id)


@pytest.fixture
def restored(run: Pass, visit: Appointment, postbox: Postbox, now: datetime) -> None:
    """A copy of a database whose sender had run: its row still names the database it was copied from."""
    run(now)
    db.session.execute(sa.update(Sending).values(incarnation="7/00000001/1/1"))
    db.session.commit()


def release(now: datetime, *, leave_out: bool = False) -> int:
    left_out = pause.release(OWNER, now, leave_out=leave_out)
    db.session.commit()
    return left_out


def test_a_restored_copy_sends_nothing_until_it_is_released(
    restored: None, visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    before = len(postbox.kept)
    later = visit.starts_at - timedelta(hours=2)
    assert (run(later).sent, pause.hold()) == (0, SendingPause(Why.RESTORED, later))
    assert run(later + timedelta(seconds=2)).sent == 0
    assert heartbeat.heartbeats().sign(DeliveryPart.SENDING).word == "restored"
    assert not heartbeat.heartbeats().is_well
    assert pause.waiting(later) == {MessageKind.REMINDER: 1}
    assert release(later) == 0
    assert run(later + timedelta(seconds=4)).sent == 1
    assert (len(postbox.kept), pause.hold()) == (before + 1, None)


def test_a_release_may_leave_out_what_was_due_and_later_messages_go(
    restored: None, visit: Appointment, run: Pass, postbox: Postbox, now: datetime
) -> None:
    two_days_before = visit.starts_at - timedelta(hours=48)
    run(two_days_before)
    assert release(two_days_before, leave_out=True) == 1
    ended = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.REMINDER)).one()
    assert (ended.why, ended.sent_at) == ("left_out", None)
    assert run(two_days_before).sent == 0
    assert run(visit.starts_at - timedelta(hours=2)).sent == 1


def test_the_same_database_holds_nothing_however_often_it_starts(
    visit: Appointment, run: Pass, now: datetime
) -> None:
    assert run(now).sent == 1
    run(now + timedelta(minutes=1))
    assert pause.hold() is None


def test_every_mark_of_the_database_is_a_number_no_dump_carries(
    visit: Appointment, run: Pass, now: datetime
) -> None:
    run(now)
    marks = db.session.scalars(sa.select(Sending.incarnation)).one().split("/")
    assert len(marks) == 4
    assert all(int(mark, 16) > 0 for mark in marks)


def test_what_the_settings_hold_an_owner_releases_for_good(
    visit: Appointment, postbox: Postbox, now: datetime
) -> None:
    assert delivery.run_pass(now, 10, postbox, HELD).sent == 0
    assert pause.hold() == SendingPause(Why.ASKED, now)
    release(now)
    assert delivery.run_pass(now, 10, postbox, HELD).sent == 1


def test_taking_the_setting_away_releases_too_and_setting_it_again_holds_again(
    visit: Appointment, postbox: Postbox, now: datetime
) -> None:
    delivery.run_pass(now, 10, postbox, HELD)
    assert delivery.run_pass(now, 10, postbox).sent == 1
    assert pause.hold() is None
    delivery.run_pass(now, 10, postbox, HELD)
    release(now)
    delivery.run_pass(now, 10, postbox)
    delivery.run_pass(now, 10, postbox, HELD)
    assert pause.hold() == SendingPause(Why.ASKED, now)


def test_taking_the_setting_away_does_not_release_a_restored_copy(
    restored: None, postbox: Postbox, now: datetime
) -> None:
    delivery.run_pass(now, 10, postbox, HELD)
    delivery.run_pass(now, 10, postbox)
    assert pause.hold() == SendingPause(Why.RESTORED, now)


def test_a_release_is_audited_and_a_second_one_does_nothing(
    restored: None, run: Pass, app: Flask, now: datetime
) -> None:
    run(now)
    release(now, leave_out=True)
    release(now)
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "messages_released"))
    assert (entry.actor, entry.purpose, entry.subject_type) == (OWNER, "left_out", "sending")
