"""The course and what a look back proposes."""

import pytest

from clinic.guidance.course import CourseStep, course, reassess
from clinic.guidance.facts import Facts
from clinic.guidance.levels import Level
from clinic.guidance.measures import ScoreTrend
from tests.guidance.people import Answers


@pytest.mark.parametrize(
    ("answers", "sessions", "most", "every", "after"),
    [
        ({"pain_duration": "lt_6w"}, 4, 4, "weekly", (2,)),
        ({}, 4, 4, "weekly", (2,)),
        ({"pain_duration": "6w_12w"}, 6, 6, "weekly", (3, 6)),
        ({"pain_duration": "gt_12w"}, 8, 10, "weekly", (4, 8)),
        ({"pain_duration": "gt_12w", "sport_context": "before_event"}, 1, 1, "once", (1,)),
        ({"sport_context": "after_event"}, 1, 1, "once", (1,)),
        ({"sport_context": "heavy_training", "pain_duration": "gt_12w"}, None, None, "weekly", ()),
        ({"sport_context": "minor_sport_injury", "pain_duration": "6w_12w"}, 6, 6, "weekly", (3, 6)),
        ({"back_pain_now": "no"}, None, None, "fortnightly", (5,)),
        # "As wished, fortnightly or monthly", "weekly or fortnightly" (5d): the wish counts where the guidance leaves it open.
        ({"back_pain_now": "no", "frequency_possible": "monthly"}, None, None, "monthly", (5,)),
        ({"back_pain_now": "no", "frequency_possible": "weekly"}, None, None, "fortnightly", (5,)),
        (
            {"sport_context": "heavy_training", "frequency_possible": "fortnightly"},
            None,
            None,
            "fortnightly",
            (),
        ),
        ({"sport_context": "heavy_training", "frequency_possible": "monthly"}, None, None, "weekly", ()),
        ({"pain_duration": "gt_12w", "frequency_possible": "monthly"}, 8, 10, "weekly", (4, 8)),
    ],
)
def test_the_course_follows_the_situation(
    answers: Answers, sessions: int | None, most: int | None, every: str, after: tuple[int, ...]
) -> None:
    proposed, gate = course(Facts.of(answers), Level.OK)
    assert (proposed.sessions, proposed.most, proposed.every, gate.after) == (sessions, most, every, after)


def test_review_allows_one_session_and_then_decides() -> None:
    proposed, gate = course(Facts.of({"pain_duration": "gt_12w"}), Level.THERAPIST_REVIEW)
    assert (proposed.sessions, gate.after) == (1, (1,))


@pytest.mark.parametrize(
    ("reading", "session", "sessions", "step"),
    [
        (ScoreTrend.IMPROVED, 4, 8, CourseStep.CONTINUE),
        (ScoreTrend.IMPROVED, 8, 8, CourseStep.SPACE_OUT),
        (ScoreTrend.IMPROVED, 9, 8, CourseStep.SPACE_OUT),
        (ScoreTrend.IMPROVED, 5, None, CourseStep.CONTINUE),
        (ScoreTrend.UNCHANGED, 4, 8, CourseStep.CHANGE),
        (ScoreTrend.UNCHANGED, 8, 8, CourseStep.REFER),
        (ScoreTrend.UNCHANGED, 5, None, CourseStep.CHANGE),
        (ScoreTrend.WORSE, 1, 8, CourseStep.REFER),
        (ScoreTrend.WORSE, 8, 8, CourseStep.REFER),
        (None, 4, 8, CourseStep.MEASURE),
    ],
)
def test_a_look_back_proposes_a_step(
    reading: ScoreTrend | None, session: int, sessions: int | None, step: CourseStep
) -> None:
    decision = reassess(reading=reading, session=session, sessions=sessions)
    assert decision.step is step
    assert decision.text.endswith(".")


@pytest.mark.parametrize("level", [Level.THERAPIST_REVIEW, Level.REFER, Level.URGENT])
def test_a_new_warning_sign_comes_before_every_score(level: Level) -> None:
    assert reassess(reading=ScoreTrend.IMPROVED, session=4, sessions=8, level=level).step is CourseStep.SAFETY


def test_a_caution_does_not_stop_a_look_back() -> None:
    assert (
        reassess(reading=ScoreTrend.IMPROVED, session=4, sessions=8, level=Level.CAUTION).step
        is CourseStep.CONTINUE
    )
