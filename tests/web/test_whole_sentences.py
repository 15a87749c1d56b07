"""Sentences on pages and in letters are whole: a condition chooses between sentences, never between halves of one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAG = re.compile(
    r"<(?:[^<>{}\"']|\"[^\"]*\"|'[^']*'|\{\{.*?\}\}|\{%.*?%\})*>|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
INLINE = re.compile(r"</?(?:a|abbr|b|cite|code|em|i|kbd|q|s|small|span|strong|sub|sup|time|u)\b")
TRANSLATED = re.compile(r"\{\{-?\s*(?:_|ngettext)\(\s*\"(.*?)\"", re.DOTALL)
CONDITION = re.compile(r"\{%[-+]?\s*(?:if|elif|else|endif)\b")
VALUE = "§"
LABELS = {"free", "look back", "not given", "with %(therapist)s"}
"""Translated words in lower case that are labels beside a number or a time."""


def pieces(template: str) -> Iterator[tuple[str, str, int]]:
    """The text between tags, the conditions and the ends of blocks, in order, each with its line."""
    position = 0
    for found in TAG.finditer(template):
        if template[position : found.start()].strip():
            yield "text", template[position : found.start()].strip(), template.count("\n", 0, position) + 1
        position, tag, line = found.end(), found.group(), template.count("\n", 0, found.start()) + 1
        if CONDITION.match(tag):
            yield "condition", tag, line
        elif tag.startswith("{{"):
            words = TRANSLATED.match(tag)
            yield "text", words.group(1) if words else VALUE, line
        elif tag.startswith("{%") or (tag.startswith("<") and not INLINE.match(tag)):
            yield "end", tag, line
    yield "text", template[position:].strip(), template.count("\n", 0, position) + 1


def split_sentences(template: str) -> list[str]:
    """Where a condition begins in mid-sentence and the text goes on in lower case."""
    found, every = [], list(pieces(template))
    for (kind, left, _), (middle, tag, line), (then, right, _) in zip(
        every, every[1:], every[2:], strict=False
    ):
        is_between = (kind, middle, then) == ("text", "condition", "text") and re.match(
            r"\{%[-+]?\s*if\b", tag
        )
        if is_between and re.search(rf"[a-z,{VALUE}]$", left) and re.match(r"[a-z]", right):
            found.append(f"{line}: {left[-40:]} | {tag} | {right[:40]}")
    return found


def halves(template: str) -> list[str]:
    """Translated strings that begin in the middle of a sentence, so that no translator sees the whole."""
    return [words for words in re.findall(r"\b_\(\s*\"([a-z][^\"]*)\"", template) if words not in LABELS]


TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


@pytest.mark.parametrize("look", [split_sentences, halves])
def test_a_sentence_stands_whole(look: object) -> None:
    assert callable(look)
    found = {
        str(path.relative_to(ROOT)): offences
        for path in TEMPLATES
        if (offences := look(path.read_text("utf-8")))
    }
    assert not found, "pass whole sentences, or write out each variant"


@pytest.mark.parametrize(
    "template",
    [
        "<p>We write to you{% if soon %} today{% endif %}.</p>",
        '<p>{{ _("Write back") }}{% if phone %} {{ _("or call") }} {{ phone }}{% endif %}.</p>',
        "<p>Kept until <b>{{ time }}</b>\n  {%- if zone %} in your zone{% endif %}.</p>",
    ],
)
def test_a_sentence_in_halves_would_be_seen(template: str) -> None:
    assert split_sentences(template)


def test_variants_and_lists_are_whole() -> None:
    variants = (
        "<p>{% if soon %}We write today.{% else %}We write.{% endif %} {% if done %}Thank you.{% endif %}</p>"
    )
    assert not split_sentences(variants + "<p>{{ room }}{% if place %}, {{ place }}{% endif %}</p>")
    assert halves('{{ _("Write to") }} {{ mail }} {{ _("or call") }}') == ["or call"]
