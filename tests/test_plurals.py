"""Nothing is ever "the last 1 times": a number beside a noun has a form for one, or can never be one."""

import re
from collections.abc import Iterator
from pathlib import Path

from clinic.booking import past_visits
from clinic.practice.booking_rules import BOUNDS
from clinic.public.question_time import MINUTES
from tests.test_language import sentences

ROOT = Path(__file__).parent.parent
NOUN = (
    r"(?:[a-z-]+ ){0,2}(?:times|visits|sessions|days|weeks|months|years|hours|minutes|people|persons|clients|characters|letters"
    r"|therapists|rooms|answers|questions|messages|pages|files|bookings|entries|places|treatments|numbers|records|reviews)\b"
)
MARKED = re.compile(rf"%\((\w+)\)s {NOUN}")
DRAWN = re.compile(rf"(?:\{{\{{ ?([^{{}}]+?) ?\}}\}}) {NOUN}")
FORMATTED = re.compile(rf'f"[^"]*\{{([^{{}}]+)\}} {NOUN}')

NEVER_ONE = {
    "minutes": "lengths, kept times and offers are at least five minutes, the questions take more than one",
    "days": "how long a page stays open is written in the code, and is more than one day",
    "weeks": "a course of one visit a week has a sentence of its own",
    "count": "no text field is shorter than two characters",
    "max": "no text field is shorter than two characters",
    "therapist": "a name",
    "num": "only of the newest times, of which there are more when the sentence is said",
}


SAID_APART = {
    "outside": "one booking has a sentence of its own",
    "falling_out | length": "one booking has a sentence of its own",
    "len(new)": "one booking has a sentence of its own",
    "len(made)": "the guidance has more than one type",
    "sessions": "one session has a sentence of its own",
    "MOST_SESSIONS": "how many a course may have is written in the code",
    "piece.ends - piece.begins": "a free stretch of the calendar is at least five minutes long",
    "many": "one time has a sentence of its own",
    "len(found)": "a share of all open reviews, whose noun is in the plural",
    "len(kept)": "one time has a sentence of its own",
    "visits": "it holds the words for one or several already",
    "handed": "one visit has a sentence of its own",
    "minutes // 60": "one hour has words of its own",
    "minutes // 1440": "one day is 24 hours",
    "undoable.days": "how long joining can be undone is written in the code",
    "row.clients": "numbers are told from five clients on",
    "row.pain_clients": "numbers are told from five clients on",
    "row.function_clients": "numbers are told from five clients on",
    "row.incident_clients": "numbers are told from five clients on",
    "periods[0]": "how many backups stay is written in the code",
    "periods[1]": "how many backups stay is written in the code",
    "periods[2]": "how many backups stay is written in the code",
}
SURELY_SEVERAL = re.compile(
    r"(?:\w+\.)*\w*(?:minutes|step|SHORTEST|LONGEST\w*|LENGTH|MOST_FURTHER)|days|.*total_seconds.*|.*plural\(.*"
)
"""Lengths in minutes, limits named as such, and what the filter `plural` counts."""


def unmarked() -> Iterator[tuple[str, str]]:
    """Numbers beside a noun in pages of staff and in sentences of the code, with the expression that is counted."""
    for folder, suffix, pattern in (("templates", "*.*", DRAWN), ("clinic", "*.py", FORMATTED)):
        for path in sorted((ROOT / folder).rglob(suffix)):
            for found in pattern.finditer(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(ROOT)}: {found[0]}", found[1]


def test_a_page_or_a_sentence_in_the_code_counts_with_a_form_for_one() -> None:
    counting = dict(unmarked())
    assert len(counting) > 20
    wrong = [
        text
        for text, counted in counting.items()
        if counted not in SAID_APART and not SURELY_SEVERAL.fullmatch(counted)
    ]
    assert wrong == []


def test_a_marked_sentence_that_counts_has_a_form_for_one() -> None:
    single = [forms[0] for forms in sentences() if len(forms) == 1]
    counting = {found[0]: found[1] for text in single for found in MARKED.finditer(text)}
    assert len(counting) > 5
    assert {text: name for text, name in counting.items() if name not in NEVER_ONE} == {}


def test_what_is_never_one_is_never_one() -> None:
    assert min(BOUNDS["hold_minutes"][0], BOUNDS["offer_minutes"][0], *MINUTES.values()) > 1
    assert past_visits.PAGE_KEPT.days > 1
