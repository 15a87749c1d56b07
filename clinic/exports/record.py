"""The record of one client: every row that belongs to them, as JSON values, with the names that the rows refer to.

A table is a list of its rows, oldest first. A row has every column that can be read by a person or another program: values
that are stored encrypted are opened, and digests, file contents and other raw bytes are left out. The schema follows from the
same columns (`schema`), so the two cannot differ.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts.models import User
from clinic.db import Base, db
from clinic.exports.belonging import BELONGING, Belonging
from clinic.intake.documents import Document
from clinic.language import ENGLISH
from clinic.practice import queries as practice
from clinic.practice.models import Location, Practice, Room, Therapist, Treatment
from clinic.sealed import Sealed

Record = dict[str, Any]

FORMAT: Final = "lumbar-client-record/1"
"""Raised when a program that reads the record would have to be changed. New tables and columns do not raise it."""
NAMED: Final[tuple[type[Any], ...]] = (User, Therapist, Treatment, Location, Room)
"""What rows refer to by id, and what has a name."""
FILES_OF_THEIR_OWN: Final = {(Document, "content")}
"""Sealed values that are files in the copy instead."""


def read(client_id: UUID, now: datetime) -> Record:
    """The record of a client at a moment (UTC), with one statement a table. The caller records the reading."""
    ids: dict[type[Base], list[UUID]] = {}
    tables: dict[str, list[Record]] = {}
    for one in BELONGING:
        rows = list(db.session.scalars(_rows_of(one, client_id, ids)))
        if hasattr(one.model, "id"):
            ids[one.model] = [row.id for row in rows]
        tables[one.model.__tablename__] = [_row(row) for row in rows]
    return {
        "format": FORMAT,
        "made_at": _value(now),
        "client_id": str(client_id),
        "zone": practice.practice_zone(now.date()),
        "practice": _practice(),
        "names": _names(set(_mentioned(tables))),
        "tables": tables,
    }


def _rows_of(one: Belonging, client_id: UUID, ids: Mapping[type[Base], list[UUID]]) -> sa.Select[Any]:
    is_theirs = one.column == client_id if one.through is None else one.column.in_(ids[one.through])
    return sa.select(one.model).where(is_theirs).order_by(*sa.inspect(one.model).primary_key)


def _practice() -> Record:
    found = db.session.get_one(Practice, 1)
    return {name: getattr(found, name) for name in ("name", "legal_name", "phone", "mail", "country")}


def _mentioned(tables: Mapping[str, list[Record]]) -> Iterator[str]:
    """Every text of the rows that may be an id; of an actor such as `user:<id>` the id."""
    for rows in tables.values():
        for row in rows:
            yield from (value.rpartition(":")[2] for value in row.values() if isinstance(value, str))


def _names(mentioned: set[str]) -> dict[str, dict[str, str]]:
    """The names of what is mentioned, by id. All rows are read, because there are only tens of them."""
    return {
        model.__tablename__: {
            str(row.id): row.name
            for row in db.session.scalars(sa.select(model).order_by(model.id))
            if str(row.id) in mentioned
        }
        for model in NAMED
    }


def _row(row: Base) -> Record:
    return {name: _value(getattr(row, name)) for name, _ in shown(type(row))}


def shown(model: type[Base]) -> Iterator[tuple[str, sa.Column[Any] | None]]:
    """The names of a row's values with their columns; None for a value that is stored encrypted."""
    sealed = {
        name: attribute.column for name, attribute in vars(model).items() if isinstance(attribute, Sealed)
    }
    for attribute in sa.inspect(model).column_attrs:
        column = attribute.columns[0]
        if not isinstance(column.type, sa.LargeBinary):
            assert isinstance(column, sa.Column)
            yield attribute.key, column
    for name in sealed:
        if (model, name) not in FILES_OF_THEIR_OWN:
            yield name, None


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def schema() -> Record:
    """The JSON schema of a record (draft 2020-12)."""
    text: Record = {"type": "string"}
    instant: Record = {"type": "string", "format": "date-time"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Everything that a practice keeps about one client",
        "type": "object",
        "additionalProperties": False,
        "required": ["format", "made_at", "client_id", "zone", "practice", "names", "tables"],
        "properties": {
            "format": {"const": FORMAT},
            "made_at": instant,
            "client_id": {"type": "string", "format": "uuid"},
            "zone": {**text, "description": "The time zone of the practice, for reading the instants."},
            "practice": {"type": "object", "additionalProperties": text},
            "names": {
                "type": "object",
                "description": "Names by id, for what the rows refer to.",
                "additionalProperties": False,
                "required": [model.__tablename__ for model in NAMED],
                "properties": {
                    model.__tablename__: {"type": "object", "additionalProperties": text} for model in NAMED
                },
            },
            "tables": {
                "type": "object",
                "additionalProperties": False,
                "required": [one.model.__tablename__ for one in BELONGING],
                "properties": {one.model.__tablename__: _schema_of(one.model) for one in BELONGING},
            },
        },
    }


def _schema_of(model: type[Base]) -> Record:
    properties = {name: _type_of(column) for name, column in shown(model)}
    return {
        "type": "array",
        "description": (model.__doc__ or "").strip().split("\n")[0],
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": list(properties),
            "properties": properties,
        },
    }


_TYPES: Final[tuple[tuple[Any, Record], ...]] = (
    (sa.Boolean, {"type": "boolean"}),
    (sa.Integer, {"type": "integer"}),
    (sa.DateTime, {"type": "string"}),
    (sa.Date, {"type": "string", "format": "date"}),
    (sa.Uuid, {"type": "string", "format": "uuid"}),
    (sa.String, {"type": "string"}),
)


def _type_of(column: sa.Column[Any] | None) -> Record:
    if column is None:
        return {"description": "Stored encrypted; any JSON value."}
    if isinstance(column.type, pg.ARRAY):
        found: Record = {"type": "array", "items": _plain_type(column.type.item_type)}
    else:
        found = _plain_type(column.type)
    if column.nullable and "type" in found:
        found = {**found, "type": [found["type"], "null"]}
    return found


def _plain_type(kind: Any) -> Record:
    if isinstance(kind, sa.DateTime) and kind.timezone:
        return {"type": "string", "format": "date-time"}
    return dict(next((described for known, described in _TYPES if isinstance(kind, known)), {}))


def language_of(record: Record) -> str:
    """The language that the client reads."""
    found: str = record["tables"]["clients"][0]["language"] or ENGLISH
    return found
