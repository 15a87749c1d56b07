"""The first page of a signed-in client: one next act, the line, the course as bones, and the tips of the last visit."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.intakes import send
from tests.plans.test_courses import begun, weekly
from tests.plans.test_progress import scored
from tests.plans.test_to_book import course
from tests.public.spoken import english_on
from tests.visitor import Visitor, as_client

__all__ = ["scene"]

QUESTIONS, TODAY = "Answer the health questions", "Answer a few questions about today"


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


def filled(page: Visitor) -> list[tuple[str, str]]:
    """What the one filled button says and where it leads."""
    return [
        (one.text, one.get("href")) for one in page.page.all("a") if one.attributes.get("class") == "button"
    ]


def looks(purpose: str) -> int:
    rows = sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.purpose == purpose)
    return db.session.scalar(rows) or 0


def test_a_new_client_reads_what_will_stand_there_and_can_book(scene: Scene, ada: Visitor) -> None:
    ada.open("/my")
    assert "Nothing is booked" in ada.text
    assert "When a visit is over, it stands here." in ada.text
    assert filled(ada) == [("Book a session", "/book")]
    headings = [one.text for one in ada.page.all("h2")]
    assert headings == ["Nothing is booked", "Past visits"], "nothing is promised that is not there"


def test_a_visit_without_answers_asks_for_them_first(scene: Scene, ada: Visitor) -> None:
    scene.visit()
    assert filled(ada.open("/my")) == [(QUESTIONS, "/intake")]


def test_a_treatment_that_asks_nothing_asks_nothing(scene: Scene, ada: Visitor) -> None:
    scene.treatment.intake = "none"
    scene.visit()
    db.session.commit()
    assert filled(ada.open("/my")) == []


def test_from_a_day_before_until_it_is_answered_the_short_form_is_the_next_act(
    scene: Scene, ada: Visitor
) -> None:
    send(scene.ada, {"back_pain_now": "no"}, at=make.NOW - timedelta(days=2))
    visit = scene.visit(starts_at=make.NOW + timedelta(hours=25))
    assert filled(ada.open("/my")) == [], "a day and an hour before"
    visit.starts_at, visit.ends_at = visit.starts_at - timedelta(hours=2), visit.ends_at - timedelta(hours=2)
    visit.occupied_from, visit.occupied_until = visit.starts_at, visit.ends_at
    db.session.commit()
    assert filled(ada.open("/my")) == [(TODAY, signed_links.visit_form_path(visit.id, visit.link_epoch))]
    send(scene.ada, {"back_pain_now": "no"}, at=make.NOW, kind="day_of_visit")
    assert filled(ada.open("/my")) == []


def test_the_course_stands_as_bones_and_the_next_visit_says_which_session_it_is(
    scene: Scene, ada: Visitor
) -> None:
    first = begun(scene)
    first.state, first.starts_at = State.DONE, first.starts_at - timedelta(days=7)
    first.ends_at -= timedelta(days=7)
    first.occupied_from, first.occupied_until = first.starts_at, first.ends_at
    weekly(scene, first, 2)
    db.session.commit()
    ada.open("/my")
    assert "Your next visit, session 2 of 8" in ada.text
    (bones,) = [one for one in ada.page.all("ol") if one.attributes.get("class") == "course"]
    spoken = [one.text for one in bones.all("li")]
    assert spoken[:2] == ["Session 1, done", "Session 2, next"]
    assert spoken[3] == "Session 4, we check how it is going"
    assert [one.get("href") for one in ada.page.all("a") if one.text == "See all sessions"] == ["/my/plan"]


def test_the_line_has_words_and_a_table_that_say_the_same(scene: Scene, ada: Visitor) -> None:
    first = begun(scene, pain_avg_nrs=6)
    scored(first, pain_avg_nrs=4)
    ada.open("/my")
    (chart,) = [one for one in ada.page.all("svg") if one.attributes.get("class") == "chart"]
    assert chart.get("aria-label") == "Average pain over the last week, 0 to 10: 3 Mar 6, 6 Mar 4"
    assert "You gave 6 on 3 Mar and 4 on 6 Mar." in ada.text
    assert "These numbers do not show what changed them." in ada.text
    assert [cell.text for cell in ada.page.all("td")] == ["6", "4"]


def test_the_tips_of_the_last_visit_are_the_clients_own_and_the_look_is_recorded(
    scene: Scene, ada: Visitor
) -> None:
    scene.visit(starts_at=make.NOW - timedelta(days=2), state=State.DONE)
    send(scene.ada, {"occupation_type": "desk"}, at=make.NOW - timedelta(days=3))
    ada.open("/my")
    assert "After your last visit" in ada.text
    assert "Stand up or walk regularly" in ada.text, "what rests on the answers"
    assert "Keep gently active" in ada.text, "what fits everybody"
    assert "call 112" in ada.text
    assert looks("own_tips") == 1


@pytest.mark.parametrize("state", [State.MISSED, State.CANCELLED])
def test_a_visit_that_did_not_take_place_has_no_tips_and_nothing_is_opened(
    scene: Scene, ada: Visitor, state: State
) -> None:
    scene.visit(starts_at=make.NOW - timedelta(days=2), state=state)
    assert "After your last visit" not in ada.open("/my").text
    assert looks("own_tips") == 0


def test_later_visits_are_listed_each_with_its_page(scene: Scene, ada: Visitor) -> None:
    visits: list[Appointment] = [
        scene.visit(starts_at=make.NOW + timedelta(days=3 + 7 * week)) for week in range(3)
    ]
    ada.open("/my")
    ways = [one.get("href") for one in ada.page.all("a") if one.text.startswith("Move or cancel")]
    assert ways == [signed_links.manage_path(visit.id, visit.link_epoch) for visit in visits]


def test_every_page_of_a_client_has_the_same_few_entries_and_says_where_one_is(
    scene: Scene, ada: Visitor
) -> None:
    course(scene)
    entries = {
        "Visits": "/my",
        "Course": "/my/plan",
        "Answers": "/my/answers",
        "Messages": "/my/messages",
        "Documents": "/my/documents",
        "My data": "/my/data",
    }
    for words, path in entries.items():
        (bar,) = [
            one for one in ada.open(path).page.all("nav") if one.attributes.get("class") == "tabs tabs--wraps"
        ]
        assert {one.text: one.get("href") for one in bar.all("a")} == entries
        assert [one.text for one in bar.all("a") if one.has("aria-current")] == [words]


def test_every_page_of_a_client_is_german(scene: Scene, ada: Visitor) -> None:
    course(scene)
    scene.visit(starts_at=make.NOW - timedelta(days=40), state=State.DONE)
    ada.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    for path in ("/my", "/my/plan", "/my/answers", "/my/messages", "/my/data", "/my/progress", "/my/past"):
        assert english_on(ada.open(path)) == [], path
