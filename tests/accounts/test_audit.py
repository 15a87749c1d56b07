"""The record of who did or read what, and the seals over it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit, audit_seals
from clinic.accounts.models import AuditEntry, AuditSeal
from clinic.db import SEALING, db, open_ahead
from clinic.maintenance import key_rotation
from clinic.maintenance.key_rotation import KeyKind
from config import Settings
from tests.accounts.conftest import Tamper
from tests.make import Make

HOUR = timedelta(hours=1)


def note(at: datetime, action: str = "read", **more: object) -> None:
    audit.record(audit.VISITOR, action, subject_type="clients", subject_id=uuid4(), now=at, **more)  # type: ignore[arg-type]
    db.session.flush()


def test_an_entry_says_who_did_what_to_whom_and_no_values(make: Make, tamper: Tamper, now: datetime) -> None:
    ada = make.client()
    audit.record(audit.by_user(ada.id), "changed", ada, client_id=ada.id, fields=["given_name"], now=now)
    db.session.flush()
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.subject_type, entry.subject_id) == (
        f"user:{ada.id}", "changed", "clients", ada.id,
    )  # fmt: skip
    assert entry.fields == ["given_name"]
    assert entry.at == now


def test_a_key_that_made_a_seal_is_needed_for_ever(tamper: Tamper, now: datetime) -> None:
    note(now)
    audit_seals.seal(now + HOUR)
    newest = max(audit_seals._keys)
    uses = key_rotation.uses(KeyKind.AUDIT, {newest: None, newest + 1: None}, now)
    assert [use.is_needed for use in uses.values()] == [True, False]


def test_an_entry_is_undone_with_the_deed(tamper: Tamper, now: datetime) -> None:
    audit.record(audit.SYSTEM, "tried", now=now)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_product_itself_cannot_change_or_delete_entries(
    database: sa.Connection, now: datetime, statement: str
) -> None:
    note(now)
    with pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.text(statement))


def test_nothing_to_seal_makes_no_seal(tamper: Tamper, now: datetime) -> None:
    assert audit_seals.seal(now) == 0


def test_each_minute_with_entries_gets_a_seal_and_the_chain_holds(tamper: Tamper, now: datetime) -> None:
    for minutes in (0, 0, 1, 5):
        note(now + timedelta(minutes=minutes, seconds=7))
    audit_seals.seal(now + HOUR)
    seals = db.session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).all()
    assert [seal.entries for seal in seals] == [2, 1, 1, 0]
    assert [seal.from_at for seal in seals[1:]] == [seal.until_at for seal in seals[:-1]]
    assert audit_seals.verify() == audit_seals.Verification(seals=4, keyed_since=now)


def test_sealing_twice_adds_nothing(tamper: Tamper, now: datetime) -> None:
    note(now)
    assert audit_seals.seal(now + HOUR) > 0
    assert audit_seals.seal(now + HOUR) == 0


def test_a_minute_that_may_still_get_entries_is_not_sealed_yet(tamper: Tamper, now: datetime) -> None:
    note(now)
    assert audit_seals.seal(now + timedelta(seconds=90)) == 0
    note(now + timedelta(seconds=30), action="late")
    audit_seals.seal(now + timedelta(minutes=4))
    assert audit_seals.verify().holds
    assert db.session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).first().entries == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE audit_entries SET actor = 'user:somebody-else'", "changed"),
        ("UPDATE audit_entries SET fields = ARRAY['other']", "changed"),
        ("DELETE FROM audit_entries WHERE action = 'second'", "entries"),
        ("DELETE FROM audit_seals WHERE number = 2", "missing"),
        ("UPDATE audit_seals SET digest = '\\x00' WHERE number = 2", "changed"),
        ("UPDATE audit_entries SET at = at - interval '1 year' WHERE action = 'first'", "entries"),
    ],
)
def test_tampering_with_any_row_is_found(tamper: Tamper, now: datetime, statement: str, why: str) -> None:
    for minutes, action in enumerate(("first", "second", "third")):
        note(now + timedelta(minutes=minutes), action=action)
    audit_seals.seal(now + HOUR)
    assert audit_seals.verify().holds
    tamper(statement)
    found = audit_seals.verify()
    assert not found.holds
    assert why in found.why


def test_an_entry_slipped_in_before_the_first_seal_is_found(tamper: Tamper, now: datetime) -> None:
    note(now)
    audit_seals.seal(now + HOUR)
    note(now - timedelta(days=1), action="backdated")
    assert not audit_seals.verify().holds


def seal_without_a_key(now: datetime) -> None:
    """One seal as it was made before there were keys: a plain hash, without the networks of entries."""
    entries, digest = audit_seals._digest(db.session(), None, b"", now, now + timedelta(minutes=1))
    old = {"number": 1, "from_at": now, "until_at": now + timedelta(minutes=1), "sealed_at": now}
    db.session.add(AuditSeal(entries=entries, digest=digest, **old))
    db.session.flush()


def test_seals_from_before_there_were_keys_still_hold_and_those_with_a_key_follow(
    tamper: Tamper, now: datetime
) -> None:
    note(now, network="abc")
    seal_without_a_key(now)
    assert "no seal carries a key" in audit_seals.verify().why
    note(now + timedelta(minutes=3), network="abc")
    audit_seals.seal(now + HOUR)
    found = audit_seals.verify()
    assert found.holds
    assert found.keyed_since == now + timedelta(minutes=1)


def test_whoever_has_the_database_but_not_the_key_makes_no_seal_that_holds(
    app: Flask, settings: Settings, tamper: Tamper, now: datetime
) -> None:
    note(now)
    try:
        audit_seals.use({1: b"a stranger's key of thirty-two b."[:32]})
        audit_seals.seal(now + HOUR)
    finally:
        audit_seals.use(settings.keys.audit_bytes)
    assert not audit_seals.verify().holds


def test_a_plain_seal_after_one_with_a_key_is_found(tamper: Tamper, now: datetime) -> None:
    note(now)
    note(now + timedelta(minutes=1))
    audit_seals.seal(now + HOUR)
    tamper("UPDATE audit_seals SET key_id = NULL WHERE number = 2")
    assert "without a key" in audit_seals.verify().why


def test_the_network_of_an_entry_is_sealed_with_it(tamper: Tamper, now: datetime) -> None:
    note(now, network="abc")
    audit_seals.seal(now + HOUR)
    tamper("UPDATE audit_entries SET network = 'other'")
    assert "changed" in audit_seals.verify().why


def test_another_key_can_take_over_while_the_old_one_is_kept(
    settings: Settings, tamper: Tamper, now: datetime
) -> None:
    note(now)
    audit_seals.seal(now + HOUR)
    keys = settings.keys.audit_bytes
    try:
        audit_seals.use({**keys, 9: b"9" * 32})
        audit_seals.seal(now + 2 * HOUR)
        assert audit_seals.verify().holds
        audit_seals.use(keys)
        assert "key 9 is not loaded" in audit_seals.verify().why
    finally:
        audit_seals.use(keys)


def test_the_state_of_the_seals_is_told(tamper: Tamper, now: datetime) -> None:
    assert audit_seals.state(now) == "ok"
    note(now)
    assert audit_seals.state(now + timedelta(minutes=9)) == "ok"
    assert audit_seals.state(now + timedelta(minutes=11)) == "late"
    for minutes in (1, 2, 3):
        note(now + timedelta(minutes=minutes))
    audit_seals.seal(now + HOUR)
    assert audit_seals.state(now + HOUR) == "ok"
    assert audit_seals.state(now + HOUR + timedelta(minutes=9)) == "late"
    assert audit_seals.state(now) == "ahead"
    tamper("DELETE FROM audit_seals WHERE number = 2")
    assert audit_seals.state(now + HOUR) == "missing"


FORGED: dict[str, Any] = {
    "number": 10**6,
    "from_at": datetime(2100, 1, 1, tzinfo=UTC),
    "until_at": datetime(2100, 1, 2, tzinfo=UTC),
    "entries": 0,
    "digest": b"",
    "sealed_at": datetime(2100, 1, 1, tzinfo=UTC),
}


def test_the_role_that_serves_pages_cannot_add_a_seal_and_so_cannot_stop_the_sealing(
    database: sa.Connection,
) -> None:
    assert not audit_seals.may_be_forged()
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        db.session.execute(sa.insert(AuditSeal).values(FORGED))


@pytest.mark.parametrize("statement", [
    "SELECT count(*) FROM clients", "SELECT count(*) FROM users", "DELETE FROM limits",
    "INSERT INTO audit_entries SELECT * FROM audit_entries", "UPDATE audit_seals SET entries = 0",
    "TRUNCATE audit_seals",
])  # fmt: skip
def test_the_role_that_seals_can_do_nothing_else(app: Flask, statement: str) -> None:
    with app.app_context(), db.engines[SEALING].connect() as connection:
        connection.execute(sa.select(AuditSeal.number).limit(1))
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text(statement))


def test_the_role_that_seals_may_seal(app: Flask, now: datetime) -> None:
    with app.app_context(), db.engines[SEALING].connect() as connection, connection.begin() as undone:
        connection.execute(sa.insert(AuditSeal).values(FORGED))
        undone.rollback()


def test_a_web_process_opens_its_connections_ahead_and_none_for_sealing(app: Flask) -> None:
    with app.app_context():
        open_ahead(2)
        assert not isinstance(db.engines[SEALING].pool, sa.QueuePool)
