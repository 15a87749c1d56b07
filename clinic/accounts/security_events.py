"""Security events in the audit log: what failed or was refused, for which account, from which network.

The network is a keyed hash: the owner sees that two events came from one place, but not from where. An attacker must
not flood the log, so for one kind and account at most ten events an hour are recorded from one network, and thirty
from all. The last recorded one says that more may have followed.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from clinic.accounts import audit, limits
from clinic.accounts.models import Role, User

MORE = "; more may have followed within the hour"
NETWORK_LENGTH = 16


class SecurityEvent(StrEnum):
    """A kind of event, which is also its action in the audit."""

    SIGN_IN_FAILED = "sign_in_failed"
    CODE_WRONG = "code_wrong"
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    PIN_WRONG = "pin_wrong"
    LOCKED_OUT = "locked_out"
    REFUSED = "refused"
    ROLES_CHANGED = "roles_changed"


def network_hash(address: str | None) -> str:
    """A stable keyed hash of an address's network, which does not reveal the address."""
    return limits.digest(limits.network(address)).hex()[:NETWORK_LENGTH]


def record(
    event: SecurityEvent,
    *,
    actor: str,
    account_id: UUID | None = None,
    network: str,
    about: str = "",
    now: datetime,
) -> None:
    """Add an event to the caller's transaction, unless there were too many of its kind within the hour.

    `account_id` is the member of staff it happened to, if there is one; `network` is a `network_hash`; `about` names what was
    tried: an endpoint or a means of signing in, never anything somebody typed.
    """
    at_account = f"{event} {account_id or ''}"
    from_there = limits.count_try(limits.SECURITY_EVENTS_FROM, f"{at_account} {network}", now)
    if from_there > limits.SECURITY_EVENTS_FROM.count:
        return
    from_all = limits.count_try(limits.SECURITY_EVENTS, at_account, now)
    if from_all > limits.SECURITY_EVENTS.count:
        return
    is_last = from_there == limits.SECURITY_EVENTS_FROM.count or from_all == limits.SECURITY_EVENTS.count
    audit.record(
        actor,
        event,
        subject_type="users" if account_id else "",
        subject_id=account_id,
        purpose=about + (MORE if is_last else ""),
        network=network,
        now=now,
    )


def record_roles(user: User, before: Iterable[str], *, actor: str, network: str, now: datetime) -> None:
    """Record in the caller's transaction that somebody's roles differ from `before`; does nothing if they are the
    same.

    Not limited: only known staff can change roles.
    """
    was, is_now = sorted(set(before)), sorted(set(user.role_names))
    if was == is_now:
        return
    audit.record(
        actor,
        SecurityEvent.ROLES_CHANGED,
        user,
        purpose=f"from {_words(was)} to {_words(is_now)}",
        fields=["role_names"],
        network=network,
        now=now,
    )


def _words(roles: Iterable[str]) -> str:
    return " and ".join(Role(name).value.replace("_", " ") for name in roles) or "none"
