"""The list of clients as staff read it: searched, filtered and sorted, a page at a time, with true counts.

What is typed is understood as the desk's search understands it: an address, a number, the reference of a visit, or else a
name. A name that few records hold is also looked for with some tolerance for spelling; those who hold it come first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from clinic.accounts import services as accounts
from clinic.accounts.models import Client, Contact, ContactKind
from clinic.accounts.name_search import name_matches, search_name
from clinic.booking import client_search
from clinic.booking.client_search import ALIKE, COMES, SHORTEST_NUMBER, SHOWN, Caller
from clinic.booking.models import Appointment
from clinic.db import db

PAGE = 50
NEW_FOR = timedelta(days=30)
"""How long a record counts as new."""
LONGEST_TEXT = 100
WEEKS = 8
"""How many weeks without a visit are asked about unless staff say otherwise."""
MOST_WEEKS = 520


_LITERALLY_COMES: sa.BindParameter[Sequence[str]] = sa.bindparam(
    "comes", [str(state) for state in COMES], expanding=True, literal_execute=True
)
"""Written into the statement: the index of these visits is used only if the statement names its states."""


class ListedClients(StrEnum):
    """Which clients a list shows."""

    ALL = "all"
    NEW = "new"
    COMING = "coming"
    AWAY = "away"
    """Has been here or was to come, but not for some weeks, and has no visit to come."""
    BIRTHDAY = "birthday"
    """Has a birthday in this month."""


class ClientOrder(StrEnum):
    """How a list is sorted; `FITTING` is what the filter suggests."""

    FITTING = ""
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, kw_only=True)
class ClientQuestion:
    """What staff look for; `weeks` belongs to `AWAY` alone. Pages count from 1."""

    text: str = ""
    shown: ListedClients = ListedClients.ALL
    weeks: int = WEEKS
    order: ClientOrder = ClientOrder.FITTING
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class ClientPage:
    """One page of the list, and how many clients there are on all of them."""

    callers: Sequence[Caller]
    count: int
    page: int

    @property
    def first(self) -> int:
        """The place of the first line among all, from 1; 0 if there is none."""
        return (self.page - 1) * PAGE + 1 if self.callers else 0

    @property
    def last(self) -> int:
        """The place of the last line among all."""
        return (self.page - 1) * PAGE + len(self.callers)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // PAGE))


def page(question: ClientQuestion, *, country: str, today: date, now: datetime) -> ClientPage:
    """One page of clients; a page after the last is the last.

    `country` is the practice's, for telephone numbers without a country code; `today` decides whose birthday is this month.
    """
    searched, nearness = _searched(question.text.strip()[:LONGEST_TEXT], country)
    filtered = _filtered(question, today, now)
    edge = _edge_of(question, now)
    order = _order(question, edge)
    if edge is not None and not searched and question.order is ClientOrder.FITTING:
        ids, count = _read_by_visit(edge, question.page)
    else:
        ids, count = _read([client_search.living(), *searched, *filtered], edge, order, question.page)
    if nearness is not None and count < SHOWN:
        # `<%` alone uses the index, and takes its bound from a setting; here it holds for this transaction.
        db.session.execute(
            sa.select(sa.func.set_config("pg_trgm.word_similarity_threshold", str(ALIKE), True))
        )
        near = [client_search.living(), nearness.condition, *filtered]
        ids, count = _read(near, edge, nearness.order, question.page)
    number = min(max(1, question.page), max(1, -(-count // PAGE)))
    return ClientPage(callers=client_search.callers(ids, now), count=count, page=number)


@dataclass(frozen=True)
class _Nearness:
    """How a name is looked for that few records hold."""

    condition: sa.ColumnElement[bool]
    order: list[sa.ColumnElement[Any]]
    """Those who hold the whole name come before those whose name is only like it."""


def _searched(text: str, country: str) -> tuple[list[sa.ColumnElement[bool]], _Nearness | None]:
    if not text:
        return [], None
    if "@" in text:
        return [_reached_by(ContactKind.MAIL, [text.lower()])], None
    numbers = [part for part in accounts.phone_parts(text, country) if len(part) >= SHORTEST_NUMBER]
    if numbers:
        return [_reached_by(ContactKind.PHONE, numbers)], None
    if of_visit := client_search.of_reference(text):
        return [Client.id.in_(of_visit)], None
    holds = name_matches(Client.search_name, text)
    name = search_name(text)
    if not name:
        return holds, None
    near = sa.literal(name).bool_op("<%")(Client.search_name)
    likest = sa.func.word_similarity(name, Client.search_name).desc()
    return holds, _Nearness(sa.or_(sa.and_(*holds), near), [sa.and_(*holds).desc(), likest])


def _reached_by(kind: ContactKind, parts: Sequence[str]) -> sa.ColumnElement[bool]:
    holds = sa.or_(*(Contact.normalised.contains(part, autoescape=True) for part in parts))
    return Client.id.in_(sa.select(Contact.client_id).where(Contact.kind == kind, holds))


def _filtered(question: ClientQuestion, today: date, now: datetime) -> list[sa.ColumnElement[bool]]:
    if question.shown is ListedClients.NEW:
        return [Client.created_at > now - NEW_FOR]
    if question.shown is ListedClients.BIRTHDAY:
        return [sa.extract("month", Client.birth_on) == today.month]
    return []


def _edge_of(question: ClientQuestion, now: datetime) -> sa.CTE | None:
    """For a list that rests on visits: its clients, each with the next visit or the last.

    The first row of each client in the order of the index, so that it is read once and nothing is sorted or gathered.
    """
    who, at = Appointment.client_id, Appointment.starts_at
    visits = sa.select(who, at.label("at")).where(who.is_not(None), Appointment.state.in_(_LITERALLY_COMES))
    visits = visits.ext(distinct_on(who))
    if question.shown is ListedClients.COMING:
        return visits.where(at > now).order_by(who, at).cte("edge")
    if question.shown is ListedClients.AWAY:
        last = visits.order_by(who.desc(), at.desc()).subquery()
        return sa.select(last).where(last.c.at <= now - timedelta(weeks=question.weeks)).cte("edge")
    return None


def _read_by_visit(edge: sa.CTE, number: int) -> tuple[list[UUID], int]:
    """The same as `_read` for all clients in the order of their visits, without joining each of them.

    Those on the page and those with the same moment as its last alone are joined to their names, which break ties.
    """
    gone = sa.select(Client.id).where(sa.not_(client_search.living()))
    theirs = sa.select(edge.c.client_id, edge.c.at).where(edge.c.client_id.not_in(gone)).cte("theirs")
    counted = sa.select(sa.func.count().label("clients")).select_from(theirs).cte("counted")
    offset = _offset(counted, number)
    near = sa.select(theirs).order_by(theirs.c.at).fetch(offset + PAGE, with_ties=True).cte("near")
    ids = sa.select(Client.id).join(near, near.c.client_id == Client.id)
    ids = ids.order_by(near.c.at, Client.search_name, Client.id).limit(PAGE).offset(offset)
    asked = sa.select(sa.func.array(ids.scalar_subquery()), counted.c.clients)
    listed, count = db.session.execute(asked).one()
    return list(listed), count


def _offset(counted: sa.CTE, number: int) -> sa.ScalarSelect[int]:
    """How many clients stand before the page, or before the last page if there are fewer."""
    last = sa.func.greatest(counted.c.clients - 1, 0) // PAGE * PAGE
    return sa.select(sa.func.least(max(0, number - 1) * PAGE, last)).scalar_subquery()


def _read(
    conditions: Sequence[sa.ColumnElement[bool]],
    edge: sa.CTE | None,
    order: Sequence[sa.ColumnElement[Any]],
    number: int,
) -> tuple[list[UUID], int]:
    """The clients of one page, or of the last if there are fewer pages, and how many there are on all; in one statement."""
    found = sa.select(Client.id).where(*conditions)
    if edge is not None:
        found = found.join(edge, edge.c.client_id == Client.id)
    counted = sa.select(sa.func.count().label("clients")).select_from(found.subquery()).cte("counted")
    ids = found.order_by(*order, Client.search_name, Client.id).limit(PAGE).offset(_offset(counted, number))
    asked = sa.select(sa.func.array(ids.scalar_subquery()), counted.c.clients)
    listed, count = db.session.execute(asked).one()
    return list(listed), count


def _order(question: ClientQuestion, edge: sa.CTE | None) -> list[sa.ColumnElement[Any]]:
    """What comes before the name: as asked, else the soonest visit, the longest away, the next birthday, the newest."""
    is_fitting = question.order is ClientOrder.FITTING
    if question.order is ClientOrder.NEWEST or (is_fitting and question.shown is ListedClients.NEW):
        return [Client.created_at.desc()]
    if is_fitting and edge is not None:
        return [edge.c.at]
    if is_fitting and question.shown is ListedClients.BIRTHDAY:
        return [sa.extract("day", Client.birth_on)]
    return []
