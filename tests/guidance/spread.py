"""How first places spread over generated clients: `python -m tests.guidance.spread` prints it for every rule set.

The clients are made up with a fixed seed: whole questionnaires as people of a practice for back pain might fill them in, common
answers more often than rare ones. The figures say how often a type comes first, nothing about how well it works.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator

from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.rules import VERSIONS
from clinic.guidance.rules.kinds import RuleSet
from tests.guidance.people import Answers

CLIENTS = 2000
SEED = 11

_FINDINGS = {
    "general_tightness": 30,
    "knots": 28,
    "tender_points_refer": 14,
    "deep_chronic_tension": 22,
    "spasm": 8,
    "stiffness": 30,
    "restricted_fascia": 8,
    "uneven_tension": 14,
}
_TRIGGERS = {
    "long_sitting": 35,
    "poor_posture": 20,
    "heavy_lifting": 14,
    "repetitive_motion": 12,
    "sudden_overstretch": 8,
    "sport_training": 10,
    "stress_period": 18,
    "none_obvious": 12,
}
_GOALS = {
    "pain_relief": 60,
    "relaxation": 35,
    "stress_relief": 25,
    "mobility": 30,
    "posture": 15,
    "sport_recovery": 10,
    "sleep": 10,
    "prevention": 8,
}


def _some(chance: random.Random, weights: dict[str, int], most: int) -> list[str]:
    chosen = [code for code, weight in weights.items() if chance.random() * 100 < weight]
    chance.shuffle(chosen)
    if "none_obvious" in chosen and len(chosen) > 1:
        chosen.remove("none_obvious")
    return sorted(chosen[:most])


def _one(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def clients(count: int = CLIENTS, seed: int = SEED) -> Iterator[Answers]:
    """Made-up clients, the same ones each time."""
    chance = random.Random(seed)
    for _ in range(count):
        answers: Answers = {
            "age_years": chance.randint(19, 79),
            "sitting_hours_per_day": chance.randint(1, 11),
            "activity_level": _one(chance, {"none": 20, "light": 40, "regular": 32, "athlete": 8}),
            "visit_goals": _some(chance, _GOALS, 3),
            "back_pain_now": "yes",
            "pain_areas": _some(chance, {"neck": 40, "shoulders": 40, "upper_back": 25, "lower_back": 60}, 3),
            "pain_avg_nrs": chance.randint(1, 8),
            "pain_duration": _one(chance, {"lt_6w": 30, "6w_12w": 20, "gt_12w": 50}),
            "pain_course": _one(chance, {"first_episode": 15, "comes_and_goes": 55, "constant": 30}),
            "pain_trend": _one(chance, {"better": 20, "same": 60, "worse": 20}),
            "muscle_findings": _some(chance, _FINDINGS, 3),
            "onset_triggers": _some(chance, _TRIGGERS, 3),
            "mobility_limit": _one(chance, {"none": 35, "some": 50, "marked": 15}),
            "radiation": _one(chance, {"none": 75, "hip_buttock": 12, "leg_above_knee": 8, "arm": 5}),
            "stress_level": chance.randint(0, 10),
            "mood": _one(chance, {"none": 60, "mild": 32, "marked": 8}),
            "sleep_problem": _one(chance, {"yes": 35, "no": 65}),
            "clinician_seen": _one(chance, {"yes_cleared": 35, "yes_not_discussed": 15, "no": 50}),
            "medications": _some(chance, {"antiplatelet": 4, "anticoagulant": 3, "opioid_or_sedative": 3}, 1),
            "conditions": _some(chance, {"hypertension_controlled": 12, "diabetes": 6, "asthma": 6}, 2),
            "pressure_preference": _one(chance, {"light": 18, "medium": 42, "firm": 22, "none": 18}),
            "clothing_preference": _one(chance, {"undress_ok": 88, "stay_clothed": 12}),
            "massage_experience": _one(chance, {"never": 25, "some": 50, "regular": 25}),
            "approach_interest": _some(
                chance,
                {"essential_oils": 10, "acupressure_points": 5, "stretching": 12, "device_vibration": 3},
                2,
            ),
            "modalities_liked": _some(chance, {"swedish": 12, "deep_tissue": 12, "sports": 5}, 2),
            "modalities_disliked": _some(chance, {"deep_tissue": 6, "craniosacral": 3}, 1),
        }
        if answers["massage_experience"] != "never":
            answers["past_reaction"] = _one(
                chance, {"none": 70, "sore_1_2_days": 22, "bruised": 3, "felt_worse": 5}
            )
        yield answers


def first_places(rules: RuleSet) -> Counter[str]:
    """How often each type comes first; a suggestion that names a type left out or disliked is an error."""
    found: Counter[str] = Counter()
    for answers in clients():
        facts = Facts.of(answers)
        outcome = screen(facts, rules)
        suggestion = suggest(facts, outcome, rules)
        if suggestion is None:
            continue
        ranked = {match.modality for match in suggestion.ranked}
        if ranked & (outcome.excluded | facts.many("modalities_disliked")):
            raise AssertionError(answers)
        found[suggestion.ranked[0].modality if suggestion.ranked else "nothing"] += 1
    return found


def main() -> int:
    """Print the spread of first places for every rule set."""
    for version, rules in VERSIONS.items():
        found = first_places(rules)
        total = sum(found.values())
        print(f"{version}: {total} of {CLIENTS} get a suggestion")
        for modality, count in found.most_common():
            print(f"  {modality:28} {count:5} {100 * count / total:5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
