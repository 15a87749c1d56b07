"""What every kind of letter about a visit shares: the visit as a letter tells it, when it may go, and how it is written."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import joinedload

from clinic import language
from clinic.accounts import signed_links
from clinic.accounts.models import Client, Contact
from clinic.booking import calendar_file
from clinic.booking.calendar_file import Invitee, Method
from clinic.booking.models import CAME, Appointment, State
from clinic.db import db
from clinic.messaging import preferences
from clinic.messaging.due.visits import TELLS_REQUEST, TELLS_TIME
from clinic.messaging.kinds.content import Composer, Drop, LetterContent, public_url, why_unreachable
from clinic.messaging.kinds.greeting import letter_name
from clinic.messaging.preferences import Topic
from clinic.messaging.services import Claim
from clinic.practice import own_texts
from clinic.practice.models import Practice

WHOLE = [
    joinedload(part)
    for part in (Appointment.client, Appointment.therapist, Appointment.treatment, Appointment.location)
]
"""An appointment with everything a letter says about it, in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterVisit:
    """What a letter says of a visit; instants are UTC, to be shown in `zone`."""

    first_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    town: str
    what: str
    minutes: int
    therapist: str
    place: str
    address: str
    getting_here: str
    price_cents: int
    currency: str
    free_until: datetime
    is_free: bool
    """Whether it can still be moved or cancelled free of charge."""
    policy: str
    reference: str
    link: str

    @classmethod
    def of(cls, appointment: Appointment, client: Client, practice: Practice, now: datetime) -> "LetterVisit":
        """The visit as it stands now."""
        therapist, location = appointment.therapist, appointment.location
        free_until = practice.free_until(appointment.starts_at)
        return cls(
            first_name=letter_name(client),
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            zone=appointment.zone,
            town=location.town,
            what=own_texts.said(appointment.treatment, "mail_name", client.language),
            minutes=appointment.length_minutes,
            therapist=", ".join(
                part
                for part in (therapist.name, own_texts.said(therapist, "licence", client.language))
                if part
            ),
            place=location.name,
            address=", ".join(part for part in (location.street, location.town) if part),
            getting_here=own_texts.said(location, "getting_here", client.language),
            price_cents=appointment.price_cents,
            currency=practice.currency,
            free_until=free_until,
            is_free=now < free_until,
            policy=own_texts.said(practice, "policy", client.language),
            reference=appointment.reference,
            link=public_url(signed_links.manage_path(appointment.id, appointment.link_epoch)),
        )


Check = Callable[[Claim, Appointment, datetime], str | None]
"""Why a letter about this appointment must not go now, as a code; None when it may."""
Facts = Callable[[Appointment, Practice, datetime], Mapping[str, Any]]
"""What the template of one kind prints besides the visit."""


def booked(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    """Only while it is booked and still to come."""
    if appointment.state != State.BOOKED:
        return str(appointment.state)
    return "past" if appointment.starts_at <= now else None


def in_state(state: State) -> Check:
    """Only while it is in this state and still to come."""

    def check(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
        if appointment.state != state:
            return str(appointment.state)
        return "past" if appointment.starts_at <= now else None

    return check


def over(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    """Only once it took place."""
    return None if appointment.state in CAME else str(appointment.state)


def visit_letter(
    check: Check,
    *,
    method: Method | None = None,
    wanted: Callable[[Contact], bool] = lambda contact: True,
    stops: Topic | None = None,
    more: Facts = lambda appointment, practice, now: {},
) -> Composer:
    """What writes one kind of letter about a visit.

    `check` and `wanted` (does this address want such letters?) say whether it goes, `method` which calendar file comes with it,
    `stops` what one press in it ends, `more` which facts it has besides the visit.
    """

    def compose(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
        appointment = db.session.get(Appointment, claim.subject_id, options=WHOLE)
        contact = db.session.get(Contact, claim.recipient_id)
        if appointment is None or appointment.client is None or contact is None:
            return Drop("gone")
        client = appointment.client
        why = why_unreachable(contact, client) or check(claim, appointment, now)
        if why is None and not wanted(contact):
            why = "unwanted"
        if why is not None:
            return Drop(why)
        visit = LetterVisit.of(appointment, client, practice, now)
        return LetterContent(
            recipient=contact.normalised,
            contact_id=contact.id,
            language=client.language,
            facts={"visit": visit, "form": None, **more(appointment, practice, now)},
            calendar=_calendar(method, appointment, contact, practice, visit, now),
            calendar_method=method.value if method else "",
            told=visit_digest(appointment) if claim.kind in (*TELLS_TIME, *TELLS_REQUEST) else None,
            visit_starts_at=visit.starts_at,
            stop_link=public_url(preferences.unsubscribe_path(contact.id, stops)) if stops else "",
        )

    return compose


def _calendar(
    method: Method | None,
    appointment: Appointment,
    contact: Contact,
    practice: Practice,
    visit: LetterVisit,
    now: datetime,
) -> bytes | None:
    if method is None:
        return None
    invitee = Invitee(mail=contact.normalised, name=visit.first_name)
    with language.speaking(contact.client.language):
        return calendar_file.serialise(
            [appointment],
            practice,
            method=method,
            now=now,
            links={appointment.id: visit.link},
            invitee=invitee,
        )


def visit_digest(appointment: Appointment) -> bytes:
    """Digest of the time and place a letter tells: equal when a client would read the same."""
    facts = (
        appointment.starts_at.timestamp(),
        appointment.length_minutes,
        appointment.therapist_id,
        appointment.location_id,
    )
    return hashlib.sha256(repr(tuple(map(str, facts))).encode()).digest()


def revision(claim: Claim) -> int:
    """The revision of the visit that the occasion names."""
    return int(claim.occasion.removeprefix("r").partition("/")[0])
