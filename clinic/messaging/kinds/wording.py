"""The wording that a practice can edit: subject, heading, opening and closing of each kind of letter.

The defaults are here in English and in the catalogue in other languages; `practice_wording` reads the practice's. Both
may contain `{placeholders}` from a fixed list for each kind. Each is replaced once, by plain text that is not parsed
again, and none stands for health data. What safety needs (when, where, the link, how to reach us, warning signs) is not
part of this wording, so nobody can remove it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from clinic.refusal import Refusal

LONGEST: Final = {"subject": 200, "heading": 200, "opening": 2000, "closing": 2000}
PARTS: Final = tuple(LONGEST)

_PLACEHOLDER = re.compile(r"(,? )?\{([^{}]*)\}")
_DIRECTIONS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Characters that change the reading direction; they are removed from placeholder values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Subject and heading on one line each; opening and closing in paragraphs, with an empty line between them."""

    subject: str
    heading: str
    opening: str = ""
    closing: str = ""

    def filled(self, values: Mapping[str, str]) -> "Words":
        """The same words with every placeholder replaced; an empty one goes with the comma or space before it."""
        return Words(**{part.name: _filled(getattr(self, part.name), values) for part in fields(self)})


class BadWords(Refusal):
    """Invalid wording; the sentence says what to change."""

    status = 422
    code = "bad-words"


def _filled(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[2]
        if name not in values:
            return found[0]
        brought = " ".join(values[name].translate(_DIRECTIONS).split())
        return f"{found[1] or ''}{brought}" if brought else ""

    return _PLACEHOLDER.sub(value, text)


def check(placeholders: Sequence[str], part: str, text: str) -> None:
    """Raises BadWords for a placeholder that is none of these, and for braces around anything else."""
    listed = " ".join(f"{{{name}}}" for name in placeholders)
    unknown = [name for _, name in _PLACEHOLDER.findall(text) if name not in placeholders]
    if unknown:
        raise BadWords(f"There is no {{{unknown[0]}}} in this letter. You can use {listed}")
    if set(_PLACEHOLDER.sub("", text)) & set("{}"):
        raise BadWords(f"A brace stands alone. Braces belong around one of {listed}")
    if part in ("subject", "heading") and not text.strip():
        raise BadWords("This line cannot be empty.")


def paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph."""
    parts = re.split(r"\n\s*\n", text.strip())
    return [[line.strip() for line in part.splitlines()] for part in parts if part.strip()]


OF_PRACTICE: Final = ("practice", "phone")
OF_VISIT: Final = ("client", "practice", "phone", "day", "weekday", "time", "therapist", "place", "what")
"""Placeholders of every letter, and of a letter about a visit."""
