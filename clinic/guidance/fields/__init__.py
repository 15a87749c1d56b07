"""Every answer a rule may look at, declared once: its name, its kind, its options, and the question that asks for it.

The names and option codes are the contract between intake, rules, tests and reports. A label is what a client
reads, so it uses words of everyday life; the code is what is stored. A module holds the questions of one part. On which
page a question stands, and who is asked it, is the table in `clinic.guidance.questions`.
"""

from typing import Final

from clinic.guidance.fields.about_you import ABOUT_YOU
from clinic.guidance.fields.back_pain import YOUR_BACK_PAIN
from clinic.guidance.fields.consent import CONSENT
from clinic.guidance.fields.declaration import Field, FieldKind, Option
from clinic.guidance.fields.health import YOUR_HEALTH
from clinic.guidance.fields.likes import WHAT_YOU_LIKE
from clinic.guidance.fields.safety import SAFETY
from clinic.guidance.fields.scores import STARTING_SCORES
from clinic.guidance.fields.why_you_come import WHY_YOU_COME

__all__ = [
    "ABOUT_YOU",
    "FIELDS",
    "STARTING_SCORES",
    "WHAT_YOU_LIKE",
    "WHY_YOU_COME",
    "YOUR_BACK_PAIN",
    "YOUR_HEALTH",
    "Field",
    "FieldKind",
    "Option",
]

FIELDS: Final = {
    field.name: field
    for group in (
        ABOUT_YOU,
        WHY_YOU_COME,
        SAFETY,
        YOUR_BACK_PAIN,
        YOUR_HEALTH,
        WHAT_YOU_LIKE,
        STARTING_SCORES,
        CONSENT,
    )
    for field in group
}
