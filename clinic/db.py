"""Session, transaction and the translation of violated constraints.

Models are ordinary typed SQLAlchemy classes on `Base`; Flask-SQLAlchemy lends the session of the app context
and the engine. Services change and flush; the edge (a view, a task step, a command) commits, once, by
`with transaction():`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from psycopg import Error as DriverError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from uuid_utils.compat import uuid7

from clinic.refusal import Refusal

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Parent of every table. Instants are timestamptz; ids are UUIDv7 made in Python."""

    registry = registry(
        type_annotation_map={
            datetime: sa.DateTime(timezone=True),
            str: sa.Text(),
            dict[str, Any]: sa.JSON(),
        },
        metadata=sa.MetaData(naming_convention=NAMING),
    )


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def new_id() -> UUID:
    """A fresh UUIDv7: grows with time, so that indexes stay compact."""
    return uuid7()


class Identified:
    """Mixin: a UUIDv7 primary key, present before the flush."""

    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True, default=new_id, sort_order=-10)

    def __init__(self, **columns: Any) -> None:
        # Sealed columns are bound to the row's id, so the id is set first.
        super().__init__(**{"id": new_id(), **columns})


class NestedTransaction(RuntimeError):
    """`transaction()` inside `transaction()`: the outer one could no longer undo the inner one."""


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block changed, or undo all of it when the block raises.

    It does not nest: raises NestedTransaction when one is open in this app context's session.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise NestedTransaction("transaction() does not nest; let the caller commit")
    session.info["in_transaction"] = True
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("in_transaction", None)


@contextmanager
def violates(constraint: str, error: Refusal) -> Iterator[None]:
    """Turn a violation of exactly this constraint into a domain error; the session stays usable.

    The block runs in a savepoint. Any other violation stays what it is: a crash.
    """
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except IntegrityError as failure:
        if violated(failure) != constraint:
            raise
        raise error from failure


def violated(failure: IntegrityError) -> str | None:
    """Name of the constraint PostgreSQL reports, if it names one."""
    cause = failure.orig
    return cause.diag.constraint_name if isinstance(cause, DriverError) else None
