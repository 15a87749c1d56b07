"""What a client waits for stands under *My visits*, in their language, and is ended there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from clinic.booking.models import State
from clinic.booking.waiting import entries
from clinic.booking.waiting.models import EntryEnd
from clinic.db import db, transaction
from clinic.practice.models import Treatment
from tests.booking.waiting_list import cancels, look, offer_of, thursdays, times, waits
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client

pytestmark = pytest.mark.usefixtures("clock_at_now")


@pytest.fixture
def sold(make: Make) -> Treatment:
    return thursdays(make)


def test_each_wish_says_what_when_and_until_when_and_leads_to_its_page(
    app: Flask, make: Make, sold: Treatment
) -> None:
    ada = make.client()
    waits(make, sold, who=ada, times=times([3], [0]))
    waits(make, sold, who=ada, therapist_id=sold.therapists[0].id, now=NOW + timedelta(seconds=1))
    waits(make, sold, "Bea")
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    assert "What you wait for" in page.text
    assert "With Any therapist When Thursdays, mornings Last day Monday 31 March" in page.text
    assert f"With {sold.therapists[0].name} When Any day, any time of day" in page.text
    ways = [link.get("href") for link in page.page.all("a") if link.text.startswith("See or change it")]
    assert len(ways) == 2, "and nobody else's"
    assert page.open(ways[0]).heading == "You are on the waiting list"


def test_a_wish_is_ended_and_the_other_stays(app: Flask, make: Make, sold: Treatment) -> None:
    ada = make.client()
    first = waits(make, sold, who=ada, times=times([3], [0]))
    second = waits(make, sold, who=ada, now=NOW + timedelta(seconds=1))
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    page.press("Take me off the list: Massage, Thursdays, mornings")
    assert page.path == "/my"
    assert "You are no longer on the waiting list." in page.text
    assert make.refreshed(first).end == EntryEnd.WITHDRAWN
    assert make.refreshed(second).is_live
    assert "Take me off the list: Massage, Thursdays, mornings" not in page.text
    token = page.token()
    again = page.browser.post(f"/my/waiting/{first.id}/end", data={"csrf_token": token})
    assert again.status_code == 303, "a second press changes nothing"


def test_what_was_ended_by_a_slip_is_put_back_within_a_day(
    app: Flask, make: Make, sold: Treatment, the_clock_says: Callable[[object], None]
) -> None:
    ada = make.client()
    entry = waits(make, sold, who=ada, times=times([3], [0]))
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    page.press("Take me off the list: Massage, Thursdays, mornings")
    assert "You took this off the list." in page.text
    the_clock_says(NOW + entries.BACK_WITHIN - timedelta(minutes=5))
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    page.press("Put me back on the list: Massage, Thursdays, mornings")
    assert "You are on the waiting list again, at your old place." in page.text
    assert "Take me off the list: Massage, Thursdays, mornings" in page.text
    assert make.refreshed(entry).is_live
    page.press("Take me off the list: Massage, Thursdays, mornings")
    the_clock_says(NOW + 2 * entries.BACK_WITHIN)  # The clock of pages runs on from there.
    page = Visitor(as_client(app, ada.contacts[0], ada))
    assert "You took this off the list." not in page.open("/my").text
    answer = page.browser.post(f"/my/waiting/{entry.id}/back", data={"csrf_token": page.token()})
    assert answer.status_code == 303
    assert "not on the waiting list" in page.open("/my").text
    assert not make.refreshed(entry).is_live


def test_nobody_puts_back_what_somebody_else_waited_for(app: Flask, make: Make, sold: Treatment) -> None:
    bea, ada = waits(make, sold, "Bea"), make.client()
    with transaction():
        entries.withdraw(bea.id, actor=f"link:{bea.id}", now=NOW)
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    assert "You took this off the list." not in page.text
    answer = page.browser.post(f"/my/waiting/{bea.id}/back", data={"csrf_token": page.token()})
    assert answer.status_code == 404
    assert not make.refreshed(bea).is_live


def test_nobody_ends_what_somebody_else_waits_for(app: Flask, make: Make, sold: Treatment) -> None:
    bea, ada = waits(make, sold, "Bea"), make.client()
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    assert "What you wait for" not in page.text
    answer = page.browser.post(f"/my/waiting/{bea.id}/end", data={"csrf_token": page.token()})
    assert answer.status_code == 404
    db.session.expire_all()
    assert bea.is_live


def test_a_time_that_is_kept_is_taken_from_there(app: Flask, make: Make, sold: Treatment) -> None:
    ada = make.client()
    visit = make.appointment(of=sold, who=make.client(given_name="Bob", mail="bob@client.example"))
    entry = waits(make, sold, who=ada)
    look(cancels(visit, NOW - timedelta(minutes=2)))
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my")
    assert "A time is free for you now: Thursday 6 March, 10:00" in page.text
    (way,) = [link.get("href") for link in page.page.all("a") if link.text == "Take it or say no"]
    page.open(way).press("Take this time")
    assert offer_of(entry).offering.hold.state == State.BOOKED
    assert "What you wait for" not in page.open("/my").text


def test_it_speaks_german(app: Flask, make: Make, sold: Treatment) -> None:
    ada = make.client()
    waits(make, sold, who=ada, times=times([3], [0]))
    page = Visitor(as_client(app, ada.contacts[0], ada)).open("/my").press("Deutsch")
    assert "Ansehen oder ändern" in page.text
    for english in ("See or change", "Thursday", "Last day", "Take me off", "wait for"):
        assert english not in page.text
