"""Reads the audit log: one page of entries at a time, newest first, with the people they concern."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, Client, Contact, HealthGrant, User
from clinic.accounts.name_search import name_matches
from clinic.accounts.security_events import SecurityEvent
from clinic.db import db

PAGE = 50
BATCH = 500
READS = ("read", "open_with_reason", "open_for_colleague", "export")
PEOPLE = ("contact:", "link:", audit.VISITOR, audit.GUARDIAN)
"""Prefixes of actors who are clients, or who act for one."""


class EntryKind(StrEnum):
    """Which entries to show."""

    ALL = "all"
    READS = "reads"
    SIGN_IN = "sign_in"
    CHANGES = "changes"


CLIENTS, NOBODY = "clients", "system"
"""Apart from members of staff: clients and visitors, and what the product did by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """Which entries to read; `since` is included, `until` is not."""

    kind: EntryKind = EntryKind.ALL
    who: str = ""
    """The id of a member of staff, `clients`, `system`, or empty for anybody."""
    client_name: str = ""
    client_id: UUID | None = None
    by_staff: bool = False
    """Whether only what members of staff did is wanted."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the filters that are set."""
        named = ("who", "client_name", "client_id", "since", "until")
        kind = ("kind",) if self.kind is not EntryKind.ALL else ()
        return kind + tuple(name for name in named if getattr(self, name))


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry with the names it needs; `reason` is what was written to open somebody else's client's record."""

    entry: AuditEntry
    who: str
    client: str
    subject: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines, newest first, and the ids from which to continue if there are more."""

    lines: Sequence[AuditLine]
    newer: UUID | None
    older: UUID | None


def page(question: AuditQuestion, *, before: UUID | None = None, after: UUID | None = None) -> AuditPage:
    """One page: the newest entries, those older than `before`, or the next newer than `after`."""
    wanted = _wanted(question)
    place = sa.tuple_(AuditEntry.at, AuditEntry.id)
    if after is not None and (edge := _edge(after)) is not None:
        rows = db.session.scalars(
            wanted.where(place > edge).order_by(AuditEntry.at, AuditEntry.id).limit(PAGE + 1)
        ).all()
        shown = list(reversed(rows[:PAGE]))
        has_newer, has_older = len(rows) > PAGE, True
    else:
        edge = _edge(before) if before is not None else None
        older = wanted.where(place < edge) if edge is not None else wanted
        rows = db.session.scalars(
            older.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(PAGE + 1)
        ).all()
        shown = list(rows[:PAGE])
        has_newer, has_older = edge is not None, len(rows) > PAGE
    read = _lines(shown)
    for entry in shown:
        # The look itself is recorded next; that commit must not make each entry be read again.
        db.session.expunge(entry)
    return AuditPage(
        lines=read,
        newer=shown[0].id if shown and has_newer else None,
        older=shown[-1].id if shown and has_older else None,
    )


def count(question: AuditQuestion, at_most: int) -> int:
    """How many entries there are, counted up to `at_most`."""
    some = _wanted(question).limit(at_most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def lines(question: AuditQuestion, at_most: int) -> Iterator[AuditLine]:
    """The newest entries, up to a limit, in batches: for an export."""
    edge, left = None, at_most
    while left > 0:
        wanted = _wanted(question).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        if edge is not None:
            wanted = wanted.where(sa.tuple_(AuditEntry.at, AuditEntry.id) < edge)
        rows = db.session.scalars(wanted.limit(min(BATCH, left))).all()
        if not rows:
            return
        yield from _lines(rows)
        edge = _place(rows[-1].at, rows[-1].id)
        left -= len(rows)


def team() -> Sequence[User]:
    """All current and former staff, by name."""
    return db.session.scalars(sa.select(User).order_by(User.family_name, User.given_name)).all()


def _wanted(question: AuditQuestion) -> sa.Select[AuditEntry]:
    wanted = sa.select(AuditEntry).where(*_of_kind(question.kind), *_by(question.who))
    if matches := name_matches(Client.search_name, question.client_name):
        wanted = wanted.where(AuditEntry.client_id.in_(sa.select(Client.id).where(*matches)))
    if question.client_id is not None:
        wanted = wanted.where(AuditEntry.client_id == question.client_id)
    if question.by_staff:
        wanted = wanted.where(AuditEntry.actor.startswith("user:"))
    if question.since is not None:
        wanted = wanted.where(AuditEntry.at >= question.since)
    if question.until is not None:
        wanted = wanted.where(AuditEntry.at < question.until)
    return wanted


def _of_kind(kind: EntryKind) -> Iterator[sa.ColumnElement[bool]]:
    is_read = AuditEntry.action.in_(READS)
    is_sign_in = sa.or_(
        AuditEntry.action.in_([event.value for event in SecurityEvent]),
        AuditEntry.subject_type.in_(("users", "webauthn")),
    )
    if kind is EntryKind.READS:
        yield is_read
    elif kind is EntryKind.SIGN_IN:
        yield is_sign_in
    elif kind is EntryKind.CHANGES:
        yield sa.not_(is_read)
        yield sa.not_(is_sign_in)


def _by(who: str) -> Iterator[sa.ColumnElement[bool]]:
    if who == CLIENTS:
        yield sa.or_(*(AuditEntry.actor.startswith(beginning) for beginning in PEOPLE))
    elif who == NOBODY:
        yield AuditEntry.actor == audit.SYSTEM
    elif who:
        # Also what happened to a person's account, such as other people's attempts to sign in.
        yield sa.or_(
            AuditEntry.actor == f"user:{who}",
            sa.and_(AuditEntry.subject_type == "users", AuditEntry.subject_id == UUID(who)),
        )


def _edge(entry_id: UUID) -> sa.ColumnElement[tuple[datetime, UUID]] | None:
    found = db.session.execute(
        sa.select(AuditEntry.at, AuditEntry.id).where(AuditEntry.id == entry_id)
    ).one_or_none()
    return _place(*found) if found is not None else None


def _place(at: datetime, entry_id: UUID) -> sa.ColumnElement[tuple[datetime, UUID]]:
    return sa.tuple_(sa.literal(at), sa.literal(entry_id, sa.Uuid()))


def _lines(entries: Sequence[AuditEntry]) -> list[AuditLine]:
    staff = {user.id: user.name for user in team()}
    contacts = _contacts({_id(entry.actor) for entry in entries if entry.actor.startswith("contact:")})
    clients = _clients({entry.client_id for entry in entries if entry.client_id})
    grants = {entry.subject_id for entry in entries if entry.subject_type == HealthGrant.__tablename__}
    reasons = _reasons({one for one in grants if one})
    return [
        AuditLine(
            entry=entry,
            who=_who(entry.actor, staff, contacts),
            client=clients.get(entry.client_id, "") if entry.client_id else "",
            subject=staff.get(entry.subject_id, "") if entry.subject_id else "",
            reason=reasons.get(entry.subject_id, "") if entry.subject_id else "",
        )
        for entry in entries
    ]


def _who(actor: str, staff: dict[UUID, str], contacts: dict[UUID, str]) -> str:
    if actor.startswith("user:"):
        return staff.get(_id(actor), "Somebody who is not known any more")
    if actor.startswith("contact:"):
        return contacts.get(_id(actor), "A client")
    if actor.startswith("link:"):
        return "Somebody with a visit’s link"
    return {
        audit.SYSTEM: "Lumbar itself",
        audit.GUARDIAN: "A parent or guardian",
        audit.VISITOR: "A visitor",
    }.get(actor, actor)


def _id(actor: str) -> UUID:
    return UUID(actor.partition(":")[2])


def _contacts(ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    rows = db.session.execute(
        sa.select(Contact.id, Client).join(Client, Client.id == Contact.client_id).where(Contact.id.in_(ids))
    )
    return {contact_id: client.name for contact_id, client in rows}


def _clients(ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    return {
        client.id: client.name for client in db.session.scalars(sa.select(Client).where(Client.id.in_(ids)))
    }


def _reasons(ids: set[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    found = db.session.scalars(sa.select(HealthGrant).where(HealthGrant.id.in_(ids)))
    return {grant.id: grant.reason for grant in found}
