"""Erase a client: find every row that is about them, keep back what the law demands, delete the rest.

The rows are found by the database's own references, so that a table added later is erased without a word here. Rows that would be
deleted wrongly are the exceptions below. A visit stays, without its person: the calendar and the counts rest on it.

While a note must be kept, the rows it rests on become one sealed record (`RestrictedRecord`) before they are deleted.

Source: GDPR, articles 17(3)(b) and 18 (read 2026-11-30).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts import audit, erasures
from clinic.accounts.erasures import Erasure, ErasureState, RestrictedRecord
from clinic.accounts.models import Client
from clinic.booking.locking import lock
from clinic.booking.models import Appointment, State
from clinic.booking.placing import reload_locked
from clinic.booking.states import call_off
from clinic.db import Base, RowsToDelete, db, transaction
from clinic.exports import record as records
from clinic.intake.documents import Document
from clinic.maintenance import periods
from clinic.maintenance.periods import Period
from clinic.messaging import mailer
from clinic.messaging.kinds import erasures as letters
from clinic.plans.models import Incident, SessionNote
from clinic.practice.queries import practice_zone

STAY: Final = frozenset({"clients", "appointments", "series", "erasures", "restricted_records"})
"""Tables whose rows stay: emptied of the person (`_forget`), or never naming one."""
LEAD_ELSEWHERE: Final = frozenset({("waiting_offerings", "hold_id"), ("appointments", "undo_of_id")})
"""References to a client's rows by rows that are not about the client: a time that was offered to several."""
SUBJECTS: Final = {
    "task_marks": ("subject_id",),
    "task_words": ("subject_id",),
    "login_links": ("subject_id",),
    "idempotency_keys": ("subject_id",),
    "messages": ("recipient_id", "subject_id"),
}
"""Columns that name a row without a reference, because its table depends on the kind."""
ABOUT_VISITS: Final = frozenset({"task_marks", "task_words", "idempotency_keys"})
"""Of these, the tables whose rows also go if they are about a visit that stays; a therapist's message about one stays."""
BROWSERS: Final = ("browser", "held_by", "booked_in")
"""Columns with the digest of a browser that the client used; details typed in it and not sent go too."""
RECORD: Final = frozenset(
    {
        "clients", "contacts", "appointments", "submissions", "outcomes", "consents", "guardian_consents", "reviews",
        "clearances", "safety_waivers", "plans", "plan_versions", "planned_sessions", "session_notes", "note_addenda",
        "outcome_entries", "look_backs", "check_ins", "incidents", "incident_addenda", "documents",
    }
)  # fmt: skip
"""What a note rests on: who it is about, what they said and agreed to, what was decided and done."""
COMING: Final = (State.BOOKED, State.REQUESTED)
OF_AGE: Final = 18
"""Notes about a child are kept as if the last visit had been on this birthday."""

Rows = Mapping[str, frozenset[Any]]
"""Primary keys by table: ids, or the digests of sessions and links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePreview:
    """What an erasure would do now."""

    deleted: Mapping[str, int]
    """Rows by table."""
    visits: int
    """How many stay without their person."""
    cancelled: int
    """How many coming visits are cancelled first."""
    kept_until: date | None
    """Until when the law keeps the record of treatment; None if nothing is kept back."""


def preview(client_id: UUID, now: datetime) -> ErasurePreview:
    """What would go and what would stay; nothing is changed."""
    rows = rows_of(client_id)
    return ErasurePreview(
        deleted={name: len(ids) for name, ids in rows.items() if ids and name not in STAY},
        visits=len(rows["appointments"]),
        cancelled=len(_coming(rows["clients"], now)),
        kept_until=kept_until(rows["clients"], now),
    )


def carry_out_granted(now: datetime, mails: Path) -> list[UUID]:
    """Erase every client whose hour is over and who was told, each in a transaction of its own; returns their ids.

    `mails` is the folder of the letters, where there is no mail server.
    """
    due = sa.select(Erasure.id).where(
        Erasure.state == ErasureState.GRANTED,
        Erasure.decided_at <= now - erasures.TAKE_BACK,
        letters.has_nothing_to_wait_for(now),
    )
    done = []
    for erasure_id in db.session.scalars(due.order_by(Erasure.decided_at)).all():
        with transaction():
            done += [client_id for client_id in [carry_out(erasure_id, now, mails)] if client_id]
    return done


def carry_out(erasure_id: UUID, now: datetime, mails: Path) -> UUID | None:
    """Erase the client of a granted erasure; returns their id, None if it is not granted any more. The caller commits."""
    asked = db.session.get(Erasure, erasure_id, with_for_update=True, populate_existing=True)
    if asked is None or asked.state != ErasureState.GRANTED:
        return None
    person = db.session.get(Client, asked.client_id, with_for_update=True, populate_existing=True)
    if person is not None and person.erased_at is None:
        erase(asked.client_id, now, mails)
    asked.state, asked.done_at = ErasureState.DONE, now
    audit.record(audit.SYSTEM, "erased", asked, client_id=asked.client_id, now=now)
    return asked.client_id


def erase(client_id: UUID, now: datetime, mails: Path) -> None:
    """Erase one client, and the records that were joined to theirs. The caller holds their lock, and commits."""
    people = rows_of(client_id)["clients"]
    _call_off(people, now)
    rows = rows_of(client_id)
    until = kept_until(people, now)
    if until is not None:
        db.session.add(
            RestrictedRecord(
                client_id=client_id, content=contents(people, now), made_at=now, kept_until=until
            )
        )
    _forget_typed_details(rows)
    mailer.delete_files(mails, rows["messages"])
    db.session.flush()
    _forget(rows, now)  # First: the database lets signed notes go only with a client who is erased.
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in STAY and rows.get(table.name):
            db.session.execute(sa.delete(table).where(key_of(table).in_(rows[table.name])))
    db.session.expire_all()


def _call_off(people: Collection[UUID], now: datetime) -> None:
    """Cancel what is still to come; a letter about it would have nobody to go to."""
    coming = _coming(people, now)
    lock({visit.therapist_id for visit in coming}, {visit.room_id for visit in coming if visit.room_id})
    for visit in coming:
        current = reload_locked(visit)
        if current.state in COMING:
            call_off(current, by="system", reason="erased", now=now)
    db.session.flush()


def rows_of(client_id: UUID) -> Rows:
    """The ids of every row about a client, by table; also of rows about records that were joined to theirs."""
    found: dict[str, frozenset[Any]] = {"clients": _with_joined(client_id)}
    for table in Base.metadata.sorted_tables:
        if table.name != "clients":
            found[table.name] = _referring(table, found)
    going = chain.from_iterable(ids for name, ids in found.items() if name not in STAY)
    gone = frozenset(each for each in going if isinstance(each, UUID))
    for name, columns in SUBJECTS.items():
        table = Base.metadata.tables[name]
        about = gone | found["appointments"] if name in ABOUT_VISITS else gone
        named = sa.or_(*(table.c[column].in_(about) for column in columns))
        found[name] |= frozenset(db.session.scalars(sa.select(key_of(table)).where(named)))
    return found


def key_of(table: sa.Table) -> sa.Column[Any]:
    """The column that names a row. Tables about people have one; those with several are the practice's own."""
    (column,) = table.primary_key.columns
    return column


def _with_joined(client_id: UUID) -> frozenset[UUID]:
    people = {client_id}
    while True:
        joined = sa.select(Client.id).where(Client.merged_into_id.in_(people), Client.id.not_in(people))
        more = db.session.scalars(joined).all()
        if not more:
            return frozenset(people)
        people.update(more)


def _referring(table: sa.Table, found: Rows) -> frozenset[Any]:
    """Rows that refer to a row already found. A table that refers to itself is asked once: its own rows refer to the client too."""
    conditions = [
        key.parent.in_(found[key.column.table.name])
        for key in table.foreign_keys
        if found.get(key.column.table.name) and (table.name, key.parent.name) not in LEAD_ELSEWHERE
    ]
    if not conditions:
        return frozenset()
    return frozenset(db.session.scalars(sa.select(key_of(table)).where(sa.or_(*conditions))))


def _coming(people: Collection[UUID], now: datetime) -> list[Appointment]:
    wanted = sa.select(Appointment).where(
        Appointment.client_id.in_(people),
        Appointment.state.in_(COMING),
        Appointment.starts_at > now,
    )
    return list(db.session.scalars(wanted.order_by(Appointment.starts_at)))


def kept_until(people: Collection[UUID], now: datetime) -> date | None:
    """The last day on which the notes about these records must be kept; None if there are none, or the day is past."""
    written = [
        sa.select(Appointment.wall_start).join(model, model.appointment_id == Appointment.id)
        for model in (SessionNote, Incident)
    ]
    of_them = [one.where(Appointment.client_id.in_(people)) for one in written]
    last = db.session.scalar(sa.select(sa.func.max(sa.union_all(*of_them).subquery().c.wall_start)))
    if last is None:
        return None
    born = db.session.scalar(sa.select(sa.func.max(Client.birth_on)).where(Client.id.in_(people)))
    begins = max(last.date(), years_after(born, OF_AGE)) if born else last.date()
    until = years_after(begins, periods.notes_years())
    return until if until >= local_day(now) else None


def local_day(at: datetime) -> date:
    """The practice's day of an instant."""
    return at.astimezone(ZoneInfo(practice_zone(at.date()))).date()


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 28 February for the 29th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def contents(people: Collection[UUID], now: datetime) -> dict[str, list[records.Record]]:
    """The rows of the record of treatment as a copy of it holds them, by table; documents with their files, in base64."""
    kept: dict[str, list[records.Record]] = {name: [] for name in RECORD}
    names: dict[str, str] = {}
    for client_id in people:
        record = records.read(client_id, now)
        names |= record["names"]["users"]
        for name in RECORD:
            kept[name] += record["tables"][name]
    for row in kept["documents"]:
        row["content"] = db.session.get_one(Document, UUID(row["id"])).content
    return {**kept, "users": [{"id": user_id, "name": name} for user_id, name in names.items()]}


def _forget_typed_details(rows: Rows) -> None:
    browsers: set[bytes] = set()
    for name, ids in rows.items():
        table = Base.metadata.tables[name]
        for column in (table.c[one] for one in BROWSERS if one in table.c and ids):
            known = sa.select(column).where(key_of(table).in_(ids), column.is_not(None))
            browsers.update(db.session.scalars(known))
    typed = Base.metadata.tables["typed_details"]
    db.session.execute(sa.delete(typed).where(typed.c.browser.in_(browsers)))


def _forget(rows: Rows, now: datetime) -> None:
    """Empty the rows that stay of who it was, and forget earlier requests with what was answered to them."""
    db.session.execute(
        sa.delete(Erasure).where(
            Erasure.client_id.in_(rows["clients"]),
            Erasure.state.not_in((ErasureState.GRANTED, ErasureState.DONE)),
        )
    )
    db.session.execute(
        sa.update(Client)
        .where(Client.id.in_(rows["clients"]))
        .values(
            given_name=None, family_name=None, preferred_name=None, birth_year=None, birth_on=None, further_sealed=None,
            search_name="", erased_at=now,
        )
    )  # fmt: skip
    db.session.execute(
        sa.update(Appointment)
        .where(Appointment.id.in_(rows["appointments"]))
        .values(
            held_by=None, held_network=None, booked_in=None, coming_said_at=None, coming_revision=None,
            link_epoch=Appointment.link_epoch + 1,
            undo_until=sa.case((Appointment.undo_until.is_not(None), now)),
        )
    )  # fmt: skip


def ended_records(now: datetime, period: Period) -> RowsToDelete:
    """Restricted records whose last day is over, if notes are kept for this period."""
    longer = sa.func.make_interval(period.length - periods.notes_years())
    return RowsToDelete(RestrictedRecord, RestrictedRecord.kept_until + longer < local_day(now))


def erase_again(done: Mapping[UUID, datetime], now: datetime, mails: Path) -> list[UUID]:
    """Erase those clients who came back with a backup, each in a transaction, as it was done at these moments; returns them."""
    back = db.session.scalars(
        sa.select(Client.id).where(Client.id.in_(done), Client.erased_at.is_(None))
    ).all()
    for client_id in back:
        with transaction():
            found = db.session.get(Client, client_id, with_for_update=True, populate_existing=True)
            if found is None or found.erased_at is not None:
                continue  # Another worker was faster.
            erase(client_id, now, mails)
            db.session.execute(sa.delete(Erasure).where(Erasure.client_id == client_id))
            at = done[client_id]
            again = Erasure(client_id=client_id, asked_at=at, state=ErasureState.DONE, done_at=at)
            db.session.add(again)
            audit.record(
                audit.SYSTEM, "erased", again, client_id=client_id, purpose="after_a_restore", now=now
            )
    return list(back)
