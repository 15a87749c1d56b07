"""How often something may be tried: one table of named limits, one upsert per try.

A try counts even if its request is rolled back, so it is written in a short transaction of its own. Limits are stored
in PostgreSQL and fail closed: without the database nobody could sign in or book anyway. GETs are not limited here.
"""

import hashlib
import hmac
import ipaddress
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from clinic.accounts.models import LimitWindow
from clinic.accounts.services import UnreadableAddress, normalise_mail
from clinic.db import ASIDE, RowsToDelete, db
from clinic.language import N_
from clinic.refusal import Refusal


@dataclass(frozen=True)
class Limit:
    """At most `count` tries in each `window`; windows begin at whole multiples of their length since 1970."""

    name: str
    count: int
    window: timedelta
    by_mail: bool = False
    """Whether its key is an email address; then every way of writing one address counts as that address."""


def _limit(name: str, count: int, *, minutes: int, by_mail: bool = False) -> Limit:
    return Limit(name, count, timedelta(minutes=minutes), by_mail)


DAY = 24 * 60

# Guesses at one account by a browser that has not signed in to it before. The tight limit is per account and network.
# Over all networks there are two daily budgets: one for the first try of each network, one for all further tries.
# Strangers can use up the further tries, but the right password still works from a network that has not failed.
# Together they stay below the 100 failures of NIST SP 800-63B-4 (section 3.2.2, read 2026-11-22).
SIGN_IN = _limit("sign_in", 10, minutes=15)
SIGN_IN_NETWORK = _limit("sign_in_network", 60, minutes=15)
SIGN_IN_FIRST_FROM = _limit("sign_in_first_from", 1, minutes=DAY)
SIGN_IN_FIRST = _limit("sign_in_first", 50, minutes=DAY)
SIGN_IN_FURTHER = _limit("sign_in_further", 40, minutes=DAY)
SECOND_FACTOR = _limit("second_factor", 10, minutes=15)
SECOND_FACTOR_FIRST_FROM = _limit("second_factor_first_from", 1, minutes=DAY)
SECOND_FACTOR_FIRST = _limit("second_factor_first", 20, minutes=DAY)
SECOND_FACTOR_FURTHER = _limit("second_factor_further", 20, minutes=DAY)
# A browser that has signed in to the account before has its own tries, which nobody else can use up.
MARKED_SIGN_IN = _limit("marked_sign_in", 10, minutes=15)
MARKED_SIGN_IN_DAY = _limit("marked_sign_in_day", 40, minutes=DAY)
MARKED_CODE = _limit("marked_code", 10, minutes=15)
MARKED_CODE_DAY = _limit("marked_code_day", 40, minutes=DAY)
AGAIN = _limit("again", 10, minutes=15)
"""Proofs of identity by somebody who is signed in."""
SET_UP_LINK = _limit("set_up_link", 10, minutes=15)

SIGN_IN_LINKS = _limit("sign_in_links", 3, minutes=60, by_mail=True)
SIGN_IN_LINKS_NETWORK = _limit("sign_in_links_network", 20, minutes=60)
LINK_USES_NETWORK = _limit("link_uses_network", 60, minutes=60)
GUARDIAN_LINKS = _limit("guardian_links", 3, minutes=60, by_mail=True)
GUARDIAN_LINKS_AGAIN = _limit("guardian_links_again", 3, minutes=60)
RESUME_LINKS = _limit("resume_links", 3, minutes=60)
OWN_PAGE_LINKS = _limit("own_page_links", 3, minutes=60)
OWN_PAGE_LINKS_MAIL = _limit("own_page_links_mail", 3, minutes=60, by_mail=True)
OWN_TIPS_LINKS = _limit("own_tips_links", 3, minutes=60)
PREPARATION_LINKS = _limit("preparation_links", 3, minutes=60)

PEOPLE_CONTACT = _limit("people_contact", 5, minutes=DAY, by_mail=True)
"""Additional people on one proven address."""

HOLDS_NETWORK = _limit("holds_network", 60, minutes=60)
BOOKINGS_NETWORK = _limit("bookings_network", 10, minutes=60)
BOOKINGS_CONTACT = _limit("bookings_contact", 10, minutes=60, by_mail=True)
WAITING_NETWORK = _limit("waiting_network", 10, minutes=60)
WAITING_CONTACT = _limit("waiting_contact", 5, minutes=60, by_mail=True)
INTAKES_NETWORK = _limit("intakes_network", 30, minutes=60)
DOCUMENTS_CLIENT = _limit("documents_client", 20, minutes=60)
DOCUMENTS_NETWORK = _limit("documents_network", 60, minutes=60)
DOCUMENTS_STAFF = _limit("documents_staff", 60, minutes=60)
"""Documents that one member of staff adds."""
DATA_EXPORTS = _limit("data_exports", 5, minutes=DAY)
CHANGES_LINK = _limit("changes_link", 20, minutes=60)
TABLET_CODES = _limit("tablet_codes", 10, minutes=15)
"""Guesses at a code that opens a client's questions on a tablet."""
PREPARATIONS = _limit("preparations", 60, minutes=60)
"""Parts saved for one visit."""

SECURITY_EVENTS_FROM = _limit("security_events_from", 10, minutes=60)
SECURITY_EVENTS = _limit("security_events", 30, minutes=60)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TURN = "turn"
_COUNT = sa.text(
    "INSERT INTO limits (name, key, window_start, count) VALUES (:name, :key, :window_start, 1)"
    " ON CONFLICT (name, key, window_start) DO UPDATE SET count = limits.count + 1 RETURNING count"
)

# The second reads the first, so it comes after it, and two of these never lock the same rows in two orders.
_COUNT_BOTH = sa.text(
    "WITH first AS (INSERT INTO limits (name, key, window_start, count) VALUES (:name_1, :key_1, :window_start_1, 1)"
    " ON CONFLICT (name, key, window_start) DO UPDATE SET count = limits.count + 1 RETURNING count),"
    " second AS (INSERT INTO limits (name, key, window_start, count)"
    " SELECT :name_2, :key_2, :window_start_2, 1 WHERE (SELECT count FROM first) <= :most"
    " ON CONFLICT (name, key, window_start) DO UPDATE SET count = limits.count + 1 RETURNING count)"
    " SELECT (SELECT count FROM first), (SELECT count FROM second)"
)

_GIVE_BACK = sa.text(
    "UPDATE limits SET count = count - 1 WHERE name = :name AND key = :key AND window_start = :window_start AND count > 0"
)

QUEUE_SQL = """
    INSERT INTO limits (name, key, window_start, count)
    SELECT :name, key, :window_start, 0 FROM unnest(CAST(:keys AS text[])) AS key
    ON CONFLICT (name, key, window_start) DO UPDATE SET count = 0
"""
"""Queues on the keys of `turns`, for a statement that goes on with other locks."""
_QUEUE = sa.text(QUEUE_SQL)


class TooMany(Refusal):
    """Tried too often; `retry_after` is the number of seconds until the next try is allowed."""

    status = 429
    code = "too-many"
    sentence = N_("Too many attempts. Please wait a little and try again.")

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def take(limit: Limit, key: str, now: datetime) -> None:
    """Count one try of `key` (an address, an account, a network); raises TooMany if the window is full."""
    _refuse_above(limit, count_try(limit, key, now), now)


def _refuse_above(limit: Limit, count: int, now: datetime) -> None:
    if count > limit.count:
        raise TooMany(max(1, int((window_start(limit, now) + limit.window - now).total_seconds()) + 1))


def take_both(first: tuple[Limit, str], second: tuple[Limit, str], now: datetime) -> None:
    """Count one try of each key, the second only if the first may be tried; one statement. Raises TooMany."""
    asked = {
        f"{name}_{n}": value
        for n, one in enumerate((first, second), 1)
        for name, value in _window(*one, now).items()
    }
    with db.engines[ASIDE].connect() as connection:
        counts = connection.execute(_COUNT_BOTH, {**asked, "most": first[0].count}).one()
    for (limit, _), count in zip((first, second), counts, strict=True):
        _refuse_above(limit, count or 0, now)


def count_try(limit: Limit, key: str, now: datetime) -> int:
    """Count one try of `key`; returns the number of tries in this window, including this one."""
    with db.engines[ASIDE].connect() as connection:
        found: int = connection.execute(_COUNT, _window(limit, key, now)).scalar_one()
        return found


def give_back(limit: Limit, key: str, now: datetime) -> None:
    """Take back the try that was counted at `now`, because it was not a failure."""
    with db.engines[ASIDE].connect() as connection:
        connection.execute(_GIVE_BACK, _window(limit, key, now))


def address_key(mail: str) -> str:
    """The form of an email address that is counted: as records and sign-in normalise it, or unchanged if they cannot
    read it."""
    try:
        return normalise_mail(mail)
    except UnreadableAddress:
        return unicodedata.normalize("NFKC", mail).strip().casefold()[:200]


def _window(limit: Limit, key: str, now: datetime) -> dict[str, object]:
    counted = address_key(key) if limit.by_mail else key
    return {
        "name": limit.name,
        "key": _blinded(limit.name, counted),
        "window_start": window_start(limit, now),
    }


def queue_up(keys: Iterable[str]) -> None:
    """Queue behind every transaction that locks one of these keys; later ones wait until this transaction ends.

    For counting rows that another request may be adding at the same moment. Call it before taking any other lock.
    """
    asked = turns(keys)
    if asked["keys"]:
        db.session.execute(_QUEUE, asked)


def turns(keys: Iterable[str]) -> dict[str, object]:
    """The parameters of `QUEUE_SQL` for these keys, in the order in which everybody queues."""
    blinded = sorted(_blinded(_TURN, key) for key in set(keys))
    return {"name": _TURN, "keys": blinded, "window_start": _EPOCH}


def digest(key: str) -> bytes:
    """A keyed hash of an address or network, for places where it must be comparable but not readable."""
    return bytes.fromhex(_blinded("digest", key))


def window_start(limit: Limit, now: datetime) -> datetime:
    """The start of the window that contains `now`, UTC."""
    return now - (now - _EPOCH) % limit.window


def network(address: str | None) -> str:
    """The network a request comes from: the IPv4 address, or the /64 of an IPv6 address, which belongs to one
    household."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def wide_network(address: str | None) -> str:
    """The largest network that one person may control: the IPv4 address, or the /48 of an IPv6 address."""
    narrow = network(address)
    if ":" not in narrow:
        return narrow
    return str(ipaddress.ip_network(narrow).supernet(new_prefix=48))


def old_windows(before: datetime) -> RowsToDelete:
    """Counts of windows that began before an instant."""
    return RowsToDelete(LimitWindow, LimitWindow.window_start < before)


def delete_windows(before: datetime) -> int:
    """Delete these counts; returns how many. Commits by itself."""
    with db.engines[ASIDE].connect() as connection:
        return connection.execute(sa.delete(LimitWindow).where(old_windows(before).condition)).rowcount


def _blinded(name: str, key: str) -> str:
    secret: str = current_app.config["SECRET_KEY"]
    return hmac.new(secret.encode(), f"limit\0{name}\0{key}".encode(), hashlib.sha256).hexdigest()
