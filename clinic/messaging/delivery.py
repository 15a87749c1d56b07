"""The pass: find what is due, claim, send, settle. Celery, the fallback or a test may run it.

How a message gets from a fact to its recipient, whoever runs the pass and however many do at once:

1. Find. Every kind's question reads committed rows, and `services.owe` inserts one row for each message that is due. A unique
   constraint makes it one row for each occasion, even if two passes find the same.
2. Ask whether anything may leave: not while sending is paused, nor while the mail server does not answer.
3. Claim. One UPDATE takes the row that has been due longest and that nobody holds, skipping rows that another sender is just
   taking. It notes until when the claim lasts (the lease), counts the attempt, and raises the fence by one.
4. Compose the message from the facts of this moment. If it is no longer wanted, drop it; if it has no way to go, give it up.
5. Send it. No transaction is open meanwhile, so a slow server holds no lock.
6. Settle. Record how it ended, but only if the fence is still ours. A sender that slept past its lease finds that the fence
   has risen and changes nothing. The next message is claimed in the same transaction, so each letter waits for the disk once.

A sender that dies between 3 and 6 loses its claim when the lease runs out, and the next pass starts again at 3. If it died
between 5 and 6, the message goes twice with the same Message-ID: a rare second copy is better than a missing letter.

Composing a message has a transaction of its own, so a bad message delays no other.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from clinic import clock
from clinic.accounts import limits
from clinic.accounts.limits import Limit, TooMany
from clinic.db import db, transaction
from clinic.messaging import due, heartbeat, pause, services, sms
from clinic.messaging.bounces import effects
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.kinds.content import Drop
from clinic.messaging.letters import composing
from clinic.messaging.letters.composing import Letter
from clinic.messaging.mailer import Mailer, Refused, TryLater, Unreachable, mailer_of
from clinic.messaging.services import Claim
from clinic.messaging.sms import SmsProvider, TextMessage

log = logging.getLogger(__name__)

PASS_SECONDS = 20.0
"""A pass ends after this long and leaves the rest to the next."""
PROBE_EVERY = timedelta(seconds=3)
SWEEP_EVERY = timedelta(minutes=5)
"""How often a pass asks about everything, not only about what changed lately."""
LOOK_EVERY = timedelta(minutes=2)
"""How long a message that falls due by the clock, such as a reminder, may go unnoticed."""
UNSETTLED = timedelta(minutes=1)
"""So long after a change has settled each pass still looks for its letter."""
CATCH_UP_AFTER = timedelta(hours=1)
CATCH_UP_SPACING_SECONDS = 0.1
CATCH_UP_LOCK = 7_503_001
NOTE_AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts to record an accepted message while the database is down; unrecorded, it would go twice.

Only this sender knows that it was accepted. If its lease expires meanwhile, the fence decides.
"""
MINUTE = timedelta(minutes=1)


class End(StrEnum):
    """How the delivery of one message ended."""

    SENT = "sent"
    DROPPED = "dropped"
    LATER = "later"
    GIVEN_UP = "given_up"
    LOST = "lost"
    UNREACHABLE = "unreachable"


@dataclass(slots=True)
class Accepted:
    """A message that the other side took and that is not recorded as sent yet."""

    claim: Claim
    at: datetime
    told: bytes | None
    visit_starts_at: datetime | None


@dataclass(slots=True)
class PassTally:
    """What one pass did."""

    owed: int = 0
    sent: int = 0
    dropped: int = 0
    later: int = 0
    given_up: int = 0
    lost: int = 0
    unreachable: int = 0

    def count(self, end: End) -> None:
        """Count one message."""
        setattr(self, end.value, getattr(self, end.value) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTerms:
    """The limits of a pass: nothing leaves while `held`, and at most `per_minute` messages do in any minute.

    `sms` sends text messages; without it there are none. `driver` is shown with the pass's heartbeat. `pause` (seconds)
    spaces the messages of a catch-up. `channel` limits the pass to one channel; None means all. `has_news` says that
    something was committed that a message may follow from; without it the pass looks only every `LOOK_EVERY`.
    """

    held: bool = False
    sms: SmsProvider | None = None
    per_minute: int | None = None
    driver: str = ""
    pause: Callable[[float], None] = time.sleep
    channel: str | None = None
    has_news: bool = True


FREELY = PassTerms()


def make_pass(app: Flask, limit: int, *, driver: str = "", has_news: bool = True) -> PassTally:
    """Run a pass now, with this process's settings and mailer."""
    with transaction():
        now = heartbeat.on_time(clock.now(), clock.system())
    terms = PassTerms(
        held=app.config["MESSAGES_HELD"],
        per_minute=app.config["MESSAGES_PER_MINUTE"],
        sms=sms.sms_provider(app),
        driver=driver,
        has_news=has_news,
    )
    return run_pass(now, limit, mailer_of(app), terms)


def run_pass(now: datetime, limit: int, mailer: Mailer, terms: PassTerms = FREELY) -> PassTally:
    """Find what is due and deliver up to `limit` messages.

    While sending is paused, messages wait. Any number of passes may run at once, on any number of hosts.
    """
    began = time.monotonic()
    tally = PassTally(owed=find(now, texts=terms.sms is not None, has_news=terms.has_news))
    with transaction():
        heartbeat.beat(DeliveryPart.PASS, terms.driver)
        late = services.oldest_due(now)
        held = pause.is_held(now, asked=terms.held)
    if held or late is None:
        return tally
    if not _server_may_answer(mailer):
        if terms.sms is None:
            return tally
        terms = replace(terms, channel=sms.CHANNEL)  # Text messages do not wait for the mail server.
    if now - late <= CATCH_UP_AFTER:
        _deliver_all(now, limit, mailer, tally, began, terms, None)
    else:
        with alone(CATCH_UP_LOCK) as ours:
            if ours:
                _deliver_all(
                    now, limit, mailer, tally, began, terms, lambda: terms.pause(CATCH_UP_SPACING_SECONDS)
                )
    return tally


def find(now: datetime, *, texts: bool = False, has_news: bool = True) -> int:
    """Add the messages that committed rows call for, and end those that came too late; returns how many are new.

    With `texts`, text messages too. Without news only what falls due by the clock can be new, so most looks are left out;
    none is while a change may still settle.
    """
    with transaction():
        services.end_worthless(now)
        is_thorough = heartbeat.take_turn(heartbeat.SWEEP, now, SWEEP_EVERY)
        rules = due.rules(now, thorough=is_thorough, texts=texts)
        if rules is None:
            return 0
        if has_news:
            heartbeat.note(heartbeat.NEWS, now)
        elif not (
            is_thorough
            or heartbeat.is_within(heartbeat.NEWS, now, rules.settle + UNSETTLED)
            or heartbeat.take_turn(heartbeat.LOOK, now, LOOK_EVERY)
        ):
            return 0
        return sum(services.owe(due.find(question, rules, now), now) for question in QUESTIONS)


def deliver(
    claim: Claim, now: datetime, mailer: Mailer, provider: SmsProvider | None = None
) -> End | Accepted:
    """Compose one claimed message from today's facts and hand it over.

    Records how that ended, except that it was accepted: the caller does, at once.
    """
    with transaction():
        content = _composed(claim, now, provider)
        if isinstance(content, Drop):
            if content.is_failure:
                return _noted(services.give_up(claim, content.why, now), End.GIVEN_UP)
            return _noted(services.drop(claim, content.why, now), End.DROPPED)
    letter = content if isinstance(content, Letter) else None
    try:
        if letter is not None:
            mailer.send(letter.envelope())
        elif provider is not None and isinstance(content, TextMessage):
            provider.send(content)
    except Unreachable as error:
        with transaction():
            services.put_back(claim)
            heartbeat.beat(DeliveryPart.MAIL, error.code)
        return End.UNREACHABLE
    except TryLater as error:
        with transaction():
            return _noted(services.retry(claim, error.code, now), End.LATER)
    except Refused as error:
        with transaction():
            if error.no_such_address and letter is not None and letter.contact_id is not None:
                effects.mark_unreachable(letter.contact_id, now)
            return _noted(services.give_up(claim, error.code, now), End.GIVEN_UP)
    told = letter.told if letter else None
    return Accepted(claim, now, told, content.visit_starts_at)


def _settled(done: Accepted, following: Callable[[], Claim | None]) -> tuple[End, Claim | None]:
    """Record that a message was accepted, and claim the one that follows; tried again while the database is down."""
    for seconds in NOTE_AGAIN_SECONDS:
        try:
            return _settled_once(done, following)
        except (OperationalError, InterfaceError, PoolExhausted):
            time.sleep(seconds)
    return _settled_once(done, following)


def _settled_once(done: Accepted, following: Callable[[], Claim | None]) -> tuple[End, Claim | None]:
    with transaction():
        ours = services.settle(done.claim, done.at, told=done.told, visit_starts_at=done.visit_starts_at)
        return _noted(ours, End.SENT), following()


def _composed(claim: Claim, now: datetime, provider: SmsProvider | None) -> Letter | TextMessage | Drop:
    if claim.channel != sms.CHANNEL:
        return composing.compose(claim, now)
    return composing.compose_text(claim, now) if provider is not None else Drop("sms_off")


def _deliver_all(
    now: datetime,
    limit: int,
    mailer: Mailer,
    tally: PassTally,
    began: float,
    terms: PassTerms,
    spacing: Callable[[], None] | None,
) -> None:
    """Message after message. Without `spacing` the next is claimed while the last is settled."""

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    def claimed() -> Claim | None:
        nonlocal limit
        if limit <= 0 or time.monotonic() - began > PASS_SECONDS:
            return None
        limit -= 1
        return services.claim(moment(), terms.channel)

    with transaction():
        claim = claimed()
    while claim is not None:
        if not _within_rate(terms, moment()):
            with transaction():
                services.put_back(claim)
            return
        end = _delivered(claim, moment(), mailer, terms.sms)
        following, is_claimed = None, False
        if isinstance(end, Accepted):
            end, following = _settled(end, _nothing if spacing else claimed)
            is_claimed = spacing is None
        tally.count(end)
        if end is not End.SENT:
            log.info("message not sent", extra={"message_id": str(claim.id), "end": end.value})
        if end is End.UNREACHABLE:
            return
        if spacing:
            spacing()
        if not is_claimed:
            with transaction():
                following = claimed()
        claim = following


def _nothing() -> None:
    """No message follows yet."""


def _delivered(claim: Claim, now: datetime, mailer: Mailer, provider: SmsProvider | None) -> End | Accepted:
    """`deliver`, but an unexpected error in one message is logged and the message tried again later."""
    try:
        return deliver(claim, now, mailer, provider)
    except (OperationalError, PoolExhausted):
        raise
    except Exception as error:
        # Log only the type of error, because its text may quote the message.
        log.error("message failed", extra={"message_id": str(claim.id), "fault": type(error).__name__})
        with transaction():
            return _noted(services.retry(claim, "fault", now), End.LATER)


def _within_rate(terms: PassTerms, now: datetime) -> bool:
    """Count one message, unless this minute is full."""
    if terms.per_minute is None:
        return True
    try:
        limits.take(Limit("messages", terms.per_minute, MINUTE), "practice", now)
    except TooMany:
        return False
    return True


def _noted(ours: bool, end: End) -> End:
    return end if ours else End.LOST


def _server_may_answer(mailer: Mailer) -> bool:
    """Whether to try at all. While the server is down, one sender at a time checks whether it is back."""
    if not heartbeat.heartbeats().sign(DeliveryPart.MAIL).state:
        return True
    with transaction():
        if not heartbeat.take_probe(PROBE_EVERY):
            return False
    try:
        mailer.probe()
    except Unreachable as error:
        with transaction():
            heartbeat.beat(DeliveryPart.MAIL, error.code)
        return False
    with transaction():
        heartbeat.beat(DeliveryPart.MAIL)
    return True


@contextmanager
def alone(key: int) -> Iterator[bool]:
    """Take a lock across all hosts; False if somebody else holds it. It lasts until the block ends or the process
    dies."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        ours = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))
        try:
            yield ours
        finally:
            if ours:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
