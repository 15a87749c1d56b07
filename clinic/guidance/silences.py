"""What the guidance document does not say, and what is done here instead: cautious defaults, said openly."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Silence:
    """A question the document leaves open, and what is done here about it."""

    on: str
    instead: str


SILENCES: Final = (
    Silence(
        "When a massage should wait or not take place",
        "Safety questions from public health sources come first, and always count more than the guidance.",
    ),
    Silence(
        "Which type for a disc problem, sciatica, scoliosis, arthritis or a slipped vertebra",
        "Gentle types, with medium pressure at most.",
    ),
    Silence("Whether recent pain asks for another type than lasting pain", "Recent pain: gently at first."),
    Silence(
        "Pregnancy, children, and people who are older or frail", "A therapist looks first, or gentle types."
    ),
    Silence(
        "When to use myofascial release, mechanical impulse, acupressure, oils or craniosacral work",
        "Only where it matches what you feel, or where you would like to try it.",
    ),
    Silence(
        "How long a session should be, how many there should be, and when to stop",
        "Sixty minutes or less, a short course, and a look back with your therapist on the way.",
    ),
    Silence("How you may feel afterwards", "We say that soreness for a day or two and a bruise can happen."),
    Silence(
        "Whether one type works better than another",
        "We say that nobody knows, and follow what you like and what is safe for you.",
    ),
)
