"""Changing a key: what rests on each kind, sealing anew under the newest, and when an older one may be let go.

Several keys of a kind are known at once, so everything can be read at every moment of a change, also by other processes:

1. The newest key is in the key file before anything is written with it.
2. What older keys hold is written anew in small steps, each committed by itself. A step that is killed has changed nothing.
3. An older key is let go once nothing rests on it that would be lost, and once nobody can still be writing with it.

Health data (`sealing`) and the secrets of second factors (`totp_secrets`) are written anew. Links that were sent and seals of the audit
cannot be: they need the key they were made with.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app
from passlib.totp import TOTP

from clinic import sealed
from clinic.accounts.models import AuditSeal, User
from clinic.booking.models import Appointment, State
from clinic.db import Base, db
from clinic.refusal import Refusal

SETTLED_AFTER: Final = timedelta(hours=1)
"""No request and no task lasts this long, so none that began before a key was made still writes with an older one."""


class KeyKind(StrEnum):
    """The kinds of secrets that are changed one by one, as the key file names them."""

    SEALING = "sealing"
    LINKS = "links"
    AUDIT = "audit"
    TOTP_SECRETS = "totp_secrets"

    @property
    def protects(self) -> str:
        """What it is for."""
        return _PROTECTS[self]

    @property
    def is_written_anew(self) -> bool:
        """Whether what older keys hold can be moved to the newest."""
        return self in (KeyKind.SEALING, KeyKind.TOTP_SECRETS)


_PROTECTS: Final = {
    KeyKind.SEALING: "health data in the database",
    KeyKind.LINKS: "the links in letters to clients",
    KeyKind.AUDIT: "the seals of the record of access",
    KeyKind.TOTP_SECRETS: "the second factors of staff",
}


class OtherKeys(Refusal):
    """The keys here do not open health data that the database holds."""

    code = "other-keys"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What rests on one key."""

    words: str
    """In words, for a list."""
    is_needed: bool = False
    """Without the key it could not be read any more, or no longer be proved."""
    cost: str = ""
    """What people would have to do again or would notice; empty if nothing."""


def refuse_other_keys() -> None:
    """Raise OtherKeys if the keys of this process do not open what is sealed in the database; reads one value of each kind."""
    places = sealed.unreadable(db.session(), Base)
    if places:
        names = sorted({place.partition(".")[0].replace("_", " ") for place in places})
        raise OtherKeys(
            "Lumbar does not start: its keys do not open these health data, and new ones must not be sealed beside them: "
            f"{', '.join(names)}. Bring back the key file of this practice; see “A key that was lost” in docs/operating.md."
        )


def held_by_older(kind: KeyKind, newest: int) -> int:
    """How many values are still held by older keys, of a kind that is written anew."""
    if kind is KeyKind.SEALING:
        held = sealed.counts(db.session(), Base).values()
        return sum(count for by_key in held for key_id, count in by_key.items() if key_id != newest)
    return sum(count for number, count in _second_factors().items() if number != newest)


def write_anew(kind: KeyKind, limit: int) -> int:
    """Write up to `limit` values of older keys anew under the newest; returns how many. The caller commits.

    Rows that somebody else is changing are left for a later step.
    """
    if kind is KeyKind.SEALING:
        return sealed.rotate(db.session(), Base, limit)
    secrets: dict[str, str] = current_app.config["SECURITY_TOTP_SECRETS"]
    newest, factory = max(secrets, key=int), TOTP.using(secrets=secrets)
    people = sa.select(User).where(User.tf_totp_secret.is_not(None)).with_for_update(skip_locked=True)
    done = 0
    for person in db.session.scalars(people):
        if _number_of(person.tf_totp_secret) != int(newest) and done < limit:
            person.tf_totp_secret = factory.from_source(person.tf_totp_secret).to_json(encrypt=True)
            done += 1
    db.session.flush()
    return done


def uses(kind: KeyKind, made: Mapping[int, datetime | None], now: datetime) -> dict[int, KeyUse]:
    """What rests on each key of a kind; `made` says when each was made, if that is known."""
    return {number: use for number, use in _uses(kind, sorted(made), made, now).items() if number in made}


def _uses(
    kind: KeyKind, numbers: list[int], made: Mapping[int, datetime | None], now: datetime
) -> dict[int, KeyUse]:
    match kind:
        case KeyKind.SEALING:
            held = Counter[int]()
            for by_key in sealed.counts(db.session(), Base).values():
                held.update(by_key)
            return {each: KeyUse(f"values: {held[each]}", bool(held[each])) for each in numbers}
        case KeyKind.AUDIT:
            counted = sa.select(AuditSeal.key_id, sa.func.count()).group_by(AuditSeal.key_id)
            seals = {key_id: count for key_id, count in db.session.execute(counted) if key_id is not None}
            return {each: KeyUse(f"seals: {seals.get(each, 0)}", bool(seals.get(each))) for each in numbers}
        case KeyKind.LINKS:
            return {each: _use_of_links(made.get(_next(each, numbers)), now) for each in numbers}
        case KeyKind.TOTP_SECRETS:
            apps, codes = _second_factors(), _recovery_codes(numbers[0])
            return {each: _use_of_factors(apps[each], codes[each]) for each in numbers}


def _next(number: int, numbers: list[int]) -> int:
    """The key that took over from this one; 0 for the newest."""
    return next((each for each in numbers if each > number), 0)


def _use_of_links(replaced: datetime | None, now: datetime) -> KeyUse:
    visits = sa.select(sa.func.count()).where(
        Appointment.starts_at > now, Appointment.state.in_([State.REQUESTED, State.BOOKED])
    )
    if replaced is not None:
        visits = visits.where(Appointment.created_at < replaced)
    count = db.session.scalar(visits) or 0
    words = f"links in letters, about visits to come: {count}"
    cost = f"Links in letters would stop working, about visits to come: {count}." if count else ""
    return KeyUse(words, cost=cost)


def _use_of_factors(apps: int, codes: int) -> KeyUse:
    cost = (
        f"Recovery codes would stop working, of people: {codes}. They make new ones under “Your sign-in”."
        if codes
        else ""
    )
    return KeyUse(f"apps of people: {apps}, recovery codes of people: {codes}", bool(apps), cost)


def _second_factors() -> Counter[int]:
    """How many people's app each key encrypts."""
    stored = db.session.scalars(sa.select(User.tf_totp_secret).where(User.tf_totp_secret.is_not(None)))
    return Counter(_number_of(each) for each in stored)


def _number_of(stored: Any) -> int:
    """The number of the key that a stored secret was encrypted with; 0 if it names none."""
    encrypted = json.loads(stored).get("enckey") or {}
    return int(encrypted.get("t", 0))


def _recovery_codes(oldest: int) -> Counter[int]:
    """How many people's recovery codes each key blinds; codes that name none were made with the oldest."""
    found = Counter[int]()
    for person in db.session.scalars(sa.select(User)):
        codes = person.mf_recovery_codes or []
        found.update({int(code.partition(":")[0]) if ":" in code else oldest for code in codes})
    return found
