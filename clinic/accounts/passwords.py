"""Which passwords staff may choose: long ones that are not what everybody tries first. Works offline.

Length counts, composition rules do not exist (NIST SP 800-63B-4, section 3.1.1.2, read 2026-11-22). How soon a guesser would
arrive is zxcvbn's estimate: its lists of leaked passwords, words and names, keyboard runs, dates, repetitions and disguises.
"""

import re
import unicodedata
from collections.abc import Iterable

from zxcvbn import zxcvbn

SHORTEST = 12
LONGEST = 256
JUDGED = 72
"""Characters that are looked at; what comes behind them only makes it harder."""
SAFE_SCORE = 4
"""The highest of zxcvbn's five: at least 10^10 guesses."""
BESIDES_OWN = 8
"""So many characters must stand besides what a stranger knows of this person and practice."""


def objection(password: str, own_words: Iterable[str] = ()) -> str | None:
    """Why this password will not do, as a sentence for the person; None when it will.

    `own_words` are what a stranger could guess about this person and this practice: names, the address, the town.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Several words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    judged = unicodedata.normalize("NFKC", password)[:JUDGED]
    known = _parts(["lumbar massage practice clinic", *own_words])
    if len(_besides(judged, known)) < BESIDES_OWN or zxcvbn(judged, user_inputs=known)["score"] < SAFE_SCORE:
        return (
            "This is made of words, names or patterns that are tried first. "
            "Use several words that do not belong together."
        )
    return None


def _parts(words: Iterable[str]) -> list[str]:
    return [part for word in words for part in re.split(r"[^\w]+|_", word.casefold()) if len(part) >= 3]


def _besides(password: str, known: Iterable[str]) -> str:
    left = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, "")
    return left
