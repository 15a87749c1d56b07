"""Tips after a session, for what was done, and apart from them what depends on the client's own answers.

The general part may be shown behind a link that proves little, so it says nothing about the client and holds only what
fits everybody. Ice, stretching and exercise depend on the client and stand in the personal part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clinic.guidance.conditions import Condition, any_of, at_least, has, has_any, in_, is_, not_
from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.guidance.plain import Json, record


@dataclass(frozen=True, kw_only=True, slots=True)
class Tip:
    """One tip, the sections of the guidance it rests on, and otherwise what its basis is."""

    text: str
    sections: tuple[str, ...] = ()
    basis: str = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tips:
    """The general tips, the personal ones (empty without facts), and the warning signs."""

    general: tuple[Tip, ...]
    personal: tuple[Tip, ...]
    warning_signs: tuple[str, ...]

    def as_dict(self) -> Json:
        """The tips as plain JSON."""
        return record(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """A tip and for whom: any of `modalities` was done (empty: always), and `when` holds.

    `exercise` tips give way to the clinician's own advice from therapist_review on.
    """

    tip: Tip
    modalities: tuple[str, ...] = ()
    when: Condition | None = None
    exercise: bool = False


WARNING_SIGNS: Final = (
    "Stop and get medical help straight away for any of these: call {emergency_number} or go to an emergency department.",
    "New numbness or weakness in an arm or leg.",
    "Numbness between the legs, or a change in bladder or bowel control.",
    "Chest pain, or new shortness of breath.",
    "One leg newly swollen, warm, red or tender.",
    "Sudden severe headache or neck pain with dizziness, double vision or slurred speech.",
)
"""The sentence that says what to do, then each sign."""


def _guided(text: str, *sections: str) -> Tip:
    return Tip(text=text, sections=sections, basis="guidance")


_REDUCED_FEELING: Final = any_of(
    has_any("conditions", "reduced_sensation", "diabetes"),
    has_any("limb_symptoms", "numbness", "long_standing_known"),
)

_GENERAL: Final = (
    _Rule(
        tip=Tip(text="Keep gently active in the way that suits you, and as your own clinician has advised.")
    ),
    _Rule(tip=Tip(text="Mild soreness for a day or two can happen. Tell us about any reaction.")),
    _Rule(
        tip=_guided(
            "Take it easy for a while. A simple oil is fine if you like it and your skin does too.",
            "G10",
        ),
        modalities=("swedish", "relaxation"),
    ),
    _Rule(
        tip=Tip(text="Some tenderness where we worked deeply is to be expected."),
        modalities=("deep_tissue",),
    ),
    _Rule(
        tip=Tip(text="A tender spot may feel sore to the touch for a day. Leave it alone meanwhile."),
        modalities=("trigger_point", "neuromuscular"),
    ),
    _Rule(
        tip=Tip(text="Follow the advice of your lymphoedema service, if you have one."),
        modalities=("manual_lymphatic_drainage",),
    ),
    _Rule(
        tip=Tip(
            text="Wash the oil off if the skin itches, and keep out of the sun if citrus oils were used."
        ),
        modalities=("aromatherapy",),
    ),
    _Rule(
        tip=Tip(text="Rest a few minutes before you stand up."),
        modalities=("mechanical_impulse", "acupressure", "craniosacral"),
    ),
)

_PERSONAL: Final = (
    _Rule(
        tip=_guided("Stand up or walk regularly, and support good posture sitting and standing.", "G3", "G5"),
        when=in_("occupation_type", "desk", "driving"),
    ),
    _Rule(
        tip=_guided("Practise safe lifting with your therapist or employer.", "G4"),
        when=is_("occupation_type", "manual_lifting"),
    ),
    _Rule(
        tip=_guided("Your helper at home may repeat light strokes, away from the spine.", "G0"),
        modalities=("swedish", "relaxation"),
        when=is_("home_help", "yes"),
    ),
    _Rule(
        tip=_guided("Move and stretch gently.", "G6"),
        modalities=("deep_tissue",),
        when=not_(has("conditions", "hypermobility")),
        exercise=True,
    ),
    _Rule(
        tip=_guided("Stretch the treated muscle gently.", "G9"),
        modalities=("trigger_point", "neuromuscular"),
        when=not_(has("conditions", "hypermobility")),
        exercise=True,
    ),
    _Rule(
        tip=_guided("Stretch the muscles you train.", "G8"),
        modalities=("sports",),
        when=not_(has("conditions", "hypermobility")),
        exercise=True,
    ),
    _Rule(tip=Tip(text="Return to training step by step."), modalities=("sports",), exercise=True),
    _Rule(
        tip=Tip(text="Move slowly through the range that feels free."),
        modalities=("myofascial_release",),
        exercise=True,
    ),
    _Rule(
        tip=Tip(text="Stretch only within comfort, and not to the end of the range."),
        modalities=("deep_tissue", "trigger_point", "neuromuscular", "sports"),
        when=has("conditions", "hypermobility"),
        exercise=True,
    ),
    _Rule(
        tip=_guided(
            "If it feels good, put ice wrapped in cloth on the spot for up to 10 to 15 minutes.", "G9"
        ),
        modalities=("trigger_point", "neuromuscular"),
        when=not_(_REDUCED_FEELING),
    ),
    _Rule(
        tip=_guided(
            "Ask your doctor about calcium and vitamin D, and for help to stop smoking if you smoke.", "G4"
        ),
        when=any_of(
            has_any("lifestyle_factors", "smoker", "low_calcium_or_vitamin_d"), at_least("age_years", 50)
        ),
    ),
    _Rule(
        tip=Tip(text="Take a minute before you stand up."),
        when=has_any("conditions", "low_blood_pressure", "hypertension_controlled", "heart_disease_stable"),
    ),
)

_AS_ADVISED: Final = Tip(text="Move and exercise as your clinician advised.")


TEXTS: Final = (
    *(rule.tip.text for rule in (*_GENERAL, *_PERSONAL)),
    _AS_ADVISED.text,
    *WARNING_SIGNS,
)
"""Everything these tips say."""


class UnknownModality(LookupError):
    """There is no type of massage of this name."""


def tips(modalities: Iterable[str], facts: Facts | None = None, level: Level = Level.OK) -> Tips:
    """The tips after a session in which these types were done.

    Without facts only the general part and the warning signs. `level` is the client's safety level; from
    therapist_review on, exercise tips give way to what the clinician advised. Raises UnknownModality.
    """
    done = frozenset(modalities)
    for modality in done:
        if modality not in MODALITIES:
            raise UnknownModality(modality)
    return Tips(
        general=tuple(rule.tip for rule in _GENERAL if _fits(rule, done)),
        personal=() if facts is None else _personal(done, facts, level),
        warning_signs=WARNING_SIGNS,
    )


def _fits(rule: _Rule, done: frozenset[str]) -> bool:
    return not rule.modalities or not done.isdisjoint(rule.modalities)


def _personal(done: frozenset[str], facts: Facts, level: Level) -> tuple[Tip, ...]:
    known = facts.normalised()
    chosen = [
        _AS_ADVISED if rule.exercise and level >= Level.THERAPIST_REVIEW else rule.tip
        for rule in _PERSONAL
        if _fits(rule, done) and (rule.when is None or rule.when.holds(known))
    ]
    return tuple(dict.fromkeys(chosen))
