"""Which passwords staff may choose: long ones that are not what everybody tries first. Works offline.

Length counts, composition rules do not exist (NIST SP 800-63B-4, section 3.1.1.2, read 2026-11-22). Words that lead every
list of leaked passwords, the practice's and the person's own names, years, runs on the keyboard and repetitions are taken
out; what is left has to be enough by itself.
"""

import re
import unicodedata
from collections.abc import Iterable

SHORTEST = 12
LONGEST = 256
LEFT_OVER = 6
"""So many characters must be left once everything guessable is taken out."""

TRIED_FIRST = frozenset(
    re.findall(
        r"\w+",
        """
    abcd access admin administrator alexander amanda andrea andrew angel anna apple april arsenal asdf asdfgh asdfghjkl ashley
    august autumn babygirl bailey banana barcelona baseball basketball batman beautiful berlin biteme blink booking boss
    buster butterfly changeme charlie cheese chelsea chicken chocolate christian clinic clinique computer cookie daniel december
    default demo dragon eagles elizabeth email england family february fender flower football forever freedom friday friends
    george ginger guest guitar hannah happy harley hello hockey hunter iloveyou internet ireland jackson january jasmine jennifer
    jessica jordan joseph joshua july june junior justin killer klinik lakers letmein liverpool login london love lovely lumbar
    madison maggie manchester march massage master matrix matthew maverick melissa merlin michael michelle monday money monkey
    mother mustang naruto nicole ninja november october office online orange pass passwd password passwort patrick peanut pepper
    phoenix pokemon practice praxis princess purple qazwsx qwer qwert qwerty qwertyuiop qwertz rainbow rangers reception redsox
    robert rosebud samantha samsung saturday secret security september shadow shop silver sister snoopy soccer softball spa
    spring staff starwars steven summer sunday sunshine superman support system taylor temp temporary tennis test testing
    thailand therapie therapist therapy thomas thunder thursday tigger trustno tuesday user vanessa wednesday welcome whatever
    whiskey william willkommen winter wizard yankees yellow zaq zxcv zxcvbn zxcvbnm
    """,
    )
)

ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
)

DISGUISES = str.maketrans("0134578@$!|€", "oieastbasiie")
YEAR = re.compile(r"(?:19|20)\d\d")
REPEATED = re.compile(r"(.{1,4}?)\1{2,}")


def objection(password: str, own_words: Iterable[str] = ()) -> str | None:
    """Why this password will not do, as a sentence for the person; None when it will.

    `own_words` are what a stranger could guess about this person and this practice: names, the address, the town.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Several words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    words = TRIED_FIRST | {part for word in own_words for part in _parts(word)}
    if min(_left_over(text, words) for text in _readings(password)) < LEFT_OVER:
        return (
            "This is made of words, names or patterns that are tried first. "
            "Use several words that do not belong together."
        )
    return None


def _parts(text: str) -> Iterable[str]:
    return (part for part in re.split(r"[^\w]+|_", _folded(text)) if len(part) >= 3)


def _readings(password: str) -> tuple[str, str]:
    """The password as typed and with its disguises (p4ssw0rd) taken off, both folded."""
    folded = _folded(password)
    return folded, folded.translate(DISGUISES)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _left_over(text: str, words: Iterable[str]) -> int:
    """How many letters and digits remain once words, years, runs and repetitions are gone; a repeated one counts once."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    text = REPEATED.sub(" ", YEAR.sub(" ", text))
    text = _without_runs(text)
    return len({character for character in text if not character.isspace()})


def _without_runs(text: str) -> str:
    """The text without stretches of four and more neighbours of a keyboard row or the alphabet, in either direction."""
    for row in (*ROWS, *(row[::-1] for row in ROWS)):
        for length in range(len(row), 3, -1):
            for start in range(len(row) - length + 1):
                text = text.replace(row[start : start + length], " ")
    return text
