"""Owing, claiming and settling one row."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from clinic.db import db, transaction
from clinic.messaging import backlog, pause, queries, services
from clinic.messaging.kinds.addresses import owe_sign_in
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import LEASE, RETRY_SECONDS, Claim, Owed
from clinic.refusal import Refusal
from tests.make import Make

pytestmark = pytest.mark.usefixtures("database")


def owed(now: datetime, subject: UUID | None = None, **columns: object) -> Owed:
    return Owed(
        **{
            "kind": MessageKind.REMINDER,
            "subject_id": subject or uuid4(),
            "recipient_id": uuid4(),
            "occasion": "r1/120",
            "due_at": now,
            "expires_at": now + timedelta(hours=2),
            **columns,
        }
    )


def claimed(now: datetime) -> Claim:
    held = services.claim(now)
    assert held is not None
    return held


def row() -> Message:
    db.session.expire_all()
    return db.session.scalars(sa.select(Message)).one()


def test_what_is_owed_is_owed_once(now: datetime) -> None:
    one = owed(now)
    assert services.owe([one, one, owed(now)], now) == 2
    assert services.owe([one], now) == 0


def test_more_rows_than_one_statement_takes_are_owed(now: datetime) -> None:
    assert (
        services.owe([owed(now) for _ in range(services.ROWS_AT_ONCE + 5)], now) == services.ROWS_AT_ONCE + 5
    )


def test_the_message_that_waited_longest_is_claimed_first_and_by_one_only(now: datetime) -> None:
    second, first = owed(now), owed(now - timedelta(minutes=1))
    services.owe([second, first], now)
    assert [claimed(now).subject_id, claimed(now).subject_id] == [first.subject_id, second.subject_id]
    assert services.claim(now) is None


def test_what_is_due_later_is_not_claimed(now: datetime) -> None:
    services.owe([owed(now + timedelta(seconds=1))], now)
    assert services.claim(now) is None
    assert claimed(now + timedelta(seconds=1)).attempts == 1


def test_a_claim_whose_sender_died_is_free_after_its_lease(now: datetime) -> None:
    services.owe([owed(now)], now)
    first = claimed(now)
    assert services.claim(now + LEASE - timedelta(seconds=1)) is None
    second = claimed(now + LEASE)
    assert (second.attempts, second.fence) == (2, first.fence + 1)


def test_a_sender_that_slept_past_its_lease_changes_nothing(now: datetime) -> None:
    services.owe([owed(now)], now)
    slept = claimed(now)
    services.settle(claimed(now + LEASE), now + LEASE)
    for verb in (services.drop, services.give_up, services.retry):
        assert not verb(slept, "late", now + LEASE)
    assert not services.settle(slept, now + 2 * LEASE)
    assert not services.put_back(slept)
    assert (row().sent_at, row().why) == (now + LEASE, None)


def test_a_sender_that_slept_cannot_settle_while_another_holds_the_message(now: datetime) -> None:
    services.owe([owed(now)], now)
    slept, awake = claimed(now), claimed(now + LEASE)
    assert not services.settle(slept, now + LEASE)
    assert row().sent_at is None
    assert services.settle(awake, now + LEASE)


def test_tries_move_further_apart_with_a_fifth_of_spread(now: datetime) -> None:
    for attempts, seconds in enumerate((*RETRY_SECONDS, RETRY_SECONDS[-1]), start=1):
        delays = [services.retry_delay(attempts).total_seconds() for _ in range(50)]
        assert seconds * 0.8 <= min(delays) < max(delays) <= seconds * 1.2


def test_a_message_is_given_up_when_its_next_try_would_come_after_the_visit_began(now: datetime) -> None:
    services.owe([owed(now, expires_at=now + timedelta(seconds=30))], now)
    assert services.retry(claimed(now), "not_now", now)
    assert row().given_up_at is None
    later = row().due_at
    held = claimed(later + timedelta(seconds=20))
    services.retry(held, "not_now", now + timedelta(seconds=26))
    assert (row().given_up_at, row().why) == (now + timedelta(seconds=26), "not_now")


def test_putting_back_uses_up_no_attempt(now: datetime) -> None:
    services.owe([owed(now)], now)
    for _ in range(5):
        assert services.put_back(claimed(now))
    assert (row().attempts, row().lease_until) == (0, None)


def test_what_came_too_late_is_not_delivered_whether_it_was_tried_or_not(now: datetime) -> None:
    never, tried, held = (owed(now, expires_at=now + timedelta(minutes=1)) for _ in range(3))
    services.owe([never, tried, held], now)
    late = now + timedelta(minutes=1)
    db.session.execute(sa.update(Message).where(Message.subject_id == tried.subject_id).values(attempts=3))
    db.session.execute(
        sa.update(Message)
        .where(Message.subject_id == held.subject_id)
        .values(attempts=1, lease_until=late + LEASE)
    )
    assert services.end_worthless(late) == 2
    ends = {
        message.subject_id: (message.dropped_at, message.given_up_at)
        for message in db.session.scalars(sa.select(Message).execution_options(populate_existing=True))
    }
    assert ends == {
        never.subject_id: (None, late),
        tried.subject_id: (None, late),
        held.subject_id: (None, None),
    }


def test_a_message_that_brings_every_sender_down_ends_some_day(now: datetime) -> None:
    services.owe([owed(now, expires_at=None)], now)
    moment = now
    for _ in range(services.MOST_ATTEMPTS):
        claimed(moment)
        moment += LEASE
    assert services.end_worthless(moment) == 1
    assert row().why == "exhausted"


def test_the_oldest_due_message_tells_how_far_behind_we_are(now: datetime) -> None:
    assert services.oldest_due(now) is None
    services.owe([owed(now), owed(now - timedelta(hours=3)), owed(now + timedelta(hours=1))], now)
    assert services.oldest_due(now) == now - timedelta(hours=3)


def test_asking_twice_in_a_minute_for_a_sign_in_link_is_one_letter(make: Make, now: datetime) -> None:
    contact = make.client().contacts[0]
    owe_sign_in(contact, now)
    owe_sign_in(contact, now + timedelta(seconds=20))
    assert make.count(Message) == 1
    owe_sign_in(contact, now + timedelta(minutes=1))
    assert make.count(Message) == 2


def test_a_failed_change_owes_nothing(make: Make, now: datetime) -> None:
    contact = make.client().contacts[0]

    def ask_and_fail() -> None:
        with transaction():
            owe_sign_in(contact, now)
            raise Refusal

    with pytest.raises(Refusal):
        ask_and_fail()
    assert make.count(Message) == 0


def test_a_kind_that_only_a_later_version_knows_waits_for_it_and_stops_nobody(now: datetime) -> None:
    """As after going back one version: the row is neither claimed nor ended nor shown, and the next one goes out."""
    stranger, known = owed(now - timedelta(days=2), kind="of_a_later_version"), owed(now)
    services.owe([stranger, known], now)
    assert claimed(now).subject_id == known.subject_id
    assert services.claim(now) is None
    services.end_worthless(now)
    assert {line.kind for line in queries.page(now).lines} == {MessageKind.REMINDER}
    assert pause.waiting(now) == {MessageKind.REMINDER: 1}
    assert backlog.count(now).are_none
    left = db.session.execute(sa.select(Message.kind, Message.given_up_at, Message.attempts)).all()
    assert ("of_a_later_version", None, 0) in left
