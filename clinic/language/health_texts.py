"""What the guidance says to clients, in the language spoken now: questions, advice, outcomes, reasons.

These texts are known to `guidance` in English only, and many are stored as sentences beside the answers that they belong to. So
they are translated when they are read, from a catalogue of their own: `catalogues/health/<language>.po`. It is apart because it
needs another eye: its header `X-Clinical-Review` says who checked the wording, and owners read that in the rule book. A language
without this file has its other pages, and health questions stay English in it.

A text may hold values: `{name}` in the catalogue stands for any words, which are translated by themselves. So a stored sentence
is recognised by the words around its values, whichever version of the rules wrote it.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from clinic.language import ENGLISH, FOLDER, current, read_catalogue, sentences_of

HEALTH = FOLDER / "health"
UNREVIEWED = "none"
_LISTS = {"types": ", ", "causes": "; "}
"""Values that are lists, with what stands between their parts: each part is translated by itself."""
_REVIEW = re.compile(r'^"X-Clinical-Review: (.*)\\n"$', re.MULTILINE)
_VALUE = re.compile(r"\{(\w+)\}")
_KEPT = frozenset({"emergency_number"})
"""Values that the page itself puts in, after the text was translated."""
_AS_WRITTEN = frozenset({"activity"})
"""Values in a client's own words, which are never looked up."""


@cache
def has_health_texts(language: str) -> bool:
    """Whether health questions, outcomes and advice are available in a language."""
    return language == ENGLISH or _path(language).exists()


def clinical_review(language: str) -> str:
    """Who checked the wording of the health texts and when; empty if no clinician has."""
    found = _REVIEW.search(_path(language).read_text("utf-8"))
    said = found[1].strip() if found else UNREVIEWED
    return "" if said == UNREVIEWED else said


def health_text(text: str) -> str:
    """A text of the guidance in the language spoken now; one that nobody translated stays as it is."""
    language = current()
    if not text or language == ENGLISH:
        return text
    return _translated(language, text)


@cache
def health_catalogue(language: str) -> Mapping[str, str]:
    """English texts with their translation."""
    if language == ENGLISH or not has_health_texts(language):
        return {}
    return {text: forms[0] for text, forms in sentences_of(read_catalogue(_path(language), language)).items()}


def _translated(language: str, text: str) -> str:
    known = health_catalogue(language).get(text)
    if known is not None:
        return known
    for pattern, translation in _patterns(language):
        if found := pattern.fullmatch(text):
            return _filled(language, translation, found.groupdict())
    return text


def _filled(language: str, translation: str, values: Mapping[str, str]) -> str:
    """The translation with its values, each of them in the language too unless a client wrote it."""
    said = {name: _value(language, name, value) for name, value in values.items()}
    return _VALUE.sub(lambda value: said.get(value[1], value[0]), translation)


def _value(language: str, name: str, value: str) -> str:
    if name in _AS_WRITTEN:
        return value
    between = _LISTS.get(name)
    parts = value.split(between) if between else [value]
    return (between or "").join(_translated(language, part) for part in parts)


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Texts with values, as patterns; the one that says most by itself is tried first."""
    with_values = [text for text in health_catalogue(language) if set(_VALUE.findall(text)) - _KEPT]
    with_values.sort(key=lambda text: len(_VALUE.sub("", text)), reverse=True)
    return tuple((_pattern(text), health_catalogue(language)[text]) for text in with_values)


def _pattern(text: str) -> re.Pattern[str]:
    parts = _VALUE.split(text)
    # Between the words of the text stand the names of its values, so every second part is a name.
    return re.compile(
        "".join(
            (f"(?P<{part}>.+?)" if part not in _KEPT else re.escape(f"{{{part}}}"))
            if place % 2
            else re.escape(part)
            for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )


def _path(language: str) -> Path:
    return HEALTH / f"{language}.po"
