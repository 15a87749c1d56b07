"""What a session note says, as it is stored and exported. What an older note does not have reads as empty."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.rules.kinds import REGIONS

PRESSURES = ("very light", "light", "light to medium", "medium", "firm")
CONSENTS = ("agreed", "left_out")
"""Whether the client agreed to every area, or asked to leave something out."""
MOST_SECTIONS = 12
COPIED_PARTS = ("modalities", "areas", "pressure", "text", "reaction", "advice", "next")
"""What can be copied from the note before, beside sections. Consent is given anew at each visit."""
SECTION = "section:"
"""The part of a section is this and its heading."""


@dataclass(frozen=True, kw_only=True)
class CopiedPart:
    """A part that stands as it stood in an earlier note, with the day of that visit."""

    part: str
    on: date


@dataclass(frozen=True, kw_only=True)
class NoteSection:
    """The words below one heading of the template that the note was written with."""

    heading: str
    text: str = ""


VIEWS = ("back", "front")
SIDES = ("left", "middle", "right", "both")
MOST_FINDINGS = 20
WORST_PAIN = 10


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the therapist found at one place of the body chart; `pain` from 0 to 10 as the client says it there."""

    view: str
    area: str
    side: str = ""
    words: str = ""
    pressure: str = ""
    pain: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, without the value, for input that no page can send."""
        if self.view not in VIEWS or self.area not in REGIONS or self.side not in ("", *SIDES):
            raise ValueError("finding")
        if self.pressure not in ("", *PRESSURES):
            raise ValueError("finding")
        if self.pain is not None and not 0 <= self.pain <= WORST_PAIN:
            raise ValueError("finding")


@dataclass(frozen=True, kw_only=True)
class NoteContent:
    """What was actually done and found: types in order, areas, pressure, consent to the areas,
    findings on the body chart, and the therapist's own words."""

    modalities: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    pressure: str = ""
    consent: str = ""
    findings: tuple[Finding, ...] = ()
    sections: tuple[NoteSection, ...] = ()
    text: str = ""
    reaction: str = ""
    advice: str = ""
    next: str = ""
    copied: tuple[CopiedPart, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError, without the value, for input that no page can send."""
        if not set(self.modalities) <= set(MODALITIES) or len(set(self.modalities)) < len(self.modalities):
            raise ValueError("modalities")
        if not set(self.areas) <= set(REGIONS):
            raise ValueError("areas")
        if self.pressure and self.pressure not in PRESSURES:
            raise ValueError("pressure")
        if self.consent and self.consent not in CONSENTS:
            raise ValueError("consent")
        headings = [section.heading for section in self.sections]
        if len(set(headings)) < len(headings) or "" in headings:
            raise ValueError("sections")
        if not {copied.part for copied in self.copied} <= {*COPIED_PARTS, *map(SECTION.__add__, headings)}:
            raise ValueError("copied")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The content as it was stored."""
        return cls(
            modalities=tuple(stored["modalities"]),
            areas=tuple(stored["areas"]),
            pressure=stored["pressure"],
            consent=stored.get("consent", ""),
            findings=tuple(Finding(**row) for row in stored.get("findings", ())),
            sections=tuple(
                NoteSection(heading=row["heading"], text=row["text"]) for row in stored.get("sections", ())
            ),
            text=stored["text"],
            reaction=stored["reaction"],
            advice=stored.get("advice", ""),
            next=stored["next"],
            copied=tuple(
                CopiedPart(part=row["part"], on=date.fromisoformat(row["on"]))
                for row in stored.get("copied", ())
            ),
        )

    @property
    def stored(self) -> dict[str, Any]:
        """The content as JSON values, as it is sealed."""
        return {
            "modalities": list(self.modalities),
            "areas": list(self.areas),
            "pressure": self.pressure,
            "consent": self.consent,
            "findings": [asdict(finding) for finding in self.findings],
            "sections": [{"heading": section.heading, "text": section.text} for section in self.sections],
            "text": self.text,
            "reaction": self.reaction,
            "advice": self.advice,
            "next": self.next,
            "copied": [{"part": copied.part, "on": copied.on.isoformat()} for copied in self.copied],
        }
