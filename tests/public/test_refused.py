"""Whatever is refused on a public page is said in a sentence, on a page from which one goes on with what was chosen and typed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import limits, signed_links
from clinic.booking import changes, services
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting.models import WaitingListEntry as Waiting
from clinic.db import db, transaction
from clinic.intake.models import RaisedLevel
from clinic.practice.models import Treatment
from clinic.web import time_values
from tests.booking.waiting_list import cancels, look, offer_of, thursdays, waits
from tests.conftest import NOW
from tests.make import Make
from tests.public.test_booking_pages import DETAILS, THURSDAY_TEN, at_details
from tests.visitor import Visitor, as_client, shown

pytestmark = pytest.mark.usefixtures("clock_at_now")

ADA = {"given_name": "Ada", "family_name": "Sample", "mail": "ada@client.example"}
HERE = "127.0.0.1"


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def used_up(limit: limits.Limit, key: str) -> None:
    for _ in range(limit.count):
        limits.take(limit, key, NOW)


def takes_ten(visitor: Visitor, sold: Treatment, query: str = "") -> Visitor:
    visitor.open(f"/book/{sold.slug}?day=2031-03-06{query}")
    return visitor.press(f"10:00 {sold.therapists[0].given_name}")


def said(visitor: Visitor) -> str:
    """What stands in the box that says why not; it takes the focus, and the title says that something is wrong."""
    assert visitor.title.startswith("Error: ")
    (box,) = [one for one in visitor.page.all("div") if "error-summary" in one.attributes.get("class", "")]
    assert box.get("role") == "alert"
    return box.text


class TestHolding:
    def test_what_is_not_for_a_first_visit_leads_to_the_sign_in_and_to_other_treatments(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering(new_clients="not_first")
        takes_ten(visitor, sold)
        assert visitor.status == 409
        assert visitor.heading == "Choose a time"
        assert said(visitor).startswith("This treatment is not for a first visit.")
        ways = {link.text: link.get("href") for link in visitor.page.all("a")}
        assert ways["Sign in"] == f"/my/sign-in?next=/book/{sold.slug}"
        assert ways["Other treatments"] == "/book"
        assert make.count(Appointment) == 0

    def test_a_signed_in_client_who_is_new_is_not_sent_to_the_sign_in(self, app: Flask, make: Make) -> None:
        sold, ada = make.offering(new_clients="not_first"), make.client()
        visitor = takes_ten(Visitor(as_client(app, ada.contacts[0], ada)), sold)
        assert "Other treatments" in said(visitor)
        assert "Sign in" not in [link.text for link in visitor.page.all("a")]

    def test_the_therapist_the_day_and_the_weeks_stay_as_they_were_chosen(
        self, make: Make, visitor: Visitor
    ) -> None:
        make.practice()
        house = make.location()
        people = [make.therapist(house), make.therapist(house)]
        sold = make.treatment(therapists=people, new_clients="not_first")
        takes_ten(visitor, sold, f"&from=2031-03-03&therapist={people[0].slug}")
        said(visitor)
        (chosen,) = visitor.page.one("nav", aria_label="Therapist").all("a", aria_current="true")
        assert chosen.text == people[0].name
        assert "Thursday 6 March" in [one.text for one in visitor.page.all("h2")]

    def test_whoever_asks_too_often_is_told_when_to_come_again(self, make: Make, visitor: Visitor) -> None:
        sold = make.offering()
        used_up(limits.HOLDS_NETWORK, limits.network(HERE))
        takes_ten(visitor, sold)
        assert visitor.status == 429
        assert int(visitor.answer.headers["Retry-After"]) > 0
        assert said(visitor).startswith("Too many attempts.")
        assert visitor.heading == "Choose a time"

    def test_a_treatment_taken_off_the_list_meanwhile_leads_to_the_others(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering()
        other = make.treatment(name="Short massage", therapists=sold.therapists)
        visitor.open(f"/book/{sold.slug}?day=2031-03-06")
        sold.retired_at = NOW
        db.session.commit()
        visitor.press("10:00 " + other.therapists[0].given_name)
        assert visitor.status == 404
        assert said(visitor) == "This treatment is not offered."
        assert "Short massage" in visitor.text


def no_longer_for_new_clients(make: Make, sold: Treatment) -> None:
    sold.new_clients = "not_first"
    db.session.commit()


def nobody_has_more_than_one(make: Make, sold: Treatment) -> None:
    make.practice(open_bookings_per_client=1)
    zoe = make.client(mail=DETAILS["mail"])
    make.appointment(of=sold, who=zoe, starts_at=THURSDAY_TEN + timedelta(days=7))


def the_network_books_much(make: Make, sold: Treatment) -> None:
    used_up(limits.BOOKINGS_NETWORK, limits.network(HERE))


class TestBooking:
    @pytest.mark.parametrize(
        ("happens", "status", "words"),
        [
            (no_longer_for_new_clients, 409, "This treatment is not for a first visit."),
            (nobody_has_more_than_one, 409, "You have several appointments open already."),
            (the_network_books_much, 429, "Too many attempts."),
        ],
    )
    def test_a_refusal_keeps_the_time_and_all_that_was_typed(
        self,
        make: Make,
        visitor: Visitor,
        happens: Callable[[Make, Treatment], None],
        status: int,
        words: str,
    ) -> None:
        sold = make.offering()
        at_details(visitor, sold)
        happens(make, sold)
        visitor.press("Book this session", **DETAILS)
        assert (visitor.status, visitor.heading) == (status, "Your details")
        assert said(visitor).startswith(words)
        form, _ = visitor.form_with("Book this session")
        typed = shown(form)
        assert {name: typed[name] for name in ("given_name", "family_name", "mail")} == {
            name: DETAILS[name] for name in ("given_name", "family_name", "mail")
        }
        held = db.session.query(Appointment).filter_by(state=State.HELD).one()
        assert held.starts_at == THURSDAY_TEN

    def test_the_same_page_books_once_what_stood_in_the_way_is_gone(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering()
        at_details(visitor, sold)
        no_longer_for_new_clients(make, sold)
        visitor.press("Book this session", **DETAILS)
        sold.new_clients = "welcome"
        db.session.commit()
        visitor.press("Book this session", agree="y")
        assert visitor.heading == "You are booked, Zoë"

    def test_an_old_page_with_other_details_books_nothing_and_leads_to_the_treatments(
        self, make: Make, visitor: Visitor
    ) -> None:
        at_details(visitor, make.offering())
        form, _ = visitor.form_with("Book this session")
        old = {**shown(form), **DETAILS}
        visitor.press("Book this session", **DETAILS)
        visitor.answer = visitor.browser.post("/book/details", data={**old, "given_name": "Yann"})
        assert (visitor.status, visitor.heading) == (409, "Choose a treatment")
        assert "that booking stays as it is" in said(visitor)
        assert make.count(Appointment) == 1

    def test_an_old_page_with_another_time_kept_meanwhile_books_that_once_it_is_sent_again(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering()
        at_details(visitor, sold)
        form, _ = visitor.form_with("Book this session")
        old = {**shown(form), **DETAILS, "given_name": "Yann"}
        visitor.press("Book this session", **DETAILS)
        visitor.open(f"/book/{sold.slug}?day=2031-03-13").press(f"10:00 {sold.therapists[0].given_name}")
        visitor.answer = visitor.browser.post("/book/details", data=old)
        assert (visitor.status, visitor.heading) == (409, "Your details")
        visitor.path = "/book/details"
        visitor.press("Book this session", agree="y")
        assert visitor.heading == "You are booked, Yann"
        assert make.count(Appointment) == 2


class TestMovingAndCancelling:
    def manage(self, visitor: Visitor, visit: Appointment) -> Visitor:
        return visitor.open(signed_links.manage_path(visit.id, visit.link_epoch))

    def booked(self, make: Make, sold: Treatment) -> Appointment:
        return make.appointment(of=sold, who=make.client())

    def test_a_move_that_comes_too_late_keeps_the_day_that_was_looked_at(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering()
        visit = self.booked(make, sold)
        token = signed_links.manage_path(visit.id, visit.link_epoch)
        visitor.open(f"{token}/move?day=2031-03-13&from=2031-03-10")
        hold = SearchCriteria(sold.id)
        with transaction():
            week_later = THURSDAY_TEN + timedelta(days=7)
            services.hold(hold, week_later, browser=b"y" * 32, client_id=None, now=NOW)
        visitor.press(f"10:00 {sold.therapists[0].given_name}").press("Move the appointment")
        assert visitor.status == 409
        assert "The nearest free times:" in said(visitor)
        assert "Thursday 13 March" in [one.text for one in visitor.page.all("h2")]

    @pytest.mark.parametrize("deed", ["cancel", "undo", "move"])
    def test_whoever_acts_too_often_sees_how_the_visit_stands(
        self, make: Make, visitor: Visitor, deed: str
    ) -> None:
        visit = self.booked(make, make.offering())
        used_up(limits.CHANGES_LINK, str(visit.id))
        token = visitor.open(signed_links.manage_path(visit.id, visit.link_epoch)).token()
        start = time_values.value(THURSDAY_TEN + timedelta(days=7), visit.therapist_id)
        data = {"revision": visit.revision, "csrf_token": token, "start": start, "sure": "yes"}
        visitor.answer = visitor.browser.post(f"{visitor.path}/{deed}", data=data)
        assert visitor.status == 429
        assert visitor.answer.headers["Retry-After"]
        assert visitor.heading.startswith("Thursday 6 March")
        assert "Too many attempts." in visitor.text
        assert make.refreshed(visit).state == State.BOOKED

    def test_a_cancel_that_cannot_be_taken_back_any_more_is_said_on_the_visits_page(
        self, make: Make, visitor: Visitor
    ) -> None:
        """Somebody has the time although it was kept: then the constraint says no, and the page says so."""
        sold = make.offering()
        visit = self.booked(make, sold)
        cancelled = cancels_now(visit)
        page = self.manage(visitor, cancelled)
        db.session.query(Appointment).filter_by(undo_of_id=visit.id).update({"state": State.LAPSED})
        db.session.commit()
        make.appointment(of=sold, who=make.client(mail="bob@client.example"))
        page.press("Undo")
        assert page.status == 409
        assert "The old time is no longer free, so this cannot be taken back." in page.text
        assert "Book a new time" in page.text

    def test_a_move_back_to_a_time_that_is_too_soon_for_safety_is_said_on_the_visits_page(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = make.offering()
        visit = self.booked(make, sold)
        with transaction():
            changes.move(
                visit.id,
                THURSDAY_TEN + timedelta(days=7),
                revision=visit.revision,
                actor=f"link:{visit.id}",
                now=NOW,
            )
        page = self.manage(visitor, visit)
        db.session.add(RaisedLevel(client_id=visit.client_id, level="refer", raised_at=NOW))
        db.session.commit()
        page.press("Undo")
        assert page.status == 403
        assert "Please call us" in page.text
        assert make.refreshed(visit).starts_at == THURSDAY_TEN + timedelta(days=7)


def cancels_now(visit: Appointment) -> Appointment:
    with transaction():
        changes.cancel(visit.id, revision=visit.revision, actor=f"link:{visit.id}", now=NOW)
    return visit


class TestWaiting:
    def test_what_is_not_for_a_first_visit_is_said_beside_all_that_was_typed(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = thursdays(make, new_clients="not_first")
        visitor.open(f"/waiting-list/{sold.slug}").press("Join the waiting list", **ADA)
        assert (visitor.status, visitor.heading) == (409, "Join the waiting list")
        assert said(visitor).startswith("This treatment is not for a first visit.")
        assert 'value="Ada"' in visitor.answer.get_data(as_text=True)
        assert make.count(Waiting) == 0

    def test_too_many_on_one_network_are_told_when_to_come_again(self, make: Make, visitor: Visitor) -> None:
        sold = thursdays(make)
        used_up(limits.WAITING_NETWORK, limits.network(HERE))
        visitor.open(f"/waiting-list/{sold.slug}").press("Join the waiting list", **ADA)
        assert (visitor.status, visitor.heading) == (429, "Join the waiting list")
        assert visitor.answer.headers["Retry-After"]
        assert 'value="Ada"' in visitor.answer.get_data(as_text=True)

    def test_an_old_page_with_other_details_waits_once_it_is_sent_again(
        self, make: Make, visitor: Visitor
    ) -> None:
        sold = thursdays(make)
        visitor.open(f"/waiting-list/{sold.slug}")
        form, _ = visitor.form_with("Join the waiting list")
        old: dict[str, Any] = {**shown(form), **ADA, "given_name": "Yann"}
        visitor.press("Join the waiting list", **ADA)
        visitor.path = f"/waiting-list/{sold.slug}"
        visitor.answer = visitor.browser.post(visitor.path, data=old)
        assert (visitor.status, make.count(Waiting)) == (409, 1)
        said(visitor)
        visitor.press("Join the waiting list")
        assert visitor.heading == "You are on the waiting list"
        assert make.count(Waiting) == 2

    @pytest.mark.parametrize("button", ["Take this time", "No, thank you"])
    def test_an_offer_answered_too_often_still_stands(
        self, make: Make, visitor: Visitor, button: str
    ) -> None:
        sold = thursdays(make)
        visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
        entry = waits(make, sold)
        look(cancels(visit, NOW - timedelta(minutes=2)))
        offer = offer_of(entry)
        used_up(limits.CHANGES_LINK, str(offer.id))
        visitor.open(signed_links.offer_path(offer.id, entry.link_epoch)).press(button)
        assert visitor.status == 429
        assert "Too many attempts." in visitor.text
        visitor.form_with("Take this time")

    def test_an_offer_that_is_no_longer_for_new_clients_says_so(self, make: Make, visitor: Visitor) -> None:
        sold = thursdays(make)
        visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
        entry = waits(make, sold)
        look(cancels(visit, NOW - timedelta(minutes=2)))
        sold.new_clients = "not_first"
        db.session.commit()
        offer = offer_of(entry)
        visitor.open(signed_links.offer_path(offer.id, entry.link_epoch)).press("Take this time")
        assert visitor.status == 409
        assert "This treatment is not for a first visit." in visitor.text

    @pytest.mark.parametrize("button", ["Save", "Take me off the list"])
    def test_an_entry_changed_too_often_stays_as_it_is(
        self, make: Make, visitor: Visitor, button: str
    ) -> None:
        entry = waits(make, thursdays(make))
        used_up(limits.CHANGES_LINK, str(entry.id))
        path = signed_links.entry_path(entry.id, entry.link_epoch)
        visitor.open(f"{path}/change" if button == "Save" else path).press(button)
        assert visitor.status == 429
        assert "Too many attempts." in visitor.text
        assert make.refreshed(entry).ended_at is None

    def test_something_earlier_asked_for_too_often_keeps_what_was_ticked(
        self, make: Make, visitor: Visitor
    ) -> None:
        visit = make.appointment(of=make.offering(), who=make.client())
        used_up(limits.CHANGES_LINK, str(visit.id))
        visitor.open(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/earlier")
        visitor.press("Tell me when something is free", same_therapist="y")
        assert (visitor.status, visitor.heading) == (429, "Something earlier?")
        form, _ = visitor.form_with("Tell me when something is free")
        assert shown(form)["same_therapist"] == ["y"]
