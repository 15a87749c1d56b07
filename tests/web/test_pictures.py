"""What one may notice in the muscles is asked with a small picture beside each everyday word (guidance, clarifications)."""

import re
from collections.abc import Callable
from pathlib import Path

from clinic.guidance.questions import QUESTIONS
from tests.web.reading import Element

Draw = Callable[..., Element]
SPRITE = Path(__file__).parent.parent.parent / "assets" / "svg" / "findings.svg"
QUESTION = '{% from "macros/question.html" import question %}{{ question(q) }}'


def test_everything_one_may_notice_in_the_muscles_has_its_picture(drawn: Draw) -> None:
    q = QUESTIONS["muscle_findings"]
    shown = [use.attributes["href"].partition("#f-")[2] for use in drawn(QUESTION, q=q).all("use")]
    assert shown == [option.code for option in q.options if option.code != "none"]
    assert set(shown) == set(re.findall(r'<symbol id="f-(\w+)"', SPRITE.read_text("utf-8")))


def test_a_picture_is_not_read_aloud_because_the_words_beside_it_say_it(drawn: Draw) -> None:
    page = drawn(QUESTION, q=QUESTIONS["muscle_findings"])
    assert {picture.attributes["aria-hidden"] for picture in page.all("svg")} == {"true"}
    assert "A sore knot in the muscle that you can feel" in page.text


def test_other_lists_have_no_pictures(drawn: Draw) -> None:
    assert drawn(QUESTION, q=QUESTIONS["conditions"]).all("svg") == []
