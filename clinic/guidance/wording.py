"""Every text of the guidance that a client may read, so that a catalogue can hold each one in another language.

The texts stand where they are used: with their field, their rule, their page. This module only gathers them. `{name}` in a
text stands for a value that is put in later; a stored sentence is recognised by the words around it.
"""

from collections.abc import Iterable, Iterator

from clinic.guidance import questionnaire, schedule
from clinic.guidance.fields import Option
from clinic.guidance.own_words import TITLES
from clinic.guidance.questions import PAGES, PARTS, QUESTIONS, Question
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT


def questionnaire_texts() -> Iterator[str]:
    """What the questions, their answers and the refusals of an answer say."""
    yield from (part.title for part in PARTS)
    for page in PAGES:
        yield from (page.heading, page.intro)
    for question in (*QUESTIONS.values(), schedule.GLOBAL_CHANGE, schedule.REACTION):
        yield from _question(question)
    yield from TITLES.values()
    yield from (flag.tell for flag in RED_FLAGS.values())
    yield from schedule.ACTIVITY_TEXTS
    yield from questionnaire.SENTENCES
    yield from (rule.ask_again for rule in CURRENT.contradictions)


def texts() -> frozenset[str]:
    """All of them, each once."""
    return frozenset(text for text in questionnaire_texts() if text)


def _question(question: Question) -> Iterator[str]:
    yield from (question.text, question.title, question.help, question.why)
    yield from (question.low_label, question.high_label, question.more)
    yield from (heading for heading, _ in question.groups)
    yield from _options(question.options)


def _options(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        yield from (option.label, option.help)
