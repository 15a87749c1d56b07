"""What is owed: one question to committed rows for each kind of message, asked again at every pass.

A question finds only what is due now, so an appointment that was cancelled or moved in time leaves nothing to take back.
Most passes ask only about what changed lately; every few minutes one asks about everything, so that nothing is missed.
Nothing is owed about the past, to an address that bounced, or for a client who was erased. Of a client's addresses one
counts: a guardian's first, a proven one before the others, then the newest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake.guardians import WORTH as GUARDIAN_WORTH
from clinic.intake.models import Draft, GuardianConsent, Submission
from clinic.messaging.models import Kind, Message
from clinic.messaging.quiet import Quiet
from clinic.messaging.services import SIGN_IN_WORTH, Owed
from clinic.messaging.visits import ADDRESS, number, told, visits
from clinic.plans import check_ins as after_visits
from clinic.plans.models import CheckIn, Review, SessionNote
from clinic.practice.models import Location, Practice, Therapist

TELLS_TIME = (Kind.CONFIRMATION, Kind.REQUEST_CONFIRMED, Kind.CHANGE)
"""Kinds that tell a booked client when and where."""
LATELY = timedelta(minutes=15)
EVER = datetime.min.replace(tzinfo=UTC)
AFTERCARE_WORTH = timedelta(days=7)
REVIEW_WORTH = timedelta(days=7)
CHECK_IN_WORTH = timedelta(days=3)
"""So long after it is due the question how somebody is still makes sense."""

LOOKS_AFTER = sa.and_(
    User.active,
    sa.or_(
        User.id == Therapist.user_id,
        sa.and_(Therapist.user_id.is_(None), User.role_names.contains([Role.THERAPIST.value])),
    ),
)
"""Who is told about a visit's client: its therapist, or all therapists when that one never signs in."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the practice decided about letters, and how far back this pass looks for changes."""

    changed_since: datetime
    settle: timedelta
    quiet_from_hour: int
    quiet_until_hour: int
    reminder_offsets: tuple[timedelta, ...]
    zones: tuple[str, ...]

    def quiet(self, zone: str) -> Quiet:
        """The quiet hours in one zone."""
        return Quiet(ZoneInfo(zone), self.quiet_from_hour, self.quiet_until_hour)


def rules(now: datetime, *, thorough: bool = True) -> Rules | None:
    """The practice's rules; None before set-up, when nothing can be owed.

    A pass that is not `thorough` looks only at appointments that changed within the last quarter of an hour or are
    settling.
    """
    practice = db.session.get(Practice, 1)
    if practice is None:
        return None
    zones = db.session.scalars(sa.select(Location.zone).distinct().order_by(Location.zone))
    settle = timedelta(seconds=practice.settle_seconds)
    return Rules(
        changed_since=EVER if thorough else now - LATELY - settle,
        settle=settle,
        quiet_from_hour=practice.quiet_from_hour,
        quiet_until_hour=practice.quiet_until_hour,
        reminder_offsets=tuple(timedelta(minutes=minutes) for minutes in practice.reminder_offsets_minutes),
        zones=tuple(zones),
    )


def confirmations(rules: Rules, now: datetime) -> list[Owed]:
    """Booked at once; the first letter does not wait."""
    booked = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_(None),
        Appointment.starts_at > now,
        ~told(*TELLS_TIME),
    )
    return _at_revision(Kind.CONFIRMATION, booked)


def requests_received(rules: Rules, now: datetime) -> list[Owed]:
    """Requested, and a therapist looks first. What safety turned back into a request is told by its page, not by mail."""
    requested = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.REQUESTED,
        Appointment.request_reason.is_distinct_from("safety"),
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_RECEIVED, since=Appointment.time_revision),
        sa.or_(Appointment.time_revision == 1, Appointment.changed_at <= now - rules.settle),
    )
    return _at_revision(Kind.REQUEST_RECEIVED, requested)


def requests_confirmed(rules: Rules, now: datetime) -> list[Owed]:
    """A therapist looked and said yes."""
    confirmed = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_not(None),
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_CONFIRMED),
    )
    return _at_revision(Kind.REQUEST_CONFIRMED, confirmed)


def requests_declined(rules: Rules, now: datetime) -> list[Owed]:
    """A therapist said no, or nobody decided in time."""
    declined = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.DECLINED,
        Appointment.starts_at > now,
        ~told(Kind.REQUEST_DECLINED),
    )
    return _at_revision(Kind.REQUEST_DECLINED, declined)


def changes(rules: Rules, now: datetime) -> list[Owed]:
    """Moved since a letter told the time, and left alone for the settling time: of several moves the newest is told."""
    moved = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.time_revision > 1,
        Appointment.starts_at > now,
        Appointment.changed_at <= now - rules.settle,
        told(*TELLS_TIME),
        ~told(*TELLS_TIME, since=Appointment.time_revision),
    )
    return _at_revision(Kind.CHANGE, moved)


def cancellations(rules: Rules, now: datetime) -> list[Owed]:
    """Cancelled by whomever, and not taken back within the settling time."""
    cancelled = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.CANCELLED,
        Appointment.starts_at > now,
        Appointment.changed_at <= now - rules.settle,
        ~told(Kind.CANCELLATION, since=Appointment.revision),
    )
    return _at_revision(Kind.CANCELLATION, cancelled)


def reminders(rules: Rules, now: datetime) -> list[Owed]:
    """Booked visits whose reminder is due; of several due at once only the last before the visit goes.

    A reminder counts only when the time was agreed before it was due. One that falls into quiet hours goes before them,
    or not at all when an earlier one went.
    """
    windows = [
        (zone, int(offset.total_seconds() // 60), rules.quiet(zone).reminded_until(now, offset))
        for zone in rules.zones
        for offset in rules.reminder_offsets
    ]
    if not windows:
        return []
    window = sa.values(
        sa.column("zone", sa.Text),
        sa.column("minutes", sa.Integer),
        sa.column("until", sa.DateTime(timezone=True)),
        name="due_window",
    ).data(windows)
    sent_minutes = number(r"/(\d+)$")
    of_this_time = sa.and_(
        Message.kind == Kind.REMINDER,
        Message.channel == "mail",
        Message.subject_id == Appointment.id,
        number(r"^r(\d+)/") == Appointment.time_revision,
    )
    earlier_went = sa.exists().where(of_this_time, sent_minutes > window.c.minutes)
    question = (
        visits(Appointment.state == State.BOOKED, Appointment.starts_at > now)
        .add_columns(window.c.minutes, earlier_went.label("earlier_went"))
        .join(window, window.c.zone == Location.zone)
        .where(
            Appointment.starts_at <= window.c.until,
            ADDRESS.c.wants_reminders,
            ~sa.exists().where(of_this_time, sent_minutes <= window.c.minutes),
        )
        .order_by(Appointment.id, window.c.minutes)
    )
    rows = db.session.execute(question).all()
    # Ordered by offset: the first of an appointment is the last one before its visit.
    nearest = (next(group) for _, group in groupby(rows, key=lambda row: row.id))
    return [owed for row in nearest if (owed := _reminder(row, rules, now)) is not None]


def _reminder(row: sa.Row[Any], rules: Rules, now: datetime) -> Owed | None:
    meant_at = row.starts_at - timedelta(minutes=row.minutes)
    due_at = rules.quiet(row.zone).before(meant_at)
    if due_at > now or row.time_agreed_at is None or row.time_agreed_at >= due_at:
        return None
    if due_at != meant_at and row.earlier_went:
        return None
    return Owed(
        kind=Kind.REMINDER,
        subject_id=row.id,
        recipient_id=row.recipient_id,
        client_id=row.client_id,
        occasion=f"r{row.time_revision}/{row.minutes}",
        due_at=due_at,
        expires_at=row.starts_at,
    )


def aftercare(rules: Rules, now: datetime) -> list[Owed]:
    """Visits that took place: once the note is signed, at the latest the next morning."""
    ended = (
        visits(
            Appointment.state.in_([State.ARRIVED, State.DONE]),
            Appointment.starts_at > now - AFTERCARE_WORTH,
            Appointment.ends_at <= now,
            ADDRESS.c.wants_reminders,
            ~told(Kind.AFTERCARE),
        )
        .add_columns(SessionNote.signed_at)
        .outerjoin(SessionNote, SessionNote.appointment_id == Appointment.id)
    )
    owed = []
    for row in db.session.execute(ended):
        quiet = rules.quiet(row.zone)
        due_at = quiet.next_morning(row.ends_at)
        if row.signed_at is not None:
            due_at = min(due_at, quiet.after(max(row.signed_at, row.ends_at)))
        if due_at <= now:
            owed.append(
                Owed(
                    kind=Kind.AFTERCARE,
                    subject_id=row.id,
                    recipient_id=row.recipient_id,
                    client_id=row.client_id,
                    occasion="visit",
                    due_at=due_at,
                    expires_at=row.ends_at + AFTERCARE_WORTH,
                )
            )
    return owed


def check_ins(rules: Rules, now: datetime) -> list[Owed]:
    """Visits that took place, two days after their end."""
    ended = visits(
        Appointment.state.in_(after_visits.ASKED_AFTER),
        Appointment.ends_at <= now - after_visits.AFTER,
        Appointment.ends_at > now - after_visits.AFTER - CHECK_IN_WORTH,
        ADDRESS.c.wants_reminders,
        ~told(Kind.CHECK_IN),
    )
    owed = []
    for row in db.session.execute(ended):
        due_at = rules.quiet(row.zone).after(row.ends_at + after_visits.AFTER)
        if due_at <= now:
            owed.append(
                Owed(
                    kind=Kind.CHECK_IN,
                    subject_id=row.id,
                    recipient_id=row.recipient_id,
                    client_id=row.client_id,
                    occasion="visit",
                    due_at=due_at,
                    expires_at=row.ends_at + after_visits.AFTER + CHECK_IN_WORTH,
                )
            )
    return owed


def resumed_intakes(rules: Rules, now: datetime) -> list[Owed]:
    """Somebody asked for a link to go on with the health questions, on purpose and just now."""
    asked = sa.select(Draft.id, Draft.client_id, Draft.resume_revision, Draft.resume_asked_at).where(
        Draft.resume_asked_at > now - SIGN_IN_WORTH,
        Draft.mail_sealed.is_not(None),
        ~sa.exists().where(
            Message.kind == Kind.RESUME_INTAKE,
            Message.channel == "mail",
            Message.subject_id == Draft.id,
            Message.occasion == sa.func.concat("r", Draft.resume_revision),
        ),
    )
    return [
        Owed(
            kind=Kind.RESUME_INTAKE,
            subject_id=draft_id,
            recipient_id=draft_id,
            client_id=client_id,
            occasion=f"r{revision}",
            due_at=asked_at,
            expires_at=asked_at + SIGN_IN_WORTH,
        )
        for draft_id, client_id, revision, asked_at in db.session.execute(asked)
        if asked_at is not None
    ]


def guardians_asked(rules: Rules, now: datetime) -> list[Owed]:
    """Somebody under 18 asked their parent or guardian to agree, or the guardian asked for a fresh link."""
    asked = (
        sa.select(
            GuardianConsent.id, Submission.client_id, GuardianConsent.asked_revision, GuardianConsent.asked_at
        )
        .join(Submission, Submission.id == GuardianConsent.submission_id)
        .where(
            GuardianConsent.agreed_at.is_(None),
            GuardianConsent.asked_at > now - GUARDIAN_WORTH,
            ~sa.exists().where(
                Message.kind == Kind.GUARDIAN_CONSENT,
                Message.channel == "mail",
                Message.subject_id == GuardianConsent.id,
                Message.occasion == sa.func.concat("r", GuardianConsent.asked_revision),
            ),
        )
    )
    return [
        Owed(
            kind=Kind.GUARDIAN_CONSENT,
            subject_id=consent_id,
            recipient_id=consent_id,
            client_id=client_id,
            occasion=f"r{revision}",
            due_at=asked_at,
            expires_at=asked_at + GUARDIAN_WORTH,
        )
        for consent_id, client_id, revision, asked_at in db.session.execute(asked)
    ]


def reviews_waiting(rules: Rules, now: datetime) -> list[Owed]:
    """A suggestion waits: told to the visit's therapist, or to all therapists when the visit has none who signs in."""
    waiting = (
        sa.select(Review.id, Review.client_id, Review.opened_at, Appointment.zone, User.id.label("user_id"))
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .outerjoin(Therapist, Therapist.id == Appointment.therapist_id)
        .join(
            User,
            LOOKS_AFTER,
        )
        .where(
            Review.decided_at.is_(None),
            Review.opened_at > now - REVIEW_WORTH,
            ~sa.exists().where(
                Message.kind == Kind.REVIEW_WAITING,
                Message.channel == "mail",
                Message.subject_id == Review.id,
                Message.recipient_id == User.id,
            ),
        )
    )
    owed = []
    for row in db.session.execute(waiting):
        zone = row.zone or next(iter(rules.zones), None)
        due_at = rules.quiet(zone).after(row.opened_at) if zone else row.opened_at
        if due_at <= now:
            owed.append(
                Owed(
                    kind=Kind.REVIEW_WAITING,
                    subject_id=row.id,
                    recipient_id=row.user_id,
                    client_id=row.client_id,
                    occasion="first",
                    due_at=due_at,
                    expires_at=row.opened_at + REVIEW_WORTH,
                )
            )
    return owed


def check_ins_answered(rules: Rules, now: datetime) -> list[Owed]:
    """An answer after a visit that a therapist should see: told like a review.

    The message names no client: that it exists says how somebody is, and the list of messages is open to the front desk.
    """
    waiting = (
        sa.select(CheckIn.id, CheckIn.answered_at, Appointment.zone, User.id.label("user_id"))
        .join(Appointment, Appointment.id == CheckIn.appointment_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            CheckIn.asks_for_therapist,
            CheckIn.seen_at.is_(None),
            CheckIn.answered_at > now - REVIEW_WORTH,
            ~sa.exists().where(
                Message.kind == Kind.CHECK_IN_ANSWERED,
                Message.channel == "mail",
                Message.subject_id == CheckIn.id,
                Message.recipient_id == User.id,
            ),
        )
    )
    return [
        Owed(
            kind=Kind.CHECK_IN_ANSWERED,
            subject_id=row.id,
            recipient_id=row.user_id,
            occasion="first",
            due_at=due_at,
            expires_at=row.answered_at + REVIEW_WORTH,
        )
        for row in db.session.execute(waiting)
        if (due_at := rules.quiet(row.zone).after(row.answered_at)) <= now
    ]


Question = Callable[[Rules, datetime], Sequence[Owed]]
KINDS: tuple[Question, ...] = (
    confirmations,
    requests_received,
    requests_confirmed,
    requests_declined,
    changes,
    cancellations,
    reminders,
    aftercare,
    check_ins,
    resumed_intakes,
    guardians_asked,
    reviews_waiting,
    check_ins_answered,
)
"""Every kind that is derived. A sign-in link has no fact to derive it from: its view calls `services.owe_sign_in`, and likewise `owe_own_tips`."""


def _at_revision(kind: Kind, question: sa.Select[Any]) -> list[Owed]:
    return [
        Owed(
            kind=kind,
            subject_id=row.id,
            recipient_id=row.recipient_id,
            client_id=row.client_id,
            occasion=f"r{row.revision}",
            due_at=row.changed_at,
            expires_at=row.starts_at,
        )
        for row in db.session.execute(question)
    ]
