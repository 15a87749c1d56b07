"""Both days of change in every kind of zone, new zone rules, and a location whose clock is replaced."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import availability, services, zone_changes
from clinic.booking.calendar_file import Method, serialise
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.messaging import due
from clinic.messaging.kinds.reminders import reminders
from clinic.practice import queries
from clinic.practice.models import Therapist, Treatment
from clinic.practice.premises import UnknownZone
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make
from tests.scheduling import zones as changing

ONE_DAY = timedelta(days=1)
BY = "user:owner"
ME = hashlib.sha256(b"me").digest()
NOON = timedelta(hours=12)


def days_of_change(zone: ZoneInfo) -> list[date]:
    """The local days of one change in each direction; where the clock never changes, one that is a change elsewhere."""
    return [change.on for change in changing.changes(zone)][:2] or [date(2027, 3, 28)]


def jump(on: date, zone: ZoneInfo) -> datetime:
    """The moment of a change on this day, or the day's beginning."""
    found = (change.at for change in changing.changes(zone) if change.on == on)
    return next(found, hours.midnight(on, zone))


def book(sold: Treatment, at: datetime, client: object, now: datetime) -> Appointment:
    with transaction():
        held = services.hold(SearchCriteria(sold.id), at, browser=ME, client_id=None, now=now)
    with transaction():
        return services.book(held.id, browser=ME, client=client, actor="visitor", now=now)


def instant_in_file(visit: Appointment, now: datetime) -> datetime:
    """The start that somebody's calendar reads out of the file."""
    raw = serialise([visit], queries.the_practice(), method=Method.PUBLISH, now=now)
    (event,) = icalendar.Calendar.from_ical(raw).walk("VEVENT")
    start: datetime = event["DTSTART"].dt
    return start.astimezone(UTC)


@pytest.mark.parametrize("name", changing.representatives())
def test_offer_booking_file_and_reminder_agree_on_both_days_of_change(make: Make, name: str) -> None:
    zone = ZoneInfo(name)
    make.practice(
        step_minutes=30,
        reminder_offsets_minutes=[1440],
        open_bookings_per_client=100,
        quiet_from_hour=22,
        quiet_until_hour=5,
    )
    place = make.location(zone=name)
    sold = make.treatment(therapists=[make.therapist(place, weekdays=range(7), hours=(0, 24))], minutes=30)
    client = make.client()
    for on in days_of_change(zone):
        now = hours.midnight(on, zone) - timedelta(days=3)
        starts = availability.offers(SearchCriteria(sold.id), Days(on, on + ONE_DAY), now).offers.instants()
        shown = [hours.wall(start, zone) for start in starts]
        assert len(set(shown)) == len(shown), "a repeated time is offered once"
        assert [hours.instant(wall, zone) for wall in shown] == starts, "no skipped time is offered"
        assert {wall.date() for wall in shown} == {on}
        noon = hours.instant(datetime.combine(on, datetime.min.time()) + NOON, zone)
        assert noon in starts
        for start in (noon, min(starts, key=lambda start: abs(start - jump(on, zone)))):
            visit = book(sold, start, client, now)
            assert hours.instant(visit.wall_start, zone) == visit.starts_at == start
            assert visit.ends_at - visit.starts_at == timedelta(minutes=30)
            assert instant_in_file(visit, now) == start
        assert zone_changes.drifted(now) == []
        noon_visit = db.session.scalar(sa.select(Appointment.id).where(Appointment.starts_at == noon))
        before, at = noon - ONE_DAY - timedelta(minutes=1), noon - ONE_DAY
        assert noon_visit not in reminded(before)
        assert noon_visit in reminded(at)


def reminded(now: datetime) -> set[object]:
    """Whose reminder is due."""
    rules = due.rules(now)
    assert rules is not None
    return {owed.subject_id for owed in due.find(reminders, rules, now)}


VANCOUVER = "America/Vancouver"
DECEMBER_TEN = datetime(2031, 12, 9, 10)
BY_OLD_RULES = datetime(2031, 12, 9, 18, tzinfo=UTC)
BY_NEW_RULES = datetime(2031, 12, 9, 17, tzinfo=UTC)
"""Vancouver stopped changing its clocks in November 2026; rules of 2025 had it 8 hours behind in winter."""


@pytest.fixture
def sold(make: Make) -> Treatment:
    make.practice()
    person = make.therapist(make.location(zone=VANCOUVER), weekdays=range(7))
    return make.treatment(therapists=[person])


def promised(make: Make, sold: Treatment, hour: int = 0, **columns: object) -> Appointment:
    """A visit that was booked under the rules of 2025, so many hours after ten."""
    later = timedelta(hours=hour)
    return make.appointment(
        of=sold,
        starts_at=BY_OLD_RULES + later,
        **{"who": make.client(), "wall_start": DECEMBER_TEN + later, "tzdata": "2025.2", **columns},
    )


def test_new_zone_rules_keep_the_time_on_the_clock_and_move_the_instant(make: Make, sold: Treatment) -> None:
    visit = promised(make, sold)
    revision = visit.revision
    assert [shift.starts_at for shift in zone_changes.drifted(NOW)] == [BY_NEW_RULES]
    with transaction():
        moved = zone_changes.repair(actor="system", now=NOW)
    assert [shift.appointment.id for shift in moved] == [visit.id]
    visit = make.refreshed(visit)
    assert (visit.starts_at, visit.wall_start) == (BY_NEW_RULES, DECEMBER_TEN)
    assert visit.occupied_from == BY_NEW_RULES
    assert visit.revision == revision + 1 == visit.time_revision
    assert visit.tzdata != "2025.2"
    assert instant_in_file(visit, NOW) == BY_NEW_RULES
    assert zone_changes.drifted(NOW) == []


def test_listing_what_drifted_changes_nothing(make: Make, sold: Treatment) -> None:
    visit = promised(make, sold)
    (shift,) = zone_changes.drifted(NOW)
    said = zone_changes.describe_shift(shift)
    assert visit.reference in said
    assert "2031-12-09 10:00  America/Vancouver  is 2031-12-09 17:00 UTC" in said
    assert "Ada" not in said
    assert make.refreshed(visit).starts_at == BY_OLD_RULES


def test_visits_one_after_the_other_move_together_though_each_takes_the_place_of_the_next(
    make: Make, sold: Treatment
) -> None:
    visits = [promised(make, sold, hour) for hour in range(3)]
    with transaction():
        zone_changes.repair(actor="system", now=NOW)
    starts = [make.refreshed(visit).starts_at for visit in visits]
    assert starts == [BY_NEW_RULES + timedelta(hours=hour) for hour in range(3)]


def test_a_second_repair_finds_nothing(make: Make, sold: Treatment) -> None:
    visit = promised(make, sold)
    with transaction():
        zone_changes.repair(actor="system", now=NOW)
    revision = make.refreshed(visit).revision
    with transaction():
        assert zone_changes.repair(actor="system", now=NOW) == []
    assert make.refreshed(visit).revision == revision


def test_a_clash_moves_nobody(make: Make, sold: Treatment) -> None:
    """A visit at another place, in a zone whose rules stayed, is in the way."""
    person: Therapist = sold.therapists[0]
    visit = promised(make, sold)
    elsewhere = make.location(zone="America/Phoenix")
    make.appointment(of=sold, starts_at=BY_NEW_RULES, who=make.client(), therapist=person, location=elsewhere)
    with pytest.raises(zone_changes.WouldOverlap), transaction():
        zone_changes.repair(actor="system", now=NOW)
    assert make.refreshed(visit).starts_at == BY_OLD_RULES


def test_what_is_over_cancelled_or_right_stays(make: Make, sold: Treatment) -> None:
    over = promised(make, sold)
    off = promised(make, sold, 3, state=State.CANCELLED)
    right = make.appointment(of=sold, starts_at=NOW + timedelta(days=4), who=make.client())
    later = BY_OLD_RULES + timedelta(hours=1)
    with transaction():
        assert zone_changes.repair(actor="system", now=later) == []
    assert make.refreshed(over).starts_at == BY_OLD_RULES
    assert make.refreshed(off).revision == make.refreshed(right).revision == 1


def test_a_reminder_follows_the_visit(make: Make, sold: Treatment) -> None:
    make.practice(reminder_offsets_minutes=[120], quiet_from_hour=23, quiet_until_hour=1)
    visit = promised(make, sold)
    with transaction():
        zone_changes.repair(actor="system", now=NOW)
    two_hours_before = BY_NEW_RULES - timedelta(hours=2)
    assert visit.id in reminded(two_hours_before)
    assert visit.id not in reminded(two_hours_before - timedelta(minutes=1))


def test_a_new_clock_of_a_location_keeps_every_promised_time(make: Make) -> None:
    make.practice()
    place = make.location(zone="Europe/London")
    sold = make.treatment(therapists=[make.therapist(place)])
    ten = datetime(2031, 3, 6, 10)
    visit = make.appointment(of=sold, starts_at=ten.replace(tzinfo=UTC), who=make.client())
    over = make.appointment(of=sold, starts_at=NOW - ONE_DAY, who=make.client(), state=State.DONE)
    held = make.appointment(of=sold, starts_at=ten.replace(hour=13, tzinfo=UTC), state=State.HELD)
    (shift,) = zone_changes.shifts(place.id, "Asia/Kathmandu", NOW)
    assert (shift.shows, shift.starts_at) == (ten, datetime(2031, 3, 6, 4, 15, tzinfo=UTC))
    with transaction():
        zone_changes.change_zone(place.id, "Asia/Kathmandu", actor=BY, now=NOW)
    visit = make.refreshed(visit)
    assert (visit.zone, visit.wall_start) == ("Asia/Kathmandu", ten)
    assert visit.starts_at == shift.starts_at
    assert make.refreshed(place).zone == "Asia/Kathmandu"
    assert make.refreshed(over).zone == "Europe/London"
    assert make.refreshed(held).state == State.LAPSED
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert {"change", "keep_wall_time"} <= actions


def test_a_clock_that_stays_is_asked_nothing(make: Make) -> None:
    place = make.location(zone="UTC")
    with transaction():
        assert zone_changes.change_zone(place.id, "UTC", actor=BY, now=NOW) == []
    with pytest.raises(UnknownZone), transaction():
        zone_changes.change_zone(place.id, "Etc/GMT+5", actor=BY, now=NOW)


def test_a_time_the_new_clock_skips_becomes_the_moment_of_the_jump(make: Make) -> None:
    make.practice()
    place = make.location(zone="America/Phoenix")
    sold = make.treatment(therapists=[make.therapist(place)])
    at = datetime(2031, 3, 30, 2, 30)
    start = hours.instant(at, ZoneInfo("America/Phoenix"))
    visit = make.appointment(of=sold, starts_at=start, who=make.client())
    with transaction():
        zone_changes.change_zone(place.id, "Europe/Berlin", actor=BY, now=NOW)
    visit = make.refreshed(visit)
    assert visit.wall_start == datetime(2031, 3, 30, 3)
    assert visit.starts_at == datetime(2031, 3, 30, 1, tzinfo=UTC)
