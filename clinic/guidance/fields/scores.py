"""Questions whose answers start the progress chart."""

from typing import Final

from clinic.guidance.fields.back_pain import NO_PAIN, WORST
from clinic.guidance.fields.declaration import Field, FieldKind, Option

_WHY_SCORE: Final = "The same numbers start your progress chart."

STARTING_SCORES: Final = (
    Field(
        name="peg_pain",
        kind=FieldKind.SCALE,
        title="Pain on average",
        text="Over the past week, how strong was your pain on average?",
        blank="Choose a number for your average pain over the past week.",
        why=_WHY_SCORE,
        low_label=NO_PAIN,
        high_label=WORST,
    ),
    Field(
        name="peg_enjoyment",
        kind=FieldKind.SCALE,
        title="Pain in the way of enjoying life",
        text="Over the past week, how much did pain get in the way of enjoying life?",
        blank="Choose a number for how much pain got in the way of enjoying life.",
        low_label="not at all",
        high_label="completely",
    ),
    Field(
        name="peg_activity",
        kind=FieldKind.SCALE,
        title="Pain in the way of your day",
        text="Over the past week, how much did pain get in the way of what you do every day?",
        blank="Choose a number for how much pain got in the way of your day.",
        low_label="not at all",
        high_label="completely",
    ),
    Field(
        name="psfs",
        kind=FieldKind.PSFS,
        title="Hard activities",
        text="Which everyday activities are hard because of your back?",
        help="In your own words, for example “lifting my child”. Up to three. Nobody reads this straight "
        "away, so please do not use it for anything urgent.",
        why=_WHY_SCORE,
        low_label="cannot do it",
        high_label="as before the problem",
        most=3,
        optional=True,
    ),
    Field(
        name="rmdq",
        kind=FieldKind.MANY,
        title="Roland-Morris statements",
        options=tuple(Option(str(number), f"Statement {number}") for number in range(1, 25)),
        numeric=True,
    ),
)
