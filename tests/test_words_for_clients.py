"""Everything a client may read, wherever it is written: templates, and the texts in the code of the surfaces."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guidance.claims import claims, speaks_of_energy_as_fact

ROOT = Path(__file__).parent.parent
TEMPLATES = ("public", "portal", "messages", "errors", "macros")
CODE = ("clinic/public", "clinic/portal", "clinic/messaging", "clinic/intake", "clinic/booking", "clinic/web")
DEMO = "clinic/demo"
"""What the fictional practice says of itself is read by clients too."""


def words_of(template: str) -> str:
    """What a template says, without its commands, comments and tags; the texts inside its commands stay."""
    without_comments = re.sub(r"\{#.*?#\}", " ", template, flags=re.DOTALL)
    commands = re.findall(r"\{\{.*?\}\}|\{%.*?%\}", without_comments, flags=re.DOTALL)
    said = [text for command in commands for text in re.findall(r"\"([^\"]*)\"", command) if " " in text]
    left = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", without_comments, flags=re.DOTALL)
    return " ".join((re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]*>", " ", left, flags=re.DOTALL), *said))


def template_texts() -> Iterator[tuple[str, str]]:
    for folder in TEMPLATES:
        for path in sorted((ROOT / "templates" / folder).rglob("*")):
            if path.suffix in (".html", ".txt"):
                yield str(path.relative_to(ROOT)), words_of(path.read_text(encoding="utf-8"))


def code_texts() -> Iterator[tuple[str, str]]:
    """Text constants of several words, but for docstrings and what follows an attribute."""
    for folder in (*CODE, DEMO):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and id(node) not in bare
                    and re.search(r"[a-z] [a-z]", node.value)
                ):
                    yield str(path.relative_to(ROOT)), node.value


TEXTS = [*template_texts(), *code_texts()]


def test_there_is_something_to_read() -> None:
    places = {place for place, _ in TEXTS}
    assert len(places) > 100
    assert len(TEXTS) > 250
    for folder in (*(f"templates/{name}" for name in TEMPLATES), *CODE):
        assert any(place.startswith(folder) for place in places), folder


def test_no_text_for_clients_makes_a_claim_that_must_not_be_made() -> None:
    assert [(place, found) for place, text in TEXTS if (found := claims(text))] == []


def test_no_text_for_clients_speaks_of_energy_as_a_fact() -> None:
    assert [place for place, text in TEXTS if speaks_of_energy_as_fact(text)] == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>It <b>cures</b> sciatica.</p>",
        '{{ notice("plain", "Proven to help") }}',
        "{% if a != b %}72 % less pain{% endif %}",
        "Feel better!",
    ],
)
def test_a_claim_in_a_template_would_be_found(template: str) -> None:
    assert claims(words_of(template))


def test_the_commands_of_a_template_are_no_claims() -> None:
    assert (
        claims(words_of("<!doctype html>{% if a != b %}{# proven #}<a href='/cures'>All well</a>{% endif %}"))
        == []
    )
