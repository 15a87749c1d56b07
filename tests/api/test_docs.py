"""docs/api.md, done as it says: its commands, one after the other, on the demo practice."""

import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic import demo
from clinic.api import problems
from clinic.db import transaction
from clinic.refusal import Refusal
from tests.api.caller import announced
from tests.make import Make

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
HOST = "http://localhost:8000"
NOW = datetime(2031, 3, 3, 15, 0, tzinfo=UTC)
"""A Monday morning in Toronto, where the demo practice is."""


def commands() -> list[str]:
    """Every curl command of the page, lines that go on joined."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [
        command
        for block in blocks
        for command in re.split(r"\n(?=curl|\w+=)", block.strip())
        if command.startswith("curl")
    ]


def done(browser: FlaskClient, command: str, known: dict[str, str]) -> TestResponse:
    """Do what a curl command does; fail on a word this does not know."""
    line = Template(command.replace("\\\n", " ")).substitute(known)
    words: Iterator[str] = iter(shlex.split(line)[1:])
    method, path, body, headers = None, "", None, {}
    for word in words:
        if word == "-s":
            continue
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            assert word.startswith(HOST), word
            path = word.removeprefix(HOST)
    method = method or ("POST" if body else "GET")
    answer = browser.open(path, method=method, headers=headers, data=body)
    announced(method, path, answer)
    return answer


def test_the_page_books_moves_and_cancels_on_the_demo_practice(
    make: Make, client: FlaskClient, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(NOW)
    with transaction():
        demo.load(NOW)
    known = {
        "FROM": str((NOW + timedelta(days=7)).date()),
        "TO": str((NOW + timedelta(days=14)).date()),
        "START": "",
        "OTHER": "",
        "HOLD": "",
        "TOKEN": "",
    }
    answers = []
    for command in commands():
        answer = done(client, command, known)
        assert answer.status_code in (200, 201), (command, answer.get_data(as_text=True))
        content = answer.get_json()
        answers.append(content)
        if "locations" in content:
            days = content["locations"][0]["days"]
            first, second = list(days)[:2]
            known["START"], known["OTHER"] = f"{first}T{days[first][0]}", f"{second}T{days[second][-1]}"
        known["HOLD"] = content.get("hold", known["HOLD"])
        known["TOKEN"] = content.get("token", known["TOKEN"])
    assert len(answers) == 8
    assert [answer.get("state") for answer in answers[4:]] == ["requested"] * 3 + ["cancelled"]
    assert [answers[5]["start"], answers[6]["start"]] == [known["START"], known["OTHER"]]


def test_the_page_names_every_refusal_of_this_surface() -> None:
    named = set(re.findall(r"`([a-z-]+)`", PAGE.partition("## When it says no")[2]))
    own = {
        each.code for each in vars(problems).values() if isinstance(each, type) and issubclass(each, Refusal)
    }
    assert own - {"refused", "past"} <= named


@pytest.mark.parametrize("word", ["Idempotency-Key", "If-Match", "If-None-Match", "/api/v1/openapi.json"])
def test_the_page_tells_of_the_headers_that_matter(word: str) -> None:
    assert word in PAGE
