"""Which passwords staff may choose: long ones that guessers do not try early. Works offline.

Length counts; there are no composition rules (NIST SP 800-63B-4, section 3.1.1.2, read 2026-11-22). zxcvbn estimates
the number of guesses from leaked passwords, words and names, keyboard runs, dates, repetitions and substitutions.
"""

import re
import unicodedata
from collections.abc import Iterable

from zxcvbn import zxcvbn

SHORTEST = 12
LONGEST = 256
JUDGED = 72
"""How many characters are estimated; further ones only make a password harder to guess."""
SAFE_SCORE = 4
"""The highest of zxcvbn's five scores: at least 10^10 guesses."""
TRADE = (
    "lumbar massage practice clinic front desk frontdesk reception receptionist therapist therapy masseur masseuse owner boss"
    " manager admin administrator staff team"
)
"""What everybody knows about people who work in such a place, including their roles."""
BESIDES_OWN = 8
"""How many characters a password needs apart from what a stranger knows about this person and practice."""


def objection(password: str, own_words: Iterable[str] = ()) -> str | None:
    """Why this password is refused, as a sentence for the person; None if it is accepted.

    `own_words` are what a stranger could guess about this person and this practice: names, the address, the town.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Several words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    judged = unicodedata.normalize("NFKC", password)[:JUDGED]
    known = _parts([TRADE, *own_words])
    if len(_besides(judged, known)) < BESIDES_OWN or zxcvbn(judged, user_inputs=known)["score"] < SAFE_SCORE:
        return (
            "This is made of words, names or patterns that are tried first. "
            "Use several words that do not belong together."
        )
    return None


def _parts(words: Iterable[str]) -> list[str]:
    """The words, as typed and without accents."""
    ways = [way for word in words for way in (word.casefold(), _unmarked(word))]
    return list(dict.fromkeys(part for way in ways for part in re.split(r"[^\w]+|_", way) if len(part) >= 3))


def _besides(password: str, known: Iterable[str]) -> str:
    """The length that is left; digits count half, because a year or a run of digits is one guess."""
    left = _unmarked(password)
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, "")
    letters = re.sub(r"[\W\d_]", "", left)
    return letters + re.sub(r"\D", "", left)[::2]


def _unmarked(text: str) -> str:
    """Casefolded, without accents."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(one for one in spread if not unicodedata.combining(one)).casefold()
