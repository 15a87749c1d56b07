"""Staff move a visit, also outside the rules, to a colleague or to another location."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.booking import changes, desk
from clinic.booking.models import Appointment
from clinic.booking.waivers import Rule
from clinic.db import db, transaction
from clinic.refusal import Stale
from tests.booking.desk_shop import THURSDAY_TEN, WHY, Shop, late, shop
from tests.conftest import NOW
from tests.make import Make

__all__ = ["shop"]


def moved(shop: Shop, visit: Appointment, at: datetime, **changed: Any) -> Appointment:
    wanted: dict[str, Any] = {
        "therapist_id": shop.person.id,
        "location_id": shop.place.id,
        "revision": visit.revision,
        "by": shop.clerk,
        "now": NOW,
        **changed,
    }
    with transaction():
        return desk.move(visit.id, at, **wanted)


def test_a_visit_moves_outside_the_rules_for_a_reason_and_back_by_undo(shop: Shop) -> None:
    visit = shop.book()
    with pytest.raises(desk.RulesInTheWay):
        moved(shop, visit, late(shop))
    moved(shop, visit, late(shop), waived={Rule.HOURS}, reason=WHY)
    assert shop.make.refreshed(visit).starts_at == late(shop)
    assert desk.waivers_of(visit.id)[0].rules == ["hours"]
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor=f"user:{shop.clerk.id}", now=NOW)
    assert shop.make.refreshed(visit).starts_at == THURSDAY_TEN


def test_a_visit_moves_to_a_colleague_who_gives_the_treatment(shop: Shop) -> None:
    colleague = shop.make.therapist(shop.place)
    shop.sold.therapists = [shop.person, colleague]
    db.session.commit()
    visit = shop.book()
    moved(shop, visit, THURSDAY_TEN, therapist_id=colleague.id)
    assert shop.make.refreshed(visit).therapist_id == colleague.id


def test_a_page_that_is_old_moves_nothing(shop: Shop) -> None:
    visit = shop.book()
    with pytest.raises(Stale):
        moved(shop, visit, late(shop), waived={Rule.HOURS}, reason=WHY, revision=7)
    assert shop.make.refreshed(visit).starts_at == THURSDAY_TEN
    assert desk.waivers_of(visit.id) == []


@pytest.mark.parametrize(
    ("zone", "at", "shown"),
    [
        ("Europe/Lisbon", "2031-03-30T01:00+00:00", datetime(2031, 3, 30, 2, 0)),
        ("Australia/Lord_Howe", "2031-04-05T14:30+00:00", datetime(2031, 4, 6, 1, 30)),
    ],
)
def test_hours_set_aside_keep_to_the_clock_of_the_place_in_odd_nights(
    make: Make, zone: str, at: str, shown: datetime
) -> None:
    """Right after the jump in Lisbon, and in Lord Howe the first coming of the half hour that comes twice."""
    make.practice()
    place = make.location(zone=zone)
    person = make.therapist(place)
    sold = make.treatment(therapists=[person])
    shop = Shop(make, place, person, sold, make.client(), make.user())
    visit = shop.book(datetime.fromisoformat(at), waived={Rule.HOURS}, reason=WHY)
    assert visit.wall_start == shown


@pytest.mark.parametrize("needs_room", [True, False])
def test_a_visit_moves_to_another_location_and_back(make: Make, needs_room: bool) -> None:
    make.practice()
    here, there = make.location(), make.location(zone="Europe/Lisbon")
    person = make.therapist(here, weekdays=(3,))
    make.weekly_hours(person, there, 4, 9 * 60, 17 * 60)
    rooms = [make.room(here), make.room(there)] if needs_room else []
    sold = make.treatment(therapists=[person], rooms=rooms)
    columns = {"room_id": rooms[0].id} if rooms else {}
    visit = make.appointment(of=sold, who=make.client(), **columns)
    began, user = visit.starts_at, make.user()
    with transaction():
        desk.move(
            visit.id,
            began + timedelta(days=1),
            therapist_id=person.id,
            location_id=there.id,
            revision=visit.revision,
            by=user,
            now=NOW,
        )
    assert (visit.location_id, visit.zone) == (there.id, "Europe/Lisbon")
    (kept,) = db.session.query(Appointment).filter_by(undo_of_id=visit.id)
    assert (kept.location_id, kept.starts_at, kept.zone) == (here.id, began, here.zone)
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor=f"user:{user.id}", now=NOW)
    assert (visit.location_id, visit.starts_at, visit.zone) == (here.id, began, here.zone)
    assert visit.wall_start == began.astimezone(ZoneInfo(here.zone)).replace(tzinfo=None)
    assert visit.room_id == (rooms[0].id if rooms else None)
