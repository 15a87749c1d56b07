"""A stored explanation as typed values: what the engine said about one submission, readable without its rule set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from clinic.guidance.levels import Level
from clinic.intake.models import Outcome, SubmissionKind


@dataclass(frozen=True, kw_only=True)
class ExplainedRule:
    """A safety rule that fired, why, and what it changes."""

    rule: str
    level: Level
    why: str
    changes: tuple[str, ...]
    when: str


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Points for or against a type, with the sentence and the headings of the guidance behind it."""

    rule: str
    points: int
    text: str
    sections: tuple[tuple[str, str], ...]
    """(code, heading)"""

    @property
    def is_start(self) -> bool:
        """Whether these are the points a usual type begins with."""
        return self.rule == "start"


@dataclass(frozen=True, kw_only=True)
class ExplainedMatch:
    """A suggested type with its points and reasons."""

    modality: str
    name: str
    score: int
    reasons: tuple[Cited, ...]
    against: tuple[Cited, ...]


@dataclass(frozen=True, kw_only=True)
class ExplainedOmission:
    """A type that would have ranked high or was wished for, and why it is not suggested."""

    name: str
    points: int
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Safety outcome and suggestion of one submission."""

    level: Level
    disposition: str | None
    is_short: bool
    """Whether only the short safety form of a visit was answered: then nothing is suggested and nothing planned."""
    fired: tuple[ExplainedRule, ...]
    exclusions: Mapping[str, tuple[str, ...]]
    """Type left out for safety to the rules that leave it out."""
    ranked: tuple[ExplainedMatch, ...]
    left_out: tuple[ExplainedOmission, ...]
    plan: Mapping[str, Any] | None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Open the explanation of an outcome. The caller records that it was read."""
        stored = outcome.explanation
        safety = stored.get("safety") or {}
        is_short = outcome.submission.kind == SubmissionKind.DAY_OF_VISIT
        suggestion = {} if is_short else stored.get("suggestion") or {}
        return cls(
            level=Level(outcome.level),
            disposition=outcome.disposition,
            is_short=is_short,
            fired=tuple(_fired(row) for row in safety.get("fired", ())),
            exclusions=_grouped(safety.get("exclusions", ())),
            ranked=tuple(_match(row) for row in suggestion.get("ranked", ())),
            left_out=tuple(_left_out(row) for row in suggestion.get("left_out", ())),
            plan=None if is_short else stored.get("plan"),
        )

    @property
    def suggested(self) -> tuple[str, ...]:
        """Ids of the suggested types, best match first."""
        return tuple(match.modality for match in self.ranked)

    def rules_against(self, modalities: Iterable[str]) -> frozenset[str]:
        """Every rule that leaves out one of these types."""
        return frozenset(rule for modality in modalities for rule in self.exclusions.get(modality, ()))


def _fired(row: Mapping[str, Any]) -> ExplainedRule:
    return ExplainedRule(
        rule=row["rule"],
        level=Level(row["level"]),
        why=row["why"],
        changes=tuple(row.get("changes", ())),
        when=row.get("when", ""),
    )


def _grouped(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row["modality"]] = (*found.get(row["modality"], ()), row["rule"])
    return found


def _match(row: Mapping[str, Any]) -> ExplainedMatch:
    return ExplainedMatch(
        modality=row["modality"],
        name=row["name"],
        score=row["score"],
        reasons=tuple(_cited(reason) for reason in row.get("reasons", ())),
        against=tuple(_cited(reason) for reason in row.get("against", ())),
    )


def _cited(row: Mapping[str, Any]) -> Cited:
    return Cited(
        rule=row["rule"],
        points=row["points"],
        text=row["text"],
        sections=tuple((section["code"], section["heading"]) for section in row.get("sections", ())),
    )


def _left_out(row: Mapping[str, Any]) -> ExplainedOmission:
    return ExplainedOmission(
        name=row["name"], points=row["points"], rules=tuple(row.get("rules", ())), text=row["text"]
    )
