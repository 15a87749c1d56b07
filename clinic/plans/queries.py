"""Reads of the clinical side: who waits for a therapist, and whose record may be opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import aliased, joinedload

from clinic.accounts.models import Client, HealthGrant, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake.models import Outcome
from clinic.plans.models import Plan, Review, SessionNote
from clinic.practice.models import Therapist
from clinic.practice.queries import never_signs_in

TREATED = (State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE, State.MISSED)
"""States in which a visit makes its client a therapist's own."""

YEARS_BACK = sa.func.make_interval(2, type_=sa.Interval())
"""In years, so that 29 February has its day."""
SomeUser = UUID | sa.ColumnElement[UUID]
SomeInstant = datetime | sa.ColumnElement[datetime]
"""A value, or its place in a statement that is built once for everybody."""

# Aliases of whole tables are made once: every staff page asks about them, and making one costs more than asking.
_visit, _reviewed_visit = aliased(Appointment), aliased(Appointment)
_therapist, _reviewer = aliased(Therapist), aliased(Therapist)
_review = aliased(Review)


def treats(user_id: UUID, client_id: UUID, now: datetime) -> bool:
    """Whether this member of staff may open this client's health record.

    True for clients with an appointment, request or review with them in the last 24 months or in the future, for
    clients whose request waits for a therapist who never signs in, and while *Open with reason* is in force. The
    surface checks the permission to read health data at all.
    """
    return client_id in treated(user_id, [client_id], now)


def treated(user_id: UUID, client_ids: Iterable[UUID], now: datetime) -> frozenset[UUID]:
    """Those of these clients whose record this member of staff may open; see `treats`."""
    wanted = sorted(set(client_ids))
    if not wanted:
        return frozenset()
    ids = (
        sa.func.unnest(sa.literal(wanted, pg.ARRAY(sa.Uuid())))
        .table_valued(sa.column("id", sa.Uuid()))
        .render_derived()
    )
    return frozenset(db.session.scalars(sa.select(ids.c.id).where(is_treated(ids.c.id, user_id, now))))


def is_treated(
    client_id: sa.SQLColumnExpression[Any], user_id: SomeUser, now: SomeInstant
) -> sa.ColumnElement[bool]:
    """The rule of `treats` about the client of each row, for a statement that reads more than this."""
    return _is_among(client_id, (*_theirs(user_id, now), _opened_to(user_id, now)))


def treated_clients(user_id: SomeUser, now: SomeInstant) -> sa.CompoundSelect[Any]:
    """The ids of the clients whom `treats` is true of, some more than once, for a statement that begins with them."""
    return sa.union_all(*_theirs(user_id, now), _opened_to(user_id, now))


def treats_without_grant(user_id: UUID, client_id: UUID, now: datetime) -> bool:
    """Whether this client is theirs by a visit or a review, and not only because the record was opened to them."""
    return bool(
        db.session.scalar(sa.select(_is_among(sa.literal(client_id, sa.Uuid()), _theirs(user_id, now))))
    )


def _theirs(user_id: SomeUser, now: SomeInstant) -> tuple[sa.Select[Any], ...]:
    """What makes clients somebody's, each as a question for their ids that an index answers."""
    since = sa.type_coerce(now, sa.DateTime(timezone=True)) - YEARS_BACK
    visits = sa.select(_visit.client_id).join(_therapist, _therapist.id == _visit.therapist_id)
    seen = visits.where(_therapist.user_id == user_id, _visit.state.in_(TREATED), _visit.starts_at >= since)
    # A therapist who never signs in cannot decide, so a colleague has to.
    asked_of_nobody = visits.where(_visit.state == State.REQUESTED, never_signs_in(_therapist))
    reviewed = (
        sa.select(_review.client_id)
        .outerjoin(_reviewed_visit, _reviewed_visit.id == _review.appointment_id)
        .outerjoin(_reviewer, _reviewer.id == _reviewed_visit.therapist_id)
        .where(
            _review.opened_at >= since,
            sa.or_(
                _review.decided_by_id == user_id,
                _reviewer.user_id == user_id,
                sa.and_(_review.decided_at.is_(None), _reviewer.id.is_not(None), never_signs_in(_reviewer)),
            ),
        )
    )
    return seen, asked_of_nobody, reviewed


def _opened_to(user_id: SomeUser, now: SomeInstant) -> sa.Select[Any]:
    """The clients whose records were opened to somebody for a while."""
    return sa.select(HealthGrant.client_id).where(
        HealthGrant.user_id == user_id, HealthGrant.granted_at <= now, HealthGrant.until > now
    )


def _is_among(
    client_id: sa.SQLColumnExpression[Any], clients: Iterable[sa.Select[Any]]
) -> sa.ColumnElement[bool]:
    return sa.or_(*(each.where(each.selected_columns.client_id == client_id).exists() for each in clients))


@dataclass(frozen=True, kw_only=True)
class WaitingReview:
    """A review in the queue, with its client and visit."""

    review: Review
    client: Client
    level: str
    appointment: Appointment | None


_pressing = sa.case(
    (Appointment.state == State.REQUESTED, Appointment.decide_by), else_=Appointment.starts_at
)


def queue(user_id: UUID, now: datetime) -> list[WaitingReview]:
    """Undecided reviews of this therapist's clients, most urgent first; those without a visit come first.

    A request is as urgent as its decision deadline, a booked visit as its start.

    A review of a cancelled visit is left out, unless its answers stopped the booking: then somebody should still look.
    """
    rows = db.session.execute(
        sa.select(Review, Client, Outcome.level)
        .where(waits_for(user_id, now))
        .join(Client, Client.id == Review.client_id)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .order_by(_pressing.nulls_first(), Review.id)
        .options(
            joinedload(Review.appointment).options(
                joinedload(Appointment.therapist),
                joinedload(Appointment.treatment),
                joinedload(Appointment.location),
            )
        )
    )
    return [
        WaitingReview(review=review, client=client, level=level, appointment=review.appointment)
        for review, client, level in rows
    ]


def queue_by_other_rules(user_id: UUID, rule_set: str, now: datetime) -> list[WaitingReview]:
    """Reviews of this therapist's queue that another rule set than this version judged, with answers and outcome, oldest first."""
    rows = db.session.execute(
        sa.select(Review, Client, Outcome.level)
        .where(waits_for(user_id, now), Outcome.rule_set != rule_set)
        .join(Client, Client.id == Review.client_id)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .order_by(Review.opened_at, Review.id)
        .options(joinedload(Review.outcome), joinedload(Review.submission), joinedload(Review.appointment))
    )
    return [
        WaitingReview(review=review, client=client, level=level, appointment=review.appointment)
        for review, client, level in rows
    ]


def waits_for(user_id: SomeUser, now: SomeInstant) -> sa.ColumnElement[bool]:
    """Whether a review, joined with its client, outcome and visit, waits for this therapist."""
    return sa.and_(
        Review.decided_at.is_(None),
        Client.erased_at.is_(None),
        sa.or_(
            Review.appointment_id.is_(None),
            Appointment.state.in_(TREATED),
            Outcome.level.in_(("refer", "urgent")),
        ),
        is_treated(Review.client_id, user_id, now),
    )


def waiting(user_id: UUID, now: datetime) -> int:
    """How many reviews and plain requests wait for this therapist; one statement."""
    reviews = (
        sa.select(Review.id)
        .join(Client, Client.id == Review.client_id)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .where(waits_for(user_id, now))
    )
    both = reviews.union_all(requests_without_review(user_id).with_only_columns(Appointment.id)).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(both)) or 0


def plain_requests(user_id: UUID | None = None) -> list[Appointment]:
    """Requested visits without an open review, earliest deadline first; for one therapist or all."""
    return list(
        db.session.scalars(
            requests_without_review(user_id)
            .order_by(Appointment.decide_by, Appointment.id)
            .options(
                joinedload(Appointment.client),
                joinedload(Appointment.therapist),
                joinedload(Appointment.treatment),
                joinedload(Appointment.location),
            )
        )
    )


def requests_without_review(user_id: SomeUser | None) -> sa.Select[Appointment]:
    reviewed = sa.exists().where(Review.appointment_id == Appointment.id, Review.decided_at.is_(None))
    asked = sa.select(Appointment).where(Appointment.state == State.REQUESTED, ~reviewed)
    if user_id is not None:
        asked = asked.join(Therapist, Therapist.id == Appointment.therapist_id).where(
            sa.or_(Therapist.user_id == user_id, never_signs_in())
        )
    return asked


def review_of(appointment_id: UUID) -> Review | None:
    """The newest review of this visit."""
    return db.session.scalars(
        sa.select(Review).where(Review.appointment_id == appointment_id).order_by(Review.id.desc()).limit(1)
    ).first()


def newest_review(client_id: UUID) -> Review | None:
    """The newest review of a client's answers, whichever visit it was about."""
    return db.session.scalars(
        sa.select(Review).where(Review.client_id == client_id).order_by(Review.id.desc()).limit(1)
    ).first()


def notes(appointment_ids: Iterable[UUID]) -> Mapping[UUID, SessionNote]:
    """The notes of these visits, by appointment id. A caller that reads their content records it."""
    wanted = set(appointment_ids)
    if not wanted:
        return {}
    rows = db.session.scalars(sa.select(SessionNote).where(SessionNote.appointment_id.in_(wanted)))
    return {note.appointment_id: note for note in rows}


def unsigned_notes(user_id: UUID) -> list[tuple[SessionNote, Appointment]]:
    """Notes this member of staff began and has not signed, oldest first."""
    rows = db.session.execute(
        sa.select(SessionNote, Appointment)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .where(SessionNote.author_id == user_id, SessionNote.signed_at.is_(None))
        .order_by(Appointment.starts_at)
        .options(joinedload(Appointment.client))
    )
    return [(note, appointment) for note, appointment in rows]


def notes_to_cosign(user_id: UUID) -> list[tuple[SessionNote, Appointment]]:
    """Signed notes of students that wait for this supervisor, oldest first."""
    rows = db.session.execute(
        sa.select(SessionNote, Appointment)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .join(User, User.id == SessionNote.author_id)
        .where(
            User.supervisor_id == user_id,
            SessionNote.signed_at.is_not(None),
            SessionNote.needs_cosigning,
            SessionNote.cosigned_at.is_(None),
        )
        .order_by(SessionNote.signed_at)
        .options(joinedload(Appointment.client))
    )
    return [(note, appointment) for note, appointment in rows]


def open_reviews_of(therapist_id: UUID) -> int:
    """How many undecided reviews are about visits of this therapist."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(Review)
        .join(Appointment, Appointment.id == Review.appointment_id)
        .where(
            Review.decided_at.is_(None),
            Appointment.therapist_id == therapist_id,
            Appointment.state.in_(TREATED),
        )
    )
    return db.session.scalar(waiting) or 0


def open_reviews_by_other_rules(rule_set: str) -> int:
    """How many undecided reviews were judged by another rule set than this version."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(Review)
        .join(Outcome, Outcome.id == Review.outcome_id)
        .join(Client, Client.id == Review.client_id)
        .where(Review.decided_at.is_(None), Outcome.rule_set != rule_set, Client.erased_at.is_(None))
    )
    return db.session.scalar(waiting) or 0


def running_courses_of(therapist_id: UUID) -> int:
    """How many courses of this therapist have not ended."""
    running = sa.select(sa.func.count()).select_from(Plan)
    return db.session.scalar(running.where(Plan.therapist_id == therapist_id, Plan.ended_at.is_(None))) or 0


def is_first_visit(appointment: Appointment) -> bool:
    """Whether the client had or has no earlier visit here."""
    other = sa.orm.aliased(Appointment)
    earlier = sa.exists().where(
        other.client_id == appointment.client_id,
        other.starts_at < appointment.starts_at,
        other.state.in_(TREATED),
    )
    return not db.session.scalar(sa.select(earlier))
