"""The pages of the waiting list: join when nothing suits, change, withdraw; take or decline an offered time."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.booking.waiting import entries, offering, queries
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import Offer, OfferEnd, WaitingListEntry
from clinic.db import db, transaction
from clinic.practice.models import Gender, Location, TherapistProfile, Treatment
from clinic.practice.profiles import ProfileDetails
from clinic.web import waiting_form
from tests.booking.waiting_list import THURSDAY_TEN, cancels, look, offer_of, thursdays, waits
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client, shown

pytestmark = pytest.mark.usefixtures("clock_at_now")

ADA = {"given_name": "Ada", "family_name": "Sample", "mail": "ada@client.example"}


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


@pytest.fixture
def visit(make: Make, sold: Treatment) -> Appointment:
    return make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))


def visitor(app: Flask) -> Visitor:
    return Visitor(app.test_client())


def offered(make: Make, sold: Treatment, visit: Appointment, **columns: object) -> Offer:
    """Ada waits, Bob cancels, the time is offered; the clock of pages stands two minutes before that."""
    entry = waits(make, sold, **columns)
    look(cancels(visit, NOW - timedelta(minutes=2)))
    return offer_of(entry)


def path(offer: Offer) -> str:
    return signed_links.offer_path(offer.id, offer.entry.link_epoch)


def entry_path(entry: WaitingListEntry) -> str:
    return signed_links.entry_path(entry.id, entry.link_epoch)


class TestJoining:
    def test_the_list_is_offered_below_the_times_after_other_days_and_therapists(
        self, app: Flask, make: Make
    ) -> None:
        make.practice()
        house = make.location()
        people = [make.therapist(house), make.therapist(house)]
        sold = make.treatment(therapists=people)
        page = visitor(app).open(f"/book/{sold.slug}?therapist={people[0].slug}")
        ways = [link.text for link in page.page.all("a")]
        order = [next(i for i, text in enumerate(ways) if text.startswith(words)) for words in WAYS]
        assert order == sorted(order)
        page.open(f"/waiting-list/{sold.slug}?therapist={people[0].slug}")
        chosen = [option for option in page.page.all("option") if option.has("selected")]
        assert people[0].name in [option.text for option in chosen]

    def test_a_stranger_joins_and_sees_what_they_wait_for(self, app: Flask, sold: Treatment) -> None:
        page = visitor(app).open(f"/waiting-list/{sold.slug}").press("Join the waiting list", **ADA)
        assert page.heading == "You are on the waiting list"
        assert "Thursdays, any time of day" in page.text
        entry = db.session.query(WaitingListEntry).one()
        assert (entry.times, entry.last_on) == ([9, 10, 11], date(2031, 3, 31))
        assert entry.client.given_name == "Ada"
        assert "Ada" not in page.text

    def test_who_lets_the_therapist_decide_waits_so_and_can_change_it(
        self, app: Flask, sold: Treatment, make: Make
    ) -> None:
        page = visitor(app).open(f"/book/{sold.slug}?decide=therapist")
        page.open(f"/waiting-list/{sold.slug}").press("Join the waiting list", **ADA)
        assert "The therapist decides" in page.text
        entry = db.session.query(WaitingListEntry).one()
        assert entry.therapist_decides
        page.open(f"{page.path}/change")
        form, _ = page.form_with("Save")
        assert "decide" in shown(form)
        kept = {name: value for name, value in shown(form).items() if name != "decide"}
        page.answer = page.browser.post(page.path, data=kept)
        db.session.refresh(entry)
        assert not entry.therapist_decides
        assert "The therapist decides" not in page.follow().text

    def test_pressing_twice_joins_once(self, app: Flask, sold: Treatment, make: Make) -> None:
        page = visitor(app).open(f"/waiting-list/{sold.slug}")
        form, _ = page.form_with("Join the waiting list")
        address = page.press("Join the waiting list", **ADA).path
        page.answer = page.browser.get(f"/waiting-list/{sold.slug}")
        key = next(i.get("value") for i in form.all("input") if i.attributes.get("name") == "key")
        assert page.press("Join the waiting list", **ADA, key=key).path == address
        assert make.count(WaitingListEntry) == 1

    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, app: Flask, sold: Treatment, make: Make
    ) -> None:
        page = visitor(app).open(f"/waiting-list/{sold.slug}")
        page.press(
            "Join the waiting list",
            given_name="Ada",
            family_name="",
            mail="nonsense",
            phone="555 0142",
            last_on="2031-02-01",
            days=[],
        )
        assert page.status == 422
        assert page.title.startswith("Error: ")
        for words in (
            "Choose at least one day",
            "Enter a day from today",
            "Enter your family name",
            "Enter an e-mail address",
            "This number cannot be dialled from elsewhere",
        ):
            assert words in page.text
        assert 'value="Ada"' in page.answer.get_data(as_text=True)
        assert make.count(WaitingListEntry) == 0
        assert make.count(Client) == 0

    @pytest.mark.parametrize("last_on", ["", "soon", "2031-13-01", "2032-03-05", "0001-01-01", "99999-01-01"])
    def test_no_other_day_is_taken(self, app: Flask, sold: Treatment, make: Make, last_on: str) -> None:
        page = visitor(app).open(f"/waiting-list/{sold.slug}")
        assert page.press("Join the waiting list", **ADA, last_on=last_on).status == 422

    def test_forged_choices_are_refused(self, app: Flask, sold: Treatment, make: Make) -> None:
        page = visitor(app).open(f"/waiting-list/{sold.slug}")
        forged = {"therapist": "0190a8e2-0000-7000-8000-00000000dead", "days": ["7"], "parts": ["x"]}
        assert page.press("Join the waiting list", **ADA, **forged).status == 422
        assert make.count(WaitingListEntry) == 0

    def test_a_signed_in_client_waits_as_the_one_they_are(
        self, app: Flask, sold: Treatment, make: Make
    ) -> None:
        ada = make.client()
        page = Visitor(as_client(app, ada.contacts[0], ada)).open(f"/waiting-list/{sold.slug}")
        page.press("Join the waiting list")
        assert db.session.query(WaitingListEntry).one().client_id == ada.id

    def test_what_is_free_already_and_suits_is_shown(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make
    ) -> None:
        page = visitor(app).open(entry_path(waits(make, sold)))
        assert "Free already, and it may suit you" in page.text
        assert "Thursday 13 March, 10:00" in page.text
        assert "Thursday 6 March" not in page.text


WAYS = ("Next free day", "See the times of every therapist", "Join the waiting list", "Call us")


class TestWish:
    def test_it_can_be_changed(self, app: Flask, sold: Treatment, make: Make) -> None:
        entry = waits(make, sold)
        page = visitor(app).open(f"{entry_path(entry)}/change")
        page.press("Save", days=["0", "4"], parts=["2"], last_on="2031-03-21")
        assert page.heading == "You are on the waiting list"
        assert "Mondays and Fridays, evenings" in page.text
        assert make.refreshed(entry).times == [2, 14]

    def test_it_can_be_withdrawn(self, app: Flask, sold: Treatment, make: Make) -> None:
        entry = waits(make, sold)
        page = visitor(app).open(entry_path(entry)).press("Take me off the list")
        assert page.heading == "You withdrew"
        assert not make.refreshed(entry).is_live
        assert page.open(f"{entry_path(entry)}/change").heading == "You withdrew"

    def test_who_withdrew_by_a_slip_is_put_back_at_the_old_place(
        self, app: Flask, sold: Treatment, make: Make
    ) -> None:
        entry = waits(make, sold)
        page = visitor(app).open(entry_path(entry)).press("Take me off the list")
        page.press("Put me back on the list")
        assert "You are on the waiting list again, at your old place." in page.text
        assert page.heading == "You are on the waiting list"
        assert (make.refreshed(entry).end, entry.created_at) == (None, NOW)

    def test_a_day_later_one_joins_anew(
        self, app: Flask, sold: Treatment, make: Make, the_clock_says: Callable[[datetime], None]
    ) -> None:
        entry = waits(make, sold)
        page = visitor(app).open(entry_path(entry)).press("Take me off the list")
        the_clock_says(NOW + entries.BACK_WITHIN + timedelta(minutes=5))
        assert "Put me back" not in page.open(entry_path(entry)).text
        answer = page.browser.post(f"{entry_path(entry)}/back", data={"csrf_token": page.token()})
        assert answer.status_code == 409
        assert "not on the waiting list" in answer.text
        assert not make.refreshed(entry).is_live

    def test_a_withdrawn_one_is_not_changed_by_an_old_page(
        self, app: Flask, sold: Treatment, make: Make
    ) -> None:
        entry = waits(make, sold)
        page = visitor(app).open(f"{entry_path(entry)}/change")
        visitor(app).open(entry_path(entry)).press("Take me off the list")
        page.press("Save", days=["0"])
        assert page.status == 409
        assert "not on the waiting list" in page.text

    def test_nobody_elses_key_opens_it(self, app: Flask, sold: Treatment, make: Make) -> None:
        entry = waits(make, sold)
        for wrong in (
            signed_links.purpose_path("w", signed_links.ENTRY, entry.id, 2),
            signed_links.purpose_path("w", signed_links.OFFER, entry.id, 1),
            "/w/nonsense",
        ):
            assert visitor(app).open(wrong).status == 404


class TestOffer:
    def test_it_says_when_with_whom_where_how_much_and_until_when(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make
    ) -> None:
        page = visitor(app).open(path(offered(make, sold, visit)))
        assert page.heading == "Thursday 6 March, 10:00 to 11:00"
        for words in ("kept until 10:30".removeprefix("kept "), sold.therapists[0].name, "€60", "Massage"):
            assert words in page.text
        assert sold.name not in page.text, "a treatment's own name may tell of health"
        assert "Ada" not in page.text

    def test_looking_changes_nothing(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make
    ) -> None:
        offer = offered(make, sold, visit)
        visitor(app).open(path(offer))
        assert make.refreshed(offer).ended_at is None

    def test_taking_it_books(self, app: Flask, sold: Treatment, visit: Appointment, make: Make) -> None:
        offer = offered(make, sold, visit)
        page = visitor(app).open(path(offer)).press("Take this time")
        assert page.heading == "You are booked, Ada"
        booked = make.found(Appointment, offer.offering.hold_id)
        assert (booked.state, booked.starts_at) == (State.BOOKED, THURSDAY_TEN)
        assert page.open(path(offer)).path.startswith("/a/"), "the old address leads to the visit"

    @pytest.mark.parametrize(
        ("by_hand", "said", "heading"),
        [(False, True, "We have your request, Ada"), (True, False, "You are booked, Ada")],
    )
    def test_where_clients_ask_first_the_page_says_so_unless_staff_offered_it_by_hand(
        self, app: Flask, make: Make, by_hand: bool, said: bool, heading: str
    ) -> None:
        sold = thursdays(make, approval="ask_first")
        entry, person, place = waits(make, sold), sold.therapists[0], db.session.query(Location).one()
        time = WaitingListTime(THURSDAY_TEN, person.id, place.id, ZoneInfo(place.zone))
        by_id = make.user().id if by_hand else None
        with transaction():
            offering.keep(sold.id, time, [entry.id], now=NOW, by_id=by_id)
        page = visitor(app).open(path(offer_of(entry)))
        assert ("A therapist confirms it first." in page.text) is said
        assert page.press("Take this time").heading == heading

    def test_saying_no_leaves_one_on_the_list(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make
    ) -> None:
        offer = offered(make, sold, visit)
        page = visitor(app).open(path(offer)).press("No, thank you")
        assert page.heading == "You are on the waiting list"
        assert make.refreshed(offer).end == OfferEnd.DECLINED

    def test_who_comes_second_is_told_so_with_the_nearest_times(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make
    ) -> None:
        bea = waits(make, sold, "Bea", now=NOW - timedelta(minutes=5))
        offer = offered(make, sold, visit)
        late = visitor(app).open(path(offer))
        assert "offered it to 1 other person" in late.text
        visitor(app).open(path(offer_of(bea))).press("Take this time")
        late.press("Take this time")
        assert late.status == 409
        assert late.heading == "This time is gone"
        assert "Somebody else was quicker" in late.text
        assert "Thursday 13 March, 10:00" in late.text
        assert "You stay on the waiting list" in late.text

    def test_when_its_time_is_over_it_says_so(
        self, app: Flask, sold: Treatment, visit: Appointment, make: Make, the_clock_says
    ) -> None:
        offer = offered(make, sold, visit)
        the_clock_says(NOW + timedelta(minutes=31))
        page = visitor(app).open(path(offer))
        assert page.heading == "This time is gone"
        assert "The time to answer is over" in page.text

    def test_questions_come_first_where_the_treatment_asks_them_and_the_time_waits(
        self, app: Flask, make: Make
    ) -> None:
        sold = thursdays(make, intake="before_booking")
        visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
        offer = offered(make, sold, visit)
        page = visitor(app).open(path(offer)).press("Take this time and answer")
        assert page.path == "/intake"
        assert "This time is yours to finish booking" in page.text
        hold = make.found(Appointment, offer.offering.hold_id)
        assert hold.state == State.HELD
        page.open("/book/details")
        assert page.path == path(offer), "whoever is done comes back to the offer"
        make.submission(browser=hold.held_by, submitted_at=NOW)
        page.open(path(offer)).press("Take this time")
        assert page.heading == "You are booked, Ada"

    def test_without_answers_it_can_be_asked_for(self, app: Flask, make: Make) -> None:
        sold = thursdays(make, intake="before_booking")
        visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
        offer = offered(make, sold, visit)
        page = visitor(app).open(path(offer)).press("Ask for it without answering")
        assert page.heading == "We have your request, Ada"

    def test_somebody_who_should_see_a_doctor_is_asked_to_call(self, app: Flask, make: Make) -> None:
        sold = thursdays(make, intake="before_booking")
        visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
        offer = offered(make, sold, visit)
        make.submission(who=offer.entry.client, level="refer", disposition="doctor", submitted_at=NOW)
        page = visitor(app).open(path(offer)).press("Take this time")
        assert page.status == 403
        assert "Please call us before you take this time" in page.text
        assert make.refreshed(offer).ended_at is None


class TestEarlier:
    @pytest.fixture
    def late_visit(self, make: Make, sold: Treatment) -> Appointment:
        return make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN + timedelta(days=14))

    def manage(self, visit: Appointment) -> str:
        return signed_links.manage_path(visit.id, visit.link_epoch)

    def test_from_its_own_page_a_visit_waits_for_something_earlier_and_moves_to_it(
        self, app: Flask, make: Make, visit: Appointment, late_visit: Appointment
    ) -> None:
        page = visitor(app).open(self.manage(late_visit))
        assert "Tell me when something earlier is free" in page.text
        page.open(f"{self.manage(late_visit)}/earlier").press("Tell me when something is free")
        assert page.heading == "You wait for something earlier"
        assert "What you wait for" in page.open(self.manage(late_visit)).text
        assert page.open(f"{self.manage(late_visit)}/earlier").path.startswith("/w/")
        look(cancels(visit, NOW - timedelta(minutes=2)))
        page.open(path(db.session.query(Offer).one()))
        assert "Thursday 20 March, 10:00" in page.text
        page.press("Take this time")
        assert make.refreshed(late_visit).starts_at == THURSDAY_TEN
        assert page.path.startswith("/a/")

    def test_a_visit_that_is_cancelled_offers_no_waiting(
        self, app: Flask, make: Make, late_visit: Appointment
    ) -> None:
        cancels(late_visit)
        page = visitor(app).open(f"{self.manage(late_visit)}/earlier")
        assert page.path == self.manage(late_visit)
        assert "earlier" not in page.text


@pytest.mark.parametrize(
    ("days", "parts", "words"),
    [
        (range(7), range(3), "Any day, any time of day"),
        ([0], [0], "Mondays, mornings"),
        ([0, 3, 5], [0, 2], "Mondays, Thursdays and Saturdays, mornings and evenings"),
        ([0, 1, 2, 4, 5], [1], "Mondays to Wednesdays, Fridays and Saturdays, afternoons"),
    ],
)
def test_an_entry_reads_like_a_sentence(days: list[int], parts: list[int], words: str) -> None:
    assert waiting_form.in_words(waiting_form.entries.times(days, parts)) == words


class TestWomanOrMan:
    def test_a_wish_for_a_woman_or_a_man_is_kept_on_the_list_and_can_be_changed(
        self, app: Flask, make: Make
    ) -> None:
        make.practice()
        house = make.location()
        thea = make.therapist(house, given_name="Thea", slug="thea", hours=(9, 12))
        emil = make.therapist(house, given_name="Emil", slug="emil", hours=(13, 17))
        for person, gender in ((thea, Gender.WOMAN), (emil, Gender.MAN)):
            person.profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True, gender=gender)))
        db.session.commit()
        sold = make.treatment(therapists=[thea, emil])
        page = visitor(app).open(f"/book/{sold.slug}?with=woman")
        page.open(
            next(link.get("href") for link in page.page.all("a") if "/waiting-list/" in link.get("href"))
        )
        page.press("Join the waiting list", **ADA)
        assert "With A woman" in page.text
        entry = db.session.query(WaitingListEntry).one()
        assert (entry.therapist_id, entry.therapist_gender) == (None, "woman")
        assert {time.therapist_id for time in queries.fitting(entry, NOW, 9, apart=timedelta(hours=1))} == {
            thea.id
        }
        page.open(f"{page.path}/change").press("Save", therapist="man")
        assert "With A man" in page.text
        db.session.refresh(entry)
        assert {time.therapist_id for time in queries.fitting(entry, NOW, 9, apart=timedelta(hours=1))} == {
            emil.id
        }
        page.open(f"{page.path}/change").press("Save", therapist=str(thea.id))
        db.session.refresh(entry)
        assert (entry.therapist_id, entry.therapist_gender) == (thea.id, None)

    def test_who_waits_for_something_earlier_changes_days_times_and_therapist(
        self, app: Flask, make: Make, visit: Appointment
    ) -> None:
        page = visitor(app).open(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/earlier")
        page.press("Tell me when something is free", days=["3"], parts=["0", "1", "2"], same_therapist="y")
        entry = db.session.query(WaitingListEntry).one()
        assert entry.therapist_id == visit.therapist_id
        (change,) = [link for link in page.page.all("a") if link.text == "Change"]
        page.open(change.get("href"))
        form, _ = page.form_with("Save")
        assert shown(form)["same_therapist"] == ["y"]
        kept = {name: value for name, value in shown(form).items() if name != "same_therapist"}
        page.answer = page.browser.post(page.path, data=kept | {"days": ["2", "3"], "parts": ["0"]})
        page.follow()
        assert "Wednesdays and Thursdays, mornings" in page.text
        db.session.refresh(entry)
        assert (entry.therapist_id, entry.times, entry.replaces_id) == (None, [6, 9], visit.id)
        assert entry.location_id == visit.location_id
