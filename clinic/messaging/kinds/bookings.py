"""Letters about a booking: made, requested, decided, changed, cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from clinic.booking.calendar_file import Method
from clinic.booking.changes import is_untold
from clinic.booking.models import Appointment, State
from clinic.booking.series.new_series import TOLD_TOGETHER
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query
from clinic.messaging.due.visits import TELLS_REQUEST, TELLS_TIME, is_told, told_in_series, visits
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.preparation import LetterPreparation, preparation_facts
from clinic.messaging.kinds.sample import SampleScene, sample_visit
from clinic.messaging.kinds.visit_letter import Check, booked, in_state, revision, visit_digest, visit_letter
from clinic.messaging.kinds.wording import Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.plans.models import Review
from clinic.plans.wanted_first import WantedFirst, wanted_first
from clinic.practice.models import Practice

MAY_BE_TOLD = Appointment.untold_revision.is_distinct_from(Appointment.time_revision)
"""Unless staff want no letter about the present time (`booking.changes.is_untold`)."""


def confirmations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Booked at once; the first letter does not wait."""
    booked = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_(None),
        Appointment.starts_at > now,
        ~TOLD_TOGETHER,
        ~is_told(*TELLS_TIME),
        ~told_in_series(),
    )
    return _at_revision(rules, MessageKind.CONFIRMATION, booked, now)


def requests_received(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Requested, and a therapist looks first. The page, not a letter, tells a client that safety turned a booking into
    a request."""
    requested = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.REQUESTED,
        Appointment.request_reason.is_distinct_from("safety"),
        Appointment.starts_at > now,
        ~is_told(*TELLS_REQUEST),
        sa.or_(Appointment.time_revision == 1, Appointment.changed_at <= rules.until(now) - rules.settle),
    )
    return _at_revision(rules, MessageKind.REQUEST_RECEIVED, requested, now)


def requests_moved(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A request that a letter told has another time since, unchanged for the settling time; none that staff left untold."""
    moved = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.REQUESTED,
        Appointment.request_reason.is_distinct_from("safety"),
        Appointment.starts_at > now,
        Appointment.changed_at <= rules.until(now) - rules.settle,
        is_told(*TELLS_REQUEST),
        MAY_BE_TOLD,
        ~is_told(*TELLS_REQUEST, since=Appointment.time_revision),
    )
    return _at_revision(rules, MessageKind.REQUEST_MOVED, moved, now)


def requests_confirmed(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist confirmed the request."""
    confirmed = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.request_reason.is_not(None),
        Appointment.starts_at > now,
        ~is_told(MessageKind.REQUEST_CONFIRMED),
    )
    return _at_revision(rules, MessageKind.REQUEST_CONFIRMED, confirmed, now)


def requests_declined(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist declined and can no longer take it back, or nobody decided in time."""
    declined = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.DECLINED,
        sa.or_(Appointment.undo_until.is_(None), Appointment.undo_until <= rules.until(now)),
        Appointment.starts_at > now,
        ~is_told(MessageKind.REQUEST_DECLINED),
    )
    return _at_revision(rules, MessageKind.REQUEST_DECLINED, declined, now)


def calls_first(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist wants to speak with the client before deciding, and wants them told; not if it was undone at once."""
    wanted = visits(
        Appointment.state.in_((State.REQUESTED, State.BOOKED)),
        Appointment.starts_at > now,
        Review.decided_at.is_(None),
        Review.tells_client.is_(True),
        Review.call_first_at <= rules.until(now) - rules.settle,
        ~is_told(MessageKind.CALL_FIRST),
    ).join(Review, Review.appointment_id == Appointment.id)
    return [
        due_query(
            MessageKind.CALL_FIRST,
            wanted.add_columns(Review.call_first_at),
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.call_first_at,
            expires_at=lambda row: row.starts_at,
        )
    ]


def changes(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Moved or of another length since a letter told the time, and unchanged for the settling time: of several changes,
    only the newest is told, and none that staff left untold."""
    moved = visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.BOOKED,
        Appointment.time_revision > 1,
        Appointment.starts_at > now,
        Appointment.changed_at <= rules.until(now) - rules.settle,
        ~TOLD_TOGETHER,
        sa.or_(
            is_told(*TELLS_TIME),
            sa.and_(
                told_in_series(),
                sa.or_(
                    Appointment.wall_start != Appointment.series_wall_start,
                    Appointment.length_minutes != Appointment.series_length_minutes,
                ),
            ),
        ),
        MAY_BE_TOLD,
        ~is_told(*TELLS_TIME, since=Appointment.time_revision),
    )
    return _at_revision(rules, MessageKind.CHANGE, moved, now)


def cancellations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A visit that a client knows as booked is cancelled by anyone, and that is not undone within the settling time."""
    known = sa.or_(Appointment.decide_by.is_(None), is_told(*TELLS_TIME), told_in_series())
    return _at_revision(rules, MessageKind.CANCELLATION, _cancelled(rules, now).where(known), now)


def requests_withdrawn(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """The same of a request that no letter has called a booking: nothing was booked, so no appointment is cancelled."""
    asked_for = sa.and_(Appointment.decide_by.is_not(None), ~is_told(*TELLS_TIME), ~told_in_series())
    return _at_revision(rules, MessageKind.REQUEST_WITHDRAWN, _cancelled(rules, now).where(asked_for), now)


def _cancelled(rules: DueRules, now: datetime) -> sa.Select[Any]:
    return visits(
        Appointment.changed_at >= rules.changed_since,
        Appointment.state == State.CANCELLED,
        Appointment.starts_at > now,
        Appointment.changed_at <= rules.until(now) - rules.settle,
        ~TOLD_TOGETHER,
        ~is_told(MessageKind.CANCELLATION, MessageKind.REQUEST_WITHDRAWN, since=Appointment.revision),
    )


def _at_revision(
    rules: DueRules, kind: MessageKind, question: sa.Select[Any], now: datetime
) -> Sequence[DueQuery]:
    return [
        due_query(
            kind,
            question,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.changed_at,
            expires_at=lambda row: row.starts_at,
        )
    ]


def _changed(stands: Check) -> Check:
    """Only the newest change is told, unless staff want no letter about it or the client knows this time already."""

    def check(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
        if revision(claim) < appointment.time_revision:
            return "moved"
        if not claim.is_copy and is_untold(appointment):
            return "untold"
        if not claim.is_copy and is_known_already(appointment):
            return "undone"
        return stands(claim, appointment, now)

    return check


def is_known_already(appointment: Appointment) -> bool:
    """Whether the newest letter told just this time, length, therapist and place, so that there is nothing to tell."""
    return _last_told(appointment) == visit_digest(appointment)


def _last_told(appointment: Appointment) -> bytes | None:
    kinds = TELLS_REQUEST if appointment.state == State.REQUESTED else TELLS_TIME
    letters = sa.select(Message.told).where(
        Message.kind.in_(kinds),
        Message.channel == "mail",
        Message.subject_id == appointment.id,
        Message.sent_at.is_not(None),
    )
    return db.session.scalar(letters.order_by(Message.sent_at.desc(), Message.id.desc()).limit(1))


def _call_stands(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    if appointment.state not in (State.REQUESTED, State.BOOKED):
        return str(appointment.state)
    stands = sa.exists().where(
        Review.appointment_id == appointment.id,
        Review.decided_at.is_(None),
        Review.call_first_at.is_not(None),
        Review.tells_client,
    )
    if not db.session.scalar(sa.select(stands)):
        return "decided"
    return "past" if appointment.starts_at <= now else None


def _page_says_more(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    """Whether the page of a declined visit says what is wanted first."""
    return {"page_says_more": wanted_first(appointment) is WantedFirst.DOCTOR}


def _not_more(scene: SampleScene) -> Mapping[str, Any]:
    return {**sample_visit(scene), "page_says_more": False}


def _by_whom(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    return {"by_client": appointment.cancelled_by == "client"}


def _is_request(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    return {"is_request": appointment.state == State.REQUESTED}


def _with_preparation(scene: SampleScene) -> Mapping[str, Any]:
    return {**sample_visit(scene), "preparation": LetterPreparation.sample(scene)}


KINDS = (
    DeclaredKind(
        kind=MessageKind.CONFIRMATION,
        label=N_("Confirmation"),
        due=(confirmations,),
        words=Words(
            subject=N_("Booked: {day}, {time} at {practice}"),
            heading=N_("You are booked, {client}"),
        ),
        compose=visit_letter(booked, method=Method.REQUEST, more=preparation_facts),
        sample=_with_preparation,
    ),
    DeclaredKind(
        kind=MessageKind.CHANGE,
        label=N_("Change of time"),
        due=(changes,),
        words=Words(
            subject=N_("Changed: now {day}, {time} at {practice}"),
            heading=N_("Your appointment has changed, {client}"),
            opening=N_("This is how it stands now; the time before is free again."),
        ),
        compose=visit_letter(_changed(booked), method=Method.REQUEST),
        sample=sample_visit,
    ),
    DeclaredKind(
        kind=MessageKind.CANCELLATION,
        label=N_("Cancellation"),
        due=(cancellations,),
        words=Words(
            subject=N_("Cancelled: {day}, {time} at {practice}"),
            heading=N_("Your appointment is cancelled, {client}"),
        ),
        compose=visit_letter(in_state(State.CANCELLED), method=Method.CANCEL, more=_by_whom),
        sample=lambda scene: {**sample_visit(scene), "by_client": True},
    ),
    DeclaredKind(
        kind=MessageKind.REQUEST_RECEIVED,
        label=N_("Request received"),
        due=(requests_received,),
        words=Words(
            subject=N_("We have your request: {day}, {time}"),
            heading=N_("We have your request, {client}"),
        ),
        compose=visit_letter(in_state(State.REQUESTED)),
        sample=sample_visit,
    ),
    DeclaredKind(
        kind=MessageKind.REQUEST_MOVED,
        label=N_("Request moved"),
        due=(requests_moved,),
        words=Words(
            subject=N_("Your request has moved: now {day}, {time}"),
            heading=N_("Your request has another time, {client}"),
        ),
        compose=visit_letter(_changed(in_state(State.REQUESTED))),
        sample=sample_visit,
    ),
    DeclaredKind(
        kind=MessageKind.REQUEST_WITHDRAWN,
        label=N_("Request withdrawn"),
        due=(requests_withdrawn,),
        words=Words(
            subject=N_("Your request is withdrawn: {day}, {time}"),
            heading=N_("Your request is withdrawn, {client}"),
        ),
        compose=visit_letter(in_state(State.CANCELLED), more=_by_whom),
        sample=lambda scene: {**sample_visit(scene), "by_client": True},
    ),
    DeclaredKind(
        kind=MessageKind.REQUEST_CONFIRMED,
        label=N_("Request confirmed"),
        due=(requests_confirmed,),
        words=Words(
            subject=N_("Confirmed: {day}, {time} at {practice}"),
            heading=N_("Your request is confirmed, {client}"),
            opening=N_("A therapist has looked at it and your time stands."),
        ),
        compose=visit_letter(booked, method=Method.REQUEST, more=preparation_facts),
        sample=_with_preparation,
    ),
    DeclaredKind(
        kind=MessageKind.REQUEST_DECLINED,
        label=N_("Request declined"),
        due=(requests_declined,),
        words=Words(
            subject=N_("Not booked: {day}, {time} at {practice}"),
            heading=N_("We cannot offer this time, {client}"),
        ),
        compose=visit_letter(in_state(State.DECLINED), more=_page_says_more),
        sample=_not_more,
    ),
    DeclaredKind(
        kind=MessageKind.CALL_FIRST,
        label=N_("We would like to speak first"),
        due=(calls_first,),
        words=Words(
            subject=N_("We call you about {day}, {time}"),
            heading=N_("We would like to speak with you first, {client}"),
        ),
        compose=visit_letter(_call_stands, more=_is_request),
        sample=lambda scene: {**sample_visit(scene), "is_request": False},
    ),
)
