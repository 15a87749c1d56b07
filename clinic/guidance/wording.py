"""Every text of the guidance that a client may read, so that a catalogue can hold each one in another language.

The texts stand where they are used: with their field, their rule, their page. This module only gathers them. `{name}` in a
text stands for a value that is put in later; a stored sentence is recognised by the words around it.
"""

from collections.abc import Iterable, Iterator

from clinic.guidance import (
    advice,
    aftercare,
    course,
    matching,
    plan,
    questionnaire,
    schedule,
    screening,
    without_pain,
)
from clinic.guidance.benefits import BENEFITS
from clinic.guidance.causes import CAUSES
from clinic.guidance.fields import FIELDS, Option
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES
from clinic.guidance.levels import Disposition
from clinic.guidance.own_words import TITLES
from clinic.guidance.questions import PAGES, PARTS, QUESTIONS, Question
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT, kinds
from clinic.guidance.safety_net import SAFETY_NETS
from clinic.guidance.silences import SILENCES
from clinic.guidance.sources import SOURCES
from clinic.guidance.statements import STATEMENTS


def questionnaire_texts() -> Iterator[str]:
    """What the questions, their answers and the refusals of an answer say."""
    yield from (part.title for part in PARTS)
    for page in PAGES:
        yield from (page.heading, page.intro)
    for question in (*QUESTIONS.values(), schedule.GLOBAL_CHANGE, schedule.REACTION):
        yield from _question(question)
    yield from (*without_pain.TEXTS.values(), *without_pain.HELPS.values())
    yield from TITLES.values()
    yield from (flag.tell for flag in RED_FLAGS.values())
    yield from schedule.ACTIVITY_TEXTS
    yield from questionnaire.SENTENCES
    yield from (rule.ask_again for rule in CURRENT.contradictions)


def outcome_texts() -> Iterator[str]:
    """What a stop, a look first and a suggestion say: rules, advice, safety nets, types, the draft course."""
    for rule in CURRENT.safety:
        yield from (rule.why, rule.tell, rule.come_back)
        yield rule.remark if rule.disposition is Disposition.POSTPONE else ""
        yield from (note.text for note in rule.effect.notes)
        for site in rule.effect.sites:
            yield from site.split(", ")
    for net in SAFETY_NETS.values():
        yield from (net.watch_for, net.do)
    yield from advice.SENTENCES
    yield from (screening.UNSURE, screening.LESS_SUITED_FOR, screening.PRESSURE_KEPT)
    yield from (kinds.AT_MOST, kinds.ALL_LEFT_OUT, kinds.ALL_LESS_SUITED, kinds.NOT_USED, kinds.AVOIDED)
    yield from _suggestion_texts()
    yield from aftercare.TEXTS


def _suggestion_texts() -> Iterator[str]:
    yield from (matching.OMITTED, matching.LITTLE_KNOWN, matching.CLOSEST, matching.TWO_TYPES)
    yield matching.COMES_CLOSE
    for base in CURRENT.blend.bases:
        yield matching.BLENDED.format(type=MODALITIES[base].name, suffix=CURRENT.blend.suffix)
    for modality in MODALITIES.values():
        yield from (modality.name, _in_a_list(modality.name), modality.what_it_is, modality.feels_like)
    yield from (_in_a_list(technique.name) for technique in TECHNIQUES.values())
    yield from (*kinds.REGIONS.values(), *kinds.REGION_GROUPS)
    yield from (f"both {name}" for name in kinds.REGION_GROUPS)
    yield from (rule.against for rule in (*CURRENT.back, *CURRENT.preferences))
    yield from (
        *plan.PRESSURES,
        plan.COMPANION_CARE,
        plan.KEPT_BY_SAFETY,
        plan.VERY_LIGHT,
        plan.AS_WISHED,
        plan.USUAL,
    )
    yield from (text.replace("the athlete", "you") for text in course.TEXTS)
    yield from (option.label.lower() for option in FIELDS["frequency_possible"].options)
    yield from (section.title for section in SECTIONS.values())
    yield from (statement.text for statement in STATEMENTS.values())


def document_texts() -> Iterator[str]:
    """What the page of the guidance says beside the types and the statements."""
    for modality in MODALITIES.values():
        yield from (modality.said_for, modality.pressure, modality.special_training or "")
    for technique in TECHNIQUES.values():
        yield from (technique.name, technique.aim)
    for cause in CAUSES:
        yield from (cause.name, cause.described_as)
    for benefit in BENEFITS:
        yield from (benefit.name, benefit.said)
    for silence in SILENCES:
        yield from (silence.on, silence.instead)
    yield from (source.text for source in SOURCES.values())


def _in_a_list(name: str) -> str:
    return f"{name[0].lower()}{name[1:]}"


def texts() -> frozenset[str]:
    """All of them, each once."""
    return frozenset(text for text in (*questionnaire_texts(), *outcome_texts(), *document_texts()) if text)


def _question(question: Question) -> Iterator[str]:
    yield from (question.text, question.title, question.blank, question.help, question.why)
    yield from (question.low_label, question.high_label, question.more)
    yield from (heading for heading, _ in question.groups)
    yield from _options(question.options)


def _options(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        yield from (option.label, option.help)
