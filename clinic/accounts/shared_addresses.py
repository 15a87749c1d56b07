"""Everybody with an address of a client: a visitor is a new record each time, so rules about a person ask about them all."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, aliased

from clinic.accounts.models import Client, Contact

_own, _other = aliased(Contact), aliased(Contact)
_me, _alike = aliased(Client), aliased(Client)

_ON_AN_ADDRESS = (
    sa.select(_other.client_id)
    .join(_own, sa.and_(_own.kind == _other.kind, _own.normalised == _other.normalised))
    .where(_own.client_id == sa.bindparam("client"))
)
_NAMED_ALIKE = (
    _ON_AN_ADDRESS.join(_me, _me.id == _own.client_id)
    .join(_alike, sa.and_(_alike.id == _other.client_id, _alike.search_name == _me.search_name))
    .where(sa.bindparam("records", type_=sa.Boolean))
)


def _condition(others: sa.Select[Any]) -> Callable[[InstrumentedAttribute[Any]], sa.ColumnElement[bool]]:
    """A condition on a column of client ids.

    The ids are found first, as one array: with `OR`, or `IN` beside it, PostgreSQL would read every row to come.
    """
    client = sa.bindparam("client", type_=sa.Uuid(as_uuid=True))
    ids: sa.ColumnElement[list[UUID]] = sa.func.array(
        sa.union(sa.select(client), others).scalar_subquery(), type_=sa.ARRAY(sa.Uuid())
    )
    return lambda column: column == sa.any_(ids)


is_of_anyone_there = _condition(_ON_AN_ADDRESS)
"""Whether a row is of the client (parameter `client`), or of anyone with one of their addresses."""
is_of_same_person = _condition(_NAMED_ALIKE)
"""Whether it is of the client, or, if the parameter `records` is true, of a record with their name and an address of theirs."""
