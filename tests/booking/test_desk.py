"""Staff book for a caller, and set rules aside for a reason: each rule, and what no reason helps against."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client, User
from clinic.booking import admission, changes, desk, placing, same_person, waivers
from clinic.booking.models import Appointment, State, Waiver
from clinic.booking.placing import NotOffered, SlotTaken
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waivers import Impossible, Rule
from clinic.db import db, transaction
from clinic.practice.models import (
    Closure,
    Location,
    LocationPair,
    SpecialDay,
    Therapist,
    TimeOff,
    Treatment,
)
from clinic.practice.queries import Unbookable
from clinic.practice.supply import supply_of
from clinic.refusal import Stale
from tests.conftest import NOW
from tests.make import Make

THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin."""
WHY = "Agreed with Ines on the telephone"


@dataclass
class Shop:
    """A therapist in a house with one room, and a caller."""

    make: Make
    place: Location
    person: Therapist
    sold: Treatment
    caller: Client
    clerk: User
    now: datetime = field(default=NOW)

    def book(self, at: datetime = THURSDAY_TEN, **changed: Any) -> Appointment:
        """Book for the caller, as the last page of the desk does."""
        wanted: dict[str, Any] = {
            "therapist_id": self.person.id,
            "location_id": self.place.id,
            "client": self.caller,
            "by": self.clerk,
            "now": self.now,
            **changed,
        }
        with transaction():
            return desk.book(self.sold.id, at, **wanted)

    def broken(self, at: datetime = THURSDAY_TEN) -> tuple[Rule, ...]:
        """The rules a start would break."""
        criteria = SearchCriteria(self.sold.id, therapist_id=self.person.id, location_id=self.place.id)
        supply = same_person.avoiding(supply_of(self.sold.id), self.caller.id, self.now, records=True)
        return waivers.broken(supply, criteria, at, self.now)


@pytest.fixture
def shop(make: Make) -> Shop:
    make.practice(horizon_days=60)
    place = make.location()
    person = make.therapist(place)
    room = make.room(place)
    sold = make.treatment(therapists=[person], rooms=[room])
    return Shop(make, place, person, sold, make.client(), make.user(roles=["front_desk"]))


def actions(subject: UUID) -> set[tuple[str, tuple[str, ...]]]:
    rows = sa.select(AuditEntry.action, AuditEntry.fields).where(AuditEntry.subject_id == subject)
    return {(action, tuple(fields)) for action, fields in db.session.execute(rows)}


def test_an_offered_time_is_booked_at_once_and_says_that_staff_did_it(shop: Shop) -> None:
    visit = shop.book()
    assert (visit.state, visit.booked_by, visit.client_id) == (State.BOOKED, "staff", shop.caller.id)
    assert visit.booked_at == visit.time_agreed_at == NOW
    assert visit.wall_start == datetime(2031, 3, 6, 10, 0)
    assert visit.room_id is not None
    assert actions(visit.id) == {("book", ("state",))}
    assert desk.waivers_of(visit.id) == []


def test_staff_book_before_the_health_questions_are_answered(shop: Shop) -> None:
    shop.sold.intake = "before_booking"
    db.session.commit()
    assert shop.book().state == State.BOOKED


def test_the_desk_may_book_beyond_what_a_client_may_have_open(shop: Shop) -> None:
    shop.make.practice(open_bookings_per_client=1)
    shop.book()
    assert shop.book(THURSDAY_TEN + timedelta(hours=2)).state == State.BOOKED


def late(shop: Shop) -> datetime:
    return THURSDAY_TEN + timedelta(hours=8)


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


@pytest.mark.parametrize("minutes", [0, 30, -30, 55])
def test_a_taken_therapist_is_never_booked_again(shop: Shop, minutes: int) -> None:
    shop.make.appointment(of=shop.sold, who=shop.make.client(), starts_at=THURSDAY_TEN)
    with pytest.raises(Impossible):
        shop.book(THURSDAY_TEN + timedelta(minutes=minutes), waived=set(Rule), reason=WHY)


def test_taken_rooms_are_never_booked_again(shop: Shop) -> None:
    other = shop.make.therapist(shop.place)
    shop.make.appointment(
        of=shop.sold,
        who=shop.make.client(),
        starts_at=THURSDAY_TEN,
        therapist=other,
        room_id=shop.sold.rooms[0].id,
    )
    with pytest.raises(Impossible, match="every room"):
        shop.book(waived=set(Rule), reason=WHY)


def test_buffers_are_never_set_aside(shop: Shop) -> None:
    shop.sold.buffer_after_minutes = 15
    db.session.commit()
    shop.make.appointment(of=shop.sold, who=shop.make.client(), starts_at=THURSDAY_TEN)
    with pytest.raises(Impossible):
        shop.book(THURSDAY_TEN + timedelta(minutes=60), waived=set(Rule), reason=WHY)
    assert shop.book(THURSDAY_TEN + timedelta(minutes=75), waived=set(Rule), reason=WHY).state == State.BOOKED


def put_over(visit: Appointment, other: Appointment) -> None:
    """Write a visit onto the time of another, asking nobody."""
    with transaction(), placing.translate_conflicts():
        with db.session.no_autoflush:
            placing.set_time(visit, other.starts_at)
        db.session.flush()


def test_the_constraint_holds_when_every_check_before_it_is_forged_away(shop: Shop) -> None:
    """What stands behind all the checks: the same row, written past them, is refused by the database."""
    taken = shop.book()
    copy = shop.make.appointment(
        of=shop.sold, who=shop.caller, starts_at=THURSDAY_TEN + timedelta(hours=3), room_id=taken.room_id
    )
    with pytest.raises(SlotTaken):
        put_over(copy, taken)


def test_absence_and_closures_are_never_set_aside(shop: Shop) -> None:
    off = TimeOff(therapist_id=shop.person.id, from_on=date(2031, 3, 6), until_on=date(2031, 3, 7))
    shut = Closure(from_on=date(2031, 3, 7), until_on=date(2031, 3, 8), name="Works")
    db.session.add_all([off, shut])
    db.session.commit()
    for day in range(2):
        with pytest.raises(Impossible) as refused:
            shop.book(THURSDAY_TEN + timedelta(days=day), waived=set(Rule), reason=WHY)
        assert refused.value.sentence == waivers.AWAY


def test_a_therapist_who_left_and_a_place_that_closed_are_never_set_aside(shop: Shop) -> None:
    shop.person.left_on = date(2031, 3, 6)
    shop.place.closed_on = date(2031, 3, 5)
    db.session.commit()
    for at in (THURSDAY_TEN, THURSDAY_TEN - timedelta(days=1)):
        with pytest.raises(Impossible):
            shop.book(at, waived=set(Rule), reason=WHY)


def test_a_treatment_no_longer_sold_is_never_booked(shop: Shop) -> None:
    shop.sold.retired_at = NOW
    db.session.commit()
    with pytest.raises(Unbookable):
        shop.book(waived=set(Rule), reason=WHY)


def test_a_therapist_who_does_not_give_it_and_the_past_are_never_booked(shop: Shop) -> None:
    stranger = shop.make.therapist(shop.place)
    with pytest.raises(Impossible) as refused:
        shop.book(therapist_id=stranger.id, waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.GIVES_NOT
    with pytest.raises(Impossible) as refused:
        shop.book(NOW - timedelta(hours=1), waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.PASSED
    with pytest.raises(Impossible) as refused:
        shop.book(THURSDAY_TEN + timedelta(minutes=1), waived=set(Rule), reason=WHY)
    assert refused.value.sentence == waivers.UNEVEN


@pytest.mark.parametrize(("level", "disposition"), [("refer", "doctor"), ("urgent", "emergency")])
def test_who_should_see_a_doctor_first_is_not_booked_by_staff_either(
    shop: Shop, level: str, disposition: str
) -> None:
    shop.make.submission(who=shop.caller, level=level, disposition=disposition)
    for at in (THURSDAY_TEN, late(shop)):
        with pytest.raises(admission.NotCleared):
            shop.book(at, waived=set(Rule), reason=WHY)
    assert shop.make.count(Appointment) == 0


def test_whom_a_therapist_looks_at_first_is_asked_for_also_by_staff(shop: Shop) -> None:
    shop.make.submission(who=shop.caller, level="therapist_review")
    visit = shop.book()
    assert (visit.state, visit.request_reason, visit.booked_by) == (State.REQUESTED, "level", "staff")
    assert visit.decide_by is not None


def test_what_was_answered_long_ago_still_asks_for_a_look_first(shop: Shop) -> None:
    """The desk may skip the questions, not the answers that stand."""
    shop.sold.intake = "before_booking"
    db.session.commit()
    shop.make.submission(who=shop.caller, level="therapist_review", submitted_at=NOW - timedelta(days=90))
    assert shop.book().state == State.REQUESTED


def test_nothing_is_kept_of_a_booking_that_failed(shop: Shop) -> None:
    with pytest.raises(NotOffered):
        shop.book(late(shop))
    assert shop.make.count(Appointment) == shop.make.count(Waiver) == 0


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
