"""A client's own words on the pages of the intake: typed, refused with what was typed, checked, changed, and for the doctor."""

from types import ModuleType

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts.models import AuditEntry
from clinic.booking.models import State
from clinic.db import db
from clinic.guidance.own_words import ASKED_LOOK
from clinic.intake.explanation import safety_of
from clinic.intake.models import Draft, Submission
from clinic.plans import queries
from tests.public.test_intake_pages import Visitor, heading, posted, tables, words
from tests.visitor import as_client

pytestmark = pytest.mark.usefixtures("clock_at_now")

MARKER = "zebrafish"
FIELD = "own_words.conditions"
LOOK = f"{FIELD}.look"


@pytest.fixture(autouse=True)
def practice(make: ModuleType) -> None:
    make.practice(country="DE", support_line="", advice_line="116 117")


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    found = Visitor(client)
    found.say_yes()
    found.answer_until("conditions")
    return found


def write(visitor: Visitor, text: str, *, look: bool = False) -> int:
    """Send the page of conditions with this text."""
    fields = {**posted("conditions", {}), FIELD: text, **({LOOK: "yes"} if look else {})}
    return visitor.post("/intake/conditions", fields).status_code


def finish(visitor: Visitor) -> None:
    visitor.answer_until("check")
    visitor.post("/intake/check", posted("closing", {}))


def kept() -> object:
    """What the draft holds."""
    db.session.expire_all()
    return db.session.scalars(sa.select(Draft)).one().answers.get(FIELD)


def test_the_page_has_a_place_for_words_and_a_tick(visitor: Visitor) -> None:
    said = words(visitor.page)
    assert heading(visitor.page) == "Any of these, now or in the past?"
    assert "Anything else we should know about your health? (optional)" in said
    assert "please let a therapist look before my visit is confirmed" in said


def test_words_are_shown_to_check_and_to_change_and_break_lines(visitor: Visitor) -> None:
    assert write(visitor, f"{MARKER} <b>bold</b>\r\nsecond line") == 200
    assert kept() == {"text": f"{MARKER} <b>bold</b>\nsecond line", "look": False}
    visitor.answer_until("check")
    assert f'class="lines-kept">{MARKER} &lt;b&gt;bold&lt;/b&gt;\nsecond line</dd>' in visitor.page.text
    assert 'href="/intake/conditions?change=yes#own_words-conditions"' in visitor.page.text
    visitor.go("/intake/conditions?change=yes")
    assert f"\n{MARKER} &lt;b&gt;bold&lt;/b&gt;\nsecond line</textarea>" in visitor.page.text
    write(visitor, "")
    assert kept() is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bell\x07rings", "Please remove characters that cannot be shown, such as control characters."),
        ("turned \u202e round", "Please remove characters that cannot be shown, such as control characters."),
        ("x" * 501, "Use up to 500 letters; these are 501."),
    ],
)
def test_what_cannot_be_read_is_refused_and_shown_again(visitor: Visitor, text: str, sentence: str) -> None:
    assert write(visitor, text, look=True) == 422
    assert sentence in words(visitor.page).replace("use up", "Use up")
    if "x" in text:
        assert f"{text}</textarea>" in visitor.page.text
        assert 'name="own_words.conditions.look" value="yes" checked' in visitor.page.text
    assert kept() is None


def test_a_tick_without_words_asks_for_nothing(visitor: Visitor) -> None:
    assert write(visitor, "  \r\n ", look=True) == 200
    assert kept() is None


def test_a_tick_lets_a_therapist_look_first(visitor: Visitor) -> None:
    assert write(visitor, MARKER, look=True) == 200
    finish(visitor)
    assert heading(visitor.page) == "A therapist looks at your answers first"
    assert MARKER not in visitor.page.text


def test_words_alone_lead_to_a_suggestion(visitor: Visitor) -> None:
    write(visitor, MARKER)
    finish(visitor)
    assert heading(visitor.page) != "A therapist looks at your answers first"
    assert MARKER not in visitor.page.text


def test_words_are_nowhere_in_clear(
    visitor: Visitor, database: sa.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    write(visitor, MARKER, look=True)
    tables(database, [MARKER])
    finish(visitor)
    assert db.session.scalars(sa.select(Submission)).one().answers[FIELD]["text"] == MARKER
    tables(database, [MARKER])
    assert MARKER not in caplog.text


def test_the_page_for_the_doctor_holds_them(visitor: Visitor) -> None:
    write(visitor, MARKER)
    visitor.go("/intake/safety-3")
    visitor.answer(red_flags_weight_loss=["yes"])
    said = words(visitor.go("/intake/letter"))
    assert f"In their own words Conditions {MARKER}" in said
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "doctor's letter")).one()
    assert "own_words" in entry.fields


@pytest.mark.parametrize(("ticked", "levels"), [(False, []), (True, ["therapist_review"])])
def test_a_tick_in_later_answers_reaches_the_visit_that_is_booked_already(
    app: Flask, make: ModuleType, ticked: bool, levels: list[str]
) -> None:
    place = make.location()
    user = make.user(roles=["therapist"])
    sold = make.treatment(therapists=[make.therapist(place, user_id=user.id)])
    ada = make.client()
    visit = make.appointment(of=sold, who=ada)
    later = Visitor(as_client(app, ada.contacts[0], ada))
    later.say_yes()
    later.answer_until("conditions")
    assert write(later, MARKER, look=ticked) == 200
    finish(later)
    found = [(one.appointment.id, one.level) for one in queries.queue(user.id, make.NOW) if one.appointment]
    assert [one for one in found if one[1] != "ok"] == [(visit.id, level) for level in levels]
    assert make.refreshed(visit).state == State.BOOKED
    sent = db.session.scalars(sa.select(Submission)).one()
    assert sent.client_id == ada.id
    assert [rule.rule for rule in safety_of(sent.outcome).fired] == ([ASKED_LOOK] if ticked else [])
