"""The words of a rule: what each of its attributes and values is called in the rule book."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES
from clinic.guidance.rules.kinds import Effect, Note, Points
from clinic.guidance.safety_net import SAFETY_NETS


def further_attributes(rule: Any, told: Iterable[str]) -> list[tuple[str, str]]:
    """Every other attribute that says something, as (its name, its value in words)."""
    names = (field.name for field in fields(rule) if field.name not in told)
    found = ((title_of(name), in_words(getattr(rule, name))) for name in names)
    return [(title, words) for title, words in found if words]


def in_words(value: object) -> str:
    """Any value of a rule in words; empty if it says nothing."""
    if value is None or value is False or value == () or value == "" or value == {}:
        return ""
    if isinstance(value, Enum):
        label = getattr(value, "label", None) or getattr(value, "words", None)
        return label if isinstance(label, str) else str(value.value).replace("_", " ")
    if isinstance(value, str):
        return name_of(value)
    if isinstance(value, bool | int | float):
        return "yes" if value is True else str(value)
    return _compound(value)


def _compound(value: object) -> str:
    if isinstance(value, Effect):
        return " ".join(value.changes)
    if isinstance(value, Note):
        return value.text
    if isinstance(value, Points):
        return points_in_words(pairs((value,)))
    if callable(said := getattr(value, "words", None)):
        return sentence(str(said()))
    if isinstance(value, Mapping):
        return "; ".join(f"{in_words(key)}: {in_words(one)}" for key, one in value.items())
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(in_words(one) for one in value))
    if isinstance(value, Iterable):
        return ", ".join(filter(None, (in_words(one) for one in value)))
    if is_dataclass(value) and not isinstance(value, type):
        return ", ".join(
            f"{title[0].lower()}{title[1:]} {words}" for title, words in further_attributes(value, ())
        )
    return str(value)


def name_of(word: str) -> str:
    """What an id stands for: a type, a technique, a section, a question or a safety net; any other text as it is."""
    if word in SAFETY_NETS:
        net = SAFETY_NETS[word]
        return f"{net.watch_for}. {net.do}".replace("{emergency_number}", "the emergency number")
    if word in FIELDS:
        return FIELDS[word].title
    if word in MODALITIES:
        return MODALITIES[word].name
    if word in TECHNIQUES:
        return TECHNIQUES[word].name
    return SECTIONS[word].heading if word in SECTIONS else word


def title_of(name: str) -> str:
    """What an attribute of a rule is called in the book."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


_TITLES: Final = {
    "modality": "Type",
    "modalities": "Types",
    "other": "Then this type leads instead",
    "when": "When",
    "mention": "A general mention gives at most",
    "most": "Such mentions count together for at most",
    "bases": "On top of",
    "suffix": "Shown as the type below it",
    "show_at_least": "Fewest points with which a further type is shown",
    "waits_for": "Waits for the answer to",
    "place": "Where",
    "tell": "What to tell them",
    "come_back": "When a massage is fine again",
    "watch": "The client is told to watch for",
    "clear_lead": "Points ahead that make a clear match",
}
"""Attributes whose name alone would not say what they are."""


def sentence(words: str) -> str:
    """The words with a full stop, unless they end a sentence already."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


def points_in_words(points: Iterable[tuple[str, int]]) -> str:
    """Points for types, such as "Swedish massage +2."."""
    return ", ".join(f"{MODALITIES[modality].name} {number:+d}" for modality, number in points) + "."


def pairs(points: Iterable[Points]) -> tuple[tuple[str, int], ...]:
    """Type and number of each of these points."""
    return tuple((one.modality, one.points) for one in points)
