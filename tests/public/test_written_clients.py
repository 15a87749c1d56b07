"""Written clients answer through the pages themselves, and reach the level that the guidance gives to what was asked.

Every twelfth of them; all of them in the long tests. `tests/intake/test_written_clients.py` walks more of them below the pages.
"""

import os
from collections.abc import Mapping
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.db import db
from clinic.guidance.facts import Facts
from clinic.guidance.gate import suggestion_fields
from clinic.guidance.levels import Level
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.rules import CURRENT
from clinic.guidance.screening import screen
from clinic.intake import drafts
from clinic.intake.assessment import so_far
from clinic.intake.models import Draft, Outcome
from tests.guidance.clients import CLIENTS, Client
from tests.intake import walk
from tests.intake.test_written_clients import LEFT_OUT, changes
from tests.make import Make
from tests.visitor import Visitor

EACH = 1 if os.environ.get("LUMBAR_LONG") else 12
WALKED = [client for client in CLIENTS[::EACH] if client.name not in LEFT_OUT]
MOST_PAGES = 60
HEADINGS = {
    Level.URGENT: "Call",
    Level.THERAPIST_REVIEW: "A therapist looks at your answers first",
}
"""What the heading of the outcome says at a level."""


def answers_on(visitor: Visitor, told: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What this client answers to the questions of the page that is open."""
    names = dict.fromkeys(control.attributes.get("name") for control in visitor.page.one("main").below())
    return {name: walk.answer_to(QUESTIONS[name], told) for name in names if name in QUESTIONS}


def walk_pages(visitor: Visitor, told: Mapping[str, list[str]]) -> None:
    """From the first page to the end, as a browser goes: each form is filled in and sent, a card is read and gone on from."""
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    for _ in range(MOST_PAGES):
        if visitor.path == "/intake/outcome":
            onward = [
                one.get("href") for one in visitor.page.all("a") if one.text == "Go on with the questions"
            ]
            if not onward:
                return
            visitor.open(onward[0])
        elif visitor.path == "/guardian":
            return
        else:
            button = "Send your answers" if visitor.path == "/intake/check" else "Continue"
            visitor.press(button, **answers_on(visitor, told))  # type: ignore[arg-type]
    raise AssertionError(f"no end after {MOST_PAGES} pages: {visitor.path}: {visitor.text[:300]}")


def level_reached(now: datetime) -> Level:
    """The level of what was sent, or at which the pages stopped."""
    db.session.expire_all()
    sent = db.session.scalars(sa.select(Outcome)).one_or_none()
    if sent is not None:
        return Level(sent.level)
    draft = db.session.scalars(sa.select(Draft)).one()
    return so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now)).level


def level_before_booking(client: Client) -> Level:
    """The level of what is asked before a booking. Answers that only sound odd together are looked at again and can wait; what the
    rest may add is caution at most (`tests/guidance/test_gate.py`)."""
    before = suggestion_fields() | {"red_flags", "red_flags_unsure"}
    asked = {name: value for name, value in client.facts.items() if name in before}
    can_wait = {rule.id for rule in CURRENT.contradictions}
    fired = screen(Facts.of(asked)).fired
    return max((one.level for one in fired if one.rule not in can_wait), default=Level.OK)


@pytest.mark.parametrize("client", WALKED, ids=lambda client: client.name)
def test_a_written_client_reaches_the_same_level_through_the_pages(
    app: Flask, make: Make, clock_at_now: None, now: datetime, client: Client
) -> None:
    make.offering(intake="before_booking")
    visitor = Visitor(app.test_client())
    walk_pages(visitor, changes(client))
    expected = level_before_booking(client)
    assert level_reached(now) == expected
    if visitor.path == "/intake/outcome":
        assert HEADINGS.get(expected, "") in visitor.heading
        ways = [one.get("href") for one in visitor.page.one("main").all("a")]
        if (
            expected is not Level.REFER
        ):  # Who shall come another day may book one; who shall see a doctor may not.
            assert any(way.startswith("/book") for way in ways) == (expected < Level.REFER)
