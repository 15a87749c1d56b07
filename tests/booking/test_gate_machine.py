"""Urgent and refer are never followed by a booking, in whatever order somebody goes through the pages.

The practice closes days and opens them again meanwhile, also between a hold and its booking: nobody books a closed day.
A machine plays two browsers that begin, answer, change their minds, send, go on elsewhere, begin again, hold and book. Beside
it stands a plain book-keeping of who gave a stopping answer and when; nothing of the product is asked for it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from clinic.booking import services as booking
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.guidance import questionnaire
from clinic.intake import drafts, path, queries
from clinic.intake import services as intake
from clinic.intake.models import Submission
from clinic.practice import absences
from clinic.refusal import Refusal
from tests import make
from tests.intake import walk
from tests.make import Make

BROWSERS: Final = (b"1" * 32, b"2" * 32)
EXAMPLES: Final = 300 if os.environ.get("LUMBAR_LONG") else 10
STEPS: Final = 30
SIGNS: Final = {
    "urgent": ("safety-1", "red_flags.saddle_numbness"),
    "refer": ("safety-3", "red_flags.weight_loss"),
    "review": ("safety-5", "red_flags.cough_sneeze_worse"),
}
"""A warning sign of each level, with the page it stands on."""
STOPS: Final = frozenset({"urgent", "refer"})

browsers = st.sampled_from(BROWSERS)
levels = st.sampled_from(sorted(SIGNS))


@dataclass
class Known:
    """What is known of one browser: when stopping answers were given, and what was sent last."""

    stopped_at: list[datetime] = field(default_factory=list)
    sent_at: datetime | None = None
    sent_level: str = ""
    begun_at: datetime | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether the last word was a stopping one."""
        if self.sent_level in STOPS:
            return True
        return any(self.sent_at is None or at > self.sent_at for at in self.stopped_at)

    @property
    def must_be_looked_at(self) -> bool:
        """Whether there was a stopping word at all: the machine never plays for a week."""
        return bool(self.stopped_at)


class Gate(RuleBasedStateMachine):
    """Two browsers before one practice; every step takes a minute."""

    connection: sa.Connection
    treatment_id: UUID
    complete: dict[str, Any]
    booked = 0
    refused_for_closure = 0

    @initialize()
    def open_the_doors(self) -> None:
        # A session that lies open from before would be undone together with this example.
        db.session.remove()
        self.undo = self.connection.begin_nested()
        self.now = make.NOW
        self.known = {browser: Known() for browser in BROWSERS}
        self.closed: dict[date, UUID] = {}

    def teardown(self) -> None:
        db.session.remove()
        if hasattr(self, "undo"):
            self.undo.rollback()

    def minute(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    @rule(browser=browsers)
    def begin(self, browser: bytes) -> None:
        now = self.minute()
        if queries.draft(browser, now) is None:
            self.known[browser].begun_at = now
        with transaction():
            drafts.start(browser=browser, client_id=None, mail=None, now=now)

    @rule(browser=browsers)
    def answer_the_dull_questions(self, browser: bytes) -> None:
        """All pages at once, but never over a stop and never over a warning sign already given."""
        draft = queries.draft(browser, self.minute())
        if draft is not None and draft.stopped_at is None:
            draft.answers = {**self.complete, **draft.answers}
            db.session.commit()

    @rule(browser=browsers, level=levels, yes=st.booleans())
    def answer_about_a_sign(self, browser: bytes, level: str, yes: bool) -> None:
        now = self.minute()
        slug, sign = SIGNS[level]
        draft = queries.draft(browser, now)
        if draft is None:
            return
        posted = walk.page_of_posts(slug, draft.answers, {sign: ["yes" if yes else "no"]})
        with suppress(Refusal), transaction():
            saved, reached = drafts.save_page(browser, slug, posted, now)
            told = {given for given, (_, code) in SIGNS.items() if saved.answers.get(code) == "yes"}
            assert reached.level.stops == bool(told & STOPS)
        kept = queries.draft(browser, now)
        if kept is not None and kept.changed_at == now and told & STOPS:
            self.known[browser].stopped_at.append(now)

    @rule(browser=browsers)
    def send(self, browser: bytes) -> None:
        now = self.minute()
        draft = queries.draft(browser, now)
        if draft is None:
            return
        told = {level for level, (_, code) in SIGNS.items() if draft.answers.get(code) == "yes"}
        posted = walk.page_of_posts(path.CLOSING, draft.answers, {})
        try:
            with transaction():
                intake.submit(browser, posted, (), now)
        except Refusal:
            return
        assert "urgent" not in told, "a form that an urgent answer ended was sent"
        known = self.known[browser]
        known.sent_at, known.sent_level = now, "refer" if "refer" in told else "review" if told else "ok"
        if "refer" in told:
            known.stopped_at.append(now)

    @rule(browser=browsers)
    def begin_again(self, browser: bytes) -> None:
        self.minute()
        with transaction():
            drafts.withhold(browser)

    @rule(browser=browsers)
    def go_on_elsewhere(self, browser: bytes) -> None:
        now = self.minute()
        other = next(one for one in BROWSERS if one != browser)
        draft = queries.draft(browser, now)
        if draft is None:
            return
        begun_at = draft.created_at
        with transaction():
            drafts.resume(draft.id, other, now)
        taken = [at for at in self.known[browser].stopped_at if at >= begun_at]
        self.known[other].stopped_at += taken

    @rule(browser=browsers, day=st.integers(1, 4), hour=st.integers(0, 6))
    def hold(self, browser: bytes, day: int, hour: int) -> None:
        start = make.NOW + timedelta(days=day, hours=hour)
        with suppress(Refusal), transaction():
            booking.hold(
                SearchCriteria(self.treatment_id), start, browser=browser, client_id=None, now=self.minute()
            )
            assert not self.known[browser].is_stopped, "a time was held after a stopping answer"

    @rule(browser=browsers, plain=st.booleans())
    def book(self, browser: bytes, plain: bool) -> None:
        now = self.minute()
        kept = db.session.scalars(
            sa.select(Appointment).where(Appointment.held_by == browser, Appointment.state == State.HELD)
        ).one_or_none()
        if kept is None:
            return
        is_closed = kept.starts_at.date() in self.closed
        with self.counted(is_closed), transaction():
            client = make.stranger(f"client{now.timestamp():.0f}")
            intake.adopt(browser, client.id, now)
            visit = booking.book(
                kept.id, browser=browser, client=client, actor="visitor", now=now, plain=plain
            )
            known = self.known[browser]
            assert not known.is_stopped, "booked after a stopping answer"
            assert not is_closed, "booked on a day that the practice has closed"
            if known.must_be_looked_at or known.sent_level == "review":
                assert visit.state == State.REQUESTED, "booked without a therapist's look"
            type(self).booked += 1

    @contextmanager
    def counted(self, is_closed: bool) -> Iterator[None]:
        """A refusal is an answer too; those of a closed day are counted."""
        try:
            yield
        except booking.TimeWithdrawn:
            type(self).refused_for_closure += is_closed
        except Refusal:
            pass

    @rule(day=st.integers(1, 4))
    def close_or_open(self, day: int) -> None:
        """The practice closes a day, whatever is held on it, or opens it again."""
        now, on = self.minute(), (make.NOW + timedelta(days=day)).date()
        with transaction():
            if on in self.closed:
                absences.open_after_all(self.closed.pop(on), actor="user:owner", now=now)
            else:
                until_on = on + timedelta(days=1)
                self.closed[on] = absences.close(
                    name="Works", from_on=on, until_on=until_on, location_id=None, actor="user:owner", now=now
                ).id

    @rule(browser=browsers, day=st.integers(1, 4), hour=st.integers(0, 6))
    def take_a_time_that_is_closed_meanwhile(self, browser: bytes, day: int, hour: int) -> None:
        """Hold, the practice closes the day, book."""
        self.hold(browser, day, hour)
        self.close_or_open(day)
        self.book(browser, plain=True)

    @rule(browser=browsers)
    def go_through(self, browser: bytes) -> None:
        """The whole form in one sitting."""
        self.begin(browser)
        self.answer_the_dull_questions(browser)
        self.send(browser)

    @rule(browser=browsers, level=st.sampled_from(sorted(STOPS)), elsewhere=st.booleans())
    def meet_a_stop(self, browser: bytes, level: str, elsewhere: bool) -> None:
        """Begin, and come upon a sign that stops; perhaps go on in the other browser."""
        self.begin(browser)
        self.answer_the_dull_questions(browser)
        self.answer_about_a_sign(browser, level, True)
        if elsewhere:
            self.go_on_elsewhere(browser)

    @rule(browser=browsers, day=st.integers(1, 4), hour=st.integers(0, 6), plain=st.booleans())
    def take_a_time(self, browser: bytes, day: int, hour: int, plain: bool) -> None:
        """Hold and book in one sitting."""
        self.hold(browser, day, hour)
        self.book(browser, plain)

    @rule(hours=st.integers(1, 12))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)


def prepared(make: Make, database: sa.Connection) -> type[Gate]:
    """The machine before a practice that is open, with the dull answers written out."""
    make.practice()
    place = make.location()
    sold = make.treatment(therapists=[make.therapist(place), make.therapist(place)], intake="before_booking")
    drafted = walk.walk(make.NOW, browser=b"3" * 32)
    signs = {code for _, code in SIGNS.values()}
    complete = {name: value for name, value in drafted.answers.items() if name not in signs}
    assert {
        question.field for slug, _ in SIGNS.values() for question in questionnaire.page(slug).questions
    } & set(complete)
    drafts.withhold(b"3" * 32)
    db.session.commit()
    # With `no` at every sign of those pages; a sign that was answered stays as it was answered.
    Gate.complete = {**complete, **dict.fromkeys(signs, "no")}
    Gate.connection, Gate.treatment_id, Gate.booked, Gate.refused_for_closure = database, sold.id, 0, 0
    return Gate


def test_no_order_of_pages_leads_from_a_stopping_answer_to_a_booking(
    make: Make, database: sa.Connection
) -> None:
    machine = prepared(make, database)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_time_that_a_browser_keeps_is_not_given_anew_after_a_stopping_answer(
    make: Make, database: sa.Connection
) -> None:
    play = prepared(make, database)()
    play.open_the_doors()
    play.hold(BROWSERS[0], 1, 0)
    assert booking.holds_of(BROWSERS[0])
    play.meet_a_stop(BROWSERS[0], "refer", elsewhere=False)
    play.hold(BROWSERS[0], 1, 0)
    play.teardown()


def test_the_machine_meets_days_that_are_closed_between_a_hold_and_its_booking(
    make: Make, database: sa.Connection
) -> None:
    play = prepared(make, database)()
    play.open_the_doors()
    play.take_a_time_that_is_closed_meanwhile(BROWSERS[0], 2, 3)
    play.close_or_open(2)
    play.book(BROWSERS[0], plain=True)
    play.teardown()
    assert (Gate.refused_for_closure, Gate.booked) == (1, 1)


def test_the_machine_books_when_nothing_speaks_against_it_and_not_when_something_does(
    make: Make, database: sa.Connection
) -> None:
    machine = prepared(make, database)
    for sign, state in ((None, State.BOOKED), ("review", State.REQUESTED), ("refer", None), ("urgent", None)):
        play = machine()
        play.open_the_doors()
        browser = BROWSERS[0]
        play.begin(browser)
        play.answer_the_dull_questions(browser)
        play.hold(browser, 2, 3)
        if sign is not None:
            play.answer_about_a_sign(browser, sign, True)
        play.send(browser)
        play.book(browser, plain=False)
        made = db.session.scalars(
            sa.select(Appointment.state).where(Appointment.state.in_([State.BOOKED, State.REQUESTED]))
        ).all()
        assert made == ([state] if state else []), sign
        assert make.count(Submission) == (0 if sign == "urgent" else 1)
        play.teardown()
    assert machine.booked == 2
