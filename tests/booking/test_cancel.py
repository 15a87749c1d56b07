"""A visit is cancelled, marked late where it counts, and given back for two minutes."""

from datetime import timedelta

import pytest

from clinic.booking import changes
from clinic.booking.models import State
from clinic.db import transaction
from clinic.guidance.levels import Level
from tests.booking.visits import THURSDAY_TEN, YOU, booked, held, starts
from tests.conftest import NOW
from tests.make import Make


def test_a_cancelled_slot_can_be_booked_again_once_undo_is_over(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    assert THURSDAY_TEN not in starts(sold), "kept for two minutes, so that it can be undone"
    later = NOW + timedelta(seconds=121)
    assert THURSDAY_TEN in starts(sold, now=later)
    assert held(sold, browser=YOU, now=later).state == State.HELD


def test_a_cancel_is_undone_within_two_minutes(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    with transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=119))
    assert make.refreshed(appointment).state == State.BOOKED
    assert appointment.revision == 3
    assert appointment.cancelled_by is None


def test_after_two_minutes_nothing_is_undone(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    with pytest.raises(changes.UndoOver), transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=120))
    assert make.refreshed(appointment).state == State.CANCELLED


def test_cancelling_inside_the_limit_is_marked_late_for_clients_only(make: Make) -> None:
    sold = make.offering()
    late = THURSDAY_TEN - timedelta(hours=23, minutes=59)
    by_client = booked(make, sold)
    with transaction():
        changes.cancel(by_client.id, revision=1, actor="link:x", now=late)
    assert by_client.cancelled_late
    by_staff = booked(make, sold, THURSDAY_TEN + timedelta(hours=2), mail="grace@client.example")
    with transaction():
        changes.cancel(by_staff.id, revision=1, actor="user:x", now=late)
    assert not by_staff.cancelled_late


def test_an_urgent_answer_cancels_at_once(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        make.answer_seriously(appointment, Level.URGENT, NOW)
    assert (appointment.state, appointment.cancelled_by) == (State.CANCELLED, "system")
