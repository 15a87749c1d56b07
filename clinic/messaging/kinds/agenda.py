"""The morning letter to a therapist: the visits of the day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind, Recipient, to_staff
from clinic.messaging.kinds.greeting import letter_name
from clinic.messaging.kinds.visit_letter import WHOLE, LetterVisit
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.plans import queries as plans
from clinic.practice.models import Therapist
from clinic.scheduling import hours

AGENDA_AT = time(7)
AGENDA_WORTH = timedelta(hours=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One visit in a therapist's day: only when, where, the client's first name, and the treatment's mail name."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    town: str
    what: str
    first_name: str
    place: str
    room: str
    reference: str


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
            town=visit.location.town,
            what=visit.treatment.mail_name,
            first_name=letter_name(visit.client),
            place=visit.location.name,
            room=visit.room.name if visit.room else "",
            reference=visit.reference,
        )
        for visit in visits
        if hours.local_day(visit.starts_at, ZoneInfo(visit.zone)) == day
    ]


def _sample_stop(visit: LetterVisit) -> Stop:
    return Stop(
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.zone,
        town=visit.town,
        what=visit.what,
        first_name=visit.first_name,
        place=visit.place,
        room="",
        reference=visit.reference,
    )


KINDS = (
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
)
