"""Questions of consent, and what a client confirms before sending."""

from typing import Final

from clinic.guidance.fields.declaration import YES_NO, Field, FieldKind, choices

_SUGGESTION: Final = "I understand this is no diagnosis; my therapist decides."
_CORRECT: Final = "My answers are correct, as far as I know."

CONSENT: Final = (
    Field(
        name="consent_health_data",
        kind=FieldKind.ONE,
        title="Storing health answers",
        text="May we store these health answers for your care?",
        blank="Choose whether we may store these answers.",
        help="“No” stores nothing; you can still ask for a booking.",
        options=YES_NO,
    ),
    Field(
        name="consent_share_with_clinician",
        kind=FieldKind.ONE,
        no_tells=True,
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
