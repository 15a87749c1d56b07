"""Answers to an offer: the first acceptance wins, safety counts as for every booking, an earlier time moves the visit."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.accounts import merging
from clinic.accounts.models import AuditEntry
from clinic.booking import admission, barring, changes, lapsed_reservations, services
from clinic.booking.barring import BarredOnline
from clinic.booking.models import Appointment, State
from clinic.booking.online_booking import BookingClosed
from clinic.booking.waiting import entries, offer_answers, offering
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, Offering, OfferingEnd, WaitingListEntry
from clinic.booking.waiting.offer_answers import OfferGone
from clinic.db import db, transaction
from clinic.plans import notes
from clinic.practice import queries as practice
from clinic.practice.models import Location, OnlineBooking, Treatment
from clinic.refusal import Refusal
from tests.booking.waiting_list import (
    EVERY_TIME,
    HALF_AN_HOUR,
    THURSDAY_TEN,
    cancels,
    look,
    offer_of,
    offers_of,
    thursdays,
    waits,
)
from tests.conftest import NOW
from tests.make import Make

ME, YOU = b"m" * 32, b"y" * 32


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


@pytest.fixture
def visit(make: Make, sold: Treatment) -> Appointment:
    return make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))


def accept(offer: Offer, now: object, browser: bytes = ME, **more: object) -> Appointment:
    with transaction():
        return offer_answers.accept(
            offer.id, browser=browser, actor=f"link:{offer.entry_id}", now=now, **more
        )


def test_the_first_acceptance_gets_the_time_and_the_others_are_out(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea", now=NOW + timedelta(seconds=1))
    later = cancels(visit)
    look(later)
    booked = accept(offer_of(ada), later)
    assert (booked.state, booked.starts_at, booked.client_id) == (State.BOOKED, THURSDAY_TEN, ada.client_id)
    assert booked.id == offer_of(ada).offering.hold_id
    assert (offer_of(ada).end, offer_of(bea).end) == (OfferEnd.ACCEPTED, OfferEnd.MISSED)
    assert offer_of(ada).offering.end == OfferingEnd.TAKEN
    assert make.refreshed(ada).end == EntryEnd.FULFILLED
    assert make.refreshed(bea).is_live
    with pytest.raises(OfferGone, match="quicker"):
        accept(offer_of(bea), later, YOU)


def test_accepting_twice_gives_the_same_visit(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    first = accept(offer_of(ada), later)
    assert accept(offer_of(ada), later + timedelta(seconds=1), YOU).id == first.id
    assert make.count(Appointment) == 3, "the cancelled one, what kept it for undo, and the new one"


@pytest.mark.parametrize(("seconds", "is_good"), [(-1, True), (0, False), (60, False)])
def test_an_offer_ends_with_its_last_second(
    make: Make, sold: Treatment, visit: Appointment, seconds: int, is_good: bool
) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    at = later + HALF_AN_HOUR + timedelta(seconds=seconds)
    if is_good:
        assert accept(offer_of(ada), at).state == State.BOOKED
    else:
        with pytest.raises(OfferGone, match="over"):
            accept(offer_of(ada), at)


def test_a_declined_offer_cannot_be_accepted_and_the_entry_goes_on(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    for _ in range(2):
        with transaction():
            offer_answers.decline(offer_of(ada).id, actor="visitor", now=later)
    with pytest.raises(OfferGone, match="said no"):
        accept(offer_of(ada), later)
    assert make.refreshed(ada).is_live


def test_whoever_withdraws_lets_the_offer_go_as_well(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    with transaction():
        entries.withdraw(ada.id, actor="visitor", now=later)
    with pytest.raises(OfferGone):
        accept(offer_of(ada), later)
    look(later + timedelta(seconds=30))
    assert offer_of(ada).offering.end == OfferingEnd.PUBLIC


def test_what_is_accepted_counts_as_a_booking_of_that_address(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    make.practice(open_bookings_per_client=1)
    ada = waits(make, sold)
    make.appointment(of=sold, who=ada.client, starts_at=THURSDAY_TEN + timedelta(days=14))
    later = cancels(visit)
    look(later)
    with pytest.raises(services.TooManyOpen):
        accept(offer_of(ada), later)
    assert offer_of(ada).ended_at is None


@pytest.mark.parametrize(("by_hand", "state"), [(False, State.REQUESTED), (True, State.BOOKED)])
def test_where_clients_ask_first_what_staff_offered_by_hand_is_booked(
    make: Make, by_hand: bool, state: State
) -> None:
    sold = thursdays(make, approval="ask_first")
    entry, person = waits(make, sold), sold.therapists[0]
    place = db.session.query(Location).one()
    time = WaitingListTime(THURSDAY_TEN, person.id, place.id, ZoneInfo(place.zone))
    by_id = make.user().id if by_hand else None
    with transaction():
        offering.keep(sold.id, time, [entry.id], now=NOW, by_id=by_id)
    assert accept(offer_of(entry), NOW).state == state
    assert make.refreshed(entry).end == EntryEnd.FULFILLED


def test_nobody_new_waits_for_what_is_not_for_a_first_visit(make: Make) -> None:
    sold = thursdays(make, new_clients="not_first")
    with pytest.raises(admission.NotFirst):
        waits(make, sold)
    here_before = make.client(mail="before@client.example")
    make.appointment(of=sold, who=here_before, starts_at=THURSDAY_TEN - timedelta(days=7), state=State.DONE)
    assert waits(make, sold, who=here_before).is_live
    by_staff = make.client(given_name="Dora", mail="dora@client.example")
    with transaction():
        entry = entries.join(
            client=by_staff,
            treatment_id=sold.id,
            therapist_id=None,
            location_id=None,
            times=EVERY_TIME,
            last_on=date(2031, 3, 31),
            actor="user:x",
            now=NOW,
        )
    assert entry.is_live


class TestSafety:
    """The gate of every booking stands before an offer as well."""

    @pytest.fixture
    def sold(self, make: Make) -> Treatment:
        return thursdays(make, intake="before_booking")

    def test_without_answers_the_time_is_won_but_the_questions_come_first(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea", now=NOW + timedelta(seconds=1))
        later = cancels(visit)
        look(later)
        with pytest.raises(admission.IntakeNeeded):
            accept(offer_of(ada), later)
        assert offer_of(ada).ended_at is None
        with transaction():
            kept = offer_answers.keep_for(offer_of(ada).id, browser=ME, actor="visitor", now=later)
        assert (kept.state, kept.held_by, kept.held_until) == (State.HELD, ME, later + timedelta(minutes=20))
        assert offer_of(bea).end == OfferEnd.MISSED
        with pytest.raises(admission.IntakeNeeded):
            accept(offer_of(ada), later)
        with pytest.raises(OfferGone):
            accept(offer_of(ada), later, YOU)
        make.submission(browser=ME, submitted_at=later)
        booked = accept(offer_of(ada), later + timedelta(minutes=10))
        assert (booked.id, booked.state) == (kept.id, State.BOOKED)
        assert make.refreshed(ada).end == EntryEnd.FULFILLED

    def test_keeping_it_lets_another_time_of_this_browser_go(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold)
        later = cancels(visit)
        look(later)
        other = make.appointment(
            of=sold, state=State.HELD, starts_at=THURSDAY_TEN + timedelta(days=7), held_by=ME
        )
        for _ in range(2):
            with transaction():
                offer_answers.keep_for(offer_of(ada).id, browser=ME, actor="visitor", now=later)
        assert make.refreshed(other).state == State.LAPSED

    def test_a_time_that_was_won_and_not_completed_is_offered_again_to_those_who_missed_it(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea", now=NOW + timedelta(seconds=1))
        later = cancels(visit)
        look(later)
        with transaction():
            offer_answers.keep_for(offer_of(ada).id, browser=ME, actor="visitor", now=later)
        look(later + timedelta(minutes=1))
        assert len(offers_of(bea)) == 1
        look(later + timedelta(minutes=21))
        assert [offer.end for offer in offers_of(bea)] == [OfferEnd.MISSED, None]

    def test_who_did_not_complete_a_time_is_offered_the_next_once_it_is_kept_no_more(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold, "Ada", last_on=date(2031, 3, 7))
        later = cancels(visit)
        look(later)
        with transaction():
            offer_answers.keep_for(offer_of(ada).id, browser=ME, actor="visitor", now=later)
        look(later + timedelta(minutes=19))
        assert len(offers_of(ada)) == 1
        look(later + timedelta(minutes=20))
        assert [offer.end for offer in offers_of(ada)] == [OfferEnd.ACCEPTED, None]

    def test_answers_of_an_urgent_kind_book_nothing(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold)
        later = cancels(visit)
        look(later)
        make.submission(browser=ME, level="urgent", disposition="emergency", submitted_at=later)
        with pytest.raises(admission.NotCleared):
            accept(offer_of(ada), later)
        assert make.refreshed(ada).is_live

    def test_without_health_answers_it_can_be_asked_for(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold)
        later = cancels(visit)
        look(later)
        assert accept(offer_of(ada), later, plain=True).state == State.REQUESTED

    def test_staff_accept_for_a_caller_before_the_questions_are_answered(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold)
        later = cancels(visit)
        look(later)
        with transaction():
            booked = offer_answers.accept_for(offer_of(ada).id, by=make.user(roles=["front_desk"]), now=later)
        assert (booked.state, booked.client_id, booked.starts_at) == (
            State.BOOKED,
            ada.client_id,
            THURSDAY_TEN,
        )
        assert make.refreshed(ada).end == EntryEnd.FULFILLED
        assert offer_answers.visit_of(offer_of(ada)) == booked

    def test_staff_accept_nothing_for_somebody_who_should_see_a_doctor(
        self, make: Make, sold: Treatment, visit: Appointment
    ) -> None:
        ada = waits(make, sold)
        later = cancels(visit)
        look(later)
        make.submission(who=ada.client, level="refer", disposition="doctor", submitted_at=later)
        with pytest.raises(admission.NotCleared), transaction():
            offer_answers.accept_for(offer_of(ada).id, by=make.user(roles=["front_desk"]), now=later)
        assert make.refreshed(offer_of(ada)).ended_at is None
        assert make.refreshed(offer_of(ada).offering.hold).state == State.HELD


class TestEarlier:
    """A visit that stands waits for something earlier."""

    @pytest.fixture
    def late_visit(self, make: Make, sold: Treatment) -> Appointment:
        return make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN + timedelta(days=14))

    @pytest.fixture
    def entry(self, late_visit: Appointment) -> WaitingListEntry:
        with transaction():
            return entries.join_earlier(
                late_visit, times=EVERY_TIME, any_therapist=True, actor=f"link:{late_visit.id}", now=NOW
            )

    def test_the_visit_moves_and_its_old_time_is_let_go_in_the_same_step(
        self, make: Make, visit: Appointment, late_visit: Appointment, entry: WaitingListEntry
    ) -> None:
        later = cancels(visit)
        look(later)
        moved = accept(offer_of(entry), later)
        assert (moved.id, moved.starts_at, moved.state) == (late_visit.id, THURSDAY_TEN, State.BOOKED)
        assert make.refreshed(entry).end == EntryEnd.FULFILLED
        kept = db.session.query(Appointment).filter_by(undo_of_id=late_visit.id, state=State.HELD).one()
        assert kept.held_until == later + changes.UNDO
        assert make.refreshed(offer_of(entry).offering.hold).state == State.LAPSED
        assert accept(offer_of(entry), later).id == late_visit.id

    def test_the_time_it_leaves_is_offered_to_the_next(
        self,
        make: Make,
        sold: Treatment,
        visit: Appointment,
        late_visit: Appointment,
        entry: WaitingListEntry,
    ) -> None:
        bea = waits(make, sold, "Bea", times=entries.times([3], [0]), now=NOW + timedelta(seconds=1))
        later = cancels(visit)
        look(later)
        accept(offer_of(entry), later)
        look(later + timedelta(seconds=121))
        first, second = offers_of(bea)
        assert first.end == OfferEnd.MISSED
        assert second.offering.hold.starts_at == THURSDAY_TEN + timedelta(days=14)

    def test_nothing_later_and_nothing_at_another_place_is_offered(
        self, make: Make, sold: Treatment, late_visit: Appointment, entry: WaitingListEntry
    ) -> None:
        even_later = make.appointment(
            of=sold, who=make.client(mail="x@client.example"), starts_at=THURSDAY_TEN + timedelta(days=21)
        )
        look(NOW)
        look(cancels(even_later))
        assert offers_of(entry) == []

    def test_a_visit_waits_once(self, late_visit: Appointment, entry: WaitingListEntry) -> None:
        with pytest.raises(entries.WaitsAlready), transaction():
            entries.join_earlier(late_visit, times=EVERY_TIME, any_therapist=False, actor="visitor", now=NOW)

    def test_a_cancelled_visit_takes_its_entry_along(
        self, make: Make, visit: Appointment, late_visit: Appointment, entry: WaitingListEntry
    ) -> None:
        later = cancels(visit)
        look(later)
        cancels(late_visit, later)
        with pytest.raises(entries.NothingEarlier):
            accept(offer_of(entry), later)
        look(later + timedelta(seconds=30))
        assert make.refreshed(entry).end == EntryEnd.SETTLED
        assert offer_of(entry).end == OfferEnd.STOPPED
        assert offer_of(entry).offering.end == OfferingEnd.PUBLIC

    def test_a_visit_that_is_over_cannot_be_earlier(self, make: Make, sold: Treatment) -> None:
        past = make.appointment(
            of=sold, who=make.client(), starts_at=THURSDAY_TEN - timedelta(days=7), state=State.DONE
        )
        with pytest.raises(entries.NothingEarlier), transaction():
            entries.join_earlier(past, times=EVERY_TIME, any_therapist=True, actor="visitor", now=NOW)


def test_every_step_leaves_an_audit_row_that_names_the_client(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    accept(offer_of(ada), later)
    seen = {row.action for row in db.session.query(AuditEntry).filter_by(client_id=ada.client_id)}
    assert {"join_waiting_list", "offer", "accept_offer", "book"} <= seen


def test_entries_follow_when_two_records_of_one_person_are_joined(make: Make, sold: Treatment) -> None:
    ada, kept = waits(make, sold), make.client(given_name="Ada", mail="ada@client.example")
    with transaction():
        merging.merge(kept.id, ada.client_id, by=make.user(roles=["owner"]), now=NOW)
    assert make.refreshed(ada).client_id == kept.id


def test_old_entries_and_what_was_offered_are_deleted_in_the_end(
    make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    later = cancels(visit)
    look(later)
    with transaction():
        entries.withdraw(ada.id, actor="visitor", now=later)
    look(later + timedelta(minutes=1))
    long_after = later + timedelta(days=100)
    with transaction():
        assert lapsed_reservations.old_reservations(long_after).delete() == 1, (
            "only what kept the cancelled time for its undo"
        )
        assert entries.delete_ended(long_after) == 1
    assert make.count(Offering) == 0
    with transaction():
        assert lapsed_reservations.old_reservations(long_after).delete() == 1


def test_a_changed_entry_waits_for_what_it_says_now(make: Make, sold: Treatment, visit: Appointment) -> None:
    ada = waits(make, sold)
    with transaction():
        entries.change(
            ada.id,
            therapist_id=None,
            location_id=None,
            times=entries.times([0], [0]),
            last_on=date(2031, 3, 20),
            therapist_decides=False,
            actor="visitor",
            now=NOW,
        )
    look(cancels(visit))
    assert offers_of(ada) == []
    with transaction():
        entries.withdraw(ada.id, actor="visitor", now=NOW)
    with pytest.raises(entries.NoLongerWaiting), transaction():
        entries.change(
            ada.id,
            therapist_id=None,
            location_id=None,
            times=[0],
            last_on=date(2031, 3, 20),
            therapist_decides=False,
            actor="visitor",
            now=NOW,
        )


@pytest.mark.parametrize("by_staff", [False, True])
@pytest.mark.parametrize("decides", [False, True])
def test_the_visit_carries_that_the_therapist_decides_and_is_as_long_as_was_waited_for(
    make: Make, sold: Treatment, visit: Appointment, decides: bool, by_staff: bool
) -> None:
    entry = waits(make, sold, therapist_decides=decides)
    later = cancels(visit)
    look(later)
    offer = offer_of(entry)
    with transaction():
        if by_staff:
            made = offer_answers.accept_for(offer.id, by=make.user(roles=["front_desk"]), now=later)
        else:
            made = offer_answers.accept(offer.id, browser=b"browser", actor="visitor", now=later)
    assert (made.therapist_decides, made.length_minutes) == (decides, sold.length_minutes)
    planned = notes.planned(made, by=make.user(roles=["therapist"]), now=later).modalities
    assert planned == (() if decides else tuple(sold.modalities))


@pytest.mark.parametrize("refusal", ["another", "barred", "closed", "retired", "over"])
def test_what_was_withdrawn_comes_back_only_while_it_could_be_joined(
    make: Make, sold: Treatment, refusal: str
) -> None:
    visit = make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN + timedelta(days=14))
    assert visit.client_id is not None
    with transaction():
        entry = entries.join_earlier(visit, times=EVERY_TIME, any_therapist=False, actor="link:x", now=NOW)
    with transaction():
        entries.withdraw(entry.id, actor="link:x", now=NOW)
    now = NOW + timedelta(hours=1)
    expected: type[Refusal] = entries.NoLongerWaiting
    if refusal == "another":
        expected = entries.WaitsAlready
        with transaction():
            entries.join_earlier(visit, times=EVERY_TIME, any_therapist=False, actor="link:x", now=NOW)
    elif refusal == "barred":
        expected = BarredOnline
        with transaction():
            barring.bar(visit.client_id, None, reason="", by=make.user(), now=NOW)
    elif refusal == "closed":
        expected = BookingClosed
        practice.the_practice().online_booking = OnlineBooking.CLOSED
    elif refusal == "retired":
        sold.retired_at = NOW
    else:
        cancels(visit)
    db.session.flush()
    with pytest.raises(expected), transaction():
        entries.come_back(entry.id, actor="link:x", now=now)
    assert not make.refreshed(entry).is_live
