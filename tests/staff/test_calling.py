"""Staff book for a caller in the browser: whom, what and when, and the rules in words."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client, Contact, User
from clinic.booking import desk
from clinic.booking.models import Appointment, State, Waiver
from clinic.db import db
from clinic.plans import notes
from tests import make
from tests.make import Make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, review
from tests.visitor import Visitor, as_staff, shown

THURSDAY = "2031-03-06"


@pytest.fixture
def clerk(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    """Somebody at the front desk, in a browser without scripts."""
    return Visitor(as_staff(app, make.user(roles=["front_desk"])))


def newest() -> Appointment:
    return db.session.scalars(sa.select(Appointment).order_by(Appointment.id.desc()).limit(1)).one()


def at(visitor: Visitor, time: str, day: str = THURSDAY, who: Client | None = None) -> Visitor:
    """The last page of a booking at a time by the clock."""
    sold = db.session.scalars(sa.select(make.Treatment)).first()
    client = f"&client={who.id}" if who else ""
    return visitor.open(
        f"/staff/book/at?treatment={sold.slug}&therapist={sold.therapists[0].slug}&on={day}&at={time}{client}"
    )


def test_a_caller_who_is_known_is_found_and_booked(scene: Scene, clerk: Visitor) -> None:
    clerk.open("/staff/book").press("Find", text="sampel")
    assert "1 client found" in clerk.text
    assert "sampel" not in clerk.path
    link = next(one for one in clerk.page.all("a") if one.text.startswith("Book for Ada"))
    clerk.open(link.get("href") + f"&day={THURSDAY}")
    assert clerk.heading == "Book for Ada Sample"
    clerk.open(clerk_link(clerk, "10:00")).press("Book")
    assert "Booked. A letter tells Ada." in clerk.text
    visit = newest()
    assert (visit.client_id, visit.state, visit.booked_by) == (scene.ada.id, State.BOOKED, "staff")
    assert visit.wall_start.isoformat() == "2031-03-06T10:00:00"
    assert "Intake missing" in clerk.text


def clerk_link(visitor: Visitor, time: str) -> str:
    """Where the button of an offered time leads: a form that only looks."""
    form, button = next(
        (form, button)
        for form in visitor.page.all("form")
        for button in form.all("button")
        if button.text.startswith(time)
    )
    assert form.get("method") == "get"
    kept = {one.get("name"): one.attributes.get("value", "") for one in form.all("input")}
    return f"{form.get('action')}?{urlencode({**kept, button.get('name'): button.get('value')})}"


def test_somebody_new_is_entered_on_the_last_page_and_nothing_before(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "10:00")
    assert make.count(Client) == 1
    clerk.press("Book", given_name="Tom", family_name="Hale", mail="tom@client.example", phone="030 5550177")
    assert "Booked. A letter tells Tom." in clerk.text
    visit = newest()
    assert visit.client is not None
    assert (visit.client.name, visit.client.search_name) == ("Tom Hale", "tom hale")
    assert {contact.normalised for contact in visit.client.contacts} == {"tom@client.example", "+49305550177"}
    deeds = db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.client_id == visit.client_id))
    assert {"add", "book"} <= set(deeds)


def test_of_two_fields_of_which_one_is_needed_none_is_called_optional(scene: Scene, clerk: Visitor) -> None:
    page = at(clerk, "10:00").page
    for label, other in (("Telephone number", "an e-mail address"), ("E-mail address", "a telephone number")):
        described = page.labelled(label).attributes.get("aria-describedby", "")
        assert f"This or {other} is needed." in page.one(id=described.split()[0]).text


def test_somebody_without_an_address_is_booked_by_telephone(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "10:00").press("Book", given_name="Tom", family_name="Hale", phone="030 5550177")
    assert "No e-mail address is known, so no letter goes out." in clerk.text


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"given_name": "Tom"}, "Enter the family name"),
        ({"given_name": "Tom", "family_name": "Hale"}, "Enter an e-mail address or a telephone number"),
        ({"given_name": "Tom", "family_name": "Hale", "mail": "tom@"}, "correct format"),
        ({"given_name": "Tom", "family_name": "Hale", "phone": "12"}, "Enter a telephone number"),
        (
            {"given_name": "Tom", "family_name": "Hale", "phone": "555 0142"},
            "cannot be dialled from elsewhere",
        ),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    scene: Scene, clerk: Visitor, typed: dict[str, str], problem: str
) -> None:
    at(clerk, "10:00").press("Book", **typed)
    assert clerk.status == 422
    assert clerk.title.startswith("Error: ")
    assert problem in clerk.text
    kept = {one.attributes.get("name"): one.attributes.get("value") for one in clerk.page.all("input")}
    assert typed.items() <= kept.items()
    assert make.count(Appointment) == 0
    assert make.count(Client) == 1


def test_a_record_that_looks_alike_is_asked_about_and_taken(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "10:00").press("Book", given_name="Ada", family_name="Sampel", mail="new@client.example")
    assert clerk.heading == "Same person?"
    assert make.count(Appointment) == 0
    clerk.press("Yes, book for Ada Sample")
    assert newest().client_id == scene.ada.id
    assert make.count(Client) == 1


def test_a_record_that_looks_alike_may_be_somebody_else(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "10:00").press("Book", given_name="Bea", family_name="Sample", mail="ada@client.example")
    assert clerk.heading == "Same person?"
    clerk.press("No, somebody new: book")
    assert newest().client_id != scene.ada.id
    assert make.count(Client) == 2
    assert make.count(Contact) == 2


def test_the_same_form_sent_twice_books_once(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "10:00", who=scene.ada)
    form, _ = clerk.form_with("Book")
    answers = [clerk.browser.post(form.get("action"), data=shown(form)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert make.count(Appointment) == 1


def test_every_broken_rule_is_named_and_a_reason_is_asked(scene: Scene, clerk: Visitor) -> None:
    make.practice(horizon_days=30)
    at(clerk, "18:35", day="2031-04-17", who=scene.ada)
    for words in ("Ines has no open hours then", "further ahead than the 30 days", "15-minute steps"):
        assert words in clerk.text
    clerk.press("Book outside the rules")
    assert clerk.status == 422
    assert "Say why the rules are set aside." in clerk.text
    assert make.count(Appointment) == 0
    clerk.press("Book outside the rules", reason="Agreed with Ines")
    visit = newest()
    assert visit.wall_start.isoformat() == "2031-04-17T18:35:00"
    (kept,) = desk.waivers_of(visit.id)
    assert (kept.rules, kept.reason) == (["hours", "horizon", "step"], "Agreed with Ines")


def test_the_form_for_another_time_leads_to_its_page_whoever_was_chosen_before(
    scene: Scene, clerk: Visitor
) -> None:
    for chosen in ("", f"?therapist={scene.therapist.slug}", f"?client={scene.ada.id}"):
        clerk.open(f"/staff/book{chosen}")
        form, _ = clerk.form_with("Look at this time")
        asked = {**shown(form), "on": THURSDAY, "at": "18:00"}
        clerk.open(f"{form.get('action')}?{urlencode(asked)}")
        assert clerk.status == 200
        assert "Ines has no open hours then" in clerk.text


def test_a_rule_the_page_did_not_name_is_not_set_aside(scene: Scene, clerk: Visitor) -> None:
    """While the page lies open the therapist's hours change: what was not seen was not agreed to."""
    at(clerk, "10:00", who=scene.ada)
    db.session.execute(sa.text("DELETE FROM weekly_hours WHERE weekday = 3"))
    db.session.commit()
    clerk.press("Book")
    assert clerk.status == 409
    assert "Something changed while this page was open" in clerk.text
    assert "no open hours then" in clerk.text
    assert make.count(Appointment) == 0
    clerk.press("Book outside the rules", reason="She comes in for it")
    assert newest().state == State.BOOKED


def test_a_time_taken_meanwhile_is_said_with_the_nearest_and_nothing_is_lost(
    scene: Scene, clerk: Visitor
) -> None:
    at(clerk, "10:00")
    scene.visit(starts_at=make.NOW + timedelta(days=3))
    clerk.press("Book", given_name="Tom", family_name="Hale", phone="030 5550177")
    assert clerk.status == 409
    assert "This time cannot be booked." in clerk.text
    assert "09:00" in clerk.text
    assert "11:00" in clerk.text
    assert make.count(Client) == 1


def test_a_forged_waiver_does_not_double_book(scene: Scene, clerk: Visitor) -> None:
    scene.visit(starts_at=make.NOW + timedelta(days=3))
    at(clerk, "14:00", who=scene.ada)
    form, _ = clerk.form_with("Book")
    every = "hours,notice,horizon,daily_cap,travel,room,step"
    taken = form.get("action").replace("13%3A00", "09%3A30").replace("13:00", "09:30")
    assert "09" in taken
    answer = clerk.browser.post(taken, data={**shown(form), "waived": every, "reason": "I insist"})
    assert answer.status_code == 409
    assert make.count(Appointment) == 1
    assert make.count(Waiver) == 0


def test_a_time_no_clock_shows_is_refused_with_a_sentence(scene: Scene, clerk: Visitor) -> None:
    at(clerk, "02:30", day="2031-03-30", who=scene.ada)
    assert clerk.status == 422
    assert "does not exist on that day" in clerk.text
    for day, time in (
        ("", "10:00"),
        (THURSDAY, ""),
        ("31.3.2031", "10:00"),
        (THURSDAY, "ten"),
        ("9999-12-31", "10:00"),
    ):
        at(clerk, time, day=day, who=scene.ada)
        assert clerk.status == 422
        assert ("Enter a time, like 9:30" if day == THURSDAY else "Enter a day and a time") in clerk.text


@pytest.mark.parametrize(("level", "disposition"), [("refer", "doctor"), ("urgent", "emergency")])
def test_the_desk_is_told_that_somebody_cannot_be_booked_and_not_why(
    scene: Scene, clerk: Visitor, level: str, disposition: str
) -> None:
    make.submission(who=scene.ada, level=level, disposition=disposition)
    at(clerk, "10:00", who=scene.ada).press("Book")
    assert clerk.status == 409
    assert "cannot be booked now" in clerk.text
    main = clerk.answer.get_data(as_text=True).split("<main")[1]
    for hidden in (level, "doctor", "emergency", "safety"):
        assert hidden not in main.lower()
    assert make.count(Appointment) == 0


def test_whose_answers_wait_for_a_look_is_asked_for_and_reviewed(scene: Scene, clerk: Visitor) -> None:
    earlier = scene.request()
    asked = review(earlier, BLOOD_THINNER)
    at(clerk, "14:00", who=scene.ada).press("Book")
    assert "Asked for: a therapist looks first." in clerk.text
    assert newest().state == State.REQUESTED
    assert make.refreshed(asked).appointment_id == newest().id


def test_pages_of_nonsense_are_not_found(scene: Scene, clerk: Visitor) -> None:
    for query in (
        "client=nobody",
        "client=0190a8e2-0000-7000-8000-00000000dead",
        "treatment=nothing",
        "therapist=nobody",
        "location=nowhere",
        "day=someday",
        "from=9999-12-31",
    ):
        assert clerk.open(f"/staff/book?{query}").status == 404, query
    for query in ("", "start=now", "start=2031-03-06T09:00:00", "start=2031-03-06T09:00:00+00:00/me"):
        assert clerk.open(f"/staff/book/check?{query}").status == 404, query


def test_a_caller_lets_the_therapist_decide_and_nothing_is_filled_in_for_them(
    scene: Scene, clerk: Visitor
) -> None:
    clerk.open(f"/staff/book?client={scene.ada.id}&day={THURSDAY}")
    clerk.open(clerk_link(clerk, "10:00")).press("Book", decide="y")
    assert "leaves the type of massage to the therapist" in clerk.text
    visit = newest()
    assert (visit.therapist_decides, visit.length_minutes) == (True, scene.treatment.length_minutes)
    assert notes.planned(visit, by=scene.therapist_user, now=make.NOW).modalities == ()
    clerk.open(f"/staff/book?client={scene.ada.id}&day={THURSDAY}")
    clerk.open(clerk_link(clerk, "11:00")).press("Book")
    assert not newest().therapist_decides


def test_a_practice_that_sells_nothing_says_so(make: Make, app: Flask, clock_at_now: None) -> None:
    make.practice()
    clerk = Visitor(as_staff(app, make.user(roles=["front_desk"])))
    clerk.open("/staff/book")
    assert clerk.status == 404
    assert "Nothing can be booked here yet" in clerk.text


def test_an_owner_alone_books_for_nobody(scene: Scene, app: Flask, clock_at_now: None) -> None:
    owner = Visitor(as_staff(app, make.user(roles=["owner"])))
    assert owner.open("/staff/book").status == 403


def test_the_desk_sees_no_health_on_any_of_these_pages(
    scene: Scene, clerk: Visitor, sign_in: Callable[[User], object]
) -> None:
    review(scene.visit(state=State.DONE, starts_at=make.NOW - timedelta(days=7)), BLOOD_THINNER)
    clerk.open("/staff/book").press("Find", text="ada")
    pages = [clerk.text]
    pages += [clerk.open(f"/staff/book?client={scene.ada.id}").text, at(clerk, "10:00", who=scene.ada).text]
    for page in pages:
        for hidden in ("thinner", "caution", "review", "Answers"):
            assert hidden not in page
