"""What is offered can be booked and what is not cannot, whatever happened before; and nothing ever overlaps.

A machine books, holds, completes what it holds, moves, cancels, takes back, and changes hours, time off, buffers, caps, rooms
and notice, also between a hold and its booking. Beside it stands a plain book-keeping of who is where until when; it decides each quarter of an hour by looking at every block.
"""

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from clinic.booking import availability, changes, services
from clinic.booking.changes import UNDO
from clinic.booking.models import OCCUPYING, Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice.models import Practice, Room, Therapist, TimeOff, Treatment, WeeklyHours
from tests import make
from tests.booking.books import (
    DAYS,
    HOLD,
    Block,
    Books,
    Held,
    Visit,
    at,
    block_start,
    days,
    either,
    meet,
    quarters,
)
from tests.make import Make

EXAMPLES: Final = 2000 if os.environ.get("LUMBAR_LONG") else 30
STEPS: Final = 50 if os.environ.get("LUMBAR_LONG") else 30


class House(RuleBasedStateMachine):
    """Two therapists, two rooms, a long and a short treatment; a minute passes with each step."""

    connection: ClassVar[sa.Connection]
    treatments: ClassVar[list[UUID]]
    begun: ClassVar[Books]
    refused: ClassVar[int] = 0
    done: ClassVar[int] = 0
    completed: ClassVar[int] = 0

    @initialize()
    def open_the_doors(self) -> None:
        db.session.remove()
        self.undo = self.connection.begin_nested()
        start = self.begun
        self.books = Books(
            hours=dict(start.hours),
            needs=dict(start.needs),
            rooms={key: list(rooms) for key, rooms in start.rooms.items()},
        )
        self.strangers = 0

    def teardown(self) -> None:
        db.session.remove()
        if hasattr(self, "undo"):
            self.undo.rollback()

    def minute(self) -> datetime:
        self.books.now += timedelta(minutes=1)
        return self.books.now

    def stranger(self) -> int:
        self.strangers += 1
        return self.strangers

    def agrees(self, expected: set[tuple[UUID, UUID]], found: Appointment | None) -> None:
        """The product took one of the candidates, or refused when there were none."""
        if found is None:
            assert not expected, f"refused although {len(expected)} could have taken it"
            type(self).refused += 1
        else:
            assert (found.therapist_id, found.room_id) in expected
            type(self).done += 1

    def keep(self, start: datetime, which: int) -> Appointment | None:
        """Hold a start for a browser of its own, and look that this succeeds exactly when it should."""
        treatment, now = self.treatments[which], self.minute()
        expected = self.books.candidates(treatment, start)
        held = None
        try:
            with transaction():
                browser = self.stranger().to_bytes(32)
                held = services.hold(
                    SearchCriteria(treatment), start, browser=browser, client_id=None, now=now
                )
        except NotOffered:
            pass
        self.agrees(expected, held)
        return held

    @rule(on=days, quarter=quarters, which=either)
    def hold(self, on: date, quarter: int, which: int) -> None:
        """Any quarter of an hour, offered or not."""
        held = self.keep(at(on, quarter), which)
        if held is not None:
            self.note_hold(held, which)

    def note_hold(self, held: Appointment, which: int) -> None:
        assert held.held_by is not None
        block, treatment = replace(block_of(held), ends=self.books.now + HOLD), self.treatments[which]
        self.books.holds[held.id] = Held(block, self.books.needs[treatment], treatment, held.held_by)

    @rule(pick=st.integers(0, 50))
    def complete(self, pick: int) -> None:
        """Book what was held some time ago, as the practice is by now."""
        keys = list(self.books.holds)
        if not keys:
            return
        key = keys[pick % len(keys)]
        held, now = self.books.holds[key], self.minute()
        stands = db.session.get_one(Appointment, key).state == State.HELD
        expected = stands and self.books.can_complete(held)
        try:
            with transaction():
                client = make.stranger(f"client{self.stranger()}")
                services.book(key, browser=held.browser, client=client, actor="visitor", now=now)
        except services.HoldGone:
            assert not expected, "refused although it could be had"
            type(self).refused += 1
            return
        assert expected, "booked although the practice had closed it"
        type(self).completed += 1
        del self.books.holds[key]
        self.books.visits[key] = Visit(replace(held.block, ends=None), held.need, held.treatment)

    @rule(
        on=days,
        quarter=quarters,
        which=either,
        then=st.sampled_from(["nothing", "go away", "other hours", "other rooms"]),
        minutes=st.sampled_from([1, 30]),
    )
    def hold_and_complete(self, on: date, quarter: int, which: int, then: str, minutes: int) -> None:
        """Hold, let the practice change something, perhaps let it run out, and book."""
        count = len(self.books.holds)
        self.hold(on, quarter, which)
        if then == "go away":
            self.go_away(0, on, quarter, 2)
        elif then == "other hours":
            self.work_other_hours(which, 8 * 4, 20)
        elif then == "other rooms":
            self.change_the_rooms(which)
        self.wait(minutes)
        if len(self.books.holds) > count:
            self.complete(len(self.books.holds) - 1)

    def changed(self) -> None:
        """As everybody who changes the practice does: its rules have another version now."""
        db.session.execute(sa.update(Practice).values(rules_version=Practice.rules_version + 1))
        db.session.commit()

    @rule(pick=st.integers(0, 200), which=either)
    def book(self, pick: int, which: int) -> None:
        shown = self.books.offered(self.treatments[which])
        if not shown:
            return
        held = self.keep(shown[pick % len(shown)], which)
        if held is None or held.held_by is None:
            return
        with transaction():
            client = make.stranger(f"client{self.strangers}")
            services.book(held.id, browser=held.held_by, client=client, actor="visitor", now=self.books.now)
        treatment = self.treatments[which]
        self.books.visits[held.id] = Visit(block_of(held), self.books.needs[treatment], treatment)

    @rule(pick=st.integers(0, 50), on=days, quarter=quarters)
    def move(self, pick: int, on: date, quarter: int) -> None:
        key = self.pick(pick, cancelled=False)
        if key is None:
            return
        visit, now, start = self.books.visits[key], self.minute(), at(on, quarter)
        expected = self.books.candidates(visit.treatment, start, moving=key)
        moved = None
        try:
            with transaction():
                moved = changes.move(key, start, revision=self.revision(key), actor="user:desk", now=now)
        except NotOffered:
            pass
        self.agrees(expected, moved)
        if moved is not None:
            block, left = block_of(moved), replace(visit.block, ends=now + UNDO)
            self.books.visits[key] = replace(
                visit, block=block, before=visit.block, kept=tuple(left.less(block)), undo_until=now + UNDO
            )

    @rule(pick=st.integers(0, 50))
    def cancel(self, pick: int) -> None:
        key = self.pick(pick, cancelled=False)
        if key is None:
            return
        visit, now = self.books.visits[key], self.minute()
        with transaction():
            changes.cancel(key, revision=self.revision(key), actor="user:desk", now=now)
        kept = (replace(visit.block, ends=now + UNDO),)
        self.books.visits[key] = replace(visit, cancelled=True, before=None, kept=kept, undo_until=now + UNDO)

    @rule(pick=st.integers(0, 50), cancelled=st.booleans())
    def take_back(self, pick: int, cancelled: bool) -> None:
        key = self.pick(pick, cancelled=cancelled)
        if key is None:
            return
        visit, now = self.books.visits[key], self.minute()
        late = visit.undo_until is None or visit.undo_until <= now
        try:
            with transaction():
                changes.undo(key, revision=self.revision(key), actor="user:desk", now=now)
        except changes.UndoOver:
            assert late, "refused although the time was kept"
            return
        assert not late
        self.books.visits[key] = Visit(visit.before or visit.block, visit.need, visit.treatment)

    @rule(
        pick=st.integers(0, 50),
        on=days,
        quarter=quarters,
        then=st.sampled_from(["move", "cancel", "take back"]),
    )
    def move_and_think_again(self, pick: int, on: date, quarter: int, then: str) -> None:
        """Two changes of one visit while the first can still be taken back."""
        self.move(pick, on, quarter)
        if then == "move":
            self.move(pick, on, quarter + 1)
        elif then == "cancel":
            self.cancel(pick)
        else:
            self.take_back(pick, cancelled=False)

    @rule(who=either, on=days, quarter=quarters, length=st.integers(1, 16))
    def go_away(self, who: int, on: date, quarter: int, length: int) -> None:
        """Time off over whatever stands: cancels nothing."""
        therapist = list(self.books.hours)[who]
        self.minute()
        db.session.add(
            TimeOff(
                therapist_id=therapist,
                from_on=on,
                until_on=on + timedelta(days=1),
                from_minute=quarter * 15,
                until_minute=(quarter + length) * 15,
            )
        )
        self.changed()
        self.books.off.append((therapist, (at(on, quarter), at(on, quarter + length))))

    @rule(who=either, opens=st.integers(7 * 4, 12 * 4), length=st.integers(8, 30))
    def work_other_hours(self, who: int, opens: int, length: int) -> None:
        therapist = list(self.books.hours)[who]
        self.minute()
        db.session.execute(
            sa.update(WeeklyHours)
            .where(WeeklyHours.therapist_id == therapist)
            .values(from_minute=opens * 15, until_minute=(opens + length) * 15)
        )
        self.changed()
        self.books.hours[therapist] = (opens, opens + length)

    @rule(which=either, before=st.integers(0, 2), after=st.integers(0, 3), length=st.integers(2, 6))
    def sell_otherwise(self, which: int, before: int, after: int, length: int) -> None:
        """Other buffers and another length: what is agreed already stays as it was."""
        self.minute()
        sold = db.session.get_one(Treatment, self.treatments[which])
        sold.buffer_before_minutes, sold.length_minutes, sold.buffer_after_minutes = (
            before * 5,
            length * 15,
            after * 5,
        )
        self.changed()
        parts = (before * 5, length * 15, after * 5)
        need = tuple(timedelta(minutes=part) for part in parts)
        self.books.needs[sold.id] = (need[0], need[1], need[2])

    @rule(who=either, cap=st.integers(1, 4))
    def take_at_most(self, who: int, cap: int) -> None:
        self.minute()
        person = db.session.get_one(Therapist, list(self.books.hours)[who])
        person.daily_cap = cap
        self.changed()
        self.books.cap[person.id] = cap

    @rule(which=either)
    def change_the_rooms(self, which: int) -> None:
        """The first room suits the treatment, or no longer does."""
        self.minute()
        sold = db.session.get_one(Treatment, self.treatments[which])
        rooms = self.begun.rooms[sold.id]
        kept = rooms if len(self.books.rooms[sold.id]) == 1 else rooms[1:]
        sold.rooms = list(db.session.scalars(sa.select(Room).where(Room.id.in_(kept))))
        self.changed()
        self.books.rooms[sold.id] = list(kept)

    @rule(hours=st.integers(0, 30))
    def want_notice(self, hours: int) -> None:
        self.minute()
        make.practice(notice_minutes=hours * 60)
        self.changed()
        self.books.notice = timedelta(hours=hours)

    @rule(minutes=st.sampled_from([1, 2, 19, 60]))
    def wait(self, minutes: int) -> None:
        self.books.now += timedelta(minutes=minutes)

    @invariant()
    def offers_what_the_books_say(self) -> None:
        if hasattr(self, "books"):
            treatment = self.treatments[self.books.now.minute % 2]
            shown = availability.offers(SearchCriteria(treatment), DAYS, self.books.now).offers.instants()
            assert shown == self.books.offered(treatment)

    @invariant()
    def nothing_overlaps(self) -> None:
        if hasattr(self, "books"):
            rows = db.session.scalars(
                sa.select(Appointment).where(
                    Appointment.state.in_(OCCUPYING),
                    sa.or_(Appointment.held_until.is_(None), Appointment.held_until > self.books.now),
                )
            ).all()
            blocks = sorted((block_of(row) for row in rows), key=block_start)
            for number, one in enumerate(blocks):
                for other in blocks[number + 1 :]:
                    shares = one.therapist == other.therapist or one.room == other.room
                    assert not (shares and meet(one.span, other.span))
            assert len(blocks) == len(self.books.blocks())

    def pick(self, number: int, *, cancelled: bool) -> UUID | None:
        keys = [
            key
            for key, visit in self.books.visits.items()
            if visit.cancelled == cancelled and visit.block.span[0] > self.books.now + timedelta(hours=2)
        ]
        return keys[number % len(keys)] if keys else None

    def revision(self, key: UUID) -> int:
        return db.session.get_one(Appointment, key).revision


def block_of(row: Appointment) -> Block:
    assert row.room_id is not None
    return Block(row.therapist_id, row.room_id, (row.occupied_from, row.occupied_until))


def prepared(database: sa.Connection) -> type[House]:
    """The machine before a practice that is open Monday to Friday from nine to five."""
    make.practice(step_minutes=15, hold_minutes=20)
    place = make.location(zone="Etc/GMT-1")
    people = [make.therapist(place), make.therapist(place)]
    rooms = [make.room(place), make.room(place)]
    sold = [
        make.treatment(therapists=people, rooms=rooms),
        make.treatment(therapists=people, rooms=rooms, minutes=30, buffer_after_minutes=10),
    ]
    House.connection, House.treatments, House.refused, House.done = database, [each.id for each in sold], 0, 0
    House.completed = 0
    House.begun = Books(
        hours={person.id: (9 * 4, 17 * 4) for person in people},
        needs={
            each.id: (
                timedelta(0),
                timedelta(minutes=each.length_minutes),
                timedelta(minutes=each.buffer_after_minutes),
            )
            for each in sold
        },
        rooms={each.id: [room.id for room in rooms] for each in sold},
    )
    db.session.commit()
    return House


def test_what_is_offered_can_be_booked_and_nothing_else(make: Make, database: sa.Connection) -> None:
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
    print(machine.done, machine.refused)
    print(f"{machine.done} times taken, {machine.refused} refused in {EXAMPLES} x {STEPS} steps")
    assert machine.done, "the machine never took a time"
    assert machine.refused, "the machine was never refused"
    assert machine.completed, "the machine never completed what it held"
