"""Safety nets: what to watch for after a booking, and what to do then, in words a client may read.

A therapist looks at some answers only later, and a problem can change meanwhile. Each rule names the nets that go with
it; `{emergency_number}` is for the page to fill in. Sources are keys of docs/guidance.md.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class SafetyNet:
    """One thing to watch for: its signs, and what to do when one of them appears."""

    code: str
    watch_for: str
    do: str
    sources: tuple[str, ...]


_CALL: Final = "Call {emergency_number} or go to an emergency department at once."
_TODAY: Final = "See a doctor the same day, or ring an advice line."

SAFETY_NETS: Final = {
    net.code: net
    for net in (
        SafetyNet(
            code="nerve",
            watch_for="Numbness between your legs or around your bottom, new trouble with passing urine or with your "
            "bowels, pain or weakness in both legs, or a leg or foot that gets weaker",
            do=_CALL,
            sources=("GIRFT", "NHS", "NG59"),
        ),
        SafetyNet(
            code="cord",
            watch_for="Unsteady walking, clumsy hands, or new weakness or numbness in your arms or legs",
            do=_CALL,
            sources=("NHSL-MSCC", "IFOMPT"),
        ),
        SafetyNet(
            code="infection",
            watch_for="A fever, shivering, or feeling very unwell",
            do="See a doctor the same day. If your immune system is weak, call {emergency_number}.",
            sources=("NHS", "IFOMPT"),
        ),
        SafetyNet(
            code="bleeding",
            watch_for="A bruise that grows, bleeding that does not stop, or a bad headache after a knock",
            do=_CALL,
            sources=("MAYO", "YIN2014"),
        ),
        SafetyNet(
            code="clot",
            watch_for="One calf or leg that becomes swollen, warm, red, painful or tender, chest pain, or new trouble breathing",
            do=_CALL,
            sources=("NHS-DVT",),
        ),
        SafetyNet(
            code="pregnancy",
            watch_for="Bleeding, a bad headache, blurred vision, sudden swelling of your face or hands, pain below the "
            "ribs, or, while pregnant, your baby moving less than usual",
            do="Ring your midwife or maternity unit at once.",
            sources=("NHS-PRE",),
        ),
        SafetyNet(
            code="fracture",
            watch_for="Sudden strong pain in the back after a small movement or a fall, or a back that changes shape",
            do=_TODAY,
            sources=("NHS", "IFOMPT"),
        ),
        SafetyNet(
            code="head",
            watch_for="A headache that gets worse, being sick, drowsiness, confusion, or trouble with sight or speech",
            do=_CALL,
            sources=("NHS-HEAD",),
        ),
        SafetyNet(
            code="worse",
            watch_for="Pain that gets much worse, wakes you every night, or comes with weight loss or a fever",
            do="See a doctor within two days.",
            sources=("NHS",),
        ),
        SafetyNet(
            code="heart",
            watch_for="Chest pain, trouble breathing, fainting, or legs that swell quickly",
            do=_CALL,
            sources=("NHS",),
        ),
    )
}
