"""Session, transaction, the translation of violated constraints, and how long we wait for PostgreSQL.

Models are ordinary typed SQLAlchemy classes on `Base`; Flask-SQLAlchemy lends the session of the app context
and the engine. Services change and flush; the edge (a view, a task step, a command) commits, once, by
`with transaction():`.
"""

import select
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from psycopg import Error as DriverError
from psycopg import _queries as driver_queries
from psycopg._preparing import PrepareManager  # Nothing public lets a connection remember what it prepared.
from psycopg.abc import PQGen
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    make_transient_to_detached,
    mapped_column,
    registry,
)
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

    is_only_added: ClassVar[bool] = False
    """Whether rows are added and never changed, and no page that adds one reads it back: the audit."""

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


@dataclass(frozen=True, slots=True)
class RowsToDelete:
    """Rows of one table whose time is over: what a preview counts is what a sweep deletes, by one condition."""

    model: type[Base]
    condition: sa.ColumnElement[bool]

    def count(self) -> int:
        """How many there are now."""
        wanted = sa.select(sa.func.count()).select_from(self.model).where(self.condition)
        return db.session.scalar(wanted) or 0

    def delete(self) -> int:
        """Delete them; returns how many. The caller commits."""
        gone = db.session.execute(sa.delete(self.model).where(self.condition))
        return gone.rowcount  # type: ignore[attr-defined, no-any-return]  # a DELETE gives a cursor


# Longer statements, or with more parameters, would be parsed anew each time: ours are written once, and some are longer.
driver_queries.MAX_CACHED_STATEMENT_LENGTH = 16 * 1024
driver_queries.MAX_CACHED_STATEMENT_PARAMS = 200

Answer = TypeVar("Answer")


@dataclass
class Patience:
    """How long, in seconds, the connections of one engine wait for an answer.

    PostgreSQL ends slow statements by itself; one that is still silent after `full` is frozen or unreachable. Then the
    others do not wait as long again: until somebody is answered, they wait `short`.
    """

    full: float
    resting: float = 2.0
    """For the question whether a pooled connection still lives."""
    short: float = 0.5
    is_silent: bool = False

    def seconds(self, *, is_resting: bool) -> float:
        """How long to wait from now on."""
        if self.is_silent:
            return min(self.short, self.full)
        return min(self.resting, self.full) if is_resting else self.full


class PreparedStatements(PrepareManager):
    """What psycopg knows of the statements that a connection has prepared; it can be told to remember them for now."""

    are_remembered = False

    def clear(self) -> bool:
        """Forget them all, here and then on the server, unless they are to be remembered."""
        return False if self.are_remembered else super().clear()


class Connection(psycopg.Connection[Any]):
    """A connection that closes itself and raises OperationalError when the server keeps silent for too long.

    It remembers its prepared statements when a transaction is undone in which nothing failed, as every request that only
    reads ends. psycopg forgets them, because the transaction may have made or dropped tables; the product makes none, and
    PostgreSQL does not undo a PREPARE. After an error they are forgotten: one of them may be half known.
    """

    patience: Patience | None = None
    is_resting = False
    rests_since: float | None = None
    """Monotonic seconds; None for one that was never used."""

    def __init__(self, pgconn: PGconn, *others: Any) -> None:
        super().__init__(pgconn, *others)
        self._prepared: PreparedStatements = PreparedStatements()

    def rollback(self) -> None:
        """Undo the current transaction."""
        self._prepared.are_remembered = self.info.transaction_status == TransactionStatus.INTRANS
        try:
            super().rollback()
        finally:
            self._prepared.are_remembered = False

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        """As psycopg waits, but never without limit; an explicit timeout is kept, and waited for in one go.

        psycopg would wake ten times a second, which shows where a connection only listens.
        """
        if timeout is not None:
            return super().wait(gen, max(interval, timeout), timeout)
        if self.patience is None:
            return super().wait(gen, interval)
        try:
            answer = super().wait(gen, interval, self.patience.seconds(is_resting=self.is_resting))
        except psycopg.errors._WaitTimeout:
            self.patience.is_silent = True
            # What the server makes of the statement is unknown; a closed connection is never used again.
            self.pgconn.finish()
            raise psycopg.OperationalError("the database does not answer") from None
        self.patience.is_silent = False
        return answer

    def lives(self) -> bool:
        """Whether a connection that rested can be used again; the server is asked only when there is reason to.

        A server that goes says so, or its system does: then something waits to be read. One that goes without a word is
        noticed by whoever comes after a while.
        """
        if self.rests_since is None:
            return True
        if self.closed:
            return False
        if time.monotonic() - self.rests_since < ASKED_AFTER_SECONDS and not self._has_news():
            return True
        usual = self.autocommit
        try:
            self.autocommit = True
            self.execute("SELECT 1")
            self.autocommit = usual
        except psycopg.Error:
            return False
        return True

    def _has_news(self) -> bool:
        line = select.poll()
        line.register(self.fileno(), select.POLLIN)
        return bool(line.poll(0))


ASKED_AFTER_SECONDS = 1.0
"""A pooled connection that rested longer is asked whether it lives; a shorter rest is not worth the way there and back."""
ASIDE = "aside"
"""Key of the engine for what is written beside a request's own transaction, one statement at a time.

Who holds a connection and waits for a second one out of the same pool can wait for others who do just that.
"""

SEALING = "sealing"
"""Key of the engine of the role that may add seals to the audit; only the worker's has that role."""


def init_app(app: Flask) -> None:
    """Give the app its engines, whose connections wait at most `DATABASE_PATIENCE` seconds."""
    db.init_app(app)
    patience = Patience(app.config["DATABASE_PATIENCE"])
    with app.app_context():
        for engine in db.engines.values():
            limit_waiting(engine, patience)


def open_ahead(threads: int) -> None:
    """Open the connections that so many threads use at once, as far as pools keep them; with a database that is away, none."""
    with ExitStack() as opened, suppress(OperationalError):
        for engine in db.engines.values():
            # The engine that seals keeps no connection.
            size = engine.pool.size() if isinstance(engine.pool, sa.QueuePool) else 0
            for _ in range(min(threads, size)):
                opened.enter_context(engine.connect())


def dispose(*, close: bool = True) -> None:
    """Let go of the pooled connections of the current app.

    A forked child leaves them open (`close=False`): its parent goes on talking on them.
    """
    for engine in db.engines.values():
        engine.dispose(close=close)


def limit_waiting(engine: sa.Engine, patience: Patience) -> None:
    """Let every connection that the engine opens from now on wait no longer than this."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, words: list[Any], named: dict[str, Any]) -> Connection:
        connection = Connection.connect(*words, **named)
        connection.patience = patience
        return connection

    @event.listens_for(engine, "checkin")
    def _rest(connection: Connection | None, _record: Any) -> None:
        if connection is not None:
            connection.is_resting = True
            connection.rests_since = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _work(connection: Connection, _record: Any, _proxy: Any) -> None:
        if not connection.lives():
            raise DisconnectionError  # The pool makes a new one in its place.
        connection.is_resting = False

    @event.listens_for(engine, "handle_error")
    def _renew(context: sa.engine.ExceptionContext) -> None:
        # A column has another type than when the statement was prepared. Outside a transaction nothing else would forget it.
        if isinstance(context.original_exception, FeatureNotSupported):
            context.is_disconnect = True


Ask = Callable[[str, Mapping[str, object]], Sequence[Sequence[Any]]]
"""Sends a statement with its values, and returns its rows."""


@contextmanager
def asking() -> Iterator[Ask]:
    """How to ask questions that need no transaction, on one connection; each sees what is committed at that moment.

    A session that was given one connection for everything asks on that one.
    """
    bind = db.session.get_bind()
    if isinstance(bind, sa.Connection):
        yield partial(_rows, bind)
        return
    with bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield partial(_rows, connection)


def _rows(connection: sa.Connection, sql: str, asked: Mapping[str, object]) -> Sequence[sa.Row[Any]]:
    return connection.exec_driver_sql(sql, dict(asked)).fetchall()


ANSWERS = "answers"
"""In a session's `info`: what was asked during this page and what was answered; see `ask_once`."""
CHANGED = "changed"
"""In a session's `info`: whether its transaction changed rows that somebody may have read."""


MOST_ROWS_KEPT = 200


def ask_once() -> None:
    """From now on until `ask_again`, do not ask a question twice: for pages that only show.

    The parts of a page ask for what they need and do not know of each other. A read that locks is always asked, and after a
    change everything is.
    """
    db.session().info[ANSWERS] = {}


def ask_again() -> None:
    """From now on every question is asked. Harmless when that is so already."""
    db.session().info.pop(ANSWERS, None)


@event.listens_for(Session, "do_orm_execute")
def _answer(asked: ORMExecuteState) -> sa.Result[Any] | None:
    if not asked.is_select:
        _changed(asked.session)
        return None
    answers = asked.session.info.get(ANSWERS)
    if answers is None or asked.is_column_load or asked.is_relationship_load or _changes(asked.session):
        return None
    question = _question(asked)
    if question is None:
        return None
    answer = answers.get(question)
    if answer is None:
        answer = asked.invoke_statement().freeze()
        if len(answer.data) <= MOST_ROWS_KEPT:
            answers[question] = answer
    found: sa.Result[Any] = answer()
    return found


def _question(asked: ORMExecuteState) -> Hashable | None:
    """What tells a question from others; None for one that has to be asked each time."""
    statement = cast(Any, asked.statement)
    if getattr(statement, "_for_update_arg", None) is not None or asked.execution_options.get("yield_per"):
        return None
    if asked.execution_options.get("populate_existing") or asked.bind_arguments.get("bind") is not None:
        return None
    cache_key = statement._generate_cache_key()
    if cache_key is None:
        return None
    values = [each.effective_value for each in cache_key.bindparams]
    return (cache_key.key, repr(values), repr(asked.parameters))


@event.listens_for(Session, "after_flush")
def _note_flush(session: Session, _context: Any) -> None:
    if _changes(session):
        _changed(session)


@event.listens_for(Session, "after_transaction_end")
def _note_end(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None and session.info.pop(CHANGED, None) and ANSWERS in session.info:
        session.info[ANSWERS].clear()  # It may have been undone.


def _changes(session: Session) -> bool:
    """Whether something waits to be written that could have been read before."""
    return bool(session.dirty or session.deleted) or any(not row.is_only_added for row in session.new)


def _changed(session: Session) -> None:
    session.info[CHANGED] = True
    if ANSWERS in session.info:
        session.info[ANSWERS].clear()


class NestedTransaction(RuntimeError):
    """`transaction()` inside `transaction()`: the outer one could no longer undo the inner one."""


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what the block changed, or undo all of it when the block raises.

    Where nothing but the audit was written, what was read before stays read: a page that records its look reads no row twice.
    It does not nest: raises NestedTransaction when one is open in this app context's session.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise NestedTransaction("transaction() does not nest; let the caller commit")
    session.info["in_transaction"] = True
    usual = session.expire_on_commit
    try:
        yield
        session.flush()
        session.expire_on_commit = usual and session.info.get(CHANGED, False)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.expire_on_commit = usual
        session.info.pop("in_transaction", None)


def add_together(*rows: Base, once: Base | None = None) -> bool:
    """Insert new rows of any tables in one statement, where a flush would send one for each table; flushed.

    Rows may refer to each other by their foreign keys' values; relationships are not followed. `once` is one more row, which
    is left out if a row with its key is there already. Returns False in that case; the others are inserted anyway.
    """
    every = [*rows, *([once] if once is not None else [])]
    given = tuple((type(row), _fill_in_defaults(row)) for row in every)
    values = {
        f"{key}_{number}": row.__dict__[key]
        for number, (row, (_, keys)) in enumerate(zip(every, given, strict=True))
        for key in keys
    }
    statement = _insertion(given, last_is_once=once is not None)
    if any(not row.is_only_added for row in every):
        _changed(db.session())
    is_new = bool(db.session.connection().execute(statement, values).scalar())
    written = every if is_new else rows
    for row in written:
        make_transient_to_detached(row)
    db.session.add_all(written)
    return is_new


@cache
def _insertion(
    given: tuple[tuple[type[Base], tuple[str, ...]], ...], *, last_is_once: bool
) -> sa.Select[Any]:
    """The statement that inserts a row of each of these classes, with values for these attributes.

    It is kept, because building it takes longer than sending it.
    """
    parts = []
    for number, (kind, keys) in enumerate(given):
        columns = {key: sa.inspect(kind).column_attrs[key].columns[0] for key in keys}
        # Columns of the same name in several tables are parameters of their own.
        values = {
            column.name: sa.bindparam(f"{key}_{number}", type_=column.type) for key, column in columns.items()
        }
        table = cast(sa.Table, kind.__table__)
        inserted = insert(table).values(values)
        if last_is_once and number == len(given) - 1:
            inserted = inserted.on_conflict_do_nothing()
        parts.append(inserted.returning(*table.primary_key).cte(f"inserted_{number}"))
    asked: sa.Select[Any] = sa.select(sa.literal(1))
    if last_is_once:
        asked = sa.select(sa.func.count()).select_from(parts[-1])
    return asked.add_cte(*parts)


def write_changes(row: Base) -> None:
    """Flush what was changed of one row with an `id`, in one statement that is built once for the same attributes.

    Whatever else waits to be flushed is flushed with it, as usual. Foreign keys have to be set themselves: relationships are
    not followed.
    """
    session = db.session()
    if session.new or session.deleted or list(session.dirty) != [row]:
        session.flush()
        return
    state = sa.inspect(row)
    columns = state.mapper.column_attrs
    keys = tuple(sorted(key for key in state.committed_state if key in columns))
    values = {f"new_{key}": state.dict[key] for key in keys}
    _changed(session)
    assert state.identity is not None  # Otherwise it would be among the new ones.
    session.connection().execute(_update(type(row), keys), {"written_id": state.identity[0], **values}).one()
    state._commit_all(state.dict, session.identity_map)  # As a flush does; nothing public does it alone.


@cache
def _update(kind: type[Base], keys: tuple[str, ...]) -> sa.Update:
    columns = {key: sa.inspect(kind).column_attrs[key].columns[0] for key in keys}
    values = {column.name: sa.bindparam(f"new_{key}", type_=column.type) for key, column in columns.items()}
    table = cast(sa.Table, kind.__table__)
    written = sa.update(table).where(table.c.id == sa.bindparam("written_id"))
    return written.values(values).returning(table.c.id)


def _fill_in_defaults(row: Base) -> tuple[str, ...]:
    """Give a row what its columns' defaults are, as a flush does; the attributes that have to be written.

    NULL is written only where the database would fill in something else; what it fills in itself is read when asked for.
    """
    known, written = row.__dict__, []
    for key, default, is_filled_in in _columns(type(row)):
        if key not in known:
            if default is not None:
                known[key] = default.arg(None) if default.is_callable else default.arg
            elif is_filled_in:
                continue
            else:
                known[key] = None
        if is_filled_in or known[key] is not None:
            written.append(key)
    return tuple(written)


@cache
def _columns(kind: type[Base]) -> tuple[tuple[str, Any, bool], ...]:
    """The attributes of a class that are columns, each with its default in Python and whether the database has one."""
    columns = {each.key: each.columns[0] for each in sa.inspect(kind).column_attrs}
    return tuple(
        (
            key,
            column.default if isinstance(column.default, sa.ColumnDefault) else None,
            column.server_default is not None,
        )
        for key, column in columns.items()
    )


@contextmanager
def violates(constraint: str, error: Refusal) -> Iterator[None]:
    """Turn a violation of exactly this constraint into a domain error; the session stays usable.

    The block runs in a savepoint. Any other violation stays what it is: a crash.
    """
    with violates_one_of({constraint: error}):
        yield


@contextmanager
def violates_one_of(errors: Mapping[str, Refusal], *, savepoint: bool = True) -> Iterator[None]:
    """The same for several constraints, in one savepoint: each costs two journeys to the database.

    Without `savepoint` they are saved; after a violation the caller's whole transaction can only be undone.
    """
    try:
        with db.session.begin_nested() if savepoint else nullcontext():
            yield
            db.session.flush()
    except IntegrityError as failure:
        error = errors.get(violated(failure) or "")
        if error is None:
            raise
        raise error from failure


def violated(failure: IntegrityError) -> str | None:
    """Name of the constraint PostgreSQL reports, if it names one."""
    cause = failure.orig
    return cause.diag.constraint_name if isinstance(cause, DriverError) else None
