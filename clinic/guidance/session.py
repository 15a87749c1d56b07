"""What is done in a session: the techniques of each type with their aims, less what safety takes away."""

from dataclasses import dataclass
from typing import Final

from clinic.guidance.facts import Facts
from clinic.guidance.knowledge import TECHNIQUES
from clinic.guidance.outcome import SafetyOutcome
from clinic.guidance.rules.kinds import FocusRule


@dataclass(frozen=True, slots=True)
class PlannedTechnique:
    """A technique proposed for a type, with its aim in this session."""

    technique: str
    name: str
    modality: str
    aim: str


@dataclass(frozen=True, slots=True)
class WorkingManner:
    """How a type is worked: its techniques with aims, in order, and sentences about the manner."""

    techniques: tuple[tuple[str, str], ...]
    manner: tuple[str, ...] = ()


WAYS: Final = {
    "swedish": WorkingManner(
        (
            ("effleurage", "relax, less stiffness"),
            ("petrissage", "circulation, flexibility"),
            ("friction", "light, for tension"),
            ("tapotement", "liven the muscle"),
            ("vibration", "loosen the muscle"),
            ("passive_movement", "move the joints when needed"),
        )
    ),
    "relaxation": WorkingManner(
        (
            ("effleurage", "broad gliding strokes, for calm"),
            ("compression", "gentle, on knots"),
            ("lubrication", "simple oil, for the skin and less drag"),
        )
    ),
    "deep_tissue": WorkingManner(
        (
            ("effleurage", "warm the muscle, and to finish"),
            ("cross_grain", "slow, for the deep layers"),
            ("friction", "for tightness"),
        )
    ),
    "trigger_point": WorkingManner(
        (
            ("held_pressure", "some seconds, until the spot may let go"),
            ("kneading", "soften the tissue around the spot"),
            ("stretching", "of the treated muscle, afterwards"),
        ),
        ("Search by touch first.",),
    ),
    "neuromuscular": WorkingManner(
        (
            ("held_pressure", "on points that send pain elsewhere"),
            ("petrissage", "circulation, flexibility"),
            ("stretching", "of the short side"),
        ),
        ("Begin with a check of balance.",),
    ),
    "sports": WorkingManner(
        (
            ("stretching", "of the muscles in use"),
            ("petrissage", "recovery, flexibility"),
            ("muscle_manipulation", "help the muscle work"),
            ("cross_grain", "deeper strokes"),
        )
    ),
    "myofascial_release": WorkingManner(
        (("sustained_circles", "on places that feel stuck"),), ("Little or no oil.",)
    ),
    "manual_lymphatic_drainage": WorkingManner(
        (("effleurage", "very light, rhythmic strokes"),), ("By a therapist trained for it.",)
    ),
    "mechanical_impulse": WorkingManner(
        (("vibration", "on muscle only"), ("percussion", "on muscle only")), ("In short bouts.",)
    ),
    "acupressure": WorkingManner((("held_pressure", "on points, through clothes if wished"),)),
    "craniosacral": WorkingManner((), ("Still, very light contact.",)),
}

_SHAKING: Final = ("vibration", "percussion", "tapotement")
_OIL_BASED: Final = ("effleurage", "lubrication")


def techniques(
    modalities: tuple[str, ...], facts: Facts, outcome: SafetyOutcome, focus: tuple[FocusRule, ...]
) -> tuple[PlannedTechnique, ...]:
    """The techniques of these types in order, with effleurage to open and close where oil is possible.

    What a safety rule forbids is left out; so are vibration, tapping and percussion wherever mechanical impulse therapy
    is, and the deep strokes of sports massage under a limit on pressure. What answers a finding or a goal gets more time.
    """
    gone = _not_possible(facts, outcome)
    more = [rule for rule in focus if rule.when.holds(facts)]
    steps = [
        (modality, technique, _aim(technique, aim, outcome) + _more_for(technique, more))
        for modality in modalities
        for technique, aim in _opened(WAYS[modality].techniques, first=modality == modalities[0])
        if technique not in gone and not (modality == "sports" and technique == "cross_grain" and outcome.cap)
    ]
    return tuple(
        PlannedTechnique(technique, TECHNIQUES[technique].name, modality, aim)
        for modality, technique, aim in steps
    )


def _opened(steps: tuple[tuple[str, str], ...], *, first: bool) -> tuple[tuple[str, str], ...]:
    """The steps of a type; those of the first type begin with effleurage, which also closes the session."""
    if not first:
        return steps
    own = [aim for technique, aim in steps if technique == "effleurage"]
    opening = ("effleurage", ", ".join((*own, "to open and to close")))
    return (opening, *(step for step in steps if step[0] != "effleurage"))


def _not_possible(facts: Facts, outcome: SafetyOutcome) -> frozenset[str]:
    gone = set(outcome.forbidden)
    if "mechanical_impulse" in outcome.excluded:
        gone.update(_SHAKING)
    if facts.one("clothing_preference") == "stay_clothed":
        gone.update(_OIL_BASED)
    return frozenset(gone)


def _aim(technique: str, aim: str, outcome: SafetyOutcome) -> str:
    if technique == "stretching" and outcome.has_note("no_end_range"):
        return f"{aim}, not to the end of the range"
    return aim


def _more_for(technique: str, focus: list[FocusRule]) -> str:
    """What the technique gets more time for, as the end of its aim; nothing if for nothing."""
    answers = [rule.answers for rule in focus if technique in rule.techniques]
    return f"; more of it for {', '.join(answers)}" if answers else ""


def focus_notes(facts: Facts, focus: tuple[FocusRule, ...]) -> tuple[str, ...]:
    """What is to be minded each time because of a goal or a past reaction."""
    return tuple(rule.note for rule in focus if rule.note and rule.when.holds(facts))


def approach(modalities: tuple[str, ...], facts: Facts, *, with_oils: bool) -> tuple[str, ...]:
    """Sentences about the manner of working, each once."""
    sentences = [sentence for modality in modalities for sentence in WAYS[modality].manner]
    if with_oils:
        sentences.append("With diluted oil that was agreed beforehand and tested on the skin.")
    if "sports" in modalities and facts.one("sport_context") == "before_event":
        sentences.append("Lighter and brisker before an event.")
    if "sports" in modalities and facts.one("sport_context") == "after_event":
        sentences.append("Slower after an event.")
    if "not_sure" in facts.many("muscle_findings"):
        sentences.append("The client is not sure what the muscle feels like: check by touch first.")
    return tuple(dict.fromkeys(sentences))
