"""Finding a client by what they say on the telephone, and finding records that may be one person.

Only for staff pages. Names are compared as `accounts.name_search` folds them, and with some tolerance for spelling.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import joinedload, selectinload

from clinic.accounts import services as accounts
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.accounts.name_search import search_name
from clinic.booking.models import Appointment, State
from clinic.booking.placing import REFERENCE_LETTERS
from clinic.db import db
from clinic.refusal import NotFound

SHOWN = 8
SHORTEST_NUMBER = 4
"""The fewest digits to search for a telephone number."""
ALIKE = 0.5
"""How similar two names must be, from 0 to 1; 0.5 tolerates two wrong letters in a typical name."""
COMES = (State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What tells a client from others at the desk: contacts, last visit and next visit."""

    client: Client
    last: Appointment | None
    next: Appointment | None


def client(client_id: UUID) -> Client:
    """A client to book for; raises NotFound for one who was erased or merged."""
    found = db.session.get(Client, client_id)
    if found is None or found.erased_at is not None or found.merged_into_id is not None:
        raise NotFound
    return found


def caller_of(person: Client, now: datetime) -> Caller:
    """One client with their last visit and the next."""
    last, following = _visits([person.id], now)
    return Caller(client=person, last=last.get(person.id), next=following.get(person.id))


def find(text: str, country: str, now: datetime) -> list[Caller]:
    """Clients by name, mail address, telephone number or the reference of a visit, the likeliest first; at most eight.

    `country` is the practice's, for telephone numbers without a country code.
    """
    wanted = text.strip()
    if not wanted:
        return []
    if "@" in wanted:
        return _callers(_reached_by(ContactKind.MAIL, [wanted.lower()]), now)
    numbers = [part for part in accounts.phone_parts(wanted, country) if len(part) >= SHORTEST_NUMBER]
    if numbers:
        return _callers(_reached_by(ContactKind.PHONE, numbers), now)
    return _callers([*of_reference(wanted), *_named(search_name(wanted))], now)


def pair(one: UUID, other: UUID, now: datetime) -> list[Caller]:
    """Two clients beside each other, in this order. Raises NotFound."""
    return _callers([client(one).id, client(other).id], now)


def twins(person: Client, now: datetime) -> list[Caller]:
    """Other records that may be this person: on one of their addresses, or by much the same name."""
    same = [
        contact.client_id
        for mine in person.contacts
        for contact in accounts.contacts_on(ContactKind(mine.kind), mine.normalised)
    ]
    return _callers([id_ for id_ in [*same, *_named_alike(person.search_name)] if id_ != person.id], now)


def alike(
    *, given_name: str, family_name: str, mail: str | None, phone: str | None, country: str, now: datetime
) -> list[Caller]:
    """Records that may already be this person: the same address, or much the same name; the same address first.

    Raises UnreadableAddress for an address that cannot be one.
    """
    same: list[UUID] = []
    if mail:
        same += _with_address(ContactKind.MAIL, accounts.normalise_mail(mail))
    if phone:
        same += _with_address(ContactKind.PHONE, accounts.normalise_phone(phone, country))
    return _callers([*same, *_named_alike(search_name(given_name, family_name))], now)


def _named_alike(name: str) -> Sequence[UUID]:
    close = sa.func.similarity(Client.search_name, name)
    named = sa.select(Client.id).where(living(), close >= ALIKE).order_by(close.desc(), Client.id)
    return db.session.scalars(named.limit(SHOWN)).all()


def _named(name: str) -> Sequence[UUID]:
    if not name:
        return []
    holds = Client.search_name.contains(name, autoescape=True)
    close = sa.func.word_similarity(name, Client.search_name)
    exact = sa.select(Client.id).where(living(), holds).order_by(Client.search_name, Client.id).limit(SHOWN)
    found = list(db.session.scalars(exact))
    if len(found) < SHOWN:
        near = sa.select(Client.id).where(living(), close >= ALIKE).order_by(close.desc(), Client.id)
        found += db.session.scalars(near.limit(SHOWN))
    return found


def _reached_by(kind: ContactKind, parts: Sequence[str]) -> Sequence[UUID]:
    holds = sa.or_(*(Contact.normalised.contains(part, autoescape=True) for part in parts))
    on = sa.select(Contact.client_id).join(Contact.client).where(Contact.kind == kind, holds, living())
    return list(db.session.scalars(on.order_by(Contact.created_at.desc()).limit(SHOWN)))


def _with_address(kind: ContactKind, normalised: str) -> list[UUID]:
    return [contact.client_id for contact in accounts.contacts_on(kind, normalised)][:SHOWN]


def of_reference(text: str) -> Sequence[UUID]:
    """The client of the visit with this reference; nobody for a text that cannot be one."""
    letters = text.upper().replace(" ", "")
    if len(letters) != 8 or set(letters) - set(REFERENCE_LETTERS):
        return []
    of = sa.select(Client.id).join(Appointment, Appointment.client_id == Client.id)
    return list(db.session.scalars(of.where(Appointment.reference == letters, living())))


def living() -> sa.ColumnElement[bool]:
    """Whether a record is one to book for: neither erased nor joined to another."""
    return sa.and_(Client.erased_at.is_(None), Client.merged_into_id.is_(None))


def _callers(ids: Iterable[UUID], now: datetime) -> list[Caller]:
    return callers(list(dict.fromkeys(ids))[:SHOWN], now)


def callers(wanted: Sequence[UUID], now: datetime) -> list[Caller]:
    """These clients with their contacts, last visit and next, in this order; three statements, however many there are."""
    people = db.session.scalars(
        sa.select(Client).where(Client.id.in_(wanted)).options(selectinload(Client.contacts))
    )
    by_id = {person.id: person for person in people}
    last, following = _visits(wanted, now)
    return [Caller(client=by_id[id_], last=last.get(id_), next=following.get(id_)) for id_ in wanted]


def _visits(
    clients: Sequence[UUID], now: datetime
) -> tuple[dict[UUID, Appointment], dict[UUID, Appointment]]:
    """The last visit of each of these clients, and the next; one statement."""
    either = sa.union_all(
        _first_of_each(clients, Appointment.starts_at <= now, Appointment.starts_at.desc()),
        _first_of_each(clients, Appointment.starts_at > now, Appointment.starts_at.asc()),
    )
    rows = db.session.scalars(
        sa.select(Appointment)
        .where(Appointment.id.in_(either))
        .options(joinedload(Appointment.therapist), joinedload(Appointment.treatment))
    )
    last: dict[UUID, Appointment] = {}
    following: dict[UUID, Appointment] = {}
    for row in rows:
        assert row.client_id is not None
        (last if row.starts_at <= now else following)[row.client_id] = row
    return last, following


def _first_of_each(
    clients: Sequence[UUID], when: sa.ColumnElement[bool], order: sa.ColumnElement[datetime]
) -> sa.Select[UUID]:
    """The first visit in this order of each of these clients."""
    of_each = (
        sa.select(Appointment.id.label("id"))
        .where(Appointment.client_id.in_(clients), Appointment.state.in_(COMES), when)
        .ext(distinct_on(Appointment.client_id))
        .order_by(Appointment.client_id, order)
        .subquery()
    )
    return sa.select(of_each.c.id)
