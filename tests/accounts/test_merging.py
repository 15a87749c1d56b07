"""Two records of one person made one, and two again."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from clinic.accounts import merging, sessions
from clinic.accounts.models import AuditEntry, Client, Contact, User
from clinic.booking import barring
from clinic.booking.models import Appointment
from clinic.db import Base, db
from clinic.intake.models import Submission
from clinic.refusal import NotFound
from tests.make import Make
from tests.visitor import client_session


@pytest.fixture
def desk(make: Make) -> User:
    return make.user(roles=["front_desk"])


@pytest.fixture
def pair(make: Make) -> tuple[Client, Client]:
    return make.client(mail="ada@client.example"), make.client(mail="ada@work.example")


def visits_of(client: Client) -> int:
    return len(db.session.scalars(sa.select(Appointment).where(Appointment.client_id == client.id)).all())


def test_everything_of_the_other_record_comes_over(
    make: Make, desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    kept, other = pair
    sold = make.offering()
    make.appointment(of=sold, who=other)
    make.submission(who=other)
    merging.merge(kept.id, other.id, by=desk, now=now)
    assert visits_of(kept) == 1
    assert db.session.scalars(sa.select(Submission.client_id)).all() == [kept.id]
    assert sorted(contact.normalised for contact in kept.contacts) == [
        "ada@client.example",
        "ada@work.example",
    ]
    assert other.merged_into_id == kept.id


def test_an_address_both_have_stays_where_it_is(make: Make, desk: User, now: datetime) -> None:
    kept, other = make.client(), make.client()
    merging.merge(kept.id, other.id, by=desk, now=now)
    assert [len(one.contacts) for one in (kept, other)] == [1, 1]


def test_a_bar_that_stands_on_both_records_stands_once_and_is_lifted_once(
    make: Make, desk: User, now: datetime
) -> None:
    make.practice()
    kept, other = make.client(), make.client()
    for record in (kept, other):
        barring.bar(record.id, None, "because", by=desk, now=now)
    made = merging.merge(kept.id, other.id, by=desk, now=now)
    (own,) = barring.of_client(kept.id)
    barring.lift(own.id, by=desk, now=now)
    assert barring.barred_therapists(kept.id) == set()
    assert barring.by_client() == {}
    merging.undo(made.id, by=desk, now=now)
    assert [bar.client_id for bar in barring.of_client(other.id)] == [other.id]


def test_undoing_gives_back_what_was_moved_and_nothing_newer(
    make: Make, desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    kept, other = pair
    sold = make.offering()
    make.appointment(of=sold, who=kept)
    make.appointment(of=sold, who=other, starts_at=now + timedelta(days=4))
    made = merging.merge(kept.id, other.id, by=desk, now=now)
    make.appointment(of=sold, who=kept, starts_at=now + timedelta(days=5))
    merging.undo(made.id, by=desk, now=now + timedelta(days=29))
    assert (visits_of(kept), visits_of(other)) == (2, 1)
    assert other.merged_into_id is None
    assert [contact.normalised for contact in other.contacts] == ["ada@work.example"]


def test_a_merge_can_be_undone_for_thirty_days(
    desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    made = merging.merge(pair[0].id, pair[1].id, by=desk, now=now)
    with pytest.raises(merging.NotUndoable):
        merging.undo(made.id, by=desk, now=now + timedelta(days=30))


def test_a_merge_can_be_undone_once(desk: User, pair: tuple[Client, Client], now: datetime) -> None:
    made = merging.merge(pair[0].id, pair[1].id, by=desk, now=now)
    merging.undo(made.id, by=desk, now=now)
    with pytest.raises(merging.NotUndoable):
        merging.undo(made.id, by=desk, now=now)


def test_records_that_are_gone_or_the_same_cannot_be_joined(
    make: Make, desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    kept, other = pair
    erased = make.client(erased_at=now)
    for first, second in ((kept.id, kept.id), (kept.id, erased.id), (kept.id, uuid4())):
        with pytest.raises(merging.NotMergeable):
            merging.merge(first, second, by=desk, now=now)
    merging.merge(kept.id, other.id, by=desk, now=now)
    with pytest.raises(merging.NotMergeable):
        merging.merge(make.client().id, other.id, by=desk, now=now)


def test_undoing_what_was_never_done_finds_nothing(desk: User, now: datetime) -> None:
    with pytest.raises(NotFound):
        merging.undo(uuid4(), by=desk, now=now)


def test_both_acts_are_on_record_with_names_of_tables_only(
    desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    made = merging.merge(pair[0].id, pair[1].id, by=desk, now=now)
    merging.undo(made.id, by=desk, now=now)
    by_desk = sa.select(AuditEntry).where(AuditEntry.actor == f"user:{desk.id}").order_by(AuditEntry.id)
    entries = db.session.scalars(by_desk).all()
    assert [(entry.actor, entry.action, entry.fields) for entry in entries] == [
        (f"user:{desk.id}", "merged", ["contacts"]),
        (f"user:{desk.id}", "merge_undone", ["contacts"]),
    ]


def test_a_browser_signed_in_as_the_other_is_signed_out(
    desk: User, pair: tuple[Client, Client], now: datetime
) -> None:
    kept, other = pair
    raw = sessions.open_client(other.contacts[0], other.id, now)
    merging.merge(kept.id, other.id, by=desk, now=now)
    assert not client_session(raw, now)


def test_no_table_that_points_at_a_client_is_left_out() -> None:
    pointing = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.column.table is Client.__table__ for key in table.foreign_keys)
    }
    assert {table.name for table, _ in merging.pointing_at_clients()} == pointing - merging.STAYING
    assert Contact.__tablename__ in pointing


def test_every_table_that_is_moved_names_its_rows_by_one_id() -> None:
    for table, _ in merging.pointing_at_clients():
        assert [column.name for column in table.primary_key] == ["id"], table.name


def test_an_address_that_was_changed_into_one_of_the_other_record_makes_undoing_impossible(
    make: Make, desk: User, now: datetime
) -> None:
    kept, other = make.client(), make.client()
    moved = make.contact(other, value="ada@work.example")
    made = merging.merge(kept.id, other.id, by=desk, now=now)
    db.session.commit()
    kept.contacts[0].normalised = "ada@elsewhere.example"
    db.session.flush()
    moved.normalised = "ada@client.example"
    db.session.commit()
    with pytest.raises(merging.NotUndoable):
        merging.undo(made.id, by=desk, now=now)
    assert moved.client_id == kept.id
