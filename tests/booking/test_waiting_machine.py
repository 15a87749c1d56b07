"""No time is kept for ever, whatever people and the worker do in whatever order, and the worker may die at any moment.

A machine joins, books, cancels, answers, withdraws, lets time pass and looks after the list. Beside the database's own
constraints it holds what must be true after each step, and at the end the worker stays away and everything is free again.
"""

import os
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from clinic.booking import changes, services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting import entries, offer_answers, offering, rounds
from clinic.booking.waiting.models import Offer, OfferEnd, Offering
from clinic.db import db, transaction
from clinic.practice import absences
from clinic.refusal import Refusal
from tests import make
from tests.booking.waiting_list import EVERY_TIME, THURSDAY_TEN
from tests.make import Make
from tests.races.test_same_instant import overlaps

EXAMPLES: Final = 200 if os.environ.get("LUMBAR_LONG") else 8
STEPS: Final = 25
ROUND: Final = timedelta(minutes=30)
STARTS: Final = [THURSDAY_TEN + timedelta(hours=hour) for hour in range(3)]

picks = st.integers(min_value=0, max_value=50)


class WaitingList(RuleBasedStateMachine):
    """A Thursday of three visits, and people who want it."""

    connection: sa.Connection
    treatment_id: UUID
    kept = 0
    """How many times were kept over all examples: a machine in which nothing becomes free proves nothing."""

    @initialize()
    def fill_the_day(self) -> None:
        # A session that lies open from before would be undone together with this example.
        db.session.remove()
        self.undo = self.connection.begin_nested()
        self.now, self.people = make.NOW, 0
        self.closed: UUID | None = None
        for which in range(len(STARTS)):
            self.book(which)
        for _ in range(3):
            self.join()

    @rule()
    def join(self) -> None:
        if self.people < 12:
            with transaction():
                entries.join(
                    client=self.person(),
                    treatment_id=self.treatment_id,
                    therapist_id=None,
                    location_id=None,
                    times=EVERY_TIME,
                    last_on=THURSDAY_TEN.date(),
                    actor="visitor",
                    now=self.now,
                )

    @rule(which=st.integers(min_value=0, max_value=2))
    def book(self, which: int) -> None:
        """Somebody books in public, or holds a time and forgets it."""
        self.people += 1
        browser = self.people.to_bytes(4, "big") * 8
        asked = SearchCriteria(self.treatment_id)
        with suppress(Refusal), transaction():
            hold = services.hold(asked, STARTS[which], browser=browser, client_id=None, now=self.now)
            if self.people % 3:
                services.book(hold.id, browser=browser, client=self.person(), actor="visitor", now=self.now)

    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        booked = sa.select(Appointment).where(Appointment.state == State.BOOKED).order_by(Appointment.id)
        visit = self.one_of(booked, pick)
        if visit is not None:
            with suppress(Refusal), transaction():
                changes.cancel(visit.id, revision=visit.revision, actor="visitor", now=self.now)

    @rule(pick=picks)
    def wait_for_something_earlier(self, pick: int) -> None:
        booked = sa.select(Appointment).where(Appointment.state == State.BOOKED).order_by(Appointment.id)
        visit = self.one_of(booked, pick)
        if visit is not None:
            with suppress(Refusal), transaction():
                entries.join_earlier(
                    visit, times=EVERY_TIME, any_therapist=True, actor="visitor", now=self.now
                )

    @rule(pick=picks, what=st.sampled_from(["accept", "decline", "keep", "stop", "withdraw"]))
    def answer(self, pick: int, what: str) -> None:
        offer = self.one_of(sa.select(Offer).order_by(Offer.id), pick)
        if offer is None:
            return
        browser = pick.to_bytes(1, "big") * 32
        with suppress(Refusal), transaction():
            if what == "accept":
                is_new = offer.end != OfferEnd.ACCEPTED or offer_answers.visit_of(offer) is None
                offer_answers.accept(offer.id, browser=browser, actor="visitor", now=self.now)
                assert not (is_new and self.closed), "an offer was taken on a day that is closed"
            elif what == "decline":
                offer_answers.decline(offer.id, actor="visitor", now=self.now)
            elif what == "keep":
                is_new = offer.end != OfferEnd.ACCEPTED
                offer_answers.keep_for(offer.id, browser=browser, actor="visitor", now=self.now)
                assert not (is_new and self.closed), "an offer was won on a day that is closed"
            elif what == "stop":
                offering.stop(offer.offering_id, actor="visitor", now=self.now)
            else:
                entries.withdraw(offer.entry_id, actor="visitor", now=self.now)

    @rule()
    def close_or_open_the_day(self) -> None:
        """The practice closes the day, whatever is kept and offered on it, or opens it again."""
        on = THURSDAY_TEN.date()
        with transaction():
            if self.closed is not None:
                absences.open_after_all(self.closed, actor="user:owner", now=self.now)
                self.closed = None
            else:
                self.closed = absences.close(
                    name="Works",
                    from_on=on,
                    until_on=on + timedelta(days=1),
                    location_id=None,
                    actor="user:owner",
                    now=self.now,
                ).id

    @rule()
    def the_worker_looks(self) -> None:
        type(self).kept += rounds.make(self.now).kept
        db.session.expire_all()

    @rule(minutes=st.sampled_from([1, 3, 15, 31, 33]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def nothing_is_held_beyond_one_round(self) -> None:
        latest = db.session.scalar(
            sa.select(sa.func.max(Appointment.held_until))
            .join(Offering, Offering.hold_id == Appointment.id)
            .where(Appointment.state == State.HELD)
        )
        assert latest is None or latest <= self.now + ROUND + offering.GRACE

    @invariant()
    def nobody_is_there_twice(self) -> None:
        assert overlaps() == 0

    @invariant()
    def an_open_offer_belongs_to_a_live_entry_and_a_live_offering(self) -> None:
        open_ = sa.select(Offer).where(Offer.ended_at.is_(None))
        for offer in db.session.scalars(open_):
            assert offer.entry.is_live
            assert offer.offering.ended_at is None

    def teardown(self) -> None:
        try:
            if hasattr(self, "undo"):
                self.everything_ends()
        finally:
            db.session.remove()
            if hasattr(self, "undo"):
                self.undo.rollback()

    def everything_ends(self) -> None:
        self.now += 2 * ROUND + 2 * offering.GRACE
        held = sa.select(Appointment).where(
            Appointment.state == State.HELD, Appointment.held_until > self.now
        )
        assert list(db.session.scalars(held)) == [], "without a worker every time frees itself"
        for _ in range(2 * offering.ROUNDS):
            self.now += ROUND + offering.GRACE
            self.the_worker_looks()
        live = sa.select(Offering).where(Offering.ended_at.is_(None), Offering.expires_at <= self.now)
        assert list(db.session.scalars(live)) == [], "and a worker that comes back ends what is over"

    def person(self) -> Any:
        self.people += 1
        return make.stranger(f"p{self.people}")

    def one_of(self, question: Any, pick: int) -> Any:
        found = list(db.session.scalars(question))
        return found[pick % len(found)] if found else None


def prepared(database: sa.Connection) -> type[WaitingList]:
    make.practice()
    person = make.therapist()
    make.weekly_hours(person, make.location(), THURSDAY_TEN.weekday(), 600, 780)
    sold = make.treatment(therapists=[person])
    WaitingList.connection, WaitingList.treatment_id, WaitingList.kept = database, sold.id, 0
    return WaitingList


def test_no_time_is_kept_for_ever_and_nothing_is_there_twice(make: Make, database: sa.Connection) -> None:
    machine = prepared(database)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="LUMBAR_LONG" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.kept > 0


def test_the_machine_would_see_a_time_that_is_kept_too_long(make: Make, database: sa.Connection) -> None:
    machine = prepared(database)
    play = machine()
    play.fill_the_day()
    play.cancel(0)
    play.time_passes(3)
    play.the_worker_looks()
    hold = db.session.scalars(sa.select(Offering)).one().hold
    hold.held_until = play.now + timedelta(days=1)
    db.session.commit()
    try:
        play.nothing_is_held_beyond_one_round()
    except AssertionError:
        return
    finally:
        db.session.remove()
        play.undo.rollback()
    raise AssertionError("a day is too long")
