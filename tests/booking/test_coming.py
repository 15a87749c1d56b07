"""A client says that they come: once, at the time the page showed, and anew after a move or a cancellation."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.accounts.models import AuditEntry
from clinic.booking import changes, coming
from clinic.booking.models import Appointment, State
from clinic.booking.states import NotNow
from clinic.db import db, transaction
from clinic.refusal import Stale
from tests.booking.visits import THURSDAY_TEN, booked
from tests.conftest import NOW
from tests.make import Make

LATER = NOW + timedelta(hours=1)


def say(visit: Appointment, revision: int = 1, now: object = NOW) -> Appointment:
    with transaction():
        return coming.say(visit.id, revision=revision, actor="link:x", now=now)  # type: ignore[arg-type]


def test_it_is_said_once_and_recorded_once(make: Make) -> None:
    visit = booked(make, make.offering())
    assert not visit.is_coming
    said = say(visit)
    assert (said.is_coming, said.coming_said_at, said.revision) == (True, NOW, 1)
    assert say(visit, now=LATER).coming_said_at == NOW, "a second press changes nothing"
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "say_coming")).all()
    assert (entry.subject_id, entry.client_id, entry.actor) == (visit.id, visit.client_id, "link:x")


def test_a_moved_visit_is_to_be_confirmed_anew_and_so_is_one_moved_back(make: Make) -> None:
    visit = booked(make, make.offering())
    say(visit)
    with transaction():
        changes.move(visit.id, THURSDAY_TEN + timedelta(hours=2), revision=1, actor="link:x", now=NOW)
    assert not make.refreshed(visit).is_coming
    assert say(visit, revision=2).is_coming
    with transaction():
        changes.undo(visit.id, revision=2, actor="link:x", now=NOW)
    assert not make.refreshed(visit).is_coming


def test_a_cancellation_ends_it_also_when_it_is_undone(make: Make) -> None:
    visit = booked(make, make.offering())
    say(visit)
    with transaction():
        changes.cancel(visit.id, revision=1, actor="link:x", now=NOW)
    assert (visit.is_coming, visit.coming_said_at) == (False, None)
    with transaction():
        changes.undo(visit.id, revision=2, actor="link:x", now=NOW)
    assert not make.refreshed(visit).is_coming


def test_a_page_from_before_a_move_says_nothing_about_the_new_time(make: Make) -> None:
    visit = booked(make, make.offering())
    with transaction():
        changes.move(visit.id, THURSDAY_TEN + timedelta(hours=2), revision=1, actor="link:x", now=NOW)
    with pytest.raises(Stale):
        say(visit, revision=1)
    assert not make.refreshed(visit).is_coming


@pytest.mark.parametrize("state", [State.REQUESTED, State.CANCELLED, State.MISSED, State.DONE])
def test_only_a_booked_visit_can_be_confirmed(make: Make, state: State) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(), state=state)
    with pytest.raises(NotNow):
        say(visit)


def test_a_visit_that_has_begun_cannot_be_confirmed(make: Make) -> None:
    visit = booked(make, make.offering())
    with pytest.raises(NotNow):
        say(visit, now=visit.starts_at)


def test_it_can_be_said_within_a_week_and_is_asked_from_a_day_after_agreeing(make: Make) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(), starts_at=NOW + timedelta(days=10))
    week = visit.starts_at - timedelta(days=7)
    assert not coming.may_say(visit, week - timedelta(seconds=1))
    assert coming.may_say(visit, week)
    assert coming.is_asked(visit, week)
    visit.time_agreed_at = week - timedelta(hours=23)
    assert coming.may_say(visit, week)
    assert not coming.is_asked(visit, week), "they have just agreed to it"


def test_who_has_not_said_it_is_listed_earliest_first(make: Make) -> None:
    sold, ada = make.offering(), make.client()
    agreed = {"of": sold, "who": ada, "time_agreed_at": NOW - timedelta(days=2)}
    second = make.appointment(starts_at=NOW + timedelta(hours=20), **agreed)
    first = make.appointment(starts_at=NOW + timedelta(hours=3), **agreed)
    make.appointment(starts_at=NOW + timedelta(hours=50), **agreed)
    make.appointment(starts_at=NOW - timedelta(hours=3), **agreed)
    make.appointment(starts_at=NOW + timedelta(hours=6), **{**agreed, "time_agreed_at": NOW})
    make.appointment(starts_at=NOW + timedelta(hours=9), state=State.REQUESTED, **agreed)
    say(make.appointment(starts_at=NOW + timedelta(hours=12), **agreed))
    moved = make.appointment(starts_at=NOW + timedelta(hours=15), time_revision=2, revision=2, **agreed)
    moved.coming_said_at, moved.coming_revision = NOW, 1
    db.session.flush()
    found = coming.not_said(NOW + timedelta(days=2), 9, now=NOW)
    assert [one.id for one in found] == [first.id, moved.id, second.id]
    assert len(coming.not_said(NOW + timedelta(days=2), 2, now=NOW)) == 2


def test_the_database_refuses_half_of_it(make: Make) -> None:
    visit = booked(make, make.offering())
    visit.coming_said_at = NOW
    with pytest.raises(IntegrityError, match="coming_whole"):
        db.session.flush()


def take_back(visit: Appointment, revision: int = 1, now: datetime = LATER) -> Appointment:
    with transaction():
        return coming.take_back(visit.id, revision=revision, actor="link:x", now=now)


def test_it_is_taken_back_once_and_can_be_said_again(make: Make) -> None:
    visit = booked(make, make.offering())
    say(visit)
    assert (take_back(visit).is_coming, visit.coming_said_at, visit.revision) == (False, None, 1)
    take_back(visit)
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "take_back_coming")).all()
    assert (entry.subject_id, entry.client_id, entry.actor) == (visit.id, visit.client_id, "link:x")
    assert say(visit, now=LATER).is_coming


def test_nothing_is_taken_back_from_an_old_page_or_once_the_visit_has_begun(make: Make) -> None:
    visit = booked(make, make.offering())
    say(visit)
    with pytest.raises(Stale):
        take_back(visit, revision=0)
    with pytest.raises(NotNow):
        take_back(visit, now=visit.starts_at)
    assert make.refreshed(visit).is_coming
