"""Who feels very low reads where somebody listens, whatever else the answers came to, and nobody else learns of it."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.intake import services
from tests.intake import walk
from tests.make import Make
from tests.public.test_intake_pages import Visitor, heading, posted, token, words
from tests.public.test_safety_form import plain

pytestmark = pytest.mark.usefixtures("clock_at_now")

LINE = "0800 1110111"


@pytest.fixture(autouse=True)
def practice(make: Make) -> None:
    make.practice(country="DE", support_line=LINE)


def sent_to_a_doctor(visitor: Visitor, mood: str) -> tuple[str, str]:
    """What the card says when an answer on the way asks for it, and when all answers are sent."""
    visitor.say_yes()
    visitor.answer_until("operations", mood=[mood])
    card = visitor.answer(swelling=["area_or_limb_unexplained"])
    assert heading(card) == "Please see a doctor within two days, before a massage"
    visitor.go("/intake/pressure")
    visitor.answer_until("check")
    after = visitor.post("/intake/check", posted("closing", {}))
    assert heading(after) == heading(card)
    return words(card), words(after)


def test_it_stands_on_a_doctors_card(client: FlaskClient) -> None:
    for said in sent_to_a_doctor(Visitor(client), "marked"):
        assert f"If things feel heavy: {LINE} is there to listen." in said


def test_it_does_not_stand_where_nobody_said_so(client: FlaskClient) -> None:
    for said in sent_to_a_doctor(Visitor(client), "mild"):
        assert LINE not in said


def test_the_form_behind_a_bare_link_does_not_tell_of_it(
    client: FlaskClient, make: Make, now: datetime
) -> None:
    person = make.client()
    walk.sent(now, mood=["marked"])
    services.adopt(walk.BROWSER, person.id, now)
    visit = make.appointment(of=make.offering(), who=person, starts_at=now + timedelta(hours=20))
    address = signed_links.purpose_path("visit", "visit", visit.id, visit.link_epoch)
    sent = {"csrf_token": token(client.get(address)), **plain(red_flags_weight_loss="yes")}
    page = client.post(address, data=sent)
    assert heading(page) == "Please see a doctor within two days, before a massage"
    assert LINE not in words(page)
