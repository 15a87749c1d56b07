"""Erasing a client of the demo's week: of the one without notes nothing is found anywhere, of the other only the restricted record."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import demo
from clinic.accounts import audit, erasures
from clinic.accounts.erasures import Erasure, ErasureState, RestrictedRecord
from clinic.accounts.models import AuditEntry, Client, Role, User
from clinic.booking.models import Appointment, State
from clinic.db import Base, db, transaction
from clinic.intake.models import Submission
from clinic.maintenance import erasure, erasure_ledger, periods, retention, sweeps
from clinic.messaging.kinds.erasures import AFTER_THE_HOUR
from clinic.messaging.models import Message, MessageKind
from clinic.plans.models import SessionNote
from clinic.sealed import sealed_attributes
from tests import make
from tests.conftest import undone, undone_within

WEDNESDAY = datetime(2031, 6, 11, 13, 5, tzinfo=ZoneInfo("America/Toronto"))
MARK = "Quibblethorpe"
"""Stands in every text about the client that is erased, and nowhere else."""
UNCHANGING = {"session_notes", "plan_versions", "incidents", "incident_addenda"}
"""What the database never lets change, and so lets nobody mark."""
AFTER = WEDNESDAY + AFTER_THE_HOUR + timedelta(minutes=1)
"""When the letter has left, which has tests of its own (`tests/messaging/test_due_erasures.py`)."""


@pytest.fixture(scope="module")
def shared_week(app) -> Iterator[sa.Connection]:  # type: ignore[no-untyped-def]
    app.config["ENVIRONMENT"], before = "demo", app.config["ENVIRONMENT"]
    with undone(app) as connection:
        with transaction():
            demo.load(WEDNESDAY)
        db.session.expire_all()
        yield connection
    app.config["ENVIRONMENT"] = before


@pytest.fixture
def week(shared_week: sa.Connection) -> Iterator[sa.Connection]:
    with undone_within(shared_week):
        yield shared_week


def named(given: str, family: str) -> Client:
    found = sa.select(Client).where(Client.given_name == given, Client.family_name == family)
    return db.session.scalars(found).one()


def noted_client() -> Client:
    """Somebody with notes of several visits, a plan and visits to come."""
    return named("Hannah", "Lindqvist")


def new_client() -> Client:
    """Somebody with answers, whose first visit is still to come."""
    noted = sa.select(SessionNote.client_id)
    coming = sa.select(Appointment.client_id).where(
        Appointment.state == State.BOOKED, Appointment.starts_at > WEDNESDAY
    )
    answered = sa.select(Submission.client_id).where(Submission.client_id.is_not(None))
    found = sa.select(Client).where(Client.id.not_in(noted), Client.id.in_(coming), Client.id.in_(answered))
    return db.session.scalars(found.order_by(Client.search_name).limit(1)).one()


def mark(person: Client) -> None:
    """Write the mark into every text about this client, sealed or not."""
    rows, words = (
        erasure.rows_of(person.id),
        {"clients": ("given_name", "family_name", "preferred_name", "search_name")},
    )
    for name, columns in words.items():
        table = Base.metadata.tables[name]
        db.session.execute(
            sa.update(table).where(table.c.id.in_(rows[name])).values(dict.fromkeys(columns, MARK))
        )
    contacts = Base.metadata.tables["contacts"]
    for number, contact_id in enumerate(rows["contacts"]):
        at = f"{MARK}{number}@client.example"
        db.session.execute(
            sa.update(contacts).where(contacts.c.id == contact_id).values(value=at, normalised=at.lower())
        )
    db.session.commit()
    for model, attribute in sealed_attributes(Base):
        if model.__tablename__ in UNCHANGING:
            continue
        for row in db.session.scalars(
            sa.select(model).where(model.id.in_(rows.get(model.__tablename__, ())))
        ):
            value = attribute.__get__(row, model)
            if isinstance(value, dict):
                attribute.__set__(row, {**value, "marked": MARK})
            elif isinstance(value, str):
                attribute.__set__(row, f"{value} {MARK}")
    db.session.commit()


def traces(mark: str) -> list[str]:
    """Every column in which a text stands, sealed values opened."""
    found = []
    for table in Base.metadata.sorted_tables:
        plain = [sa.column(column.name, _selectable=table) for column in table.columns]
        texts = [
            sa.func.encode(one, "escape")
            if isinstance(column.type, sa.LargeBinary)
            else sa.cast(one, sa.Text())
            for one, column in zip(plain, table.columns, strict=True)
        ]
        stands = [sa.func.bool_or(sa.func.lower(text).contains(mark.lower())) for text in texts]
        answers = db.session.execute(sa.select(*stands).select_from(table)).one()
        found += [
            f"{table.name}.{column.name}"
            for column, answer in zip(table.columns, answers, strict=True)
            if answer
        ]
    for model, attribute in sealed_attributes(Base):
        for row in db.session.scalars(sa.select(model)):
            if mark.lower() in str(attribute.__get__(row, model)).lower():
                found.append(f"{model.__tablename__}.{attribute.column}")
    return sorted(set(found))


def granted(person: Client) -> Erasure:
    owner = make.user(roles=[Role.OWNER], email="olga@alderlane.example")
    asked = granted_by(owner, person.id)
    db.session.commit()
    return asked


def granted_by(owner: User, client_id: UUID) -> Erasure:
    """An erasure whose hour begins on Wednesday, and whose letter leaves after it."""
    asked = erasures.ask(client_id, actor=audit.SYSTEM, by_id=owner.id, now=WEDNESDAY)
    erasures.grant(asked.id, kept_until=None, by_id=owner.id, now=WEDNESDAY)
    at = WEDNESDAY + AFTER_THE_HOUR
    letter = Message(
        kind=MessageKind.ERASURE_DECIDED, subject_id=asked.id, recipient_id=owner.id, client_id=client_id,
        occasion="granted", owed_at=at, due_at=at, sent_at=at,
    )  # fmt: skip
    db.session.add(letter)
    return asked


def others(person: Client) -> dict[str, int]:
    """How many rows each table has that are not about this client."""
    rows = erasure.rows_of(person.id)
    return {
        table.name: db.session.scalar(
            sa.select(sa.func.count())
            .select_from(table)
            .where(erasure.key_of(table).not_in(rows[table.name]))
        )
        or 0
        for table in Base.metadata.sorted_tables
        if len(table.primary_key) == 1
        and table.name not in ("audit_entries", "erasures", "restricted_records", "users")
    }


def test_of_a_client_without_notes_no_trace_is_left_and_nobody_else_loses_a_row(
    week: sa.Connection, tmp_path: Path
) -> None:
    person = new_client()
    mark(person)
    assert len(traces(MARK)) > 8
    asked, before = granted(person), others(person)
    expected = erasure.preview(person.id, AFTER)
    rows = erasure.rows_of(person.id)
    assert expected.kept_until is None
    assert expected.cancelled >= 1
    assert expected.deleted["submissions"] >= 1
    assert erasure.carry_out_granted(AFTER, tmp_path) == [person.id]
    assert traces(MARK) == []
    assert others(person) == before
    left = erasure.rows_of(person.id)
    assert {name: len(ids) for name, ids in left.items() if ids and name not in erasure.STAY} == {}
    assert left["appointments"] == rows["appointments"]
    db.session.refresh(person)
    assert (person.name, person.erased_at, person.birth_on) == ("Erased client", AFTER, None)
    coming = sa.select(Appointment.state).where(
        Appointment.client_id == person.id, Appointment.starts_at > AFTER
    )
    assert set(db.session.scalars(coming)) <= {State.CANCELLED, State.DECLINED}
    assert db.session.get_one(Erasure, asked.id).state == ErasureState.DONE
    assert erasure.carry_out_granted(AFTER, tmp_path) == []


def test_of_a_client_with_notes_only_the_restricted_record_is_left_until_its_day(
    week: sa.Connection, tmp_path: Path
) -> None:
    person = noted_client()
    mark(person)
    marked = traces(MARK)
    assert "submissions.answers_sealed" in marked
    words = db.session.scalars(sa.select(SessionNote).where(SessionNote.client_id == person.id)).first()
    assert words is not None
    written = words.content
    granted(person)
    last = max(
        db.session.scalars(
            sa.select(Appointment.wall_start)
            .join(SessionNote, SessionNote.appointment_id == Appointment.id)
            .where(Appointment.client_id == person.id)
        )
    ).date()
    until = erasure.years_after(last, periods.notes_years())
    assert erasure.preview(person.id, AFTER).kept_until == until
    erasure.carry_out_granted(AFTER, tmp_path)
    assert traces(MARK) == ["restricted_records.content_sealed"]
    kept = db.session.scalars(sa.select(RestrictedRecord)).one()
    assert kept.kept_until == until
    assert kept.content["clients"][0]["family_name"] == MARK
    assert written in [note["content"] for note in kept.content["session_notes"]]
    assert {"contacts", "submissions", "consents", "appointments"} <= set(kept.content)

    zone = ZoneInfo("America/Toronto")
    row, day_after = retention.row_of(periods.NOTES), until + timedelta(days=1)
    assert row.delete_due(datetime(until.year, until.month, until.day, 23, 59, tzinfo=zone)) == 0
    assert row.delete_due(datetime(day_after.year, day_after.month, day_after.day, 0, 1, tzinfo=zone)) == 1
    assert traces(MARK) == []


def test_everybody_of_the_week_can_be_erased(week: sa.Connection, tmp_path: Path) -> None:
    people = db.session.scalars(sa.select(Client.id).where(Client.erased_at.is_(None))).all()
    owner = make.user(roles=[Role.OWNER], email="olga@alderlane.example")
    for client_id in people:
        granted_by(owner, client_id)
    db.session.commit()
    assert set(erasure.carry_out_granted(AFTER, tmp_path)) == set(people)
    left = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "clients"
        and db.session.scalar(sa.select(sa.func.count()).where(key.parent.is_not(None)))
    }
    assert left <= erasure.STAY


def test_every_table_that_holds_something_about_a_client_is_reached() -> None:
    """By a reference, or by one of the named columns. What is named here is about staff, the practice, or a browser."""
    found = {"clients": frozenset({UUID(int=1)})}
    reached = {"clients", *erasure.SUBJECTS}
    for table in Base.metadata.sorted_tables:
        if any(
            key.column.table.name in reached and (table.name, key.parent.name) not in erasure.LEAD_ELSEWHERE
            for key in table.foreign_keys
        ):
            reached.add(table.name)
    assert found
    sealed = {model.__tablename__ for model, _ in sealed_attributes(Base)}
    assert sealed - reached == {"phrases", "to_dos", "typed_details", "idempotency_keys"} - reached


def test_a_decision_waits_an_hour_and_can_be_taken_back(week: sa.Connection, tmp_path: Path) -> None:
    person = new_client()
    asked = granted(person)
    assert erasure.carry_out_granted(WEDNESDAY + timedelta(minutes=59), tmp_path) == []
    erasures.take_back(asked.id, actor=audit.SYSTEM, now=WEDNESDAY + timedelta(minutes=59))
    db.session.commit()
    assert erasure.carry_out_granted(AFTER, tmp_path) == []
    assert db.session.get_one(Client, person.id).erased_at is None
    with pytest.raises(erasures.AlreadyDecided):
        erasures.grant(asked.id, kept_until=None, by_id=asked.asked_by_id or UUID(int=0), now=AFTER)


def test_a_signed_note_goes_only_with_its_client(week: sa.Connection) -> None:
    person = noted_client()
    of_them = sa.delete(SessionNote).where(SessionNote.client_id == person.id)
    with (
        pytest.raises(sa.exc.IntegrityError, match="a signed note does not change"),
        db.session.begin_nested(),
    ):
        db.session.execute(of_them)


def test_what_was_answered_to_an_earlier_wish_goes_too(week: sa.Connection, tmp_path: Path) -> None:
    person, owner = new_client(), make.user(roles=[Role.OWNER], email="otto@alderlane.example")
    refused = erasures.ask(person.id, actor=audit.SYSTEM, by_id=owner.id, now=WEDNESDAY - timedelta(days=3))
    erasures.refuse(refused.id, f"{MARK} owes us something.", by_id=owner.id, now=WEDNESDAY)
    granted(person)
    assert traces(MARK) == ["erasures.reason_sealed"]
    erasure.carry_out_granted(AFTER, tmp_path)
    assert traces(MARK) == []


def test_one_cannot_ask_twice(week: sa.Connection) -> None:
    person = new_client()
    granted(person)
    with pytest.raises(erasures.AlreadyAsked):
        erasures.ask(person.id, actor=audit.SYSTEM, by_id=None, now=AFTER)


def test_family_on_the_same_address_stays(week: sa.Connection, tmp_path: Path) -> None:
    person = new_client()
    mail = next(one.value for one in person.contacts if one.kind == "mail")
    sister = make.client(mail=mail, given_name="Sister")
    granted(person)
    erasure.carry_out_granted(AFTER, tmp_path)
    db.session.refresh(sister)
    assert [one.value for one in sister.contacts] == [mail]


def test_notes_about_a_child_are_kept_as_if_the_last_visit_were_on_the_eighteenth_birthday(
    week: sa.Connection,
) -> None:
    person = noted_client()
    person.birth_on = date(2020, 2, 29)
    db.session.commit()
    years = periods.notes_years()
    assert erasure.preview(person.id, AFTER).kept_until == date(2038 + years, 2, 28)


def test_the_ledger_names_who_was_erased_once_and_mends_a_line_that_was_cut_off(
    week: sa.Connection, tmp_path: Path
) -> None:
    person = new_client()
    granted(person)
    erasure.carry_out_granted(AFTER, tmp_path)
    assert erasure_ledger.complete(tmp_path / "backups") == 1
    assert erasure_ledger.complete(tmp_path / "backups") == 0
    file = tmp_path / "backups" / erasure_ledger.FILE
    whole = file.read_text()
    assert erasure_ledger.read(file.parent) == {person.id: AFTER.astimezone(ZoneInfo("UTC"))}
    file.write_text(whole[:-20])
    assert erasure_ledger.read(file.parent) == {}
    assert erasure_ledger.complete(file.parent) == 1
    assert file.read_text() == whole
    file.write_text("nonsense\n")
    with pytest.raises(erasure_ledger.UnreadableLedger):
        erasure_ledger.read(file.parent)


def test_who_comes_back_with_a_backup_is_erased_again_and_once(week: sa.Connection, tmp_path: Path) -> None:
    person = new_client()
    mark(person)
    at = WEDNESDAY - timedelta(days=9)
    done = {person.id: at, UUID(int=7): at}
    assert erasure.erase_again(done, AFTER, tmp_path) == [person.id]
    assert traces(MARK) == []
    assert erasure.erase_again(done, AFTER, tmp_path) == []
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "after_a_restore")).one()
    assert entry.client_id == person.id
    assert erasure_ledger.complete(tmp_path) == 1
    assert erasure_ledger.read(tmp_path) == {person.id: at}


def test_the_worker_erases_whom_a_restore_that_was_killed_left_here(
    week: sa.Connection, tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    person = new_client()
    mark(person)
    done = {person.id: WEDNESDAY - timedelta(days=9)}
    assert erasure_ledger.keep(tmp_path, done) == 1
    assert erasure_ledger.keep(tmp_path, done) == 0
    sweeps.erase_granted()
    assert traces(MARK) == []
    assert erasure_ledger.read(tmp_path) == done


def test_letters_in_the_folder_go_too_and_those_of_others_stay(week: sa.Connection, tmp_path: Path) -> None:
    person = noted_client()
    folder = tmp_path / "new"
    folder.mkdir()
    sent = db.session.scalars(sa.select(Message.id).where(Message.client_id == person.id)).all()
    strangers = db.session.scalars(sa.select(Message.id).where(Message.client_id != person.id).limit(2)).all()
    assert sent
    for message_id in (*sent, *strangers):
        (folder / f"1.{message_id}.0000abcd.eml").write_bytes(b"")
    granted(person)
    erasure.carry_out_granted(AFTER, tmp_path)
    assert {file.name.split(".")[1] for file in folder.iterdir()} == {str(one) for one in strangers}
    assert db.session.scalars(sa.select(User).limit(1)).one()
