"""Rule set 2026.11: one reading of the guidance document and of the public safety sources.

The weights are judgement, not measured effects. A licensed massage therapist and a clinician must review the safety
and scoring rules and sign this version before live use.
"""

from typing import Final

from clinic.guidance.levels import Pressure
from clinic.guidance.rules.kinds import Effect, RuleSet
from clinic.guidance.rules.v2026_11.safety import SAFETY
from clinic.guidance.rules.v2026_11.scoring import (
    BACK,
    GENERAL,
    GENTLE,
    LIKED,
    OILS,
    PREFERENCES,
    STARTING,
)

RULE_SET: Final = RuleSet(
    version="2026.11",
    safety=SAFETY,
    back=BACK,
    preferences=PREFERENCES,
    starting=STARTING,
    starting_reason="It is one of the usual types to begin with.",
    liked=LIKED,
    general=GENERAL,
    blend=OILS,
    gentle_default=GENTLE,
    cap_effects=(
        (
            Pressure.LIGHT,
            Effect(
                exclude=("deep_tissue", "mechanical_impulse"),
                points=(
                    ("trigger_point", -4),
                    ("sports", -4),
                    ("neuromuscular", -3),
                    ("acupressure", -3),
                    ("myofascial_release", -3),
                ),
            ),
        ),
        (
            Pressure.MEDIUM,
            Effect(
                exclude=("deep_tissue",),
                points=(("mechanical_impulse", -2), ("sports", -1), ("trigger_point", -1)),
            ),
        ),
    ),
    show_at_least=3,
    clear_lead=3,
)
