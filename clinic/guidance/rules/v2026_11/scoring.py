"""The scoring rules, in table order: what the back is like (E), then what the client prefers (P).

Points: 8 to 9, the client asks for a type the guidance only lists, or has diagnosed swelling; 4 to 6, the guidance
names this type for this fact; 2 to 3, for something close; 1, a general mention; minus, caution or preference.
"""

from typing import Final

from clinic.guidance.conditions import (
    Condition,
    all_of,
    any_of,
    at_least,
    at_most,
    has,
    has_any,
    in_,
    is_,
    is_not,
    not_,
    not_in,
)
from clinic.guidance.rules.kinds import BlendRule, GeneralLimit, GentleDefault, LikedRule, Points, ScoringRule

_CAUTIOUS: Final = "cautious default"
_PRODUCT: Final = "product default"


def _to(modality: str, points: int, sections: str = "", *, basis: str = _CAUTIOUS) -> Points:
    """Points with the sections that name the match, or without any and then with what they rest on instead."""
    cited = tuple(sections.split())
    return Points(modality, points, cited, "guidance" if cited else basis)


def _rule(id: str, when: Condition, reason: str, *points: Points, against: str = "") -> ScoringRule:
    return ScoringRule(id=id, when=when, points=points, reason=reason, against=against)


BACK: Final = (
    _rule(
        "E01",
        all_of(has("muscle_findings", "deep_chronic_tension"), in_("pain_duration", "6w_12w", "gt_12w")),
        "You feel deep tightness that has lasted. Long-standing deep tension is what the guidance gives deep tissue "
        "work for; it names this type for chronic tension as well.",
        _to("deep_tissue", 4, "G6 G8 G9"),
        _to("neuromuscular", 1, "G10"),
        _to("swedish", 1, "G8"),
    ),
    _rule(
        "E02",
        all_of(has("muscle_findings", "deep_chronic_tension"), not_in("pain_duration", "6w_12w", "gt_12w")),
        "You feel deep-lying tightness, though the pain is not, or not yet, long-standing.",
        _to("deep_tissue", 2, "G8"),
        _to("swedish", 1, "G8"),
    ),
    _rule(
        "E03",
        all_of(has("muscle_findings", "knots"), not_(has("muscle_findings", "tender_points_refer"))),
        "You feel knots in the muscle, and the guidance names this type for them.",
        _to("deep_tissue", 3, "G6 G8"),
        _to("trigger_point", 2, "G8 G10"),
    ),
    _rule(
        "E04",
        has("muscle_findings", "tender_points_refer"),
        "You told us that pressing one spot hurts somewhere else. Tender points that send pain elsewhere are how the "
        "guidance describes a trigger point, and this type works on them.",
        _to("trigger_point", 5, "G6 G9"),
        _to("neuromuscular", 3, "G10"),
    ),
    _rule(
        "E05",
        has("muscle_findings", "spasm"),
        "You feel a muscle that cramps. Massage is said to relax it; any type may be used, and gentle is the cautious "
        "choice.",
        _to("swedish", 2, "G5 G2 G4"),
        _to("relaxation", 2, "G5 G2 G4"),
        _to("trigger_point", 1, "G5 G2 G4"),
        _to("mechanical_impulse", 1, "G5 G2 G4"),
    ),
    _rule(
        "E06",
        any_of(has("muscle_findings", "stiffness"), is_("mobility_limit", "marked")),
        "You feel stiff or move less freely. Easing that is among the aims named for this type.",
        _to("swedish", 2, "G8"),
        _to("deep_tissue", 1, "G6"),
        _to("trigger_point", 1, "G10"),
    ),
    _rule(
        "E07",
        has("muscle_findings", "restricted_fascia"),
        "You feel places that are stuck, which the guidance calls blocked areas and names this type for.",
        _to("myofascial_release", 6, "G2"),
        _to("deep_tissue", 1, "G8"),
    ),
    _rule(
        "E08",
        any_of(has("muscle_findings", "uneven_tension"), has("diagnoses", "postural_imbalance")),
        "One side works harder. Imbalance between muscles is what the guidance gives neuromuscular work for, and it "
        "ties it to tender points too.",
        _to("neuromuscular", 5, "G2 G10"),
        _to("trigger_point", 1, "G10"),
    ),
    _rule(
        "E09",
        has("muscle_findings", "general_tightness"),
        "You feel tight all over, without one sore place.",
        _to("swedish", 2, "G6 G8"),
        _to("relaxation", 1, "G10"),
    ),
    _rule(
        "E10",
        any_of(has("onset_triggers", "long_sitting"), at_least("sitting_hours_per_day", 6)),
        "You sit for long. Long sitting is named as a cause of back pain and of knots.",
        _to("deep_tissue", 2, "G6 G3"),
        _to("swedish", 1, "G3"),
        _to("trigger_point", 1, "G3 G10"),
    ),
    _rule(
        "E11",
        has("onset_triggers", "poor_posture"),
        "You named posture. The guidance says that poor posture puts muscles out of balance.",
        _to("neuromuscular", 2, "G4 G5 G2 G10"),
        _to("trigger_point", 1, "G4 G5 G2 G10"),
        _to("deep_tissue", 1, "G4 G5 G2 G10"),
    ),
    _rule(
        "E12",
        is_("activity_level", "none"),
        "You move little. The guidance names tension from lack of exercise, and gentle work for the circulation.",
        _to("swedish", 1, "G3 G8"),
    ),
    _rule(
        "E13",
        all_of(has("onset_triggers", "repetitive_motion"), is_not("activity_level", "athlete")),
        "You make the same movement many times. Overuse is named as a cause of sore spots in the muscle.",
        _to("trigger_point", 2, "G8"),
        _to("deep_tissue", 1, "G9"),
    ),
    _rule(
        "E14",
        all_of(
            any_of(
                has("diagnoses", "muscle_strain"),
                has_any("onset_triggers", "sudden_overstretch", "heavy_lifting"),
            ),
            is_not("activity_level", "athlete"),
        ),
        "A muscle may have been stretched or loaded too far. The guidance names gentle circulation work and "
        "therapeutic massage for strains.",
        _to("swedish", 2, "G4 G6 G8"),
        _to("sports", 1, "G4 G6 G8"),
        _to("trigger_point", 1, "G4 G6 G8"),
    ),
    _rule(
        "E15",
        is_("activity_level", "athlete"),
        "You train as an athlete, and sports massage is described for athletes.",
        _to("sports", 4, "G6 G8"),
    ),
    _rule(
        "E15b",
        all_of(
            is_("activity_level", "athlete"),
            in_("sport_context", "before_event", "after_event", "heavy_training", "minor_sport_injury"),
        ),
        "Your visit is linked to sport, and sports massage already holds the deep work.",
        _to("sports", 2, "G8"),
        _to("deep_tissue", -2, "G8"),
    ),
    _rule(
        "E16",
        in_("sport_context", "before_event", "after_event"),
        "You have an event near. The guidance names sports massage for soreness around one.",
        _to("sports", 3, "G8"),
    ),
    _rule(
        "E17",
        in_("sport_context", "heavy_training", "minor_sport_injury"),
        "You train hard, or have a small sports injury. The guidance names sports massage for both.",
        _to("sports", 3, "G6"),
    ),
    _rule(
        "E18",
        all_of(is_not("activity_level", "athlete"), has_any("onset_triggers", "sport_training", "dance")),
        "Sport, training or dance brought it on.",
        _to("sports", 3, "G3 G6"),
    ),
    _rule(
        "E19",
        any_of(at_least("stress_level", 7), has("onset_triggers", "stress_period")),
        "You have had a lot of stress. Relaxing is the stated aim of this type.",
        _to("relaxation", 4, "G3 G10 G2 G6"),
        _to("swedish", 2, "G3 G10 G2 G6"),
    ),
    _rule(
        "E20",
        all_of(
            at_least("stress_level", 4),
            at_most("stress_level", 6),
            not_(has("onset_triggers", "stress_period")),
        ),
        "You have had some stress.",
        _to("relaxation", 1, "G3 G10"),
        _to("swedish", 1, "G3 G10"),
    ),
    _rule(
        "E21",
        in_("mood", "mild", "marked"),
        "You have felt low or anxious. The guidance names this as a cause, and says massage may ease it.",
        _to("relaxation", 2, "G3 G5 G7"),
        _to("swedish", 1, "G3 G5 G7"),
    ),
    _rule(
        "E22",
        is_("sleep_problem", "yes"),
        "Your sleep is disturbed. The guidance names better sleep among what many people feel.",
        _to("relaxation", 1, "G7 G12"),
        _to("swedish", 1, "G7 G12"),
    ),
    _rule(
        "E23",
        is_("tension_headaches", "yes"),
        "You get tension headaches, which the guidance names as following on from back pain.",
        _to("trigger_point", 1, "G6 G12"),
        _to("relaxation", 1, "G6 G12"),
    ),
    _rule(
        "E24",
        is_("swelling", "mild_after_activity"),
        "You told us of a little swelling after activity. Swelling is what the guidance gives lymphatic drainage for.",
        _to("manual_lymphatic_drainage", 5, "G2"),
    ),
    _rule(
        "E25",
        is_("swelling", "area_or_limb_diagnosed"),
        "You told us of swelling with a known reason. Swelling is what the guidance gives lymphatic drainage for.",
        _to("manual_lymphatic_drainage", 8, "G2"),
    ),
    _rule(
        "E26",
        any_of(
            has_any("diagnoses", "herniated_disc", "sciatica", "pinched_nerve"),
            in_("radiation", "leg_above_knee", "leg_below_knee", "both_legs", "arm"),
        ),
        "You told us of a disc or a nerve, or of pain that travels. The guidance says that any type may help and names "
        "nerves under neuromuscular work; gentle is the cautious choice.",
        _to("swedish", 2, "G2 G4 G10"),
        _to("relaxation", 2, "G2 G4 G10"),
        _to("neuromuscular", 2, "G2 G4 G10"),
        _to("trigger_point", 1, "G2 G4 G10"),
        _to("deep_tissue", -3),
        _to("mechanical_impulse", -3),
        against="With a disc, a nerve or pain that travels we stay gentle.",
    ),
    _rule(
        "E27",
        has("diagnoses", "scoliosis"),
        "You told us of scoliosis. The guidance says that any type may help; gentle work and work on imbalance come first.",
        _to("swedish", 2, "G2 G3"),
        _to("neuromuscular", 2, "G2 G3"),
        _to("relaxation", 1, "G2 G3"),
        _to("deep_tissue", -1),
        against="With scoliosis we start gently.",
    ),
    _rule(
        "E28",
        has_any("diagnoses", "osteoarthritis", "inflammatory_arthritis"),
        "You told us of arthritis. The guidance speaks of swollen joints; gentle work is the cautious choice.",
        _to("swedish", 2, "G4 G2"),
        _to("relaxation", 2, "G4 G2"),
        _to("manual_lymphatic_drainage", 1, "G4 G2"),
        _to("deep_tissue", -2),
        _to("mechanical_impulse", -2),
        against="With arthritis we stay gentle.",
    ),
    _rule(
        "E29",
        any_of(
            has_any(
                "diagnoses",
                "spondylolisthesis",
                "stress_fracture",
                "vertebral_fracture_old",
                "spinal_stenosis",
            ),
            in_("osteoporosis", "yes", "severe_or_fragility_fracture"),
        ),
        "Your spine or your bones need care. The guidance names no type, so only gentle work is suggested.",
        _to("relaxation", 3, "G4"),
        _to("swedish", 2, "G4"),
    ),
    _rule(
        "E30",
        has("diagnoses", "myofascial_pain"),
        "You have been told of myofascial pain, which this type works on.",
        _to("trigger_point", 3, "G6 G2 G10"),
        _to("myofascial_release", 2, "G6 G2 G10"),
        _to("neuromuscular", 1, "G6 G2 G10"),
    ),
    _rule(
        "E31",
        all_of(
            has_any("pain_areas", "neck", "shoulders"),
            has_any("muscle_findings", "knots", "deep_chronic_tension", "tender_points_refer"),
        ),
        "Your neck or shoulders are sore. These are areas the guidance pairs with this type.",
        _to("deep_tissue", 1, "G9 G12"),
        _to("trigger_point", 1, "G6"),
    ),
    _rule(
        "E32",
        all_of(
            has("pain_areas", "lower_back"),
            not_(has_any("pain_areas", "neck", "shoulders", "upper_back")),
        ),
        "It is your lower back. The guidance’s own example pairs it with Swedish massage.",
        _to("swedish", 1, "G12"),
    ),
    _rule(
        "E33",
        is_("pain_duration", "gt_12w"),
        "The pain has lasted more than 12 weeks, and the guidance names this type for lasting pain or tension.",
        _to("deep_tissue", 1, "G6"),
        _to("swedish", 1, "G8"),
    ),
    _rule(
        "E34",
        is_("pain_duration", "lt_6w"),
        "The pain is recent, so we start gently.",
        _to("swedish", 1),
        _to("relaxation", 1),
        _to("deep_tissue", -1),
    ),
    _rule(
        "E35",
        all_of(at_least("pain_avg_nrs", 1), at_most("pain_avg_nrs", 3)),
        "Your pain is mild, which the guidance names for gentle work.",
        _to("swedish", 2, "G6"),
        _to("relaxation", 1, "G6"),
    ),
    _rule(
        "E36",
        all_of(
            in_("pain_course", "comes_and_goes", "constant"),
            is_("pain_duration", "gt_12w"),
            has_any("muscle_findings", "tender_points_refer", "uneven_tension"),
        ),
        "A lasting pattern of tension may stand behind pain that has gone on for long.",
        _to("neuromuscular", 2, "G10"),
    ),
    _rule(
        "E37",
        has_any("visit_goals", "relaxation", "stress_relief"),
        "You hope to relax.",
        _to("relaxation", 2, "G10 G6 G2"),
        _to("swedish", 2, "G10 G6 G2"),
    ),
    _rule(
        "E38",
        has("visit_goals", "mobility"),
        "You hope to move better.",
        _to("deep_tissue", 1, "G5 G6 G10"),
        _to("trigger_point", 1, "G5 G6 G10"),
        _to("swedish", 1, "G5 G6 G10"),
    ),
    _rule(
        "E39",
        has("visit_goals", "posture"),
        "You hope for better posture.",
        _to("neuromuscular", 2, "G5 G2 G10"),
        _to("trigger_point", 1, "G5 G2 G10"),
    ),
    _rule(
        "E40",
        has("visit_goals", "sport_recovery"),
        "You hope to recover from sport.",
        _to("sports", 2, "G6 G8"),
    ),
    _rule(
        "E41",
        all_of(
            has("visit_goals", "reduce_swelling"),
            in_("swelling", "mild_after_activity", "area_or_limb_diagnosed"),
        ),
        "You hope for less swelling.",
        _to("manual_lymphatic_drainage", 2, "G2"),
    ),
    _rule(
        "E42",
        at_least("age_years", 65),
        "You are 65 or more. The guidance names older age as a time when backs are sensitive, so we start gently.",
        _to("swedish", 1, "G3"),
        _to("relaxation", 1, "G3"),
        _to("deep_tissue", -1),
        against="From 65 years on we start gently.",
    ),
    _rule(
        "E43",
        has("approach_interest", "essential_oils"),
        "You would like to try scented oils.",
        _to("aromatherapy", 4, "G2"),
    ),
    _rule(
        "E44",
        all_of(
            has("approach_interest", "essential_oils"),
            any_of(
                at_least("stress_level", 4),
                has_any("visit_goals", "relaxation", "stress_relief"),
                in_("mood", "mild", "marked"),
            ),
        ),
        "You would like scented oils, and to relax is part of what you hope for or need.",
        _to("aromatherapy", 5, "G2"),
    ),
    _rule(
        "E45",
        has("approach_interest", "acupressure_points"),
        "You would like to try pressure on points.",
        _to("acupressure", 9, "G2"),
    ),
    _rule(
        "E46",
        has("approach_interest", "device_vibration"),
        "You would like to try a vibrating device.",
        _to("mechanical_impulse", 9, "G2"),
    ),
    _rule(
        "E47",
        has("approach_interest", "very_gentle_still_hands"),
        "You would like to try very gentle, still hands. The guidance names this type without describing it.",
        _to("craniosacral", 9, "G11"),
    ),
    _rule(
        "E48",
        has("approach_interest", "stretching"),
        "You would like stretching, which is part of this type.",
        _to("sports", 1, "G8"),
        _to("trigger_point", 1, "G9"),
    ),
    _rule(
        "E50",
        all_of(
            has_any("muscle_findings", "knots", "tender_points_refer"),
            is_("pressure_preference", "light"),
        ),
        "You have sore spots and like light pressure. Relaxation work is described as easing knots without discomfort.",
        _to("relaxation", 2, "G10"),
    ),
    _rule(
        "E51",
        any_of(has("onset_triggers", "growth"), has_any("life_stage_change", "growth_spurt", "retirement")),
        "Growing fast and retiring are times the guidance names as sensitive for the back.",
        _to("swedish", 1, "G3"),
        _to("relaxation", 1, "G3"),
    ),
    _rule(
        "E52",
        has_any("onset_triggers", "accident_or_blow", "fall"),
        "It began with an accident or a fall. Once a clinician has cleared that, we start gently.",
        _to("swedish", 2, "G4 G8"),
        _to("relaxation", 1, "G4 G8"),
        _to("trigger_point", 1, "G4 G8"),
    ),
    _rule(
        "E49",
        is_("clothing_preference", "stay_clothed"),
        "You would rather stay clothed, and this type works through clothes.",
        _to("acupressure", 4, basis=_PRODUCT),
        _to("craniosacral", 3, basis=_PRODUCT),
        _to("mechanical_impulse", 2, basis=_PRODUCT),
        _to("myofascial_release", 1, basis=_PRODUCT),
        _to("relaxation", -2, basis=_PRODUCT),
        _to("deep_tissue", -2, basis=_PRODUCT),
        _to("swedish", -3, basis=_PRODUCT),
        _to("aromatherapy", -4, basis=_PRODUCT),
        against="You would rather stay clothed, and work with oil is hard to do then.",
    ),
)

PREFERENCES: Final = (
    _rule(
        "P01",
        is_("pressure_preference", "light"),
        "You like light pressure.",
        _to("relaxation", 3, "G6 G10 G12"),
        _to("swedish", 2, "G6 G10 G12"),
        _to("craniosacral", 1, "G6 G10 G12"),
        _to("manual_lymphatic_drainage", 1, "G6 G10 G12"),
        _to("aromatherapy", 1, "G6 G10 G12"),
        _to("neuromuscular", -1, "G6 G10 G12"),
        _to("trigger_point", -3, "G6 G10 G12"),
        _to("sports", -3, "G6 G10 G12"),
        _to("mechanical_impulse", -3, "G6 G10 G12"),
        _to("deep_tissue", -8, "G6 G10 G12"),
        against="You like light pressure, and this type uses more.",
    ),
    _rule(
        "P02",
        is_("pressure_preference", "medium"),
        "You like medium pressure.",
        _to("swedish", 1, "G6 G10"),
        _to("relaxation", 1, "G6 G10"),
        _to("deep_tissue", -2, "G6 G10"),
        against="You like medium pressure, and this type uses more.",
    ),
    _rule(
        "P03",
        is_("pressure_preference", "firm"),
        "You like firm pressure.",
        _to("deep_tissue", 2, "G6 G8"),
        _to("trigger_point", 1, "G6 G8"),
        _to("sports", 1, "G6 G8"),
        _to("swedish", -1, "G6 G8"),
        _to("relaxation", -1, "G6 G8"),
        against="You like firm pressure, and this type uses less.",
    ),
    _rule(
        "P04",
        is_("massage_experience", "never"),
        "It is your first massage, so we start gently.",
        _to("swedish", 1, basis=_PRODUCT),
        _to("relaxation", 1, basis=_PRODUCT),
        _to("deep_tissue", -1, basis=_PRODUCT),
    ),
)

LIKED: Final = LikedRule(
    id="P05",
    points=2,
    sections=("G12",),
    reason="You liked it before, and the guidance advises finding out which type you prefer.",
)

GENERAL: Final = GeneralLimit(
    id="K1",
    modalities=("swedish", "relaxation"),
    mention=2,
    most=2,
    reason="General matches count together for at most 2 points, so that they do not outweigh a named one.",
)

OILS: Final = BlendRule(
    id="K2",
    when=has("approach_interest", "essential_oils"),
    modality="aromatherapy",
    bases=("swedish", "relaxation"),
    suffix="with essential oils",
    sections=("G2",),
    reason="You would like scented oils, and the guidance combines them with massage.",
)

STARTING: Final = (
    Points("swedish", 2, ("G6", "G8")),
    Points("relaxation", 1, ("G6", "G8")),
    Points("trigger_point", 1, ("G6", "G8")),
    Points("deep_tissue", 1, ("G6", "G8")),
)

GENTLE: Final = GentleDefault(
    points=3,
    modality="swedish",
    other="relaxation",
    when=is_("pressure_preference", "light"),
)
