"""How often a thing may be tried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import limits
from clinic.accounts.models import LimitWindow
from clinic.app import create_app
from clinic.db import db, dispose
from config import Settings

THREE = limits.Limit("three", 3, timedelta(hours=1))
NOON = datetime(2031, 3, 3, 12, 0, tzinfo=UTC)


def taken(times: int, key: str = "ada", now: datetime = NOON) -> None:
    for _ in range(times):
        limits.take(THREE, key, now)


def test_the_fourth_of_three_tries_is_refused_until_the_window_ends(database: sa.Connection) -> None:
    taken(3, now=NOON + timedelta(minutes=10))
    with pytest.raises(limits.TooMany) as refused:
        taken(1, now=NOON + timedelta(minutes=20))
    assert refused.value.status == 429
    assert 40 * 60 <= refused.value.retry_after <= 40 * 60 + 1


def test_the_next_window_begins_anew(database: sa.Connection) -> None:
    taken(3)
    taken(3, now=NOON + timedelta(hours=1))


def test_one_key_does_not_use_up_another(database: sa.Connection) -> None:
    taken(3)
    taken(3, key="bob")


def test_one_limit_does_not_use_up_another(database: sa.Connection) -> None:
    taken(3)
    limits.take(limits.Limit("other", 3, timedelta(hours=1)), "ada", NOON)


def test_a_try_counts_although_the_request_is_undone(database: sa.Connection) -> None:
    taken(3)
    db.session.rollback()
    with pytest.raises(limits.TooMany):
        taken(1)


def test_the_table_names_nobody(database: sa.Connection) -> None:
    limits.take(THREE, "ada@client.example", NOON)
    with db.engine.connect() as connection:
        keys = connection.scalars(sa.select(LimitWindow.key)).all()
    assert keys
    assert not any("ada@" in key or "client.example" in key for key in keys)


def test_old_windows_are_deleted_and_live_ones_kept(database: sa.Connection) -> None:
    taken(1)
    taken(1, now=NOON + timedelta(days=5))
    assert limits.delete_windows(NOON + timedelta(days=3)) == 1


def test_of_many_tries_at_the_same_time_exactly_so_many_pass(app: Flask, database: sa.Connection) -> None:
    def one_try(_number: int) -> bool:
        with app.app_context():
            try:
                limits.take(THREE, "crowd", NOON)
            except limits.TooMany:
                return False
            return True

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(one_try, range(40))) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_a_household_counts_as_one_network(address: str | None, network: str) -> None:
    assert limits.network(address) == network


def test_whoever_holds_every_connection_can_still_count_a_try(settings: Settings) -> None:
    """Each thread holds a connection of the smallest pool and counts: they must not wait for each other."""
    product = create_app(settings.model_copy(update={"database_pool": 2}))
    all_hold_one = Barrier(2)

    def request(number: int) -> None:
        with product.app_context():
            db.session.execute(sa.text("SELECT 1"))
            all_hold_one.wait(10)
            limits.take(THREE, f"crowd {number}", NOON)
            db.session.remove()

    with ThreadPoolExecutor(2) as crowd:
        list(crowd.map(request, range(2)))
    with product.app_context():
        with db.engine.begin() as sweep:
            sweep.execute(sa.delete(LimitWindow))
        dispose()


BY_MAIL = [limit for limit in vars(limits).values() if isinstance(limit, limits.Limit) and limit.by_mail]


@pytest.mark.parametrize("limit", BY_MAIL, ids=lambda limit: limit.name)
def test_every_way_of_writing_one_address_shares_its_window(
    database: sa.Connection, limit: limits.Limit
) -> None:
    ways = ["ada@müller.example", "ADA@MÜLLER.EXAMPLE", " ada@ｍüller.example", "ada@xn--mller-kva.example"]
    for number in range(limit.count):
        limits.take(limit, ways[number % len(ways)], NOON)
    for written in ways:
        with pytest.raises(limits.TooMany):
            limits.take(limit, written, NOON)


def test_what_cannot_be_an_address_is_counted_as_it_stands(database: sa.Connection) -> None:
    limit = limits.SIGN_IN_LINKS
    for _ in range(limit.count):
        limits.take(limit, "No Address", NOON)
    with pytest.raises(limits.TooMany):
        limits.take(limit, "no ａddress ", NOON)


def test_a_try_that_is_given_back_counts_for_nothing(database: sa.Connection) -> None:
    taken(3)
    limits.give_back(THREE, "ada", NOON)
    taken(1)
    limits.give_back(THREE, "nobody", NOON)
    with pytest.raises(limits.TooMany):
        taken(1)


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"), (None, "unknown")],
)
def test_a_wide_network_is_what_one_customer_may_hold(address: str | None, network: str) -> None:
    assert limits.wide_network(address) == network


def test_two_tries_are_counted_at_once_the_second_only_if_the_first_may_be_tried(
    database: sa.Connection,
) -> None:
    network, contact = limits.BOOKINGS_NETWORK, limits.BOOKINGS_CONTACT
    for _ in range(network.count):
        limits.take_both((network, "10.0.0.1"), (contact, "ada@client.example"), NOON)
    with pytest.raises(limits.TooMany):
        limits.take_both((network, "10.0.0.1"), (contact, "bea@client.example"), NOON)
    with pytest.raises(limits.TooMany):  # Another network, but the address has had its tries.
        limits.take_both((network, "10.0.0.2"), (contact, "Ada@client.example"), NOON)
    assert limits.count_try(contact, "bea@client.example", NOON) == 1
    assert limits.count_try(network, "10.0.0.1", NOON) == network.count + 2
