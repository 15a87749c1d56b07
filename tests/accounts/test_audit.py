"""The record of who did or read what, and the seals over it."""

from datetime import datetime, timedelta
from types import ModuleType
from uuid import uuid4

import pytest
import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, AuditSeal
from clinic.db import db
from tests.accounts.conftest import Tamper

HOUR = timedelta(hours=1)


def note(at: datetime, action: str = "read", **more: object) -> None:
    audit.record(audit.VISITOR, action, subject_type="clients", subject_id=uuid4(), now=at, **more)  # type: ignore[arg-type]
    db.session.flush()


def test_an_entry_says_who_did_what_to_whom_and_no_values(
    make: ModuleType, tamper: Tamper, now: datetime
) -> None:
    ada = make.client()
    audit.record(audit.by_user(ada.id), "changed", ada, client_id=ada.id, fields=["given_name"], now=now)
    db.session.flush()
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.subject_type, entry.subject_id) == (
        f"user:{ada.id}", "changed", "clients", ada.id,
    )  # fmt: skip
    assert entry.fields == ["given_name"]
    assert entry.at == now


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
    assert audit.seal(now) == 0


def test_each_minute_with_entries_gets_a_seal_and_the_chain_holds(tamper: Tamper, now: datetime) -> None:
    for minutes in (0, 0, 1, 5):
        note(now + timedelta(minutes=minutes, seconds=7))
    audit.seal(now + HOUR)
    seals = db.session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).all()
    assert [seal.entries for seal in seals] == [2, 1, 1, 0]
    assert [seal.from_at for seal in seals[1:]] == [seal.until_at for seal in seals[:-1]]
    assert audit.verify() == audit.Verification(seals=4)


def test_sealing_twice_adds_nothing(tamper: Tamper, now: datetime) -> None:
    note(now)
    assert audit.seal(now + HOUR) > 0
    assert audit.seal(now + HOUR) == 0


def test_a_minute_that_may_still_get_entries_is_not_sealed_yet(tamper: Tamper, now: datetime) -> None:
    note(now)
    assert audit.seal(now + timedelta(seconds=90)) == 0
    note(now + timedelta(seconds=30), action="late")
    audit.seal(now + timedelta(minutes=4))
    assert audit.verify().holds
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
    audit.seal(now + HOUR)
    assert audit.verify().holds
    tamper(statement)
    found = audit.verify()
    assert not found.holds
    assert why in found.why


def test_an_entry_slipped_in_before_the_first_seal_is_found(tamper: Tamper, now: datetime) -> None:
    note(now)
    audit.seal(now + HOUR)
    note(now - timedelta(days=1), action="backdated")
    assert not audit.verify().holds
