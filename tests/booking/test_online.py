"""Not open yet, and closed: what is refused everywhere, what was promised, and what staff do all the same."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.booking import changes, desk, online_booking, services
from clinic.booking.models import State
from clinic.booking.online_booking import BookingClosed, NotOpenYet
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Order, Slot
from clinic.booking.waiting import entries, offer_answers
from clinic.db import db, transaction
from clinic.practice.models import OnlineBooking, Practice, Treatment
from tests.api.caller import Caller
from tests.booking.waiting_list import (
    EVERY_TIME,
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
from tests.visitor import Visitor

BROWSER = b"b" * 32
WORDS = "We are on holiday until 1 May. Write to us, and we call you back."
DETAILS = {
    "given_name": "Zoë",
    "family_name": "Lind",
    "mail": "zoe@client.example",
    "phone": "",
    "agree": "y",
}
STATES = [(OnlineBooking.NOT_OPEN, "not open yet"), (OnlineBooking.CLOSED, WORDS)]


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


def close(make: Make, state: str = OnlineBooking.CLOSED, words: str = WORDS) -> None:
    make.practice(
        online_booking=state, closed_words=words
    ).rules_version += 1  # As every change by the owner does.
    db.session.commit()


def hold(sold: Treatment, start: datetime = THURSDAY_TEN, **more: Any) -> Any:
    with transaction():
        return services.hold(SearchCriteria(sold.id), start, browser=BROWSER, client_id=None, now=NOW, **more)


@pytest.mark.parametrize(("state", "said"), STATES)
def test_nothing_new_begins_online_and_the_refusal_says_why(make: Make, state: str, said: str) -> None:
    sold, ada = make.offering(), make.client()
    kept = hold(sold)
    close(make, state)
    order = Order(treatment_id=sold.id, location_id=kept.location_id)

    def book() -> None:
        services.book(kept.id, browser=BROWSER, client=ada, actor="visitor", now=NOW)

    def keep() -> None:
        services.hold(SearchCriteria(sold.id), THURSDAY_TEN, browser=b"c" * 32, client_id=None, now=NOW)

    def book_a_course() -> None:
        slot = Slot(starts_at=THURSDAY_TEN, therapist_id=kept.therapist_id)
        new_series.book(order, [slot], client=ada, actor="contact:1", browser=BROWSER, now=NOW)

    def wait() -> None:
        entries.join(
            client=ada,
            treatment_id=sold.id,
            therapist_id=None,
            location_id=None,
            times=EVERY_TIME,
            last_on=date(2031, 3, 31),
            actor="visitor",
            now=NOW,
        )

    for verb in (keep, book, book_a_course, wait):
        with pytest.raises(BookingClosed, match=said) as refused, transaction():
            verb()
        assert isinstance(refused.value, NotOpenYet) is (state == OnlineBooking.NOT_OPEN), verb
    assert make.refreshed(kept).state == State.HELD


def test_without_words_of_the_owner_clients_read_ours(make: Make) -> None:
    close(make, words="")
    found = online_booking.refusal(make.practice())
    assert found is not None
    assert found.sentence == BookingClosed.sentence


def test_what_stands_can_be_moved_and_cancelled_and_staff_book_as_always(make: Make) -> None:
    sold, by = make.offering(), make.user(roles=["front_desk"])
    visit = make.appointment(of=sold, starts_at=THURSDAY_TEN, who=make.client())
    close(make)
    later = datetime.fromisoformat("2031-03-06T12:00+00:00")
    with transaction():
        moved = changes.move(visit.id, later, revision=visit.revision, actor=f"link:{visit.id}", now=NOW)
    with transaction():
        changes.cancel(moved.id, revision=moved.revision, actor=f"link:{visit.id}", now=NOW)
    with transaction():
        booked = desk.book(
            sold.id,
            datetime.fromisoformat("2031-03-06T14:00+00:00"),
            therapist_id=sold.therapists[0].id,
            location_id=visit.location_id,
            client=make.client(mail="bob@client.example"),
            by=by,
            now=NOW,
        )
    assert booked.state == State.BOOKED


def test_an_offer_made_before_is_kept_and_new_ones_wait_until_it_opens_again(make: Make) -> None:
    sold = thursdays(make)
    taken = make.appointment(of=sold, starts_at=THURSDAY_TEN, who=make.client())
    next_week = make.appointment(of=sold, starts_at=THURSDAY_TEN + timedelta(days=7), who=make.client())
    first, second = waits(make, sold), waits(make, sold, "Bob", last_on=date(2031, 3, 14))
    look(NOW)
    freed = cancels(taken)
    look(freed)
    close(make)
    with transaction():
        visit = offer_answers.accept(offer_of(first).id, browser=BROWSER, actor="visitor", now=freed)
    assert visit.state == State.BOOKED
    freed = cancels(next_week, freed)
    look(freed)
    assert len(offers_of(second)) == 1
    make.practice(online_booking=OnlineBooking.OPEN)
    look(freed)
    assert len(offers_of(second)) == 2


@pytest.mark.parametrize(("state", "said"), STATES)
def test_every_public_page_and_the_interface_say_it_and_show_no_time(
    make: Make, client: FlaskClient, state: str, said: str
) -> None:
    sold, visitor, caller = make.offering(), Visitor(client), Caller(client)
    caller.days(sold, "2031-03-06", "2031-03-07")
    held = caller.keep(sold, "2031-03-06T13:00+01:00").get_json()["hold"]
    visitor.open(f"/book/{sold.slug}?day=2031-03-06").press(f"10:00 {sold.therapists[0].given_name}")
    close(make, state)
    visitor.press("Book this session", **DETAILS)
    assert visitor.status == 409
    assert said in visitor.text
    assert "zoe@client.example" in visitor.answer.get_data(as_text=True), "what was typed is shown again"
    assert visitor.open("/").status == 200
    assert said in visitor.text
    assert "Book a session" not in visitor.text
    for path in ("/book", f"/book/{sold.slug}?day=2031-03-06", f"/waiting-list/{sold.slug}"):
        assert visitor.open(path).heading == "No online booking for now"
        assert said in visitor.text
        assert "10:00" not in visitor.text
    code = "not-open-yet" if state == OnlineBooking.NOT_OPEN else "booking-closed"
    words = {"treatment": sold.slug, "from": "2031-03-06", "to": "2031-03-07"}
    for answer in (
        caller.get("/availability", query_string=words),
        caller.keep(sold, "2031-03-06T14:00+01:00"),
        caller.book(held),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, code)
        assert said in answer.get_json()["detail"]


def test_a_time_sent_from_an_old_page_is_refused_on_a_page_that_says_it(
    make: Make, client: FlaskClient
) -> None:
    sold, visitor = make.offering(), Visitor(client)
    visitor.open(f"/book/{sold.slug}?day=2031-03-06")
    close(make)
    visitor.press(f"10:00 {sold.therapists[0].given_name}")
    assert (visitor.status, visitor.heading) == (409, "No online booking for now")


def test_a_course_cannot_be_begun_online_while_it_is_closed(make: Make, app: Flask) -> None:
    sold = make.offering()
    order = Order(
        treatment_id=sold.id,
        location_id=make.appointment(of=sold, starts_at=THURSDAY_TEN, who=make.client()).location_id,
    )
    close(make)
    rhythm = new_series.Rhythm(first=datetime(2031, 3, 13, 10), every_weeks=1, count=2)
    with pytest.raises(BookingClosed):
        new_series.propose(order, rhythm, by_staff=False, now=NOW)
    assert len(new_series.propose(order, rhythm, by_staff=True, now=NOW)) == 2
    assert db.session.get_one(Practice, 1).online_booking == OnlineBooking.CLOSED
