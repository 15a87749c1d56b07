"""What to tell the client about a safety outcome: a heading that says what to do, and sentences that say why.

`{emergency_number}` is left for the page to fill in. A single warning sign is a weak test, so the words are "needs
checking" and never "you have".
"""

from collections.abc import Sequence
from typing import Final

from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level
from clinic.guidance.red_flags import RedFlag
from clinic.guidance.rules.kinds import SafetyRule

EMERGENCY: Final = (
    "Some of your answers can be a sign of a problem that needs medical help straight away. Please call "
    "{emergency_number} or go to an emergency department now. Do not wait for a massage. We have not booked an "
    "appointment."
)
UNSURE_URGENT: Final = (
    "You were not sure about a sign that matters. Please speak to a doctor or an advice line today. If you become sure of "
    "it, or it gets worse, call {emergency_number} or go to an emergency department at once."
)
LOOK_FIRST: Final = (
    "Something in your answers needs a closer look before we confirm a time. It does not mean that you cannot "
    "have a massage."
)
NO_MATCH: Final = "We could not find a match; your therapist decides with you."
EVIDENCE: Final = (
    "Massage can ease low back pain in the short term. The evidence for that is weak, and no type is clearly better than "
    "another. It works best with staying active and with whatever your doctor advises. Mild soreness for a day or two can happen."
)

Advice = tuple[str, tuple[str, ...]]


def advice(
    *,
    level: Level,
    disposition: Disposition | None,
    rules: Sequence[SafetyRule],
    unsure: Sequence[RedFlag],
    how_soon: HowSoon | None = None,
    place: HelpPlace | None = None,
) -> Advice:
    """The heading and the sentences for an outcome; `how_soon` and `place` are those of its most urgent rule."""
    if disposition is Disposition.EMERGENCY:
        return "Call {emergency_number} or go to an emergency department now", (EMERGENCY,)
    if disposition is Disposition.DOCTOR:
        return _doctors_heading(how_soon, place), _see_a_doctor(rules, unsure)
    if disposition is Disposition.POSTPONE:
        return _come_another_day(rules)
    return _BOOKABLE[level]


_BOOKABLE: Final[dict[Level, Advice]] = {
    Level.THERAPIST_REVIEW: (
        "A therapist looks at your answers first",
        (LOOK_FIRST,),
    ),
    Level.CAUTION: (
        "You can book, and a few things change for your safety",
        ("Your therapist sees the changes below and keeps to them.",),
    ),
    Level.OK: ("You can book", ("None of your answers stands in the way of a massage.",)),
}


def _doctors_heading(how_soon: HowSoon | None, place: HelpPlace | None) -> str:
    if how_soon in (None, HowSoon.ROUTINE):
        return "Please see a doctor before a massage"
    if place is HelpPlace.MATERNITY:
        return f"Please ring your midwife or maternity unit {how_soon.words}"
    return f"Please see a doctor {how_soon.words}, before a massage"


def _see_a_doctor(rules: Sequence[SafetyRule], unsure: Sequence[RedFlag]) -> tuple[str, ...]:
    advised_against = any(rule.id == "R25" for rule in rules)
    sentences = [
        "Some of your answers need checking before a massage. We cannot tell from them what is wrong."
    ]
    if any(flag.urgent for flag in unsure):
        sentences.append(UNSURE_URGENT)
    if advised_against:
        sentences.append(
            "A clinician has advised you against massage. Please talk with them before you come."
        )
    sentences.append("We have not booked an appointment. Your answers are kept.")
    sentences.append("When you have been seen, tell us. A therapist then opens booking for you again.")
    sentences.extend(dict.fromkeys(rule.come_back for rule in rules if rule.come_back))
    return tuple(sentences)


def _come_another_day(rules: Sequence[SafetyRule]) -> Advice:
    remarks = [rule.remark for rule in rules if rule.disposition is Disposition.POSTPONE]
    return "Please come another day", (*remarks, "We would like you to be well when you come.")
