"""Folds names into the one form in which they are searched, sorted and compared.

Soren finds Søren, Strasse finds Straße, Yuliya finds Юлия, and Mueller, Muller and Müller find each other. The steps:

1. Greek letter pairs that spell one sound are replaced by it, because letter by letter they would match no passport.
2. `anyascii` writes every letter as plain Latin letters.
3. Apostrophes are removed, other punctuation becomes a space, case is folded.
4. Alternative spellings become one: ä is also written ae, ö and ø oe, ü ue, å aa.

The result is compared and never shown. Folding it again changes nothing.
"""

import re
import unicodedata

import sqlalchemy as sa
from anyascii import anyascii
from sqlalchemy.orm import InstrumentedAttribute

_GREEK_PAIRS = {"ου": "ou", "αυ": "av", "ευ": "ev", "γγ": "ng", "γχ": "nch", "γξ": "nx"}
_GREEK = re.compile("|".join(_GREEK_PAIRS))
_APOSTROPHES = re.compile("['`]")
_BETWEEN_WORDS = re.compile("[^a-z0-9]+")
_SPELLINGS = ((re.compile("(?:a+e*)+"), "a"), (re.compile("oe+"), "o"), (re.compile("ue+"), "u"))


def search_name(*names: str | None) -> str:
    """The folded form of names: lower-case Latin letters and digits, with single spaces between words."""
    spread = unicodedata.normalize("NFKD", " ".join(name for name in names if name)).casefold()
    bare = "".join(character for character in spread if not unicodedata.combining(character))
    latin = anyascii(_GREEK.sub(lambda pair: _GREEK_PAIRS[pair.group()], bare)).casefold()
    folded = _BETWEEN_WORDS.sub(" ", _APOSTROPHES.sub("", latin)).strip()
    for spellings, letter in _SPELLINGS:
        folded = spellings.sub(letter, folded)
    return folded


def name_matches(column: InstrumentedAttribute[str], typed: str) -> list[sa.ColumnElement[bool]]:
    """A condition: the folded name contains each word that was typed. Empty input matches everything.

    Input that folds to nothing, such as a lone percent sign, matches nothing.
    """
    words = search_name(typed).split()
    if typed.strip() and not words:
        return [sa.false()]
    return [column.contains(word, autoescape=True) for word in words]
