"""How many rows of each table a statement reads: PostgreSQL explains each one just before the product asks it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db

ROLE = "lumbar_app"
EXPLAINED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
TIMES = 2
"""How often one kind of statement is explained: the values of the second time can be other ones."""

MANY = """
    INSERT INTO {table} ({columns}) SELECT {values} FROM {table} original, generate_series(1, {count}) n
     WHERE original.id = '{of}'
"""
RowsRead = dict[str, Counter[str]]


@contextmanager
def rows_read() -> Iterator[RowsRead]:
    """For each kind of statement that the product sends meanwhile, the rows of each table that it reads.

    A row that is fetched and then put aside is read, too. Each statement runs once before it runs, and that is undone; what
    is asked outside of a transaction is left out. Tables are not walked where an index can be used, so that what is read
    does not depend on what the planner thinks of small tables.
    """
    found: RowsRead = {}
    times = Counter[str]()

    def explain(_connection: Any, cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        kind = " ".join(sql.split())
        if not kind.upper().startswith(EXPLAINED) or isinstance(parameters, list):
            return
        connection: psycopg.Connection[Any] = cursor.connection
        if times[kind] >= TIMES or connection.info.transaction_status != TransactionStatus.INTRANS:
            return
        times[kind] += 1
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL enable_seqscan = off")
            words = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}"
            explained = connection.execute(words.encode(), parameters).fetchone()
        assert explained is not None
        found[kind] = found.get(kind, Counter[str]()) | _rows(explained[0][0]["Plan"])

    sa.event.listen(sa.Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)


def copies(row: Client | Appointment, count: int, **changed: str) -> None:
    """So many copies of a row; each changed column gets an expression of SQL over `original` and the number `n`."""
    columns = [f'"{column.name}"' for column in type(row).__table__.columns]
    values = [changed.get(column.strip('"'), f"original.{column}") for column in columns]
    words = {"columns": ", ".join(columns), "values": ", ".join(values), "count": count, "of": row.id}
    db.session.execute(sa.text(MANY.format(table=row.__tablename__, **words)))


@contextmanager
def may_analyse(owner_url: str) -> Iterator[None]:
    """Let the product's role analyse tables in the block, which it may not in life: a test's rows are its own to see."""
    owner = sa.create_engine(owner_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    def say(words: str) -> None:
        with owner.connect() as connection:
            connection.exec_driver_sql(f"{words} {ROLE}")

    say("GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO")
    try:
        yield
    finally:
        say("REVOKE MAINTAIN ON ALL TABLES IN SCHEMA public FROM")


def _rows(plan: dict[str, Any]) -> Counter[str]:
    read = Counter[str]()
    for node in _nodes(plan):
        if "Relation Name" in node and "Actual Rows" in node:
            discarded = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            read[node["Relation Name"]] += round((node["Actual Rows"] + discarded) * node["Actual Loops"])
    return read


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
