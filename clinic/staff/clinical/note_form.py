"""The form of a session note: what was given, the therapist's words, and which parts stand as they were copied."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from hashlib import sha256
from uuid import UUID

from wtforms import FieldList, FormField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length, Optional

from clinic.plans.note_content import (
    MOST_FINDINGS,
    MOST_SECTIONS,
    PRESSURES,
    SECTION,
    CopiedPart,
    Finding,
    NoteContent,
    NoteSection,
)
from clinic.plans.notes import PageSave
from clinic.staff.clinical.body_chart import PLACES as CHART_PLACES
from clinic.staff.clinical.body_chart import FindingForm, row_of
from clinic.staff.forms import NOTE_LENGTH, NOTED_REGIONS, PLACES, TYPES
from clinic.web.forms import Form, Ticks

HEADING_LENGTH = 80
WORDS = ("text", "reaction", "advice", "next")
CONSENT_WORDS = {"agreed": "Agreed to every area", "left_out": "Asked to leave something out"}


class SectionForm(Form):
    """The words below one heading."""

    class Meta(Form.Meta):
        """The token stands once, in the note's form."""

        csrf = False

    heading = HiddenField(validators=[Length(max=HEADING_LENGTH)])
    text = TextAreaField(validators=[Length(max=NOTE_LENGTH)])


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
    findings = FieldList(FormField(FindingForm), max_entries=MOST_FINDINGS)
    sections = FieldList(FormField(SectionForm), max_entries=MOST_SECTIONS)
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
        said = text_of(content, part)
        field = self.words_of(part)
        if field is None:
            self._fill(part, content)
        elif field.data and field.data != said:
            field.data = f"{field.data}\n{said}"
        else:
            field.data = said
        kept = [copied for copied in self.copied_parts if copied.part != part]
        self.mark_copied([*kept, CopiedPart(part=part, on=on)])

    def words_of(self, part: str) -> TextAreaField | None:
        """The field for the words of a part; a heading that the form has not gets one. None for what is chosen, not typed."""
        if part in WORDS:
            typed: TextAreaField = self[part]
            return typed
        if not part.startswith(SECTION):
            return None
        heading = part.removeprefix(SECTION)
        for entry in self.sections:
            if entry.heading.data == heading:
                return entry.form.text
        if len(self.sections) >= MOST_SECTIONS:
            return None
        return self.sections.append_entry({"heading": heading}).form.text

    def add_finding(self, place: str) -> None:
        """Begin a row for a place of the chart, if there is room and such a place."""
        if place in dict(CHART_PLACES) and len(self.findings) < MOST_FINDINGS:
            self.findings.append_entry({"place": place})

    def remove_finding(self, number: str) -> None:
        """Take a row away, counted from 0; nothing happens for any other number."""
        rows = [entry.form.data for entry in self.findings]
        self._show_findings(row for index, row in enumerate(rows) if str(index) != number)

    def _show_findings(self, rows: Iterable[Mapping[str, str]]) -> None:
        while self.findings.entries:
            self.findings.pop_entry()
        for row in rows:
            self.findings.append_entry(row)

    @property
    def findings_said(self) -> tuple[Finding, ...]:
        """The rows as far as they can be read, for the figure."""
        found = []
        for entry in self.findings:
            with suppress(ValueError, AttributeError):
                found.append(entry.form.finding)
        return tuple(found)

    @property
    def typed_parts(self) -> list[tuple[str, str]]:
        """The parts that are typed, with their labels; each section's field is given its heading as label."""
        for entry in self.sections:
            entry.form.text.label.text = entry.heading.data
        sections = [(SECTION + entry.heading.data, entry.heading.data) for entry in self.sections]
        return [*sections, *((name, self[name].label.text) for name in WORDS)]

    def use_template(self, headings: Sequence[str]) -> None:
        """Lay out the form by these headings. What is typed below another one stays, after them."""
        typed = {entry.heading.data: entry.form.text.data or "" for entry in self.sections}
        left = [heading for heading, text in typed.items() if text and heading not in headings]
        while self.sections.entries:
            self.sections.pop_entry()
        for heading in [*headings, *left][:MOST_SECTIONS]:
            self.sections.append_entry({"heading": heading, "text": typed.get(heading, "")})

    def put(self, part: str, words: str) -> None:
        """Put a phrase below what is typed in a part; nothing happens for a part that is not typed."""
        field = self.words_of(part)
        if field is not None:
            field.data = f"{field.data}\n{words}" if field.data else words

    def show(self, content: NoteContent, seen: str) -> None:
        """Fill the form from a saved draft."""
        self.take_over(content)
        self.consent.data = content.consent or None
        for name in WORDS:
            self._fill(name, content)
        self._show_findings(row_of(finding) for finding in content.findings)
        while self.sections.entries:
            self.sections.pop_entry()
        for section in content.sections:
            self.sections.append_entry({"heading": section.heading, "text": section.text})
        self.mark_copied(content.copied)
        self.seen.data = seen

    def mark_copied(self, parts: Sequence[CopiedPart]) -> None:
        """Say in the form which parts are copied, and what each said then."""
        self.copied.data = json.dumps(
            {copied.part: [copied.on.isoformat(), self._prints.get(copied.part, "")] for copied in parts}
        )

    @property
    def copied_parts(self) -> tuple[CopiedPart, ...]:
        """The parts that still say what was copied; a part that was edited is the writer's own."""
        found = []
        with suppress(ValueError, TypeError, AttributeError):
            for part, (on, says) in json.loads(self.copied.data or "{}").items():
                if says and says == self._prints.get(part):
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
            findings=tuple(entry.form.finding for entry in self.findings),
            sections=self._sections,
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

    @property
    def _sections(self) -> tuple[NoteSection, ...]:
        texts = {
            entry.heading.data: entry.form.text.data or "" for entry in self.sections if entry.heading.data
        }
        return tuple(NoteSection(heading=heading, text=text) for heading, text in texts.items())

    @property
    def _prints(self) -> dict[str, str]:
        """What each part that can be copied says, as a fingerprint; without those that say nothing."""
        said = {name: self[name].data or "" for name in ("pressure", *WORDS)}
        said |= {"modalities": "\n".join(self._types), "areas": "\n".join(self.areas.data or ())}
        said |= {SECTION + section.heading: section.text for section in self._sections}
        return {part: sha256(text.encode()).hexdigest()[:16] for part, text in said.items() if text}


def text_of(content: NoteContent, part: str) -> str:
    """The words of a part; empty for what is chosen, not typed."""
    if part in WORDS:
        return str(getattr(content, part))
    return next((each.text for each in content.sections if SECTION + each.heading == part), "")
