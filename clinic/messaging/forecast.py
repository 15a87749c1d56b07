"""What is sent next: the messages of the next two days, queued or foreseen, in three statements however many there
are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from clinic.accounts.models import Client, User
from clinic.booking.models import Appointment
from clinic.db import db, new_id
from clinic.messaging import due
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.models import Message
from clinic.messaging.queries import MessageLine, Stage, line_of
from clinic.messaging.services import STILL_OPEN, Owed

FORESEEN = timedelta(hours=48)
OCCASION: Mapping[str, sa.types.TypeEngine[Any]] = {
    "kind": sa.Text(),
    "channel": sa.Text(),
    "subject_id": sa.Uuid(),
    "recipient_id": sa.Uuid(),
    "occasion": sa.Text(),
}
"""A message's identity: no two rows have the same."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be sent in the coming two days if nothing changes, soonest first."""

    lines: list[MessageLine]
    zone: str
    """The practice's own, in which staff read the times."""


def next_messages(now: datetime, *, texts: bool = False) -> Forecast:
    """What is queued or foreseen from `now` (UTC) on; with `texts` text messages too.

    The pass's own queries run over the whole time at once. Confirmations of future bookings cannot be foreseen.
    """
    rules = due.rules(now, ahead=FORESEEN, texts=texts)
    if rules is None:
        return Forecast([], "UTC")
    foreseen = due.foresee(QUESTIONS, rules, now)
    lines = [
        _foreseen(row, foreseen[number - 1]) if number is not None else line_of(row, now)
        for number, *row in db.session.execute(_lines_to_come(now + FORESEEN, foreseen))
    ]
    return Forecast(sorted(lines, key=lambda line: (line.at, line.id)), rules.home_zone)


def _lines_to_come(until: datetime, foreseen: Sequence[Owed]) -> sa.Select[*tuple[Any, ...]]:
    """What waits, and what is foreseen under its number from one; anything with a row already is not foreseen again."""
    named = {**OCCASION, "client_id": sa.Uuid()}
    new = (
        sa.func.unnest(
            *(
                sa.literal([getattr(owed, name) for owed in foreseen], pg.ARRAY(kind))
                for name, kind in named.items()
            )
        )
        .table_valued(*(sa.column(name, kind) for name, kind in named.items()), with_ordinality="number")
        .render_derived()
    )
    told = sa.exists().where(*(getattr(Message, name) == new.c[name] for name in OCCASION))
    ours = sa.select(
        sa.cast(sa.null(), sa.BigInteger).label("number"),
        Message.id.label("message_id"),
        Message.client_id,
        Message.recipient_id,
        Message.subject_id,
    ).where(STILL_OPEN, Message.due_at <= until)
    theirs = sa.select(
        new.c.number, sa.cast(sa.null(), sa.Uuid), new.c.client_id, new.c.recipient_id, new.c.subject_id
    ).where(~told)
    all_of_them = ours.union_all(theirs).subquery()
    return (
        sa.select(
            all_of_them.c.number,
            Message,
            Client,
            User,
            Appointment.id,
            Appointment.starts_at,
            Appointment.zone,
        )
        .select_from(all_of_them)
        .outerjoin(Message, Message.id == all_of_them.c.message_id)
        .outerjoin(Client, Client.id == all_of_them.c.client_id)
        .outerjoin(User, User.id == all_of_them.c.recipient_id)
        .outerjoin(Appointment, Appointment.id == all_of_them.c.subject_id)
    )


def _foreseen(row: Sequence[Any], owed: Owed) -> MessageLine:
    _, client, user, visit_id, visit_at, zone = row
    return MessageLine(
        id=new_id(),
        kind=owed.kind,
        channel=owed.channel,
        stage=Stage.WAITING,
        why="",
        at=owed.due_at,
        attempts=0,
        client_id=owed.client_id,
        client_name=client.name if client else "",
        staff_name=user.name if user else "",
        visit_id=visit_id,
        visit_at=visit_at,
        zone=zone or "",
        may_go_again=False,
    )
