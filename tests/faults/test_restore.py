"""A copy of the database from before the mail went: it owes all of it again, and sends none of it by itself."""

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.app import create_app
from clinic.db import db, dispose, transaction
from clinic.messaging import delivery, heartbeat, pause
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.models import MessageKind
from clinic.messaging.pause import Why
from config import Settings
from tests.faults.reminders import many_due, reminders
from tests.messaging.mailers import Postbox
from tests.stage import Stage

pytestmark = pytest.mark.faults

DUE = 30
OWNER = audit.by_user(Client().id)


def copied(stage: Stage, name: str) -> Flask:
    """The product on a copy of the database as it is now, as a backup that is restored beside the one that runs on."""
    db.session.remove()
    dispose()
    admin = sa.create_engine(
        stage.servers.urls.superuser, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE lumbar OWNER lumbar_owner"))
    kept = stage.settings
    url = sa.make_url(kept.database_url).set(database=name).render_as_string(hide_password=False)
    return create_app(
        Settings.read(
            environment=kept.environment,
            database_url=url,
            redis_url=kept.redis_url,
            lumbar_data=Path(kept.lumbar_data),
            clock_file=kept.clock_file,
        )
    )


def test_what_was_sent_after_the_backup_is_not_sent_again_by_the_restored_copy(stage: Stage) -> None:
    delivery.run_pass(clock.now(), 1, Postbox())
    many_due(DUE)
    copy = copied(stage, "copy")
    before, after = Postbox(), Postbox()
    assert delivery.run_pass(clock.now(), 2 * DUE, before).sent == DUE

    with copy.app_context():
        assert delivery.run_pass(clock.now(), 2 * DUE, after).sent == 0
        held = pause.hold()
        assert held is not None
        assert held.why is Why.RESTORED
        assert heartbeat.heartbeats().sign(DeliveryPart.SENDING).word == "restored"
        assert pause.waiting(clock.now()) == Counter({MessageKind.REMINDER: DUE})
        with transaction():
            assert pause.release(OWNER, clock.now(), leave_out=True) == DUE
        assert delivery.run_pass(clock.now(), 2 * DUE, after).sent == 0
        assert {message.why for message in reminders().values()} == {"left_out"}
        db.session.remove()
        dispose()
    assert len(before.kept) == DUE
    assert after.kept == []
    assert delivery.run_pass(clock.now(), 1, Postbox()).sent == 0
    assert pause.hold() is None
