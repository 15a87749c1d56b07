"""Merging two records of one person, and undoing it within 30 days.

Tables that refer to a client are found from the metadata, so a table added later is not forgotten. A merge remembers
which rows it moved; undoing moves exactly those back. Records are only ever merged by staff.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import Client, ClientBar, ClientMerge, ClientSession, Contact, User
from clinic.db import Base, db, violates
from clinic.refusal import NotFound, Refusal

UNDOABLE = timedelta(days=30)

# The merge row and the merged record keep their references; sessions end instead of moving.
STAYING = frozenset({"client_merges", "clients", "client_sessions"})


class NotMergeable(Refusal):
    """The two are not current records of different clients."""

    code = "not-mergeable"
    sentence = "These two records cannot be joined: one of them is gone, or they are the same."


class NotUndoable(Refusal):
    """It is too late, it was undone already, or a record has changed so that the rows no longer fit."""

    code = "not-undoable"
    sentence = "This can no longer be undone."


def merge(kept_id: UUID, other_id: UUID, *, by: User, now: datetime) -> ClientMerge:
    """Move everything of `other` to `kept`, except addresses and bars that both have. Audited; undoable for 30 days.

    Raises NotMergeable.
    """
    clients = _locked(kept_id, other_id)
    if len(clients) != 2 or any(one.erased_at or one.merged_into_id for one in clients.values()):
        raise NotMergeable
    moved = {
        table.name: [str(id_) for id_ in _moved(table, column, from_id=other_id, to_id=kept_id)]
        for table, column in pointing_at_clients()
    }
    _end_sessions(other_id, now)
    clients[other_id].merged_into_id = kept_id
    made = ClientMerge(
        kept_id=kept_id,
        other_id=other_id,
        moved={name: ids for name, ids in moved.items() if ids},
        merged_by_id=by.id,
        merged_at=now,
    )
    db.session.add(made)
    _forget_loaded()
    audit.record(audit.by_user(by.id), "merged", made, client_id=kept_id, fields=sorted(made.moved), now=now)
    db.session.flush()
    return made


def undo(merge_id: UUID, *, by: User, now: datetime) -> ClientMerge:
    """Move back exactly what the merge moved; raises NotFound or NotUndoable."""
    made = db.session.get(ClientMerge, merge_id, with_for_update=True)
    if made is None:
        raise NotFound
    clients = _locked(made.kept_id, made.other_id)
    other = clients[made.other_id]
    if (
        made.undone_at
        or now >= made.merged_at + UNDOABLE
        or other.merged_into_id != made.kept_id
        or other.erased_at
    ):
        raise NotUndoable
    # A moved address may have been changed since to one that is on the other record.
    with violates("uq_contacts_client_id_kind_normalised", NotUndoable()):
        for table, column in pointing_at_clients():
            ids = [UUID(id_) for id_ in made.moved.get(table.name, [])]
            if ids:
                back = sa.update(table).where(table.c.id.in_(ids), column == made.kept_id)
                db.session.execute(back.values({column.name: made.other_id}))
    _end_sessions(made.kept_id, now)
    other.merged_into_id = None
    made.undone_at = now
    _forget_loaded()
    audit.record(
        audit.by_user(by.id), "merge_undone", made, client_id=made.kept_id, fields=sorted(made.moved), now=now
    )
    db.session.flush()
    return made


def pointing_at_clients() -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    """Every table with rows that belong to a client, and the column that refers to the client; by name."""
    for table in sorted(Base.metadata.tables.values(), key=lambda table: table.name):
        if table.name in STAYING:
            continue
        for column in table.columns:
            if any(key.column.table.name == "clients" for key in column.foreign_keys):
                yield table, column


def _moved(table: sa.Table, column: sa.Column[Any], *, from_id: UUID, to_id: UUID) -> list[UUID]:
    wanted = sa.update(table).where(column == from_id)
    if table.name == Contact.__tablename__:
        wanted = wanted.where(~_on_both(to_id))
    if table.name == ClientBar.__tablename__:
        wanted = wanted.where(~_barred_on_both(to_id))
    moved = wanted.values({column.name: to_id}).returning(table.c.id)
    return list(db.session.scalars(moved, execution_options={"synchronize_session": False}))


def _on_both(kept_id: UUID) -> sa.ColumnElement[bool]:
    """Whether the kept record already has a contact's address, which may be there only once."""
    twin = sa.orm.aliased(Contact)
    return (
        sa.exists()
        .where(twin.client_id == kept_id, twin.kind == Contact.kind, twin.normalised == Contact.normalised)
        .correlate(Contact.__table__)
    )


def _barred_on_both(kept_id: UUID) -> sa.ColumnElement[bool]:
    """Whether the kept record already has the same bar, which may be there only once."""
    twin = sa.orm.aliased(ClientBar)
    return (
        sa.exists()
        .where(
            twin.client_id == kept_id,
            twin.therapist_id.is_not_distinct_from(ClientBar.therapist_id),
            twin.lifted_at.is_(None),
            ClientBar.lifted_at.is_(None),
        )
        .correlate(ClientBar.__table__)
    )


def _locked(*ids: UUID) -> dict[UUID, Client]:
    rows = sa.select(Client).where(Client.id.in_(ids)).order_by(Client.id).with_for_update()
    return {
        client.id: client for client in db.session.scalars(rows.execution_options(populate_existing=True))
    }


def _end_sessions(client_id: UUID, now: datetime) -> None:
    live = sa.update(ClientSession).where(
        ClientSession.client_id == client_id, ClientSession.ended_at.is_(None)
    )
    db.session.execute(live.values(ended_at=now))


def _forget_loaded() -> None:
    """Loaded rows may have moved in the database, so they are read again."""
    db.session.flush()
    db.session.expire_all()


def of_client(client_id: UUID) -> list[ClientMerge]:
    """The merges a record took part in, newest first."""
    took_part = sa.or_(ClientMerge.kept_id == client_id, ClientMerge.other_id == client_id)
    return list(
        db.session.scalars(sa.select(ClientMerge).where(took_part).order_by(ClientMerge.merged_at.desc()))
    )


def may_be_undone(made: ClientMerge, now: datetime) -> bool:
    """Whether there is still time to undo."""
    return made.undone_at is None and now < made.merged_at + UNDOABLE
