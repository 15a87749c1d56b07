"""Who is offered what, and what each answer does: the waiting list beside a plain book-keeping that knows four times by name.

A machine joins, withdraws, waits for something earlier, books, cancels, takes back, moves, answers offers, lets time pass and
lets the worker look. The books say beforehand what each of these must do; what is free in public is compared after every step.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clinic.booking import availability, changes, services
from clinic.booking.changes import UNDO
from clinic.booking.models import Appointment
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting import entries, offer_answers, rounds
from clinic.booking.waiting.entries import NothingEarlier, WaitsAlready
from clinic.booking.waiting.models import Offer, OfferEnd, Offering
from clinic.booking.waiting.offer_answers import OfferGone
from clinic.booking.waiting.offering import GRACE
from clinic.db import db, transaction
from clinic.refusal import Refusal
from clinic.scheduling.hours import Days
from tests import make
from tests.make import Make

GAMES: Final = 400 if os.environ.get("LUMBAR_LONG") else 8
STEPS: Final = 40
ANSWERS: Final = {"booked", "moved", "declined", "won", "completed"}
THURSDAY: Final = date(2031, 3, 6)
STARTS: Final = [datetime(2031, 3, day, hour, tzinfo=UTC) for day in (6, 7) for hour in (9, 10)]
"""Ten and eleven o'clock on a Thursday and a Friday, in a zone that is always an hour ahead of UTC."""
PEOPLE: Final = 2
"""To so many a time is offered at once."""
LASTS: Final = timedelta(minutes=30)
HOLD: Final = timedelta(minutes=20)

picks = st.integers(0, 50)
times = st.integers(0, len(STARTS) - 1)


@dataclass
class Wanted:
    """Somebody who waits: for which times, and for a visit that should be earlier."""

    id: UUID
    client: UUID
    starts: frozenset[int]
    replaces: UUID | None = None
    live: bool = True
    refused: int = 0
    let_go: set[int] = field(default_factory=set)


@dataclass
class Offered:
    """One time offered to one entry; `end` is what became of it."""

    id: UUID
    entry: UUID
    end: OfferEnd | None = None


@dataclass
class Kept:
    """A time that is kept and offered, round after round."""

    id: UUID
    start: int
    until: datetime
    round: int = 1
    offers: list[Offered] = field(default_factory=list)
    live: bool = True
    stands: bool = True
    """Its hold was not taken over."""
    won_until: datetime | None = None
    """Somebody took it and answers questions first."""


@dataclass
class Stands:
    """A visit; `left` is where it was before it moved, and until when that can be taken back."""

    id: UUID
    client: UUID
    start: int
    cancelled: bool = False
    left: int | None = None
    undo_until: datetime | None = None


@dataclass
class Books:
    """All of it. Times go by their number in STARTS."""

    now: datetime = make.NOW
    visits: dict[UUID, Stands] = field(default_factory=dict)
    waiting: dict[UUID, Wanted] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    known: set[int] = field(default_factory=set)

    def taken(self) -> Iterator[int]:
        """Every time that cannot be had by anybody who comes along."""
        for visit in self.visits.values():
            if not visit.cancelled:
                yield visit.start
            if visit.undo_until is not None and visit.undo_until > self.now:
                yield visit.start if visit.left is None else visit.left
        for kept in self.kept:
            if kept.stands and self.held_until(kept) > self.now:
                yield kept.start

    def held_until(self, kept: Kept) -> datetime:
        """The end of the hold of a kept time."""
        return kept.won_until or kept.until + GRACE

    def free(self) -> set[int]:
        """The times anybody can book."""
        return set(range(len(STARTS))) - set(self.taken())

    def takes(self, start: int) -> None:
        """Somebody stands on a time now: a hold that had run out there is gone."""
        for kept in self.kept:
            if kept.start == start and self.held_until(kept) <= self.now:
                kept.stands = False

    def is_busy(self, entry: Wanted) -> bool:
        """Whether somebody has an offer to answer, or a time they took and still have to complete."""
        return any(
            offer.entry == entry.id
            and (
                offer.end is None
                or (
                    offer.end is OfferEnd.ACCEPTED and kept.stands and (kept.won_until or self.now) > self.now
                )
            )
            for kept in self.kept
            for offer in kept.offers
        )

    def suits(self, entry: Wanted, start: int) -> bool:
        """Whether a time is one somebody waits for and did not let go before."""
        visit = self.visits[entry.replaces] if entry.replaces else None
        return start in entry.starts - entry.let_go and (visit is None or start < visit.start)

    def queue(self) -> list[Wanted]:
        """Who may be offered something now: first who let the fewest go, then who has waited longest."""
        able = [entry for entry in self.waiting.values() if entry.live and not self.is_busy(entry)]
        return sorted(
            able, key=lambda entry: entry.refused
        )  # Sorting is stable, and they stand as they came.

    def first(self, people: list[Wanted]) -> list[UUID]:
        """The first few of these, each person once."""
        chosen: dict[UUID, UUID] = {}
        for entry in people:
            if len(chosen) < PEOPLE:
                chosen.setdefault(entry.client, entry.id)
        return list(chosen.values())

    def end(self, offer: Offered, why: OfferEnd, start: int) -> None:
        """An offer is over; who let it go comes later from now on and is not asked for it again."""
        offer.end = why
        if why in (OfferEnd.DECLINED, OfferEnd.PASSED):
            entry = self.waiting[offer.entry]
            entry.refused += 1
            entry.let_go.add(start)

    def settle(self) -> None:
        """What ends by itself: entries for visits that stand no more."""
        for entry in self.waiting.values():
            if entry.live and entry.replaces and self.visits[entry.replaces].cancelled:
                self.over(entry, OfferEnd.STOPPED)

    def over(self, entry: Wanted, why: OfferEnd) -> None:
        """A entry is waited for no more, and what it was just offered goes with it."""
        entry.live = False
        for kept in self.kept:
            for offer in kept.offers:
                if offer.entry == entry.id and offer.end is None:
                    self.end(offer, why, kept.start)

    def won(self, kept: Kept, offer: Offered) -> None:
        """Somebody has the time; the others were too late."""
        for other in kept.offers:
            if other.end is None:
                self.end(other, OfferEnd.MISSED, kept.start)
        offer.end = OfferEnd.ACCEPTED
        kept.live = False


class List(RuleBasedStateMachine):
    """Four times of one therapist, all of them booked to begin with; somebody waits, and the last one for something earlier."""

    connection: ClassVar[sa.Connection]
    treatment: ClassVar[UUID]
    counted: ClassVar[dict[str, int]]

    @initialize()
    def fill_the_days(self) -> None:
        db.session.remove()
        self.undo = self.connection.begin_nested()
        self.books, self.people, self.is_known = Books(), 0, False
        for start in range(len(STARTS)):
            self.book(start)
        self.join(frozenset({0, 2}))
        self.wait_for_something_earlier(len(STARTS) - 1)

    def teardown(self) -> None:
        db.session.remove()
        if hasattr(self, "undo"):
            self.undo.rollback()

    def count(self, what: str) -> None:
        self.counted[what] = self.counted.get(what, 0) + 1

    # --- what people do -------------------------------------------------------------------------------------------------

    @rule(starts=st.frozensets(st.sampled_from([0, 2]), min_size=1))
    def join(self, starts: frozenset[int]) -> None:
        """Wait for any time of these days, or of one of them."""
        if len(self.books.waiting) >= 10:
            return
        both = {day: {day, day + 1} for day in starts if day in (0, 2)}
        wanted = frozenset().union(*both.values())
        days = [STARTS[day].weekday() for day in both]
        with transaction():
            client = make.stranger(self.name())
            entry = entries.join(
                client=client,
                treatment_id=self.treatment,
                therapist_id=None,
                location_id=None,
                times=entries.times(days, range(3)),
                last_on=THURSDAY + timedelta(days=20),
                actor="visitor",
                now=self.books.now,
            )
        self.takes_note()
        self.books.waiting[entry.id] = Wanted(entry.id, client.id, wanted)

    def takes_note(self) -> None:
        """What is free is known from the first entry on; the worker forgets it when nobody waits."""
        if not self.is_known:
            self.books.known, self.is_known = self.books.free(), True

    @rule(pick=picks)
    def wait_for_something_earlier(self, pick: int) -> None:
        visit = self.pick([one for one in self.books.visits.values() if not one.cancelled], pick)
        if visit is None or len(self.books.waiting) >= 10:
            return
        waits = any(one.live and one.replaces == visit.id for one in self.books.waiting.values())
        row = db.session.get_one(Appointment, visit.id)
        try:
            with transaction():
                entry = entries.join_earlier(
                    row,
                    times=entries.times(range(7), range(3)),
                    any_therapist=True,
                    actor="visitor",
                    now=self.books.now,
                )
        except WaitsAlready:
            assert waits
            return
        assert not waits
        self.takes_note()
        every = frozenset(range(len(STARTS)))
        self.books.waiting[entry.id] = Wanted(entry.id, visit.client, every, replaces=visit.id)

    @rule(pick=picks)
    def withdraw(self, pick: int) -> None:
        entry = self.pick(list(self.books.waiting.values()), pick)
        if entry is None:
            return
        with transaction():
            entries.withdraw(entry.id, actor="visitor", now=self.books.now)
        if entry.live:
            self.books.over(entry, OfferEnd.DECLINED)

    @rule(start=times)
    def book(self, start: int) -> None:
        """Somebody comes along and books a time, which succeeds exactly when it is free."""
        free, browser = start in self.books.free(), self.browser()
        try:
            with transaction():
                asked = SearchCriteria(self.treatment)
                hold = services.hold(
                    asked, STARTS[start], browser=browser, client_id=None, now=self.books.now
                )
                client = make.stranger(self.name())
                visit = services.book(
                    hold.id, browser=browser, client=client, actor="visitor", now=self.books.now
                )
        except NotOffered:
            assert not free
            return
        assert free
        self.books.takes(start)
        self.books.visits[visit.id] = Stands(visit.id, client.id, start)

    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        visit = self.pick([one for one in self.books.visits.values() if not one.cancelled], pick)
        if visit is not None:
            with transaction():
                changes.cancel(visit.id, revision=self.revision(visit), actor="user:desk", now=self.books.now)
            visit.cancelled, visit.left, visit.undo_until = True, None, self.books.now + UNDO

    @rule(pick=picks, start=times)
    def move(self, pick: int, start: int) -> None:
        visit = self.pick([one for one in self.books.visits.values() if not one.cancelled], pick)
        if visit is None:
            return
        # Its own time, and the one it left and could go back to, are in nobody's way.
        own = (
            {visit.start, visit.left}
            if (visit.undo_until or self.books.now) > self.books.now
            else {visit.start}
        )
        others = [one for one in self.books.taken() if one not in own]
        can_be = start not in others
        try:
            with transaction():
                changes.move(
                    visit.id,
                    STARTS[start],
                    revision=self.revision(visit),
                    actor="user:desk",
                    now=self.books.now,
                )
        except NotOffered:
            assert not can_be
            return
        assert can_be
        self.goes(visit, start)

    def goes(self, visit: Stands, start: int) -> None:
        self.books.takes(start)
        visit.left = visit.start
        visit.start, visit.undo_until = start, self.books.now + UNDO

    @rule(pick=picks)
    def a_time_becomes_free(self, pick: int) -> None:
        """Somebody cancels, and the worker sees it once it cannot be taken back any more."""
        self.cancel(pick)
        self.time_passes(3)
        self.the_worker_looks()

    @rule(pick=picks)
    def take_back(self, pick: int) -> None:
        visit = self.pick(list(self.books.visits.values()), pick)
        if visit is None:
            return
        in_time = visit.undo_until is not None and visit.undo_until > self.books.now
        try:
            with transaction():
                changes.undo(visit.id, revision=self.revision(visit), actor="user:desk", now=self.books.now)
        except changes.UndoOver:
            assert not in_time
            return
        assert in_time
        if visit.left is not None and not visit.cancelled:
            visit.start = visit.left
        visit.cancelled, visit.left, visit.undo_until = False, None, None

    def open(self) -> bool:
        """Whether somebody has an offer to answer."""
        return any(offer.end is None for kept in self.books.kept for offer in kept.offers)

    # --- answers --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.open())
    @rule(pick=picks)
    def accept(self, pick: int) -> None:
        """Take an offered time: booked, or moved there; refused with a reason when it cannot be."""
        found = self.offer(pick)
        if found is None:
            return
        kept, offer = found
        entry = self.books.waiting[offer.entry]
        if offer.end is OfferEnd.ACCEPTED:
            return
        visit = self.books.visits[entry.replaces] if entry.replaces else None
        is_open = offer.end is None and kept.until > self.books.now
        is_earlier = visit is None or (not visit.cancelled and kept.start < visit.start)
        try:
            with transaction():
                got = offer_answers.accept(
                    offer.id, browser=self.browser(), actor="visitor", now=self.books.now
                )
        except OfferGone:
            assert not is_open
            return
        except NothingEarlier:
            assert is_open
            assert not is_earlier
            return
        assert is_open
        assert is_earlier
        assert got.starts_at == STARTS[kept.start]
        kept.stands = False
        self.books.won(kept, offer)
        entry.live = False
        if visit is None:
            assert got.client_id == entry.client
            self.books.visits[got.id] = Stands(got.id, entry.client, kept.start)
            self.count("booked")
        else:
            assert got.id == visit.id
            self.goes(visit, kept.start)
            self.count("moved")

    @precondition(lambda self: self.open())
    @rule(pick=picks)
    def keep(self, pick: int) -> None:
        """Win a time and answer questions first, or forget about it."""
        found = self.offer(pick)
        if found is None or found[1].end is OfferEnd.ACCEPTED:
            return
        kept, offer = found
        is_open = offer.end is None and kept.until > self.books.now
        try:
            with transaction():
                offer_answers.keep_for(offer.id, browser=self.browser(), actor="visitor", now=self.books.now)
        except OfferGone:
            assert not is_open
            return
        assert is_open
        kept.won_until = self.books.now + HOLD
        self.books.won(kept, offer)
        self.count("won")

    @precondition(lambda self: any(kept.won_until for kept in self.books.kept))
    @rule(pick=picks)
    def complete(self, pick: int) -> None:
        """Come back to a time that was won: it is booked while nobody took it over, also past its end."""
        won = [
            (kept, offer)
            for kept in self.books.kept
            for offer in kept.offers
            if kept.won_until and offer.end is OfferEnd.ACCEPTED
        ]
        found = self.pick(won, pick)
        if found is None:
            return
        kept, offer = found
        entry = self.books.waiting[offer.entry]
        browser = db.session.scalar(
            sa.select(Appointment.held_by)
            .join(Offering, Offering.hold_id == Appointment.id)
            .where(Offering.id == kept.id)
        )
        try:
            with transaction():
                got = offer_answers.accept(
                    offer.id, browser=browser or self.browser(), actor="visitor", now=self.books.now
                )
        except Refusal:
            assert not kept.stands
            return
        if got.id in self.books.visits:
            return  # It was completed before.
        assert kept.stands
        kept.stands, kept.won_until = False, None
        entry.live = False
        self.books.visits[got.id] = Stands(got.id, entry.client, kept.start)
        self.count("completed")

    @precondition(lambda self: self.open())
    @rule(pick=picks)
    def decline(self, pick: int) -> None:
        found = self.offer(pick)
        if found is None:
            return
        kept, offer = found
        with transaction():
            offer_answers.decline(offer.id, actor="visitor", now=self.books.now)
        if offer.end is None:
            self.books.end(offer, OfferEnd.DECLINED, kept.start)
            self.count("declined")

    # --- the worker -----------------------------------------------------------------------------------------------------

    @rule()
    def the_worker_looks(self) -> None:
        """It ends what is over, begins second rounds, and keeps and offers what has become free; then it knows what is free."""
        books = self.books
        offerings_before = set(db.session.scalars(sa.select(Offering.id)))
        rounds.make(books.now)
        db.session.expire_all()
        books.settle()
        self.goes_on()
        if not any(entry.live for entry in books.waiting.values()):
            self.is_known = False
            return
        fits = books.free()
        newly = fits - books.known
        made = [
            one
            for one in db.session.scalars(sa.select(Offering).order_by(Offering.id))
            if one.id not in offerings_before
        ]
        queue = books.queue() if newly else []
        served: set[int] = set()
        while queue:
            one = queue.pop(0)
            wanted = {start for start in newly - served if books.suits(one, start)}
            if not wanted:
                continue
            assert made, f"{wanted} could be offered and nothing was"
            offering = made.pop(0)
            start = STARTS.index(offering.hold.starts_at)
            assert start in wanted
            alike = [other for other in queue if books.suits(other, start)]
            expected = books.first([one, *alike])
            assert [offer.entry_id for offer in offering.offers] == expected
            self.offered(offering, start)
            served.add(start)
            queue = [other for other in queue if other.id not in expected]
            self.count("offered")
        assert not made, "what nobody should have was offered"
        live = {kept.start for kept in books.kept if kept.live and kept.stands}
        unknown = (
            newly if any(entry.live and books.is_busy(entry) for entry in books.waiting.values()) else set()
        )
        books.known = (fits - unknown) | (books.known & live) | live

    def goes_on(self) -> None:
        """Rounds that are over, or answered by everybody: once more for those who were not asked, or free for all."""
        books = self.books
        over = [
            kept
            for kept in books.kept
            if kept.live
            and (
                kept.until <= books.now
                or not kept.stands
                or all(offer.end is not None for offer in kept.offers)
            )
        ]
        for kept in sorted(over, key=lambda one: (one.until, one.id)):
            for offer in kept.offers:
                if offer.end is None:
                    books.end(offer, OfferEnd.PASSED, kept.start)
            asked = {offer.entry for offer in kept.offers}
            others = [
                entry for entry in books.queue() if entry.id not in asked and books.suits(entry, kept.start)
            ]
            chosen = books.first(others) if kept.stands and kept.round == 1 else []
            row = db.session.get_one(Offering, kept.id)
            second = [offer for offer in row.offers if offer.id not in {each.id for each in kept.offers}]
            assert [offer.entry_id for offer in second] == chosen
            assert (row.ended_at is None) == bool(chosen)
            if chosen:
                kept.round, kept.until = 2, books.now + LASTS
                kept.offers += [Offered(offer.id, offer.entry_id) for offer in second]
                self.count("second rounds")
            else:
                kept.live = kept.stands = False

    def offered(self, offering: Offering, start: int) -> None:
        self.books.takes(start)
        self.books.kept.append(
            Kept(
                offering.id,
                start,
                offering.expires_at,
                offers=[Offered(offer.id, offer.entry_id) for offer in offering.offers],
            )
        )
        assert offering.expires_at == self.books.now + LASTS

    @rule(minutes=st.sampled_from([1, 3, 21, 31, 33]))
    def time_passes(self, minutes: int) -> None:
        self.books.now += timedelta(minutes=minutes)

    # --- what is compared after each step --------------------------------------------------------------------------------

    @invariant()
    def the_public_sees_what_the_books_say(self) -> None:
        if hasattr(self, "books"):
            asked = SearchCriteria(self.treatment)
            days = Days(THURSDAY, THURSDAY + timedelta(days=2))
            shown = availability.offers(asked, days, self.books.now).offers.instants()
            assert shown == [STARTS[start] for start in sorted(self.books.free())]

    @invariant()
    def every_offer_ended_as_the_books_say(self) -> None:
        if hasattr(self, "books"):
            ends = {row.id: row.end for row in db.session.execute(sa.select(Offer.id, Offer.end))}
            assert ends == {offer.id: offer.end for kept in self.books.kept for offer in kept.offers}

    def name(self) -> str:
        self.people += 1
        return f"p{self.people}"

    def browser(self) -> bytes:
        self.people += 1
        return self.people.to_bytes(32)

    def revision(self, visit: Stands) -> int:
        return db.session.get_one(Appointment, visit.id).revision

    def offer(self, pick: int) -> tuple[Kept, Offered] | None:
        """One of the offers; three times in four one that is not answered yet."""
        every = [(kept, offer) for kept in self.books.kept for offer in kept.offers]
        unanswered = [(kept, offer) for kept, offer in every if offer.end is None]
        return self.pick(unanswered if unanswered and pick % 4 else every, pick)  # type: ignore[no-any-return]

    def pick(self, among: list, number: int):  # type: ignore[no-untyped-def, type-arg]
        return among[number % len(among)] if among else None


def prepared(database: sa.Connection) -> type[List]:
    make.practice(
        step_minutes=60,
        hold_minutes=20,
        offer_people=PEOPLE,
        offer_minutes=30,
        quiet_from_hour=0,
        quiet_until_hour=0,
    )
    place = make.location(zone="Etc/GMT-1")
    person = make.therapist(place, weekdays=(3, 4), hours=(10, 12))
    List.connection, List.treatment = database, make.treatment(therapists=[person]).id
    List.counted = {}
    db.session.commit()
    return List


def plays(machine: type[List], seed: int) -> None:
    """One game with these dice: what people and the worker do, in the shares in which something comes of it."""
    dice = random.Random(seed)
    play = machine()
    play.fill_the_days()
    deeds: list[tuple[int, Callable[[], object]]] = [
        (4, lambda: play.a_time_becomes_free(dice.randrange(50))),
        (2, lambda: play.the_worker_looks()),
        (3, lambda: play.accept(dice.randrange(50))),
        (2, lambda: play.decline(dice.randrange(50))),
        (1, lambda: play.keep(dice.randrange(50))),
        (1, lambda: play.complete(dice.randrange(50))),
        (2, lambda: play.join(frozenset(dice.sample([0, 2], dice.randint(1, 2))))),
        (1, lambda: play.wait_for_something_earlier(dice.randrange(50))),
        (1, lambda: play.withdraw(dice.randrange(50))),
        (2, lambda: play.book(dice.randrange(len(STARTS)))),
        (1, lambda: play.cancel(dice.randrange(50))),
        (1, lambda: play.take_back(dice.randrange(50))),
        (1, lambda: play.move(dice.randrange(50), dice.randrange(len(STARTS)))),
        (2, lambda: play.time_passes(dice.choice([1, 3, 21, 31, 33]))),
    ]
    weights, acts = zip(*deeds, strict=True)
    try:
        for _ in range(STEPS):
            dice.choices(acts, weights)[0]()
            play.the_public_sees_what_the_books_say()
            play.every_offer_ended_as_the_books_say()
    finally:
        play.teardown()


def test_offers_and_answers_are_what_a_plain_book_keeping_says(make: Make, database: sa.Connection) -> None:
    machine = prepared(database)
    for seed in range(GAMES):
        plays(machine, seed)
    print(f"{machine.counted} in {GAMES} games of {STEPS} steps")
    assert machine.counted.keys() == {"offered", "second rounds", *ANSWERS}, "something never came about"


@pytest.mark.long
def test_no_game_that_hypothesis_thinks_of_departs_from_the_books(
    make: Make, database: sa.Connection
) -> None:
    machine = prepared(database)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=300,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{machine.counted} in 300 x 50 steps")
    assert machine.counted["offered"]
