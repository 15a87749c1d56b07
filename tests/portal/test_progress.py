"""A client's own line: the scores they gave, shown to themselves and recorded."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.portal.progress import NEWEST, ON_THE_CHART
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.test_courses import begun, weekly
from tests.plans.test_progress import scored
from tests.plans.test_scores import ACTIVITIES, PEG
from tests.visitor import Visitor, as_client

__all__ = ["scene"]


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


@pytest.fixture
def course(scene: Scene) -> list[Appointment]:
    """The first three visits of a course, whose start was measured."""
    first = begun(scene, **PEG, **ACTIVITIES)
    return [first, weekly(scene, first, 1), weekly(scene, first, 2)]


def table(visitor: Visitor, title: str) -> list[list[str]]:
    """The rows of the table under this heading."""
    (section,) = [
        one for one in visitor.page.all("section") if [head.text for head in one.all("h2")] == [title]
    ]
    rows = [[cell.text for cell in row.below() if cell.name in ("th", "td")] for row in section.all("tr")]
    return rows[1:]


def looks() -> list[tuple[str, list[str]]]:
    rows = sa.select(AuditEntry).where(AuditEntry.purpose == "own_progress")
    return [(entry.actor, list(entry.fields)) for entry in db.session.scalars(rows)]


def test_a_client_sees_what_they_answered_newest_first_and_missing_stays_missing(
    course: list[Appointment], ada: Visitor
) -> None:
    scored(course[0], pain_avg_nrs=0, pain_now_nrs=4)
    scored(course[1], pain_now_nrs=3)
    scored(course[2], pain_avg_nrs=2, activity_now_2=6, global_change="a_little_worse", reaction="bruised")
    ada.open("/my").open(
        next(one.get("href") for one in ada.page.all("a") if one.text == "Your answers over time")
    )
    assert table(ada, "Pain") == [
        ["Thu 20 Mar 2031", "2", "not given"],
        ["Thu 13 Mar 2031", "not given", "3"],
        ["Thu 6 Mar 2031", "0", "4"],
        ["Mon 3 Mar 2031", "5", "4"],
    ]
    assert table(ada, "Pain in daily life, past week") == [["Mon 3 Mar 2031", "6", "5", "7"]]
    assert table(ada, "“tying shoes”") == [
        ["Thu 20 Mar 2031", "not given"],
        ["Mon 3 Mar 2031", "2"],
    ]
    assert table(ada, "“sleeping”") == [["Thu 20 Mar 2031", "6"], ["Mon 3 Mar 2031", "4"]]
    assert table(ada, "Since the start") == [["Thu 20 Mar 2031", "A little worse"]]
    assert len(table(ada, "After the session before")) == 1


def test_the_chart_says_the_same_and_breaks_where_nothing_was_given(
    course: list[Appointment], ada: Visitor
) -> None:
    scored(course[0], pain_now_nrs=4)
    scored(course[1], pain_avg_nrs=3)
    (chart,) = [
        one for one in ada.open("/my/progress").page.all("svg") if one.attributes.get("class") == "chart"
    ]
    assert chart.get("aria-label") == "Average pain over the last week, 0 to 10: 3 Mar 5, 13 Mar 3"
    assert [one for one in chart.all("path") if one.attributes.get("class") == "chart-line"] == []
    assert table(ada, "Your own line") == [["3 Mar", "5"], ["6 Mar", "not given"], ["13 Mar", "3"]]


def test_the_page_judges_nothing(course: list[Appointment], ada: Visitor) -> None:
    scored(course[2], pain_avg_nrs=1, activity_now_1=9)
    ada.open("/my/progress")
    for word in ("mproved", "nchanged", "Worse than", "%", "Proposed", "ook back"):
        assert word not in ada.text
    assert "These numbers do not show what changed them." in ada.text


def test_each_look_is_recorded_with_the_names_of_what_was_seen(
    scene: Scene, course: list[Appointment], ada: Visitor
) -> None:
    by_ada = f"contact:{scene.ada.contacts[0].id}"
    ada.open("/my")
    assert looks() == [(by_ada, ["nrs"])], "the first page draws the line of pain and nothing else"
    ada.open("/my/progress")
    assert looks()[1:] == [(by_ada, ["nrs", "peg", "psfs"])]


def test_who_gave_no_scores_finds_no_link_an_empty_page_and_no_record_of_a_look(
    scene: Scene, ada: Visitor
) -> None:
    scene.visit()
    assert "Your answers over time" not in ada.open("/my").text
    ada.open("/my/progress")
    assert ada.status == 200
    assert "Nothing here yet" in ada.text
    assert looks() == []


def test_nobody_sees_the_answers_of_somebody_else(
    app: Flask, course: list[Appointment], clock_at_now: None
) -> None:
    bob = make.client(given_name="Bob", mail="bob@client.example")
    visitor = Visitor(as_client(app, bob.contacts[0], bob))
    assert "Your answers over time" not in visitor.open("/my").text
    assert "tying shoes" not in visitor.open("/my/progress").text
    assert "sign-in" in Visitor(app.test_client()).open("/my/progress").path


def test_many_answers_are_shown_up_to_a_number_and_the_page_says_so(scene: Scene, ada: Visitor) -> None:
    for week in range(NEWEST + 1):
        scored(scene.visit(starts_at=make.NOW + timedelta(weeks=week)), pain_avg_nrs=week % 11)
        if week == NEWEST - 1:
            assert "Here are the newest" not in ada.open("/my/progress").text
    assert "Here are the newest 20 times." in ada.open("/my/progress").text
    assert len(table(ada, "Pain")) == NEWEST
    assert len(table(ada, "Your own line")) == ON_THE_CHART


def test_readers_of_german_read_their_line_in_german(course: list[Appointment], ada: Visitor) -> None:
    scored(course[1], pain_avg_nrs=3)
    answer = ada.browser.get("/my/progress", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert '<html lang="de"' in answer
    assert (
        "Durchschnittliche Schmerzen in den letzten 7 Tagen, 0 bis 10: 3.\u00a0März 5, 13.\u00a0März 3"
        in answer
    )
    assert "Dasselbe als Tabelle" in answer


def test_an_activity_stands_in_the_marks_of_the_language(course: list[Appointment], ada: Visitor) -> None:
    answer = ada.browser.get("/my/progress", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "„tying shoes“" in answer
    assert "“tying shoes”" not in answer


def test_a_client_reads_their_own_words_and_the_way_to_change_them(scene: Scene, ada: Visitor) -> None:
    words = {"own_words.allergies": {"text": "<i>Nuts</i>\nand bees", "look": False}}
    make.submission(who=scene.ada, answers=words, submitted_at=clock.now())
    ada.open("/my").open("/my/progress")
    assert "&lt;i&gt;Nuts&lt;/i&gt;\nand bees</dd>" in ada.answer.text
    assert "Nothing here yet" not in ada.text
    assert any(one.get("href") == "/intake" and one.text == "Change it" for one in ada.page.all("a"))
    assert looks() == [(f"contact:{scene.ada.contacts[0].id}", ["own_words"])]
