"""A button pressed many times in the same instant does one thing, and every press is answered with that one thing."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from clinic.booking.models import Appointment, State
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import db, transaction
from clinic.guidance import questionnaire
from clinic.intake import drafts, path, queries
from clinic.intake.models import Draft, Submission
from clinic.practice.models import Treatment
from config import Settings
from tests import make
from tests.booking.waiting_list import waits
from tests.conftest import Browser
from tests.intake.walk import answer_to, following, page_of_posts
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

JOINS = {"given_name": "Zoë", "family_name": "Sample", "mail": "zoe@client.example"}


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
    while (page := following(draft)) is not None:
        posted = page_of_posts(page.slug, draft.answers, {})
        with transaction():
            draft, _ = drafts.save_page(draft.browser, page.slug, posted, now)
    assert queries.draft(draft.browser, now) is not None


@contextmanager
def in_between(engine: sa.Engine, words: str, deed: Callable[[], object]) -> Iterator[None]:
    """Do something else just before the first statement that begins with these words, on another connection."""
    waiting = [deed]

    def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if waiting and statement.startswith(words):
            waiting.pop()()

    sa.event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", look)
    assert not waiting, f"nothing began with {words}"


def press_in(app: Flask, task: Any) -> str:
    """Press in a context, and so on a connection, of its own."""
    with app.app_context():
        return press(0, 1, task)


def waits_after_two_presses(visitor: Visitor) -> tuple[int, set[str]]:
    """How many wishes there are when the button is pressed again while the first press is about to write, and the answers.

    Nothing but the key of the form holds these two apart: no time is taken, and each press is a new client.
    """
    sold = make.offering()
    waits(
        make, sold, "Bea"
    )  # What is free is known from then on, so that neither press waits for the other there.
    visitor.open(f"/waiting-list/{sold.slug}")
    task = the_form(visitor, "Join the waiting list", **JOINS)
    db.session.remove()
    answers: set[str] = set()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way
    with (
        ThreadPoolExecutor(1) as elsewhere,
        in_between(
            db.engine,
            "INSERT INTO waiting_wishes",
            lambda: answers.add(elsewhere.submit(press_in, app, task).result(timeout=240)),
        ),
    ):
        answers.add(press(0, 0, task))
    db.session.remove()
    return make.count(WaitingListEntry) - 1, answers


def test_a_second_press_while_the_first_is_at_work_leads_to_the_same_place(
    race_settings: Settings, visitor: Visitor, clock_at_now: None
) -> None:
    count, answers = waits_after_two_presses(visitor)
    assert count == 1
    assert len(answers) == 1
    assert answers.pop().startswith("303 /w/")


def test_without_the_constraint_on_keys_the_second_press_would_wait_twice(
    race_settings: Settings, visitor: Visitor, clock_at_now: None
) -> None:
    """What the guard is worth: without it the test above sees two of everything."""
    owner = sa.create_engine(str(race_settings.database_owner_url), poolclass=sa.NullPool)
    name = "uq_idempotency_keys_scope_key"
    with owner.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE idempotency_keys DROP CONSTRAINT {name}"))
    try:
        count, answers = waits_after_two_presses(visitor)
        assert count == 2
        assert len(answers) == 2
    finally:
        db.session.remove()
        with owner.begin() as connection:
            connection.execute(sa.text("DELETE FROM idempotency_keys"))
            connection.execute(
                sa.text(f"ALTER TABLE idempotency_keys ADD CONSTRAINT {name} UNIQUE (scope, key)")
            )
