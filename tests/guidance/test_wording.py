"""Every text of the package, read for words that must not be there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import clinic.guidance
from clinic.guidance.engine import screen
from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT
from tests.guidance.claims import FORBIDDEN, claims, speaks_of_energy_as_fact

PACKAGE = Path(clinic.guidance.__file__).parent


def texts() -> Iterator[tuple[str, str]]:
    """Every text constant of the package but docstrings, with the module it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield path.name, node.value


@cache
def sentences() -> list[tuple[str, str]]:
    """Those of several words."""
    return [(module, text) for module, text in texts() if " " in text]


def test_there_are_texts_to_read() -> None:
    assert len(sentences()) > 700


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_text_makes_a_claim_that_must_not_be_made(pattern: str) -> None:
    found = [(module, text) for module, text in sentences() if re.search(pattern, text, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize(
    "claim",
    [
        "Proven to help",
        "72 % less pain",
        "It cures sciatica",
        "Releases toxins",
        "The most effective type",
        "Feel better!",
        "Breaks restrictive adhesions",
        "Prevents flare-ups",
        "Endorphins are released",
        "Research shows that it helps",
        "It restores nerve flow",
        "A double blind trial",
    ],
)
def test_the_patterns_would_find_a_claim(claim: str) -> None:
    assert claims(claim)


def test_energy_is_only_spoken_of_as_tradition() -> None:
    for module, text in sentences():
        assert not speaks_of_energy_as_fact(text), module
    for modality in ("acupressure", "craniosacral"):
        assert "Traditionally described as" in MODALITIES[modality].what_it_is


def test_safety_words_never_say_what_somebody_has() -> None:
    texts = [rule.why for rule in CURRENT.safety]
    for flags in RED_FLAGS:
        outcome = screen(Facts.of({"red_flags": [flags]}))
        texts += [outcome.heading, *outcome.say]
    for text in texts:
        assert not re.search(r"\byou have (?!been|not)", text, re.IGNORECASE), text


def test_the_emergency_text_promises_no_booking_and_leaves_the_number_open() -> None:
    say = " ".join(screen(Facts.of({"red_flags": ["saddle_numbness"]})).say)
    assert "{emergency_number}" in say
    assert "Do not wait for a massage." in say


def test_questions_and_labels_are_short() -> None:
    for question in QUESTIONS.values():
        for text in (question.text, question.help, question.why):
            for sentence in re.split(r"(?<=[.?])\s", text):
                assert len(sentence.split()) <= 26, sentence
        assert question.text
        assert question.text[0].isupper()
    for field in FIELDS.values():
        for option in field.options:
            assert len(option.label.split()) <= 14, option.label


def test_labels_use_everyday_words() -> None:
    findings = {option.code: option.label for option in FIELDS["muscle_findings"].options}
    assert findings["knots"] == "A sore knot in the muscle that you can feel"
    assert findings["tender_points_refer"] == "Pressing one spot hurts somewhere else"
    assert findings["deep_chronic_tension"] == "Deep tightness for months"
    assert findings["restricted_fascia"] == "Skin and muscle feel stuck"
    assert findings["uneven_tension"] == "One side works harder"
    assert FIELDS["pressure_preference"].label("none") == "No preference"


def test_every_reason_is_a_sentence() -> None:
    for rule in (*CURRENT.back, *CURRENT.preferences):
        for text in (rule.reason, rule.against):
            assert not text or (text[0].isupper() and text.endswith("."))


def test_what_is_told_to_the_emergency_service_is_no_note_for_staff() -> None:
    for rule in ("U02", "U06", "U13", "U14"):
        assert "spinal cord" not in CURRENT.safety_by_id[rule].why
    assert CURRENT.safety_by_id["U02"].why == "Back pain, and a new change in bladder or bowel control"
