"""What a care card shows beside its words: how soon, whom to ask, the answers that led to it, what to watch for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clinic.guidance import questionnaire
from clinic.guidance.help_lines import advice_line
from clinic.guidance.levels import HelpPlace, HowSoon
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.regional import in_local_words
from clinic.intake.explanation import ExplainedSafety
from clinic.language import ENGLISH, N_, current, gettext
from clinic.language.health_texts import health_text
from clinic.practice.models import Practice
from clinic.public import answers as written

Row = tuple[str, str] | tuple[str, str, str]

_STEPS = {
    HowSoon.NOW: N_("Now"),
    HowSoon.TODAY: N_("Today"),
    HowSoon.TWO_DAYS: N_("Two days"),
    HowSoon.TWO_WEEKS: N_("Two weeks"),
    HowSoon.ROUTINE: N_("No hurry"),
}


@dataclass(frozen=True)
class Help:
    """Whom to ask: a sentence, and a number to call, empty if there is none."""

    sentence: str
    number: str


def steps(how_soon: HowSoon | None) -> tuple[tuple[str, bool], ...]:
    """The five time frames, each with whether it is this one; empty if none is known."""
    if how_soon is None:
        return ()
    return tuple((gettext(words), step is how_soon) for step, words in _STEPS.items())


def help_at(place: HelpPlace | None, practice: Practice) -> Help | None:
    """Whom to ask at this place, with the number of the practice or of its country."""
    line = advice_line(practice.country, practice.advice_line)
    match place:
        case HelpPlace.ADVICE_LINE:
            return Help(
                gettext(
                    "Ring your own doctor and say how soon you need to be seen, or call the advice line."
                ),
                line,
            )
        case HelpPlace.MATERNITY:
            return Help(
                gettext("Their number is in your pregnancy notes. If nobody answers, call the advice line."),
                line,
            )
        case HelpPlace.DOCTOR:
            return Help(
                gettext(
                    "Ring your own doctor and say how soon you need to be seen. If they are closed, call the advice line."
                ),
                line,
            )
        case HelpPlace.THERAPIST:
            return Help(gettext("We are glad to talk it over."), practice.phone)
    return None


def led_rows(led: Iterable[tuple[str, Any]], country: str, *, may_change: bool) -> list[Row]:
    """The answers that led to the card: question, answer, and where to change it while that is possible."""
    rows: list[Row] = []
    for field, value in led:
        row = (as_read(QUESTIONS[field].text, country), questionnaire.in_words(field, value, health_text))
        rows.append((*row, written.change(field)) if may_change else row)
    return rows


def watch(safety: ExplainedSafety, emergency_number: str) -> list[tuple[str, str]]:
    """What to watch for until the visit, and what to do then."""
    return [
        (health_text(signs), health_text(do).replace("{emergency_number}", emergency_number))
        for signs, do in safety.watch
    ]


def as_read(text: str, country: str) -> str:
    """A text of the guidance in the language spoken now; in English, in the words of this country."""
    return in_local_words(text, country) if current() == ENGLISH else health_text(text)
