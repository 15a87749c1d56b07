"""*Before your visit* in the browser: what an address alone shows, what proof opens, and the way through the parts."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance.questions import QUESTIONS
from clinic.intake.models import Submission
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTerms
from clinic.messaging.models import Message, MessageKind
from clinic.plans import preparation
from clinic.plans.models import VisitPreparation
from clinic.web import browser as browsers
from tests.intake import walk
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.plans import at_the_gate
from tests.visitor import Visitor, as_client

pytestmark = pytest.mark.usefixtures("clock_at_now")

HOUR = timedelta(hours=1)
SECRET = "the browser of the booking"


@pytest.fixture
def ada(make: Make) -> Client:
    person: Client = make.client()
    return person


@pytest.fixture
def visit(make: Make, ada: Client, now: datetime) -> Appointment:
    """A visit in three days, booked in a browser, whose client answered only what was asked before the booking."""
    at_the_gate.send(ada, now - HOUR)
    found: Appointment = make.appointment(
        of=make.offering(intake="before_booking"), who=ada, booked_in=browsers.digest(SECRET)
    )
    return found


def address(visit: Appointment) -> str:
    return signed_links.preparation_path(visit.id, visit.link_epoch)


def booker(app: Flask) -> Visitor:
    """The browser in which the visit was booked."""
    here = app.test_client()
    with here.session_transaction() as session:
        session[browsers.FIELD] = SECRET
    return Visitor(here)


def stranger(app: Flask) -> Visitor:
    """Somebody to whom the letter was forwarded."""
    return Visitor(app.test_client())


def fill_in(visitor: Visitor, button: str, **changes: list[str]) -> Visitor:
    """Answer the part that is open."""
    form, _ = visitor.form_with(button)
    names = dict.fromkeys(control.attributes.get("name") for control in form.below())
    sent = {
        name: walk.answer_to(QUESTIONS[name], changes)
        for name in names
        if name is not None and name in QUESTIONS
    }
    return visitor.press(button, **sent)  # type: ignore[arg-type]  # several values for one field


def rows(visitor: Visitor) -> dict[str, str]:
    """The parts on the list, each as *Done* or *To do*."""
    lists = [one for one in visitor.page.all("ul") if "menu" in one.attributes.get("class", "")]
    return {
        row.one("h3").text: next(p.text for p in row.all("p") if p.attributes.get("class") == "price")
        for one in lists
        for row in one.all("li")
    }


def stored() -> list[VisitPreparation]:
    return list(db.session.scalars(sa.select(VisitPreparation)))


def looks() -> Iterator[tuple[str, list[str]]]:
    found = sa.select(AuditEntry).where(AuditEntry.purpose == "preparation", AuditEntry.action == "read")
    for entry in db.session.scalars(found):
        yield entry.actor, list(entry.fields)


# What an address alone shows


def test_a_forwarded_link_shows_what_is_done_and_neither_answers_nor_pages(
    app: Flask, visit: Appointment, now: datetime
) -> None:
    found = preparation.preparation_of(visit, now)
    assert found is not None
    for code in ("day", "where"):
        posted = at_the_gate.posts(found, code, occupation_type=["driving"])
        preparation.save_part(visit, code, posted, actor="link", now=now)
    db.session.commit()
    page = stranger(app).open(address(visit))
    assert page.heading == "Before your visit"
    assert rows(page)["Your usual day"] == "Done"
    assert rows(page)["Types of massage"] == "To do"
    assert "Where it hurts" not in page.text
    assert " of 10 done" not in page.text
    assert not [
        link for link in page.page.all("a") if f"{address(visit)}/" in link.attributes.get("href", "")
    ]
    assert page.open(f"{address(visit)}/day").path == address(visit)
    assert "riving" not in page.text


def test_forged_forms_of_a_forwarded_link_change_and_show_nothing(app: Flask, visit: Appointment) -> None:
    page = stranger(app).open(address(visit))
    for form in ("day", "where", "finish"):
        sent = {"csrf_token": page.token(), "occupation_type": "desk", "then": "next", "pain_now_nrs": "x"}
        answer = page.browser.post(f"{address(visit)}/{form}", data=sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, address(visit))
    assert stored() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


def test_links_of_other_kinds_and_visits_open_nothing(app: Flask, visit: Appointment, make: Make) -> None:
    manage = signed_links.manage_path(visit.id, visit.link_epoch).removeprefix("/a/")
    for token in (manage, "nothing", signed_links.token(signed_links.PREPARATION, visit.id, 99)):
        assert stranger(app).open(f"/before/{token}").status == 404
        assert stranger(app).open(f"/before/{token}/day").status == 404
    assert stranger(app).open("/before-visit/nobody-made-this").status == 410


def test_the_address_of_the_list_is_told_to_nobody_and_not_stored(app: Flask, visit: Appointment) -> None:
    headers = stranger(app).open(address(visit)).answer.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"].startswith("no-store")


def test_a_client_who_signed_in_as_somebody_else_sees_what_a_stranger_sees(
    app: Flask, visit: Appointment, make: Make
) -> None:
    other = make.client(given_name="Bob", mail="bob@client.example")
    page = Visitor(as_client(app, other.contacts[0], other)).open(f"{address(visit)}/day")
    assert page.path == address(visit)
    assert "show that it is you" in page.text


# What proof opens


def test_the_browser_of_the_booking_goes_on_directly(app: Flask, visit: Appointment) -> None:
    page = booker(app).open(address(visit))
    assert "0 of 10 done. About 8 minutes left." in page.text
    page.open(f"{address(visit)}/day")
    assert page.heading == "Your usual day"


def test_a_one_time_link_opens_the_parts_in_the_browser_that_uses_it(app: Flask, visit: Appointment) -> None:
    page = stranger(app).open(address(visit)).press("Send me the link")
    assert page.heading == "Please look at your mail"
    owed = db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.PREPARATION_LINK)).one()
    assert visit.client is not None
    assert owed.recipient_id == visit.client.contacts[0].id
    (link,) = mailed(app)
    opened, twin = stranger(app).open(link), stranger(app).open(link)
    opened.press("Go on")
    assert opened.path == address(visit)
    assert fill_in(opened.open(f"{address(visit)}/day"), "Save and go on").heading == "Your life lately"
    assert twin.press("Go on").status == 410
    assert twin.open(f"{address(visit)}/day").path == address(visit)
    assert stranger(app).open(link).status == 410


def mailed(app: Flask) -> list[str]:
    """The one-time links that went out, as paths."""
    postbox = Postbox()
    delivery.run_pass(preparation_clock(), 100, postbox, PassTerms(pause=lambda seconds: None))
    pattern = re.escape(app.config["PUBLIC_URL"]) + r"(/before-visit/\S+)"
    return [found for mail in postbox.mails for found in re.findall(pattern, part(mail, "text/plain"))]


def preparation_clock() -> datetime:
    from clinic import clock

    return clock.now()


def test_at_most_three_links_are_mailed_in_an_hour(app: Flask, visit: Appointment) -> None:
    answers = [stranger(app).open(address(visit)).press("Send me the link").status for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_a_signed_in_client_answers_and_each_look_is_recorded(
    app: Flask, visit: Appointment, ada: Client
) -> None:
    page = Visitor(as_client(app, ada.contacts[0], ada)).open(f"{address(visit)}/day")
    assert list(looks()) == []
    fill_in(page, "Save and go back", occupation_type=["driving"])
    assert page.path == address(visit)
    assert rows(page)["Your usual day"] == "Done"
    page.open(f"{address(visit)}/day")
    shown = [one for one in page.page.all("input") if one.attributes.get("value") == "driving"]
    assert shown[0].has("checked")
    fields = ["activity_level", "occupation_type", "sitting_hours_per_day"]
    assert list(looks()) == [(f"contact:{ada.contacts[0].id}", fields)]


# The way through the parts


def test_the_whole_way_ends_with_one_version(app: Flask, visit: Appointment) -> None:
    page = booker(app).open(address(visit))
    page.open(next(link for link in page.page.all("a") if "Next:" in link.text).get("href"))
    while page.path != address(visit):
        button = "Save and go on" if "Save and go on" in page.text else "Save"
        fill_in(page, button)
    assert set(rows(page).values()) == {"Done"}
    assert "All done." not in page.text
    page.press("Finish")
    assert "All done. " in page.text
    assert not [button for button in page.page.all("button") if button.text == "Finish"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 2


def test_a_gap_is_named_and_what_was_typed_stays(app: Flask, visit: Appointment) -> None:
    page = booker(app).open(f"{address(visit)}/day")
    page.press("Save and go on", sitting_hours_per_day="5")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert "Choose how active you are." in page.text
    hours = [one for one in page.page.all("input") if one.attributes.get("name") == "sitting_hours_per_day"]
    assert hours[0].get("value") == "5"
    assert stored() == []


def test_who_goes_back_half_way_keeps_what_they_answered(app: Flask, visit: Appointment) -> None:
    mine = booker(app).open(f"{address(visit)}/day")
    back = next(one for one in mine.page.all("button") if one.text == "Before your visit")
    assert (back.get("form"), back.get("name"), back.get("value")) == ("part", "then", "leave")
    first = next(one for one in mine.page.all("button") if one.attributes.get("form") == "part")
    assert first.get("value") == "next", "Enter in a field saves the part"
    sent = {"csrf_token": mine.token(), "then": "leave", "occupation_type": "desk"}
    left = mine.browser.post(f"{address(visit)}/day", data=sent)
    assert (left.status_code, left.headers["Location"]) == (303, address(visit))
    mine.open(f"{address(visit)}/day")
    chosen = [one.get("value") for one in mine.page.all("input") if one.has("checked")]
    assert chosen == ["desk"]
    row = db.session.scalars(sa.select(VisitPreparation)).one()
    assert row.parts_done == 0, "the rest is still to do"
    untouched = mine.browser.post(f"{address(visit)}/hopes", data={**sent, "occupation_type": ""})
    assert untouched.status_code == 303, "nothing is asked of who answered nothing"


def test_what_sounds_odd_is_shown_again_once_and_both_can_be_right(app: Flask, visit: Appointment) -> None:
    page = booker(app).open(f"{address(visit)}/day")
    odd = {"sitting_hours_per_day": ["14"], "activity_level": ["athlete"]}
    while page.path != address(visit):
        fill_in(page, "Save and go on" if "Save and go on" in page.text else "Save", **odd)
    page.press("Finish")
    assert page.status == 422
    assert "Please look at these again." in page.text
    page.press("It is right as it is: finish")
    assert "All done. " in page.text


def test_an_urgent_answer_is_followed_by_the_care_card_at_once(
    app: Flask, make: Make, ada: Client, now: datetime
) -> None:
    at_the_gate.send(ada, now - HOUR, without=("safety-1",))
    visit = make.appointment(
        of=make.offering(intake="before_booking"), who=ada, booked_in=browsers.digest(SECRET)
    )
    page = booker(app).open(f"{address(visit)}/safety-1")
    fill_in(page, "Save and go on", **{"red_flags.saddle_numbness": ["yes"]})
    assert "Call 112" in page.text
    assert make.refreshed(visit).state == "cancelled"
    page.open(address(visit))
    assert "nothing to answer for this visit now" in page.text


def test_a_wish_for_a_look_is_said_and_the_visit_stands(app: Flask, visit: Appointment, make: Make) -> None:
    page = booker(app).open(f"{address(visit)}/care")
    form, _ = page.form_with("Save and go on")
    sent = {
        control.get("name"): walk.answer_to(QUESTIONS[control.get("name")], {})
        for control in form.below()
        if control.attributes.get("name") in QUESTIONS
    }
    page.press(
        "Save and go on",
        **{**sent, "own_words.allergies": "Bees, badly", "own_words.allergies.look": "yes"},  # type: ignore[arg-type]
    )
    assert "Your therapist looks at this before your visit." in page.text
    assert make.refreshed(visit).state == "booked"


# The doors


def test_the_pages_of_the_booking_and_the_portal_lead_there(
    app: Flask, visit: Appointment, ada: Client
) -> None:
    manage = signed_links.manage_path(visit.id, visit.link_epoch)
    for page in (
        booker(app).open(f"{manage}/done"),
        stranger(app).open(manage),
        Visitor(as_client(app, ada.contacts[0], ada)).open("/my"),
    ):
        assert address(visit) in [link.attributes.get("href") for link in page.page.all("a")], page.path
        assert "Before your visit" in page.text


def test_where_nothing_is_to_be_asked_nothing_is_shown(
    app: Flask, visit: Appointment, ada: Client, make: Make, now: datetime
) -> None:
    db.session.execute(sa.update(Submission).values(parts_open=0))
    manage = signed_links.manage_path(visit.id, visit.link_epoch)
    plain = make.appointment(of=make.offering(), who=ada, starts_at=now + timedelta(days=9))
    for page in (
        booker(app).open(f"{manage}/done"),
        stranger(app).open(manage),
        Visitor(as_client(app, ada.contacts[0], ada)).open("/my"),
        stranger(app).open(signed_links.manage_path(plain.id, plain.link_epoch)),
    ):
        assert "Before your visit" not in page.text, page.path


def test_the_list_speaks_german_to_a_german_reader(app: Flask, visit: Appointment, ada: Client) -> None:
    ada.language = "de"
    db.session.commit()
    page = stranger(app).open(address(visit))
    assert page.heading == "Vor Ihrem Termin"
    assert rows(page)["Ihr üblicher Tag"] == "Offen"
