"""One letter about several visits that were booked, moved or cancelled in one act, with one calendar file of them all."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from clinic import language
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.booking import calendar_file
from clinic.booking.calendar_file import Invitee, Method
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series
from clinic.db import db
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.letters.greeting import letter_name
from clinic.messaging.letters.visit_letters import LetterVisit
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice


def _series(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    whole = db.session.get(Series, held.subject_id)
    contact = db.session.get(Contact, held.recipient_id)
    client = db.session.get(Client, whole.client_id) if whole else None
    if whole is None or contact is None or client is None:
        return Drop("gone")
    if held.occasion != f"r{whole.revision}":
        return Drop("moved")
    why = _unreachable(contact, client)
    if why is not None:
        return Drop(why)
    coming = [member for member in new_series.members(whole.id) if member.starts_at > now]
    booked = [member for member in coming if member.state == State.BOOKED]
    act = new_series.of_act(whole.id, whole.revision)
    cancelled = [member for member in act if member.state == State.CANCELLED and member.starts_at > now]
    if not booked and not cancelled:
        return Drop("undone")
    return _content(whole, contact, client, booked, cancelled, practice, now)


def _content(
    whole: Series,
    contact: Contact,
    client: Client,
    booked: Sequence[Appointment],
    cancelled: Sequence[Appointment],
    practice: Practice,
    now: datetime,
) -> LetterContent:
    """All that is booked as it stands, so that an earlier letter nobody got is not missed, and what was just cancelled."""
    visits = {one.id: LetterVisit.of(one, client, practice, now) for one in (*booked, *cancelled)}
    # A calendar can only be told to take out what an earlier letter put in.
    takes_out = bool(cancelled) and (not booked or _was_told(whole))
    method = Method.CANCEL if takes_out else Method.REQUEST
    shown = cancelled if takes_out else booked
    with language.speaking(client.language):
        calendar = calendar_file.serialise(
            shown,
            practice,
            method=method,
            now=now,
            links={one.id: visits[one.id].link for one in shown},
            invitee=Invitee(mail=contact.normalised, name=letter_name(client)),
        )
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts={
            "booked": [visits[one.id] for one in booked],
            "cancelled": [visits[one.id] for one in cancelled],
            "takes_out": takes_out,
            "values": {"client": letter_name(client)},
        },
        calendar=calendar,
        calendar_method=method.value,
    )


def _was_told(whole: Series) -> bool:
    went = sa.exists().where(
        Message.kind == MessageKind.SERIES, Message.subject_id == whole.id, Message.sent_at.is_not(None)
    )
    return bool(db.session.scalar(sa.select(went)))


def _unreachable(contact: Contact, client: Client) -> str | None:
    if client.erased_at is not None:
        return "erased"
    if contact.kind != ContactKind.MAIL or contact.client_id != client.id:
        return "no_address"
    return "does_not_arrive" if contact.bounced_at is not None else None


KINDS = {MessageKind.SERIES: _series}
