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
TRADE = (
    "lumbar massage practice clinic front desk frontdesk reception receptionist therapist therapy masseur masseuse owner boss"
    " manager admin administrator staff team"
)
"""What everybody knows about whoever works in such a place, their role among it."""
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
    known = _parts([TRADE, *own_words])
    if len(_besides(judged, known)) < BESIDES_OWN or zxcvbn(judged, user_inputs=known)["score"] < SAFE_SCORE:
        return (
            "This is made of words, names or patterns that are tried first. "
            "Use several words that do not belong together."
        )
    return None


def _parts(words: Iterable[str]) -> list[str]:
    """Single words, as they are typed and without the marks that are left out in a hurry."""
    ways = [way for word in words for way in (word.casefold(), _unmarked(word))]
    return list(dict.fromkeys(part for way in ways for part in re.split(r"[^\w]+|_", way) if len(part) >= 3))


def _besides(password: str, known: Iterable[str]) -> str:
    """What is left of letters and digits; a year or a row of them is one thought, so digits count half."""
    left = _unmarked(password)
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, "")
    letters = re.sub(r"[\W\d_]", "", left)
    return letters + re.sub(r"\D", "", left)[::2]


def _unmarked(text: str) -> str:
    """Casefolded, without accents."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(one for one in spread if not unicodedata.combining(one)).casefold()
