"""What the clinic's guidance says about each type, technique and cause, with its sections."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template

from clinic.guidance.advice import EVIDENCE
from clinic.guidance.benefits import BENEFITS
from clinic.guidance.causes import CAUSES
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES, Cause, Modality, Section, Technique
from clinic.guidance.rules import CURRENT
from clinic.guidance.silences import SILENCES
from clinic.guidance.sources import SOURCES
from clinic.guidance.statements import STATEMENTS, Statement, statements_in
from clinic.practice import queries as practice
from clinic.practice.models import Treatment
from clinic.public.offered_types import sold_types
from clinic.web.access import anyone, audience
from clinic.web.compression import compressed

blueprint = Blueprint("guidance", __name__)

CODES_THAT_ARE_NO_SOURCE = frozenset({"G4", "contradiction", "default"})
"""Source keys of safety rules that are not publications."""


@dataclass(frozen=True, kw_only=True)
class Type:
    """A type with its sections; `treatment` is the practice's treatment with it, None if it is not offered here."""

    modality: Modality
    sections: tuple[Section, ...]
    treatment: Treatment | None


@dataclass(frozen=True, kw_only=True)
class CitedSection:
    """A section of the document, what it says, and what on this page is based on it: types as (id, name), the rest by
    name."""

    section: Section
    says: tuple[Statement, ...]
    types: tuple[tuple[str, str], ...]
    techniques: tuple[str, ...]
    causes: tuple[str, ...]


@blueprint.get("/guidance")
@audience(anyone)
@compressed
def show() -> str:
    """The whole guidance on one page, the same everywhere except for what is offered here."""
    return render_template(
        "public/guidance.html",
        types=_types(),
        techniques=[(technique, _sections_of(technique.sections)) for technique in TECHNIQUES.values()],
        causes=[(cause, _sections_of(cause.sections)) for cause in CAUSES],
        sections=_sections(),
        silences=SILENCES,
        benefits=[(benefit, SECTIONS[STATEMENTS[benefit.anchor].section]) for benefit in BENEFITS],
        sources=[source for key, source in SOURCES.items() if key not in CODES_THAT_ARE_NO_SOURCE],
        evidence=EVIDENCE,
        rule_set=CURRENT.version,
    )


def _sections_of(codes: Iterable[str]) -> tuple[Section, ...]:
    """The sections with these codes, in the order given."""
    return tuple(SECTIONS[code] for code in codes)


def _types() -> list[Type]:
    settings = practice.the_practice()
    sold = sold_types(practice.treatments(), settings.modalities_off)
    return [
        Type(modality=modality, sections=_sections_of(modality.sections), treatment=sold.get(modality.id))
        for modality in MODALITIES.values()
    ]


def _sections() -> list[CitedSection]:
    return [
        CitedSection(
            section=section,
            says=statements_in(section.code),
            types=tuple((one.id, one.name) for one in MODALITIES.values() if section.code in one.sections),
            techniques=_names_in(section, TECHNIQUES.values()),
            causes=_names_in(section, CAUSES),
        )
        for section in SECTIONS.values()
    ]


def _names_in(section: Section, among: Iterable[Technique | Cause]) -> tuple[str, ...]:
    return tuple(one.name for one in among if section.code in one.sections)
