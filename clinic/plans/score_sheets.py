"""Scores outside the forms of intake and visit: entered by a therapist, given on the practice's tablet, or asked for by letter.

What is asked is the same for everybody, so that a page tells nothing of what is stored. A sheet takes answers once; it shows
none. Scores of a sheet that belongs to a visit count for that visit; those of a letter stand between visits.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, signed_links
from clinic.accounts.models import Client, Contact, ContactKind, User
from clinic.booking.models import CAME, Appointment
from clinic.db import db, violates
from clinic.guidance import schedule
from clinic.guidance.questions import Question
from clinic.guidance.schedule import Instrument
from clinic.intake import drafts
from clinic.language import N_
from clinic.plans import before_visit, courses, scores
from clinic.plans.models import OutcomeEntry, ScoreSheet
from clinic.refusal import NotFound, Refusal, Stale

ASKED: Final = (Instrument.NRS, Instrument.PEG, Instrument.PSFS, Instrument.GLOBAL_CHANGE)
ON_TABLET: Final = timedelta(hours=1)
CODE_LASTS: Final = timedelta(minutes=10)
BY_LETTER: Final = timedelta(days=schedule.PEG_PAUSE_DAYS)
"""How long a letter's page is open, and how long no further letter is asked for: PEG asks about the past week."""
CODE_DIGITS: Final = 8
PURPOSE: Final = "scores"
NOTHING_GIVEN: Final = N_("Give at least one number.")


class Way(StrEnum):
    """How scores come."""

    STAFF = "staff"
    TABLET = "tablet"
    LETTER = "letter"


class SheetClosed(Refusal):
    """The sheet was answered, or nobody answered in time."""

    status = 410
    code = "score-sheet-closed"
    sentence = N_("These questions were answered, or are no longer open. Please ask at the desk.")


class NoSuchCode(Refusal):
    """No open sheet has this code."""

    code = "no-such-code"
    sentence = N_("This code opens nothing. It works for ten minutes, once. Please ask for a new one.")


class LetterUnderWay(Refusal):
    """A letter was asked for within the last days."""

    code = "letter-under-way"
    sentence = "A letter was asked for within the last seven days, so nothing more is sent."


class NoLetterPossible(Refusal):
    """There is no visit to write after, no address, or the client does not want such letters."""

    code = "no-letter-possible"
    sentence = "Nothing was sent: it takes a visit that took place, and an email address that agrees to questions after visits."


def questions(client_id: UUID, *, in_own_words: bool) -> tuple[Question, ...]:
    """What a sheet asks, all of it optional. The client's own activities only with `in_own_words`, else by number."""
    words = scores.activities_of(client_id) if in_own_words else None
    return schedule.questions(ASKED, words)


def enter(
    client_id: UUID, visit: Appointment | None, posted: drafts.Posted, *, by: User, now: datetime
) -> ScoreSheet:
    """Store scores that a therapist typed for their client; without a visit they stand between visits.

    Raises drafts.DraftIncomplete if nothing was given, or something cannot be read.
    """
    found = _read(client_id, posted)
    sheet = _open(client_id, visit, Way.STAFF, closes_at=now, by=by, now=now)
    sheet.answered_at = now
    _keep(sheet, found, source="therapist", by=by, now=now)
    audit.record(
        audit.by_user(by.id),
        "enter",
        sheet,
        client_id=client_id,
        purpose=PURPOSE,
        fields=sorted(found),
        now=now,
    )
    return sheet


def hand_over(visit: Appointment, *, by: User, now: datetime) -> ScoreSheet:
    """Open a sheet for a client who answers on the practice's tablet at this visit."""
    return _ask(visit, Way.TABLET, now + ON_TABLET, by=by, now=now)


@dataclass(frozen=True)
class CodedSheet:
    """A sheet with the code that opens it, which is stored only as a digest."""

    sheet: ScoreSheet
    code: str


def hand_over_by_code(visit: Appointment, *, by: User, now: datetime) -> CodedSheet:
    """The same for a tablet on which nobody of the staff is signed in: a code opens it there, for ten minutes and once."""
    sheet = hand_over(visit, by=by, now=now)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    sheet.code_digest = _digests(code)[0]
    db.session.flush()
    return CodedSheet(sheet, code)


def open_by_code(code: str, now: datetime) -> ScoreSheet:
    """Use up a code: the sheet it opens. Raises NoSuchCode."""
    used = (
        sa.update(ScoreSheet)
        .where(
            ScoreSheet.code_digest.in_(_digests("".join(code.split()))),
            ScoreSheet.answered_at.is_(None),
            ScoreSheet.asked_at > now - CODE_LASTS,
        )
        .values(code_digest=None)
        .returning(ScoreSheet)
    )
    found = db.session.scalars(used).first()
    if found is None:
        raise NoSuchCode
    return found


def ask_by_letter(visit: Appointment, *, by: User, now: datetime) -> ScoreSheet:
    """Ask a client by letter after a visit that took place; messaging derives the letter from the row.

    Raises LetterUnderWay within seven days of the last one, and NoLetterPossible.
    """
    if visit.client_id is None or visit.state not in CAME or not _may_be_written_to(visit.client_id):
        raise NoLetterPossible
    # Two presses at the same moment queue here, so that the second sees the first.
    db.session.get_one(Client, visit.client_id, with_for_update=True)
    if asked_by_letter_at(visit.client_id, now) is not None:
        raise LetterUnderWay
    return _ask(visit, Way.LETTER, now + BY_LETTER, by=by, now=now)


def asked_by_letter_at(client_id: UUID, now: datetime) -> datetime | None:
    """When a client was last asked by letter, if that is too lately to ask again; otherwise None."""
    return db.session.scalar(
        sa.select(sa.func.max(ScoreSheet.asked_at)).where(
            ScoreSheet.client_id == client_id,
            ScoreSheet.way == Way.LETTER,
            ScoreSheet.asked_at > now - BY_LETTER,
        )
    )


def _may_be_written_to(client_id: UUID) -> bool:
    address = sa.exists().where(
        Contact.client_id == client_id,
        Contact.kind == ContactKind.MAIL,
        Contact.bounced_at.is_(None),
        Contact.wants_check_ins,
    )
    return bool(db.session.scalar(sa.select(address)))


def open_letter(visit_id: UUID, now: datetime) -> ScoreSheet | None:
    """The sheet of a letter about this visit that still waits for answers."""
    return db.session.scalar(
        sa.select(ScoreSheet)
        .where(
            ScoreSheet.appointment_id == visit_id,
            ScoreSheet.way == Way.LETTER,
            ScoreSheet.answered_at.is_(None),
            ScoreSheet.closes_at > now,
        )
        .order_by(ScoreSheet.asked_at.desc())
        .limit(1)
    )


def find_open(sheet_id: UUID, now: datetime) -> ScoreSheet:
    """A sheet that takes answers. Raises NotFound and SheetClosed."""
    return _if_open(db.session.get(ScoreSheet, sheet_id), now)


def answer(sheet_id: UUID, posted: drafts.Posted, now: datetime) -> ScoreSheet:
    """Store what a client answered, once.

    Raises NotFound, SheetClosed, and drafts.DraftIncomplete if nothing was given, or something cannot be read.
    """
    sheet = _if_open(db.session.get(ScoreSheet, sheet_id, with_for_update=True), now)
    found = _read(sheet.client_id, posted)
    sheet.answered_at, sheet.code_digest = now, None
    _keep(sheet, found, source="client", by=None, now=now)
    audit.record(
        audit.by_link(sheet.id),
        "answer",
        sheet,
        client_id=sheet.client_id,
        purpose=PURPOSE,
        fields=sorted(found),
        now=now,
    )
    return sheet


def _if_open(sheet: ScoreSheet | None, now: datetime) -> ScoreSheet:
    if sheet is None:
        raise NotFound
    client = db.session.get(Client, sheet.client_id)
    if client is None or client.erased_at is not None:
        raise NotFound
    if sheet.answered_at is not None or now >= sheet.closes_at:
        raise SheetClosed
    return sheet


def _ask(visit: Appointment, way: Way, closes_at: datetime, *, by: User, now: datetime) -> ScoreSheet:
    if visit.client_id is None:
        raise NotFound
    sheet = _open(visit.client_id, visit, way, closes_at=closes_at, by=by, now=now)
    audit.record(
        audit.by_user(by.id),
        "ask_by_letter" if way is Way.LETTER else "hand_over",
        sheet,
        client_id=visit.client_id,
        purpose=PURPOSE,
        now=now,
    )
    return sheet


def _open(
    client_id: UUID, visit: Appointment | None, way: Way, *, closes_at: datetime, by: User, now: datetime
) -> ScoreSheet:
    sheet = ScoreSheet(
        client_id=client_id,
        appointment_id=visit.id if visit else None,
        way=way,
        asked_by_id=by.id,
        asked_at=now,
        closes_at=closes_at,
    )
    db.session.add(sheet)
    db.session.flush()
    return sheet


def _read(client_id: UUID, posted: drafts.Posted) -> dict[Instrument, dict[str, object]]:
    asked = schedule.questions(ASKED)
    values, wrong = drafts.read_answers(asked, posted, {})
    if wrong:
        raise drafts.DraftIncomplete(wrong)
    given = {name: value for name, value in values.items() if value is not None}
    found = schedule.before_a_session(given, scores.activities_of(client_id))
    if not found:
        raise drafts.DraftIncomplete({asked[0].field: NOTHING_GIVEN})
    return found


def _keep(
    sheet: ScoreSheet,
    found: Mapping[Instrument, dict[str, object]],
    *,
    source: str,
    by: User | None,
    now: datetime,
) -> None:
    plan = courses.plan_of(sheet.client_id)
    visit_id = _counts_for(sheet, now)
    for instrument, given in found.items():
        entry = OutcomeEntry(
            client_id=sheet.client_id,
            plan_id=plan.id if plan else None,
            appointment_id=visit_id,
            sheet_id=sheet.id,
            instrument=instrument.value,
            source=source,
            entered_by_id=by.id if by else None,
            entered_at=now if by else None,
            recorded_at=now,
        )
        entry.scores = given
        db.session.add(entry)
    db.session.flush()


def _counts_for(sheet: ScoreSheet, now: datetime) -> UUID | None:
    """The visit that scores given now count for. What a therapist typed counts for the visit they named, also days later; what a
    client says of today does not count for a visit of last week."""
    if sheet.way == Way.STAFF:
        return sheet.appointment_id
    if sheet.way == Way.LETTER or sheet.appointment_id is None:
        return None
    visit = db.session.get_one(Appointment, sheet.appointment_id)
    return visit.id if is_around(visit, now) else None


def is_around(visit: Appointment, now: datetime) -> bool:
    """Whether a visit is so near, a day before or after, that what is said now is said of it."""
    return visit.starts_at - before_visit.OPENS <= now < visit.ends_at + before_visit.OPENS


@dataclass(frozen=True, kw_only=True)
class KeptScores:
    """An entry with its visit, who entered it, what it replaced (newest first), and whether something replaced it."""

    entry: OutcomeEntry
    visit: Appointment | None
    way: Way | None
    entered_by: User | None
    replaced: Sequence["KeptScores"]

    @property
    def can_be_corrected(self) -> bool:
        """Whether staff may correct it: what came on a sheet, not what belongs to a form that a client sent."""
        return self.entry.sheet_id is not None


def history(client_id: UUID, *, by: User, now: datetime) -> list[KeptScores]:
    """A client's scores as they were given, newest first, each with what it replaced. One statement; recorded as read."""
    return _kept(OutcomeEntry.client_id == client_id, client_id=client_id, by=by, now=now)


def of_visit(visit: Appointment, *, by: User, now: datetime) -> list[KeptScores]:
    """The scores for one visit, newest first, of each measure only the newest. One statement; recorded as read."""
    assert visit.client_id is not None
    found = _kept(OutcomeEntry.appointment_id == visit.id, client_id=visit.client_id, by=by, now=now)
    newest: dict[str, KeptScores] = {}
    for one in found:
        newest.setdefault(one.entry.instrument, one)
    return list(newest.values())


def _kept(which: sa.ColumnElement[bool], *, client_id: UUID, by: User, now: datetime) -> list[KeptScores]:
    rows = db.session.execute(
        sa.select(OutcomeEntry, Appointment, ScoreSheet.way, User)
        .outerjoin(Appointment, Appointment.id == OutcomeEntry.appointment_id)
        .outerjoin(ScoreSheet, ScoreSheet.id == OutcomeEntry.sheet_id)
        .outerjoin(User, User.id == OutcomeEntry.entered_by_id)
        .where(which)
        .order_by(OutcomeEntry.recorded_at.desc(), OutcomeEntry.id.desc())
    ).all()
    if not rows:
        return []
    audit.record(
        audit.by_user(by.id),
        "read",
        subject_type=OutcomeEntry.__tablename__,
        client_id=client_id,
        purpose=PURPOSE,
        fields=sorted({entry.instrument for entry, *_ in rows}),
        now=now,
    )
    replaced = {entry.corrects_id for entry, *_ in rows if entry.corrects_id}
    by_id: dict[UUID, KeptScores] = {}
    # An entry that was corrected is older than the correction, so it comes later: read from the end.
    for entry, visit, way, user in reversed(rows):
        before = by_id.get(entry.corrects_id) if entry.corrects_id else None
        by_id[entry.id] = KeptScores(
            entry=entry,
            visit=visit,
            way=Way(way) if way else None,
            entered_by=user,
            replaced=(before, *before.replaced) if before else (),
        )
    return [by_id[entry.id] for entry, *_ in rows if entry.id not in replaced]


def entry_to_correct(entry_id: UUID) -> OutcomeEntry:
    """An entry that came on a sheet and that nothing has replaced. Raises NotFound and Stale."""
    entry = db.session.get(OutcomeEntry, entry_id)
    if entry is None or entry.sheet_id is None:
        raise NotFound
    is_replaced = sa.exists().where(OutcomeEntry.corrects_id == entry_id)
    if db.session.scalar(sa.select(is_replaced)):
        raise Stale
    return entry


def questions_of(entry: OutcomeEntry) -> tuple[Question, ...]:
    """The questions that one entry answers, in the client's own words."""
    return schedule.questions([Instrument(entry.instrument)], _words_of(entry))


def _words_of(entry: OutcomeEntry) -> tuple[str, ...]:
    """The activities that a correction may score: those of the entry, which a later course may not name, then the present ones."""
    own = [rated["activity"] for rated in entry.scores.get("activities", ())]
    present = [activity for activity in scores.activities_of(entry.client_id) if activity not in own]
    return (*own, *present)[: schedule.MOST_ACTIVITIES]


def values_of(entry: OutcomeEntry) -> dict[str, object]:
    """What an entry says, by the fields of `questions_of`. A caller that shows it records it."""
    return schedule.as_answers(Instrument(entry.instrument), entry.scores, _words_of(entry))


def record_look(entry: OutcomeEntry, *, by: User, now: datetime) -> None:
    """Record that somebody saw what an entry says. The caller commits."""
    audit.record(
        audit.by_user(by.id),
        "read",
        entry,
        client_id=entry.client_id,
        purpose=PURPOSE,
        fields=[entry.instrument],
        now=now,
    )


def correct(entry: OutcomeEntry, posted: drafts.Posted, *, by: User, now: datetime) -> OutcomeEntry:
    """Replace an entry by what is right, for the same moment; the old one stays and says what it said.

    Raises drafts.DraftIncomplete, and Stale if somebody else corrected it meanwhile.
    """
    asked = questions_of(entry)
    values, wrong = drafts.read_answers(asked, posted, {})
    given = {name: value for name, value in values.items() if value is not None}
    found = schedule.before_a_session(given, _words_of(entry))
    if wrong or not found:
        raise drafts.DraftIncomplete(wrong or {asked[0].field: NOTHING_GIVEN})
    made = OutcomeEntry(
        client_id=entry.client_id,
        plan_id=entry.plan_id,
        appointment_id=entry.appointment_id,
        sheet_id=entry.sheet_id,
        instrument=entry.instrument,
        source="therapist",
        entered_by_id=by.id,
        entered_at=now,
        corrects_id=entry.id,
        recorded_at=entry.recorded_at,
    )
    made.scores = found[Instrument(entry.instrument)]
    with violates("uq_outcome_entries_corrects_id", Stale()):
        db.session.add(made)
        db.session.flush()
    audit.record(
        audit.by_user(by.id),
        "correct",
        made,
        client_id=entry.client_id,
        purpose=PURPOSE,
        fields=[entry.instrument],
        now=now,
    )
    return made


def _digests(code: str) -> list[bytes]:
    return signed_links.keyed_digests("scores code", code)
