"""How migrations run: as the owning role, one at a time, never waiting long for a lock.

The settings come from `clinic.cli migrate`, which puts the engine into the context's attributes.
"""

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection

LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 120_000
ADVISORY_KEY = 0x4C756D62
"""Two deployments that start together migrate one after the other."""


def run(connection: Connection) -> None:
    """Run the revisions asked for on an open connection of the owning role."""
    connection.execute(sa.text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
    connection.execute(sa.text(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}"))
    connection.execute(sa.text(f"SELECT pg_advisory_lock({ADVISORY_KEY})"))
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=context.config.attributes.get("metadata"),
            render_item=_plain_types,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(sa.text(f"SELECT pg_advisory_unlock({ADVISORY_KEY})"))
        connection.commit()


def _plain_types(kind: str, item: object, autogen_context: object) -> str | bool:
    """Write custom column types as what they are stored as: migrations never import our code."""
    if kind == "type" and type(item).__module__.startswith("flask_security"):
        return "sa.UnicodeText()"
    return False


engine = context.config.attributes["engine"]
if isinstance(engine, Connection):
    run(engine)
else:
    with engine.connect() as connection:
        run(connection)
