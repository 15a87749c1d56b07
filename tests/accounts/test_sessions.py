"""Signed-in browsers, of staff and of clients."""

from datetime import datetime, timedelta

from clinic.accounts import sessions
from clinic.accounts.models import ClientSession, StaffSession
from clinic.db import db
from tests.make import Make
from tests.visitor import client_session


def test_a_staff_session_ends_after_half_an_hour_without_a_page(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    assert sessions.staff(raw, now + timedelta(minutes=29, seconds=59))
    assert not sessions.staff(raw, now + timedelta(minutes=30))


def test_a_staff_session_ends_after_twelve_hours_however_busy(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    live = sessions.staff(raw, now)
    assert live
    live.seen_at = now + timedelta(hours=12)
    assert sessions.staff(raw, now + timedelta(hours=11, minutes=59))
    assert not sessions.staff(raw, now + timedelta(hours=12))


def test_signing_out_ends_the_session_on_the_server(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    live = sessions.staff(raw, now)
    assert live
    sessions.end(live, now)
    assert not sessions.staff(raw, now)


def test_somebody_who_leaves_is_signed_out_at_once(make: Make, now: datetime) -> None:
    person = make.user()
    raw = sessions.open_staff(person, now)
    person.active = False
    assert not sessions.staff(raw, now)


def test_other_devices_are_listed_and_ended_without_the_own_one(make: Make, now: datetime) -> None:
    person, colleague = make.user(), make.user()
    own, other, theirs = (sessions.open_staff(one, now) for one in (person, person, colleague))
    here = sessions.staff(own, now)
    assert here
    assert len(sessions.others_of(person, here, now)) == 1
    sessions.end_others_of(person, here, now)
    db.session.expire_all()
    assert sessions.staff(own, now)
    assert not sessions.staff(other, now)
    assert sessions.staff(theirs, now)


def test_a_client_session_ends_by_idleness_and_by_age(make: Make, now: datetime) -> None:
    ada = make.client()
    raw = sessions.open_client(ada.contacts[0], ada.id, now)
    assert client_session(raw, now + timedelta(minutes=119))
    assert not client_session(raw, now + timedelta(minutes=120))
    live = client_session(raw, now)
    assert live
    live.seen_at = now + timedelta(hours=24)
    assert client_session(raw, now + timedelta(hours=23, minutes=59))
    assert not client_session(raw, now + timedelta(hours=24))


def test_a_client_session_ends_when_its_client_is_erased(make: Make, now: datetime) -> None:
    ada = make.client()
    raw = sessions.open_client(ada.contacts[0], ada.id, now)
    ada.erased_at = now
    assert not client_session(raw, now)


def test_a_client_session_may_name_nobody_yet(make: Make, now: datetime) -> None:
    raw = sessions.open_client(make.client().contacts[0], None, now)
    live = client_session(raw, now)
    assert live
    assert live.client_id is None


def test_secrets_of_one_kind_open_nothing_of_the_other(make: Make, now: datetime) -> None:
    ada = make.client()
    assert not client_session(sessions.open_staff(make.user(), now), now)
    assert not sessions.staff(sessions.open_client(ada.contacts[0], ada.id, now), now)


def test_seen_is_rewritten_once_a_minute_at_most(make: Make, now: datetime) -> None:
    raw = sessions.open_staff(make.user(), now)
    live = sessions.staff(raw, now)
    assert live
    assert not sessions.is_due_to_be_seen(live, now + timedelta(seconds=59))
    assert sessions.is_due_to_be_seen(live, now + timedelta(seconds=60))


def delete_old(before: datetime) -> None:
    for old_ones in (sessions.old_staff_sessions, sessions.old_client_sessions):
        old_ones(before).delete()


def test_old_sessions_are_deleted(make: Make, now: datetime) -> None:
    ada = make.client()
    sessions.open_staff(make.user(), now)
    sessions.open_client(ada.contacts[0], ada.id, now)
    delete_old(now)
    assert (make.count(StaffSession), make.count(ClientSession)) == (1, 1)
    delete_old(now + timedelta(days=2))
    assert (make.count(StaffSession), make.count(ClientSession)) == (0, 0)
