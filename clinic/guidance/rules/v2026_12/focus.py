"""What a draft plan of 2026.12 gives more time to: the document's aim of each technique, matched with findings and goals.

Two clients who are suggested the same type then still get sessions that differ. A technique gets more time only where the type
has it and no safety rule takes it away.
"""

from typing import Final

from clinic.guidance.conditions import any_of, has, has_any, is_
from clinic.guidance.rules.kinds import FocusRule

FOCUS: Final = (
    FocusRule(
        id="F01",
        when=has("muscle_findings", "general_tightness"),
        answers="feeling tight all over",
        techniques=("effleurage",),
        sections=("G9", "G11"),
    ),
    FocusRule(
        id="F02",
        when=any_of(has("muscle_findings", "stiffness"), is_("mobility_limit", "marked")),
        answers="the stiffness",
        techniques=("effleurage", "passive_movement"),
        sections=("G9", "G11"),
    ),
    FocusRule(
        id="F03",
        when=has("muscle_findings", "spasm"),
        answers="the muscle that cramps",
        techniques=("effleurage",),
        sections=("G9", "G11"),
    ),
    FocusRule(
        id="F04",
        when=has("muscle_findings", "knots"),
        answers="the knots",
        techniques=("compression", "kneading", "held_pressure"),
        sections=("G6", "G9", "G10", "G11"),
    ),
    FocusRule(
        id="F05",
        when=has("muscle_findings", "tender_points_refer"),
        answers="the spots that hurt elsewhere",
        techniques=("held_pressure", "stretching"),
        sections=("G6", "G9"),
    ),
    FocusRule(
        id="F06",
        when=has("muscle_findings", "deep_chronic_tension"),
        answers="the deep tightness",
        techniques=("cross_grain", "friction"),
        sections=("G9", "G11"),
    ),
    FocusRule(
        id="F07",
        when=has("muscle_findings", "restricted_fascia"),
        answers="the places that feel stuck",
        techniques=("sustained_circles", "friction"),
        sections=("G2", "G9", "G11"),
    ),
    FocusRule(
        id="F08",
        when=has_any("visit_goals", "relaxation", "stress_relief"),
        answers="the wish to relax",
        techniques=("effleurage",),
        sections=("G9", "G11"),
    ),
    FocusRule(
        id="F09",
        when=has("visit_goals", "mobility"),
        answers="the wish to move better",
        techniques=("petrissage", "stretching", "passive_movement"),
        sections=("G8", "G9", "G11"),
    ),
    FocusRule(
        id="F10",
        when=has("visit_goals", "sport_recovery"),
        answers="recovery from sport",
        techniques=("petrissage", "stretching"),
        sections=("G8", "G9", "G11"),
    ),
    FocusRule(
        id="F11",
        when=has("visit_goals", "pain_relief"),
        answers="the wish for less pain",
        techniques=("friction", "held_pressure"),
        sections=("G6", "G9", "G11"),
    ),
    FocusRule(
        id="F12",
        when=has("visit_goals", "prevention"),
        answers="the wish to stay well",
        note="Comes to stay well, too: agree on regular visits after the course. The guidance says they do more than single ones.",
        sections=("G5",),
    ),
    FocusRule(
        id="F13",
        when=has("visit_goals", "sleep"),
        answers="the wish to sleep better",
        note="Hopes to sleep better, too: ask about sleep at each look back.",
        sections=("G7", "G12"),
    ),
    FocusRule(
        id="F14",
        when=is_("past_reaction", "sore_1_2_days"),
        answers="soreness last time",
        note="Was sore for a day or two last time: begin more gently, and ask about the pressure during the session.",
        sections=("G10", "G12"),
    ),
)
