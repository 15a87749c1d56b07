"""Questions of the safety check; each warning sign is asked by itself, as `red_flags` declares it."""

from typing import Final

from clinic.guidance.fields.declaration import NONE_OF_THESE, Field, FieldKind, choices
from clinic.guidance.red_flags import RED_FLAGS

_FLAG_TITLES: Final = tuple((flag.code, flag.title) for flag in RED_FLAGS.values())

SAFETY: Final = (
    Field(
        name="red_flags",
        kind=FieldKind.MANY,
        title="Warning signs",
        options=choices(*_FLAG_TITLES),
    ),
    Field(
        name="red_flags_unsure",
        kind=FieldKind.MANY,
        title="Warning signs, not sure",
        options=choices(*_FLAG_TITLES),
    ),
    Field(
        name="today",
        kind=FieldKind.MANY,
        title="Today",
        text="Do any of these apply today?",
        blank="Tick what applies today, or that nothing does.",
        options=choices(
            ("fever", "Fever"),
            ("contagious_illness", "Illness others can catch", "Flu, a stomach bug, Covid\u00a0…"),
            ("cold", "A cold", "Runny nose, cough, sore throat\u00a0…"),
            ("alcohol_or_drugs", "Alcohol or drugs"),
            ("acute_injury_lt_72h", "Injury, last three days"),
            NONE_OF_THESE,
        ),
    ),
)
