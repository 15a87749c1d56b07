"""Which questions come before a booking and which may wait: computed from the rules, never listed by hand.

A question comes before a booking (*gate*) if its answer can change what is booked: it can stop it, make a therapist look
first, leave out a type that was chosen, or make the session shorter. Everything else may come *later*.

1. A rule from therapist_review up reads the field. Contradictions do not count: they compare answers that are there, and
   run again when more answers arrive.
2. A rule that leaves out a chosen type reads it, directly or through a limit on pressure.
3. The longest session depends on it.
4. Whether one of these is asked at all depends on it.
5. Nobody under 18 is seen without it: the guardian's yes.
6. It is the place for the client's own words after such a question: a client may ask there for a look first.

Somebody who wants a suggestion first answers a few pages more: what a suggestion is made of.
"""

from collections.abc import Collection, Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from clinic.guidance.fields import FieldKind
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.guidance.plan import LENGTH_FIELDS
from clinic.guidance.questions import FLAG_PREFIX, PAGES, QUESTIONS
from clinic.guidance.red_flags import ASKED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import RuleSet, SafetyRule

ALL_TYPES: Final = frozenset(MODALITIES)
_FLAGS: Final = tuple(f"{FLAG_PREFIX}{code}" for code in ASKED_FLAGS)
_GUARDIAN: Final = "guardian_consent"
_SUGGESTION_PAGES: Final = ("goals", "where", "feel", "stress", "pressure", "types")
SUGGESTION_FIELDS: Final = frozenset(
    question.field for page in PAGES if page.slug in _SUGGESTION_PAGES for question in page.questions
)
"""What a suggestion is made of, beside the gate: hopes, where it hurts and how it feels, stress and sleep, pressure and wishes."""


def gate_fields(types: Collection[str] = ALL_TYPES, rule_set: RuleSet = CURRENT) -> frozenset[str]:
    """The fields to ask before a treatment with these types is booked, as keys of answers.

    For somebody who has chosen no treatment yet these are all types.
    """
    return _gate_fields(frozenset(types), rule_set)


@cache
def suggestion_fields() -> frozenset[str]:
    """The fields to ask before a suggestion is made, as keys of answers: what any type needs, and the suggestion's own."""
    return gate_fields() | SUGGESTION_FIELDS


@cache
def _gate_fields(types: frozenset[str], rule_set: RuleSet) -> frozenset[str]:
    read = {field for rule in _deciding(types, rule_set) for field in (*rule.when.fields, *rule.waits_for)}
    found = _with_what_shows_them(
        {key for field in (*read, *LENGTH_FIELDS, _GUARDIAN) for key in _keys(field)}
    )
    return found | _own_words_beside(found)


def _own_words_beside(found: Collection[str]) -> frozenset[str]:
    return frozenset(
        question.field
        for page in PAGES
        for before, question in pairwise(page.questions)
        if question.kind is FieldKind.OWN_WORDS and before.field in found
    )


def _deciding(types: Collection[str], rule_set: RuleSet) -> Iterator[SafetyRule]:
    caps = dict(rule_set.cap_effects)
    for rule in rule_set.safety:
        if rule.look_again:
            continue
        left_out = {*rule.effect.exclude, *(caps[rule.effect.cap].exclude if rule.effect.cap else ())}
        if rule.level >= Level.THERAPIST_REVIEW or not left_out.isdisjoint(types):
            yield rule


def _keys(field: str) -> tuple[str, ...]:
    """A field as keys of answers. Every sign counts: to be unsure of any of them asks a therapist to look."""
    return _FLAGS if field in ("red_flags", "red_flags_unsure") else (field,)


def _with_what_shows_them(found: set[str]) -> frozenset[str]:
    while True:
        shown_by = {
            key
            for field in found
            if (shown := QUESTIONS[field].shown) is not None
            for name in shown.fields
            for key in _keys(name)
        }
        if shown_by <= found:
            return frozenset(found)
        found |= shown_by
