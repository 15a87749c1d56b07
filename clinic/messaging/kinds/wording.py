"""The words of letters that a practice may make its own: subject, heading, opening and closing of each kind.

Ours stand here in English and in the catalogue in other languages; the practice's are read by `practice_wording`. Both may hold
`{placeholders}` from a fixed list for each kind. They are put in once, as plain text: there is no language in them, what they
bring is not looked at again, and no fact about health has a placeholder. What safety needs (when, where, the link, how to
reach us, warning signs) is no part of these words, so that nobody can take it away.
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
"""Characters that make a line read otherwise than it is written; what a placeholder brings loses them."""


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
    """Words that no letter could be made of; the sentence says what to change."""

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
