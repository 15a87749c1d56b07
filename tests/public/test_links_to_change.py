"""Each link to change an answer leads to that very question, which takes the focus without a script, in each language."""

from collections.abc import Callable
from urllib.parse import urldefrag

import pytest
from flask import Flask

from clinic.web.browser import digest
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.public.test_effort import speaks
from tests.visitor import Visitor
from tests.web.reading import Element

TAKE_FOCUS = {"input", "select", "textarea", "button"}
BRANCHES = {"pain_areas": ["lower_back"], "diagnoses": ["herniated_disc"], "skin_issues": ["rash_or_eczema"]}


@pytest.fixture(params=["en", "de"])
def checking(
    request: pytest.FixtureRequest, app: Flask, make: Make, the_clock_says: Callable[[object], None]
) -> Visitor:
    """Somebody who checks their answers, all of which are given."""
    the_clock_says(NOW)
    make.practice()
    walk.walk(NOW, browser=digest("checks"), **BRANCHES)
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["browser"] = "checks"
    visitor = speaks(request.param, browser).open("/intake/check")
    assert visitor.page.one("html").get("lang") == request.param
    return visitor


def to_change(page: Element) -> list[str]:
    """The addresses at which an answer can be changed, as they stand in the list."""
    links = [link.attributes.get("href", "") for link in page.one(id="main").all("a")]
    return [href for href in links if "change=yes" in href]


def test_each_link_names_a_question_that_takes_the_focus(checking: Visitor) -> None:
    links = to_change(checking.page)
    assert len(links) > 30
    for href in links:
        fragment = urldefrag(href).fragment
        target = checking.open(href).page.one(id=fragment)
        assert target.name in TAKE_FOCUS or target.attributes.get("tabindex") == "-1", href


def test_where_several_answers_stand_together_each_has_its_own_link(checking: Visitor) -> None:
    together = [
        box.all("dt")
        for box in checking.page.all("div")
        if box.attributes.get("class") == "said" and len(box.all("dt")) > 1
    ]
    assert len(together) > 5
    for titles in together:
        ways = [title.one("a") for title in titles]
        assert len({way.get("href") for way in ways}) == len(titles)
        assert {way.get("tabindex") for way in ways} == {"-1"}, "they are no stops of the Tab key"
