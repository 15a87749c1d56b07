"""Verbs of the session note: write, discard, sign, add. One note per visit; signing locks it and completes the visit.

A page saves the draft by itself while somebody writes, so two saves of one note can meet in any order. Every verb locks the note's
row first. A save is taken if it began from the version that stands, or if the page that saves also made that version, by an
earlier save whose answer may have been lost. Everything else is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking import attendance
from clinic.booking.models import Appointment, State
from clinic.db import db, violates
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.rules.kinds import REGIONS
from clinic.plans import courses
from clinic.plans.models import NoteAddendum, SessionNote
from clinic.plans.note_content import PRESSURES, NoteContent
from clinic.refusal import NotFound, Refusal, Stale

NOTED = (State.BOOKED, State.ARRIVED, State.DONE)
"""States of a visit that can have a note."""
EDITING = timedelta(minutes=30)
"""Saves of a page by one person that follow each other within this time are one piece of work, and one audit entry."""


class NoVisit(Refusal):
    """The visit was cancelled, missed or never agreed, so it has no note."""

    code = "no-visit"
    sentence = "This visit did not take place, so it has no note."


class TooEarly(Refusal):
    """Signing before the visit began."""

    code = "too-early"
    sentence = "A note can be signed once the visit has begun."


class Signed(Refusal):
    """A change of a signed note."""

    code = "signed"
    sentence = "This note is signed and does not change any more. Add to it below."


class NotSigned(Refusal):
    """An addendum to a note that is still a draft."""

    code = "not-signed"
    sentence = "This note is not signed yet; write into the note itself."


class NotSupervisor(Refusal):
    """A co-signature by somebody who does not supervise the author, or of a note that needs none."""

    code = "not-supervisor"
    sentence = "Only whoever supervises the author of a note co-signs it."


class NoteIncomplete(Refusal):
    """The note does not say what was done."""

    status = 400
    code = "incomplete"
    sentence = "Say which types you gave before you sign."


@dataclass(frozen=True, kw_only=True)
class PageSave:
    """Which save of which open page this is; `number` grows with each save that the page sends."""

    page: UUID
    number: int


def write_note(
    appointment: Appointment,
    content: NoteContent,
    *,
    by: User,
    now: datetime,
    seen: datetime | None = None,
    save: PageSave | None = None,
    is_by_itself: bool = False,
) -> SessionNote:
    """Save the draft of a visit's note.

    `seen` is `written_at` of the draft that the page showed, None for a first one: raises Stale if another was saved
    meanwhile, unless `save` says that this page saved it. A page that saves by itself leaves one audit entry for a piece of
    work. Raises NoVisit and Signed.
    """
    if appointment.state not in NOTED:
        raise NoVisit
    note = _locked_note(appointment)
    is_going_on = False
    if note is None:
        if seen is not None:
            raise Stale
        note = SessionNote(appointment_id=appointment.id, client_id=appointment.client_id, author_id=by.id)
    else:
        if note.signed_at is not None:
            raise Signed
        if not _follows(note, seen, save):
            raise Stale
        is_going_on = is_by_itself and note.author_id == by.id and now - note.written_at < EDITING
    note.content, note.written_at, note.author_id = content.stored, now, by.id
    note.page_key, note.page_save = (save.page, save.number) if save else (None, None)
    with violates("uq_session_notes_appointment_id", Stale()):
        db.session.add(note)
    if not is_going_on:
        _record("write", note, by, now, fields=tuple(content.stored))
    return note


def discard_note(appointment: Appointment, *, by: User, now: datetime, seen: datetime) -> None:
    """Delete the draft of a visit's note that was `seen`. Raises Signed, and Stale if it is another one or none."""
    note = _locked_note(appointment)
    if note is None:
        raise Stale
    if note.signed_at is not None:
        raise Signed
    if note.written_at != seen:
        raise Stale
    _record("delete", note, by, now)
    db.session.delete(note)
    db.session.flush()


def sign_note(
    appointment: Appointment,
    content: NoteContent,
    *,
    by: User,
    now: datetime,
    seen: datetime | None = None,
    save: PageSave | None = None,
) -> SessionNote:
    """Save the note for the last time, sign it, and complete the visit.

    From then on the database refuses every change. Raises what `write_note` raises, and TooEarly and NoteIncomplete.
    """
    if appointment.starts_at > now:
        raise TooEarly
    if not content.modalities:
        raise NoteIncomplete
    # Completing takes the calendar's locks, which come before all others.
    if appointment.state in (State.BOOKED, State.ARRIVED):
        attendance.complete(appointment.id, actor=audit.by_user(by.id), now=now)
    note = write_note(appointment, content, by=by, now=now, seen=seen, save=save)
    note.signed_at, note.needs_cosigning = now, by.supervisor_id is not None
    db.session.flush()
    _record("sign", note, by, now)
    return note


def cosign_note(appointment: Appointment, *, by: User, now: datetime) -> None:
    """Put a supervisor's name under the signed note of a student; doing it twice is harmless.

    The database refuses to change it from then on. Raises NotSigned and NotSupervisor.
    """
    note = _locked_note(appointment)
    if note is None or note.signed_at is None:
        raise NotSigned
    if not may_cosign(note, by):
        raise NotSupervisor
    if note.cosigned_at is not None:
        return
    note.cosigned_at, note.cosigned_by_id = now, by.id
    _record("cosign", note, by, now)
    db.session.flush()


def may_cosign(note: SessionNote | None, user: User) -> bool:
    """Whether this person supervises the author of this signed note, which needs a co-signature or has it."""
    if note is None or note.signed_at is None or not note.needs_cosigning:
        return False
    return db.session.scalar(sa.select(User.supervisor_id).where(User.id == note.author_id)) == user.id


def add_to_note(note: SessionNote, text: str, *, by: User, now: datetime) -> NoteAddendum:
    """Add to a signed note; additions stay below it permanently, oldest first. Raises NotSigned, and NotFound without
    text."""
    if note.signed_at is None:
        raise NotSigned
    if not text:
        raise NotFound("There is nothing to add.")
    addendum = NoteAddendum(note_id=note.id, author_id=by.id, added_at=now)
    addendum.text = text
    db.session.add(addendum)
    _record("add", note, by, now, fields=("text",))
    db.session.flush()
    return addendum


def note_of(appointment: Appointment) -> SessionNote | None:
    """The note of a visit. A caller that opens its content records it."""
    return db.session.scalars(
        sa.select(SessionNote).where(SessionNote.appointment_id == appointment.id)
    ).one_or_none()


def _locked_note(appointment: Appointment) -> SessionNote | None:
    return db.session.scalars(
        sa.select(SessionNote)
        .where(SessionNote.appointment_id == appointment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _follows(note: SessionNote, seen: datetime | None, save: PageSave | None) -> bool:
    """Whether a save may take the place of what stands. An older save of the same page that arrives late may not."""
    if save is not None and note.page_key == save.page and note.page_save is not None:
        return save.number > note.page_save
    return note.written_at == seen


def addenda(note: SessionNote) -> list[NoteAddendum]:
    """What was added to a signed note, oldest first."""
    return list(
        db.session.scalars(
            sa.select(NoteAddendum).where(NoteAddendum.note_id == note.id).order_by(NoteAddendum.added_at)
        )
    )


def open_content(note: SessionNote, *, by: User, now: datetime) -> NoteContent:
    """Open a note's content, and record that it was read."""
    content = NoteContent.of(note.content)
    _record("read", note, by, now, fields=tuple(content.stored))
    return content


@dataclass(frozen=True, kw_only=True)
class PreviousNote:
    """The signed note of the visit before, by whomever of the team."""

    on: date
    """The day of its visit, by the clock of its place."""
    content: NoteContent
    author: User


def previous_note(appointment: Appointment, *, by: User, now: datetime) -> PreviousNote | None:
    """The last signed note of the visit's client before this visit; that it was read is recorded."""
    found = db.session.execute(
        sa.select(SessionNote, Appointment.wall_start, User)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .join(User, User.id == SessionNote.author_id)
        .where(
            SessionNote.client_id == appointment.client_id,
            SessionNote.signed_at.is_not(None),
            Appointment.starts_at < appointment.starts_at,
        )
        .order_by(Appointment.starts_at.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    note, wall_start, author = found
    return PreviousNote(on=wall_start.date(), content=open_content(note, by=by, now=now), author=author)


def planned(appointment: Appointment, *, by: User, now: datetime) -> NoteContent:
    """What the course plans for a visit, to stand beside its note; without a course, the types that were booked.

    Nothing if the client leaves the type to the therapist and no course was decided.
    """
    assert appointment.client_id is not None
    plan = courses.plan_of(appointment.client_id)
    if plan is None and appointment.therapist_decides:
        return NoteContent()
    if plan is None:
        return NoteContent(
            modalities=tuple(m for m in appointment.treatment.modalities if m in MODALITIES)[:3]
        )
    audit.record(
        audit.by_user(by.id),
        "read",
        plan,
        client_id=plan.client_id,
        purpose="note",
        fields=("modalities", "areas", "pressure"),
        now=now,
    )
    content = plan.content
    return NoteContent(
        modalities=tuple(content["modalities"]),
        areas=tuple(area for area in content["areas"] if area in REGIONS),
        pressure=content["pressure"] if content["pressure"] in PRESSURES else "",
    )


def _record(action: str, note: SessionNote, by: User, now: datetime, fields: tuple[str, ...] = ()) -> None:
    audit.record(
        audit.by_user(by.id), action, note, client_id=note.client_id, purpose="note", fields=fields, now=now
    )
