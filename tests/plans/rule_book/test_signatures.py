"""Signing the rule book: about one text, never changed, withdrawn by the signer, and asked for anew when the rules change."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from clinic.guidance import rules
from clinic.plans.rule_book import signatures
from clinic.plans.rule_book.models import RuleBookSignature, SignedText
from clinic.refusal import NotFound
from tests import make

NOW = make.NOW


@pytest.fixture
def ines(database: object) -> User:
    return make.user(roles=["therapist"], given_name="Ines")


def signed(by: User) -> RuleBookSignature:
    row = signatures.sign(
        name=by.name, licence="RMT 1", seen_hash=signatures.book_in_use().text_hash, by=by, now=NOW
    )
    db.session.commit()
    return row


def new_rules(monkeypatch: pytest.MonkeyPatch, version: str = "2032.01") -> None:
    """Another rule set comes into use: the first rule is gone, the second says something else."""
    _, second, *others = rules.CURRENT.safety
    changed = replace(second, why="Said differently")
    monkeypatch.setattr(rules, "CURRENT", replace(rules.CURRENT, version=version, safety=(changed, *others)))


def test_nobody_has_signed_until_somebody_does(ines: User) -> None:
    assert signatures.unsigned_sentence().startswith("Nobody here has read and signed")
    signed(ines)
    assert signatures.unsigned_sentence() == ""
    assert signatures.signing_state().is_signed


def test_a_signature_names_person_licence_moment_and_the_whole_text(ines: User) -> None:
    row = signed(ines)
    assert (row.name, row.licence, row.signed_at) == (ines.name, "RMT 1", NOW)
    assert signatures.signed_text(row.text_hash).text == signatures.book_in_use().text
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "sign")).one()
    assert (entry.subject_id, entry.actor) == (row.id, f"user:{ines.id}")


def test_nobody_signs_one_text_twice_but_several_people_may(ines: User) -> None:
    signed(ines)
    with pytest.raises(signatures.SignedAlready):
        signed(ines)
    db.session.rollback()
    signed(make.user(roles=["therapist"], given_name="Omar"))
    assert len(signatures.history()) == 2
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignedText)) == 1


def test_a_page_that_showed_other_rules_does_not_sign_these(ines: User) -> None:
    with pytest.raises(signatures.TextHasChanged):
        signatures.sign(name="Ines", licence="1", seen_hash="0" * 64, by=ines, now=NOW)


def test_new_rules_ask_for_a_new_signature_and_say_what_changed(
    ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rules.CURRENT
    signed(ines)
    new_rules(monkeypatch)
    assert signatures.unsigned_sentence() == (
        f"Rule set 2032.01 is in use. The last one signed here is {before.version}."
    )
    found = signatures.changes_since_signed(signatures.signing_state())
    assert [(change.kind.value, change.id) for change in found] == [
        ("Removed", before.safety[0].id),
        ("Changed", before.safety[1].id),
    ]
    signed(ines)
    assert signatures.unsigned_sentence() == ""
    assert signatures.changes_since_signed(signatures.signing_state()) == ()


def test_another_wording_of_the_same_version_asks_again_too(
    ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(ines)
    new_rules(monkeypatch, rules.CURRENT.version)
    assert "wording of rule set" in signatures.unsigned_sentence()


def test_going_back_to_signed_rules_needs_no_new_signature(
    ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(ines)
    with monkeypatch.context() as later:
        new_rules(later)
        signed(ines)
    assert signatures.unsigned_sentence() == ""


def test_who_signed_may_withdraw_once_and_nobody_else_for_them(ines: User) -> None:
    row = signed(ines)
    omar = make.user(roles=["therapist"], given_name="Omar")
    with pytest.raises(NotFound):
        signatures.withdraw(row.id, by=omar, now=NOW)
    signatures.withdraw(row.id, by=ines, now=NOW)
    db.session.commit()
    assert signatures.unsigned_sentence() != ""
    assert [one.id for one in signatures.history()] == [row.id]
    with pytest.raises(signatures.WithdrawnAlready):
        signatures.withdraw(row.id, by=ines, now=NOW)
    db.session.rollback()
    signed(ines)
    assert len(signatures.history()) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE rule_book_signatures SET name = 'Somebody else'",
        "UPDATE rule_book_signatures SET signed_at = signed_at - interval '1 year'",
        "DELETE FROM rule_book_signatures",
        "UPDATE signed_texts SET rule_set = 'another'",
        "DELETE FROM signed_texts",
    ],
)
def test_the_database_changes_no_signature_and_no_signed_text(ines: User, change: str) -> None:
    signed(ines)
    with pytest.raises(DBAPIError, match=r"does not change|append-only"):
        db.session.execute(sa.text(change))
    db.session.rollback()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"text_hash": "0" * 64, "text": "Rule set"}, "ck_signed_texts_hash_is_of_text"),
    ],
)
def test_the_database_keeps_no_text_under_another_hash(
    ines: User, values: dict[str, str], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        db.session.execute(sa.insert(SignedText).values(rule_set="1", **values))
    db.session.rollback()


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"name": ""}, "has_name"),
        ({"licence": ""}, "has_licence"),
        ({"licence": "x" * 61}, "has_licence"),
        ({"withdrawn_at": make.NOW.replace(year=2000)}, "withdrawn_after"),
    ],
)
def test_the_database_refuses_a_signature_that_says_too_little(
    ines: User, columns: dict[str, object], constraint: str
) -> None:
    row = signed(ines)
    omar = make.user(roles=["therapist"], given_name="Omar")
    whole = {"name": "Omar", "licence": "2", "withdrawn_at": None, **columns}
    db.session.add(RuleBookSignature(text_hash=row.text_hash, signed_by_id=omar.id, signed_at=NOW, **whole))
    with pytest.raises(IntegrityError, match=constraint):
        db.session.flush()
    db.session.rollback()
