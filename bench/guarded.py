"""What the two exclusion constraints cost a writer: inserts into copies of the table with them and without."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa

from bench.dataset import CONSTRAINTS
from clinic.embedded import cluster

WRITERS, SECONDS, ROUNDS = 16, 4, 3
COPIES = {"guarded": (), "plain": CONSTRAINTS}


def rates(superuser_url: str) -> dict[str, float]:
    """Inserts a second, one statement a transaction, by sixteen writers on ten therapists, nobody in another's way."""
    engine = sa.create_engine(superuser_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SEQUENCE bench_slots"))
        for name, dropped in COPIES.items():
            connection.execute(sa.text(f"CREATE TABLE bench_{name} (LIKE appointments INCLUDING ALL)"))
            for constraint, real in _exclusions(connection, name):
                if real in dropped:
                    connection.execute(sa.text(f"ALTER TABLE bench_{name} DROP CONSTRAINT {constraint}"))
            connection.execute(sa.text(f"INSERT INTO bench_{name} SELECT * FROM appointments"))
    found: dict[str, list[float]] = {name: [] for name in COPIES}
    for _ in range(ROUNDS):
        for name in COPIES:
            found[name].append(_written(superuser_url, name))
    with engine.begin() as connection:
        for name in COPIES:
            connection.execute(sa.text(f"DROP TABLE bench_{name}"))
        connection.execute(sa.text("DROP SEQUENCE bench_slots"))
    return {name: sorted(each)[ROUNDS // 2] for name, each in found.items()}


def _exclusions(connection: sa.Connection, name: str) -> list[tuple[str, str]]:
    """The copy's exclusion constraints, with the names they have on the table."""
    asked = sa.text(
        "SELECT conname, CASE WHEN pg_get_constraintdef(oid) LIKE '%therapist_id%' THEN :one ELSE :other END"
        " FROM pg_constraint WHERE conrelid = cast(:copy AS regclass) AND contype = 'x'"
    )
    rows = connection.execute(
        asked, {"copy": f"bench_{name}", "one": CONSTRAINTS[0], "other": CONSTRAINTS[1]}
    )
    return [(str(constraint), str(real)) for constraint, real in rows]


def _written(url: str, name: str) -> float:
    columns = "client_id, therapist_id, location_id, treatment_id, zone, tzdata, length_minutes, buffer_before_minutes"
    copied = f"{columns}, buffer_after_minutes, price_cents, state, hold_extended, revision, time_revision, link_epoch"
    times = "starts_at, ends_at, occupied_from, occupied_until, wall_start, booked_at, created_at, changed_at"
    insert = f"""
WITH slot AS (SELECT nextval('bench_slots') AS number),
     like_it AS (SELECT * FROM appointments ORDER BY id LIMIT 1),
     at AS (SELECT number, timestamptz '2100-01-01 00:00+00' + number / 10 * interval '1 hour' AS begins FROM slot)
INSERT INTO bench_{name} (id, reference, {copied}, cancelled_late, {times})
SELECT gen_random_uuid(), 'B' || lpad(number::text, 7, '0'),
       {copied.replace("therapist_id", "(SELECT id FROM therapists ORDER BY id OFFSET number % 10 LIMIT 1)")}, false,
       begins, begins + interval '1 hour', begins, begins + interval '1 hour', begins::timestamp, begins, begins, begins
  FROM at, like_it;
"""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(insert)
        address = sa.make_url(url)
        pgbench = subprocess.run(
            [
                str(cluster.binaries() / "pgbench"), "-n", "-f", str(script), "-c", str(WRITERS), "-j", "2",
                "-T", str(SECONDS), "-M", "prepared", "-h", str(address.query["host"]), "-U", str(address.username),
                str(address.database),
            ],
            env={**os.environ, "PGPASSWORD": str(address.password)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", pgbench.stdout)
    assert found is not None
    return float(found[1])
