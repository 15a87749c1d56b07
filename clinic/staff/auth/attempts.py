"""Counts sign-in attempts before checking them, so that a thousand at once count the same as one after another.

1. A browser with the account's mark is counted separately.
2. Any other browser is counted by its network, by account and network, and by the account's two budgets over all networks:
   one for the first try of each network, one for all further tries.
3. A successful attempt is taken back, so only failures count.

So strangers can use up only the strangers' budgets, which affect neither a marked browser nor the right password from a
network without failures. Guessing stays bounded by both budgets together, and for each marked browser.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from flask import g, request, session
from werkzeug.exceptions import UnsupportedMediaType

from clinic import clock
from clinic.accounts import audit, limits
from clinic.accounts.limits import Limit
from clinic.accounts.models import User
from clinic.accounts.security_events import SecurityEvent
from clinic.db import db
from clinic.staff.auth import device_mark
from clinic.web import security_log, signed_in_staff

Tries = Iterator[tuple[Limit, str]]


def limit_attempts() -> None:
    """Count this request if it is an attempt to sign in; raises TooMany.

    JSON is refused: Flask-Security reads it too, but its account would not be counted, and our forms send none.
    """
    if request.blueprint == "security" and request.is_json:
        raise UnsupportedMediaType
    if request.method != "POST" or request.endpoint not in _LIMITED:
        return
    now = clock.now()
    g.attempts = []
    try:
        for limit, key in _LIMITED[request.endpoint](now):
            g.attempts.append((limit, key, now))
            limits.take(limit, key, now)
    except limits.TooMany:
        note_failure(SecurityEvent.LOCKED_OUT)
        raise


def give_back() -> None:
    """Take back this request's attempt, which succeeded."""
    for limit, key, at in g.pop("attempts", []):
        limits.give_back(limit, key, at)


def note_failure(event: SecurityEvent, user: User | None = None) -> None:
    """Record that an attempt failed, with the account if there is one: `user`, or the one that the form names."""
    actor, user = signed_in_staff.signed_in_user(), user or _account()
    security_log.note(
        event,
        actor=audit.by_user(actor.id) if actor else audit.VISITOR,
        account_id=user.id if user else None,
    )


def _password_tried(now: datetime) -> Tries:
    account = limits.address_key(request.form.get("email", ""))
    if (own := _own_tries(_id_of(_account()))) is not None:
        yield limits.MARKED_SIGN_IN, own
        yield limits.MARKED_SIGN_IN_DAY, own
        return
    network = limits.network(request.remote_addr)
    yield limits.SIGN_IN_NETWORK, network
    yield limits.SIGN_IN, f"{account} {network}"
    is_first = _is_first(limits.SIGN_IN_FIRST_FROM, account, now)
    yield (limits.SIGN_IN_FIRST if is_first else limits.SIGN_IN_FURTHER), account


def _code_tried(now: datetime) -> Tries:
    # Anyone who gets here knows the password, or has no session and is counted by network only.
    user = _account()
    network = limits.network(request.remote_addr)
    if (own := _own_tries(_id_of(user))) is not None:
        yield limits.MARKED_CODE, own
        yield limits.MARKED_CODE_DAY, own
        return
    account = str(user.id) if user else network
    yield limits.SECOND_FACTOR, f"{account} {network}"
    is_first = _is_first(limits.SECOND_FACTOR_FIRST_FROM, account, now)
    yield (limits.SECOND_FACTOR_FIRST if is_first else limits.SECOND_FACTOR_FURTHER), account


def _identity_tried(now: datetime) -> Tries:
    yield limits.AGAIN, str(_id_of(signed_in_staff.signed_in_user()))


def _passkey_tried(now: datetime) -> Tries:
    mark = device_mark.of_request()
    if mark is not None and mark.accounts:
        yield limits.MARKED_SIGN_IN, f"{mark.device} passkey"
    else:
        yield limits.SIGN_IN_NETWORK, limits.network(request.remote_addr)


def _is_first(first_from: Limit, account: str, now: datetime) -> bool:
    """Whether this is its network's first try at the account today, not counting successes."""
    key = f"{account} {limits.wide_network(request.remote_addr)}"
    g.attempts.append((first_from, key, now))
    return limits.count_try(first_from, key, now) <= first_from.count


def _own_tries(user_id: UUID | None) -> str | None:
    """The key of this browser's own count; None unless it has the account's mark."""
    mark = device_mark.of_request()
    return f"{mark.device} {user_id}" if mark is not None and mark.knows(user_id) else None


def _account() -> User | None:
    """The account that this request tries to sign in to."""
    if (signed_in := signed_in_staff.signed_in_user()) is not None:
        return signed_in
    if request.endpoint == "security.login":
        mail = limits.address_key(request.form.get("email", ""))
        return db.session.scalar(sa.select(User).where(User.email == mail))
    half_in = session.get("tf_user_id")
    return db.session.scalar(sa.select(User).where(User.fs_uniquifier == half_in)) if half_in else None


def _id_of(user: User | None) -> UUID | None:
    return user.id if user is not None else None


_LIMITED: dict[str, Callable[[datetime], Tries]] = {
    "security.login": _password_tried,
    "security.two_factor_token_validation": _code_tried,
    "security.two_factor_setup_validate": _code_tried,
    "security.mf_recovery": _code_tried,
    "security.verify": _identity_tried,
    "security.change_password": _identity_tried,
    "security.wan_signin_response": _passkey_tried,
    "security.wan_verify_response": _passkey_tried,
}
