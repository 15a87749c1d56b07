"""What each section of the guidance document says, sentence by sentence, in the product's own words.

A reason shown to a client cites one of these sentences, so that it can be checked on the page of the guidance. `rules` are
the scoring rules that rest on a sentence; a test follows every citation of every rule to one. What the document claims
without showing it is told as what it says, and what it claims beyond that is left out (docs/guidance.md, "What a client may
be told").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a section. `anchor` is its place on the page; `types` are those it speaks of, none if of all."""

    anchor: str
    text: str
    types: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The code of its section."""
        return self.anchor.partition("-")[0]


def _say(anchor: str, text: str, *, types: str = "", rules: str = "") -> Statement:
    return Statement(anchor, text, tuple(types.split()), tuple(rules.split()))


_ALL: Final = (
    _say(
        "G0-tension", "Massage is said to ease muscle tension, spasm and stress, for back pain of many kinds."
    ),
    _say(
        "G0-who",
        "A licensed therapist is the best choice; a partner or family can give gentle massage at home.",
    ),
    _say("G1-common", "Up to eight in ten people have back pain at some time in their life."),
    _say(
        "G1-kinds",
        "Acute pain comes suddenly; chronic pain goes on. It can be mild and short, or last long and limit what you do.",
    ),
    _say("G1-life", "Life may feel better with massage even where a chronic problem is not solved."),
    _say(
        "G2-any",
        "No type is singled out for pain from a disc, sciatica, a curved spine or a cramping muscle.",
        rules="E05 E26 E27 E28 E30",
    ),
    _say(
        "G2-neuromuscular",
        "Neuromuscular therapy looks for uneven muscles and for lasting patterns of tension.",
        types="neuromuscular",
        rules="E08 E11 E30 E39 E57",
    ),
    _say(
        "G2-points",
        "Trigger point therapy works on tender spots that send pain elsewhere, and aims at moving more freely.",
        types="trigger_point",
        rules="E11 E30 E39",
    ),
    _say(
        "G2-stuck",
        "Myofascial release is pressure held in small circles over places that feel blocked.",
        types="myofascial_release",
        rules="E07 E30",
    ),
    _say(
        "G2-swelling",
        "Manual lymphatic drainage is named for swelling.",
        types="manual_lymphatic_drainage",
        rules="E24 E25 E28 E41",
    ),
    _say(
        "G2-device",
        "Mechanical impulse therapy uses vibration and quick taps.",
        types="mechanical_impulse",
        rules="E46",
    ),
    _say("G2-oils", "Aromatherapy is massage with scented oils.", types="aromatherapy", rules="E43 E44 K2"),
    _say(
        "G2-acupressure",
        "Acupressure is pressure on points of the body; it is only listed.",
        types="acupressure",
        rules="E45",
    ),
    _say(
        "G2-stress",
        "Stress can make tender places feel worse, and relaxing is one of the reasons to have a massage.",
        rules="E19 E37",
    ),
    _say("G2-regular", "Massage is best used regularly and together with other care."),
    _say("G3-sitting", "Long sitting is named as a cause of back pain.", rules="E10"),
    _say("G3-exercise", "Too little exercise can make muscles tense.", rules="E12"),
    _say("G3-posture", "Poor posture and a curved spine are named as causes of back pain.", rules="E27"),
    _say("G3-mind", "Stress, low mood and anxiety are named as causes of back pain.", rules="E19 E20 E21"),
    _say(
        "G3-sport",
        "Injuries from training, dance and sport are named as causes of back pain.",
        rules="E18 E59",
    ),
    _say(
        "G3-ages",
        "Backs are said to be more sensitive at some times of life: growing fast, heavy work, retirement and older age.",
        rules="E42 E51",
    ),
    _say(
        "G4-posture",
        "Poor posture is said to put muscles out of balance and load the spine.",
        rules="E11",
    ),
    _say(
        "G4-strain",
        "A muscle or tendon can be stretched too far: it hurts there, and moving is harder.",
        rules="E14",
    ),
    _say(
        "G4-spasm",
        "The therapist first looks for tender points that go with tightness and spasm.",
        rules="E05",
    ),
    _say("G4-nerve", "A disc or a tight muscle can touch a nerve, and the pain then travels.", rules="E26"),
    _say(
        "G4-joints",
        "With arthritis, the guidance speaks of swollen joints and names no type of massage above the others.",
        rules="E28",
    ),
    _say("G4-bones", "For bones or a spine that need care, no type of massage is named.", rules="E29"),
    _say(
        "G4-accident",
        "After an accident or a blow, massage waits until any injury to the spine has been treated.",
        rules="E52",
    ),
    _say("G5-tension", "Massage is said to loosen tight and cramping muscles.", rules="E05"),
    _say("G5-moving", "Massage is said to let joints and muscles move more freely.", rules="E38"),
    _say(
        "G5-posture",
        "Work on chest, neck, hips and buttocks is said to support better posture, together with standing and sitting well.",
        rules="E11 E39",
    ),
    _say("G5-mood", "Many people feel less stressed and less anxious afterwards.", rules="E21"),
    _say("G5-regular", "Regular visits are said to do more than a single one."),
    _say(
        "G6-usual",
        "The usual types for the lower back are deep tissue, Swedish, sports or therapeutic massage, and trigger point therapy.",
        rules="start E14",
    ),
    _say(
        "G6-deep",
        "Deep tissue massage is suggested for lasting tension and pain, for knots from sitting at a desk, and for moving better.",
        types="deep_tissue",
        rules="E01 E03 E06 E10 E33 E38 E54 E56",
    ),
    _say(
        "G6-points",
        "Trigger point therapy is held pressure on a tender spot, for pain of the neck, shoulders, arms and back.",
        types="trigger_point",
        rules="E04 E23 E30 E31 E55",
    ),
    _say(
        "G6-gentle",
        "Gentle massage, such as Swedish, is suggested for mild pain, stiffness, tightness and rest.",
        types="swedish relaxation",
        rules="E09 E19 E35 E37",
    ),
    _say(
        "G6-sports",
        "Sports massage is suggested for people who train: for strains, small injuries and recovery.",
        types="sports",
        rules="E14 E15 E17 E18 E40 E58 E59",
    ),
    _say("G6-knots", "Trigger points are said to send pain down arms and legs.", rules="E30"),
    _say(
        "G6-plan",
        "The therapist asks what you prefer, and plans pressure, areas and type with you.",
        rules="P01 P02 P03",
    ),
    _say("G6-doctor", "Massage goes together with what your doctor advises, such as stretching."),
    _say(
        "G7-mind",
        "Stress, low mood, tiredness and poor sleep are said to ease for many people.",
        rules="E21 E22",
    ),
    _say("G7-weekly", "Weekly visits are mentioned, and courses of eight and nine weeks."),
    _say(
        "G8-popular",
        "Swedish, deep tissue, sports massage and trigger point therapy are the most popular types.",
        rules="start E14 E52",
    ),
    _say(
        "G8-swedish",
        "Swedish massage has long, soothing strokes: for stiffness, lasting tightness, circulation and rest.",
        types="swedish",
        rules="E01 E02 E06 E09 E12 E33",
    ),
    _say(
        "G8-deep",
        "Deep tissue massage reaches lower layers of muscle, for lasting tension and knots; it is firmer than Swedish massage.",
        types="deep_tissue",
        rules="E01 E02 E03 E07 E15b",
    ),
    _say(
        "G8-points",
        "Sore spots in a muscle come from overuse, injury or lasting tension.",
        types="trigger_point",
        rules="E03 E13",
    ),
    _say(
        "G8-sports",
        "Sports massage is for people who train: soreness around events, repeated strain, stretching and deeper work.",
        types="sports",
        rules="E15 E15b E16 E40 E48",
    ),
    _say(
        "G8-pressure",
        "Types differ in pressure: Swedish massage is gentle, deep tissue massage is firm.",
        rules="P03",
    ),
    _say(
        "G9-swedish",
        "Swedish massage has five kinds of stroke: gliding, kneading, friction, tapping and shaking.",
        types="swedish",
    ),
    _say(
        "G9-deep",
        "Deep tissue massage has slow strokes across the muscle, for lasting tension and overused neck and shoulders.",
        types="deep_tissue",
        rules="E01 E13 E31",
    ),
    _say(
        "G9-points",
        "A trigger point is a sore spot in a tight band of muscle that can send pain elsewhere; it is pressed, then stretched.",
        types="trigger_point",
        rules="E04 E48",
    ),
    _say(
        "G10-cause",
        "The cause decides between advanced work (neuromuscular, trigger point) and general relaxation.",
        rules="E10 E11 E26 E53",
    ),
    _say(
        "G10-neuromuscular",
        "Neuromuscular therapy aims to even out muscles, works on points that send pain elsewhere, and is suggested for lasting back pain.",
        types="neuromuscular",
        rules="E01 E04 E08 E11 E26 E30 E36 E39 E54 E57",
    ),
    _say(
        "G10-points",
        "Trigger point work is for knots from overuse or tension; it aims at moving more freely and, with that, better posture.",
        types="trigger_point",
        rules="E03 E06 E08 E10 E11 E30 E38 E39 E56 E57",
    ),
    _say(
        "G10-relaxation",
        "Relaxation massage has calming strokes over the whole back and is said to ease knots without hurting.",
        types="relaxation",
        rules="E09 E19 E20 E37 E50 P06",
    ),
    _say("G10-pressure", "Pressure follows what you like.", rules="P01 P02"),
    _say("G11-strokes", "Gliding, kneading and friction are the strokes described for the back."),
    _say(
        "G11-craniosacral",
        "Craniosacral therapy is named as one more kind that may help.",
        types="craniosacral",
        rules="E47",
    ),
    _say(
        "G12-areas",
        "Different areas may want different types in one session: deep tissue for neck and shoulders, Swedish for the lower back.",
        types="deep_tissue swedish",
        rules="E31 E32",
    ),
    _say("G12-follow", "Headache, low mood and poor sleep can follow from lasting pain.", rules="E22 E23"),
    _say("G12-try", "Try several types and find out which you like; say what feels right.", rules="P01 P05"),
    _say(
        "G12-limits",
        "Massage may not resolve a chronic problem. Weekly visits may make living with it easier.",
    ),
)

STATEMENTS: Final = {statement.anchor: statement for statement in _ALL}

MOST_POPULAR: Final = ("swedish", "deep_tissue", "sports", "trigger_point")
"""The types that `G8-popular` calls the most popular."""


def statements_in(section: str) -> tuple[Statement, ...]:
    """The sentences of a section, in order."""
    return tuple(statement for statement in _ALL if statement.section == section)


def statements_behind(rule: str, modality: str, sections: Iterable[str]) -> tuple[Statement, ...]:
    """The sentences to check for a rule's points to a type, in the order of the sections that the rule cites.

    Each names the type or, failing that in its section, speaks of all types; none if no cited section says anything of it.
    """
    found: list[Statement] = []
    for section in sections:
        cited = [one for one in statements_in(section) if rule in one.rules]
        found += [one for one in cited if modality in one.types] or [one for one in cited if not one.types]
    return tuple(found)
