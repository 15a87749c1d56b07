"""The causes and conditions the guidance document names, and what each changes here.

`facts` are the fields and options that stand for a cause, `rules` those that look at it. A cause nobody asks about, or
that changes nothing, would be a gap; a test goes through them all.
"""

from typing import Final

from clinic.guidance.knowledge import Cause


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _cause(name: str, described_as: str, sections: str, facts: str, rules: str) -> Cause:
    return Cause(name, described_as, _words(sections), _words(facts), _words(rules))


CAUSES: Final = (
    _cause(
        "Long sitting, little movement",
        "A named cause, and a source of knots from desk work.",
        "G3 G4 G6",
        "onset_triggers.long_sitting sitting_hours_per_day",
        "E10",
    ),
    _cause(
        "Poor posture and imbalance",
        "Muscles out of balance and extra load on the spine.",
        "G3 G4",
        "onset_triggers.poor_posture muscle_findings.uneven_tension diagnoses.postural_imbalance",
        "E08 E11",
    ),
    _cause(
        "Stress",
        "A named psychological cause.",
        "G2 G3 G4",
        "stress_level onset_triggers.stress_period",
        "E19 E20",
    ),
    _cause("Low mood or anxiety", "Named psychological causes.", "G2 G3 G4", "mood", "E21 C19"),
    _cause("Lack of exercise", "Tension in the muscles.", "G3", "activity_level.none", "E12"),
    _cause(
        "Overuse and repeated movement",
        "Tension, strain and knots.",
        "G3 G4 G8",
        "onset_triggers.repetitive_motion",
        "E13",
    ),
    _cause(
        "Over-stretching, strain and lifting",
        "A muscle or tendon stretched too far; local pain that may travel, and stiffness.",
        "G4",
        "onset_triggers.sudden_overstretch onset_triggers.heavy_lifting diagnoses.muscle_strain today.acute_injury_lt_72h",
        "E14 C13",
    ),
    _cause("Spasm", "A tight, cramping muscle.", "G0 G2 G5", "muscle_findings.spasm", "E05 C14"),
    _cause(
        "Lasting tension, knots and trigger points",
        "Said to send pain into arms and legs.",
        "G2 G4 G6 G10",
        "muscle_findings.deep_chronic_tension muscle_findings.knots muscle_findings.tender_points_refer "
        "muscle_findings.restricted_fascia diagnoses.myofascial_pain",
        "E01 E02 E03 E04 E07 E30 E36",
    ),
    _cause(
        "Disc, sciatica and pinched nerve",
        "Local pain, and irritation where a nerve root is touched.",
        "G2 G4 G7",
        "diagnoses.herniated_disc diagnoses.sciatica diagnoses.pinched_nerve radiation.leg_below_knee",
        "E26 C04 T10",
    ),
    _cause(
        "Numbness or weakness of a limb",
        "Pain or loss of feeling down an arm or leg.",
        "G4",
        "limb_symptoms.numbness limb_symptoms.weakness",
        "T09 R10 R11",
    ),
    _cause(
        "Arthritis",
        "Swollen joints that press on nerves.",
        "G4",
        "diagnoses.osteoarthritis diagnoses.inflammatory_arthritis conditions.arthritis_flare "
        "red_flags.inflammatory_pattern",
        "E28 C06 T14 T18",
    ),
    _cause(
        "Stress fracture and weak bone",
        "A vertebra overloaded over time; a visible change of shape.",
        "G4",
        "diagnoses.stress_fracture osteoporosis.osteopenia osteoporosis.severe_or_fragility_fracture",
        "R17 T22 T07 C03 E29",
    ),
    _cause(
        "Trauma",
        "Injury of a vertebra; treated at once.",
        "G4",
        "onset_triggers.accident_or_blow onset_triggers.fall red_flags.serious_accident red_flags.minor_fall_fragile",
        "U07 X07 R06 E52",
    ),
    _cause(
        "Spondylolisthesis",
        "A vertebra slips forward over its neighbour.",
        "G4",
        "diagnoses.spondylolisthesis",
        "T08 E29",
    ),
    _cause("Scoliosis", "A curve in the structure of the spine.", "G2 G3", "diagnoses.scoliosis", "C05 E27"),
    _cause(
        "Childhood and growth",
        "A sensitive age.",
        "G3",
        "age_years onset_triggers.growth life_stage_change.growth_spurt",
        "T16 R21 E51",
    ),
    _cause(
        "Older age and retirement",
        "Changes in life.",
        "G3",
        "age_years life_stage_change.retirement",
        "E42 E51 C21 T17",
    ),
    _cause(
        "Training, dance and sport",
        "Injury as a cause.",
        "G3 G6",
        "activity_level.athlete sport_context.minor_sport_injury onset_triggers.sport_training onset_triggers.dance",
        "E15 E15b E16 E17 E18",
    ),
    _cause(
        "Inflammation and swelling",
        "A possible cause of backache.",
        "G2 G7",
        "swelling.mild_after_activity swelling.area_or_limb_diagnosed swelling.area_or_limb_unexplained",
        "E24 E25 E41 R19 T13",
    ),
    _cause(
        "Headache and poor sleep",
        "Named as following on from lasting pain.",
        "G12",
        "tension_headaches sleep_problem",
        "E22 E23",
    ),
    _cause(
        "Tobacco, calcium and vitamin D",
        "Contributing factors; they change the tips after a session.",
        "G3 G4",
        "lifestyle_factors.smoker lifestyle_factors.low_calcium_or_vitamin_d",
        "",
    ),
)
