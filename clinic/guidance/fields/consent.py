"""Questions of consent, and what a client confirms before sending."""

from typing import Final

from clinic.guidance.fields.declaration import YES_NO, Field, FieldKind, choices

_SUGGESTION: Final = "I understand this is a suggestion for my therapist, not a diagnosis."
_CORRECT: Final = "My answers are correct to the best of my knowledge."

CONSENT: Final = (
    Field(
        name="consent_health_data",
        kind=FieldKind.ONE,
        title="Storing health answers",
        text="May we store these health answers for your care?",
        blank="Choose whether we may store these answers.",
        help="If you choose no, nothing is stored, and you can still ask for a booking.",
        why="Your answers about your health are yours. Without your yes we do not keep them.",
        options=YES_NO,
    ),
    Field(
        name="consent_share_with_clinician",
        kind=FieldKind.ONE,
        title="Contacting your doctor",
        text="May we contact your doctor if a safety question needs it?",
        options=YES_NO,
        optional=True,
    ),
    Field(
        name="understood_not_diagnosis",
        kind=FieldKind.CONFIRM,
        title="Not a diagnosis",
        text=_SUGGESTION,
        blank="Tick that you understand that this is no diagnosis.",
        options=choices(("yes", _SUGGESTION)),
    ),
    Field(
        name="accuracy_confirmed",
        kind=FieldKind.CONFIRM,
        title="Answers are correct",
        text=_CORRECT,
        blank="Tick that your answers are correct.",
        options=choices(("yes", _CORRECT)),
    ),
)
