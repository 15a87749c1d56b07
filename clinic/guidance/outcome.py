"""The safety outcome: what screening found, and what to tell the client."""

from dataclasses import dataclass

from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level, Pressure
from clinic.guidance.plain import Json, record
from clinic.guidance.rules.kinds import Note
from clinic.guidance.safety_net import SafetyNet


@dataclass(frozen=True, kw_only=True, slots=True)
class FiredRule:
    """A safety rule that fired: its id ("unsure:<code>" for an unsure red flag), level, why, and what it changes.

    `changes` are sentences a client may read, `when` is the condition in a therapist's words, and `answers` holds the
    fields and answers it rests on. A stop also says how soon and where to go, what to tell there, and when to come
    back; `watch` names its safety nets.
    """

    rule: str
    level: Level
    disposition: Disposition | None
    why: str
    changes: tuple[str, ...]
    when: str
    sources: tuple[str, ...]
    answers: Json
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    tell: str = ""
    come_back: str = ""
    watch: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NotYetAsked:
    """A safety rule that nobody can decide yet, and the answers it still needs."""

    rule: str
    level: Level
    why: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """A modality that is left out for safety, by which rule, and the sentence that says so."""

    modality: str
    rule: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Minus:
    """The one safety minus that applies to a modality, the largest of all that would."""

    modality: str
    rule: str
    points: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SafetyOutcome:
    """What screening found. `fired` stands in table order, unsure red flags last.

    `heading` and `say` are what to tell the client; `{emergency_number}` in them is for the page to fill in.
    `avoid` holds regions, `sites` places that only a person can find. `how_soon` and `place` belong to the most urgent of
    the rules at this level. `not_yet_asked` lists rules whose answers were not asked, and `safety_net` says what to watch
    for until the visit.
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
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    not_yet_asked: tuple[NotYetAsked, ...] = ()
    safety_net: tuple[SafetyNet, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that fired, in table order."""
        return tuple(fired.rule for fired in self.fired)

    @property
    def excluded(self) -> frozenset[str]:
        """The modalities left out for safety."""
        return frozenset(exclusion.modality for exclusion in self.exclusions)

    def has_note(self, code: str) -> bool:
        """Whether the session has to mind this."""
        return any(note.code == code for note in self.notes)

    def as_dict(self) -> Json:
        """The outcome as plain JSON, complete without the rules."""
        return record(self)
