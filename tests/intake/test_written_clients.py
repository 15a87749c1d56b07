"""Written clients, walked page by page, reach the level that the guidance gives them by the command.

Every tenth of them, and those of `SAMPLE`; all of them in the long tests.
"""

import os
from datetime import datetime
from typing import Any

import pytest

from clinic.guidance.facts import Facts
from clinic.guidance.levels import Level
from clinic.guidance.screening import screen
from clinic.intake import drafts, path, services
from clinic.intake.assessment import so_far
from clinic.intake.models import Draft
from clinic.intake.services import LookAgain
from tests.guidance.clients import CLIENTS, Client
from tests.intake import walk
from tests.intake.walk import BROWSER

pytestmark = pytest.mark.usefixtures("database")

SAMPLE = {
    "Sixty-eight, slipped on ice, said no to nothing else",
    "Sixty-four, fell from a chair",
    "Seventy-two, fell, a doctor has looked since",
}
LEFT_OUT = {
    "An answer of last year with the older sign": "no page asks about that sign any more",
}
WALKED = [
    client
    for number, client in enumerate(CLIENTS)
    if client.name not in LEFT_OUT
    and (os.environ.get("LUMBAR_LONG") or number % 10 == 0 or client.name in SAMPLE)
]
AS_MISSING = {
    "fall_started_it": ["yes"],
    "fall_checked": ["no"],
    "accident_checked": ["no"],
    "cancer_pain_changed": ["unsure"],
}
"""A page asks these of somebody; answered as the rules read a missing answer."""


def changes(client: Client) -> dict[str, list[str]]:
    """The client's answers as a form sends them; what a page asks besides is answered as the rules read a missing answer."""
    told = dict(AS_MISSING)
    value: Any
    for name, value in client.facts.items():
        if name in ("red_flags", "red_flags_unsure"):
            told |= {f"red_flags.{code}": ["yes" if name == "red_flags" else "unsure"] for code in value}
        else:
            told[name] = (
                [str(each) for each in value] or ["none"] if isinstance(value, list) else [str(value)]
            )
    if "diagnoses_past" in told:  # A page lists them all and then asks which are over.
        told["diagnoses"] = [*told.get("diagnoses", []), *told["diagnoses_past"]]
    if client.facts.get("pain_trend") == "same":
        told["cancer_pain_changed"] = ["no"]
    if "pregnancy" in told:
        told.setdefault("sex_at_birth", ["female"])
    return told


def level_by_pages(draft: Draft, told: dict[str, list[str]], now: datetime) -> Level:
    """The level at which the pages end: where they stop, or of what is sent, with what sounds odd looked at again."""
    if draft.stopped_at is not None:
        return so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now)).level
    posted = walk.page_of_posts(path.CLOSING, draft.answers, told)
    try:
        submission = services.submit(BROWSER, posted, (), now)
    except LookAgain as again:
        submission = services.submit(BROWSER, posted, [found.rule for found in again.found], now)
    assert submission.outcome is not None
    return Level(submission.outcome.level)


@pytest.mark.parametrize("client", WALKED, ids=lambda client: client.name)
def test_a_written_client_reaches_the_same_level_page_by_page(now: datetime, client: Client) -> None:
    told = changes(client)
    draft = walk.walk(now, browser=BROWSER, **told)
    level = level_by_pages(draft, told, now)
    assert level == screen(Facts.of(client.facts)).level
    assert client.expect.get("safety") in (None, level)
