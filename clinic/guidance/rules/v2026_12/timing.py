"""How soon each stop of 2026.12 is to be seen, where, what to say there, and when a massage is fine again.

The times are those of the cited public advice where there is one: "urgent appointment or advice line" is read as within two
days, "straight away" and "same day" as today. Where a row names no source in `WHY_THEN`, the time is a default.
"""

from dataclasses import dataclass
from typing import Final

from clinic.guidance.levels import HelpPlace, HowSoon

_TODAY, _TWO_DAYS, _TWO_WEEKS, _ROUTINE = (
    HowSoon.TODAY,
    HowSoon.TWO_DAYS,
    HowSoon.TWO_WEEKS,
    HowSoon.ROUTINE,
)
_DOCTOR, _LINE, _MATERNITY, _THERAPIST = (
    HelpPlace.DOCTOR,
    HelpPlace.ADVICE_LINE,
    HelpPlace.MATERNITY,
    HelpPlace.THERAPIST,
)
WHEN_CHECKED: Final = "You can have a massage again once a doctor or midwife has said it is safe."


@dataclass(frozen=True, slots=True)
class Timing:
    """How soon and where; the words for the person who is asked; and when to come back."""

    how_soon: HowSoon
    place: HelpPlace
    tell: str
    come_back: str = WHEN_CHECKED


TIMING: Final = {
    "R01": Timing(_TODAY, _DOCTOR, "I have had cancer, and I have back pain that is new or has changed."),
    "R02": Timing(_TWO_DAYS, _DOCTOR, "I have back pain, and I have lost weight without trying."),
    "R03": Timing(_TODAY, _LINE, "I have back pain, and I have a fever or feel very unwell."),
    "R04": Timing(
        _TWO_DAYS, _DOCTOR, "I have back pain that no position eases, or that is much worse at night."
    ),
    "R05": Timing(_TWO_DAYS, _DOCTOR, "I have back pain, and a new lump or a new shape of my back."),
    "R06": Timing(_TWO_DAYS, _DOCTOR, "My back has hurt since a fall or a knock, and my bones may be thin."),
    "R07": Timing(
        _TWO_DAYS, _DOCTOR, "I have new pain between my shoulder blades, and moving does not change it."
    ),
    "R08": Timing(_TODAY, _LINE, "I feel a pulsing in my tummy, like a heartbeat. Can someone see me today?"),
    "R09": Timing(
        _TODAY,
        _LINE,
        "I have back pain, and I have burning or blood when I pass urine, or pain on one side and feel sick.",
    ),
    "R10": Timing(_TWO_DAYS, _DOCTOR, "An arm or a leg is weaker, and nobody has looked at it yet."),
    "R11": Timing(_TODAY, _LINE, "The numb or tingling feeling in my arm or leg is getting worse."),
    "R12": Timing(_TODAY, _LINE, "My back pain goes into both legs."),
    "R13": Timing(_TODAY, _DOCTOR, "I have a blood clot, and I would like to know if a massage is safe."),
    "R14": Timing(_TWO_DAYS, _DOCTOR, "My blood pressure is high and not under control."),
    "R15": Timing(_ROUTINE, _DOCTOR, "I had a heart attack or a stroke lately. Is a massage safe for me?"),
    "R16": Timing(
        _ROUTINE, _DOCTOR, "I have cancer in the bones. Is a gentle massage safe for me, and where?"
    ),
    "R17": Timing(_TWO_WEEKS, _DOCTOR, "I have a broken or cracked bone. When is a massage safe for me?"),
    "R18": Timing(_ROUTINE, _DOCTOR, "I had an operation lately. When is a massage safe for me?"),
    "R19": Timing(_TWO_DAYS, _DOCTOR, "I have a swelling, and nobody knows why yet."),
    "R20": Timing(_TWO_DAYS, _MATERNITY, "My pregnancy is high-risk. Is a massage safe for me?"),
    "R21": Timing(_TWO_WEEKS, _DOCTOR, "My child has back pain, and nobody has looked at it yet."),
    "R22": Timing(
        _ROUTINE,
        _THERAPIST,
        "I am ill and would like to move my visit.",
        "A massage is fine again when you have been well for 48 hours.",
    ),
    "R23": Timing(
        _ROUTINE, _THERAPIST, "I would like to move my visit.", "A massage is fine again on another day."
    ),
    "R24": Timing(_TWO_WEEKS, _DOCTOR, "I have an aneurysm. Is a massage safe for me?"),
    "R25": Timing(_ROUTINE, _DOCTOR, "You advised me against massage. Is that still so?"),
    "R26": Timing(_TODAY, _DOCTOR, "I have had cancer, and I have back pain that is new or getting worse."),
    "R27": Timing(_TWO_DAYS, _DOCTOR, "My back has hurt since a fall or a knock, and my bones may be thin."),
    "R28": Timing(
        _TODAY,
        _MATERNITY,
        "It is about my pregnancy or a recent birth: I have swelling, or high blood pressure.",
    ),
    "R29": Timing(_TODAY, _LINE, "Part of my skin is hot, red or swollen, and it is spreading."),
    "R30": Timing(
        _TWO_DAYS,
        _DOCTOR,
        "I have a rash like shingles. Some medicines only help in its first three days.",
        "A massage is fine again when every blister has a dry crust.",
    ),
    "R31": Timing(
        _TWO_DAYS,
        _DOCTOR,
        "I have a skin problem that others can catch.",
        "A massage is fine again when it has been treated.",
    ),
    "R32": Timing(
        _ROUTINE,
        _THERAPIST,
        "I have a cold and would like to move my visit.",
        "A massage is fine again when you feel well.",
    ),
    "R33": Timing(_TODAY, _DOCTOR, "I have cancer in the bones, and my back hurts now."),
}

WHY_THEN: Final = {
    "R01": "NICE CG75 (2008), key priorities: pain that suggests spinal metastases is told to the specialist team within 24 hours; "
    "NG234 has replaced it, of which the summary in the BMJ (2023;383:p1973) says at once with signs of cord compression",
    "R02": "NHS back pain: urgent appointment or 111",
    "R03": "NHS back pain: urgent appointment or 111; NHS fever advice",
    "R04": "NHS back pain: urgent appointment or 111",
    "R05": "NHS back pain: urgent appointment or 111",
    "R07": "NHS back pain: urgent appointment or 111",
    "R08": "NHS-AAA: as soon as possible",
    "R12": "GIRFT: pain in both legs is a warning sign of cauda equina",
    "R26": "as R01",
    "R28": "NHS-PRE: straight away",
    "R29": "NHS-CELL: urgent appointment or 111",
    "R30": "NHS-SHING: medicine within three days of the rash",
    "R31": "NHS-SKIN: pharmacist or doctor; stay away until treated",
    "R33": "as R01",
}
"""Where a time comes from; every other time is a default, to be confirmed by a clinician."""

WATCH: Final = {
    "T01": ("bleeding",),
    "T02": ("bleeding",),
    "T03": ("clot",),
    "T04": ("cord", "infection"),
    "T05": ("cord", "worse"),
    "T06": ("pregnancy", "clot"),
    "T07": ("fracture",),
    "T08": ("nerve",),
    "T09": ("nerve",),
    "T10": ("nerve",),
    "T11": ("infection", "nerve"),
    "T12": ("heart",),
    "T13": ("infection",),
    "T14": ("worse",),
    "T15": ("infection",),
    "T16": ("worse",),
    "T17": ("worse", "nerve"),
    "T18": ("infection",),
    "T19": ("worse",),
    "T20": ("bleeding",),
    "T21": ("nerve", "worse"),
    "T22": ("fracture", "infection"),
    "T23": ("nerve",),
    "T24": ("head",),
    "T25": ("pregnancy",),
    "T26": ("cord",),
    "T27": ("fracture",),
    "T28": ("fracture",),
    "X01": ("nerve",),
    "X02": ("nerve", "cord"),
    "X03": ("worse",),
    "X04": ("worse",),
    "X05": ("nerve", "worse"),
    "X06": ("worse",),
    "X07": ("nerve", "fracture"),
    "C04": ("nerve",),
    "C29": ("nerve",),
}
"""The safety nets of rules after which somebody may come: what to watch for until then."""
