"""What the guidance document says, in the product's own words: modalities, techniques, causes, sections.

Everything a client may read here follows the wording rules of docs/guidance.md: nothing is promised, and
what the document only claims is told as what it says. Where the document is silent, `sections` is empty.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the guidance document that a reason can cite."""

    code: str
    heading: str

    @property
    def title(self) -> str:
        """The heading as clients read it: without the numeral and the examples that it has in the document."""
        return self.heading.removeprefix("III. ").partition(" (e.g. ")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Modality:
    """A type of massage.

    `feels_like` ends "It feels like …". `said_for` is what the guidance names it for, `pressure` what it says about that; `usual_pressure` is what a draft
    plan assumes without a wish.
    `intensity` runs from 1 (stillest) to 5 (deepest). `section_count` is how fully the document describes the type,
    as the ranking counts it: lists that only name a type count for it there, and are not cited in `sections`.
    `special_training` names what the therapist needs beyond the usual licence.
    """

    id: str
    name: str
    feels_like: str
    what_it_is: str
    said_for: str
    pressure: str
    usual_pressure: str
    intensity: int
    section_count: int
    sections: tuple[str, ...]
    special_training: str | None = None


@dataclass(frozen=True, slots=True)
class Technique:
    """A way of working, and the aim the guidance gives for it."""

    id: str
    name: str
    aim: str
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause or condition the guidance names, with the facts that stand for it and the rules they touch."""

    name: str
    described_as: str
    sections: tuple[str, ...]
    facts: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a safety rule comes from; a weak source is kept because caution costs little."""

    key: str
    text: str
    weak: bool = False


SECTIONS: Final = {
    section.code: section
    for section in (
        Section("G0", "Benefits of massage therapy for back pain (opening)"),
        Section("G1", "Brief explanation of back pain and its prevalence"),
        Section("G2", "Importance of massage therapy for back pain relief"),
        Section("G3", "Causes of Back Pain"),
        Section(
            "G4",
            "Explanation of common causes of back pain (e.g. poor posture, muscle strain, herniated discs)",
        ),
        Section("G5", "III. Benefits of Massage Therapy for Back Pain"),
        Section("G6", "Explanation of how massage therapy helps with back pain"),
        Section(
            "G7", "Discussion of research supporting the benefits of massage therapy for back pain relief"
        ),
        Section("G8", "Types of Massage Therapy"),
        Section(
            "G9",
            "Brief overview of different types of massage therapy (e.g. Swedish, deep tissue, trigger point)",
        ),
        Section("G10", "Massage Techniques for Back Pain Relief"),
        Section(
            "G11",
            "Explanation of specific massage techniques for back pain relief "
            "(e.g. effleurage, petrissage, friction)",
        ),
        Section("G12", "Closing paragraphs"),
    )
}

# The order is the last tie-break of the ranking, so it is part of the guidance and not a matter of taste.
MODALITIES: Final = {
    modality.id: modality
    for modality in (
        Modality(
            id="swedish",
            name="Swedish massage",
            feels_like="long, flowing strokes with soft kneading",
            what_it_is="Long, gliding, soothing strokes with kneading, light friction, tapping and shaking. "
            "Many people feel relaxed and less stiff for a while.",
            said_for="Mild pain, stiffness, lasting tightness and rest; its own example is the lower back",
            pressure="Gentle; softer than deep tissue massage",
            usual_pressure="light to medium",
            intensity=2,
            section_count=5,
            sections=("G2", "G6", "G8", "G9", "G12"),
        ),
        Modality(
            id="relaxation",
            name="Relaxation massage",
            feels_like="slow, calming strokes over the whole back",
            what_it_is="Calming glides over the whole back with simple oils, and mild pressure by hand where it is "
            "welcome. The guidance describes it as easing knots without hurting.",
            said_for="Comfort, when no focused work is needed",
            pressure="Light to medium, as you prefer",
            usual_pressure="light to medium",
            intensity=2,
            section_count=1,
            sections=("G10",),
        ),
        Modality(
            id="trigger_point",
            name="Trigger point therapy",
            feels_like="a finger that rests on one sore spot until it may let go",
            what_it_is="A finger rests on a sore spot in a tight band of muscle for some seconds until it may let "
            "go. Kneading and stretching follow.",
            said_for="Knots from overuse, strain or lasting tension, and tender spots whose pain shows up elsewhere",
            pressure="Focused, direct pressure",
            usual_pressure="medium",
            intensity=4,
            section_count=5,
            sections=("G2", "G6", "G8", "G9", "G10"),
        ),
        Modality(
            id="deep_tissue",
            name="Deep tissue massage",
            feels_like="slow, firm strokes that reach deep into the muscle",
            what_it_is="Slow, deliberate strokes across the direction of the muscle that reach its lower layers. It "
            "may ease long-standing tension for a while.",
            said_for="Lasting tension, knots from desk work, and moving more easily; its own example is neck and shoulders",
            pressure="Firm; deeper than Swedish massage",
            usual_pressure="firm",
            intensity=5,
            section_count=5,
            sections=("G6", "G8", "G9", "G12"),
        ),
        Modality(
            id="neuromuscular",
            name="Neuromuscular therapy",
            feels_like="careful pressure on sore spots, and stretching of the tighter side",
            what_it_is="The therapist looks for lasting tension and for muscles that work unevenly, holds pressure on "
            "sore spots and stretches the tighter side.",
            said_for="Lasting back pain, and muscles that work unevenly",
            pressure="The guidance does not say; medium unless you wish otherwise",
            usual_pressure="medium",
            intensity=3,
            section_count=2,
            sections=("G2", "G10"),
        ),
        Modality(
            id="sports",
            name="Sports massage",
            feels_like="stretching and brisk kneading of the muscles you use",
            what_it_is="A mix of stretching, working the muscles and deeper strokes. The guidance describes it for "
            "active people, around training and events.",
            said_for="Active people: strains, soreness around training and events, moving freely again",
            pressure="The guidance does not say; it contains deeper work",
            usual_pressure="medium",
            intensity=4,
            section_count=2,
            sections=("G6", "G8"),
        ),
        Modality(
            id="myofascial_release",
            name="Myofascial release",
            feels_like="steady pressure in small circles where it feels stuck",
            what_it_is="Sustained pressure in small circles over places that feel stuck, with little or no oil.",
            said_for="Places that feel blocked; named in a list for the lower back",
            pressure="Sustained; the guidance gives no level",
            usual_pressure="medium",
            intensity=3,
            section_count=1,
            sections=("G2",),
        ),
        Modality(
            id="manual_lymphatic_drainage",
            name="Manual lymphatic drainage",
            feels_like="very light, rhythmic strokes on the skin",
            what_it_is="Very light, rhythmic strokes by a therapist trained for it. The guidance names it for "
            "swelling.",
            said_for="Swelling",
            pressure="Very light",
            usual_pressure="very light",
            intensity=1,
            section_count=1,
            sections=("G2",),
            special_training="lymphatic drainage",
        ),
        Modality(
            id="aromatherapy",
            name="Aromatherapy massage",
            feels_like="a gentle massage with a scent you choose",
            what_it_is="A gentle massage with diluted essential oils that you agree on beforehand.",
            said_for="Only named in a list",
            pressure="As the massage it is combined with",
            usual_pressure="light to medium",
            intensity=2,
            section_count=1,
            sections=("G2",),
        ),
        Modality(
            id="acupressure",
            name="Acupressure",
            feels_like="a steady press on single points, through clothes if you like",
            what_it_is="Held pressure on points of the body, through clothes if you like. Traditionally described "
            "as freeing the flow of energy.",
            said_for="Only named in a list",
            pressure="Held pressure on points",
            usual_pressure="medium",
            intensity=3,
            section_count=1,
            sections=("G2",),
        ),
        Modality(
            id="mechanical_impulse",
            name="Mechanical impulse therapy",
            feels_like="vibration and quick taps from a small device",
            what_it_is="A hand-held device gives vibration and quick taps to the muscle, in short bouts.",
            said_for="Only named in a list for the lower back",
            pressure="The guidance does not say",
            usual_pressure="medium",
            intensity=4,
            section_count=1,
            sections=("G2",),
            special_training="mechanical impulse devices",
        ),
        Modality(
            id="craniosacral",
            name="Craniosacral therapy",
            feels_like="still hands that hardly press",
            what_it_is="Still, very light contact with the hands. Traditionally described as following quiet "
            "rhythms of the body.",
            said_for="Only named, as one more technique that may help",
            pressure="Very light",
            usual_pressure="very light",
            intensity=1,
            section_count=1,
            sections=("G11",),
        ),
    )
}

TECHNIQUES: Final = {
    technique.id: technique
    for technique in (
        Technique(
            "effleurage",
            "Long gliding strokes (effleurage)",
            "relax the muscle, less stiffness",
            ("G9", "G11"),
        ),
        Technique(
            "petrissage",
            "Gripping and kneading (petrissage)",
            "circulation and flexibility",
            ("G9", "G11"),
        ),
        Technique("friction", "Cross-fibre friction", "less tension and tightness", ("G9", "G11")),
        Technique("tapotement", "Tapping (tapotement)", "part of Swedish massage", ("G9", "G11")),
        Technique(
            "vibration",
            "Vibration or shaking",
            "part of Swedish massage and of mechanical impulse therapy",
            ("G2", "G9"),
        ),
        Technique("percussion", "Percussion", "part of mechanical impulse therapy", ("G2", "G11")),
        Technique("compression", "Compression by hand", "ease places that add to tightness", ("G10", "G11")),
        Technique("passive_movement", "Passive joint movement", "added when needed", ("G9",)),
        Technique(
            "held_pressure", "Held finger pressure", "let a tender spot go within seconds", ("G6", "G9")
        ),
        Technique("kneading", "Kneading of the tender spot", "soften the tissue around the spot", ("G10",)),
        Technique(
            "sustained_circles",
            "Sustained pressure in small circles",
            "work on places that feel stuck",
            ("G2",),
        ),
        Technique("cross_grain", "Slow cross-grain strokes", "reach the deep layers", ("G9",)),
        Technique(
            "stretching", "Stretching", "part of sports massage; after trigger point work", ("G8", "G9")
        ),
        Technique(
            "muscle_manipulation",
            "Deep grasping of whole muscles (muscle manipulation)",
            "help the muscle work and relax",
            ("G8", "G9"),
        ),
        Technique("lubrication", "Simple oil", "skin comfort and less drag", ("G10",)),
    )
}
