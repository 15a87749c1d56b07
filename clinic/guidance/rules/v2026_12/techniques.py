"""Which of the fifteen techniques each condition and medicine takes away in 2026.12, with the source of each row.

Bleeding, thin skin, weak bones and little feeling forbid hard rubbing, pressing and tapping. Held finger pressure stays
possible where the pressure is capped, because it can be as light as a resting hand; so do gliding, soft kneading of the
muscle, oil, and slow circles.
"""

from dataclasses import dataclass
from typing import Final

_BLEEDING: Final = (
    "friction",
    "tapotement",
    "vibration",
    "percussion",
    "compression",
    "kneading",
    "cross_grain",
    "muscle_manipulation",
)
_THIN: Final = ("friction", "tapotement", "percussion", "cross_grain")
_JOLTS: Final = ("tapotement", "vibration", "percussion")
_SPINE: Final = ("passive_movement", "percussion", "tapotement")


@dataclass(frozen=True, slots=True)
class TechniqueRow:
    """What a condition or a medicine takes away. `stops` says that nothing is done at all; `why` explains a row without
    any technique."""

    code: str
    away: tuple[str, ...] = ()
    sources: tuple[str, ...] = ("default",)
    stops: bool = False
    why: str = ""


def _stop(code: str, *sources: str) -> TechniqueRow:
    return TechniqueRow(code, (), sources, stops=True, why="No massage until a doctor agrees.")


TECHNIQUES_BY_CONDITION: Final = (
    TechniqueRow("hypertension_controlled", _JOLTS),
    _stop("hypertension_uncontrolled", "ABMP"),
    TechniqueRow("low_blood_pressure", why="Only rising slowly matters."),
    TechniqueRow("heart_disease_stable", _JOLTS),
    TechniqueRow("heart_failure", (*_JOLTS, "compression", "cross_grain"), ("MLD", "default")),
    _stop("recent_heart_attack_or_stroke", "NCCIH-S"),
    _stop("known_aneurysm", "ASC"),
    TechniqueRow("pacemaker_or_implant", _JOLTS),
    TechniqueRow("joint_replacement", why="The joint is avoided; elsewhere nothing changes."),
    _stop("current_dvt_pe", "NCCIH-S", "MAYO"),
    TechniqueRow("past_clot", (*_JOLTS, "compression"), ("NCCIH-S", "default")),
    TechniqueRow("bleeding_disorder", _BLEEDING, ("NCCIH-S", "MAYO", "YIN2014")),
    TechniqueRow("low_platelets", _BLEEDING, ("NCCIH-S", "MAYO", "YIN2014")),
    TechniqueRow("diabetes", ("friction", "cross_grain"), ("NCCIH-S", "default")),
    TechniqueRow("reduced_sensation", ("friction", "cross_grain"), ("NCCIH-S", "default")),
    TechniqueRow(
        "neurological_condition", why="What helps differs from person to person; a therapist looks first."
    ),
    TechniqueRow("epilepsy", why="Scents are left out; no technique is known to matter."),
    TechniqueRow("recent_head_injury", (*_JOLTS, "passive_movement")),
    TechniqueRow("asthma", why="Scents are left out; no technique is known to matter."),
    TechniqueRow("kidney_failure", (*_JOLTS, "compression", "cross_grain"), ("MLD", "default")),
    TechniqueRow("liver_disease", _BLEEDING, ("CON360",)),
    TechniqueRow("cancer_active", _BLEEDING, ("NCCIH-S", "MAC")),
    TechniqueRow("cancer_past", why="The treated area is avoided; elsewhere nothing changes."),
    _stop("bone_metastases", "NCCIH-S", "MAC"),
    TechniqueRow("lymph_nodes_removed", why="The limb is avoided; elsewhere nothing changes."),
    TechniqueRow(
        "arthritis_flare", (*_JOLTS, "friction", "passive_movement", "stretching"), ("ASC", "default")
    ),
    TechniqueRow(
        "hypermobility", ("passive_movement",), why="Stretching stays short of the end of the range."
    ),
    _stop("recent_fracture_lt_12w", "NCCIH-S", "MAYO"),
    TechniqueRow("spinal_surgery_ever", _SPINE, ("NCCIH-S", "default")),
    _stop("infection_cellulitis", "NHS-CELL"),
)

TECHNIQUES_BY_MEDICINE: Final = (
    TechniqueRow("anticoagulant", _BLEEDING, ("NCCIH-S", "MAYO", "YIN2014")),
    TechniqueRow("antiplatelet", _THIN, ("NCCIH-S", "default")),
    TechniqueRow("long_term_steroid", _THIN, ("NCCIH-S", "default")),
    TechniqueRow("immunosuppressant", ("friction",), ("default",)),
    TechniqueRow("chemotherapy_recent", _BLEEDING, ("NCCIH-S", "MAC")),
    TechniqueRow("opioid_or_sedative", ("friction", "cross_grain"), ("default",)),
)

RULE_OF: Final = {
    "hypertension_controlled": "C07",
    "heart_disease_stable": "C07",
    "heart_failure": "T12",
    "kidney_failure": "T12",
    "pacemaker_or_implant": "C08",
    "past_clot": "T03",
    "bleeding_disorder": "T02",
    "low_platelets": "T02",
    "diabetes": "C09",
    "reduced_sensation": "C09",
    "recent_head_injury": "T24",
    "liver_disease": "T20",
    "cancer_active": "T04",
    "chemotherapy_recent": "T04",
    "arthritis_flare": "T18",
    "hypermobility": "C15",
    "spinal_surgery_ever": "T11",
    "anticoagulant": "T01",
    "antiplatelet": "C01",
    "long_term_steroid": "C02",
    "immunosuppressant": "T15",
    "opioid_or_sedative": "C16",
}
"""The rule through which a row takes effect."""

TAKEN_AWAY: Final = {
    rule: next(
        row.away
        for row in (*TECHNIQUES_BY_CONDITION, *TECHNIQUES_BY_MEDICINE)
        if RULE_OF.get(row.code) == rule
    )
    for rule in RULE_OF.values()
}
