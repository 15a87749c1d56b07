"""A note's content as staff read it."""

from clinic.guidance.knowledge import MODALITIES
from clinic.plans.notes import NoteContent
from clinic.staff.forms import NOTED_REGIONS


def rows_of(content: NoteContent) -> list[tuple[str, str]]:
    """A note's content as terms and words, without what was left empty."""
    regions = dict(NOTED_REGIONS)
    rows = [
        ("Types given", ", then ".join(MODALITIES[modality].name for modality in content.modalities)),
        ("Areas", ", ".join(regions.get(area, area) for area in content.areas)),
        ("Pressure", content.pressure.capitalize()),
        ("Done and found", content.text),
        ("How the client took it", content.reaction),
        ("For next time", content.next),
    ]
    return [(title, text) for title, text in rows if text]
