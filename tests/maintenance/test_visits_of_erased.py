"""The database refuses a visit for a client who is erased, also while the erasure is under way, whatever the code does."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests import make
from tests.migrated import migrated_servers
from tests.patience import eventually

COMING = "SELECT id, client_id FROM appointments WHERE state = 'booked' AND client_id IS NOT NULL ORDER BY id LIMIT 1"
ANOTHER = "SELECT id FROM clients WHERE id <> %s AND erased_at IS NULL ORDER BY id LIMIT 1"
ERASE = "UPDATE clients SET erased_at = '2031-01-01Z' WHERE id = %s"
MOVE = "UPDATE appointments SET client_id = %s WHERE id = %s"
REFUSED = pytest.raises(psycopg.errors.CheckViolation, match="a visit needs a client who is not erased")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with migrated_servers(durable=False, demo_at=make.NOW) as pair:
        yield pair.urls.app.replace("+psycopg", "")


def one(connection: psycopg.Connection, statement: str, *values: object) -> tuple[object, ...]:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row is not None
    return row


def test_none_is_added_moved_or_brought_back_for_a_client_who_is_erased(url: str) -> None:
    with psycopg.connect(url) as connection:
        visit, client = one(connection, COMING)
        (other,) = one(connection, ANOTHER, client)
        connection.execute(ERASE, [other])
        with REFUSED, connection.transaction():
            connection.execute(MOVE, [other, visit])
        columns = ", ".join(
            name
            for (name,) in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'appointments'"
                " AND column_name NOT IN ('id', 'client_id') AND is_generated = 'NEVER'"
            )
        )
        add = (
            f"INSERT INTO appointments (id, client_id, {columns})"
            f" SELECT gen_random_uuid(), %s, {columns} FROM appointments WHERE id = %s"
        )
        with REFUSED, connection.transaction():
            connection.execute(add.encode(), [other, visit])
        connection.execute("UPDATE appointments SET state = 'done' WHERE id = %s", [visit])
        connection.execute(ERASE, [client])
        # What happened stays in the calendar and may still be corrected.
        connection.execute("UPDATE appointments SET state = 'missed' WHERE id = %s", [visit])
        with REFUSED, connection.transaction():
            connection.execute("UPDATE appointments SET state = 'booked' WHERE id = %s", [visit])
        connection.rollback()


def test_who_books_while_the_erasure_is_under_way_waits_for_it_and_is_refused(url: str) -> None:
    refused: list[psycopg.Error] = []
    with psycopg.connect(url) as erasing, psycopg.connect(url) as booking, psycopg.connect(url) as looking:
        looking.autocommit = True
        visit, client = one(looking, COMING)
        (other,) = one(looking, ANOTHER, client)
        one(erasing, "SELECT 1 FROM clients WHERE id = %s FOR UPDATE", other)
        erasing.execute(ERASE, [other])

        def book() -> None:
            try:
                booking.execute(MOVE, [other, visit])
            except psycopg.Error as error:
                refused.append(error)
            booking.rollback()

        waiting = threading.Thread(target=book)
        waiting.start()
        locked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert eventually(lambda: one(looking, locked) == (1,), 30)
        erasing.commit()
        waiting.join()
    assert [type(error) for error in refused] == [psycopg.errors.CheckViolation]
