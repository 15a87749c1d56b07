"""Signatures under the rule book: sign, withdraw, whether the text in use is signed, and what changed since it was."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import joinedload

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.db import db, violates
from clinic.guidance import rules
from clinic.guidance.rule_book import RuleBook, RuleChange, changes, rule_book
from clinic.plans.rule_book.models import RuleBookSignature, SignedText
from clinic.refusal import NotFound, Refusal, Stale


class TextHasChanged(Stale):
    """The rules were changed between reading and signing."""

    sentence = "The rules have changed since you opened this page. Please read what is new, then sign."


class SignedAlready(Refusal):
    """This person's signature under this text stands."""

    code = "signed-already"
    sentence = "You have signed this rule set already."


class WithdrawnAlready(Refusal):
    """A withdrawn signature cannot be withdrawn again."""

    code = "withdrawn-already"
    sentence = "This signature is withdrawn already."


def book_in_use() -> RuleBook:
    """The rule set in use, in plain words."""
    return rule_book(rules.CURRENT)


def sign(*, name: str, licence: str, seen_hash: str, by: User, now: datetime) -> RuleBookSignature:
    """Sign the text in use. The text itself is kept with the first signature under it.

    `seen_hash` is that of the text on the signer's page. Raises TextHasChanged and SignedAlready.
    """
    book = book_in_use()
    if seen_hash != book.text_hash:
        raise TextHasChanged
    kept = pg.insert(SignedText).values(text_hash=book.text_hash, rule_set=book.version, text=book.text)
    db.session.execute(kept.on_conflict_do_nothing())
    signature = RuleBookSignature(
        text_hash=book.text_hash, signed_by_id=by.id, name=name, licence=licence, signed_at=now
    )
    with violates("uq_rule_book_signatures_standing", SignedAlready()):
        db.session.add(signature)
    audit.record(audit.by_user(by.id), "sign", signature, fields=("name", "licence", "text_hash"), now=now)
    return signature


def withdraw(signature_id: UUID, *, by: User, now: datetime) -> RuleBookSignature:
    """Withdraw one's own signature; it stays in the history. Raises NotFound for another's, and WithdrawnAlready."""
    signature = db.session.get(RuleBookSignature, signature_id, with_for_update=True, populate_existing=True)
    if signature is None or signature.signed_by_id != by.id:
        raise NotFound
    if signature.withdrawn_at is not None:
        raise WithdrawnAlready
    signature.withdrawn_at = now
    audit.record(audit.by_user(by.id), "withdraw", signature, now=now)
    db.session.flush()
    return signature


def history() -> list[RuleBookSignature]:
    """Every signature, the newest first, with its signer and the version of its text; the texts are not read."""
    return list(
        db.session.scalars(
            sa.select(RuleBookSignature)
            .order_by(RuleBookSignature.signed_at.desc(), RuleBookSignature.id.desc())
            .options(
                joinedload(RuleBookSignature.signed_text).load_only(SignedText.rule_set),
                joinedload(RuleBookSignature.signed_by),
            )
        )
    )


def signed_text(text_hash: str) -> SignedText:
    """A text that was signed; raises NotFound for any other."""
    found = db.session.get(SignedText, text_hash)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, kw_only=True)
class SigningState:
    """Whether somebody's signature under the text in use stands; else the version signed last, None if there is none."""

    version: str
    is_signed: bool
    last_version: str | None
    last_hash: str | None


def signing_state() -> SigningState:
    """How the text in use stands; one statement."""
    book = book_in_use()
    is_in_use = RuleBookSignature.text_hash == book.text_hash
    found = db.session.execute(
        sa.select(RuleBookSignature.text_hash, SignedText.rule_set)
        .join(SignedText, SignedText.text_hash == RuleBookSignature.text_hash)
        .where(RuleBookSignature.withdrawn_at.is_(None))
        .order_by(is_in_use.desc(), RuleBookSignature.signed_at.desc())
        .limit(1)
    ).first()
    return SigningState(
        version=book.version,
        is_signed=found is not None and found.text_hash == book.text_hash,
        last_version=found.rule_set if found else None,
        last_hash=found.text_hash if found else None,
    )


def changes_since_signed(state: SigningState) -> tuple[RuleChange, ...]:
    """What the text in use changes against the one signed last; nothing if it is signed, or none ever was."""
    if state.is_signed or state.last_hash is None:
        return ()
    return changes(signed_text(state.last_hash).text, book_in_use().text)


def unsigned_sentence() -> str:
    """What staff read while nobody has signed the rules in use; empty once somebody has. One statement."""
    state = signing_state()
    if state.is_signed:
        return ""
    if state.last_version is None:
        return f"Nobody here has read and signed the rules in use yet (rule set {state.version})."
    if state.last_version == state.version:
        return f"The wording of rule set {state.version} has changed since it was signed here."
    return f"Rule set {state.version} is in use. The last one signed here is {state.last_version}."
