"""The letter to owners that something was not delivered, or that part of the delivery is silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.language import N_
from clinic.messaging import heartbeat
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.heartbeat import DeliveryPart
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind, Recipient, to_staff
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.scheduling import hours

UNDELIVERED_WITHIN = timedelta(days=1)
SILENT_FOR = timedelta(minutes=15)
"""A restarting worker is silent for less time."""


def delivery_troubles(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Undelivered letters, or a silent worker: to each owner, at most once a day."""
    if not rules.zones:
        return []
    quiet = rules.quiet(rules.zones[0])
    owners = sa.select(User.id, User.id.label("recipient_id")).where(
        User.active,
        User.role_names.contains([Role.OWNER.value]),
        never_owed(MessageKind.DELIVERY_TROUBLE, User.id, Message.owed_at > now - UNDELIVERED_WITHIN),
        sa.or_(sa.exists().where(*_undelivered(now)), heartbeat.some_silent(SILENT_FOR)),
    )
    return [
        due_query(
            MessageKind.DELIVERY_TROUBLE,
            owners,
            rules.until(now),
            occasion=lambda row: hours.local_day(now, quiet.zone).isoformat(),
            due_at=lambda row: quiet.after(now),
            expires_at=lambda row: now + UNDELIVERED_WITHIN,
        )
    ]


def undelivered_count(now: datetime) -> int:
    """How many letters to clients could not be delivered within the last day."""
    return db.session.scalar(sa.select(sa.func.count()).where(*_undelivered(now))) or 0


def _undelivered(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return Message.given_up_at > now - UNDELIVERED_WITHIN, Message.kind != MessageKind.DELIVERY_TROUBLE


def silent_parts() -> list[str]:
    """The parts of the delivery that were once alive and have been silent for a while."""
    found = heartbeat.heartbeats()
    return [
        sign.part.value
        for sign in found.signs
        if sign.part is not DeliveryPart.MAIL and sign.age is not None and sign.age > SILENT_FOR
    ]


def _delivery_trouble(claim: Claim, user: User, now: datetime) -> LetterContent | Drop:
    undelivered, silent = undelivered_count(now), silent_parts()
    if not undelivered and not silent:
        return Drop("well_again")
    return LetterContent(
        recipient=user.email,
        facts={"undelivered": undelivered, "silent": silent, "link": public_url("/staff/messages")},
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.DELIVERY_TROUBLE,
        label="Letters not delivered (to owners)",
        recipient=Recipient.STAFF,
        due=(delivery_troubles,),
        words=Words(
            subject=N_("Letters could not be delivered"),
            heading=N_("Letters need a look"),
        ),
        placeholders=OF_PRACTICE,
        compose=to_staff(_delivery_trouble),
        sample=lambda scene: {"undelivered": 1, "silent": [], "link": scene.link},
    ),
)
