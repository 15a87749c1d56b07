"""Written clients, walked page by page, reach the level that the guidance gives them by the command."""

from datetime import datetime

import pytest

from clinic.guidance.facts import Facts
from clinic.guidance.screening import screen
from clinic.intake import drafts, queries
from clinic.intake.assessment import so_far
from tests.guidance.clients import CLIENTS, Client
from tests.intake import walk
from tests.intake.walk import BROWSER

pytestmark = pytest.mark.usefixtures("database")

SAMPLE = [
    "Sixty-eight, slipped on ice, said no to nothing else",
    "Sixty-four, fell from a chair",
    "Seventy-two, fell, a doctor has looked since",
]


def changes(client: Client) -> dict[str, list[str]]:
    """The client's answers as a form sends them; what a page asks besides is answered as the rules read a missing answer."""
    told = {"fall_started_it": ["yes"], "fall_checked": ["no"]}
    for name, value in client.facts.items():
        told[name] = [str(each) for each in value] or ["none"] if isinstance(value, list) else [str(value)]
    return told


@pytest.mark.parametrize("name", SAMPLE)
def test_a_written_client_reaches_the_same_level_page_by_page(now: datetime, name: str) -> None:
    client = next(one for one in CLIENTS if one.name == name)
    walk.walk(now, browser=BROWSER, **changes(client))
    draft = queries.draft(BROWSER, now)
    assert draft is not None
    assert draft.stopped_at is None
    judged = so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now))
    assert judged.level == screen(Facts.of(client.facts)).level == client.expect["safety"]
