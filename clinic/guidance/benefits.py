"""What people come for, told honestly: what the guidance document says, and what nobody can promise."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Benefit:
    """Something people hope for. `said` may be shown to a client; `anchor` is the statement of the guidance behind it."""

    name: str
    said: str
    anchor: str


BENEFITS: Final = (
    Benefit(
        "Less tense muscles",
        "Many people feel looser afterwards. How long it lasts differs from person to person.",
        "G5-tension",
    ),
    Benefit(
        "Moving more easily",
        "You may bend and turn more easily for a while. Staying active helps you keep it.",
        "G5-moving",
    ),
    Benefit(
        "Posture",
        "The guidance says that massage can support better posture, together with how you stand and sit. We cannot "
        "promise a change.",
        "G5-posture",
    ),
    Benefit(
        "Mood and stress",
        "Many people feel calmer afterwards. Massage does not take the place of care for low mood.",
        "G5-mood",
    ),
    Benefit(
        "Sleep",
        "Some people sleep better for a while. The guidance mentions it; that is not a promise.",
        "G7-mind",
    ),
    Benefit(
        "Back pain that goes on",
        "Massage may not resolve a chronic problem. It may make living with it easier.",
        "G12-limits",
    ),
)
