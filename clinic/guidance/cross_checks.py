"""Which other answers say the same as a warning sign, and what happens when they speak against its "no".

A hurried "no" to one question must not hide what another answer says. Each sign has a row: the rules that fire from other
answers although the sign was answered with no, with an example, or the reason why no other answer can say it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, kw_only=True)
class CrossCheck:
    """A sign with the rules that other answers fire, an example of such answers, or why there are none."""

    flag: str
    rules: tuple[str, ...] = ()
    example: Mapping[str, object] = field(default_factory=dict)
    why_none: str = ""

    def __post_init__(self) -> None:
        """Refuse a row that neither checks nor says why not."""
        if bool(self.rules) == bool(self.why_none) or bool(self.rules) != bool(self.example):
            raise ValueError(f"{self.flag} needs rules with an example, or a reason")


_ONLY_HERE: Final = (
    "No other question asks about it, and it is asked of everybody on the day of a visit again."
)

CROSS_CHECKS: Final = {
    check.flag: check
    for check in (
        CrossCheck(flag="saddle_numbness", why_none=_ONLY_HERE),
        CrossCheck(flag="bladder_bowel_change", why_none=_ONLY_HERE),
        CrossCheck(flag="sexual_function_change", why_none=_ONLY_HERE),
        CrossCheck(flag="both_legs_new", rules=("R12",), example={"radiation": "both_legs"}),
        CrossCheck(
            flag="leg_weakness_worsening",
            rules=("U05",),
            example={"limb_symptoms": ["weakness"], "limb_symptom_trend": "worse"},
        ),
        CrossCheck(
            flag="walking_or_hand_clumsy", rules=("R10", "T09"), example={"limb_symptoms": ["weakness"]}
        ),
        CrossCheck(
            flag="serious_accident",
            rules=("X07",),
            example={"onset_type": "sudden", "onset_triggers": ["accident_or_blow"]},
        ),
        CrossCheck(
            flag="major_trauma",
            rules=("X07", "R27"),
            example={"onset_type": "sudden", "onset_triggers": ["accident_or_blow"], "age_years": 70},
        ),
        CrossCheck(flag="sudden_severe_collapse", rules=("U08",), example={"conditions": ["known_aneurysm"]}),
        CrossCheck(
            flag="chest_pain_breathless",
            rules=("R15", "T12"),
            example={"conditions": ["recent_heart_attack_or_stroke", "heart_failure"]},
        ),
        CrossCheck(
            flag="leg_clot_signs",
            rules=("R13", "R19"),
            example={"conditions": ["current_dvt_pe"], "swelling": "area_or_limb_unexplained"},
        ),
        CrossCheck(
            flag="sudden_head_neck_neuro",
            rules=("R15", "T24"),
            example={"conditions": ["recent_heart_attack_or_stroke", "recent_head_injury"]},
        ),
        CrossCheck(
            flag="cancer_new_pain",
            rules=("R26",),
            example={"conditions": ["cancer_past"], "pain_trend": "worse"},
        ),
        CrossCheck(
            flag="cancer_ever",
            rules=("R26", "T05"),
            example={"conditions": ["cancer_past"], "pain_trend": "worse"},
        ),
        CrossCheck(flag="weight_loss", why_none=_ONLY_HERE),
        CrossCheck(flag="fever_unwell", rules=("R03",), example={"today": ["fever"]}),
        CrossCheck(
            flag="night_rest_pain",
            rules=("T21",),
            example={"pain_course": "constant", "pain_trend": "worse", "pain_avg_nrs": 8},
        ),
        CrossCheck(
            flag="lump_or_deformity", rules=("R19",), example={"swelling": "area_or_limb_unexplained"}
        ),
        CrossCheck(
            flag="minor_fall_fragile",
            rules=("R27",),
            example={"onset_triggers": ["fall"], "osteoporosis": "yes"},
        ),
        CrossCheck(flag="small_fall", rules=("R27",), example={"onset_triggers": ["fall"], "age_years": 65}),
        CrossCheck(
            flag="thoracic_unexplained",
            rules=("T17",),
            example={
                "age_years": 55,
                "pain_areas": ["upper_back"],
                "pain_course": "first_episode",
                "pain_duration": "lt_6w",
                "onset_triggers": ["none_obvious"],
            },
        ),
        CrossCheck(
            flag="pulsing_abdomen",
            rules=("R24",),
            example={"conditions": ["known_aneurysm"], "back_pain_now": "no"},
        ),
        CrossCheck(flag="urinary_flank", why_none=_ONLY_HERE),
        CrossCheck(
            flag="immunosuppressed_ivdu",
            rules=("T15", "T04"),
            example={"medications": ["immunosuppressant", "chemotherapy_recent"]},
        ),
        CrossCheck(
            flag="inflammatory_pattern",
            rules=("T14",),
            example={
                "red_flags": ["wakes_late_at_night"],
                "eases_with_movement": "yes",
                "pain_duration": "gt_12w",
                "age_years": 30,
            },
        ),
        CrossCheck(
            flag="wakes_late_at_night",
            rules=("C06",),
            example={"diagnoses": ["inflammatory_arthritis"]},
        ),
        CrossCheck(flag="cough_sneeze_worse", why_none=_ONLY_HERE),
    )
}
