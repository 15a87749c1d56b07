"""The page of a note saves by itself: what it is told, what is refused, and what it leaves in the record."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts.models import AuditEntry, StaffSession
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import notes
from clinic.plans.models import KeptForm, SessionNote
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser, signed_in_browser
from tests.visitor import token_for

Clock = Callable[[datetime], None]


class OpenPage:
    """A note's page in a browser, as its script saves it."""

    def __init__(self, browser: Browser, visit: Appointment, seen: str = "") -> None:
        self.browser, self.path = browser, f"/staff/appointments/{visit.id}/note"
        self.key, self.number, self.seen = uuid4().hex, 0, seen

    def fields(self, text: str, **more: object) -> dict[str, object]:
        self.number += 1
        return {"text": text, "seen": self.seen, "page": self.key, "number": self.number, **more}

    def save(self, text: str, *, is_lost: bool = False, **more: object) -> TestResponse:
        """Save; an answer that is lost tells the page nothing."""
        answer = self.browser.post(self.path, auto="yes", **self.fields(text, **more))
        if answer.status_code == 200 and not is_lost:
            self.seen = answer.get_json()["seen"]
        return answer


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    """Under way just now."""
    found: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50), state=State.ARRIVED)
    return found


@pytest.fixture
def page(therapist: Browser, visit: Appointment) -> OpenPage:
    return OpenPage(therapist, visit)


def text_of(visit: Appointment) -> str:
    db.session.expire_all()
    written = notes.note_of(visit)
    assert written is not None
    return str(written.content["text"])


def deeds() -> list[str]:
    entries = sa.select(AuditEntry.action).where(AuditEntry.subject_type == "session_notes")
    return list(db.session.scalars(entries.order_by(AuditEntry.id)))


def test_a_page_is_told_when_it_was_saved_and_as_which_version(page: OpenPage, visit: Appointment) -> None:
    answer = page.save("Calm")
    written = db.session.query(SessionNote).one()
    assert answer.get_json()["seen"] == written.written_at.isoformat()
    assert answer.get_json()["saved"] == written.written_at.astimezone(ZoneInfo(visit.zone)).strftime("%H:%M")
    page.save("Calm, no tender points")
    assert text_of(visit) == "Calm, no tender points"
    assert b"Calm" not in written.content_sealed
    assert "Calm, no tender points" in page.browser.get(page.path), "the draft is there on any device"


def test_an_hour_of_typing_is_one_entry_and_the_next_piece_of_work_another(
    page: OpenPage, the_clock_says: Clock
) -> None:
    for minutes in range(0, 60, 5):
        the_clock_says(make.NOW + timedelta(minutes=minutes))
        _stay_signed_in()
        page.save("word " * (minutes + 1))
    assert deeds() == ["write"]
    the_clock_says(make.NOW + timedelta(hours=2))
    _stay_signed_in()
    page.save("later")
    assert deeds() == ["write", "write"]


def _stay_signed_in() -> None:
    """Whoever types also looks at other pages now and then."""
    db.session.execute(sa.update(StaffSession).values(seen_at=clock.now()))
    db.session.commit()


def test_a_save_that_came_too_late_is_refused_with_what_stands(
    page: OpenPage, therapist: Browser, visit: Appointment
) -> None:
    page.save("From the desk")
    tablet = OpenPage(therapist, visit, seen=page.seen)
    tablet.save("From the tablet")
    answer = page.save("From the desk, more")
    assert answer.status_code == 409
    assert "From the tablet" in answer.get_json()["standing"]
    assert "Keep what I typed" in answer.get_json()["standing"]
    assert text_of(visit) == "From the tablet"
    # Who has seen both and keeps their own saves it with what the answer said.
    page.seen = answer.get_json()["seen"]
    therapist.done(page.path, save="yes", **page.fields("From the desk, more"))
    assert text_of(visit) == "From the desk, more"


def test_a_save_after_the_signature_is_refused_and_changes_nothing(
    page: OpenPage, therapist: Browser, visit: Appointment
) -> None:
    page.save("Half")
    therapist.done(
        page.path, sign="yes", first="swedish", **OpenPage(therapist, visit, page.seen).fields("Whole")
    )
    answer = page.save("Half and more")
    assert answer.status_code == 409
    assert "Signed meanwhile" in answer.get_json()["standing"]
    assert "Whole" in answer.get_json()["standing"]
    assert "Add what I typed" in answer.get_json()["standing"]
    assert text_of(visit) == "Whole"


def test_a_page_whose_answer_was_lost_goes_on(page: OpenPage, visit: Appointment) -> None:
    page.save("a", is_lost=True)
    assert page.save("ab", is_lost=True).status_code == 200
    assert page.save("abc").status_code == 200
    assert text_of(visit) == "abc"


def test_an_older_save_of_the_same_page_that_arrives_late_takes_nothing_back(
    page: OpenPage, visit: Appointment
) -> None:
    page.save("a")
    hung = page.fields("ab")
    page.save("abc")
    assert page.browser.post(page.path, auto="yes", **hung).status_code == 409
    assert text_of(visit) == "abc"


def test_a_page_that_signs_while_its_own_save_is_under_way_is_not_refused(
    page: OpenPage, therapist: Browser, visit: Appointment
) -> None:
    page.save("Calm")
    page.save("Calm, slept", is_lost=True)
    therapist.done(page.path, sign="yes", first="swedish", **page.fields("Calm, slept well"))
    assert text_of(visit) == "Calm, slept well"


def test_a_form_that_is_refused_goes_on_from_the_last_save_of_its_page(
    page: OpenPage, therapist: Browser, visit: Appointment
) -> None:
    page.save("Calm", is_lost=True)
    refused = therapist.post(page.path, sign="yes", **page.fields("Calm, slept"))
    assert refused.status_code == 400
    written = db.session.query(SessionNote).one()
    assert written.written_at.isoformat() in refused.text.replace("&#43;", "+")


def test_saving_by_itself_keeps_no_session_alive(page: OpenPage, the_clock_says: Clock) -> None:
    later = make.NOW + timedelta(minutes=20)
    the_clock_says(later)
    page.browser.client.post(
        page.path,
        data={"csrf_token": token_for(page.browser.client), "auto": "yes", **page.fields("still here")},
        headers={"X-By-Itself": "yes"},
    )
    assert db.session.scalars(sa.select(StaffSession.seen_at)).one() < later - timedelta(minutes=15)


def test_what_a_page_sends_after_its_session_ended_is_kept_until_the_same_page_saves(
    app: Flask, scene: Scene, page: OpenPage, visit: Appointment, the_clock_says: Clock
) -> None:
    page.save("Calm")
    the_clock_says(make.NOW + timedelta(minutes=40))
    assert page.save("Calm, slept").status_code == 303
    assert make.count(KeptForm) == 1
    again = Browser(signed_in_browser(app, scene.therapist_user))
    another = OpenPage(again, visit, seen=page.seen)
    page.browser = again
    assert another.save("Something else").status_code == 200
    assert make.count(KeptForm) == 1, "another page's save does not speak for this one"
    assert page.save("Calm, slept well").status_code == 409
    page.seen = another.seen
    assert page.save("Calm, slept well").status_code == 200
    assert make.count(KeptForm) == 0


def test_nonsense_is_refused_with_a_sentence_and_saves_nothing(page: OpenPage) -> None:
    for nonsense in ({"first": "reiki"}, {"text": "x" * 8001}, {"text": "\x00"}, {"areas": "tail"}):
        answer = page.browser.post(page.path, auto="yes", **{**page.fields(""), **nonsense})
        assert answer.status_code == 400
        assert answer.get_json()["sentence"]
    for odd in ({"page": "x"}, {"number": "-1"}, {"number": "9" * 40}, {"page": ""}):
        assert page.browser.post(page.path, auto="yes", **{**page.fields("Calm"), **odd}).status_code in (
            200,
            409,
        )
    assert make.count(SessionNote) == 1


def test_a_draft_is_discarded_only_after_a_question(page: OpenPage, therapist: Browser) -> None:
    path = f"{page.path}/discard"
    assert therapist.look(path).status_code == 303, "without a draft there is nothing to ask"
    page.save("Calm")
    assert "cannot be brought back" in therapist.get(path)
    assert make.count(SessionNote) == 1
    assert therapist.post(path, seen="2001-01-01T00:00:00+00:00").status_code == 409
    assert therapist.post(path).status_code == 409
    assert make.count(SessionNote) == 1
    assert "The draft is discarded." in therapist.done(path, seen=page.seen)
    assert make.count(SessionNote) == 0
    assert deeds()[-1] == "delete"
    assert page.save("Calm, more").status_code == 409, "what was discarded does not come back by itself"


def test_a_signed_note_is_not_discarded(page: OpenPage, therapist: Browser, visit: Appointment) -> None:
    therapist.done(page.path, sign="yes", first="swedish", **page.fields("Whole"))
    written = db.session.query(SessionNote).one()
    answer = therapist.post(f"{page.path}/discard", seen=written.written_at.isoformat())
    assert answer.status_code == 409
    assert text_of(visit) == "Whole"


def test_a_colleague_discards_nothing(page: OpenPage, colleague: Browser, front_desk: Browser) -> None:
    page.save("Calm")
    assert colleague.post(f"{page.path}/discard", seen=page.seen).status_code == 404
    assert front_desk.post(f"{page.path}/discard", seen=page.seen).status_code == 403
    assert colleague.post(page.path, auto="yes", **page.fields("theirs")).status_code == 404
    assert make.count(SessionNote) == 1
