"""What clients tell in their own words, and their wish that a therapist looks at it first.

A text is for people. No rule reads it: `questionnaire.facts_of` leaves it out, and its keys are no fields. Its presence
alone changes nothing; only a client who says that it may matter for safety raises the level, to therapist_review.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from clinic.guidance.levels import Level
from clinic.guidance.outcome import FiredRule

WORDS_PREFIX: Final = "own_words."
LONGEST: Final = 500
"""Letters of one text, line breaks included."""
ASKED_LOOK: Final = "client:look"
"""Stands among the rules that fired, so that a therapist decides about it like about them; it is no rule of a rule set."""
WHY: Final = "The client asks for a look before confirmation"


@dataclass(frozen=True, slots=True)
class OwnWords:
    """One text: what it is about, in the words of a list, and whether the client asks for a look first."""

    key: str
    title: str
    text: str
    asks_look: bool


TITLES: Final = {
    f"{WORDS_PREFIX}happened": "What happened",
    f"{WORDS_PREFIX}conditions": "Conditions",
    f"{WORDS_PREFIX}medicines": "Medicines",
    f"{WORDS_PREFIX}allergies": "Allergies",
}
"""Every text that a client can write, by its key in the answers."""


def told(answers: Mapping[str, Any]) -> tuple[OwnWords, ...]:
    """The texts of these answers, those with a wish for a look first. The caller records that they were read."""
    found = [
        OwnWords(key, title, words["text"], bool(words["look"]))
        for key, title in TITLES.items()
        if isinstance(words := answers.get(key), dict)
    ]
    return tuple(sorted(found, key=lambda one: not one.asks_look))


def asked_look(answers: Mapping[str, Any]) -> tuple[FiredRule, ...]:
    """What stands beside the rules if the client asks for a look; nothing otherwise.

    It rests on a digest of each text, so that a therapist's clearance covers these words and no others.
    """
    wished = {one.key: _digest(one.text) for one in told(answers) if one.asks_look}
    if not wished:
        return ()
    fired = FiredRule(
        rule=ASKED_LOOK,
        level=Level.THERAPIST_REVIEW,
        disposition=None,
        why=WHY,
        changes=(),
        when="the client ticked that their own words may matter for their safety",
        sources=("default",),
        answers={"own_words": dict(sorted(wished.items()))},
    )
    return (fired,)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
