"""The suggestion: one to three modalities that match the guidance and the wishes, with cited reasons."""

from dataclasses import dataclass

from clinic.guidance.knowledge import Section
from clinic.guidance.plain import Json, record


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Points for or against a modality: the rule ("start" for the starting points), the sentence, the sections.

    Without sections `basis` says what it rests on instead: a cautious or a product default, or safety.
    """

    rule: str
    points: int
    text: str
    sections: tuple[Section, ...]
    basis: str
    answers: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A modality that is shown. The points of `reasons` and `against` add up to the score.

    `base` is the type it is combined with, for oils that are added to another massage.
    """

    modality: str
    name: str
    what_it_is: str
    score: int
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    base: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A modality that would have ranked among the first three or was wished for, and why it is not shown.

    `points` are those it had before safety.
    """

    modality: str
    name: str
    points: int
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """One to three modalities, best match first; none when nothing is left.

    `scores` holds all twelve; that of an excluded type is what it would have had before safety. `unwanted` are the types
    the client does not want. `provisional` says that a therapist looks first and the client sees no types yet.
    """

    ranked: tuple[Match, ...]
    scores: dict[str, int]
    left_out: tuple[LeftOut, ...]
    unwanted: tuple[str, ...]
    confidence: str | None
    summary: str
    evidence: str
    provisional: bool
    rule_set: str

    @property
    def top(self) -> Match | None:
        """The best match, or None when nothing is left."""
        return self.ranked[0] if self.ranked else None

    def as_dict(self) -> Json:
        """The suggestion as plain JSON, complete without the rules."""
        return record(self)
