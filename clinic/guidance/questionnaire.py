"""The questionnaire at work: which page comes next, what one answer means, what is missing.

Answers are a plain JSON object: field name to code, whole number, list of codes, or list of activities. A red flag
is kept as `red_flags.<code>` = yes, no or unsure until `facts_of` folds them together. `diagnoses` holds all names a
client ticked and `diagnoses_past` those of them that are over. A list answered with "none" is the empty list; an
untouched one is absent.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from clinic.guidance.facts import Facts, InvalidFacts
from clinic.guidance.fields import FIELDS, FieldKind, Option
from clinic.guidance.own_words import LONGEST, TITLES
from clinic.guidance.questions import (
    FLAG_PREFIX,
    PAGES,
    PARTS,
    QUESTIONS,
    Question,
    QuestionnairePart,
    QuestionPage,
)
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.unknown import decided

SUCCESSORS: Final = {
    f"{FLAG_PREFIX}{code}": f"{FLAG_PREFIX}{flag.instead}" for code, flag in RED_FLAGS.items() if flag.instead
}
"""Signs that are no longer asked, with those that have taken their place, as keys of answers."""

Value = str | int | list[str] | list[dict[str, str | int]] | dict[str, str | bool]
Answers = Mapping[str, object]
Scope = frozenset[str] | None
"""The keys of answers that are asked; None asks everything."""
EVERYTHING: Final[Scope] = None


class UnreadableAnswer(ValueError):
    """Carries one sentence for the person who answered, saying what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnknownPage(LookupError):
    """There is no page of this name."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two answers that do not fit together, and the sentence that asks to look at them again.

    `fields` are keys of answers, so a red flag stands as `red_flags.<code>`.
    """

    rule: str
    fields: tuple[str, ...]
    text: str


class PartStanding(StrEnum):
    """Where a part of the questionnaire stands: behind, here or ahead."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class QuestionnaireProgress:
    """Where a page stands: the parts that are asked, and the page's number among those of its part that are."""

    parts: tuple[tuple[QuestionnairePart, PartStanding], ...]
    part: QuestionnairePart
    number: int
    of: int

    @property
    def place(self) -> str:
        """The place in words, such as "Safety check · 2"; only the part if that is its one page.

        How many follow is not said: answers open and close pages.
        """
        if self.of == 1:
            return self.part.title
        return _PLACE.format(part=self.part.title, number=self.number)


def facts_of(answers: Answers, *, unknown: Collection[str] = ()) -> Facts:
    """The facts these answers stand for; `unknown` are fields that were not asked, as `unasked_fields` finds them. Raises InvalidFacts for answers no page can have given."""
    plain: dict[str, object] = {}
    flags: dict[str, list[str]] = {"yes": [], "no": [], "unsure": []}
    for name, value in answers.items():
        if name in TITLES:
            continue  # The client's own words are for people; no rule sees them.
        if not name.startswith(FLAG_PREFIX):
            plain[name] = value
        elif name in QUESTIONS and isinstance(value, str) and value in flags:
            flags[value].append(name.removeprefix(FLAG_PREFIX))
        else:
            raise InvalidFacts(name, "is not a red flag answered yes, no or unsure", value)
    if flags["yes"]:
        plain["red_flags"] = flags["yes"]
    if flags["unsure"]:
        plain["red_flags_unsure"] = flags["unsure"]
    return Facts.of(_parted_diagnoses(plain), unknown=unknown)


def _parted_diagnoses(plain: dict[str, object]) -> dict[str, object]:
    named, past = plain.get("diagnoses"), plain.get("diagnoses_past")
    if isinstance(named, list) and isinstance(past, list):
        plain["diagnoses"] = [code for code in named if code not in past]
        plain["diagnoses_past"] = [code for code in past if code in named]
    return plain


def asked(question: Question, answers: Answers, scope: Scope = EVERYTHING) -> bool:
    """Whether this question is asked of somebody with these answers, where only the questions of a scope are."""
    if not _is_within(question, answers, scope):
        return False
    return question.shown is None or question.shown.holds(_shown_facts(answers))


def _is_within(question: Question, answers: Answers, scope: Scope) -> bool:
    """Whether a scope holds a question. What was answered before stays, to be looked over and changed."""
    return scope is None or question.field in scope or question.field in answers


def unasked_fields(answers: Answers) -> frozenset[str]:
    """The fields that nobody has asked yet, as keys of answers, where only some questions were.

    A question was asked if it has an answer or was left blank on purpose (None). One that surely does not concern this
    person is not among them; one that hangs on something unknown is.
    """
    unknown: set[str] = set()
    facts = _shown_facts(answers)
    for question in (question for candidate in PAGES for question in candidate.questions):
        if question.field in answers or question.kind is FieldKind.OWN_WORDS:
            continue
        if question.shown is None or decided(question.shown, facts) is not False:
            unknown.add(question.field)
            facts = replace(facts, unknown=frozenset(unknown))
    return frozenset(unknown)


def _shown_facts(answers: Answers) -> Facts:
    # A name ticked as past was still given, so its follow-up page must not vanish once it is answered.
    return facts_of({name: value for name, value in answers.items() if name != "diagnoses_past"})


def required(question: Question, answers: Answers) -> bool:
    """Whether this question must be answered when it is asked."""
    # Most duties hang on nothing, and answers about a visit beside the questionnaire are no facts.
    if not question.optional or question.required_if is None:
        return not question.optional
    return question.required_if.holds(_shown_facts(answers))


def offered(question: Question, answers: Answers) -> tuple[Option, ...]:
    """The options to show: all of them, but of past names only those that were ticked before."""
    if question.field != "diagnoses_past":
        return question.options
    named = answers.get("diagnoses")
    ticked = named if isinstance(named, list) else []
    return tuple(option for option in question.options if option.code in ticked or option.code == "none")


def pages(answers: Answers, scope: Scope = EVERYTHING) -> tuple[QuestionPage, ...]:
    """The pages with at least one question for these answers within a scope, in order."""
    facts = _shown_facts(answers)
    return tuple(
        page
        for page in PAGES
        if any(
            _is_within(question, answers, scope) and (question.shown is None or question.shown.holds(facts))
            for question in page.questions
        )
    )


def page(slug: str) -> QuestionPage:
    """The page of this name. Raises UnknownPage."""
    for candidate in PAGES:
        if candidate.slug == slug:
            return candidate
    raise UnknownPage(slug)


def page_of(field: str) -> QuestionPage:
    """The page on which a field is asked, by its key in the answers; for a sign that is no longer asked, the page of the
    one that has taken its place. Raises UnknownPage."""
    field = SUCCESSORS.get(field, field)
    for candidate in PAGES:
        if any(question.field == field for question in candidate.questions):
            return candidate
    raise UnknownPage(field)


def previous_page(slug: str, answers: Answers, scope: Scope = EVERYTHING) -> QuestionPage | None:
    """The page that is asked before this one; None before the first. Raises UnknownPage."""
    place = PAGES.index(page(slug))
    before = [candidate for candidate in pages(answers, scope) if PAGES.index(candidate) < place]
    return before[-1] if before else None


def progress(slug: str, answers: Answers, scope: Scope = EVERYTHING) -> QuestionnaireProgress:
    """Where this page stands among the parts that have questions within the scope. Raises UnknownPage."""
    current = page(slug)
    parts = _parts(answers, scope | {current.questions[0].field} if scope is not None else scope)
    here = next(index for index, part in enumerate(parts) if part.code == current.part)
    shown = {candidate.slug for candidate in pages(answers, scope)} | {slug}
    siblings = [
        candidate for candidate in PAGES if candidate.part == current.part and candidate.slug in shown
    ]
    return QuestionnaireProgress(
        parts=tuple((part, _standing(index, here)) for index, part in enumerate(parts)),
        part=parts[here],
        number=siblings.index(current) + 1,
        of=len(siblings),
    )


def _parts(answers: Answers, scope: Scope) -> tuple[QuestionnairePart, ...]:
    """The parts with a question within the scope, whether or not it concerns this person."""
    codes = {
        candidate.part
        for candidate in PAGES
        if any(_is_within(question, answers, scope) for question in candidate.questions)
    }
    return tuple(part for part in PARTS if part.code in codes)


def _standing(index: int, here: int) -> PartStanding:
    if index == here:
        return PartStanding.HERE
    return PartStanding.DONE if index < here else PartStanding.AHEAD


def cleared(answers: Answers) -> dict[str, object]:
    """The answers without those whose question is no longer asked, and without names no question has.

    Hiding one question can hide another, so this goes through them in the order in which they are asked. A sign that is no
    longer asked goes as soon as the one in its place is answered.
    """
    kept = {name: value for name, value in answers.items() if name in QUESTIONS}
    facts = _shown_facts(kept)
    for name, question in QUESTIONS.items():
        if name in kept and question.shown is not None and not question.shown.holds(facts):
            del kept[name]
            facts = _shown_facts(kept)
    for old, new in SUCCESSORS.items():
        if new in kept:
            kept.pop(old, None)
    past = kept.get("diagnoses_past")
    if isinstance(past, list):
        allowed = {option.code for option in offered(QUESTIONS["diagnoses_past"], kept)}
        kept["diagnoses_past"] = [code for code in past if code in allowed]
    return kept


def contradictions(
    answers: Answers, rule_set: RuleSet = CURRENT, *, unasked: Collection[str] = ()
) -> tuple[Contradiction, ...]:
    """The answers that do not fit together, in table order; ask the client to look again before sending.

    Nobody contradicts what they were not asked: whatever hangs on `unasked` fields waits until they were.
    """
    facts = facts_of(answers, unknown=unasked).normalised()
    return tuple(
        Contradiction(rule.id, rule.look_again, rule.ask_again)
        for rule in rule_set.contradictions
        if decided(rule.when, facts)
    )


def read(question: Question, raw: Sequence[str], answers: Answers | None = None) -> Value | None:
    """The value of one question from what a form posted; None when an optional question was left blank.

    `answers` are those given so far, for options and duties that depend on them. Activities come as texts in turn:
    activity, score, activity, score. Raises UnreadableAnswer.
    """
    given = answers or {}
    texts = [text.strip() for text in raw]
    if not any(texts):
        if required(question, given):
            raise UnreadableAnswer(question.blank)
        return None
    return _READERS[question.kind](question, texts, given)


def _read_one(question: Question, texts: list[str], given: Answers) -> Value:
    chosen = [text for text in texts if text]
    if len(chosen) != 1 or chosen[0] not in {option.code for option in offered(question, given)}:
        raise UnreadableAnswer(_NOT_ONE)
    return int(chosen[0]) if question.numeric else chosen[0]


def _read_many(question: Question, texts: list[str], given: Answers) -> Value:
    chosen = list(dict.fromkeys(text for text in texts if text))
    options = {option.code: option.label for option in offered(question, given)}
    if not set(chosen) <= set(options):
        raise UnreadableAnswer(_NOT_THESE)
    for alone in ("none", question.exclusive):
        if alone in chosen and len(chosen) > 1:
            raise UnreadableAnswer(_NOT_BOTH.format(option=options[alone]))
    if question.most is not None and len(chosen) > question.most:
        raise UnreadableAnswer(_AT_MOST.format(most=question.most))
    return [] if chosen == ["none"] else chosen


def _read_number(question: Question, texts: list[str], given: Answers) -> Value:
    # Digits of other scripts and long numbers are refused here, before int() would take them.
    if len(texts) != 1 or not texts[0].isascii() or not texts[0].isdigit() or len(texts[0]) > 4:
        raise UnreadableAnswer(_ONLY_DIGITS)
    number = int(texts[0])
    if not question.low <= number <= question.high:
        raise UnreadableAnswer(_BETWEEN.format(low=question.low, high=question.high))
    return number


def _read_activities(question: Question, texts: list[str], given: Answers) -> Value:
    activities: list[dict[str, str | int]] = []
    padded = texts + [""] * (len(texts) % 2)
    for activity, score in zip(padded[::2], padded[1::2], strict=True):
        if not activity and not score:
            continue
        if not activity:
            raise UnreadableAnswer(_NO_ACTIVITY)
        if len(activity) > _ACTIVITY_LENGTH:
            raise UnreadableAnswer(_LONG_ACTIVITY.format(most=_ACTIVITY_LENGTH))
        if not score:
            raise UnreadableAnswer(_NO_SCORE)
        activities.append({"activity": activity, "score": _score(question, score)})
    if question.most is not None and len(activities) > question.most:
        raise UnreadableAnswer(_MOST_ACTIVITIES.format(most=question.most))
    return activities


_ACTIVITY_LENGTH = 80


def _score(question: Question, text: str) -> int:
    if text not in {str(score) for score in range(question.low, question.high + 1)}:
        raise UnreadableAnswer(_NO_SCORE)
    return int(text)


def _read_words(question: Question, texts: list[str], given: Answers) -> Value | None:
    text, look = (*texts, "", "")[:2]
    if len(text) > LONGEST:
        raise UnreadableAnswer(_LONG_WORDS.format(most=LONGEST, now=len(text)))
    # Without words there is nothing to look at.
    return {"text": text, "look": look == "yes"} if text else None


_READERS: dict[FieldKind, Callable[[Question, list[str], Answers], Value | None]] = {
    FieldKind.ONE: _read_one,
    FieldKind.RED_FLAG: _read_one,
    FieldKind.CONFIRM: _read_one,
    FieldKind.MANY: _read_many,
    FieldKind.BODY_MAP: _read_many,
    FieldKind.INTEGER: _read_number,
    FieldKind.SCALE: _read_number,
    FieldKind.PSFS: _read_activities,
    FieldKind.OWN_WORDS: _read_words,
}


_NOT_ONE: Final = "Choose one of the answers on this page."
_NOT_THESE: Final = "Choose from the answers on this page."
_NOT_BOTH: Final = "Choose “{option}”, or the ones that apply, but not both."
_AT_MOST: Final = "Choose up to {most}."
_ONLY_DIGITS: Final = "Enter a whole number, using digits only."
_BETWEEN: Final = "Enter a number from {low} to {high}."
_NO_ACTIVITY: Final = "Write the activity that this score is for."
_LONG_ACTIVITY: Final = "Describe each activity in up to {most} letters."
_NO_SCORE: Final = "Choose a score from 0 to 10 for each activity."
_MOST_ACTIVITIES: Final = "Name up to {most} activities."
_LONG_WORDS: Final = "Use up to {most} letters; these are {now}."
_PLACE: Final = "{part} · {number}"
_OF_TEN: Final = "{score} of 10"
_NONE: Final = "None"
LOOK_FIRST: Final = "A therapist looks at this before the visit is confirmed"


def in_words(field: str, value: object, say: Callable[[str], str] = str) -> str:
    """One stored answer as a person reads it, for check-answers pages and therapists.

    `say` puts each of our texts into the reader's language; what a client wrote stays as it is.
    """
    if field.startswith(FLAG_PREFIX):
        return say(QUESTIONS[field].label(value))
    if isinstance(value, dict):
        return f"{value['text']}\n({say(LOOK_FIRST)})" if value["look"] else str(value["text"])
    known = FIELDS[field]
    if known.kind is FieldKind.PSFS and isinstance(value, list):
        scores = (f"{item['activity']}: {say(_OF_TEN.format(score=item['score']))}" for item in value)
        return "; ".join(scores) or say(_NONE)
    if isinstance(value, list | tuple | frozenset | set):
        nothing = known.label("none") if "none" in known.codes else _NONE
        return "; ".join(say(known.label(code)) for code in value) or say(nothing)
    return say(_OF_TEN.format(score=value) if known.kind is FieldKind.SCALE else known.label(value))


SENTENCES: Final = (
    *(
        _NOT_ONE,
        _NOT_THESE,
        _NOT_BOTH,
        _AT_MOST,
        _ONLY_DIGITS,
        _BETWEEN,
        _NO_ACTIVITY,
        _LONG_ACTIVITY,
        _NO_SCORE,
    ),
    *(_MOST_ACTIVITIES, _LONG_WORDS, _PLACE, _OF_TEN, _NONE, LOOK_FIRST),
)
"""What this module says to a client by itself; `{name}` stands for a value."""
