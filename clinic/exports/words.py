"""The values of a record in words, in the language spoken now; what people wrote themselves stays as it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clinic.exports.record import Record
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.own_words import TITLES
from clinic.guidance.questions import QUESTIONS
from clinic.guidance.rules.kinds import REGIONS
from clinic.intake import documents
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text
from clinic.messaging.consent_ledger import WORDS
from clinic.plans.note_content import Finding, NoteContent

INSTRUMENTS: Final = {
    "nrs": N_("Pain, from 0 to 10"),
    "peg": N_("Pain and what it keeps you from, from 0 to 10"),
    "psfs": N_("What you want to do again, from 0 to 10"),
    "global_change": N_("Change since the beginning"),
    "reaction": N_("After the session before"),
}
SCORES: Final = {
    "average": N_("On average"),
    "worst": N_("At its worst"),
    "now": N_("Now"),
    "pain": N_("Pain"),
    "enjoyment": N_("Enjoyment of life"),
    "activity": N_("Activity"),
}
STATES: Final = {
    "held": N_("Reserved"),
    "requested": N_("Asked for"),
    "booked": N_("Booked"),
    "arrived": N_("You were there"),
    "done": N_("Took place"),
    "missed": N_("Did not take place"),
    "cancelled": N_("Cancelled"),
    "declined": N_("Declined"),
    "lapsed": N_("Not confirmed"),
}
PURPOSES: Final = {kind: words.title for kind, words in WORDS.items()}
DOCUMENTS: Final = {kind.value: words for kind, words in documents.KINDS.items()}
INCIDENTS: Final = {
    "fall": N_("Fall"),
    "faint": N_("Fainting"),
    "burn": N_("Burn"),
    "bruise": N_("Bruise"),
    "complaint": N_("Complaint"),
    "other": N_("Something else"),
}


@dataclass(frozen=True, kw_only=True)
class NoteInWords:
    """A session note with its additions, as (title, words)."""

    id: str
    visit_id: str
    author: str
    written_at: str
    signed_at: str | None
    rows: tuple[tuple[str, str], ...]


def question(field: str) -> str:
    """The question, or its short title."""
    known = QUESTIONS.get(field)
    return health_text(known.title if known else TITLES.get(field, field))


def plain(value: Any) -> str:
    """A value that has no words of its own."""
    if isinstance(value, Mapping):
        return str(value.get("text") or "; ".join(f"{name}: {plain(one)}" for name, one in value.items()))
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    return "" if value is None else str(value)


def instrument(code: str) -> str:
    """What was asked."""
    return gettext(INSTRUMENTS.get(code, code))


def scores(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each score with what it is about; a client's own words for an activity stay as they are."""
    for name, value in given.items():
        if name == "activities":
            yield from ((row["activity"], row["score"]) for row in value)
        else:
            yield gettext(SCORES.get(name, name.replace("_", " ").capitalize())), _said(value)


def _said(value: Any) -> Any:
    return health_text(value.replace("_", " ").capitalize()) if isinstance(value, str) else value


def lines_of_address(further: Mapping[str, str]) -> str:
    """Street and place, one below the other; empty if they are not known."""
    place = " ".join(further.get(part, "") for part in ("postcode", "town")).strip()
    return "\n".join(line for line in (further.get("street", ""), place) if line)


def plan_title(plan: Record) -> str:
    """The types of a course."""
    types = (plan["content"] or {}).get("modalities", ())
    return ", ".join(_modality(one) for one in types)


def plan_goals(plan: Record) -> str:
    """The goals of a course, in the client's words."""
    return "; ".join(goal["words"] for goal in (plan["content"] or {}).get("goals", ()))


def _modality(code: str) -> str:
    return health_text(MODALITIES[code].name) if code in MODALITIES else code


def content_type(name: str) -> str:
    """Of a document in the copy, by how its name ends."""
    return "application/pdf" if name.endswith(".pdf") else "image/jpeg"


def notes(record: Record) -> list[NoteInWords]:
    """The session notes in the order in which they were begun."""
    users = record["names"]["users"]
    added: dict[str, list[Record]] = {}
    for addendum in record["tables"]["note_addenda"]:
        added.setdefault(addendum["note_id"], []).append(addendum)
    return [
        NoteInWords(
            id=note["id"],
            visit_id=note["appointment_id"],
            author=users.get(note["author_id"], ""),
            written_at=note["written_at"],
            signed_at=note["signed_at"],
            rows=(
                *_rows_of(NoteContent.of(note["content"])),
                *((gettext(N_("Added later")), one["text"]) for one in added.get(note["id"], ())),
            ),
        )
        for note in record["tables"]["session_notes"]
    ]


def _rows_of(content: NoteContent) -> Iterator[tuple[str, str]]:
    rows = (
        (N_("Types given"), ", ".join(map(_modality, content.modalities))),
        (N_("Areas"), ", ".join(map(_region, content.areas))),
        (N_("Pressure"), health_text(content.pressure)),
        (N_("Findings"), "\n".join(map(_finding, content.findings))),
        *((section.heading, section.text) for section in content.sections),
        (N_("Done and found"), content.text),
        (N_("How you took it"), content.reaction),
        (N_("Advice for home"), content.advice),
        (N_("For next time"), content.next),
    )
    return ((gettext(title), words) for title, words in rows if words)


def _region(code: str) -> str:
    return health_text(REGIONS.get(code, code))


def _finding(finding: Finding) -> str:
    pain = gettext(N_("Pain %(score)s of 10")) % {"score": finding.pain} if finding.pain is not None else ""
    parts = (_region(finding.area), finding.words, health_text(finding.pressure), pain)
    return "; ".join(part for part in parts if part)
