"""Who is barred from online booking or from one therapist does not get past it on any way; staff may go on knowingly."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.booking import barring, changes, desk, services
from clinic.booking.barring import BarredOnline
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Order, Slot
from clinic.booking.waiting import entries, matching
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import db
from clinic.practice.models import Treatment
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound
from tests.conftest import NOW
from tests.make import Make

NINE = datetime.fromisoformat("2031-03-06T08:00+00:00")
BROWSER = hashlib.sha256(b"a browser").digest()


@pytest.fixture
def clerk(make: Make) -> User:
    return make.user(roles=["front_desk"])


@pytest.fixture
def sold(make: Make) -> Treatment:
    """A treatment that two therapists give."""
    make.practice()
    place = make.location()
    return make.treatment(therapists=[make.therapist(place), make.therapist(place)])


@pytest.fixture
def ada(make: Make) -> Client:
    return make.client()


def bar(client: Client, clerk: User, therapist_id: UUID | None = None) -> None:
    barring.bar(client.id, therapist_id, "because", by=clerk, now=NOW)
    db.session.commit()


def hold(sold: Treatment, client: Client | None, therapist_id: UUID | None = None) -> Appointment:
    return services.hold(
        SearchCriteria(sold.id, therapist_id=therapist_id),
        NINE,
        browser=BROWSER,
        client_id=client.id if client else None,
        now=NOW,
    )


def book(kept: Appointment, client: Client, actor: str = audit.VISITOR, **more: Any) -> Appointment:
    return services.book(kept.id, browser=BROWSER, client=client, actor=actor, now=NOW, **more)


def test_no_time_is_kept_for_somebody_barred_from_online_booking(
    sold: Treatment, ada: Client, clerk: User
) -> None:
    bar(ada, clerk)
    with pytest.raises(BarredOnline):
        hold(sold, ada)


def test_a_stranger_with_a_barred_address_gets_no_further_than_the_last_page(
    make: Make, sold: Treatment, ada: Client, clerk: User
) -> None:
    bar(ada, clerk)
    kept = hold(sold, None)
    with pytest.raises(BarredOnline):
        book(kept, make.client(given_name="Not Ada", mail="ada@client.example"))
    assert book(kept, make.client(given_name="Bob", mail="bob@client.example")).state == State.BOOKED


def test_a_bar_made_while_a_time_is_kept_counts_at_the_booking(
    sold: Treatment, ada: Client, clerk: User
) -> None:
    kept = hold(sold, ada)
    bar(ada, clerk)
    with pytest.raises(BarredOnline):
        book(kept, ada, audit.by_contact(ada.contacts[0].id))


def test_anybody_is_then_somebody_else(sold: Treatment, ada: Client, clerk: User) -> None:
    first, second = sold.therapists
    bar(ada, clerk, first.id)
    with pytest.raises(BarredOnline):
        hold(sold, ada, first.id)
    kept = hold(sold, ada)
    assert kept.therapist_id == second.id
    assert book(kept, ada).therapist_id == second.id


def test_a_stranger_with_a_barred_address_does_not_get_that_therapist(
    make: Make, sold: Treatment, ada: Client, clerk: User
) -> None:
    bar(ada, clerk, sold.therapists[0].id)
    kept = hold(sold, None, sold.therapists[0].id)
    with pytest.raises(BarredOnline):
        book(kept, make.client(given_name="Not Ada"))


def test_a_visit_that_stands_is_not_moved_to_the_barred_therapist_but_cancelled(
    make: Make, sold: Treatment, ada: Client, clerk: User
) -> None:
    first, second = sold.therapists
    visit = make.appointment(of=sold, who=ada, therapist=second, starts_at=NINE)
    bar(ada, clerk, first.id)
    asked = {"revision": visit.revision, "actor": audit.by_link(visit.id), "now": NOW}
    with pytest.raises(BarredOnline):
        changes.move(visit.id, NINE + timedelta(hours=2), therapist_id=first.id, **asked)
    db.session.rollback()
    assert changes.cancel(visit.id, **asked).state == State.CANCELLED


def test_a_series_is_one_booking_too(sold: Treatment, ada: Client, clerk: User) -> None:
    therapist = sold.therapists[0]
    bar(ada, clerk, therapist.id)
    order = Order(treatment_id=sold.id, therapist_id=therapist.id, location_id=barred_place(sold))
    chosen = [Slot(starts_at=NINE, therapist_id=therapist.id)]
    with pytest.raises(BarredOnline):
        new_series.book(
            order, chosen, client=ada, actor=audit.by_contact(ada.contacts[0].id), now=NOW, browser=BROWSER
        )
    db.session.rollback()
    assert (
        new_series.book(order, chosen, client=ada, actor=audit.by_user(clerk.id), now=NOW).client_id == ada.id
    )


def barred_place(sold: Treatment) -> object:

    return supply_of(sold.id).sites[0].location_id


def join(sold: Treatment, client: Client, actor: str, therapist_id: UUID | None = None) -> WaitingListEntry:
    return entries.join(
        client=client,
        treatment_id=sold.id,
        therapist_id=therapist_id,
        location_id=None,
        times=entries.times(range(7), range(3)),
        last_on=NOW.date() + timedelta(days=20),
        actor=actor,
        now=NOW,
    )


def test_nobody_barred_waits_online_and_nothing_is_offered_by_itself(
    sold: Treatment, ada: Client, clerk: User
) -> None:
    first, second = sold.therapists
    join(sold, ada, audit.VISITOR)
    bar(ada, clerk, first.id)
    with pytest.raises(BarredOnline):
        join(sold, ada, audit.VISITOR, first.id)
    (waiting,) = matching.in_order(NOW)
    place = barred_place(sold)
    offered = [
        waiting.suits(matching.WaitingListTime(NINE, person.id, place, matching.ZoneInfo("Europe/Berlin")))
        for person in (first, second)
    ]
    assert offered == [False, True]
    bar(ada, clerk)
    with pytest.raises(BarredOnline):
        join(sold, ada, audit.VISITOR)
    assert join(sold, ada, audit.by_user(clerk.id)).client_id == ada.id


def test_staff_book_knowingly(sold: Treatment, ada: Client, clerk: User) -> None:
    bar(ada, clerk)
    booked = desk.book(
        sold.id,
        NINE,
        therapist_id=sold.therapists[0].id,
        location_id=barred_place(sold),
        client=ada,
        by=clerk,
        now=NOW,
    )
    assert booked.state == State.BOOKED


def test_a_time_that_staff_offered_can_be_taken(sold: Treatment, ada: Client, clerk: User) -> None:
    kept = hold(sold, None)
    bar(ada, clerk)
    assert book(kept, ada, approved=True).state == State.BOOKED


def test_a_lifted_bar_is_none(sold: Treatment, ada: Client, clerk: User) -> None:
    bar(ada, clerk)
    (standing,) = barring.of_client(ada.id)
    with pytest.raises(barring.BarredAlready):
        bar(ada, clerk)
    barring.lift(standing.id, by=clerk, now=NOW)
    db.session.commit()
    assert hold(sold, ada).state == State.HELD
    assert barring.of_client(ada.id) == []
    bar(ada, clerk)


def test_the_reason_is_sealed(ada: Client, clerk: User) -> None:
    bar(ada, clerk)
    (standing,) = barring.of_client(ada.id)
    assert standing.reason == "because"
    assert b"because" not in standing.reason_sealed


def test_nobody_who_is_gone_is_barred(make: Make, ada: Client, clerk: User) -> None:
    with pytest.raises(NotFound):
        barring.bar(make.client(erased_at=NOW).id, None, "because", by=clerk, now=NOW)
    with pytest.raises(NotFound):
        barring.bar(ada.id, ada.id, "because", by=clerk, now=NOW)
