"""A visit moves to a free time, or stays where it is."""

from datetime import timedelta

import pytest

from clinic.booking import changes
from clinic.booking.models import State
from clinic.booking.placing import NotOffered
from clinic.db import transaction
from clinic.refusal import Stale
from tests.booking.visits import THURSDAY_TEN, booked, starts
from tests.conftest import NOW
from tests.make import Make


@pytest.mark.parametrize("minutes", [15, 60, 180])
def test_a_move_keeps_the_old_time_until_it_cannot_be_undone(make: Make, minutes: int) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    new = THURSDAY_TEN + timedelta(minutes=minutes)
    with transaction():
        changes.move(appointment.id, new, revision=1, actor="visitor", now=NOW)
    assert (appointment.starts_at, appointment.revision, appointment.time_revision) == (new, 2, 2)
    assert not {THURSDAY_TEN, new} & set(starts(sold))
    with transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=60))
    assert make.refreshed(appointment).starts_at == THURSDAY_TEN
    assert new + timedelta(minutes=60) in starts(sold)


def test_a_move_to_a_taken_time_leaves_everything_as_it_was(make: Make) -> None:
    sold = make.offering()
    other = booked(make, sold, THURSDAY_TEN + timedelta(hours=1), mail="grace@client.example")
    appointment = booked(make, sold)
    with pytest.raises(NotOffered), transaction():
        changes.move(appointment.id, other.starts_at, revision=1, actor="visitor", now=NOW)
    assert make.refreshed(appointment).starts_at == THURSDAY_TEN
    assert appointment.revision == 1


def test_a_page_that_is_old_changes_nothing(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        changes.move(appointment.id, THURSDAY_TEN + timedelta(hours=2), revision=1, actor="visitor", now=NOW)
    with pytest.raises(Stale), transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    assert make.refreshed(appointment).state == State.BOOKED
