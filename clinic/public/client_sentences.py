"""A reason as one sentence about the client, and why a type is left out.

The stored reason of a rule also says what the guidance says; that stands on the page of the guidance, to which the reason
leads. A rule that is not named here, as one of a version to come, is told by the first sentence that was stored with it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from clinic.guidance.fields import FIELDS
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text

SENTENCES: Final[Mapping[str, str]] = {
    "E01": N_("You feel deep tightness that has gone on for a long time."),
    "E02": N_("You feel tightness deep in the muscle."),
    "E03": N_("You can feel sore knots in the muscle."),
    "E04": N_("You told us that pressing one spot hurts somewhere else."),
    "E05": N_("You feel a muscle that cramps."),
    "E06": N_("You feel stiff, or moving is harder than usual."),
    "E07": N_("You feel places where skin and muscle are stuck."),
    "E08": N_("One side of your body works harder than the other."),
    "E09": N_("You feel tight all over, without one sore place."),
    "E10": N_("You sit for many hours."),
    "E11": N_("You think that your posture brought it on."),
    "E12": N_("You move little at present."),
    "E13": N_("You make the same movement many times."),
    "E14": N_("It began with a strain, a sudden stretch or lifting."),
    "E15": N_("You train as an athlete."),
    "E15b": N_("Your visit is linked to sport."),
    "E16": N_("You have a sports event near."),
    "E17": N_("You train hard, or told us about a small sports injury."),
    "E18": N_("Sport or dancing brought it on."),
    "E19": N_("You have had a lot of stress."),
    "E20": N_("You have had some stress."),
    "E21": N_("You have felt low or anxious lately."),
    "E22": N_("Your sleep is disturbed."),
    "E23": N_("You get tension headaches."),
    "E24": N_("You told us about a little swelling after activity."),
    "E25": N_("You told us about swelling with a known reason."),
    "E26": N_("You told us about a disc or a nerve, or about pain that travels, so we stay gentle."),
    "E27": N_("You told us about a curved spine, so we start gently."),
    "E28": N_("You told us about arthritis, so we stay gentle."),
    "E29": N_("Your answers about your bones ask for gentle work."),
    "E30": N_("You have been told of myofascial pain."),
    "E31": N_("Your neck or shoulders are sore."),
    "E32": N_("It is your lower back that hurts."),
    "E33": N_("Your pain has gone on for more than 12 weeks."),
    "E34": N_("Your pain is recent, so we start gently."),
    "E35": N_("Your pain is mild."),
    "E36": N_("Your pain has gone on for a long time, with the same places tense."),
    "E37": N_("You hope to relax."),
    "E38": N_("You hope to move better."),
    "E39": N_("You hope for better posture."),
    "E40": N_("You hope to recover from sport."),
    "E41": N_("You hope for less swelling."),
    "E42": N_("You are 65 or older, so we start gently."),
    "E43": N_("You would like to try scented oils."),
    "E44": N_("You would like scented oils, and to relax."),
    "E45": N_("You would like to try pressure on points."),
    "E46": N_("You would like to try a vibrating device."),
    "E47": N_("You would like very gentle, still hands."),
    "E48": N_("You would like stretching."),
    "E49": N_("You would rather stay clothed."),
    "E50": N_("You have sore spots and like light pressure."),
    "E51": N_("You are growing fast, or have lately retired: times when backs are sensitive."),
    "E52": N_("It began with an accident or a fall, so we start gently."),
    "E53": N_("You named one place that troubles you, and aims other than to relax."),
    "E54": N_("Your pain has lasted, and you hope for less of it."),
    "E55": N_("You hope for less pain where it is sore."),
    "E56": N_("You hope to move better, and you feel stiff or limited."),
    "E57": N_("You hope for better posture, and your posture plays a part."),
    "E58": N_("You train, and would like to recover better."),
    "E59": N_("You train as an athlete, and training brought it on."),
    "P01": N_("You like light pressure."),
    "P02": N_("You like medium pressure."),
    "P03": N_("You like firm pressure."),
    "P04": N_("It is your first massage, so we start gently."),
    "P05": N_("You liked it before."),
    "P06": N_("You were sore for a day or two last time."),
    "K2": N_("You would like scented oils."),
    "start": N_("It is one of the usual types to begin with."),
}

CLOSER: Final[Mapping[tuple[str, str], str]] = {
    ("E06", "stiffness"): N_("You feel stiff."),
    ("E06", "marked"): N_("Your back limits a lot how you move."),
    ("E14", "muscle_strain"): N_("You told us about a strained muscle."),
    ("E14", "sudden_overstretch"): N_("It began with a sudden stretch."),
    ("E14", "heavy_lifting"): N_("It began with heavy lifting."),
    ("E16", "before_event"): N_("You have a sports event ahead."),
    ("E16", "after_event"): N_("You have just had a sports event."),
    ("E17", "heavy_training"): N_("You are in a hard block of training."),
    ("E17", "minor_sport_injury"): N_("You told us about a small sports injury."),
    ("E18", "sport_training"): N_("Sport or training brought it on."),
    ("E18", "dance"): N_("Dancing brought it on."),
    ("E26", "sciatica"): N_("You told us about sciatica, so we stay gentle."),
    ("E26", "herniated_disc"): N_("You told us about a disc problem, so we stay gentle."),
    ("E26", "pinched_nerve"): N_("You told us about a pinched nerve, so we stay gentle."),
    ("E26", "both_legs"): N_("Your pain travels into both legs, so we stay gentle."),
    ("E26", "leg_below_knee"): N_("Your pain travels into a leg, so we stay gentle."),
    ("E26", "leg_above_knee"): N_("Your pain travels into a leg, so we stay gentle."),
    ("E26", "arm"): N_("Your pain travels into an arm, so we stay gentle."),
    ("E29", "severe_or_fragility_fracture"): N_("Your bones break easily, so we stay gentle."),
    ("E29", "yes"): N_("You have been told that your bones are thin, so we stay gentle."),
    ("E51", "retirement"): N_("You have lately retired, a time when backs are sensitive."),
    ("E51", "growth"): N_("You are growing fast, a time when backs are sensitive."),
    ("E51", "growth_spurt"): N_("You are growing fast, a time when backs are sensitive."),
}
"""Closer to what was answered: (rule, option) to the sentence; the first that applies counts."""

_CODE: Final = re.compile(r" ?\((?:[A-Z]{1,2}\d+[a-z]?(?:, )?)+\)")
_FIRST: Final = re.compile(r"(.*?[.?]) +[A-Z“]")


def sentence_of(rule: str, stored: str, answers: Mapping[str, object]) -> str:
    """What a rule that speaks for a type says of this client."""
    given = set(_options(answers.values()))
    closer = (said for (of, option), said in CLOSER.items() if of == rule and option in given)
    own = next(closer, None) or SENTENCES.get(rule)
    return gettext(own) if own else first_sentence(stored)


def why_left_out(because: Collection[str], stored: str, above: Collection[str] = ()) -> str:
    """Why a type is left out: the client's own answers behind it, as `told` gives them, or what was stored.

    Several answers that the page has told `above` are not told again.
    """
    if not because:
        return health_text(without_codes(stored))
    if len(because) > 1 and set(because) <= set(above):
        return gettext("For your safety, for the reasons above. Your therapist can talk it over with you.")
    sentence = gettext(
        "For your safety, because you told us: %(told)s. Your therapist can talk it over with you."
    )
    return sentence % {"told": "; ".join(because)}


def told(answers: Mapping[str, object]) -> tuple[str, ...]:
    """The answers that a rule depends on, in the client's own words: `High blood pressure, controlled`, `Age: 80`."""
    return tuple(said for name, value in answers.items() if name in FIELDS for said in _told(name, value))


def _told(name: str, value: object) -> Iterable[str]:
    field = FIELDS[name]
    if isinstance(value, list | tuple):
        yield from (health_text(field.label(option)) for option in value)
    elif value is not None:
        yield f"{health_text(field.title)}: {health_text(field.label(value))}"


def first_sentence(stored: str) -> str:
    """The first sentence of a stored text, without codes."""
    plain = without_codes(stored)
    found = _FIRST.match(plain)
    return health_text(found[1] if found else plain)


def without_codes(stored: str) -> str:
    """A stored text without the codes of rules and sections that staff read in it."""
    return _CODE.sub("", stored)


def _options(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from _options(value)
