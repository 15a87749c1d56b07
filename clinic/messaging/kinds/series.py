"""One letter about several visits that were booked, moved or cancelled in one act, with one calendar file of them all."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from clinic import language
from clinic.accounts.models import Client, Contact
from clinic.booking import calendar_file
from clinic.booking.calendar_file import Invitee, Method
from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series
from clinic.booking.series.new_series import TOLD_TOGETHER
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.due.visits import address_of
from clinic.messaging.kinds.content import Drop, LetterContent, why_unreachable
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.greeting import letter_name
from clinic.messaging.kinds.visit_letter import LetterVisit
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice


def series(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Several visits booked, moved or cancelled in one act: one letter about all of them. For bookings it does not
    wait."""
    address = address_of(Series.client_id)
    last_start = (
        sa.select(sa.func.max(Appointment.starts_at))
        .where(
            Appointment.series_id == Series.id,
            TOLD_TOGETHER,
            Appointment.series_revision == Series.revision,
            Appointment.state.in_([State.BOOKED, State.CANCELLED]),
        )
        .scalar_subquery()
    )
    acts = (
        sa.select(
            Series.id,
            Series.client_id,
            Series.revision,
            Series.changed_at,
            last_start.label("last_start"),
            address.c.id.label("recipient_id"),
        )
        .join(Client, Client.id == Series.client_id)
        .join(address, sa.true())
        .where(
            Series.changed_at >= rules.changed_since,
            sa.or_(Series.revision == 1, Series.changed_at <= rules.until(now) - rules.settle),
            Client.erased_at.is_(None),
            last_start > now,
            never_owed(
                MessageKind.SERIES,
                Series.id,
                Message.occasion == sa.func.concat("r", Series.revision),
                sa.or_(Message.given_up_at.is_(None), Message.recipient_id == address.c.id),
            ),
        )
    )
    return [
        due_query(
            MessageKind.SERIES,
            acts,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.changed_at,
            expires_at=lambda row: row.last_start,
        )
    ]


def _letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    whole = db.session.get(Series, claim.subject_id)
    contact = db.session.get(Contact, claim.recipient_id)
    client = db.session.get(Client, whole.client_id) if whole else None
    if whole is None or contact is None or client is None:
        return Drop("gone")
    if claim.occasion != f"r{whole.revision}":
        return Drop("moved")
    why = why_unreachable(contact, client)
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
    """Everything booked in its present state, in case an earlier letter was not delivered, and what was just
    cancelled."""
    visits = {one.id: LetterVisit.of(one, client, practice, now) for one in (*booked, *cancelled)}
    # A calendar file can only cancel what an earlier letter added.
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


KINDS = (
    DeclaredKind(
        kind=MessageKind.SERIES,
        label=N_("Several visits at once"),
        due=(series,),
        words=Words(
            subject=N_("Your sessions at {practice}"),
            heading=N_("Your sessions, {client}"),
        ),
        placeholders=("client", *OF_PRACTICE),
        compose=_letter,
        sample=lambda scene: {
            "booked": [scene.visit, scene.later_visit],
            "cancelled": [],
            "takes_out": False,
            "values": {"client": scene.visit.first_name},
        },
    ),
)
