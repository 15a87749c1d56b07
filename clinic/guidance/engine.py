"""Screen facts for safety, then suggest modalities with cited reasons.

The engine has no rules of its own: everything it decides stands as data in a rule set. Its results are complete
without the rules, so that a stored explanation can be read years later.
"""

from dataclasses import dataclass

from clinic.guidance.knowledge import Json, Section
from clinic.guidance.levels import Disposition, Level, Pressure
from clinic.guidance.rules.kinds import Note


@dataclass(frozen=True, kw_only=True, slots=True)
class FiredRule:
    """A safety rule that fired: its id ("unsure:<code>" for an unsure red flag), level, why, and what it changes.

    `changes` are sentences a client may read. `answers` holds the fields and answers it rests on.
    """

    rule: str
    level: Level
    why: str
    changes: tuple[str, ...]
    when: str
    sources: tuple[str, ...]
    answers: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """A modality that is left out for safety, by which rule, and the sentence that says so."""

    modality: str
    rule: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Minus:
    """The one safety minus that applies to a modality."""

    modality: str
    rule: str
    points: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SafetyOutcome:
    """What screening found. `fired` stands in table order, unsure red flags last.

    `heading` and `say` are what to tell the client; `{emergency_number}` in them is for the reader to fill in.
    """

    level: Level
    disposition: Disposition | None
    fired: tuple[FiredRule, ...]
    cap: Pressure | None
    capped_by: str | None
    exclusions: tuple[Exclusion, ...]
    minuses: tuple[Minus, ...]
    avoid: tuple[str, ...]
    sites: tuple[str, ...]
    forbidden: tuple[str, ...]
    notes: tuple[Note, ...]
    heading: str
    say: tuple[str, ...]
    rule_set: str

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that fired."""
        return tuple(fired.rule for fired in self.fired)

    @property
    def excluded(self) -> frozenset[str]:
        """The modalities left out for safety."""
        return frozenset(exclusion.modality for exclusion in self.exclusions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Points for or against a modality: the rule ("start" for the starting points), the sentence, the sections."""

    rule: str
    points: int
    text: str
    sections: tuple[Section, ...]
    basis: str
    answers: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A modality that is shown. The points of `reasons` and `against` add up to the score."""

    modality: str
    name: str
    score: int
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A modality that would have ranked high or was wished for, and why it is not shown."""

    modality: str
    name: str
    points: int
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """One to three modalities that match the guidance and the wishes, best match first; none when nothing is left.

    `scores` holds all twelve; an excluded type's score is what it would have had. `provisional` at therapist_review.
    """

    ranked: tuple[Match, ...]
    scores: dict[str, int]
    left_out: tuple[LeftOut, ...]
    unwanted: tuple[str, ...]
    confidence: str | None
    summary: str
    evidence: str
    provisional: bool
    base: str | None
    rule_set: str

    @property
    def top(self) -> Match | None:
        """The best match, or None when nothing is left."""
        return self.ranked[0] if self.ranked else None
