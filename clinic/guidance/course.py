"""The course: how many sessions, how often, and what to decide when looking back.

The guidance speaks of weekly visits and of courses of eight or nine weeks; the rest is a cautious default.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from clinic.guidance.conditions import Condition, in_, is_
from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS
from clinic.guidance.levels import Level
from clinic.guidance.measures import ScoreTrend


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """After which sessions to look back together, and what that is for."""

    after: tuple[int, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftCourse:
    """A course: `sessions` proposed, up to `most`, `every` week, two weeks or month; None where it is agreed freely.

    `situation` says which line of the guidance it comes from, `sections` what can be cited for it.
    """

    situation: str
    sessions: int | None
    most: int | None
    every: str
    text: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """`rhythms` are those the guidance leaves open; the client's own choice among them counts."""

    when: Condition
    course: DraftCourse
    gate: Gate
    rhythms: tuple[str, ...] = ()


CLIENT_CAN_COME: Final = "The client can come: "
"""How the note about another rhythm begins."""

_EVENT: Final = in_("sport_context", "before_event", "after_event")
_TRAINING: Final = is_("sport_context", "heavy_training")
_SECTIONS: Final = ("G7", "G12")

_REVIEW: Final = (
    DraftCourse(
        situation="a therapist looks first",
        sessions=1,
        most=1,
        every="once",
        text="One session, then decide together.",
    ),
    Gate(after=(1,), text="Look back after the first session."),
)
_RECENT: Final = (
    DraftCourse(
        situation="pain for less than 6 weeks",
        sessions=4,
        most=4,
        every="weekly",
        text="Weekly, up to 4 sessions.",
        sections=_SECTIONS,
    ),
    Gate(
        after=(2,),
        text="Look back after the second session. Stop if the pain is gone; see a doctor if it is no better by week 6.",
    ),
)
_LINES: Final = (
    _Line(
        _EVENT,
        DraftCourse(
            situation="sport event",
            sessions=1,
            most=1,
            every="once",
            text="One session, at a time agreed with the athlete.",
        ),
        Gate(after=(1,), text="Look back after the event."),
    ),
    _Line(
        _TRAINING,
        DraftCourse(
            situation="training block",
            sessions=None,
            most=None,
            every="weekly",
            text="Weekly or every two weeks while the training block lasts.",
        ),
        Gate(after=(), text="Look back after the training block."),
        rhythms=("weekly", "fortnightly"),
    ),
    _Line(
        is_("back_pain_now", "no"),
        DraftCourse(
            situation="no pain, stress or wellbeing",
            sessions=None,
            most=None,
            every="fortnightly",
            text="As you wish, every two weeks or every month.",
        ),
        Gate(after=(5,), text="Look back every five sessions."),
        rhythms=("fortnightly", "monthly"),
    ),
    _Line(
        is_("pain_duration", "6w_12w"),
        DraftCourse(
            situation="pain for 6 to 12 weeks",
            sessions=6,
            most=6,
            every="weekly",
            text="6 sessions in 4 to 6 weeks.",
            sections=_SECTIONS,
        ),
        Gate(after=(3, 6), text="Look back after the third session and at the end."),
    ),
    _Line(
        is_("pain_duration", "gt_12w"),
        DraftCourse(
            situation="pain for more than 12 weeks",
            sessions=8,
            most=10,
            every="weekly",
            text="Weekly, 8 to 10 sessions.",
            sections=_SECTIONS,
        ),
        Gate(after=(4, 8), text="Look back at the fourth session and at the end."),
    ),
)


TEXTS: Final = tuple(text for line in _LINES for text in (line.course.text, line.gate.text)) + tuple(
    text for one, gate in (_REVIEW, _RECENT) for text in (one.text, gate.text)
)
"""What the courses and their look backs say."""


def course(facts: Facts, level: Level) -> tuple[DraftCourse, Gate]:
    """The course for these facts and when to look back; one session when a therapist looks first.

    Pain of unknown duration is treated as recent, which asks for the fewest sessions.
    """
    if level is Level.THERAPIST_REVIEW:
        return _REVIEW
    for line in _LINES:
        if line.when.holds(facts):
            return _in_rhythm(line, facts.one("frequency_possible")), line.gate
    return _RECENT


def _in_rhythm(line: _Line, possible: str | None) -> DraftCourse:
    return replace(line.course, every=possible) if possible in line.rhythms else line.course


def frequency_note(facts: Facts, proposed: DraftCourse) -> str:
    """A sentence when the client can come at another rhythm than proposed; empty otherwise."""
    possible = facts.one("frequency_possible")
    if possible is None or proposed.every == "once" or possible == proposed.every:
        return ""
    return f"{CLIENT_CAN_COME}{FIELDS['frequency_possible'].label(possible).lower()}. Agree on a rhythm."


class CourseStep(StrEnum):
    """What a look back proposes to the therapist."""

    CONTINUE = "continue"
    CHANGE = "change"
    SPACE_OUT = "space_out"
    REFER = "refer"
    SAFETY = "safety"
    MEASURE = "measure"


@dataclass(frozen=True, slots=True)
class CourseDecision:
    """The step proposed at a look back, and the sentence that says why. The therapist decides."""

    step: CourseStep
    text: str


def reassess(
    *, reading: ScoreTrend | None, session: int, sessions: int | None, level: Level = Level.OK
) -> CourseDecision:
    """What to propose after `session` of `sessions` (None: open), from the change in scores and the newest level.

    `level` is that of the warning signs asked since; a stop or a review comes before every score.
    """
    if level >= Level.THERAPIST_REVIEW:
        return CourseDecision(
            CourseStep.SAFETY, "There is a new warning sign. The safety level applies at once."
        )
    if reading is None:
        return CourseDecision(CourseStep.MEASURE, "The scores are missing. Ask for them before deciding.")
    at_the_end = sessions is not None and session >= sessions
    if reading is ScoreTrend.WORSE:
        return CourseDecision(
            CourseStep.REFER, "It is worse. Stop, and advise the client to see a clinician."
        )
    if reading is ScoreTrend.IMPROVED:
        if at_the_end:
            return CourseDecision(
                CourseStep.SPACE_OUT, "It has improved over the course. Space the sessions out."
            )
        return CourseDecision(
            CourseStep.CONTINUE, "It has improved so far. Finish the course, then space out."
        )
    if at_the_end:
        return CourseDecision(
            CourseStep.REFER, "It is unchanged at the end. Stop, and advise the client to see a clinician."
        )
    return CourseDecision(CourseStep.CHANGE, "It is unchanged so far. Try the next type, or add active care.")
