"""A button pressed many times in the same instant does one thing, and every press is answered with that one thing."""

import re
from collections import Counter
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.guidance import questionnaire
from clinic.intake import drafts, path, queries
from clinic.intake.models import Draft, Submission
from clinic.practice.models import Treatment
from config import Settings
from tests import make
from tests.conftest import Browser
from tests.intake.walk import answer_to
from tests.races.rivals import race
from tests.visitor import Visitor, shown

PRESSES = 6
DETAILS = {
    "given_name": "Zoë",
    "family_name": "Sample",
    "mail": "zoe@client.example",
    "phone": "",
    "agree": "y",
}


def press(_round: int, _rival: int, task: Any) -> str:
    """Send one form; gives the status and where it led."""
    browser = current_app.test_client()
    browser.set_cookie(current_app.config["SESSION_COOKIE_NAME"], task["cookie"])
    answer = browser.post(task["path"], data=task["form"])
    return f"{answer.status_code} {answer.headers.get('Location', '')}"


@pytest.fixture
def visitor(race_app: Flask) -> Visitor:
    race_app.test_client_class = Browser
    return Visitor(race_app.test_client())


def the_form(visitor: Visitor, button: str, **fields: str) -> dict[str, Any]:
    form, _ = visitor.form_with(button)
    cookie = visitor.browser.get_cookie(current_app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return {"cookie": cookie.value, "path": visitor.path, "form": {**shown(form), **fields}}


def with_a_time_kept(visitor: Visitor, sold: Treatment) -> Visitor:
    page = visitor.open(f"/book/{sold.slug}").answer.get_data(as_text=True)
    offered = re.findall(r'name="start" value="([^"]+)"', page)
    visitor.answer = visitor.browser.post(
        visitor.path, data={"csrf_token": visitor.token(), "start": unescape(offered[-1])}
    )
    return visitor.follow()


def test_booking_pressed_many_times_at_once_books_once_and_leads_each_press_there(
    race_settings: Settings, visitor: Visitor
) -> None:
    with_a_time_kept(visitor, make.offering())
    task = the_form(visitor, "Book this session", **DETAILS)
    db.session.remove()
    answers = Counter(report.result for report in race(race_settings, press, [task], PRESSES))
    booked = db.session.scalars(sa.select(Appointment).where(Appointment.state == State.BOOKED)).one()
    assert len(answers) == 1, answers
    assert next(iter(answers)).startswith("303 /a/"), answers
    assert booked.client_id is not None


def test_answers_sent_many_times_at_once_are_sent_once(race_settings: Settings, visitor: Visitor) -> None:
    make.offering()
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    answer_everything()
    visitor.open("/intake/check")
    closing = {
        question.field: answer_to(question, {})
        for question in path.asked_questions(questionnaire.page(path.CLOSING), {})
    }
    task = the_form(visitor, "Send your answers")
    task["form"].update(closing)
    db.session.remove()
    answers = Counter(report.result for report in race(race_settings, press, [task], PRESSES))
    assert set(answers) == {"303 /intake/outcome"}, answers
    assert make.count(Submission) == 1
    assert make.count(Draft) == 0


def answer_everything() -> None:
    """The draft that is under way, answered dully to its end."""
    draft = db.session.scalars(sa.select(Draft)).one()
    now = draft.changed_at
    while (page := path.next_unanswered(draft.answers)) is not None:
        posted = {
            question.field: answer_to(question, {})
            for question in path.asked_questions(questionnaire.page(page.slug), draft.answers)
        }
        with transaction():
            draft, _ = drafts.save_page(draft.browser, page.slug, posted, now)
    assert queries.draft(draft.browser, now) is not None
