"""Letters to people who work here: what waits, their day, and what could not be delivered. In the language of their pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.due import therapists
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.letters.greeting import letter_name
from clinic.messaging.letters.visit_letters import WHOLE
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.plans import queries as plans
from clinic.plans.models import CheckIn, LookBack, Review
from clinic.practice.models import Practice, Therapist
from clinic.scheduling import hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One visit in a therapist's day: nothing but when, where, who by first name, and the mail name."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    what: str
    first_name: str
    place: str
    room: str
    reference: str


def _review_waiting(held: Claim, user: User, now: datetime) -> LetterContent | Drop:
    review = db.session.get(Review, held.subject_id)
    if review is None:
        return Drop("gone")
    if review.decided_at is not None:
        return Drop("decided")
    return LetterContent(
        recipient=user.email,
        facts={
            "link": _address(f"/staff/reviews/{review.id}"),
            "appointment": review.appointment,
            "decide_by": review.appointment.decide_by if review.appointment else None,
        },
    )


def _check_in_answered(held: Claim, user: User, now: datetime) -> LetterContent | Drop:
    check_in = db.session.get(CheckIn, held.subject_id)
    if check_in is None:
        return Drop("gone")
    if check_in.seen_at is not None:
        return Drop("seen")
    # Neither the visit nor the client: that such a letter exists says how somebody is.
    return LetterContent(recipient=user.email, facts={"link": _address("/staff")})


def _look_back_due(held: Claim, user: User, now: datetime) -> LetterContent | Drop:
    if db.session.scalar(sa.select(sa.exists().where(LookBack.appointment_id == held.subject_id))):
        return Drop("decided")
    return LetterContent(
        recipient=user.email, facts={"link": _address(f"/staff/appointments/{held.subject_id}/look-back")}
    )


def _agenda(held: Claim, user: User, now: datetime) -> LetterContent | Drop:
    therapist = db.session.get(Therapist, held.subject_id)
    if therapist is None or therapist.user_id != user.id:
        return Drop("gone")
    stops = _stops(therapist, date.fromisoformat(held.occasion))
    if not stops:
        return Drop("nothing_left")
    return LetterContent(
        recipient=user.email,
        facts={"stops": stops, "reviews": plans.waiting(user.id, now), "link": _address("/staff")},
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


def _delivery_trouble(held: Claim, user: User, now: datetime) -> LetterContent | Drop:
    undelivered, silent = therapists.undelivered(now), therapists.silent_parts()
    if not undelivered and not silent:
        return Drop("well_again")
    return LetterContent(
        recipient=user.email,
        facts={"undelivered": undelivered, "silent": silent, "link": _address("/staff/messages")},
    )


Composer = Callable[[Claim, User, datetime], LetterContent | Drop]
COMPOSERS: Mapping[MessageKind, Composer] = {
    MessageKind.REVIEW_WAITING: _review_waiting,
    MessageKind.CHECK_IN_ANSWERED: _check_in_answered,
    MessageKind.LOOK_BACK_DUE: _look_back_due,
    MessageKind.AGENDA: _agenda,
    MessageKind.DELIVERY_TROUBLE: _delivery_trouble,
}


def _to_staff(composer: Composer) -> Callable[[Claim, Practice, datetime], LetterContent | Drop]:
    def compose(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
        user = db.session.get(User, held.recipient_id)
        return composer(held, user, now) if user is not None and user.active else Drop("gone")

    return compose


KINDS = {kind: _to_staff(composer) for kind, composer in COMPOSERS.items()}


def _address(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}{path}"
