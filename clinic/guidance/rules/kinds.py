"""What a rule is made of. The rules themselves are data in the dated packages beside this module."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from clinic.guidance.conditions import Condition
from clinic.guidance.knowledge import MODALITIES, TECHNIQUES
from clinic.guidance.levels import Disposition, Level, Pressure

REGIONS: Final = {
    "head": "head",
    "neck": "neck",
    "shoulders": "shoulders",
    "upper_back": "upper back",
    "lower_back": "lower back",
    "hip_buttock": "hip or buttock",
    "leg_left": "left leg",
    "leg_right": "right leg",
    "foot_left": "left foot",
    "foot_right": "right foot",
    "arm_left": "left arm",
    "arm_right": "right arm",
    "abdomen": "tummy",
    "chest": "chest",
    "whole_legs": "whole legs",
    "whole_arms": "whole arms",
}

# Questions speak of both sides at once; plans and figures know left from right.
REGION_GROUPS: Final = {
    "legs": ("leg_left", "leg_right", "whole_legs"),
    "arms": ("arm_left", "arm_right", "whole_arms"),
    "feet": ("foot_left", "foot_right"),
}


def regions(name: str) -> tuple[str, ...]:
    """The regions a name from a question or a rule stands for."""
    return REGION_GROUPS.get(name, (name,))


@dataclass(frozen=True, slots=True)
class Note:
    """Something to mind in the session, in words a client may read; the code is for rules of other modules."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a safety rule changes: nothing, when all is empty.

    `points` are minus points for modalities. `avoid` are regions, `sites` are places only a person can find.
    """

    cap: Pressure | None = None
    exclude: tuple[str, ...] = ()
    points: tuple[tuple[str, int], ...] = ()
    avoid: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a name that stands for nothing."""
        _known("modality", (*self.exclude, *(modality for modality, _ in self.points)), MODALITIES)
        _known("technique", self.forbid, TECHNIQUES)
        _known("region", self.avoid, {**REGIONS, **REGION_GROUPS})


def _known(noun: str, names: tuple[str, ...], table: dict[str, object] | object) -> None:
    unknown = [name for name in names if name not in table]  # type: ignore[operator]
    if unknown:
        raise ValueError(f"no {noun} {unknown}")


NO_EFFECT: Final = Effect()


@dataclass(frozen=True, kw_only=True)
class SafetyRule:
    """A safety rule: at which level it fires, when, what it changes, why, and where it comes from.

    `why` is the short description therapists know; `look_again` names the two answers of a contradiction, and
    `ask_again` is the sentence that asks the client to look at them.
    """

    id: str
    level: Level
    when: Condition
    why: str
    sources: tuple[str, ...]
    effect: Effect = NO_EFFECT
    disposition: Disposition | None = None
    remark: str = ""
    look_again: tuple[str, ...] = ()
    ask_again: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Points a scoring rule gives to one modality, with the sections that name the match.

    Without sections the document is silent, and `basis` says what the points rest on instead.
    """

    modality: str
    points: int
    sections: tuple[str, ...] = ()
    basis: str = "guidance"


@dataclass(frozen=True, kw_only=True)
class ScoringRule:
    """A scoring rule: when it fires, the points it gives, and the sentence shown for points gained or lost."""

    id: str
    when: Condition
    points: tuple[Points, ...]
    reason: str
    against: str = ""

    @property
    def preference(self) -> bool:
        """Whether it is about a wish (P) rather than about the back (E)."""
        return self.id.startswith("P")


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """One dated version of all rules, with the figures the algorithm needs.

    `cap_effects` says what a pressure cap does to the types. `general_limit` bounds what general mentions (points of
    1 or 2 from E rules) add together for each of `general_for`. `liked_points` go to each type liked before.
    """

    version: str
    safety: tuple[SafetyRule, ...]
    scoring: tuple[ScoringRule, ...]
    starting: tuple[Points, ...]
    cap_effects: tuple[tuple[Pressure, Effect], ...]
    general_for: tuple[str, ...]
    general_limit: int
    liked_points: int
    show_at_least: int
    clear_lead: int
    little_information: int

    @cached_property
    def safety_by_id(self) -> dict[str, SafetyRule]:
        """The safety rules by their id."""
        return {rule.id: rule for rule in self.safety}

    @cached_property
    def contradictions(self) -> tuple[SafetyRule, ...]:
        """The safety rules that name two answers to look at again."""
        return tuple(rule for rule in self.safety if rule.look_again)
