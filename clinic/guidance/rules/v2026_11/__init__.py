"""Rule set 2026.11: one reading of the guidance document and of the public safety sources.

The weights are judgement, not measured effects. A licensed massage therapist and a clinician must review the safety
and scoring rules and sign this version before live use.
"""

from typing import Final

from clinic.guidance.levels import Pressure
from clinic.guidance.rules.kinds import Effect, Points, RuleSet
from clinic.guidance.rules.v2026_11.safety import SAFETY
from clinic.guidance.rules.v2026_11.scoring import SCORING

RULE_SET: Final = RuleSet(
    version="2026.11",
    safety=SAFETY,
    scoring=SCORING,
    starting=(
        Points("swedish", 2, ("G6", "G8")),
        Points("relaxation", 1, ("G10",)),
        Points("trigger_point", 1, ("G6", "G8")),
        Points("deep_tissue", 1, ("G6", "G8")),
    ),
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
    general_for=("swedish", "relaxation"),
    general_limit=2,
    liked_points=2,
    show_at_least=3,
    clear_lead=3,
    little_information=3,
)
