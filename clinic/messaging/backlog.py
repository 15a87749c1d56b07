"""The backlog: what should have happened to messages by now and has not, counted for staff and for `/health`.

The pass repairs all of it by itself: it finds what is due, takes over what a dead sender left, and adds what is
missing. A number that stays above zero means that no pass is working.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.db import db
from clinic.messaging import due
from clinic.messaging.kinds.reminders import reminders
from clinic.messaging.models import Message
from clinic.messaging.services import STILL_OPEN, lease_is_free

UNSENT_AFTER = timedelta(minutes=5)
ABANDONED_AFTER = timedelta(minutes=1)
"""How long after its lease has expired a message counts as abandoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Three numbers that are zero while delivery works."""

    due_unsent: int
    """Messages due for more than five minutes that nobody is sending."""
    sending_too_long: int
    """Messages whose sender has not been heard of since its lease ran out."""
    unreminded: int
    """Booked visits whose reminder was due five minutes ago and has no row yet."""

    @property
    def are_none(self) -> bool:
        """Whether all three are zero."""
        return not (self.due_unsent or self.sending_too_long or self.unreminded)


def count(now: datetime) -> Backlog:
    """The three numbers at this moment."""
    left = Message.lease_until <= now - ABANDONED_AFTER
    numbers = sa.select(
        sa.func.count().filter(Message.due_at <= now - UNSENT_AFTER, lease_is_free(now)),
        sa.func.count().filter(left),
    ).where(STILL_OPEN)
    unsent, abandoned = db.session.execute(numbers).one()
    return Backlog(due_unsent=unsent, sending_too_long=abandoned, unreminded=_unreminded(now))


def _unreminded(now: datetime) -> int:
    rules = due.rules(now)
    if rules is None:
        return 0
    return sum(1 for owed in due.find(reminders, rules, now) if owed.due_at <= now - UNSENT_AFTER)
