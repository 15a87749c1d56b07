"""The signed page as a slow, obvious program: docs/guidance.md read as text, its conditions evaluated word by word.

Nothing here uses the rules or the engine, so that whatever a clinician signs is what the engine does, or a test fails.
The steps are those the page numbers under "From facts to a suggestion".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.guidance.document import DOCUMENT
from tests.guidance.people import Answers

LEVELS = ("ok", "caution", "therapist_review", "refer", "urgent")
START = {"swedish": 2, "relaxation": 1, "trigger_point": 1, "deep_tissue": 1}
CAPS = {
    "light": (
        ("deep_tissue", "mechanical_impulse"),
        {
            "trigger_point": -4,
            "sports": -4,
            "neuromuscular": -3,
            "acupressure": -3,
            "myofascial_release": -3,
        },
    ),
    "medium": (("deep_tissue",), {"mechanical_impulse": -2, "sports": -1, "trigger_point": -1}),
}
_TOKEN = re.compile(r"\(|\)|\[|\]|,|>=|<=|!=|=|>|<|\w+")


@dataclass
class SafetyLine:
    """A row of the safety table."""

    rule: str
    level: str
    disposition: str | None
    condition: str
    cap: str | None = None
    exclude: list[str] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)


@dataclass
class Read:
    """What the page makes of somebody's answers."""

    level: str
    disposition: str | None
    rules: list[str]
    excluded: set[tuple[str, str]]
    shown: list[str]
    scores: dict[str, int]
    confidence: str | None


def _table(name: str) -> Iterator[list[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    block = text.partition(f"<!-- begin {name} -->\n")[2].partition("<!-- end")[0]
    for line in block.strip().splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def _safety() -> Iterator[SafetyLine]:
    for rule, stands, condition, effect, *_ in _table("safety rules"):
        level, _, disposition = stands.partition(", ")
        line = SafetyLine(rule, level, disposition or None, condition.strip("`"))
        for part in effect.split("; "):
            kind, _, rest = part.partition(" ")
            if kind == "pressure":
                line.cap = rest.removeprefix("≤ ")
            elif kind == "exclude":
                line.exclude = rest.split(", ")
            elif kind == "points":
                line.points = {name: int(points) for name, points in map(str.split, rest.split(", "))}
        yield line


def _scoring() -> Iterator[tuple[str, str, dict[str, int]]]:
    for rule, condition, points, _ in _table("scoring rules"):
        yield (
            rule,
            condition.strip("`"),
            {name: int(number) for name, number in re.findall(r"(\w+) ([+-]\d+) \(", points)},
        )


def _modalities() -> list[tuple[str, int, int]]:
    return [
        (name.strip("`"), int(intensity), int(counted))
        for name, _, _, intensity, counted, _ in _table("modalities")
    ]


def _flags() -> Iterator[tuple[str, str]]:
    for code, _, _, unsure, _ in _table("red flags"):
        yield code.strip("`"), unsure


SAFETY = list(_safety())
SCORING = list(_scoring())
TYPES = _modalities()
FLAGS = list(_flags())


def holds(condition: str, facts: Answers) -> bool:
    """Whether a condition in the compact grammar holds; "and" binds tighter than "or"."""
    words = _TOKEN.findall(condition)
    value = _either(words, facts)
    assert not words, condition
    return value


def _either(words: list[str], facts: Answers) -> bool:
    value = _both(words, facts)
    while words[:1] == ["or"]:
        words.pop(0)
        value = _both(words, facts) or value
    return value


def _both(words: list[str], facts: Answers) -> bool:
    value = _one(words, facts)
    while words[:1] == ["and"]:
        words.pop(0)
        value = _one(words, facts) and value
    return value


def _one(words: list[str], facts: Answers) -> bool:
    word = words.pop(0)
    if word == "not":
        return not _one(words, facts)
    if word == "(":
        value = _either(words, facts)
        assert words.pop(0) == ")"
        return value
    return _compared(facts.get(word), words.pop(0), _operand(words))


def _operand(words: list[str]) -> list[str]:
    if words[0] != "[":
        return [words.pop(0)]
    end = words.index("]")
    named = [word for word in words[1:end] if word != ","]
    del words[: end + 1]
    return named


def _compared(answer: object, operator: str, named: list[str]) -> bool:
    if operator in ("has", "has_any"):
        return isinstance(answer, list) and any(code in answer for code in named)
    if operator in ("=", "in"):
        return answer is not None and str(answer) in named
    if operator in ("!=", "not_in"):
        return answer is None or str(answer) not in named
    if not isinstance(answer, int):
        return False
    number = int(named[0])
    return {
        ">=": answer >= number,
        "<=": answer <= number,
        ">": answer > number,
        "<": answer < number,
    }[operator]


def read(answers: Answers) -> Read:
    """All eleven steps, but for the sentences."""
    facts = {"clinician_seen": "no", "back_pain_now": "yes", **answers}
    fired = [line for line in SAFETY if holds(line.condition, facts)]
    unsure = [(code, level) for code, level in FLAGS if _is_unsure(code, facts)]
    level = max(
        [line.level for line in fired] + [level for _, level in unsure], key=LEVELS.index, default="ok"
    )
    asked = {line.disposition for line in fired if line.level == level}
    asked |= {"doctor" for _, stands in unsure if stands == level == "refer"}
    excluded = {(name, line.rule) for line in fired for name in _left_out(line)}
    rules = [line.rule for line in fired] + [f"unsure:{code}" for code, _ in unsure]
    disposition = next((name for name in ("emergency", "doctor", "postpone") if name in asked), None)
    if level in ("refer", "urgent"):
        return Read(level, disposition, rules, excluded, [], {}, None)
    gone = {name for name, _ in excluded} | set(_list(facts, "modalities_disliked"))
    scores = _after_safety(_counted(facts), fired)
    _blended(scores, gone, facts)
    order = _ranked(scores, gone)
    confidence, order = _labelled(scores, order, facts)
    others = [name for name in order[1:] if scores[name] >= 3 and 2 * scores[name] >= scores[order[0]]]
    left = {name: points for name, points in scores.items() if name not in gone}
    return Read(level, disposition, rules, excluded, order[:1] + others[:2], left, confidence)


def _list(facts: Answers, name: str) -> list[str]:
    answer = facts.get(name, [])
    assert isinstance(answer, list)
    return answer


def _is_unsure(code: str, facts: Answers) -> bool:
    return code in _list(facts, "red_flags_unsure") and code not in _list(facts, "red_flags")


def _left_out(line: SafetyLine) -> set[str]:
    return {*line.exclude, *(CAPS[line.cap][0] if line.cap else ())}


def _counted(facts: Answers) -> dict[str, int]:
    scores = {name: START.get(name, 0) for name, _, _ in TYPES}
    general = dict.fromkeys(("swedish", "relaxation"), 0)
    for rule, condition, points in SCORING:
        if holds(condition, facts):
            for name, number in points.items():
                if name in general and rule.startswith("E") and number in (1, 2):
                    general[name] += number
                else:
                    scores[name] += number
    for name in _list(facts, "modalities_liked"):
        scores[name] += 2
    return {name: number + min(2, general.get(name, 0)) for name, number in scores.items()}


def _after_safety(scores: dict[str, int], fired: list[SafetyLine]) -> dict[str, int]:
    taken = [line.points for line in fired] + [CAPS[line.cap][1] for line in fired if line.cap]
    return {
        name: number + min((points.get(name, 0) for points in taken), default=0)
        for name, number in scores.items()
    }


def _blended(scores: dict[str, int], gone: set[str], facts: Answers) -> None:
    if "essential_oils" not in _list(facts, "approach_interest") or "aromatherapy" in gone:
        return
    leader = next(iter(_ranked(scores, gone | {"aromatherapy"})), None)
    if leader in ("swedish", "relaxation") and scores[leader] >= scores["aromatherapy"]:
        scores["aromatherapy"] = scores[leader] + 1


def _ranked(scores: dict[str, int], gone: set[str]) -> list[str]:
    left = [kind for kind in TYPES if kind[0] not in gone and scores[kind[0]] > 0]
    return [name for name, _, _ in sorted(left, key=lambda kind: (-scores[kind[0]], kind[1], -kind[2]))]


def _labelled(scores: dict[str, int], order: list[str], facts: Answers) -> tuple[str | None, list[str]]:
    if not order:
        return None, order
    if scores[order[0]] - START.get(order[0], 0) < 3:
        gentle = ["swedish", "relaxation"]
        if facts.get("pressure_preference") == "light":
            gentle.reverse()
        first = next((name for name in gentle if name in order), order[0])
        return "little information: gentle default", [first, *(name for name in order if name != first)]
    lead = scores[order[0]] - scores[order[1]] if len(order) > 1 else 3
    return ("clear match" if lead >= 3 else "close, choose together" if lead else "tie"), order
