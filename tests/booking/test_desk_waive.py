"""Staff set a rule aside on purpose and for a reason: each rule has a case here."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from clinic.booking import desk
from clinic.booking.models import State
from clinic.booking.waivers import Rule
from clinic.db import db
from clinic.practice.models import (
    LocationPair,
    SpecialDay,
)
from tests.booking.desk_shop import THURSDAY_TEN, WHY, Shop, actions, late, shop
from tests.conftest import NOW

__all__ = ["shop"]


def in_the_lunch_break(shop: Shop) -> datetime:
    """Half an hour of the visit lies in a break."""
    shop.make.weekly_hours(shop.person, shop.place, 5, 9 * 60, 12 * 60)
    shop.make.weekly_hours(shop.person, shop.place, 5, 13 * 60, 17 * 60)
    return datetime.fromisoformat("2031-03-08T10:30+00:00")


def on_a_special_day(shop: Shop) -> datetime:
    """A day whose own hours end before it."""
    db.session.add(
        SpecialDay(
            therapist_id=shop.person.id,
            location_id=shop.place.id,
            on=date(2031, 3, 6),
            from_minute=15 * 60,
            until_minute=17 * 60,
        )
    )
    db.session.commit()
    return THURSDAY_TEN


def too_soon(shop: Shop) -> datetime:
    shop.make.practice(notice_minutes=240)
    return NOW + timedelta(hours=1)


def too_far_ahead(shop: Shop) -> datetime:
    return THURSDAY_TEN + timedelta(weeks=9) - timedelta(hours=1)


def on_a_full_day(shop: Shop) -> datetime:
    shop.person.daily_cap = 1
    db.session.commit()
    shop.make.appointment(of=shop.sold, who=shop.make.client(), starts_at=THURSDAY_TEN + timedelta(hours=3))
    return THURSDAY_TEN


def on_the_way(shop: Shop) -> datetime:
    """The therapist comes from another house, 45 minutes away, where she is until a quarter of an hour before."""
    away = shop.make.location()
    for pair in ((shop.place.id, away.id), (away.id, shop.place.id)):
        db.session.add(LocationPair(from_id=pair[0], to_id=pair[1], travel_minutes=45))
    db.session.commit()
    shop.make.appointment(
        of=shop.sold,
        who=shop.make.client(),
        starts_at=THURSDAY_TEN - timedelta(minutes=75),
        location=away,
    )
    return THURSDAY_TEN


def in_a_room_that_does_not_suit(shop: Shop) -> datetime:
    other = shop.make.therapist(shop.place)
    shop.make.room(shop.place, name="The small one")
    shop.make.appointment(
        of=shop.sold,
        who=shop.make.client(given_name="Bea", mail="bea@client.example"),
        starts_at=THURSDAY_TEN,
        therapist=other,
        room_id=shop.sold.rooms[0].id,
    )
    return THURSDAY_TEN


def off_the_grid(shop: Shop) -> datetime:
    return THURSDAY_TEN + timedelta(minutes=5)


def while_the_caller_is_with_another(shop: Shop) -> datetime:
    """The last half hour of the caller's visit to somebody else."""
    shop.make.appointment(
        of=shop.sold,
        who=shop.caller,
        starts_at=THURSDAY_TEN - timedelta(minutes=30),
        therapist=shop.make.therapist(shop.place),
    )
    return THURSDAY_TEN


def while_the_same_person_is_with_another(shop: Shop) -> datetime:
    """As before, under another record with the same name and address."""
    shop.make.appointment(
        of=shop.sold,
        who=shop.make.client(),
        starts_at=THURSDAY_TEN + timedelta(minutes=30),
        therapist=shop.make.therapist(shop.place),
    )
    return THURSDAY_TEN


CASES: list[tuple[Rule, Callable[[Shop], datetime]]] = [
    (Rule.HOURS, late),
    (Rule.HOURS, in_the_lunch_break),
    (Rule.HOURS, on_a_special_day),
    (Rule.NOTICE, too_soon),
    (Rule.HORIZON, too_far_ahead),
    (Rule.DAILY_CAP, on_a_full_day),
    (Rule.TRAVEL, on_the_way),
    (Rule.ROOM, in_a_room_that_does_not_suit),
    (Rule.STEP, off_the_grid),
    (Rule.PERSON, while_the_caller_is_with_another),
    (Rule.PERSON, while_the_same_person_is_with_another),
]


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _ in CASES} == set(Rule)


@pytest.mark.parametrize(("rule", "arranged"), CASES, ids=[case.__name__ for _, case in CASES])
def test_a_rule_is_named_and_set_aside_only_on_purpose_and_with_a_reason(
    shop: Shop, rule: Rule, arranged: Callable[[Shop], datetime]
) -> None:
    at = arranged(shop)
    assert shop.broken(at) == (rule,)
    with pytest.raises(desk.RulesInTheWay) as refused:
        shop.book(at)
    assert refused.value.rules == (rule,)
    others = set(Rule) - {rule}
    with pytest.raises(desk.RulesInTheWay):
        shop.book(at, waived=others, reason=WHY)
    with pytest.raises(desk.WaiverReasonNeeded):
        shop.book(at, waived={rule}, reason="  ")

    visit = shop.book(at, waived=set(Rule), reason=WHY)
    assert (visit.starts_at, visit.state) == (at, State.BOOKED)
    (kept,) = desk.waivers_of(visit.id)
    assert (kept.rules, kept.reason, kept.user_id) == ([rule.value], WHY, shop.clerk.id)
    assert WHY.encode() not in kept.reason_sealed
    assert actions(kept.id) == {("set_aside", (rule.value,))}


def test_two_rules_at_once_are_both_named(shop: Shop) -> None:
    at = late(shop) + timedelta(weeks=9)
    assert shop.broken(at) == (Rule.HOURS, Rule.HORIZON)
    visit = shop.book(at, waived={Rule.HOURS, Rule.HORIZON}, reason=WHY)
    assert desk.waivers_of(visit.id)[0].rules == ["hours", "horizon"]


def test_a_reason_without_a_broken_rule_leaves_no_trace(shop: Shop) -> None:
    visit = shop.book(waived=set(Rule), reason=WHY)
    assert desk.waivers_of(visit.id) == []
