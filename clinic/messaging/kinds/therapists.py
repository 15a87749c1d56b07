"""Letters to people who work here: what waits for them, their day, and what could not be delivered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.booking.models import CAME, Appointment, State
from clinic.db import db
from clinic.language import N_
from clinic.messaging import heartbeat
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind, Recipient, to_staff
from clinic.messaging.kinds.greeting import letter_name
from clinic.messaging.kinds.sample import sample_link
from clinic.messaging.kinds.visit_letter import WHOLE, LetterVisit
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.plans import queries as plans
from clinic.plans.models import CheckIn, LookBack, Plan, PlannedSession, Review
from clinic.practice.models import Therapist
from clinic.practice.queries import never_signs_in
from clinic.scheduling import hours

REVIEW_WORTH = timedelta(days=7)
LOOK_BACK_WORTH = timedelta(days=7)
NEAR = timedelta(hours=48)
AGENDA_AT = time(7)
AGENDA_WORTH = timedelta(hours=5)
UNDELIVERED_WITHIN = timedelta(days=1)
SILENT_FOR = timedelta(minutes=15)
"""A restarting worker is silent for less time."""

LOOKS_AFTER = sa.and_(
    User.active,
    User.role_names.contains([Role.THERAPIST.value]),
    sa.or_(User.id == Therapist.user_id, never_signs_in()),
)
"""Who is told about a visit's client: its therapist, or all therapists if that one never signs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One visit in a therapist's day: only when, where, the client's first name, and the treatment's mail name."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    what: str
    first_name: str
    place: str
    room: str
    reference: str


def reviews_waiting(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A suggestion waits: to the visit's therapist, or to all therapists if that one never signs in.

    At once, whatever the hour, if the visit is near; otherwise after the quiet hours.
    """

    def due_at(row: Row) -> datetime:
        zone = row.zone or next(iter(rules.zones), None)
        at: datetime = row.opened_at
        is_near = row.starts_at is not None and row.starts_at - at <= NEAR
        return at if is_near or zone is None else rules.quiet(zone).after(at)

    waiting = (
        sa.select(
            Review.id,
            Review.client_id,
            Review.opened_at,
            Appointment.zone,
            Appointment.starts_at,
            User.id.label("recipient_id"),
        )
        .outerjoin(Appointment, Appointment.id == Review.appointment_id)
        .outerjoin(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            Review.decided_at.is_(None),
            Review.opened_at > now - REVIEW_WORTH,
            never_owed(MessageKind.REVIEW_WAITING, Review.id, Message.recipient_id == User.id),
        )
    )
    return [
        due_query(
            MessageKind.REVIEW_WAITING,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=due_at,
            expires_at=lambda row: row.opened_at + REVIEW_WORTH,
        )
    ]


def check_ins_answered(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """An answer after a visit that a therapist should see: sent like a review.

    The message names no client, because its existence reveals how somebody is, and the front desk can read the message
    log.
    """
    waiting = (
        sa.select(CheckIn.id, CheckIn.answered_at, Appointment.zone, User.id.label("recipient_id"))
        .join(Appointment, Appointment.id == CheckIn.appointment_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            CheckIn.asks_for_therapist,
            CheckIn.seen_at.is_(None),
            CheckIn.answered_at > now - REVIEW_WORTH,
            never_owed(MessageKind.CHECK_IN_ANSWERED, CheckIn.id, Message.recipient_id == User.id),
        )
    )
    return [
        due_query(
            MessageKind.CHECK_IN_ANSWERED,
            waiting,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: rules.quiet(row.zone).after(row.answered_at),
            expires_at=lambda row: row.answered_at + REVIEW_WORTH,
        )
    ]


def look_backs_due(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A session with a look back is over, and nobody has done it: the next morning.

    The message names no client, because a course and its progress are private.
    """
    ended = (
        sa.select(Appointment.id, Appointment.ends_at, Appointment.zone, User.id.label("recipient_id"))
        .join(PlannedSession, PlannedSession.appointment_id == Appointment.id)
        .join(Plan, Plan.id == PlannedSession.plan_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(User, LOOKS_AFTER)
        .where(
            PlannedSession.reassess,
            Plan.ended_at.is_(None),
            Appointment.state.in_(CAME),
            Appointment.ends_at <= rules.until(now),
            Appointment.ends_at > now - LOOK_BACK_WORTH,
            ~sa.exists().where(LookBack.appointment_id == Appointment.id),
            never_owed(MessageKind.LOOK_BACK_DUE, Appointment.id, Message.recipient_id == User.id),
        )
    )
    return [
        due_query(
            MessageKind.LOOK_BACK_DUE,
            ended,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=lambda row: rules.quiet(row.zone).next_morning(row.ends_at),
            expires_at=lambda row: row.ends_at + LOOK_BACK_WORTH,
        )
    ]


def agendas(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A therapist's visits of the day, in the location's morning; no letter on a day without visits."""
    return [asked for name in rules.zones for asked in _agendas_in(ZoneInfo(name), rules, now)]


def _agendas_in(zone: ZoneInfo, rules: DueRules, now: datetime) -> Iterator[DueQuery]:
    day = hours.local_day(now, zone)
    while (morning := hours.earliest_instant(datetime.combine(day, AGENDA_AT), zone)) <= rules.until(now):
        if now < morning + AGENDA_WORTH:
            yield _agenda_of(day, morning, zone, rules, now)
        day += timedelta(days=1)


def _agenda_of(day: date, morning: datetime, zone: ZoneInfo, rules: DueRules, now: datetime) -> DueQuery:
    at_work = (
        sa.select(Therapist.id, User.id.label("recipient_id"))
        .join(User, sa.and_(User.id == Therapist.user_id, User.active))
        .join(Appointment, Appointment.therapist_id == Therapist.id)
        .where(
            Appointment.zone == zone.key,
            Appointment.state.in_([State.BOOKED, State.ARRIVED]),
            Appointment.starts_at < hours.midnight(day + timedelta(days=1), zone),
            Appointment.ends_at > max(now, morning),
            # Visits booked later in the day bring no further letter.
            Appointment.time_agreed_at < morning,
            never_owed(MessageKind.AGENDA, Therapist.id, Message.occasion == day.isoformat()),
        )
        .distinct()
    )
    return due_query(
        MessageKind.AGENDA,
        at_work,
        rules.until(now),
        occasion=lambda row: day.isoformat(),
        due_at=lambda row: morning,
        expires_at=lambda row: morning + AGENDA_WORTH,
    )


def delivery_troubles(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Undelivered letters, or a silent worker: to each owner, at most once a day."""
    if not rules.zones:
        return []
    quiet = rules.quiet(rules.zones[0])
    owners = sa.select(User.id, User.id.label("recipient_id")).where(
        User.active,
        User.role_names.contains([Role.OWNER.value]),
        never_owed(MessageKind.DELIVERY_TROUBLE, User.id, Message.owed_at > now - UNDELIVERED_WITHIN),
        sa.or_(sa.exists().where(*_undelivered(now)), heartbeat.some_silent(SILENT_FOR)),
    )
    return [
        due_query(
            MessageKind.DELIVERY_TROUBLE,
            owners,
            rules.until(now),
            occasion=lambda row: hours.local_day(now, quiet.zone).isoformat(),
            due_at=lambda row: quiet.after(now),
            expires_at=lambda row: now + UNDELIVERED_WITHIN,
        )
    ]


def undelivered_count(now: datetime) -> int:
    """How many letters to clients could not be delivered within the last day."""
    return db.session.scalar(sa.select(sa.func.count()).where(*_undelivered(now))) or 0


def _undelivered(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return Message.given_up_at > now - UNDELIVERED_WITHIN, Message.kind != MessageKind.DELIVERY_TROUBLE


def silent_parts() -> list[str]:
    """The parts of the delivery that were once alive and have been silent for a while."""
    found = heartbeat.heartbeats()
    return [
        sign.part.value
        for sign in found.signs
        if sign.part is not DeliveryPart.MAIL and sign.age is not None and sign.age > SILENT_FOR
    ]


def _review_waiting(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    review = db.session.get(Review, claim.subject_id)
    if review is None:
        return Drop("gone")
    if review.decided_at is not None:
        return Drop("decided")
    return LetterContent(
        recipient=user.email,
        facts={
            "link": public_url(f"/staff/reviews/{review.id}"),
            "appointment": review.appointment,
            "decide_by": review.appointment.decide_by if review.appointment else None,
        },
    )


def _check_in_answered(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    check_in = db.session.get(CheckIn, claim.subject_id)
    if check_in is None:
        return Drop("gone")
    if check_in.seen_at is not None:
        return Drop("seen")
    # Name neither the visit nor the client, because the letter's existence reveals how somebody is.
    return LetterContent(recipient=user.email, facts={"link": public_url("/staff")})


def _look_back_due(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    if db.session.scalar(sa.select(sa.exists().where(LookBack.appointment_id == claim.subject_id))):
        return Drop("decided")
    return LetterContent(
        recipient=user.email, facts={"link": public_url(f"/staff/appointments/{claim.subject_id}/look-back")}
    )


def _agenda(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    therapist = db.session.get(Therapist, claim.subject_id)
    if therapist is None or therapist.user_id != user.id:
        return Drop("gone")
    stops = _stops(therapist, date.fromisoformat(claim.occasion))
    if not stops:
        return Drop("nothing_left")
    return LetterContent(
        recipient=user.email,
        facts={"stops": stops, "reviews": plans.waiting(user.id, now), "link": public_url("/staff")},
    )


def _stops(therapist: Therapist, day: date) -> list[Stop]:
    """The visits that begin on this local day of their place, earliest first."""
    around = timedelta(days=1)
    begin = hours.midnight(day, ZoneInfo("UTC"))
    visits = db.session.scalars(
        sa.select(Appointment)
        .where(
            Appointment.therapist_id == therapist.id,
            Appointment.state.in_([State.BOOKED, State.ARRIVED]),
            Appointment.starts_at >= begin - around,
            Appointment.starts_at < begin + 2 * around,
        )
        .order_by(Appointment.starts_at)
        .options(*WHOLE, sa.orm.joinedload(Appointment.room))
    )
    return [
        Stop(
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            zone=visit.zone,
            what=visit.treatment.mail_name,
            first_name=letter_name(visit.client),
            place=visit.location.name,
            room=visit.room.name if visit.room else "",
            reference=visit.reference,
        )
        for visit in visits
        if hours.local_day(visit.starts_at, ZoneInfo(visit.zone)) == day
    ]


def _delivery_trouble(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    undelivered, silent = undelivered_count(now), silent_parts()
    if not undelivered and not silent:
        return Drop("well_again")
    return LetterContent(
        recipient=user.email,
        facts={"undelivered": undelivered, "silent": silent, "link": public_url("/staff/messages")},
    )


def _sample_stop(visit: LetterVisit) -> Stop:
    return Stop(
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.zone,
        what=visit.what,
        first_name=visit.first_name,
        place=visit.place,
        room="",
        reference=visit.reference,
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.REVIEW_WAITING,
        label="A review waits (to staff)",
        recipient=Recipient.STAFF,
        due=(reviews_waiting,),
        words=Words(
            subject=N_("An intake waits for your review"),
            heading=N_("An intake waits for your review"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_review_waiting),
        sample=lambda scene: {"link": scene.link, "appointment": None, "decide_by": None},
    ),
    DeclaredKind(
        kind=MessageKind.CHECK_IN_ANSWERED,
        label="A check-in waits (to staff)",
        recipient=Recipient.STAFF,
        due=(check_ins_answered,),
        words=Words(
            subject=N_("A check-in waits for you"),
            heading=N_("A check-in waits for you"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_check_in_answered),
        sample=sample_link,
    ),
    DeclaredKind(
        kind=MessageKind.LOOK_BACK_DUE,
        label="A look back is due (to staff)",
        recipient=Recipient.STAFF,
        due=(look_backs_due,),
        words=Words(
            subject=N_("A look back is due"),
            heading=N_("A look back is due"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_look_back_due),
        sample=sample_link,
    ),
    DeclaredKind(
        kind=MessageKind.AGENDA,
        label="The day's visits (to staff)",
        recipient=Recipient.STAFF,
        due=(agendas,),
        words=Words(
            subject=N_("Your day at {practice}"),
            heading=N_("Your day"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_agenda),
        sample=lambda scene: {"stops": [_sample_stop(scene.visit)], "reviews": 1, "link": scene.link},
    ),
    DeclaredKind(
        kind=MessageKind.DELIVERY_TROUBLE,
        label="Letters not delivered (to owners)",
        recipient=Recipient.STAFF,
        due=(delivery_troubles,),
        words=Words(
            subject=N_("Letters could not be delivered"),
            heading=N_("Letters need a look"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_delivery_trouble),
        sample=lambda scene: {"undelivered": 1, "silent": [], "link": scene.link},
    ),
)
