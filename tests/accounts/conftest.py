"""Somebody with the owner's power over the database, for what the product itself cannot do."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import scoped_session, sessionmaker

from clinic.db import db
from config import Settings

GUARDED = ("audit_entries", "audit_seals")

Tamper = Callable[[str], None]


@pytest.fixture
def tamper(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tamper]:
    """Change guarded rows with the triggers switched off; the session joins the same transaction, undone afterwards.

    The record begins empty: other tests commit for real, and nobody can take their entries away.
    """
    assert settings.database_owner_url is not None
    engine = sa.create_engine(settings.database_owner_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        outer = connection.begin()
        sessions = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")
        monkeypatch.setattr(db, "session", scoped_session(sessions, scopefunc=db.session.registry.scopefunc))

        def change(statement: str) -> None:
            db.session.flush()
            for table in GUARDED:
                connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            connection.execute(sa.text(statement))
            for table in GUARDED:
                connection.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            db.session.expire_all()

        with app.app_context():
            for table in GUARDED:
                change(f"DELETE FROM {table}")
            yield change
        outer.rollback()
