"""A reason as one sentence about the client, and why a type is left out.

The stored reason of a rule also says what the guidance says; that stands on the page of the guidance, to which the reason
leads. A rule that is not named here, as one of a version to come, is told by the first sentence that was stored with it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from clinic.guidance.fields import FIELDS

SENTENCES: Final[Mapping[str, str]] = {
    "E01": "You feel deep tightness that has gone on for a long time.",
    "E02": "You feel tightness deep in the muscle.",
    "E03": "You can feel sore knots in the muscle.",
    "E04": "You told us that pressing one spot hurts somewhere else.",
    "E05": "You feel a muscle that cramps.",
    "E06": "You feel stiff, or moving is harder than usual.",
    "E07": "You feel places where skin and muscle are stuck.",
    "E08": "One side of your body works harder than the other.",
    "E09": "You feel tight all over, without one sore place.",
    "E10": "You sit for many hours.",
    "E11": "You think that your posture brought it on.",
    "E12": "You move little at present.",
    "E13": "You make the same movement many times.",
    "E14": "It began with a strain, a sudden stretch or lifting.",
    "E15": "You train as an athlete.",
    "E15b": "Your visit is linked to sport.",
    "E16": "You have a sports event near.",
    "E17": "You train hard, or told us about a small sports injury.",
    "E18": "Sport or dancing brought it on.",
    "E19": "You have had a lot of stress.",
    "E20": "You have had some stress.",
    "E21": "You have felt low or anxious lately.",
    "E22": "Your sleep is disturbed.",
    "E23": "You get tension headaches.",
    "E24": "You told us about a little swelling after activity.",
    "E25": "You told us about swelling with a known reason.",
    "E26": "You told us about a disc or a nerve, or about pain that travels, so we stay gentle.",
    "E27": "You told us about a curved spine, so we start gently.",
    "E28": "You told us about arthritis, so we stay gentle.",
    "E29": "Your answers about your bones ask for gentle work.",
    "E30": "You have been told of myofascial pain.",
    "E31": "Your neck or shoulders are sore.",
    "E32": "It is your lower back that hurts.",
    "E33": "Your pain has gone on for more than 12 weeks.",
    "E34": "Your pain is recent, so we start gently.",
    "E35": "Your pain is mild.",
    "E36": "Your pain has gone on for a long time, with the same places tense.",
    "E37": "You hope to relax.",
    "E38": "You hope to move better.",
    "E39": "You hope for better posture.",
    "E40": "You hope to recover from sport.",
    "E41": "You hope for less swelling.",
    "E42": "You are 65 or older, so we start gently.",
    "E43": "You would like to try scented oils.",
    "E44": "You would like scented oils, and to relax.",
    "E45": "You would like to try pressure on points.",
    "E46": "You would like to try a vibrating device.",
    "E47": "You would like very gentle, still hands.",
    "E48": "You would like stretching.",
    "E49": "You would rather stay clothed.",
    "E50": "You have sore spots and like light pressure.",
    "E51": "You are growing fast, or have lately retired: times when backs are sensitive.",
    "E52": "It began with an accident or a fall, so we start gently.",
    "E53": "You named one place that troubles you, and aims other than to relax.",
    "E54": "Your pain has lasted, and you hope for less of it.",
    "E55": "You hope for less pain where it is sore.",
    "E56": "You hope to move better, and you feel stiff or limited.",
    "E57": "You hope for better posture, and your posture plays a part.",
    "E58": "You train, and would like to recover better.",
    "E59": "You train as an athlete, and training brought it on.",
    "P01": "You like light pressure.",
    "P02": "You like medium pressure.",
    "P03": "You like firm pressure.",
    "P04": "It is your first massage, so we start gently.",
    "P05": "You liked it before.",
    "P06": "You were sore for a day or two last time.",
    "K2": "You would like scented oils.",
    "start": "It is one of the usual types to begin with.",
}

CLOSER: Final[Mapping[tuple[str, str], str]] = {
    ("E06", "stiffness"): "You feel stiff.",
    ("E06", "marked"): "Your back limits a lot how you move.",
    ("E14", "muscle_strain"): "You told us about a strained muscle.",
    ("E14", "sudden_overstretch"): "It began with a sudden stretch.",
    ("E14", "heavy_lifting"): "It began with heavy lifting.",
    ("E16", "before_event"): "You have a sports event ahead.",
    ("E16", "after_event"): "You have just had a sports event.",
    ("E17", "heavy_training"): "You are in a hard block of training.",
    ("E17", "minor_sport_injury"): "You told us about a small sports injury.",
    ("E18", "sport_training"): "Sport or training brought it on.",
    ("E18", "dance"): "Dancing brought it on.",
    ("E26", "sciatica"): "You told us about sciatica, so we stay gentle.",
    ("E26", "herniated_disc"): "You told us about a disc problem, so we stay gentle.",
    ("E26", "pinched_nerve"): "You told us about a pinched nerve, so we stay gentle.",
    ("E26", "both_legs"): "Your pain travels into both legs, so we stay gentle.",
    ("E26", "leg_below_knee"): "Your pain travels into a leg, so we stay gentle.",
    ("E26", "leg_above_knee"): "Your pain travels into a leg, so we stay gentle.",
    ("E26", "arm"): "Your pain travels into an arm, so we stay gentle.",
    ("E29", "severe_or_fragility_fracture"): "Your bones break easily, so we stay gentle.",
    ("E29", "yes"): "You have been told that your bones are thin, so we stay gentle.",
    ("E51", "retirement"): "You have lately retired, a time when backs are sensitive.",
    ("E51", "growth"): "You are growing fast, a time when backs are sensitive.",
    ("E51", "growth_spurt"): "You are growing fast, a time when backs are sensitive.",
}
"""Closer to what was answered: (rule, option) to the sentence; the first that applies counts."""

_CODE: Final = re.compile(r" ?\((?:[A-Z]{1,2}\d+[a-z]?(?:, )?)+\)")
_FIRST: Final = re.compile(r"(.*?[.?]) +[A-Z“]")


def sentence_of(rule: str, stored: str, answers: Mapping[str, object]) -> str:
    """What a rule that speaks for a type says of this client."""
    given = set(_options(answers.values()))
    closer = (said for (of, option), said in CLOSER.items() if of == rule and option in given)
    return next(closer, None) or SENTENCES.get(rule) or first_sentence(stored)


def why_left_out(because: Collection[str], stored: str, above: Collection[str] = ()) -> str:
    """Why a type is left out: the client's own answers behind it, as `told` gives them, or what was stored.

    Several answers that the page has told `above` are not told again.
    """
    if not because:
        return without_codes(stored)
    if len(because) > 1 and set(because) <= set(above):
        return "For your safety, for the reasons above. Your therapist can talk it over with you."
    return f"For your safety, because you told us: {'; '.join(because)}. Your therapist can talk it over with you."


def told(answers: Mapping[str, object]) -> tuple[str, ...]:
    """The answers that a rule depends on, in the client's own words: `High blood pressure, under control`, `Age: 80`."""
    return tuple(said for name, value in answers.items() if name in FIELDS for said in _told(name, value))


def _told(name: str, value: object) -> Iterable[str]:
    field = FIELDS[name]
    if isinstance(value, list | tuple):
        yield from (field.label(option) for option in value)
    elif value is not None:
        yield f"{field.title}: {field.label(value)}"


def first_sentence(stored: str) -> str:
    """The first sentence of a stored text, without codes."""
    plain = without_codes(stored)
    found = _FIRST.match(plain)
    return found[1] if found else plain


def without_codes(stored: str) -> str:
    """A stored text without the codes of rules and sections that staff read in it."""
    return _CODE.sub("", stored)


def _options(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from _options(value)
