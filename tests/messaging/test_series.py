"""Several visits booked, moved or cancelled in one act: one letter, one calendar file, an event each."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from clinic.accounts.models import Client
from clinic.booking import changes
from clinic.booking.models import Appointment, Series
from clinic.booking.series import new_series as several
from clinic.booking.series import series_changes, series_undo
from clinic.booking.series.new_series import Order, Slot
from clinic.booking.series.series_changes import Pick, SeriesMove
from clinic.db import db, transaction
from clinic.messaging.models import MessageKind
from clinic.practice.models import Treatment
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.owed import kinds, occasions

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
SETTLED = timedelta(seconds=120)


@pytest.fixture
def whole(massage: Treatment, ada: Client, now: datetime) -> Series:
    """Three weekly visits of Ada's, on Thursdays at 10:00 in Berlin."""
    therapist = massage.therapists[0]
    place = db.session.scalars(sa.text("SELECT id FROM locations")).one()
    chosen = [
        Slot(starts_at=now + timedelta(days=3) + number * WEEK, therapist_id=therapist.id)
        for number in range(3)
    ]
    with transaction():
        return several.book(
            Order(treatment_id=massage.id, location_id=place), chosen, client=ada, actor="user:x", now=now
        )


def members(whole: Series) -> list[Appointment]:
    return several.members(whole.id)


def events(postbox: Postbox) -> list[tuple[str, str, int]]:
    """Method, UID and sequence of each event of the newest mail."""
    calendar = Calendar.from_ical(part(postbox.mails[-1], "text/calendar"))
    return [
        (str(calendar["METHOD"]), str(one["UID"]), int(one["SEQUENCE"])) for one in calendar.walk("VEVENT")
    ]


def test_a_series_is_told_by_one_letter_with_an_event_for_each_visit(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    for seconds in (0, 1, 600):
        run(now + timedelta(seconds=seconds))
    assert kinds() == [MessageKind.SERIES]
    assert postbox.subjects == ["Your sessions at Alder Lane"]
    assert events(postbox) == [("REQUEST", f"{one.id}@lumbar", 1) for one in members(whole)]
    text = part(postbox.mails[0], "text/plain")
    for day in ("6 March", "13 March", "20 March"):
        assert f"Thursday {day} 2031" in text


def test_a_bulk_move_is_told_once_after_it_has_settled(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    later = [
        SeriesMove(
            pick=Pick(appointment_id=one.id, revision=one.revision),
            slot=Slot(starts_at=one.starts_at + HOUR, therapist_id=one.therapist_id),
        )
        for one in members(whole)
    ]
    with transaction():
        series_changes.move(whole.id, later, actor="user:x", now=now + HOUR)
    run(now + HOUR + SETTLED - timedelta(seconds=1))
    assert occasions(MessageKind.SERIES) == ["r1"]
    run(now + HOUR + SETTLED)
    assert kinds() == [MessageKind.SERIES, MessageKind.SERIES]
    assert events(postbox) == [("REQUEST", f"{one.id}@lumbar", 2) for one in members(whole)]


@pytest.mark.parametrize("deed", ["moved", "cancelled"])
def test_an_act_that_was_taken_back_is_told_to_nobody(
    whole: Series, run: Pass, postbox: Postbox, now: datetime, deed: str
) -> None:
    run(now)
    picks = [Pick(appointment_id=one.id, revision=one.revision) for one in members(whole)]
    with transaction():
        if deed == "cancelled":
            series_changes.cancel(whole.id, picks, actor="user:x", now=now + HOUR)
        else:
            to = [
                Slot(starts_at=one.starts_at + HOUR, therapist_id=one.therapist_id) for one in members(whole)
            ]
            moves = [SeriesMove(pick=pick, slot=slot) for pick, slot in zip(picks, to, strict=True)]
            series_changes.move(whole.id, moves, actor="user:x", now=now + HOUR)
    with transaction():
        series_undo.undo(whole.id, revision=2, actor="user:x", now=now + HOUR + SETTLED / 2)
    for minutes in (61, 63, 180):
        run(now + timedelta(minutes=minutes))
    assert occasions(MessageKind.SERIES) == ["r1"]
    assert kinds() == [MessageKind.SERIES]
    picks = [Pick(appointment_id=one.id, revision=one.revision) for one in members(whole)]
    with transaction():
        series_changes.cancel(whole.id, picks, actor="user:x", now=now + 4 * HOUR)
    run(now + 5 * HOUR)
    assert occasions(MessageKind.SERIES) == ["r1", "r3"]


def test_a_bulk_cancellation_takes_out_what_was_put_in_and_leaves_the_rest(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    first, *others = members(whole)
    picks = [Pick(appointment_id=one.id, revision=one.revision) for one in others]
    with transaction():
        series_changes.cancel(whole.id, picks, actor="user:x", now=now + HOUR)
    run(now + HOUR + SETTLED)
    assert kinds() == [MessageKind.SERIES, MessageKind.SERIES]
    assert events(postbox) == [("CANCEL", f"{one.id}@lumbar", 2) for one in others]
    text = part(postbox.mails[-1], "text/plain")
    cancelled, _, booked = text.partition("BOOKED")
    assert "CANCELLED" in cancelled
    assert "13 March" in cancelled
    assert "20 March" in cancelled
    assert "Thursday 6 March 2031" in booked
    assert "13 March" not in booked
    assert first.state == "booked"


def test_a_member_moved_alone_gets_a_letter_of_its_own_and_only_when_it_really_moved(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    one = members(whole)[1]
    with transaction():
        changes.move(one.id, one.starts_at + HOUR, revision=1, actor="system", now=now + HOUR)
    with transaction():
        changes.undo(one.id, revision=2, actor="system", now=now + HOUR + timedelta(seconds=60))
    run(now + 2 * HOUR)
    assert kinds() == [MessageKind.SERIES]
    with transaction():
        changes.move(one.id, one.starts_at + HOUR, revision=3, actor="system", now=now + 3 * HOUR)
    run(now + 4 * HOUR)
    assert kinds() == [MessageKind.SERIES, MessageKind.CHANGE]
    assert postbox.subjects[-1] == "Changed: now Thursday 13 March, 11:00 at Alder Lane"


def test_a_member_cancelled_alone_gets_a_cancellation(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    run(now)
    one = members(whole)[0]
    with transaction():
        changes.cancel(one.id, revision=1, actor="link:x", now=now + HOUR)
    run(now + 2 * HOUR)
    assert kinds() == [MessageKind.SERIES, MessageKind.CANCELLATION]
    assert events(postbox) == [("CANCEL", f"{one.id}@lumbar", 2)]


def test_a_series_that_was_cancelled_before_anybody_heard_of_it_puts_nothing_into_a_calendar(
    whole: Series, run: Pass, postbox: Postbox, now: datetime
) -> None:
    picks = [Pick(appointment_id=one.id, revision=1) for one in members(whole)[1:]]
    with transaction():
        series_changes.cancel(whole.id, picks, actor="user:x", now=now)
    run(now + SETTLED)
    assert occasions(MessageKind.SERIES) == ["r2"]
    assert events(postbox) == [("REQUEST", f"{members(whole)[0].id}@lumbar", 1)]


def test_each_visit_of_a_series_is_reminded_by_itself(whole: Series, run: Pass, now: datetime) -> None:
    run(now)
    for one in members(whole):
        run(one.starts_at - 2 * HOUR)
    assert occasions(MessageKind.REMINDER) == ["r1/120"] * 3
