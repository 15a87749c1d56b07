"""The database's schema: where its revisions lie, and how to bring a database to them.

Migrations run as the role that owns the tables; the product runs as another that owns nothing.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from clinic.db import Base
from clinic.refusal import Refusal

ONLY_THE_SEALER_SEALS = """
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lumbar_sealer') THEN
    GRANT USAGE ON SCHEMA public TO lumbar_sealer;
    GRANT SELECT ON audit_entries, audit_seals TO lumbar_sealer;
    GRANT INSERT ON audit_seals TO lumbar_sealer;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lumbar_app') THEN
      REVOKE INSERT ON audit_seals FROM lumbar_app;
    END IF;
  END IF;
END
$$
"""
"""Asked at every upgrade, not in a revision: the role may be made long after the tables."""

FOLDER = Path(__file__).parent.parent / "migrations"


def config(engine: sa.Engine | sa.Connection) -> Config:
    """Alembic's configuration for one database; there is no ini file."""
    alembic = Config()
    alembic.set_main_option("script_location", str(FOLDER))
    alembic.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    alembic.attributes["engine"] = engine
    alembic.attributes["metadata"] = Base.metadata
    return alembic


class NewerDatabase(Refusal):
    """A newer Lumbar brought the database to a revision that this one does not know."""

    code = "newer-database"


def knows(revision: str) -> bool:
    """Whether this code has the revision."""
    script = ScriptDirectory(str(FOLDER))
    return revision in {each.revision for each in script.walk_revisions()}


def is_behind(owner_url: str) -> bool:
    """Whether there is a database that an older Lumbar made: `upgrade` would change it. False for an empty or a newer one."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
        return there is not None and knows(there) and not is_current(connection)


def upgrade(owner_url: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there. Raises NewerDatabase with nothing changed."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and not knows(there):
        raise NewerDatabase(
            f"A newer Lumbar brought this database to revision {there}, which this one does not know. "
            "Start the newer one, or restore a backup that this one made. Nothing was changed."
        )
    command.upgrade(config(engine), "head")
    with engine.begin() as connection:
        connection.execute(sa.text(ONLY_THE_SEALER_SEALS))


def is_current(connection: sa.Connection) -> bool:
    """Whether the database stands at the newest revision this code knows."""
    newest = ScriptDirectory.from_config(config(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest
