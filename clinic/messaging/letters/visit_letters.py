"""Letters about a visit: booked, requested, decided, changed, cancelled, soon, and over."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from clinic import language
from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import Client, Contact, ContactKind, LinkPurpose
from clinic.booking import calendar_file
from clinic.booking.calendar_file import Invitee, Method
from clinic.booking.models import CAME, OCCUPYING, Appointment, State
from clinic.booking.past_visits import TIPS_KEPT
from clinic.db import db
from clinic.intake import queries as intake
from clinic.messaging import preferences
from clinic.messaging.due.bookings import TELLS_TIME
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.letters.greeting import letter_name
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.preferences import Topic
from clinic.messaging.services import Claim
from clinic.plans import before_visit
from clinic.practice.models import IntakeRule, Practice

WHOLE = [
    joinedload(part)
    for part in (Appointment.client, Appointment.therapist, Appointment.treatment, Appointment.location)
]
"""An appointment with all a letter says of it, in one statement."""

FORM = "visit"
SIGN_IN_FIRST = "/my/sign-in?next="
"""Answers become part of somebody's record only when the address is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterVisit:
    """What a letter says of a visit; instants are UTC, to be shown in `zone`."""

    first_name: str
    starts_at: datetime
    ends_at: datetime
    zone: str
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
    """Whether it may still be moved or cancelled free of charge."""
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
            what=appointment.treatment.mail_name,
            minutes=appointment.length_minutes,
            therapist=", ".join(part for part in (therapist.name, therapist.licence) if part),
            place=location.name,
            address=", ".join(part for part in (location.street, location.town) if part),
            getting_here=location.getting_here,
            price_cents=appointment.price_cents,
            currency=practice.currency,
            free_until=free_until,
            is_free=now < free_until,
            policy=practice.policy,
            reference=appointment.reference,
            link=_address(signed_links.manage_path(appointment.id, appointment.link_epoch)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyForm:
    """The short form before a visit: where it is, and from when on it takes answers."""

    link: str
    opens_at: datetime
    is_open: bool

    @classmethod
    def of(cls, appointment: Appointment, now: datetime) -> "SafetyForm":
        """The form of this visit, as `clinic.public.safety_form` opens it."""
        path = signed_links.purpose_path(FORM, FORM, appointment.id, appointment.link_epoch)
        opens_at = before_visit.opens_at(appointment)
        return cls(link=_address(path), opens_at=opens_at, is_open=opens_at <= now)


Check = Callable[[Claim, Appointment, datetime], str | None]
"""Why a letter about this appointment must not go now, as a code; None when it may."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How one kind of letter about a visit is made."""

    check: Check
    method: Method | None = None
    wanted: Callable[[Contact], bool] = lambda contact: True
    """Whether this address wishes such letters."""
    stops: Topic | None = None
    """What one press in the letter ends."""
    tells_time: bool = False


def _booked(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    if appointment.state != State.BOOKED:
        return str(appointment.state)
    return "past" if appointment.starts_at <= now else None


def _changed(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    if _revision(held) < appointment.time_revision:
        return "moved"
    if not held.is_copy and _last_told(appointment) == visit_digest(appointment):
        return "undone"
    return _booked(held, appointment, now)


def _soon(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    return "moved" if _revision(held) != appointment.time_revision else _booked(held, appointment, now)


def _in_state(state: State) -> Check:
    def check(held: Claim, appointment: Appointment, now: datetime) -> str | None:
        if appointment.state != state:
            return str(appointment.state)
        return "past" if appointment.starts_at <= now else None

    return check


def _over(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    return None if appointment.state in CAME else str(appointment.state)


def _unanswered(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    if intake.newest_full(browser=None, client_id=appointment.client_id, now=now) is not None:
        return "answered"
    return _booked(held, appointment, now)


def _free(held: Claim, appointment: Appointment, now: datetime) -> str | None:
    """Invitations to come again are for those with nothing booked."""
    later = sa.exists().where(
        Appointment.client_id == appointment.client_id,
        Appointment.starts_at > appointment.starts_at,
        Appointment.state.in_(OCCUPYING),
    )
    if db.session.scalar(sa.select(later)):
        return "booked"
    return _over(held, appointment, now)


TELLINGS: Mapping[MessageKind, Telling] = {
    MessageKind.CONFIRMATION: Telling(_booked, Method.REQUEST, tells_time=True),
    MessageKind.REQUEST_RECEIVED: Telling(_in_state(State.REQUESTED)),
    MessageKind.REQUEST_CONFIRMED: Telling(_booked, Method.REQUEST, tells_time=True),
    MessageKind.REQUEST_DECLINED: Telling(_in_state(State.DECLINED)),
    MessageKind.CHANGE: Telling(_changed, Method.REQUEST, tells_time=True),
    MessageKind.CANCELLATION: Telling(_in_state(State.CANCELLED), Method.CANCEL),
    MessageKind.REMINDER: Telling(_soon, wanted=lambda contact: contact.wants_reminders),
    MessageKind.AFTERCARE: Telling(_over, wanted=lambda contact: contact.wants_reminders),
    MessageKind.CHECK_IN: Telling(
        _over, wanted=lambda contact: contact.wants_check_ins, stops=Topic.CHECK_INS
    ),
    MessageKind.OWN_TIPS: Telling(_over),
    MessageKind.INTAKE_INVITATION: Telling(_unanswered),
    MessageKind.REBOOKING: Telling(
        _free, wanted=lambda contact: preferences.wants_news(contact.client_id), stops=Topic.REBOOKING
    ),
}


def _composer(telling: Telling) -> Callable[[Claim, Practice, datetime], LetterContent | Drop]:
    def compose(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
        appointment = db.session.get(Appointment, held.subject_id, options=WHOLE)
        contact = db.session.get(Contact, held.recipient_id)
        if appointment is None or appointment.client is None or contact is None:
            return Drop("gone")
        why = _unreachable(contact, appointment) or telling.check(held, appointment, now)
        if why is None and not telling.wanted(contact):
            why = "unwanted"
        if why is not None:
            return Drop(why)
        return _content(telling, held.kind, appointment, appointment.client, contact, practice, now)

    return compose


KINDS = {kind: _composer(telling) for kind, telling in TELLINGS.items()}


def _content(
    telling: Telling,
    kind: MessageKind,
    appointment: Appointment,
    client: Client,
    contact: Contact,
    practice: Practice,
    now: datetime,
) -> LetterContent:
    visit = LetterVisit.of(appointment, client, practice, now)
    facts: dict[str, object] = {"visit": visit, "form": None}
    if kind is MessageKind.AFTERCARE:
        facts["tips_link"] = _address(signed_links.aftercare_path(appointment.id, appointment.link_epoch))
        facts["days"] = TIPS_KEPT.days
        facts["next_visit"] = _next_visit(client, practice, now)
    if kind is MessageKind.OWN_TIPS:
        raw = accounts.mint_link(purpose=LinkPurpose.OWN_TIPS, subject_id=appointment.id, now=now)
        facts["link"] = _address(signed_links.own_tips_path(raw))
    if kind is MessageKind.INTAKE_INVITATION:
        facts["link"] = _address(f"{SIGN_IN_FIRST}/intake")
    if kind is MessageKind.CHECK_IN:
        facts["questions_link"] = _address(signed_links.check_in_path(appointment.id, appointment.link_epoch))
    if kind is MessageKind.REMINDER and appointment.treatment.intake != IntakeRule.NONE:
        facts["form"] = SafetyForm.of(appointment, now)
    if kind is MessageKind.CANCELLATION:
        facts["by_client"] = appointment.cancelled_by == "client"
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts=facts,
        calendar=_calendar(telling.method, appointment, contact, practice, visit, now),
        calendar_method=telling.method.value if telling.method else "",
        told=visit_digest(appointment) if telling.tells_time else None,
        stop_link=_address(preferences.stop_path(contact.id, telling.stops)) if telling.stops else "",
    )


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


def _next_visit(client: Client, practice: Practice, now: datetime) -> LetterVisit | None:
    coming = db.session.scalar(
        sa.select(Appointment)
        .where(
            Appointment.client_id == client.id,
            Appointment.state == State.BOOKED,
            Appointment.starts_at > now,
        )
        .order_by(Appointment.starts_at)
        .limit(1)
    )
    return LetterVisit.of(coming, client, practice, now) if coming else None


def visit_digest(appointment: Appointment) -> bytes:
    """Digest of the time and place a letter tells: equal when a client would read the same."""
    facts = (
        appointment.starts_at.timestamp(),
        appointment.length_minutes,
        appointment.therapist_id,
        appointment.location_id,
    )
    return hashlib.sha256(repr(tuple(map(str, facts))).encode()).digest()


def _last_told(appointment: Appointment) -> bytes | None:
    letters = sa.select(Message.told).where(
        Message.kind.in_(TELLS_TIME),
        Message.channel == "mail",
        Message.subject_id == appointment.id,
        Message.sent_at.is_not(None),
    )
    return db.session.scalar(letters.order_by(Message.sent_at.desc(), Message.id.desc()).limit(1))


def _unreachable(contact: Contact, appointment: Appointment) -> str | None:
    if appointment.client is not None and appointment.client.erased_at is not None:
        return "erased"
    if contact.kind != ContactKind.MAIL or contact.client_id != appointment.client_id:
        return "no_address"
    return "does_not_arrive" if contact.bounced_at is not None else None


def _revision(held: Claim) -> int:
    return int(held.occasion.removeprefix("r").partition("/")[0])


def _address(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}{path}"
