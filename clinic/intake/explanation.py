"""The one reader of stored explanations: what the guidance said about one submission, as typed values.

An explanation is stored as JSON and complete without its rule set. Every version that was ever stored stays readable:
what an older one does not have yet is empty here, and what a newer one adds is left alone. `assessment` writes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level
from clinic.guidance.plan import area_minutes
from clinic.guidance.questions import PAGES
from clinic.guidance.rules.kinds import ALL_LEFT_OUT, LEFT_OUT, REGIONS, listed
from clinic.intake.models import Outcome, SubmissionKind

Stored = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ExplainedRule:
    """A safety rule that fired: why, what it changes, and the facts with the answers that it depends on."""

    rule: str
    level: Level
    why: str = ""
    changes: tuple[str, ...] = ()
    when: str = ""
    answers: Stored
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    tell: str = ""

    @classmethod
    def read(cls, row: Stored) -> Self:
        """From its JSON."""
        return cls(
            rule=row["rule"],
            level=Level(row["level"]),
            why=row.get("why", ""),
            changes=tuple(row.get("changes", ())),
            when=row.get("when", ""),
            answers=row.get("answers", {}),
            how_soon=HowSoon(row["how_soon"]) if row.get("how_soon") else None,
            place=HelpPlace(row["place"]) if row.get("place") else None,
            tell=row.get("tell", ""),
        )


@dataclass(frozen=True, kw_only=True)
class ExplainedSafety:
    """What screening found. `heading` and `say` are what the client is told; `exclusions` gives for each type that is
    left out the rules that leave it out, and `notes` are (code, sentence). `how_soon` and `place` are those of a stop, and
    `watch` is what to watch for and what to do then.
    """

    fired: tuple[ExplainedRule, ...]
    exclusions: Mapping[str, tuple[str, ...]]
    notes: tuple[tuple[str, str], ...]
    forbidden: tuple[str, ...]
    """Techniques that no type may use here."""
    heading: str
    say: tuple[str, ...]
    cap: str | None
    """The most pressure that safety allows, if it limits it."""
    capped_by: str | None = None
    """The rule that limits it."""
    avoid: tuple[str, ...] = ()
    """Regions that rules leave alone."""
    how_soon: HowSoon | None = None
    place: HelpPlace | None = None
    watch: tuple[tuple[str, str], ...] = ()
    not_yet_asked: tuple[str, ...] = ()
    """Why each rule matters that nobody can decide yet, because its questions were not asked; the most serious first."""

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """From its JSON, empty if nothing was stored."""
        exclusions: dict[str, tuple[str, ...]] = {}
        for row in stored.get("exclusions", ()):
            exclusions[row["modality"]] = (*exclusions.get(row["modality"], ()), row["rule"])
        return cls(
            fired=tuple(
                _with_all_left_out(ExplainedRule.read(row), exclusions) for row in stored.get("fired", ())
            ),
            exclusions=exclusions,
            notes=tuple((note["code"], note["text"]) for note in stored.get("notes", ())),
            forbidden=tuple(stored.get("forbidden", ())),
            heading=stored.get("heading", ""),
            say=tuple(stored.get("say", ())),
            cap=stored.get("cap"),
            capped_by=stored.get("capped_by"),
            avoid=tuple(stored.get("avoid", ())),
            how_soon=HowSoon(stored["how_soon"]) if stored.get("how_soon") else None,
            place=HelpPlace(stored["place"]) if stored.get("place") else None,
            watch=tuple((net["watch_for"], net["do"]) for net in stored.get("safety_net", ())),
            not_yet_asked=tuple(row["why"] for row in stored.get("not_yet_asked", ())),
        )

    @property
    def rules(self) -> frozenset[str]:
        """Ids of the rules that fired."""
        return frozenset(fired.rule for fired in self.fired)

    def has_note(self, code: str) -> bool:
        """Whether the session has to mind this."""
        return any(code == noted for noted, _ in self.notes)


def _with_all_left_out(fired: ExplainedRule, exclusions: Mapping[str, tuple[str, ...]]) -> ExplainedRule:
    """The rule with every type it leaves out among its changes: those that need more pressure than it allows are stored
    apart."""
    types = [modality for modality in MODALITIES if fired.rule in exclusions.get(modality, ())]
    if not types:
        return fired
    others = tuple(line for line in fired.changes if not line.startswith(f"{LEFT_OUT}: "))
    all_of_them = ALL_LEFT_OUT.format(types=listed(MODALITIES[modality].name for modality in types))
    return replace(fired, changes=(*others[:1], all_of_them, *others[1:]))


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Points for or against a type, with the sentence, and the headings of the guidance or what else is behind it."""

    rule: str
    points: int
    text: str
    sections: tuple[tuple[str, str], ...]
    """(code, heading)"""
    basis: str
    answers: Stored

    @classmethod
    def read(cls, row: Stored) -> Self:
        """From its JSON."""
        return cls(
            rule=row["rule"],
            points=row["points"],
            text=row["text"],
            sections=tuple((section["code"], section["heading"]) for section in row.get("sections", ())),
            basis=row.get("basis", ""),
            answers=row.get("answers", {}),
        )

    @property
    def is_start(self) -> bool:
        """Whether these are the points a usual type begins with."""
        return self.rule == "start"


@dataclass(frozen=True, kw_only=True)
class ExplainedMatch:
    """A suggested type with its points and reasons; `base` is the type that oils are added to."""

    modality: str
    name: str
    what_it_is: str
    score: int
    reasons: tuple[Cited, ...]
    against: tuple[Cited, ...]
    base: str | None

    @classmethod
    def read(cls, row: Stored) -> Self:
        """From its JSON."""
        return cls(
            modality=row["modality"],
            name=row["name"],
            what_it_is=row.get("what_it_is", ""),
            score=row["score"],
            reasons=tuple(Cited.read(reason) for reason in row.get("reasons", ())),
            against=tuple(Cited.read(reason) for reason in row.get("against", ())),
            base=row.get("base"),
        )


@dataclass(frozen=True, kw_only=True)
class ExplainedOmission:
    """A type that would have ranked high or was wished for, and why it is not suggested."""

    modality: str
    name: str
    points: int
    rules: tuple[str, ...]
    text: str

    @classmethod
    def read(cls, row: Stored) -> Self:
        """From its JSON."""
        return cls(
            modality=row["modality"],
            name=row["name"],
            points=row["points"],
            rules=tuple(row.get("rules", ())),
            text=row["text"],
        )


@dataclass(frozen=True)
class ExplainedLength:
    """Minutes proposed for a session; `least` and `most` also fit, None if that was not stored."""

    minutes: int
    least: int | None
    most: int | None
    why: str


@dataclass(frozen=True)
class ExplainedCourse:
    """How many sessions, up to `most`, and how often; None where that is agreed freely."""

    sessions: int | None
    most: int | None
    every: str
    text: str


@dataclass(frozen=True)
class ExplainedGate:
    """After which sessions to look back, and what that is for."""

    after: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class ExplainedShare:
    """A type's share of a session in percent."""

    modality: str
    name: str
    percent: int


@dataclass(frozen=True)
class ExplainedAreaPart:
    """Minutes of a session for one type on some areas."""

    areas: tuple[str, ...]
    modality: str
    name: str
    minutes: int
    """0 if a therapist left it open."""

    @property
    def sentence(self) -> str:
        """For a therapist: the type, where, and how long."""
        where = ", ".join(REGIONS.get(area, area) for area in self.areas)
        place = f"{self.name}: {where}" if self.name else where.capitalize()
        return f"{place}, {self.minutes} minutes." if self.minutes else f"{place}."


@dataclass(frozen=True)
class ExplainedTechnique:
    """A technique proposed for a type, with its aim."""

    technique: str
    name: str
    modality: str
    aim: str


@dataclass(frozen=True, slots=True)
class TechniqueGroup:
    """The techniques of one type: each as its name and its aims."""

    modality: str
    techniques: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExplainedPlan:
    """The draft plan as it was proposed. `areas` and `avoid` are regions, `sites` places only a person can find."""

    areas: tuple[str, ...]
    avoid: tuple[str, ...]
    sites: tuple[str, ...]
    pressure: str
    pressure_why: str
    mix: tuple[ExplainedShare, ...]
    area_mix: str
    area_parts: tuple[ExplainedAreaPart, ...]
    techniques: tuple[ExplainedTechnique, ...]
    approach: tuple[str, ...]
    length: ExplainedLength | None
    course: ExplainedCourse
    reassess: ExplainedGate
    companion_care: str
    notes: tuple[str, ...]
    is_edited: bool = False
    """Whether a therapist wrote the areas and their minutes."""

    @property
    def areas_named(self) -> tuple[str, ...]:
        """The areas to give attention to, in words, from head to foot."""
        return tuple(REGIONS.get(area, area) for area in self.areas)

    def parts_of(self, minutes: int) -> tuple[ExplainedAreaPart, ...]:
        """Types by area in a session of this length, which need not be the one proposed; empty unless areas want different
        types."""
        if not self.area_parts:
            return ()
        if self.is_edited:
            return tuple(
                replace(part, minutes=self._scaled(part.minutes, minutes)) for part in self.area_parts
            )
        shares = area_minutes([len(part.areas) for part in self.area_parts], minutes)
        return tuple(
            replace(part, minutes=share) for part, share in zip(self.area_parts, shares, strict=True)
        )

    def _scaled(self, planned: int, minutes: int) -> int:
        """A part of the planned session in one of another length, in steps of five minutes."""
        whole = self.length.minutes if self.length else minutes
        return planned if minutes == whole else planned * minutes // whole // 5 * 5

    @property
    def techniques_by_type(self) -> tuple[TechniqueGroup, ...]:
        """Techniques under the type that uses them first, each once; a second type only adds its aim."""
        aims: dict[str, list[str]] = {}
        for one in self.techniques:
            known = aims.setdefault(one.technique, [])
            if one.aim not in known:
                known.append(one.aim)
        groups: dict[str, list[str]] = {}
        for one in self.techniques:
            if one.technique in aims:
                said = "; ".join(aims.pop(one.technique))
                groups.setdefault(one.modality, []).append(f"{one.name}: {said}")
        names = {part.modality: part.name for part in self.mix}
        return tuple(
            TechniqueGroup(names.get(modality, modality), tuple(words)) for modality, words in groups.items()
        )

    @classmethod
    def read(cls, stored: Stored) -> Self:
        """From its JSON."""
        length, course, gate = stored.get("length"), stored.get("course") or {}, stored.get("reassess") or {}
        return cls(
            areas=tuple(stored.get("areas", ())),
            avoid=tuple(stored.get("avoid", ())),
            sites=tuple(stored.get("sites", ())),
            pressure=stored.get("pressure", ""),
            pressure_why=stored.get("pressure_why", ""),
            mix=tuple(
                ExplainedShare(row["modality"], row["name"], row["percent"]) for row in stored.get("mix", ())
            ),
            area_mix=stored.get("area_mix", ""),
            area_parts=tuple(
                ExplainedAreaPart(tuple(row.get("areas", ())), row["modality"], row["name"], row["minutes"])
                for row in stored.get("area_parts", ())
            ),
            techniques=tuple(
                ExplainedTechnique(row["technique"], row["name"], row["modality"], row["aim"])
                for row in stored.get("techniques", ())
            ),
            approach=tuple(stored.get("approach", ())),
            length=_length(length) if length else None,
            course=ExplainedCourse(
                course.get("sessions"), course.get("most"), course.get("every", ""), course.get("text", "")
            ),
            reassess=ExplainedGate(tuple(gate.get("after", ())), gate.get("text", "")),
            companion_care=stored.get("companion_care", ""),
            notes=tuple(stored.get("notes", ())),
            is_edited=bool(stored.get("edited")),
        )


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Safety outcome, suggestion and draft plan of one submission.

    Without a suggestion, as at refer and urgent, `ranked` is empty and its sentences are; `plan` is None then.
    """

    level: Level
    disposition: Disposition | None
    is_short: bool
    """Whether only the short safety form of a visit was answered: then nothing is suggested and nothing planned."""
    safety: ExplainedSafety
    ranked: tuple[ExplainedMatch, ...]
    left_out: tuple[ExplainedOmission, ...]
    summary: str
    confidence: str | None
    evidence: str
    plan: ExplainedPlan | None
    rule_set: str
    unasked: tuple[str, ...] = ()
    """Titles of the questions that nobody had asked, in the order of the pages."""

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Open the explanation of an outcome. The caller records that it was read."""
        stored = outcome.explanation
        is_short = outcome.submission.kind == SubmissionKind.DAY_OF_VISIT
        suggestion = {} if is_short else stored.get("suggestion") or {}
        plan = None if is_short else stored.get("plan")
        return cls(
            level=Level(outcome.level),
            disposition=Disposition(outcome.disposition) if outcome.disposition else None,
            is_short=is_short,
            safety=ExplainedSafety.read(stored.get("safety") or {}),
            ranked=tuple(ExplainedMatch.read(row) for row in suggestion.get("ranked", ())),
            left_out=tuple(ExplainedOmission.read(row) for row in suggestion.get("left_out", ())),
            summary=suggestion.get("summary", ""),
            confidence=suggestion.get("confidence"),
            evidence=suggestion.get("evidence", ""),
            plan=ExplainedPlan.read(plan) if plan else None,
            rule_set=outcome.rule_set,
            unasked=unasked_titles(outcome),
        )

    @property
    def fired(self) -> tuple[ExplainedRule, ...]:
        """The safety rules that fired, in table order."""
        return self.safety.fired

    @property
    def exclusions(self) -> Mapping[str, tuple[str, ...]]:
        """Type left out for safety to the rules that leave it out."""
        return self.safety.exclusions

    @property
    def suggested(self) -> tuple[str, ...]:
        """Ids of the suggested types, best match first."""
        return tuple(match.modality for match in self.ranked)

    def rules_against(self, modalities: Iterable[str]) -> frozenset[str]:
        """Every rule that leaves out one of these types."""
        return frozenset(rule for modality in modalities for rule in self.exclusions.get(modality, ()))


def safety_of(outcome: Outcome) -> ExplainedSafety:
    """Only what screening found, for decisions that need no more. Levels are read without being recorded."""
    return ExplainedSafety.read(outcome.explanation.get("safety") or {})


def most_minutes_of(outcome: Outcome) -> int | None:
    """The longest session the answers allow; older explanations know it only from their plan, and not without one."""
    stored = outcome.explanation
    plan = stored.get("plan") or {}
    most: int | None = stored.get("most_minutes", (plan.get("length") or {}).get("most"))
    return most


def asked_to_avoid(outcome: Outcome) -> tuple[str, ...]:
    """Regions that the draft plan leaves alone for the client's own reasons; none without a plan."""
    plan = outcome.explanation.get("plan") or {}
    return tuple(plan.get("avoid", ()))


def unasked_of(outcome: Outcome) -> frozenset[str]:
    """The fields that nobody had asked when the answers were sent, as keys of answers; older answers were asked all."""
    return frozenset(outcome.explanation.get("unasked", ()))


def unasked_titles(outcome: Outcome) -> tuple[str, ...]:
    """What nobody had asked when the answers were sent, as short titles in the order of the pages."""
    unasked = unasked_of(outcome)
    return tuple(
        question.title
        for page in PAGES
        for question in page.questions
        if page.part != "H" and question.field in unasked
    )


def _length(row: Stored) -> ExplainedLength:
    return ExplainedLength(row["minutes"], row.get("least"), row.get("most"), row.get("why", ""))
