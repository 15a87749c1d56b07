"""What a rule is made of. The rules themselves are data in the dated packages beside this module."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from clinic.guidance.conditions import Condition
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES, TECHNIQUES
from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level, Pressure
from clinic.guidance.safety_net import SAFETY_NETS

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

LEFT_OUT, LESS_SUITED = "Left out", "Less suited"
"""How the lists of types begin in what a rule changes."""
AT_MOST: Final = "{pressure} pressure at most."
ALL_LEFT_OUT: Final = f"{LEFT_OUT}: {{types}}."
ALL_LESS_SUITED: Final = f"{LESS_SUITED}: {{types}}."
NOT_USED: Final = "Not used: {types}."
AVOIDED: Final = "We avoid: {types}."

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


@dataclass(frozen=True, kw_only=True)
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
        _known("region", self.avoid, {*REGIONS, *REGION_GROUPS})

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """What changes, in sentences a client may read."""
        sentences = []
        if self.cap:
            sentences.append(AT_MOST.format(pressure=self.cap.value.capitalize()))
        if self.exclude:
            sentences.append(
                ALL_LEFT_OUT.format(types=listed(MODALITIES[modality].name for modality in self.exclude))
            )
        if self.points:
            sentences.append(
                ALL_LESS_SUITED.format(types=listed(MODALITIES[modality].name for modality, _ in self.points))
            )
        if self.forbid:
            sentences.append(
                NOT_USED.format(types=listed(TECHNIQUES[technique].name for technique in self.forbid))
            )
        if self.avoid or self.sites:
            named = (*(REGIONS.get(name, name) for name in self.avoid), *self.sites)
            sentences.append(AVOIDED.format(types=", ".join(named)))
        return (*sentences, *(note.text for note in self.notes))


def listed(names: Iterable[str]) -> str:
    """Names within a sentence, as the lists of a rule have them."""
    return ", ".join(f"{name[0].lower()}{name[1:]}" for name in names)


def _known(noun: str, names: tuple[str, ...], table: Container[str]) -> None:
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(f"no {noun} {unknown}")


NO_EFFECT: Final = Effect()


@dataclass(frozen=True, kw_only=True)
class SafetyRule:
    """A safety rule: at which level it fires, when, what it changes, why, and where it comes from.

    `why` is the short description therapists know; `look_again` names the two answers of a contradiction, and
    `ask_again` is the sentence that asks the client to look at them. `waits_for` names answers to single questions that
    may excuse it: while a form asks them and they are open, the rule sets no level yet.

    A stop also says `how_soon` somebody is to be seen and at which `place`, what to `tell` them, and when a massage is
    fine again (`come_back`). `watch` names the safety nets of `safety_net.py` that go with the rule. Rule sets before
    2026.12 have none of these.
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
    waits_for: tuple[str, ...] = ()
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    tell: str = ""
    come_back: str = ""
    watch: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a stop that does not say what it asks for, and anything else that does."""
        if self.level.stops != (self.disposition is not None):
            raise ValueError(f"{self.id} is {self.level.value} with disposition {self.disposition}")
        _known("safety net", self.watch, SAFETY_NETS)
        _known("field", self.waits_for, FIELDS)

    @cached_property
    def when_in_words(self) -> str:
        """The condition in plain words, for a therapist."""
        return self.when.words()


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
    """A scoring rule: when it fires, the points it gives, and the sentence shown for points gained.

    `against` is the sentence for points lost, where it differs.
    """

    id: str
    when: Condition
    points: tuple[Points, ...]
    reason: str
    against: str = ""


@dataclass(frozen=True, kw_only=True)
class FocusRule:
    """What gets more of a session's time when this holds: techniques whose aim in the document answers it.

    `answers` says for the therapist what that is. A rule without techniques is a `note` to mind each time.
    """

    id: str
    when: Condition
    answers: str
    techniques: tuple[str, ...] = ()
    note: str = ""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LikedRule:
    """Points for each type the client enjoyed before."""

    id: str
    points: int
    sections: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneralLimit:
    """General mentions do not outweigh a named match.

    For each of `modalities`, points from 1 to `mention` given by rules about the back count together for at most `most`.
    """

    id: str
    modalities: tuple[str, ...]
    mention: int
    most: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BlendRule:
    """A wish for `modality` is met on top of one of `bases`, when such a base leads.

    The modality then scores one point more than the base, and is shown as the base `suffix`.
    """

    id: str
    when: Condition
    modality: str
    bases: tuple[str, ...]
    suffix: str
    sections: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GentleDefault:
    """Who leads when little is known: fewer than `points` beyond the starting points.

    `modality` leads, or `other` when `when` holds.
    """

    points: int
    modality: str
    other: str
    when: Condition


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """One dated version of all rules, with the figures the algorithm needs.

    Scoring rules are about the `back` (E) or about `preferences` (P). `cap_effects` says what a pressure cap does to the
    types, `focus` what a session gives more time to. An alternative is shown from `show_at_least` points and half of the first on;
    a lead of `clear_lead` makes a clear match.
    """

    version: str
    safety: tuple[SafetyRule, ...]
    back: tuple[ScoringRule, ...]
    preferences: tuple[ScoringRule, ...]
    starting: tuple[Points, ...]
    starting_reason: str
    liked: LikedRule
    general: GeneralLimit
    blend: BlendRule
    gentle_default: GentleDefault
    cap_effects: tuple[tuple[Pressure, Effect], ...]
    show_at_least: int
    clear_lead: int
    focus: tuple[FocusRule, ...] = ()

    @cached_property
    def safety_by_id(self) -> dict[str, SafetyRule]:
        """The safety rules by their id."""
        return {rule.id: rule for rule in self.safety}

    @cached_property
    def contradictions(self) -> tuple[SafetyRule, ...]:
        """The safety rules that name two answers to look at again."""
        return tuple(rule for rule in self.safety if rule.look_again)
