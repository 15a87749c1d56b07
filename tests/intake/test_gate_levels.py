"""Written clients, walked page by page through the short gate, reach the level that the guidance gives them by the command.

Contradictions wait for the questions they compare, and what asks for less than a therapist's look changes no booking.
"""

import pytest

from clinic.guidance import questionnaire
from clinic.guidance.engine import screen
from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS
from clinic.guidance.gate import gate_fields
from clinic.guidance.levels import Level
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.questions import FLAG_PREFIX, PAGES, Question
from clinic.guidance.rules import CURRENT
from clinic.intake.assessment import assess
from tests.guidance.clients import CLIENTS, Client
from tests.intake import walk

TYPES = ("swedish",)
AGAIN = {rule.id for rule in CURRENT.contradictions}
AS_MISSING = {
    "fall_started_it": ["yes"],
    "fall_checked": ["no"],
    "accident_checked": ["unsure"],
    "eases_with_movement": ["no"],
    "began_before_45": ["no"],
}
"""What the gate asks besides, answered as the rules read a missing answer."""


def _has_an_older_sign(client: Client) -> bool:
    said = client.facts.get("red_flags")
    return isinstance(said, list) and any(f"{FLAG_PREFIX}{code}" in questionnaire.SUCCESSORS for code in said)


ASKED = [client for client in CLIENTS if not _has_an_older_sign(client)]
"""Everybody but those with a sign that only older answers hold."""


def answers(client: Client) -> dict[str, object]:
    """The answers this person gives in the gate, page by page, as the form reads them."""
    told = AS_MISSING | {name: _texts(value) for name, value in client.facts.items()}
    for said, key in (("yes", "red_flags"), ("unsure", "red_flags_unsure")):
        told |= {f"{FLAG_PREFIX}{code}": [said] for code in told.pop(key, []) if code != "none"}
    if told.get("pain_trend") == ["worse"] or told.get("pain_course") == ["first_episode"]:
        told.setdefault("cancer_pain_changed", ["yes"])
    if "pregnancy" in told:
        told.setdefault("sex_at_birth", ["female"])
    told.setdefault("cancer_pain_changed", ["no"])
    given: dict[str, object] = {}
    for question in (question for page in PAGES for question in page.questions):
        if questionnaire.asked(question, given, gate_fields(TYPES)):
            texts = told.get(question.field) or _dull(question)
            given[question.field] = questionnaire.read(question, texts, given)
    return given


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] or ["none"] if isinstance(value, list) else [str(value)]


def _dull(question: Question) -> list[str]:
    """A missing answer as the rules read it: nothing applies, and nobody has looked."""
    if question.field in FIELDS and "none" in FIELDS[question.field].codes:
        return ["none"]
    return walk.answer_to(question, {})


@pytest.mark.parametrize("client", ASKED, ids=lambda client: client.name)
def test_a_written_client_reaches_the_same_level_through_the_gate(client: Client) -> None:
    given = answers(client)
    gate = assess(given, unasked=questionnaire.unasked_fields(given)).safety
    assert weighty(gate) == weighty(screen(Facts.of(client.facts)))


def weighty(outcome: SafetyOutcome) -> tuple[Level | None, list[str]]:
    """The level without contradictions, from a therapist's look up, and the rules behind it."""
    found = [
        fired for fired in outcome.fired if fired.level >= Level.THERAPIST_REVIEW and fired.rule not in AGAIN
    ]
    return max((fired.level for fired in found), key=lambda level: level.severity, default=None), [
        fired.rule for fired in found
    ]
