"""The demo practice ten times over: its rows copied by the database, in one statement a table.

Two kinds of copies. *Elsewhere*: other people in other places at the same times, so that lists of the whole practice grow.
*History*: the same people with visits before and after, so that what belongs to one client or one therapist grows.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clinic.db import Base, db
from clinic.sealed import seal, sealed_attributes, unseal

ELSEWHERE = range(1, 10)
HISTORY = range(11, 20)
WEEKS_APART = 18
"""More than the demo's past and future take together."""

ONCE = {
    "practice",
    "sending",
    "heartbeats",
    "limits",
    "audit_seals",
    "letter_texts",
    "recounts",
    "override_counts",
    "idempotency_keys",
    "staff_sessions",
    "client_sessions",
    "login_links",
    "set_up_links",
    "waiting_known",
    "location_pairs",
}
"""What a practice has once, what is about the machine, and what no page lists."""
PEOPLE_AND_HOUSE = {
    "users",
    "webauthn",
    "therapists",
    "locations",
    "rooms",
    "treatments",
    "treatment_rooms",
    "treatment_therapists",
    "weekly_hours",
    "special_days",
    "closures",
    "time_off",
    "clients",
    "contacts",
    "photos",
    "photo_files",
}
TAKES_PLACE = (
    "starts_at",
    "ends_at",
    "occupied_from",
    "occupied_until",
    "wall_start",
    "decide_by",
    "held_until",
)
OVER = "('done', 'missed', 'cancelled', 'declined', 'lapsed')"
NAMED_ONCE = {
    ("users", "email"): "'{copy}.' || email",
    ("users", "fs_uniquifier"): "md5(fs_uniquifier || '{copy}')",
    ("users", "fs_webauthn_user_handle"): "md5(fs_webauthn_user_handle || '{copy}')",
    ("webauthn", "credential_id"): "credential_id || decode(lpad('{copy}', 4, '0'), 'hex')",
    ("therapists", "slug"): "slug || '-{copy}'",
    ("locations", "slug"): "slug || '-{copy}'",
    ("treatments", "slug"): "slug || '-{copy}'",
    (
        "appointments",
        "reference",
    ): "translate(substr(upper(md5(reference || '{copy}')), 1, 8), '0123456789', 'GHJKLMNPQR')",
    ("closures", "name"): "name || ' {copy}'",
}
"""How a copy is called where no two may be called the same."""


def tenfold() -> None:
    """Copy everything nine times in each way; flushed and analysed, so that the database plans for what is there."""
    for copies, kept in ((ELSEWHERE, ONCE), (HISTORY, ONCE | PEOPLE_AND_HOUSE)):
        for table in Base.metadata.sorted_tables:
            if table.name not in kept:
                _copy(table, copies, kept)
    _seal_anew()
    db.session.commit()
    db.session.execute(sa.text("ANALYZE"))
    db.session.expire_all()


def _copy(table: sa.Table, copies: Sequence[int], kept: set[str]) -> None:
    shifted = copies is HISTORY and table.name == "appointments"
    for copy in copies:
        names = [f'"{column.name}"' for column in table.columns]
        values = [_value(column, copy, kept, shifted=shifted) for column in table.columns]
        # The originals are those without a mark of a copy; every copy's id begins with its number.
        of_originals = f"WHERE {_original(table)}"
        may_stand = "" if table.name == "appointments" else "ON CONFLICT DO NOTHING"
        db.session.execute(
            sa.text(
                f'INSERT INTO "{table.name}" ({", ".join(names)}) '  # Names of our own tables and columns.
                f'SELECT {", ".join(values)} FROM "{table.name}" {of_originals} {may_stand}'
            )
        )


def _original(table: sa.Table) -> str:
    ids = [column.name for column in table.primary_key if isinstance(column.type, sa.Uuid)]
    return " AND ".join(f"left(\"{name}\"::text, 4) <> 'c0de'" for name in ids) or "true"


def _copied(name: str, copy: int) -> str:
    return f"overlay(md5(\"{name}\"::text || '{copy}') placing 'c0de' from 1 for 4)::uuid"


def _value(column: sa.Column[Any], copy: int, kept: set[str], *, shifted: bool) -> str:
    named = NAMED_ONCE.get((column.table.name, column.name))
    if named is not None:
        return named.format(copy=copy)
    if shifted and column.name in TAKES_PLACE:
        weeks = (copy - HISTORY[0] + 1) * WEEKS_APART
        return (
            f"\"{column.name}\" + (CASE WHEN state IN {OVER} THEN -1 ELSE 1 END) * interval '{weeks} weeks'"
        )
    targets = {key.column.table.name for key in column.foreign_keys}
    is_ours = column.primary_key and isinstance(column.type, sa.Uuid) and not targets
    points = targets and not targets & kept and isinstance(column.type, sa.Uuid)
    unbound = ("subject_id",) if "clients" in kept else ("subject_id", "recipient_id")
    loose = column.name in unbound and not targets and isinstance(column.type, sa.Uuid)
    if is_ours or points or loose:
        return _copied(column.name, copy)
    if isinstance(column.type, sa.LargeBinary) and column.name in ("browser", "held_by", "told"):
        return f"sha256(\"{column.name}\" || '{copy}'::bytea)"
    if column.name.endswith("_sealed"):
        return f'set_byte("{column.name}", 0, 0)'
    return f'"{column.name}"'


def _seal_anew() -> None:
    """A sealed value opens in its own row only: each copy, sealed with key 0 as it were, gets its own."""
    for model, attribute in sealed_attributes(Base):
        column = getattr(model, attribute.column)
        rows = db.session.execute(sa.select(model.id, column).where(column.is_not(None))).all()
        place = f"{model.__tablename__}.{attribute.column}"
        opened = {value[1:]: unseal(value, f"{place}/{row_id}") for row_id, value in rows if value[0]}
        changed = [
            {"row": row_id, "value": seal(opened[value[1:]], f"{place}/{row_id}")}
            for row_id, value in rows
            if not value[0]
        ]
        if changed:
            db.session.connection().execute(
                sa.update(model.__table__)
                .where(model.__table__.c.id == sa.bindparam("row"))
                .values({attribute.column: sa.bindparam("value")}),
                changed,
            )
