"""The waiting list at the desk: who waits, what is offered to whom, offering by hand, taking a time for a caller."""

from datetime import date, timedelta

import pytest
from flask import Flask

from clinic.booking.models import Appointment, State
from clinic.booking.waiting import entries, offer_answers
from clinic.booking.waiting.models import Offer, OfferEnd, Offering, OfferingEnd, WaitingListEntry
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from tests.booking.waiting_list import THURSDAY_TEN, cancels, look, offer_of, thursdays, waits
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_staff, shown

pytestmark = pytest.mark.usefixtures("clock_at_now")


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


@pytest.fixture
def visit(make: Make, sold: Treatment) -> Appointment:
    return make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))


@pytest.fixture
def desk(app: Flask, make: Make) -> Visitor:
    return Visitor(as_staff(app, make.user(roles=["front_desk"])))


def test_an_empty_list_says_what_fills_it(desk: Visitor, sold: Treatment) -> None:
    page = desk.open("/staff/waiting-list")
    assert page.heading == "Waiting list"
    assert "Nobody waits" in page.text


def test_the_list_shows_who_waits_for_what_and_can_be_narrowed(
    desk: Visitor, make: Make, sold: Treatment
) -> None:
    other = make.treatment(therapists=sold.therapists)
    waits(make, sold, "Ada", times=[9], last_on=date(2031, 3, 20))
    waits(make, other, "Bea")
    page = desk.open("/staff/waiting-list")
    assert page.text.index("Ada Sample") < page.text.index("Bea Sample")
    assert "Thursdays, mornings" in page.text
    assert "until Thursday 20 March" in page.text
    assert "ada@client.example" in page.text
    narrowed = desk.open(f"/staff/waiting-list?treatment={other.slug}").text
    assert "Bea Sample" in narrowed
    assert "Ada Sample" not in narrowed
    assert desk.open("/staff/waiting-list?treatment=nothing").status == 404


def test_who_cannot_be_written_to_is_marked(desk: Visitor, make: Make, sold: Treatment) -> None:
    waits(make, sold, who=make.client(given_name="Phone", mail=None))
    assert "No e-mail: call" in desk.open("/staff/waiting-list").text


def test_what_is_offered_stands_above_with_every_answer(
    desk: Visitor, make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea", now=NOW + timedelta(seconds=1))
    look(cancels(visit, NOW - timedelta(minutes=2)))
    with transaction():
        offer_answers.decline(offer_of(bea).id, actor="visitor", now=NOW)
    page = desk.open("/staff/waiting-list").text
    assert "Thursday 6 March, 10:00 to 11:00" in page
    assert "Kept until 10:30, first round" in page
    assert "Said no" in page
    assert offer_of(ada).ended_at is None


def test_a_time_is_taken_for_somebody_on_the_telephone(
    desk: Visitor, make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    look(cancels(visit, NOW - timedelta(minutes=2)))
    page = desk.open("/staff/waiting-list").press("Take it for Ada Sample")
    booked = db.session.query(Appointment).filter_by(client_id=ada.client_id).one()
    assert (booked.state, booked.starts_at) == (State.BOOKED, THURSDAY_TEN)
    assert page.path == f"/staff/appointments/{booked.id}"


def test_a_time_taken_meanwhile_is_told(
    desk: Visitor, make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada, bea = waits(make, sold, "Ada"), waits(make, sold, "Bea")
    look(cancels(visit, NOW - timedelta(minutes=2)))
    desk.open("/staff/waiting-list")
    with transaction():
        offer_answers.accept(offer_of(bea).id, browser=b"m" * 32, actor="visitor", now=NOW)
    desk.press("Take it for Ada Sample")
    assert "Somebody else was quicker" in desk.text
    assert offer_of(ada).end == OfferEnd.MISSED


def test_an_offered_time_is_taken_back(
    desk: Visitor, make: Make, sold: Treatment, visit: Appointment
) -> None:
    ada = waits(make, sold)
    look(cancels(visit, NOW - timedelta(minutes=2)))
    desk.open("/staff/waiting-list").press("Withdraw: Thursday 6 March, 10:00")
    assert make.refreshed(offer_of(ada)).end == OfferEnd.STOPPED
    assert db.session.query(Offering).one().end == OfferingEnd.STOPPED


def test_a_free_time_is_offered_by_hand_to_those_who_were_chosen(
    desk: Visitor, make: Make, sold: Treatment
) -> None:
    ada, bea, cleo = (waits(make, sold, name) for name in ("Ada", "Bea", "Cleo"))
    waits(make, sold, "Monday", times=[0])
    page = desk.open(f"/staff/waiting-list/{ada.id}/offer")
    first = next(link for link in page.page.all("a") if "10:00" in link.text)
    page.open(first.get("href"))
    assert page.heading == "Thursday 6 March, 10:00"
    assert "Monday Sample" not in page.text, "it does not suit everybody"
    page.press("Keep it and offer it", people=[str(ada.id), str(cleo.id)])
    assert page.path == "/staff/waiting-list"
    assert {offer.entry_id for offer in db.session.query(Offer)} == {ada.id, cleo.id}
    assert "offered by hand" in page.text
    look(NOW + timedelta(minutes=31))
    assert db.session.query(Offering).one().end == OfferingEnd.PUBLIC, "nobody else is asked afterwards"
    assert make.refreshed(bea).is_live


def test_a_time_that_was_just_taken_is_not_offered(desk: Visitor, make: Make, sold: Treatment) -> None:
    ada = waits(make, sold)
    page = desk.open(f"/staff/waiting-list/{ada.id}/offer")
    first = next(link for link in page.page.all("a") if "10:00" in link.text)
    page.open(first.get("href"))
    make.appointment(of=sold, who=make.client(mail="q@client.example"))
    page.press("Keep it and offer it")
    assert page.status == 409
    assert make.count(Offering) == 0
    page.open(first.get("href")).press("Keep it and offer it", people=[])
    assert page.status == 422


@pytest.mark.parametrize(
    "start",
    [
        "nonsense",
        "2031-03-06T09:00:00+00:00/x",
        "2031-03-06T09:00:00+00:00/0190a8e2-0000-7000-8000-00000000dead",
    ],
)
def test_forged_times_are_not_found(desk: Visitor, make: Make, sold: Treatment, start: str) -> None:
    ada = waits(make, sold)
    assert desk.open(f"/staff/waiting-list/{ada.id}/offer?start={start}").status == 404


def test_a_caller_is_put_on_the_list(desk: Visitor, make: Make, sold: Treatment) -> None:
    page = desk.open(f"/staff/waiting-list/add?treatment={sold.slug}")
    page.press("Put on the list", given_name="Dora", family_name="Sample", phone="030 5550111", decide="y")
    assert page.path == "/staff/waiting-list"
    entry = db.session.query(WaitingListEntry).one()
    assert (entry.client.given_name, entry.client.contacts[0].kind) == ("Dora", "phone")
    assert "Dora is on the waiting list" in page.text
    assert entry.therapist_decides
    assert "Leaves the type to the therapist." in page.text


def test_a_caller_whom_nobody_could_reach_is_refused_and_nothing_is_lost(
    desk: Visitor, make: Make, sold: Treatment
) -> None:
    page = desk.open(f"/staff/waiting-list/add?treatment={sold.slug}")
    page.press("Put on the list", given_name="Dora", family_name="Sample", days=["2"])
    assert page.status == 422
    assert "Enter an e-mail address or a telephone number" in page.text
    assert 'value="Dora"' in page.answer.get_data(as_text=True)
    assert make.count(WaitingListEntry) == 0


def test_a_known_client_waits_under_their_own_record(desk: Visitor, make: Make, sold: Treatment) -> None:
    ada = make.client()
    page = desk.open(f"/staff/waiting-list/add?treatment={sold.slug}&client={ada.id}")
    page.press("Put on the list")
    entry = db.session.query(WaitingListEntry).one()
    assert (entry.client_id, entry.therapist_decides) == (ada.id, False)


def test_a_known_client_is_found_and_leads_straight_to_the_form(
    desk: Visitor, make: Make, sold: Treatment
) -> None:
    ada = make.client()
    listed = desk.open(f"/staff/waiting-list?treatment={sold.slug}").page
    link = next(one for one in listed.all("a") if one.text == "Add somebody")
    page = desk.open(link.get("href"))
    form = f"/staff/waiting-list/add?client={ada.id}&treatment={sold.slug}"
    page.press("Find", text="sample")
    assert "1 client found" in page.text
    assert page.page.one("a", href=form).text.startswith("Put Ada on the list")
    sent = {**shown(page.form_with("Find")[0]), "text": "ada"}
    typed = page.browser.post(f"/staff/waiting-list/suggest?treatment={sold.slug}", data=sent)
    assert f"client={ada.id}" in typed.get_data(as_text=True)
    page.press("Find", text="nobody at all")
    assert "Nobody is found" in page.text
    page.press("Find", text="")
    assert page.status == 422


def test_somebody_known_waits_for_what_they_had_last_time_unless_another_treatment_was_asked_for(
    desk: Visitor, make: Make, sold: Treatment
) -> None:
    usual = make.treatment(therapists=sold.therapists, name="Zone massage")
    ada = make.client()
    make.appointment(of=usual, who=ada, starts_at=NOW - timedelta(days=9), state=State.DONE)
    for asked, expected in (("", usual), (f"?treatment={sold.slug}", sold)):
        desk.open(f"/staff/waiting-list/find{asked}").press("Find", text="sample")
        form = f"/staff/waiting-list/add?client={ada.id}&treatment={expected.slug}"
        assert desk.page.one("a", href=form).text.startswith("Put Ada on the list")


def test_somebody_is_taken_off_the_list(desk: Visitor, make: Make, sold: Treatment) -> None:
    ada = waits(make, sold)
    desk.open("/staff/waiting-list").press("Take off Ada Sample")
    entry = make.refreshed(ada)
    assert not entry.is_live
    assert not entries.can_come_back(entry, NOW), "the client does not undo what the desk decided"
    assert "Ada is no longer on the waiting list" in desk.text


def test_many_who_wait_go_on_further_pages(desk: Visitor, make: Make, sold: Treatment) -> None:
    person = make.client()
    for number in range(51):
        db.session.add(
            WaitingListEntry(
                client_id=person.id,
                treatment_id=sold.id,
                times=[0],
                last_on=date(2031, 3, 31),
                created_at=NOW + timedelta(seconds=number),
            )
        )
    db.session.commit()
    assert "1 to 50 of 51" in desk.open("/staff/waiting-list").text
    assert "51 to 51 of 51" in desk.open("/staff/waiting-list?page=2").text
    assert desk.open("/staff/waiting-list?page=x").status == 200


def test_an_owner_without_another_role_reads_the_list_and_adds_nobody(
    app: Flask, make: Make, sold: Treatment
) -> None:
    owner = Visitor(as_staff(app, make.user(roles=["owner"])))
    assert owner.open("/staff/waiting-list").status == 200
    assert owner.open("/staff/waiting-list/add").status == 403
