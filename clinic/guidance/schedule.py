"""Which scores to ask before a session, how each is asked, and what the answers are worth as a measure.

Pain before every session, with the reaction to the one before; PEG, the client's own activities and the global change at
session 4 or week 4, whichever comes first, at every look back, and at the end of the course. No score has to be answered:
missing stays missing, and safety answers never wait for a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from clinic.guidance.fields import FIELDS, FieldKind, Option
from clinic.guidance.measures import GLOBAL_CHANGE_QUESTION, GlobalChange
from clinic.guidance.questions import QUESTIONS, Question

Json = dict[str, Any]


class Instrument(StrEnum):
    """One measure, as its entries are kept."""

    NRS = "nrs"
    PEG = "peg"
    PSFS = "psfs"
    GLOBAL_CHANGE = "global_change"
    REACTION = "reaction"


MIDDLE_SESSION: Final = 4
MIDDLE_DAY: Final = 28
PEG_PAUSE_DAYS: Final = 7
"""PEG asks about the past week, so it is not asked again sooner."""

MOST_ACTIVITIES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionPosition:
    """Where a visit stands in its course: its number, how many are planned, and days since the first session."""

    number: int
    of: int
    look_back: bool
    day: int
    day_before: int | None = None
    """Of the session before; None for the first."""


def due(
    place: SessionPosition | None, *, came_before: bool, peg_days_ago: int | None = None
) -> tuple[Instrument, ...]:
    """What to ask before a visit; without a course only pain and, for somebody who came before, the reaction.

    `peg_days_ago` is the age of the newest PEG in whole days, None without one. Nothing has changed yet before the first
    session, so the longer scores are not asked again then.
    """
    asked = [Instrument.NRS]
    if came_before:
        asked.append(Instrument.REACTION)
    if place is not None and place.number > 1 and _is_longer(place):
        if peg_days_ago is None or peg_days_ago >= PEG_PAUSE_DAYS:
            asked.append(Instrument.PEG)
        asked += [Instrument.PSFS, Instrument.GLOBAL_CHANGE]
    return tuple(asked)


def _is_longer(place: SessionPosition) -> bool:
    return place.look_back or place.number == place.of or _is_middle(place)


def _is_middle(place: SessionPosition) -> bool:
    """Whether this is the first session that is the fourth or in the fifth week of days."""
    reached = place.number >= MIDDLE_SESSION or place.day >= MIDDLE_DAY
    before = place.number - 1 >= MIDDLE_SESSION or (
        place.day_before is not None and place.day_before >= MIDDLE_DAY
    )
    return reached and not before


GLOBAL_CHANGE: Final = Question(
    name="global_change",
    text=GLOBAL_CHANGE_QUESTION,
    kind=FieldKind.ONE,
    title="Change since the beginning",
    options=tuple(Option(step.value, step.label) for step in GlobalChange),
    optional=True,
)
REACTION: Final = Question(
    name="reaction",
    text="How did you feel after your last session?",
    kind=FieldKind.ONE,
    title="After the last session",
    options=FIELDS["past_reaction"].options,
    optional=True,
)
AVERAGE, PEG_PAIN = "pain_avg_nrs", "peg_pain"
_BY_NUMBER: Final = (
    "The first everyday activity you named when you began: how well does it go now?",
    "The second everyday activity you named when you began: how well does it go now?",
    "The third everyday activity you named when you began: how well does it go now?",
)
_IN_OWN_WORDS: Final = "How well does this go now: “{activity}”?"
_MAY_BE_BLANK: Final = "Leave it blank if you named fewer, or do not remember."
_ACTIVITY: Final = "Activity {number}"
ACTIVITY_TEXTS: Final = (*_BY_NUMBER, _IN_OWN_WORDS, _MAY_BE_BLANK, _ACTIVITY)
"""How a client's own activities are asked about; `{activity}` is the client's own wording."""


def questions(asked: Sequence[Instrument], activities: Sequence[str] | None = None) -> tuple[Question, ...]:
    """The questions of these instruments in the order in which they are asked, all optional.

    `activities` are the client's own words, in their order, for a page that may show them. Without them (None) the
    activities are asked by number, always all three, so that the page tells nothing of what is stored.
    """
    found: list[Question] = []
    for instrument in asked:
        if instrument is Instrument.PSFS:
            found += _activities(activities)
        else:
            found += _PLAIN[instrument]
    # PEG's own question about pain is the one about average pain in other words, so it is not asked twice.
    is_asked = AVERAGE in {question.field for question in found}
    return tuple(question for question in found if not (is_asked and question.field == PEG_PAIN))


def _asked_anew(field: str) -> Question:
    return replace(QUESTIONS[field], shown=None, optional=True, why="")


_PLAIN: Final = {
    Instrument.NRS: (_asked_anew("pain_now_nrs"), _asked_anew(AVERAGE)),
    Instrument.PEG: tuple(_asked_anew(field) for field in (PEG_PAIN, "peg_enjoyment", "peg_activity")),
    Instrument.GLOBAL_CHANGE: (GLOBAL_CHANGE,),
    Instrument.REACTION: (REACTION,),
}


def _activities(words: Sequence[str] | None) -> list[Question]:
    if words is None:
        texts = list(_BY_NUMBER)
        hints = (_MAY_BE_BLANK,) * MOST_ACTIVITIES
    else:
        texts = [_IN_OWN_WORDS.format(activity=activity) for activity in words[:MOST_ACTIVITIES]]
        hints = ("",) * MOST_ACTIVITIES
    return [
        Question(
            name=activity_field(number),
            text=text,
            kind=FieldKind.SCALE,
            title=_ACTIVITY.format(number=number),
            help=hints[number - 1],
            low_label=QUESTIONS["psfs"].low_label,
            high_label=QUESTIONS["psfs"].high_label,
            optional=True,
        )
        for number, text in enumerate(texts, 1)
    ]


def activity_field(number: int) -> str:
    """The name under which the activity with this number, from 1, is scored in a form."""
    return f"activity_now_{number}"


def at_the_start(
    answers: Mapping[str, object], before: Mapping[str, object] | None = None
) -> dict[Instrument, Json]:
    """The scores in the answers of a whole intake; nothing is given where nothing was answered.

    `before` are answers that these add to: their average pain is PEG's, and no new score of its own.
    """
    found = _plain_scores(answers, (before or answers).get(AVERAGE))
    named = answers.get("psfs")
    if isinstance(named, list) and named:
        found[Instrument.PSFS] = {"activities": [dict(activity) for activity in named]}
    return found


def before_a_session(values: Mapping[str, object], activities: Sequence[str] = ()) -> dict[Instrument, Json]:
    """The scores in the answers to `questions`; `activities` are the client's words that the numbers stand for.

    A number for an activity nobody named is left out.
    """
    found = _plain_scores(values, values.get(AVERAGE))
    rated = [
        {"activity": activity, "score": score}
        for number, activity in enumerate(activities, 1)
        if (score := values.get(activity_field(number))) is not None
    ]
    if rated:
        found[Instrument.PSFS] = {"activities": rated}
    for instrument in (Instrument.GLOBAL_CHANGE, Instrument.REACTION):
        if values.get(instrument.value) is not None:
            found[instrument] = {instrument.value: values[instrument.value]}
    return found


def as_answers(instrument: Instrument, scores: Mapping[str, Any], activities: Sequence[str] = ()) -> Json:
    """The answers to `questions` that give these scores: the reverse of `before_a_session`."""
    if instrument in _KEYS:
        return {field: scores[name] for name, field in _KEYS[instrument].items() if name in scores}
    if instrument is Instrument.PSFS:
        rated = {row["activity"]: row["score"] for row in scores.get("activities", ())}
        return {
            activity_field(number): rated[activity]
            for number, activity in enumerate(activities, 1)
            if activity in rated
        }
    return {instrument.value: scores[instrument.value]} if instrument.value in scores else {}


_KEYS: Final = {
    Instrument.NRS: {"now": "pain_now_nrs", "average": AVERAGE},
    Instrument.PEG: {"pain": PEG_PAIN, "enjoyment": "peg_enjoyment", "activity": "peg_activity"},
}


def _plain_scores(answers: Mapping[str, object], average: object) -> dict[Instrument, Json]:
    """The scores in these answers. PEG without an answer of its own about pain takes the average pain."""
    found: dict[Instrument, Json] = {}
    for instrument, keys in _KEYS.items():
        given = {name: answers[field] for name, field in keys.items() if isinstance(answers.get(field), int)}
        if instrument is Instrument.PEG and given and isinstance(average, int):
            given = {"pain": average, **given}
        if given:
            found[instrument] = given
    return found
