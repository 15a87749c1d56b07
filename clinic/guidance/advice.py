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

EMERGENCY_HEADING: Final = "Call {emergency_number} or go to an emergency department now"
ROUTINE_HEADING: Final = "Please see a doctor before a massage"
MATERNITY_HEADING: Final = "Please ring your midwife or maternity unit {when}"
DOCTORS_HEADING: Final = "Please see a doctor {when}, before a massage"
NEEDS_CHECKING: Final = (
    "Some of your answers need checking before a massage. We cannot tell from them what is wrong."
)
ADVISED_AGAINST: Final = "A clinician has advised you against massage. Please talk with them before you come."
NOT_BOOKED: Final = "We have not booked an appointment. Your answers are kept."
WHEN_SEEN: Final = "When you have been seen, tell us. A therapist then opens booking for you again."
ANOTHER_DAY: Final = "Please come another day"
BE_WELL: Final = "We would like you to be well when you come."

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
        return EMERGENCY_HEADING, (EMERGENCY,)
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
        return ROUTINE_HEADING
    if place is HelpPlace.MATERNITY:
        return MATERNITY_HEADING.format(when=how_soon.words)
    return DOCTORS_HEADING.format(when=how_soon.words)


def _see_a_doctor(rules: Sequence[SafetyRule], unsure: Sequence[RedFlag]) -> tuple[str, ...]:
    advised_against = any(rule.id == "R25" for rule in rules)
    sentences = [NEEDS_CHECKING]
    if any(flag.urgent for flag in unsure):
        sentences.append(UNSURE_URGENT)
    if advised_against:
        sentences.append(ADVISED_AGAINST)
    sentences += [NOT_BOOKED, WHEN_SEEN]
    sentences.extend(dict.fromkeys(rule.come_back for rule in rules if rule.come_back))
    return tuple(sentences)


def _come_another_day(rules: Sequence[SafetyRule]) -> Advice:
    remarks = [rule.remark for rule in rules if rule.disposition is Disposition.POSTPONE]
    return ANOTHER_DAY, (*remarks, BE_WELL)


SENTENCES: Final = (
    *(EMERGENCY_HEADING, EMERGENCY, UNSURE_URGENT, LOOK_FIRST, NO_MATCH, EVIDENCE),
    *(
        ROUTINE_HEADING,
        MATERNITY_HEADING,
        DOCTORS_HEADING,
        NEEDS_CHECKING,
        ADVISED_AGAINST,
        NOT_BOOKED,
        WHEN_SEEN,
    ),
    *(ANOTHER_DAY, BE_WELL),
    *(sentence for heading, sentences in _BOOKABLE.values() for sentence in (heading, *sentences)),
    *(soon.words for soon in HowSoon),
)
"""What this module says; `{name}` stands for a value."""
