"""Barring: who may not book online, or not with one therapist, and where that is checked.

A visitor becomes a new record each time, so a bar applies to everyone with an address of the barred record. A couple
who share an address are both affected and have to call. Client pages and the API say only that this cannot be booked
online; only staff see why. None of this is checked when staff book, move or offer.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit, client_records
from clinic.accounts.models import Client, ClientBar, Contact, User
from clinic.accounts.shared_addresses import is_of_anyone_there
from clinic.booking.states import acting_side
from clinic.db import db, violates
from clinic.language import N_
from clinic.practice.models import Therapist
from clinic.practice.supply import Supply
from clinic.refusal import NotFound, Refusal

LONGEST_REASON = 1000


class BarredOnline(Refusal):
    """The client may not book online; the reason is not shown to them."""

    status = 403
    code = "not-online"
    sentence = N_("This cannot be booked online. Please call us.")


class BarredAlready(Refusal):
    """The same bar already exists."""

    code = "barred-already"
    sentence = "This bar already exists."


_own, _other = sa.orm.aliased(Contact), sa.orm.aliased(Contact)
# Built once, because every booking runs it.
_STANDS = sa.and_(
    ClientBar.lifted_at.is_(None),
    # A bar that stayed on a merged record applies again when the merge is undone.
    sa.exists().where(Client.id == ClientBar.client_id, Client.merged_into_id.is_(None)),
)
_REACHED = sa.and_(
    _STANDS,
    is_of_anyone_there(ClientBar.client_id),
)
STANDING = sa.select(ClientBar.therapist_id).where(_REACHED)
"""The therapists that a client (parameter `client`) is barred from; NULL bars from all of online booking."""
_BARS = sa.select(ClientBar).where(_REACHED).order_by(ClientBar.barred_at, ClientBar.id)


def barred_therapists(client_id: UUID) -> set[UUID | None]:
    """The therapists this client is barred from; None among them bars from all of online booking."""
    return set(db.session.scalars(STANDING, {"client": client_id}))


def require_allowed(client_id: UUID, therapists: Collection[UUID], actor: str) -> None:
    """Raise BarredOnline if this client may not book online with one of these therapists; staff may."""
    if acting_side(actor) == "staff":
        return
    refuse(barred_therapists(client_id), therapists)


def refuse(barred: Collection[UUID | None], therapists: Collection[UUID]) -> None:
    """Raise BarredOnline if somebody is barred from online booking altogether, or from one of these therapists."""
    if None in barred or not set(therapists).isdisjoint(barred):
        raise BarredOnline


def allowed(supply: Supply, client_id: UUID | None, therapist_id: UUID | None = None) -> Supply:
    """The supply without therapists the signed-in client is barred from.

    Raises BarredOnline for a client barred from online booking, and if neither the wanted therapist nor anyone else is
    left.
    """
    barred = barred_therapists(client_id) if client_id else set()
    if not barred:
        return supply
    left = tuple(each for each in supply.therapists if each not in barred)
    if None in barred or therapist_id in barred or not left:
        raise BarredOnline
    return replace(supply, therapists=left)


def shown_to(supply: Supply, client_id: UUID | None) -> Supply:
    """The supply for pages that show times: without therapists this client is barred from, empty if barred
    altogether."""
    barred = barred_therapists(client_id) if client_id else set()
    if not barred:
        return supply
    left = () if None in barred else tuple(each for each in supply.therapists if each not in barred)
    return replace(supply, therapists=left)


def by_client() -> dict[UUID, frozenset[UUID | None]]:
    """Everyone to whom a bar applies, with what they are barred from, for callers that check many at once."""
    on_address = (
        sa.select(_own.client_id, ClientBar.therapist_id)
        .join(_other, _other.client_id == ClientBar.client_id)
        .join(_own, sa.and_(_own.kind == _other.kind, _own.normalised == _other.normalised))
        .where(_STANDS)
    )
    own = sa.select(ClientBar.client_id, ClientBar.therapist_id).where(_STANDS)
    found: dict[UUID, set[UUID | None]] = {}
    for client_id, therapist_id in db.session.execute(sa.union(on_address, own)):
        found.setdefault(client_id, set()).add(therapist_id)
    return {client_id: frozenset(therapists) for client_id, therapists in found.items()}


def of_client(client_id: UUID) -> Sequence[ClientBar]:
    """The current bars of a record, oldest first."""
    standing_bars = sa.select(ClientBar).where(
        ClientBar.client_id == client_id, ClientBar.lifted_at.is_(None)
    )
    return db.session.scalars(standing_bars.order_by(ClientBar.barred_at, ClientBar.id)).all()


def reaching(client_id: UUID) -> Sequence[ClientBar]:
    """The bars that apply to a client, also through an address, oldest first: what staff should know before they
    book."""
    return db.session.scalars(_BARS, {"client": client_id}).all()


def bar(client_id: UUID, therapist_id: UUID | None, reason: str, *, by: User, now: datetime) -> ClientBar:
    """Bar a client from online booking, or from one therapist; existing bookings stay. The caller commits.

    Raises NotFound and BarredAlready.
    """
    client = client_records.locked_client(client_id)
    if therapist_id is not None and db.session.get(Therapist, therapist_id) is None:
        raise NotFound
    made = ClientBar(client_id=client.id, therapist_id=therapist_id, barred_by_id=by.id, barred_at=now)
    made.reason = reason.strip()
    with violates("uq_client_bars_standing", BarredAlready()):
        db.session.add(made)
    audit.record(
        audit.by_user(by.id), "bar", made, client_id=client.id, fields=["therapist_id", "reason"], now=now
    )
    return made


def lift(bar_id: UUID, *, by: User, now: datetime) -> ClientBar:
    """End a bar; does nothing if it has already ended. The caller commits. Raises NotFound."""
    found = db.session.get(ClientBar, bar_id, with_for_update=True, populate_existing=True)
    if found is None or db.session.get_one(Client, found.client_id).erased_at is not None:
        raise NotFound
    if found.lifted_at is None:
        found.lifted_at = now
        audit.record(
            audit.by_user(by.id),
            "lift_bar",
            found,
            client_id=found.client_id,
            fields=["lifted_at"],
            now=now,
        )
    return found
