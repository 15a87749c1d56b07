"""A time is kept for one browser, for a while, and for nobody else."""

import hashlib
from datetime import timedelta

import pytest

from clinic.booking import services
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from tests.booking.visits import ME, THURSDAY_TEN, YOU, held, starts
from tests.conftest import NOW
from tests.make import Make


def test_a_held_time_is_not_offered_to_anybody_else(make: Make) -> None:
    sold = make.offering()
    assert THURSDAY_TEN in starts(sold)
    held(sold)
    assert THURSDAY_TEN not in starts(sold)


def test_a_hold_that_ran_out_is_offered_again_without_any_worker(make: Make) -> None:
    sold = make.offering()
    first = held(sold)
    later = NOW + timedelta(minutes=21)
    assert THURSDAY_TEN in starts(sold, now=later)
    second = held(sold, browser=YOU, now=later)
    assert make.refreshed(first).state == State.LAPSED
    assert second.state == State.HELD


def test_a_hold_past_its_time_can_be_completed_while_nobody_took_it(make: Make) -> None:
    sold = make.offering()
    hold = held(sold)
    person = make.client()
    with transaction():
        done = services.book(
            hold.id, browser=ME, client=person, actor="visitor", now=NOW + timedelta(minutes=30)
        )
    assert done.state == State.BOOKED


def test_a_hold_taken_over_by_somebody_else_is_gone(make: Make) -> None:
    sold = make.offering()
    hold = held(sold)
    later = NOW + timedelta(minutes=21)
    held(sold, browser=YOU, now=later)
    with pytest.raises(services.HoldGone), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=later)


def test_another_browser_cannot_complete_my_hold(make: Make) -> None:
    hold = held(make.offering())
    with pytest.raises(services.HoldGone), transaction():
        services.book(hold.id, browser=YOU, client=make.client(), actor="visitor", now=NOW)
    assert make.refreshed(hold).state == State.HELD


def test_a_browser_keeps_one_time_and_loses_it_only_with_the_next(make: Make) -> None:
    sold = make.offering()
    first = held(sold)
    with pytest.raises(NotOffered):
        held(sold, THURSDAY_TEN.replace(hour=3))
    assert make.refreshed(first).state == State.HELD
    held(sold, THURSDAY_TEN + timedelta(hours=2))
    assert make.refreshed(first).state == State.LAPSED
    assert THURSDAY_TEN in starts(sold)


def kept_by_network(sold: Treatment, number: int, network: str = "192.0.2.7") -> Appointment:
    """The n-th browser of a network keeps the n-th hour."""
    day, hour = divmod(number, 8)
    at = THURSDAY_TEN + timedelta(days=7 * day, hours=hour - 1)
    browser = hashlib.sha256(f"{number}".encode()).digest()
    with transaction():
        return services.hold(
            SearchCriteria(sold.id), at, browser=browser, client_id=None, now=NOW, network=network
        )


def test_a_network_keeps_ten_times_and_not_eleven(make: Make) -> None:
    sold = make.offering()
    kept = [kept_by_network(sold, number) for number in range(services.HOLDS_PER_NETWORK)]
    with pytest.raises(services.TooManyHeld) as refused:
        kept_by_network(sold, 10)
    assert refused.value.status == 429
    assert kept_by_network(sold, 10, network="192.0.2.8").state == State.HELD
    assert all(b"192.0.2.7" not in (hold.held_network or b"") for hold in kept)


def test_a_time_let_go_booked_or_run_out_makes_room_for_another(make: Make) -> None:
    sold = make.offering()
    kept = [kept_by_network(sold, number) for number in range(services.HOLDS_PER_NETWORK)]
    assert kept_by_network(sold, 9).state == State.HELD, "a browser's own earlier hold is let go first"
    with transaction():
        services.book(
            kept[0].id,
            browser=hashlib.sha256(b"0").digest(),
            client=make.client(),
            actor="visitor",
            now=NOW,
        )
    assert make.refreshed(kept[0]).held_network is None
    assert kept_by_network(sold, 10).state == State.HELD
    kept[1].held_until = NOW
    db.session.commit()
    assert kept_by_network(sold, 11).state == State.HELD


def test_extending_a_hold_helps_once(make: Make) -> None:
    hold = held(make.offering())
    for minutes in (10, 15):
        with transaction():
            services.extend(hold.id, browser=ME, now=NOW + timedelta(minutes=minutes))
    assert make.refreshed(hold).held_until == NOW + timedelta(minutes=40)


def test_a_hold_that_ran_out_is_extended_only_while_nobody_took_the_time(make: Make) -> None:
    sold = make.offering()
    hold = held(sold)
    later = NOW + timedelta(minutes=21)
    with transaction():
        services.extend(hold.id, browser=ME, now=later)
    assert THURSDAY_TEN not in starts(sold, now=later)
    much_later = later + timedelta(minutes=21)
    held(sold, browser=YOU, now=much_later)
    with pytest.raises(services.HoldGone), transaction():
        services.extend(hold.id, browser=ME, now=much_later)
    other = held(sold, THURSDAY_TEN + timedelta(hours=2))
    with pytest.raises(services.HoldGone), transaction():
        services.extend(other.id, browser=YOU, now=NOW)
