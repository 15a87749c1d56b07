"""Booking, moving and cancelling as a person meets them, without scripts."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links, typed_details
from clinic.accounts.models import TypedDetails
from clinic.booking import changes, services
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import db, transaction
from clinic.intake import services as intake
from clinic.intake.models import RaisedLevel
from clinic.intake.queries import safety_standing
from clinic.plans import notes
from clinic.plans.models import Review
from clinic.practice import absences, treatments
from clinic.practice.models import Treatment
from clinic.web import time_values
from clinic.web.browser import digest
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.visitor import Visitor, as_client, shown

THURSDAY_TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
DETAILS = {
    "given_name": "Zoë",
    "family_name": "O'Neill-Sánchez",
    "mail": "zoe@client.example",
    "phone": "",
    "agree": "y",
}


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def at_details(visitor: Visitor, sold: Treatment, start: datetime = THURSDAY_TEN) -> Visitor:
    """Choose a time and arrive at the last page."""
    day = start.date()
    return visitor.open(f"/book/{sold.slug}?day={day}&times=all").press(
        f"10:00 {sold.therapists[0].given_name}"
    )


def test_the_title_of_choosing_a_time_names_the_treatment(visitor: Visitor, make: Make) -> None:
    make.practice()
    sold = make.treatment(therapists=[make.therapist(make.location())])
    assert visitor.open(f"/book/{sold.slug}").title.startswith(f"Choose a time: {sold.name}")
    assert visitor.heading == "Choose a time"


def browser_of(visitor: Visitor) -> bytes:
    """What the database knows this browser by."""
    with visitor.browser.session_transaction() as session:
        return digest(session["browser"])


def the_appointment() -> Appointment:
    db.session.expire_all()
    return db.session.scalars(sa.select(Appointment).where(Appointment.state != State.HELD)).one()


def test_a_stranger_books_in_two_pages_and_a_button(make: Make, visitor: Visitor) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    assert visitor.heading == "Your details"
    assert "We are holding this time for you until" in visitor.text
    visitor.press("Book this session", **DETAILS)
    assert visitor.heading == "You are booked, Zoë"
    assert "Thursday 6 March, 10:00 to 11:00" in visitor.text
    booked = the_appointment()
    assert booked.state == State.BOOKED
    assert booked.reference in visitor.text
    assert booked.client is not None
    assert booked.client.name == "Zoë O'Neill-Sánchez"


def test_the_same_form_sent_twice_books_once(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    form, _ = visitor.form_with("Book this session")
    key = next(one.get("value") for one in form.all("input") if one.attributes.get("name") == "key")
    data = {**DETAILS, "key": key, "csrf_token": visitor.token(), "plain": ""}
    first = visitor.browser.post("/book/details", data=data)
    second = visitor.browser.post("/book/details", data=data)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert make.count(Appointment) == 1
    other = visitor.browser.post("/book/details", data={**data, "given_name": "Somebody"})
    assert other.status_code == 409
    assert make.count(Appointment) == 1


def test_a_time_can_be_kept_longer_once_and_what_was_typed_stays(
    make: Make, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    at_details(visitor, make.offering())
    the_clock_says(NOW + timedelta(minutes=18))
    visitor.press("Keep it for me longer", **{**DETAILS, "mail": "zoe@"})
    assert visitor.status == 200
    assert "until 10:40" in visitor.text
    assert "Keep it for me longer" not in visitor.text
    assert visitor.page.one(id="kept").text.endswith("held for you until 10:40.")
    form, _ = visitor.form_with("Book this session")
    assert shown(form)["given_name"] == "Zoë"
    the_clock_says(NOW + timedelta(minutes=30))
    visitor.press("Book this session", **DETAILS)
    assert visitor.heading == "You are booked, Zoë"


def test_a_time_somebody_took_over_is_not_kept_longer(
    make: Make, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    later = NOW + timedelta(minutes=25)
    the_clock_says(later)
    with transaction():
        services.hold(SearchCriteria(sold.id), THURSDAY_TEN, browser=b"y" * 32, client_id=None, now=later)
    visitor.press("Keep it for me longer", **DETAILS)
    assert visitor.status == 409
    assert "somebody else took it" in visitor.text


def test_what_was_typed_stands_on_the_server_for_an_hour_and_never_in_the_cookie(
    make: Make, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering(intake="before_booking")
    visitor.open(f"/book/{sold.slug}?day=2031-03-06").press(f"10:00 {sold.therapists[0].given_name}")
    visitor.browser.post(
        "/book/details", data={**DETAILS, "key": "k" * 20, "plain": "", "csrf_token": visitor.token()}
    )
    with visitor.browser.session_transaction() as session:
        browser = digest(session["browser"])
        assert "zoe" not in str(dict(session)).casefold()
    assert typed_details.find(browser, NOW + timedelta(minutes=59))["mail"] == DETAILS["mail"]
    row = db.session.scalars(sa.select(TypedDetails)).one()
    assert DETAILS["mail"].encode() not in row.details_sealed
    assert typed_details.find(b"another browser", NOW) == {}
    assert typed_details.find(browser, NOW + timedelta(minutes=61)) == {}
    assert typed_details.old_details(NOW - timedelta(minutes=1)).delete() == 0
    assert typed_details.old_details(NOW + timedelta(minutes=1)).delete() == 1


def test_a_cookie_that_still_holds_what_was_typed_loses_it(make: Make, visitor: Visitor) -> None:
    make.practice()
    with visitor.browser.session_transaction() as session:
        session["typed_details"] = {"mail": "zoe@client.example"}
    visitor.open("/book")
    with visitor.browser.session_transaction() as session:
        assert "typed_details" not in session


def test_missing_details_are_named_and_what_was_typed_stays(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    visitor.press("Book this session", **{**DETAILS, "mail": "zoe@", "family_name": ""})
    assert visitor.status == 422
    assert visitor.title.startswith("Error: ")
    assert "Enter your family name" in visitor.text
    form, _ = visitor.form_with("Book this session")
    values = {one.attributes.get("name"): one.attributes.get("value") for one in form.all("input")}
    assert (values["given_name"], values["mail"]) == ("Zoë", "zoe@")
    visitor.press("Book this session", **{**DETAILS, "mail": "zoe@", "phone": "555 0142"})
    assert visitor.status == 422
    assert "Enter an e-mail address" in visitor.text
    assert "This number cannot be dialled from elsewhere" in visitor.text
    assert make.count(Appointment) == 1, "the hold, and nothing else"


def test_a_time_taken_meanwhile_is_said_plainly_with_the_nearest(make: Make, visitor: Visitor) -> None:
    sold = make.offering()
    visitor.open(f"/book/{sold.slug}?day=2031-03-06")
    with transaction():
        services.hold(SearchCriteria(sold.id), THURSDAY_TEN, browser=b"o" * 32, client_id=None, now=NOW)
    visitor.press("10:00 Thea")
    assert visitor.status == 409
    assert "no longer free" in visitor.text
    assert "The nearest free times" in visitor.text
    visitor.press("Thursday 6 March, 11:00 Thea")
    assert visitor.heading == "Your details"


def test_a_treatment_given_elsewhere_shows_the_times_of_that_place(make: Make, visitor: Visitor) -> None:
    make.location(name="The first house", position=0)
    sold = make.offering()
    visitor.open(f"/book/{sold.slug}?day=2031-03-06")
    assert visitor.form_with("10:00 Thea")
    places = visitor.page.all("nav", aria_label="Where")
    assert "The first house" not in [one.text for nav in places for one in nav.all("a", aria_current="true")]


def test_details_typed_for_a_lost_time_are_there_for_the_next(
    make: Make, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    later = NOW + timedelta(minutes=25)
    the_clock_says(later)
    with transaction():
        services.hold(SearchCriteria(sold.id), THURSDAY_TEN, browser=b"o" * 32, client_id=None, now=later)
    visitor.press("Book this session", **DETAILS)
    assert visitor.heading != "You are booked, Zoë"
    visitor.open(f"/book/{sold.slug}?day=2031-03-06").press("12:00 Thea")
    form, _ = visitor.form_with("Book this session")
    values = {one.attributes.get("name"): one.attributes.get("value") for one in form.all("input")}
    assert values["given_name"] == "Zoë"


def test_a_treatment_that_asks_first_leads_to_the_questions(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering(intake="before_booking"))
    assert visitor.path.startswith("/intake")
    assert db.session.scalars(sa.select(Appointment)).one().state == State.HELD


def test_a_forged_booking_that_skips_the_questions_books_nothing(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering(intake="before_booking"))
    assert visitor.open("/book/details").path == "/intake", "the page itself leads to the questions"
    sent = {**DETAILS, "plain": "", "key": "k" * 32, "csrf_token": visitor.token()}
    answer = visitor.browser.post("/book/details", data=sent)
    assert answer.headers["Location"] == "/intake"
    assert {row.state for row in db.session.scalars(sa.select(Appointment))} == {State.HELD}


def test_after_an_urgent_answer_no_form_books(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    urgent = RaisedLevel(browser=browser_of(visitor), level="urgent", disposition="emergency", raised_at=NOW)
    db.session.add(urgent)
    db.session.commit()
    visitor.open("/book/details")
    form = shown(visitor.form_with("Book this session")[0])
    answer = visitor.browser.post("/book/details", data={**form, **DETAILS})
    assert answer.headers["Location"] == "/intake/outcome"
    assert {row.state for row in db.session.scalars(sa.select(Appointment))} == {State.HELD}


def test_without_answers_a_plain_request_waits_for_a_therapist(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering(intake="before_booking"))
    asked = visitor.open("/book/details?plain=yes")
    assert "A therapist calls you there about your health before they confirm the time" in asked.text
    asked.press("Ask for this session", **{**DETAILS, "phone": ""})
    assert visitor.status == 422
    assert "Enter a telephone number: a therapist calls you there" in visitor.text
    asked.press("Ask for this session", phone="030 5550100")
    assert visitor.heading == "We have your request, Zoë"
    assert the_appointment().state == State.REQUESTED
    assert make.count(Review) == 0


def test_an_intake_is_put_before_the_therapist_with_the_booking(make: Make, visitor: Visitor) -> None:
    sold = make.offering(intake="before_booking")
    at_details(visitor, sold)
    given = make.submission(browser=browser_of(visitor), submitted_at=NOW)
    visitor.open("/book/details").press("Book this session", **DETAILS)
    booked = the_appointment()
    review = db.session.scalars(sa.select(Review)).one()
    assert (review.appointment_id, review.submission_id) == (booked.id, given.id)
    assert make.refreshed(given).client_id == booked.client_id


# --- the page of one appointment ---------------------------------------------------------------------------------------


def booked(make: Make, sold: Treatment, **columns: object) -> tuple[Appointment, str]:
    row = make.appointment(of=sold, who=make.client(), starts_at=THURSDAY_TEN, **columns)
    return row, signed_links.manage_path(row.id, row.link_epoch)


def test_an_appointment_is_moved_and_the_move_taken_back(make: Make, visitor: Visitor) -> None:
    row, address = booked(make, make.offering())
    visitor.open(f"{address}/move?day=2031-03-07").press("14:00 Thea")
    assert visitor.heading == "Move to this time?"
    assert "New time Friday 7 March, 14:00 to 15:00, with Thea" in visitor.text
    assert "Now Thursday 6 March, 10:00 to 11:00, with Thea" in visitor.text
    assert "You can undo this for 2 minutes. Then your old time becomes free for others." in visitor.text
    assert make.refreshed(row).starts_at == THURSDAY_TEN, "one press takes nothing"
    visitor.press("Move the appointment")
    assert "Your appointment has a new time." in visitor.text
    assert visitor.heading == "Friday 7 March, 14:00"
    visitor.press("Undo")
    assert visitor.heading == "Thursday 6 March, 10:00"
    assert make.refreshed(row).starts_at == THURSDAY_TEN


def test_a_move_does_not_offer_the_present_time(make: Make, visitor: Visitor) -> None:
    sold = make.offering()
    _, address = booked(make, sold)
    shown = visitor.open(f"{address}/move?day=2031-03-06&times=all").text
    assert "9:45 Thea 10:15 Thea" in shown


def test_times_are_those_of_the_place(make: Make, visitor: Visitor) -> None:
    make.practice()
    place = make.location(town="Graz", zone="Europe/Vienna")
    sold = make.treatment(therapists=[make.therapist(place)])
    assert "Times are those of Graz." in visitor.open(f"/book/{sold.slug}?day=2031-03-07").text
    visitor.press("14:00 Thea")
    assert "CET (Graz time)" in visitor.text


def test_an_appointment_is_cancelled_only_by_its_button(make: Make, visitor: Visitor) -> None:
    row, address = booked(make, make.offering())
    visitor.open(f"{address}/cancel")
    assert visitor.heading == "Cancel this appointment?"
    assert "Keep appointment" in visitor.text
    assert make.refreshed(row).state == State.BOOKED, "nothing changes on GET"
    visitor.press("Cancel appointment")
    assert make.refreshed(row).state == State.CANCELLED
    assert "Your appointment is cancelled." in visitor.text
    assert visitor.heading.startswith("Cancelled: "), "who goes by headings hears it too"
    assert visitor.page.one("title").text.startswith("Cancelled")


def test_an_old_page_changes_nothing_and_shows_how_it_stands(make: Make, visitor: Visitor) -> None:
    row, address = booked(make, make.offering())
    visitor.open(f"{address}/cancel")
    with transaction():
        changes.move(row.id, THURSDAY_TEN + timedelta(hours=2), revision=1, actor="user:x", now=NOW)
    visitor.press("Cancel appointment")
    assert visitor.status == 409
    assert make.refreshed(row).state == State.BOOKED
    assert visitor.heading == "Thursday 6 March, 12:00"


def test_the_page_of_an_appointment_tells_no_health_no_telephone_and_no_family_name(
    make: Make, visitor: Visitor
) -> None:
    sold = make.offering(name="Lymphatic drainage after surgery")
    row, address = booked(make, sold)
    make.contact(row.client, kind="phone", value="+49 30 5550177")
    for path in (address, f"{address}/done", f"{address}/cancel", f"{address}/move", f"{address}/visit.ics"):
        visitor.open(path)
        said = visitor.answer.get_data(as_text=True)
        assert visitor.status == 200
        for secret in ("Lymphatic", "5550177", "Sample"):
            assert secret not in said.replace("Sampleton", ""), (path, secret)


@pytest.mark.parametrize("change", ["x", "", "A"])
def test_a_changed_address_is_a_plain_page(make: Make, visitor: Visitor, change: str) -> None:
    _, address = booked(make, make.offering())
    other = change if address[-5] != change else "B"
    tampered = address[:-5] + other + address[-4:] if change else address[: len(address) // 2]
    for path in (tampered, f"{tampered}/move", f"{tampered}/visit.ics"):
        assert visitor.open(path).status == 404


def test_a_raised_epoch_kills_the_old_address(make: Make, visitor: Visitor) -> None:
    row, address = booked(make, make.offering())
    row.link_epoch += 1
    db.session.commit()
    assert visitor.open(address).status == 404


def test_a_month_later_the_page_only_says_that_it_is_past(
    make: Make, visitor: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    row, address = booked(make, make.offering())
    the_clock_says(row.ends_at + timedelta(days=30, minutes=1))
    visitor.open(address)
    assert visitor.heading == "This visit is past"
    assert row.reference not in visitor.text


# --- bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "day=yesterday",
        "day=9999-99-99",
        "day=0001-01-01",
        "from=2031-02-30",
        "therapist=nobody",
        "location=nowhere",
        "day=" + "9" * 4000,
    ],
)
def test_nonsense_in_the_address_of_a_picker_is_not_found(make: Make, visitor: Visitor, query: str) -> None:
    sold = make.offering()
    assert visitor.open(f"/book/{sold.slug}?{query}").status in (404, 414)


@pytest.mark.parametrize(
    "start",
    [
        "",
        "now",
        "2031-03-06T10:00/x",
        "2031-03-06T09:00+00:00",
        "nan/01a2026f-5aa4-7020-81c5-b4526fcf428a",
        "\0",
    ],
)
def test_a_forged_start_holds_nothing(make: Make, visitor: Visitor, start: str) -> None:
    sold = make.offering()
    visitor.open(f"/book/{sold.slug}")
    answer = visitor.browser.post(f"/book/{sold.slug}", data={"csrf_token": visitor.token(), "start": start})
    assert answer.status_code == 404
    assert make.count(Appointment) == 0


def test_a_start_nobody_offered_holds_nothing(make: Make, visitor: Visitor) -> None:
    sold = make.offering()
    visitor.open(f"/book/{sold.slug}")
    for minutes in (7, -60 * 24 * 30, 60 * 24 * 3650):
        start = (THURSDAY_TEN + timedelta(minutes=minutes)).isoformat()
        value = f"{start}/{sold.therapists[0].id}"
        answer = visitor.browser.post(
            f"/book/{sold.slug}", data={"csrf_token": visitor.token(), "start": value}
        )
        assert answer.status_code == 409
    assert make.count(Appointment) == 0


def test_an_unknown_treatment_is_not_found_and_a_retired_one_too(make: Make, visitor: Visitor) -> None:
    sold = make.offering(retired_at=NOW)
    for slug in ("nothing", sold.slug):
        assert visitor.open(f"/book/{slug}").status == 404


def test_a_practice_that_sells_nothing_yet_says_so(make: Make, visitor: Visitor) -> None:
    make.practice()
    for path in ("/", "/book"):
        assert visitor.open(path).status == 200
        assert "Nothing can be booked here yet" in visitor.text


def test_names_that_look_like_code_are_only_names(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    visitor.press("Book this session", **{**DETAILS, "given_name": "<script>alert(1)</script>"})
    said = visitor.answer.get_data(as_text=True)
    assert "<script>alert" not in said
    assert re.search(r"&lt;script&gt;", said)


def test_an_eleventh_time_kept_from_one_network_is_refused_in_plain_words(app: Flask, make: Make) -> None:
    sold = make.offering()
    home = {"REMOTE_ADDR": "2001:db8:5:5::17"}
    for number in range(10):
        with transaction():
            services.hold(
                SearchCriteria(sold.id),
                THURSDAY_TEN + timedelta(days=7 * (number // 5), hours=number % 5 + 1),
                browser=bytes([number]) * 32,
                client_id=None,
                now=NOW,
                network="2001:db8:5:5::/64",
            )
    visitor = Visitor(app.test_client())
    visitor.open(f"/book/{sold.slug}?day=2031-03-06")
    form, _ = visitor.form_with(f"10:00 {sold.therapists[0].given_name}")
    data = {**shown(form), "start": form.all("button")[0].get("value")}
    refused = visitor.browser.post(f"/book/{sold.slug}", data=data, environ_base=home)
    assert refused.status_code == 429
    assert "Ten times are being kept for people on your network" in refused.get_data(as_text=True)
    elsewhere = visitor.browser.post(
        f"/book/{sold.slug}", data=data, environ_base={"REMOTE_ADDR": "2001:db8:5:6::17"}
    )
    assert elsewhere.status_code == 303


# --- how much it asks of the database ------------------------------------------------------------------------------------


class Statements:
    """Counts statements; BEGIN, COMMIT and savepoints are not counted."""

    def __init__(self, engine: sa.Engine) -> None:
        self.seen: list[str] = []
        sa.event.listen(engine, "before_cursor_execute", self._note)
        self._engine = engine

    def _note(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not re.match(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)", statement):
            self.seen.append(statement)

    def __enter__(self) -> "Statements":
        return self

    def __exit__(self, *exc: object) -> None:
        sa.event.remove(self._engine, "before_cursor_execute", self._note)


@pytest.mark.parametrize("therapists", [1, 6])
def test_a_month_of_free_times_takes_two_statements_whoever_works(
    app: Flask, make: Make, therapists: int
) -> None:
    from clinic.booking import availability
    from clinic.scheduling.hours import Days

    make.practice()
    house = make.location()
    sold = make.treatment(
        therapists=[make.therapist(house) for _ in range(therapists)], rooms=[make.room(house)], minutes=60
    )
    criteria = SearchCriteria(sold.id)
    with Statements(db.engine) as statements:
        availability.offers(criteria, Days(NOW.date(), NOW.date() + timedelta(days=31)), NOW)
    assert len(statements.seen) <= 2, statements.seen


def test_a_booking_takes_at_most_five_statements(app: Flask, make: Make) -> None:
    sold = make.offering()
    with transaction():
        hold = services.hold(
            SearchCriteria(sold.id), THURSDAY_TEN, browser=b"m" * 32, client_id=None, now=NOW
        )
    person, hold_id = make.client(), hold.id
    _ = person.id, person.contacts  # The form that was sent brings them.
    db.session.expire(hold)
    with Statements(db.engine) as statements, transaction():
        services.book(hold_id, browser=b"m" * 32, client=person, actor="visitor", now=NOW)
    assert len(statements.seen) <= 5, statements.seen


def test_little_is_asked_while_others_wait_in_the_queue(app: Flask, make: Make) -> None:
    """Every journey to the database between the lock and the commit is waited for by everybody behind it."""
    sold = make.offering()
    journeys: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        journeys.append(statement)

    def behind_the_lock() -> list[str]:
        return journeys[next(i for i, text in enumerate(journeys) if "UPDATE therapists" in text) + 1 :]

    person = make.client()
    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        with transaction():
            hold = services.hold(
                SearchCriteria(sold.id),
                THURSDAY_TEN,
                browser=b"m" * 32,
                client_id=None,
                now=NOW,
                network="192.0.2.1",
            )
        of_the_test = next(text for text in journeys if text.startswith("SAVEPOINT")).split()[-1]
        asked = [text for text in behind_the_lock() if text.split()[-1] != of_the_test]
        assert len(asked) <= 8, asked
        journeys.clear()
        with pytest.raises(NotOffered), transaction():
            services.hold(SearchCriteria(sold.id), THURSDAY_TEN, browser=b"l" * 32, client_id=None, now=NOW)
        assert [text.split()[0] for text in behind_the_lock()] == ["WITH", "ROLLBACK"], "who lost asks once"
        journeys.clear()
        with transaction():
            services.book(hold.id, browser=b"m" * 32, client=person, actor="visitor", now=NOW)
        assert len(behind_the_lock()) <= 10, behind_the_lock()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


# --- where clients ask first ---------------------------------------------------------------------------------------------


def test_where_clients_ask_first_each_page_says_so_and_the_time_is_kept(make: Make, visitor: Visitor) -> None:
    sold = make.offering(approval="ask_first")
    assert "A therapist confirms each booking." in visitor.open("/book").text
    assert "until a therapist has confirmed it" in visitor.open(f"/book/{sold.slug}").text
    at_details(visitor, sold)
    assert "A therapist confirms it first." in visitor.text
    visitor.press("Ask for this session", **DETAILS)
    assert visitor.heading == "We have your request, Zoë"
    assert (the_appointment().state, the_appointment().request_reason) == (State.REQUESTED, "approval")


def test_somebody_new_is_told_that_they_ask_and_somebody_known_is_not(
    app: Flask, make: Make, visitor: Visitor
) -> None:
    sold, ada = make.offering(new_clients="ask_first"), make.client()
    make.appointment(of=sold, who=ada, state=State.DONE, starts_at=NOW - timedelta(days=7))
    at_details(visitor, sold).form_with("Ask for this session")
    known = Visitor(as_client(app, ada.contacts[0], ada))
    at_details(known, sold, THURSDAY_TEN + timedelta(days=7)).form_with("Book this session")


# --- one's own kept time, and times that were closed since -----------------------------------------------------------------


def test_ones_own_kept_time_stands_among_the_times_and_can_be_chosen_again(
    make: Make, visitor: Visitor, app: Flask
) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    hold = db.session.scalars(sa.select(Appointment)).one()
    page = f"/book/{sold.slug}?day={THURSDAY_TEN.date()}&times=all"
    visitor.open(page)
    kept_until = f"{hold.held_until:%M}"
    assert f"kept for you until 10:{kept_until}" in visitor.text
    assert "09:30" in visitor.text, "what one's own time is in the way of can be had instead of it"
    other = Visitor(app.test_client()).open(page)
    assert "kept for you" not in other.text
    assert "09:30" not in other.text
    visitor.open(page).press(f"10:00 kept for you until 10:{kept_until}")
    assert visitor.heading == "Your details"
    assert make.count(Appointment) == 1


def test_a_time_in_the_way_of_ones_own_is_taken_instead_of_it(make: Make, visitor: Visitor) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    visitor.open(f"/book/{sold.slug}?day={THURSDAY_TEN.date()}&times=all")
    visitor.press(f"09:30 {sold.therapists[0].given_name}")
    assert "09:30 to 10:30" in visitor.text


def close_on_thursday() -> None:
    on = THURSDAY_TEN.date()
    with transaction():
        absences.close(
            name="Works",
            from_on=on,
            until_on=on + timedelta(days=1),
            location_id=None,
            actor="user:x",
            now=NOW,
        )


def test_a_kept_time_that_was_closed_is_refused_in_words_with_the_nearest_others(
    make: Make, visitor: Visitor
) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    close_on_thursday()
    visitor.press("Book this session", **DETAILS)
    assert visitor.status == 409
    assert "The time we kept for you can no longer be booked." in visitor.text
    assert "The nearest free times:" in visitor.text
    assert "kept for you until" not in visitor.text
    assert db.session.scalars(sa.select(Appointment.state)).all() == [State.HELD]
    visitor.open(f"/book/{sold.slug}?day=2031-03-07").press(f"10:00 {sold.therapists[0].given_name}")
    form, _ = visitor.form_with("Book this session")
    assert shown(form)["given_name"] == "Zoë"


def test_a_kept_time_of_a_treatment_that_is_sold_no_longer_leads_to_the_others(
    make: Make, visitor: Visitor
) -> None:
    sold = make.offering()
    at_details(visitor, sold)
    make.treatment(therapists=sold.therapists)
    with transaction():
        treatments.retire(sold.id, actor="user:x", now=NOW)
    visitor.press("Book this session", **DETAILS)
    assert visitor.status == 409
    assert "can no longer be booked" in visitor.text
    assert visitor.heading == "Choose a treatment"


def test_a_move_shows_and_takes_times_of_the_visit_as_agreed_also_when_it_is_sold_no_longer(
    make: Make, visitor: Visitor
) -> None:
    """It was a dead link, and showed times for the treatment's present length."""
    sold = make.offering()
    make.treatment(therapists=sold.therapists)
    visit = make.appointment(of=sold, who=make.client())
    sold.length_minutes = 180
    db.session.commit()
    with transaction():
        treatments.retire(sold.id, actor="user:x", now=NOW)
    path = signed_links.manage_path(visit.id, visit.link_epoch)
    visitor.open(f"{path}/move?day={THURSDAY_TEN.date()}")
    assert visitor.status == 200
    visitor.press(f"16:00 {sold.therapists[0].given_name}").press("Move the appointment")
    assert make.refreshed(visit).starts_at == THURSDAY_TEN + timedelta(hours=6)
    assert make.refreshed(visit).length_minutes == 60


def test_a_move_shows_no_time_that_the_clients_own_answers_forbid(make: Make, visitor: Visitor) -> None:
    sold, ada = make.offering(), make.client()
    visit = make.appointment(of=sold, who=ada, starts_at=THURSDAY_TEN + timedelta(days=1))
    walk.sent(NOW, today=["contagious_illness"])
    intake.adopt(walk.BROWSER, ada.id, NOW)
    db.session.commit()
    until = safety_standing(browser=None, client_id=ada.id, now=NOW, zone=visit.zone).not_before
    path = signed_links.manage_path(visit.id, visit.link_epoch)
    visitor.open(f"{path}/move")
    assert until is not None
    shown_times = re.findall(r'name="start" value="([^"]+)"', visitor.answer.get_data(as_text=True))
    assert shown_times
    assert all(time_values.read_value(html.unescape(value))[0] >= until for value in shown_times)


# --- let the therapist decide ----------------------------------------------------------------------------------------------


def test_who_lets_the_therapist_decide_sees_it_ticked_and_the_visit_carries_it(
    make: Make, visitor: Visitor
) -> None:
    sold = make.offering(minutes=45)
    visitor.open(f"/book/{sold.slug}?decide=therapist")
    at_details(visitor, sold)
    assert re.search(r'name="decide"[^>]*checked', visitor.answer.get_data(as_text=True))
    assert not the_last_hold().therapist_decides
    visitor.press("Book this session", **DETAILS, decide="y")
    visit = the_appointment()
    assert (visit.therapist_decides, visit.length_minutes) == (True, 45)
    assert notes.planned(visit, by=make.user(), now=NOW).modalities == ()


def test_nobody_else_leaves_the_type_to_the_therapist(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    assert not re.search(r'name="decide"[^>]*checked', visitor.answer.get_data(as_text=True))
    visitor.press("Book this session", **DETAILS)
    visit = the_appointment()
    assert not visit.therapist_decides
    assert notes.planned(visit, by=make.user(), now=NOW).modalities == ("swedish",)


def the_last_hold() -> Appointment:
    return db.session.scalars(sa.select(Appointment).where(Appointment.state == State.HELD)).one()
