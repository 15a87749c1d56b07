"""Scoring rules that 2026.12 adds to those of 2026.11, which stay as they are: goals, findings and a past reaction together.

Each fires on two facts that the document ties to the same type, or where it speaks against a general one. So two clients who
differ in a goal get suggestions that differ. The points follow the same scale.
"""

from typing import Final

from clinic.guidance.conditions import Condition, all_of, any_of, has, has_any, in_, is_, is_not, not_
from clinic.guidance.rules.kinds import Points, ScoringRule
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11

_CAUTIOUS: Final = "cautious default"


def _goal(code: str, *facts: Condition) -> Condition:
    return all_of(has("visit_goals", code), *facts)


_NEW_BACK: Final = (
    ScoringRule(
        id="E53",
        when=all_of(
            has_any("visit_goals", "pain_relief", "mobility", "posture", "sport_recovery"),
            not_(has_any("visit_goals", "relaxation", "stress_relief")),
            has_any(
                "muscle_findings",
                "knots",
                "tender_points_refer",
                "deep_chronic_tension",
                "restricted_fascia",
                "uneven_tension",
            ),
            is_not("pressure_preference", "light"),
        ),
        reason="You named a place or a side that troubles you, and aims other than to relax.",
        points=(Points("relaxation", -3, ("G10",)),),
        against="You named a place or a side that troubles you, and did not come to relax. The guidance describes this type "
        "for when no focused work is needed.",
    ),
    ScoringRule(
        id="E54",
        when=_goal("pain_relief", is_("pain_duration", "gt_12w")),
        reason="You hope for less pain, and it has lasted. The guidance names this type for lasting pain.",
        points=(Points("deep_tissue", 1, ("G6",)), Points("neuromuscular", 2, ("G10",))),
    ),
    ScoringRule(
        id="E55",
        when=_goal("pain_relief", has_any("muscle_findings", "knots", "tender_points_refer")),
        reason="You hope for less pain where it is sore. The guidance names this type for pain from tender spots.",
        points=(Points("trigger_point", 2, ("G6",)),),
    ),
    ScoringRule(
        id="E56",
        when=_goal(
            "mobility",
            any_of(
                has_any("muscle_findings", "stiffness", "deep_chronic_tension"),
                in_("mobility_limit", "some", "marked"),
            ),
        ),
        reason="You hope to move better, and something holds you back. The guidance names this type for moving more freely.",
        points=(Points("deep_tissue", 2, ("G6",)), Points("trigger_point", 2, ("G10",))),
    ),
    ScoringRule(
        id="E57",
        when=_goal(
            "posture",
            any_of(has("onset_triggers", "poor_posture"), has("muscle_findings", "uneven_tension")),
        ),
        reason="You hope for better posture, and posture or one side is part of it. The guidance ties this type to both.",
        points=(Points("neuromuscular", 2, ("G2", "G10")), Points("trigger_point", 1, ("G10",))),
    ),
    ScoringRule(
        id="E58",
        when=_goal(
            "sport_recovery",
            any_of(
                in_("activity_level", "regular", "athlete"),
                has_any("onset_triggers", "sport_training", "dance"),
            ),
        ),
        reason="You train, and hope to recover from it. The guidance names sports massage for recovery.",
        points=(Points("sports", 3, ("G6",)),),
    ),
    ScoringRule(
        id="E59",
        when=all_of(is_("activity_level", "athlete"), has_any("onset_triggers", "sport_training", "dance")),
        reason="You train as an athlete, and training brought it on.",
        points=(Points("sports", 3, ("G3", "G6")),),
    ),
)

_NEW_PREFERENCES: Final = (
    ScoringRule(
        id="P06",
        when=is_("past_reaction", "sore_1_2_days"),
        reason="You were sore for a day or two last time. The guidance describes this type as easing knots without hurting.",
        points=(
            Points("relaxation", 1, ("G10",)),
            Points("deep_tissue", -2, (), _CAUTIOUS),
            Points("trigger_point", -1, (), _CAUTIOUS),
        ),
        against="You were sore for a day or two last time, so we begin more gently.",
    ),
)

BACK: Final = (*V2026_11.back, *_NEW_BACK)
PREFERENCES: Final = (*V2026_11.preferences, *_NEW_PREFERENCES)
