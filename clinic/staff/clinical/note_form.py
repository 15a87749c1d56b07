"""The form of a session note: what was given, the therapist's words, and which parts stand as they were copied."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from hashlib import sha256
from uuid import UUID

from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length, Optional

from clinic.plans.note_content import COPIED_PARTS, PRESSURES, CopiedPart, NoteContent
from clinic.plans.notes import PageSave
from clinic.staff.forms import NOTE_LENGTH, NOTED_REGIONS, PLACES, TYPES, Ticks
from clinic.web.forms import Form

WORDS = ("text", "reaction", "advice", "next")
CONSENT_WORDS = {"agreed": "Agreed to every area", "left_out": "Asked to leave something out"}


class NoteForm(Form):
    """A session note."""

    seen = HiddenField()
    page = HiddenField()
    number = HiddenField()
    restored = HiddenField()
    copied = HiddenField()
    first = SelectField("First type", choices=[("", "Not said yet"), *TYPES], validators=[Optional()])
    second = SelectField("Second type", choices=[("", "None"), *TYPES], validators=[Optional()])
    third = SelectField("Third type", choices=[("", "None"), *TYPES], validators=[Optional()])
    areas = Ticks("Areas", choices=list(NOTED_REGIONS))
    pressure = RadioField(
        "Pressure",
        choices=[(pressure, pressure[0].upper() + pressure[1:]) for pressure in PRESSURES],
        validators=[Optional()],
    )
    consent = RadioField("Consent to the areas", choices=list(CONSENT_WORDS.items()), validators=[Optional()])
    text = TextAreaField("What you did and found", validators=[Length(max=NOTE_LENGTH)])
    reaction = TextAreaField("How the client took it", validators=[Length(max=NOTE_LENGTH)])
    advice = TextAreaField("Advice for home", validators=[Length(max=NOTE_LENGTH)])
    next = TextAreaField("For next time", validators=[Length(max=NOTE_LENGTH)])

    def take_over(self, planned: NoteContent) -> None:
        """Fill types, areas and pressure from what was planned; the words stay as they were typed."""
        for part in ("modalities", "areas", "pressure"):
            self._fill(part, planned)

    def copy(self, part: str, content: NoteContent, on: date) -> None:
        """Copy a part of an earlier note, below what is typed there already, and mark it as copied."""
        typed = getattr(self, part).data if part in WORDS else ""
        self._fill(part, content)
        if typed and typed != getattr(content, part):
            getattr(self, part).data = f"{typed}\n{getattr(content, part)}"
        self.mark_copied(
            [*(kept for kept in self.copied_parts if kept.part != part), CopiedPart(part=part, on=on)]
        )

    def show(self, content: NoteContent, seen: str) -> None:
        """Fill the form from a saved draft."""
        self.take_over(content)
        self.consent.data = content.consent or None
        for name in WORDS:
            self._fill(name, content)
        self.mark_copied(content.copied)
        self.seen.data = seen

    def mark_copied(self, parts: Sequence[CopiedPart]) -> None:
        """Say in the form which parts are copied, and what each said then."""
        self.copied.data = json.dumps(
            {copied.part: [copied.on.isoformat(), self._print_of(copied.part)] for copied in parts}
        )

    @property
    def copied_parts(self) -> tuple[CopiedPart, ...]:
        """The parts that still say what was copied; a part that was edited is the writer's own."""
        found = []
        with suppress(ValueError, TypeError, AttributeError):
            for part, (on, says) in json.loads(self.copied.data or "{}").items():
                if part in COPIED_PARTS and says and says == self._print_of(part):
                    found.append(CopiedPart(part=part, on=date.fromisoformat(on)))
        return tuple(found)

    @property
    def save(self) -> PageSave | None:
        """Which save of which open page this is; None without scripts, and for invalid input."""
        number = self.number.data or ""
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            return None
        try:
            return PageSave(page=UUID(self.page.data), number=int(number))
        except ValueError:
            return None

    @property
    def content(self) -> NoteContent:
        """What was typed, each type once and in order."""
        return NoteContent(
            modalities=self._types,
            areas=tuple(self.areas.data or ()),
            pressure=self.pressure.data or "",
            consent=self.consent.data or "",
            text=self.text.data or "",
            reaction=self.reaction.data or "",
            advice=self.advice.data or "",
            next=self.next.data or "",
            copied=self.copied_parts,
        )

    @property
    def _types(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(getattr(self, place).data for place in PLACES if getattr(self, place).data)
        )

    def _fill(self, part: str, content: NoteContent) -> None:
        if part == "modalities":
            for place, modality in zip(PLACES, (*content.modalities, "", "", ""), strict=False):
                getattr(self, place).data = modality
        elif part == "areas":
            self.areas.data = list(content.areas)
        else:
            getattr(self, part).data = getattr(content, part) or None

    def _print_of(self, part: str) -> str:
        """What a part says, as a fingerprint; empty for one that says nothing."""
        said = self._types if part == "modalities" else getattr(self, part).data or ()
        text = said if isinstance(said, str) else "\n".join(said)
        return sha256(text.encode()).hexdigest()[:16] if text else ""
