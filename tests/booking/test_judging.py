"""What is kept, offered or agreed is judged again when it is taken: by what the practice changed, in every way of taking it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from clinic.accounts.models import User
from clinic.booking import changes, outside_reservations, services
from clinic.booking.changes import NobodyThere
from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.services import TimeWithdrawn
from clinic.booking.waiting import entries, offer_answers, offering
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import Offer, OfferEnd
from clinic.booking.waiting.offer_answers import OfferGone
from clinic.db import db, transaction
from clinic.practice import absences, queries
from clinic.practice.absences import Away
from clinic.practice.supply import supply_of
from tests.booking.waiting_list import EVERY_TIME
from tests.conftest import NOW
from tests.make import Make
from tests.practice.test_offered_then_changed import (
    BY,
    CHANGES,
    ONE_DAY,
    TEN,
    THURSDAY,
    Shop,
    longer_notice,
    nearer_horizon,
    shop,
    time_off,
    treatment_of_eight_hours_and_a_half,
)

__all__ = ["shop"]

ME = b"m" * 32
SOON = NOW + timedelta(minutes=5)
OUT = NOW + timedelta(hours=3)
"""Long after a hold of twenty minutes ran out."""
JUDGED_WHEN_KEPT = (longer_notice, nearer_horizon, treatment_of_eight_hours_and_a_half)
"""What was judged when a time was kept, and what copied terms leave as they were."""
AGAINST = [change for change in CHANGES if change not in JUDGED_WHEN_KEPT]
Change = Callable[[Shop], None]


def named(change: Change) -> str:
    return change.__name__


def kept(shop: Shop) -> Appointment:
    with transaction():
        return services.hold(SearchCriteria(shop.sold.id), TEN, browser=ME, client_id=None, now=NOW)


def does(change: Change, shop: Shop) -> None:
    with transaction():
        change(shop)


def books(make: Make, hold: Appointment, now: object = SOON) -> Appointment:
    with transaction():
        return services.book(hold.id, browser=ME, client=make.stranger("ada"), actor="visitor", now=now)


@pytest.mark.parametrize("change", AGAINST, ids=named)
def test_a_time_that_is_still_kept_cannot_be_booked_after_the_practice_closed_it(
    shop: Shop, make: Make, change: Change
) -> None:
    hold = kept(shop)
    does(change, shop)
    with pytest.raises(TimeWithdrawn):
        books(make, hold)
    assert make.refreshed(hold).state == State.HELD


@pytest.mark.parametrize("change", JUDGED_WHEN_KEPT, ids=named)
def test_notice_horizon_and_length_were_judged_when_it_was_kept(
    shop: Shop, make: Make, change: Change
) -> None:
    hold = kept(shop)
    does(change, shop)
    assert books(make, hold).state == State.BOOKED


@pytest.mark.parametrize("change", [*AGAINST, longer_notice, nearer_horizon], ids=named)
def test_a_time_whose_keeping_ran_out_is_judged_like_a_new_one(
    shop: Shop, make: Make, change: Change
) -> None:
    hold = kept(shop)
    does(change, shop)
    with pytest.raises(TimeWithdrawn):
        books(make, hold, OUT)
    with pytest.raises(TimeWithdrawn), transaction():
        services.extend(hold.id, browser=ME, now=OUT)


def test_a_time_whose_keeping_ran_out_is_booked_while_it_is_still_offered(shop: Shop, make: Make) -> None:
    shop.person.daily_cap = 1
    db.session.commit()
    assert books(make, kept(shop), OUT).state == State.BOOKED, "it does not count itself"


@pytest.mark.parametrize("change", AGAINST, ids=named)
def test_a_kept_time_is_not_kept_longer_once_it_cannot_be_had(shop: Shop, change: Change) -> None:
    hold = kept(shop)
    does(change, shop)
    with pytest.raises(TimeWithdrawn), transaction():
        services.extend(hold.id, browser=ME, now=SOON)


def test_a_daily_cap_entered_since_does_not_end_what_is_kept_but_what_ran_out(shop: Shop, make: Make) -> None:
    make.appointment(
        of=shop.sold, starts_at=TEN + timedelta(hours=3), room_id=shop.room.id, who=make.client()
    )
    hold = kept(shop)
    shop.person.daily_cap = 1
    queries.the_practice().rules_version += 1
    db.session.commit()
    with pytest.raises(TimeWithdrawn):
        books(make, hold, OUT)
    assert books(make, hold).state == State.BOOKED


# --- the waiting list ----------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(make: Make) -> User:
    user: User = make.user(roles=["owner", "front_desk"])
    return user


def offered(shop: Shop, make: Make, owner: User, *, instead_of: Appointment | None = None) -> Offer:
    """Ten o'clock, offered by hand to somebody who waits for it, or for something earlier than a visit of theirs."""
    with transaction():
        if instead_of is not None:
            entry = entries.join_earlier(
                instead_of, times=EVERY_TIME, any_therapist=True, actor="visitor", now=NOW
            )
        else:
            entry = entries.join(
                client=make.stranger("bea"),
                treatment_id=shop.sold.id,
                therapist_id=None,
                location_id=None,
                times=EVERY_TIME,
                last_on=THURSDAY + 20 * ONE_DAY,
                actor="visitor",
                now=NOW,
            )
        entry_id = entry.id
    zone = supply_of(shop.sold.id).zone_of(shop.place.id)
    with transaction():
        made = offering.keep(
            shop.sold.id,
            WaitingListTime(TEN, shop.person.id, shop.place.id, zone),
            [entry_id],
            now=NOW,
            by_id=owner.id,
        )
        return made.offers[0]


def later_visit(shop: Shop, make: Make) -> Appointment:
    visit: Appointment = make.appointment(
        of=shop.sold, starts_at=TEN + timedelta(days=7), room_id=shop.room.id, who=make.client()
    )
    return visit


WAYS = ("accept", "keep_for", "accept_for", "earlier", "earlier at the desk")


def takes(way: str, offer: Offer, owner: User, now: object = SOON) -> Appointment:
    with transaction():
        if way == "keep_for":
            return offer_answers.keep_for(offer.id, browser=ME, actor="link:x", now=now)
        if way in ("accept_for", "earlier at the desk"):
            return offer_answers.accept_for(offer.id, by=owner, now=now)
        return offer_answers.accept(offer.id, browser=ME, actor="link:x", now=now)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", AGAINST, ids=named)
def test_an_offer_is_gone_in_every_way_of_taking_it_once_the_practice_closed_the_time(
    shop: Shop, make: Make, owner: User, way: str, change: Change
) -> None:
    offer = offered(shop, make, owner, instead_of=later_visit(shop, make) if "earlier" in way else None)
    does(change, shop)
    with pytest.raises(OfferGone) as gone:
        takes(way, offer, owner)
    assert gone.value.sentence == offer_answers.GONE[OfferEnd.STOPPED]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", [longer_notice, nearer_horizon], ids=named)
def test_an_offer_is_not_judged_by_notice_and_horizon_again(
    shop: Shop, make: Make, owner: User, way: str, change: Change
) -> None:
    offer = offered(shop, make, owner, instead_of=later_visit(shop, make) if "earlier" in way else None)
    does(change, shop)
    taken = takes(way, offer, owner)
    assert taken.starts_at == TEN
    assert taken.state == (State.HELD if way == "keep_for" else State.BOOKED)


def test_what_staff_booked_from_an_offer_was_booked_by_staff(shop: Shop, make: Make, owner: User) -> None:
    visit = takes("accept_for", offered(shop, make, owner), owner)
    assert (visit.booked_by, visit.held_until, visit.kept_under) == ("staff", None, None)


@pytest.mark.parametrize("rule", ["not_first", "ask_first"])
def test_who_was_offered_a_time_by_staff_is_booked_whatever_new_clients_may(
    shop: Shop, make: Make, owner: User, rule: str
) -> None:
    offer = offered(shop, make, owner)
    shop.sold.new_clients = rule
    db.session.commit()
    assert takes("accept", offer, owner).state == State.BOOKED


# --- what staff set aside or spared --------------------------------------------------------------------------------------


def test_a_rule_that_staff_set_aside_for_a_kept_time_stays_set_aside(
    shop: Shop, make: Make, owner: User
) -> None:
    offer = offered(shop, make, owner)
    waiver = Waiver(
        appointment_id=offer.offering.hold_id, user_id=owner.id, rules=["hours", "room"], made_at=NOW
    )
    waiver.reason = "She can only come then."
    db.session.add(waiver)
    does(named_change("shorter_hours"), shop)
    does(named_change("room_that_suits_no_longer"), shop)
    assert takes("accept", offer, owner).state == State.BOOKED


def test_absence_is_no_rule_that_was_set_aside(shop: Shop, make: Make, owner: User) -> None:
    offer = offered(shop, make, owner)
    waiver = Waiver(appointment_id=offer.offering.hold_id, user_id=owner.id, rules=["hours"], made_at=NOW)
    waiver.reason = "She can only come then."
    db.session.add(waiver)
    does(time_off, shop)
    with pytest.raises(OfferGone):
        takes("accept", offer, owner)


def named_change(name: str) -> Change:
    return next(change for change in CHANGES if change.__name__ == name)


def listed() -> Iterator[tuple[str, bool]]:
    return ((each.why, each.offering is not None) for each in outside_reservations.outside_now(SOON))


def test_what_is_kept_against_a_closure_is_listed_and_can_be_spared_or_ended(
    shop: Shop, make: Make, owner: User
) -> None:
    hold = kept(shop)
    assert list(listed()) == []
    does(named_change("closure_of_the_practice"), shop)
    assert list(listed()) == [("Closed", False)]
    with transaction():
        outside_reservations.spare(hold.id, actor=BY, now=SOON)
    assert books(make, hold).state == State.BOOKED
    assert list(listed()) == []


def test_a_spared_time_that_ran_out_is_judged_anew_and_one_spared_no_longer_at_once(
    shop: Shop, make: Make
) -> None:
    hold = kept(shop)
    does(time_off, shop)
    with transaction():
        outside_reservations.spare(hold.id, actor=BY, now=SOON)
    with pytest.raises(TimeWithdrawn):
        books(make, hold, OUT)
    with transaction():
        outside_reservations.spare_no_longer(hold.id, actor=BY, now=SOON)
    with pytest.raises(TimeWithdrawn):
        books(make, hold)


def test_ending_frees_a_kept_time_and_says_to_whoever_kept_it_that_it_is_withdrawn(
    shop: Shop, make: Make
) -> None:
    hold = kept(shop)
    with transaction():
        outside_reservations.end(hold.id, actor=BY, now=SOON)
    with pytest.raises(TimeWithdrawn):
        books(make, hold)
    with transaction():
        services.hold(SearchCriteria(shop.sold.id), TEN, browser=b"y" * 32, client_id=None, now=SOON)


def test_ending_an_offered_time_tells_those_who_were_asked(shop: Shop, make: Make, owner: User) -> None:
    offer = offered(shop, make, owner)
    does(time_off, shop)
    assert list(listed()) == [("Thea has time off", True)]
    with transaction():
        outside_reservations.end(offer.offering.hold_id, actor=BY, now=SOON)
    assert make.refreshed(offer).end == OfferEnd.STOPPED


def test_a_time_kept_so_that_a_slip_can_be_taken_back_is_not_listed(shop: Shop, make: Make) -> None:
    visit = books(make, kept(shop))
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor="user:desk", now=SOON)
    does(time_off, shop)
    assert list(listed()) == []


# --- undo ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES, ids=named)
@pytest.mark.parametrize("moved", [True, False])
def test_undo_meets_absence_and_closure_and_no_other_rule(
    shop: Shop, make: Make, change: Change, moved: bool
) -> None:
    visit = books(make, kept(shop))
    with transaction():
        if moved:
            friday = TEN + ONE_DAY + timedelta(hours=2)
            changes.move(visit.id, friday, revision=visit.revision, actor="user:desk", now=SOON)
        else:
            changes.cancel(visit.id, revision=visit.revision, actor="user:desk", now=SOON)
    does(change, shop)
    absent = change.__name__.startswith(("time_off", "closure", "public", "last_day"))
    if absent:
        with pytest.raises(NobodyThere), transaction():
            changes.undo(visit.id, revision=visit.revision, actor="user:desk", now=SOON)
    else:
        with transaction():
            changes.undo(visit.id, revision=visit.revision, actor="user:desk", now=SOON)
        assert make.refreshed(visit).starts_at == TEN


def test_asking_again_for_the_time_one_keeps_gives_it_as_it_was_kept(shop: Shop, make: Make) -> None:
    hold = kept(shop)
    until = hold.held_until
    does(longer_notice, shop)
    with transaction():
        again = services.hold(SearchCriteria(shop.sold.id), TEN, browser=ME, client_id=None, now=SOON)
    assert (again.id, again.held_until) == (hold.id, until)


def test_asking_again_for_a_kept_time_that_was_closed_is_refused(shop: Shop) -> None:
    kept(shop)
    does(time_off, shop)
    with pytest.raises(NotOffered), transaction():
        services.hold(SearchCriteria(shop.sold.id), TEN, browser=ME, client_id=None, now=SOON)


def test_time_off_that_was_taken_back_ends_nothing(shop: Shop, make: Make) -> None:
    hold = kept(shop)
    with transaction():
        away = absences.take_off(
            shop.person.id, Away(from_on=THURSDAY, until_on=THURSDAY + ONE_DAY), actor=BY, now=NOW
        )
    with transaction():
        absences.work_after_all(away.id, actor=BY, now=NOW)
    assert books(make, hold).state == State.BOOKED
