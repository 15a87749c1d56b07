"""Letters to therapists about what waits for them: reviews, check-ins and look backs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.booking.models import CAME, Appointment
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind, Recipient, to_staff
from clinic.messaging.kinds.sample import sample_link
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.plans.models import CheckIn, LookBack, Plan, PlannedSession, Review
from clinic.practice.models import Therapist
from clinic.practice.queries import never_signs_in

REVIEW_WORTH = timedelta(days=7)
LOOK_BACK_WORTH = timedelta(days=7)
NEAR = timedelta(hours=48)

LOOKS_AFTER = sa.and_(
    User.active,
    User.role_names.contains([Role.THERAPIST.value]),
    sa.or_(User.id == Therapist.user_id, never_signs_in()),
)
"""Who is told about a visit's client: its therapist, or all therapists if that one never signs in."""


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
)
