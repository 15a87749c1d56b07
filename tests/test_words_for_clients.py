"""Everything a client may read, wherever it is written: templates, scripts, translations, and texts in the code.

The words of the guidance itself are read in tests/guidance/test_wording.py.
"""

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.guidance.claims import claims, claims_in_german, speaks_of_energy_as_fact

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
CODE = ROOT / "clinic"
CATALOGUE = CODE / "language" / "catalogues" / "de.po"
READ_ELSEWHERE = "guidance"
NOT_FOR_CLIENTS = TEMPLATES / "staff" / "auth"
"""A second factor is a proof, and no client reads of it."""

_COMMAND = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_BETWEEN_TWO_PARTS_OF_ONE_TEXT = re.compile(r"\"\s+\"")
_SPOKEN_ATTRIBUTE = re.compile(r'\b(?:alt|title|aria-label|placeholder|content|value)="([^"]*)"')


def words_of(template: str) -> str:
    """What a template says, without its commands, comments and tags.

    The texts inside its commands stay, and so do the attributes that are shown or read aloud.
    """
    without_comments = re.sub(r"\{#.*?#\}", " ", template, flags=re.DOTALL)
    quoted = [
        text for command in _COMMAND.findall(without_comments) for text in _quoted(command) if " " in text
    ]
    left = _COMMAND.sub(" ", without_comments)
    aloud = _SPOKEN_ATTRIBUTE.findall(left)
    shown = re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]*>", " ", left, flags=re.DOTALL)
    return html.unescape(" ".join((shown, *aloud, *quoted)))


def _quoted(command: str) -> list[str]:
    joined = _BETWEEN_TWO_PARTS_OF_ONE_TEXT.sub("", command)
    return [double or single for double, single in re.findall(r"\"([^\"]*)\"|'([^']*)'", joined)]


def template_texts() -> Iterator[tuple[str, str]]:
    for path in sorted(TEMPLATES.rglob("*")):
        if path.is_file() and NOT_FOR_CLIENTS not in path.parents:
            yield str(path.relative_to(ROOT)), words_of(path.read_text(encoding="utf-8"))


def script_texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "assets").rglob("*")):
        if path.suffix == ".js":
            yield str(path.relative_to(ROOT)), " ".join(_quoted(_without_remarks(path.read_text("utf-8"))))
        elif path.suffix == ".svg":
            yield str(path.relative_to(ROOT)), words_of(path.read_text("utf-8"))


def _without_remarks(script: str) -> str:
    return re.sub(r"(?m)^\s*//.*$", "", script)


def code_texts() -> Iterator[tuple[str, str]]:
    """Text constants of several words, but for docstrings, what follows an attribute, and patterns, which nobody is shown."""
    for path in sorted(CODE.rglob("*.py")):
        if path.relative_to(CODE).parts[0] == READ_ELSEWHERE:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        bare |= patterns_in(tree)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in bare
                and re.search(r"\w \w", node.value)
            ):
                yield str(path.relative_to(ROOT)), words_of(node.value)


def patterns_in(tree: ast.AST) -> set[int]:
    """The constants that `re.compile` is given as its pattern itself."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[pattern, *_]):
                found.add(id(pattern))
    return found


def german_texts() -> Iterator[str]:
    with CATALOGUE.open("rb") as catalogue:
        for message in read_po(catalogue):
            # The header has an empty id and holds addresses and versions.
            if message.id:
                yield from [message.string] if isinstance(message.string, str) else message.string


@cache
def all_texts() -> list[tuple[str, str]]:
    """Each with the place it stands in."""
    return [*template_texts(), *script_texts(), *code_texts()]


def test_there_is_something_to_read() -> None:
    places = {place for place, _ in all_texts()}
    assert len(places) > 100
    assert len(all_texts()) > 250
    for kind in (".html", ".jinja", ".txt", ".js", ".svg", ".py"):
        assert any(place.endswith(kind) for place in places), kind
    for folder in ("public", "portal", "messages", "errors", "macros", "staff"):
        assert any(place.startswith(f"templates/{folder}/") for place in places), folder
    for package in ("public", "portal", "messaging", "intake", "booking", "plans", "web", "demo"):
        assert any(place.startswith(f"clinic/{package}/") for place in places), package


def test_every_template_is_read_but_for_those_about_second_factors() -> None:
    read = {place for place, _ in all_texts()}
    unread = [
        path for path in TEMPLATES.rglob("*") if path.is_file() and str(path.relative_to(ROOT)) not in read
    ]
    assert {path.parent for path in unread} == {NOT_FOR_CLIENTS}


def test_only_a_pattern_itself_goes_unread() -> None:
    tree = ast.parse("re.compile('a (?!b) c'); say('This is proven!'); re.compile(made('It is proven!'))")
    patterns = patterns_in(tree)
    read = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in patterns
    ]
    assert sorted(map(str, read)) == ["It is proven!", "This is proven!"]


def test_no_text_for_clients_makes_a_claim_that_must_not_be_made() -> None:
    assert [(place, found) for place, text in all_texts() if (found := claims(text))] == []


def test_no_text_for_clients_speaks_of_energy_as_a_fact() -> None:
    assert [place for place, text in all_texts() if speaks_of_energy_as_fact(text)] == []


def test_no_german_text_makes_a_claim_that_must_not_be_made() -> None:
    assert [(text, found) for text in german_texts() if (found := claims_in_german(text))] == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>It <b>cures</b> sciatica.</p>",
        "<p>The most\n    <b>effective</b> type.</p>",
        "<p>A double&#8209;blind trial.</p>",
        '<img alt="Massage heals your back" src="/back.svg">',
        '<meta name="description" content="Proven to help with back pain">',
        '<button aria-label="Get rid of toxins">x</button>',
        '{{ notice("plain", "Proven to help") }}',
        "{{ notice('plain', 'Proven to help') }}",
        '{{ p.text(_("Massage relieves pain.")) }}',
        "{% if a != b %}72 % less pain{% endif %}",
        "<p>It looks as if you have a slipped disc.</p>",
        "Feel better!",
    ],
)
def test_a_claim_in_a_template_would_be_found(template: str) -> None:
    assert claims(words_of(template))


@pytest.mark.parametrize(
    "text",
    [
        "Massage heilt den Rücken.",
        "Das ist nachgewiesen.",
        "30 Prozent weniger Schmerz",
        "Sie lindert Schmerzen.",
    ],
)
def test_a_claim_in_german_would_be_found(text: str) -> None:
    assert claims_in_german(text)


def test_what_a_german_letter_has_to_say_is_no_claim() -> None:
    assert (
        claims_in_german(
            "Wenn Sie verhindert sind, sagen Sie bitte ab. Massage kann Beschwerden für eine Weile lindern."
        )
        == []
    )


def test_the_commands_of_a_template_are_no_claims() -> None:
    assert (
        claims(words_of("<!doctype html>{% if a != b %}{# proven #}<a href='/cures'>All well</a>{% endif %}"))
        == []
    )
