"""A note's content as staff read it."""

from clinic.guidance.knowledge import MODALITIES
from clinic.language.reading import and_year, long_date
from clinic.plans.note_content import SECTION, NoteContent
from clinic.staff.clinical.body_chart import said
from clinic.staff.clinical.note_form import CONSENT_WORDS
from clinic.staff.forms import NOTED_REGIONS


def parts_of(content: NoteContent) -> list[tuple[str, str, str]]:
    """A note's parts with their names, terms and words, without what was left empty."""
    regions = dict(NOTED_REGIONS)
    parts = [
        ("modalities", "Types given", ", then ".join(MODALITIES[each].name for each in content.modalities)),
        ("areas", "Areas", ", ".join(regions.get(area, area) for area in content.areas)),
        ("pressure", "Pressure", content.pressure.capitalize()),
        ("consent", "Consent to the areas", CONSENT_WORDS.get(content.consent, "")),
        ("findings", "Findings", _numbered(content)),
        *((SECTION + each.heading, each.heading, each.text) for each in content.sections),
        ("text", "Done and found", content.text),
        ("reaction", "How the client took it", content.reaction),
        ("advice", "Advice for home", content.advice),
        ("next", "For next time", content.next),
    ]
    return [part for part in parts if part[2]]


def _numbered(content: NoteContent) -> str:
    return "\n".join(f"{number}. {said(finding)}" for number, finding in enumerate(content.findings, 1))


def rows_of(content: NoteContent) -> list[tuple[str, str]]:
    """A note's content as terms and words; a term says if its words were copied, and from which day."""
    copied = {part.part: and_year(long_date(part.on), part.on.year) for part in content.copied}
    return [
        (f"{title}, copied from {copied[name]}" if name in copied else title, text)
        for name, title, text in parts_of(content)
    ]
