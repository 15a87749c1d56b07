"""Names as they are searched, sorted and compared: one folding for all of it.

Soren finds Søren, Strasse finds Straße, Yuliya finds Юлия, and Mueller, Muller and Müller find each other. The steps:

1. Greek pairs that are written as one sound get it, because letter by letter they come out unlike any passport.
2. `anyascii` writes every letter in Latin ones without marks.
3. Apostrophes go, other punctuation becomes a space, case is folded.
4. Spellings of one letter become one: ä is also written ae, ö and ø oe, ü ue, å aa.

What comes out is compared and never shown. Folding it once more changes nothing.
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
    """Names in the form they are searched and sorted by: small Latin letters and digits, single spaces between words."""
    spread = unicodedata.normalize("NFKD", " ".join(name for name in names if name)).casefold()
    bare = "".join(character for character in spread if not unicodedata.combining(character))
    latin = anyascii(_GREEK.sub(lambda pair: _GREEK_PAIRS[pair.group()], bare)).casefold()
    folded = _BETWEEN_WORDS.sub(" ", _APOSTROPHES.sub("", latin)).strip()
    for spellings, letter in _SPELLINGS:
        folded = spellings.sub(letter, folded)
    return folded


def name_matches(column: InstrumentedAttribute[str], typed: str) -> list[sa.ColumnElement[bool]]:
    """That a folded name holds each word somebody typed; nothing is asked of it if nothing was typed.

    What folds to nothing, such as a lone percent sign, is in no name.
    """
    words = search_name(typed).split()
    if typed.strip() and not words:
        return [sa.false()]
    return [column.contains(word, autoescape=True) for word in words]
