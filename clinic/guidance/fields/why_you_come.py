"""Questions about the reason for the visit."""

from typing import Final

from clinic.guidance.fields.declaration import YES_NO, Field, FieldKind, choices

WHY_YOU_COME: Final = (
    Field(
        name="visit_goals",
        kind=FieldKind.MANY,
        title="Hoped for",
        text="What would you like from this visit?",
        blank="Tick what you would like from this visit.",
        help="Pick up to three.",
        options=choices(
            ("pain_relief", "Less pain"),
            ("relaxation", "Relax"),
            ("stress_relief", "Less stress"),
            ("mobility", "Move better"),
            ("posture", "Better posture"),
            ("sport_recovery", "Recover from sport"),
            ("reduce_swelling", "Less swelling"),
            ("sleep", "Sleep better"),
            ("prevention", "Stay well"),
        ),
        most=3,
    ),
    Field(
        name="back_pain_now",
        kind=FieldKind.ONE,
        no_tells=True,
        title="Back pain now",
        text="Do you have back pain now?",
        blank="Choose whether you have back pain at the moment.",
        help="Count neck, shoulder-blade and hip pain from the back too.",
        options=YES_NO,
    ),
)
