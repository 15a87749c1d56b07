"""Holds become bookings or requests; nothing else does, and nothing twice."""

import hashlib
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import admission, availability, changes, request_decisions, services
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.guidance.levels import Level
from clinic.practice.models import Treatment
from clinic.refusal import Stale
from clinic.scheduling.hours import Days
from tests.conftest import NOW
from tests.make import Make

ME = hashlib.sha256(b"my browser").digest()
YOU = hashlib.sha256(b"your browser").digest()
THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin."""


def held(
    sold: Treatment, at: datetime = THURSDAY_TEN, *, browser: bytes = ME, now: datetime = NOW
) -> Appointment:
    with transaction():
        return services.hold(SearchCriteria(sold.id), at, browser=browser, client_id=None, now=now)


def starts(sold: Treatment, *, now: datetime = NOW) -> list[datetime]:
    days = Days(THURSDAY_TEN.date(), THURSDAY_TEN.date() + timedelta(days=1))
    return availability.offers(SearchCriteria(sold.id), days, now).offers.instants()


def booked(make: Make, sold: Treatment, at: datetime = THURSDAY_TEN, **who: object) -> Appointment:
    hold = held(sold, at)
    with transaction():
        return services.book(hold.id, browser=ME, client=make.client(**who), actor="visitor", now=NOW)


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
    assert make.refreshed(hold).held_until == NOW + timedelta(minutes=30)


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


def test_booking_makes_a_revision_an_agreement_and_an_audit_row(make: Make) -> None:
    appointment = booked(make, make.offering())
    assert appointment.state == State.BOOKED
    assert appointment.booked_at == appointment.time_agreed_at == NOW
    assert appointment.wall_start == datetime(2031, 3, 6, 10, 0)
    assert (
        db.session.scalar(sa.select(AuditEntry.action).where(AuditEntry.subject_id == appointment.id))
        == "book"
    )


def test_length_and_price_stay_as_agreed_when_the_treatment_changes(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    sold.length_minutes, sold.price_cents = 90, 9900
    db.session.commit()
    with transaction():
        moved = changes.move(
            appointment.id, THURSDAY_TEN + timedelta(hours=3), revision=1, actor="visitor", now=NOW
        )
    assert (moved.ends_at - moved.starts_at, moved.price_cents) == (timedelta(hours=1), 6000)


@pytest.mark.parametrize("level", ["refer", "urgent"])
def test_who_should_see_a_doctor_first_can_neither_hold_nor_book(make: Make, level: str) -> None:
    sold = make.offering()
    hold = held(sold)
    make.submission(
        browser=ME,
        level=level,
        disposition={"refer": "doctor", "urgent": "emergency"}[level],
        submitted_at=NOW,
    )
    with pytest.raises(admission.NotCleared), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)
    assert make.refreshed(hold).state == State.HELD
    with pytest.raises(admission.NotCleared):
        held(sold, THURSDAY_TEN + timedelta(hours=2))
    assert make.refreshed(hold).state == State.HELD, "a refused hold leaves the earlier one alone"


def test_a_treatment_that_asks_first_is_not_booked_without_answers(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    with pytest.raises(admission.IntakeNeeded), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)


def test_old_safety_answers_are_asked_again(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    make.submission(browser=ME, submitted_at=NOW - timedelta(hours=49))
    with pytest.raises(admission.IntakeNeeded), transaction():
        services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)


def test_therapist_review_makes_a_request_that_is_decided_in_time(make: Make) -> None:
    hold = held(make.offering(intake="before_booking"))
    make.submission(browser=ME, level="therapist_review", submitted_at=NOW)
    with transaction():
        asked = services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW)
    assert (asked.state, asked.request_reason) == (State.REQUESTED, "level")
    assert asked.decide_by == NOW + timedelta(hours=48)


def test_two_open_requests_on_one_address_are_enough(make: Make) -> None:
    sold = make.offering(intake="before_booking")
    for hour in range(2):
        hold = held(sold, THURSDAY_TEN + timedelta(hours=hour))
        with transaction():
            services.book(hold.id, browser=ME, client=make.client(), actor="visitor", now=NOW, plain=True)
    third = held(sold, THURSDAY_TEN + timedelta(hours=2))
    with pytest.raises(services.TooManyOpen), transaction():
        services.book(third.id, browser=ME, client=make.client(), actor="visitor", now=NOW, plain=True)


def test_a_cancelled_slot_can_be_booked_again_once_undo_is_over(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    assert THURSDAY_TEN not in starts(sold), "kept for two minutes, so that it can be undone"
    later = NOW + timedelta(seconds=121)
    assert THURSDAY_TEN in starts(sold, now=later)
    assert held(sold, browser=YOU, now=later).state == State.HELD


def test_a_cancel_is_undone_within_two_minutes(make: Make) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    with transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=119))
    assert make.refreshed(appointment).state == State.BOOKED
    assert appointment.revision == 3
    assert appointment.cancelled_by is None


def test_after_two_minutes_nothing_is_undone(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    with pytest.raises(changes.UndoOver), transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=120))
    assert make.refreshed(appointment).state == State.CANCELLED


@pytest.mark.parametrize("minutes", [15, 60, 180])
def test_a_move_keeps_the_old_time_until_it_cannot_be_undone(make: Make, minutes: int) -> None:
    sold = make.offering()
    appointment = booked(make, sold)
    new = THURSDAY_TEN + timedelta(minutes=minutes)
    with transaction():
        changes.move(appointment.id, new, revision=1, actor="visitor", now=NOW)
    assert (appointment.starts_at, appointment.revision, appointment.time_revision) == (new, 2, 2)
    assert not {THURSDAY_TEN, new} & set(starts(sold))
    with transaction():
        changes.undo(appointment.id, revision=2, actor="visitor", now=NOW + timedelta(seconds=60))
    assert make.refreshed(appointment).starts_at == THURSDAY_TEN
    assert new + timedelta(minutes=60) in starts(sold)


def test_a_move_to_a_taken_time_leaves_everything_as_it_was(make: Make) -> None:
    sold = make.offering()
    other = booked(make, sold, THURSDAY_TEN + timedelta(hours=1), mail="grace@client.example")
    appointment = booked(make, sold)
    with pytest.raises(NotOffered), transaction():
        changes.move(appointment.id, other.starts_at, revision=1, actor="visitor", now=NOW)
    assert make.refreshed(appointment).starts_at == THURSDAY_TEN
    assert appointment.revision == 1


def test_a_page_that_is_old_changes_nothing(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        changes.move(appointment.id, THURSDAY_TEN + timedelta(hours=2), revision=1, actor="visitor", now=NOW)
    with pytest.raises(Stale), transaction():
        changes.cancel(appointment.id, revision=1, actor="visitor", now=NOW)
    assert make.refreshed(appointment).state == State.BOOKED


def test_cancelling_inside_the_limit_is_marked_late_for_clients_only(make: Make) -> None:
    sold = make.offering()
    late = THURSDAY_TEN - timedelta(hours=23, minutes=59)
    by_client = booked(make, sold)
    with transaction():
        changes.cancel(by_client.id, revision=1, actor="link:x", now=late)
    assert by_client.cancelled_late
    by_staff = booked(make, sold, THURSDAY_TEN + timedelta(hours=2), mail="grace@client.example")
    with transaction():
        changes.cancel(by_staff.id, revision=1, actor="user:x", now=late)
    assert not by_staff.cancelled_late


def test_an_undecided_request_is_declined_in_time_and_only_then(make: Make) -> None:
    sold = make.offering()
    asked = make.appointment(of=sold, who=make.client(), state=State.REQUESTED, decide_by=NOW)
    with transaction():
        request_decisions.end_request(asked.id, NOW - timedelta(seconds=1))
    assert make.refreshed(asked).state == State.REQUESTED
    assert request_decisions.end_undecided(NOW) == [asked.id]
    for _ in range(2):
        with transaction():
            request_decisions.end_request(asked.id, NOW)
    assert make.refreshed(asked).state == State.DECLINED
    assert asked.revision == 2


def test_a_request_that_safety_made_is_cancelled_when_nobody_decides(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        make.answer_seriously(appointment, Level.REFER, NOW)
    assert (appointment.state, appointment.request_reason) == (State.REQUESTED, "safety")
    assert appointment.decide_by == NOW + timedelta(hours=24)
    with transaction():
        request_decisions.end_request(appointment.id, NOW + timedelta(hours=24))
    assert (appointment.state, appointment.cancel_reason) == (State.CANCELLED, "safety")


def test_an_urgent_answer_cancels_at_once(make: Make) -> None:
    appointment = booked(make, make.offering())
    with transaction():
        make.answer_seriously(appointment, Level.URGENT, NOW)
    assert (appointment.state, appointment.cancelled_by) == (State.CANCELLED, "system")


def test_a_room_is_found_for_each_and_runs_out(make: Make) -> None:
    make.practice()
    house = make.location()
    rooms = [make.room(house), make.room(house)]
    people = [make.therapist(house) for _ in range(3)]
    sold = make.treatment(therapists=people, rooms=rooms)
    got = [held(sold, browser=bytes([number]) * 32) for number in range(2)]
    assert {row.room_id for row in got} == {room.id for room in rooms}
    with pytest.raises(NotOffered):
        held(sold, browser=YOU)


def test_a_day_off_and_a_closure_always_win(make: Make) -> None:
    from clinic.practice.models import Closure, TimeOff

    sold = make.offering()
    day = THURSDAY_TEN.date()
    db.session.add(TimeOff(therapist_id=sold.therapists[0].id, from_on=day, until_on=day + timedelta(days=1)))
    db.session.commit()
    assert starts(sold) == []
    db.session.execute(sa.delete(TimeOff))
    db.session.commit()
    assert THURSDAY_TEN in starts(sold)
    db.session.add(Closure(location_id=None, from_on=day, until_on=day + timedelta(days=1), name="Holiday"))
    db.session.commit()
    assert starts(sold) == []


def test_a_special_day_replaces_the_weekly_hours_everywhere(make: Make) -> None:
    from clinic.practice.models import SpecialDay

    sold = make.offering()
    elsewhere = make.location()
    db.session.add(
        SpecialDay(
            therapist_id=sold.therapists[0].id,
            location_id=elsewhere.id,
            on=THURSDAY_TEN.date(),
            from_minute=18 * 60,
            until_minute=19 * 60,
        )
    )
    db.session.commit()
    assert starts(sold) == [datetime.fromisoformat("2031-03-06T17:00+00:00")]


def test_the_daily_cap_counts_what_stands(make: Make) -> None:
    sold = make.offering()
    sold.therapists[0].daily_cap = 1
    db.session.commit()
    held(sold)
    assert starts(sold) == []


def test_the_way_between_two_houses_takes_time(make: Make) -> None:
    sold = make.offering()
    person = sold.therapists[0]
    there = make.location()
    make.weekly_hours(person, there, 3, 17 * 60, 19 * 60)
    held(sold, datetime.fromisoformat("2031-03-06T15:00+00:00"))  # until 17:00 in Berlin
    evening = [start for start in starts(sold) if start >= datetime.fromisoformat("2031-03-06T16:00+00:00")]
    assert evening[0] == datetime.fromisoformat("2031-03-06T16:30+00:00")
