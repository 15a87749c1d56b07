"""Letters about a person's own record: an address that was replaced is told so, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.models import Client, Contact, ReplacedAddress
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.models import MessageKind

REPLACED_WORTH = timedelta(days=7)

STANDS_AGAIN = sa.exists().where(
    Contact.client_id == ReplacedAddress.client_id, Contact.normalised == ReplacedAddress.normalised
)
"""Whether an address that was replaced stands on the record again."""


def addresses_replaced(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A mail address was replaced by staff, a slip being put right within the settling time; after the quiet hours."""

    def due_at(row: Row) -> datetime:
        zone = next(iter(rules.zones), None)
        at: datetime = row.replaced_at + rules.settle
        return rules.quiet(zone).after(at) if zone else at

    replaced = (
        sa.select(
            ReplacedAddress.id,
            ReplacedAddress.client_id,
            ReplacedAddress.replaced_at,
            ReplacedAddress.contact_id.label("recipient_id"),
        )
        .join(Client, Client.id == ReplacedAddress.client_id)
        .where(
            ReplacedAddress.replaced_at > now - REPLACED_WORTH,
            Client.erased_at.is_(None),
            ~STANDS_AGAIN,
            never_owed(MessageKind.ADDRESS_REPLACED, ReplacedAddress.id),
        )
    )
    return [
        due_query(
            MessageKind.ADDRESS_REPLACED,
            replaced,
            rules.until(now),
            occasion=lambda row: "once",
            due_at=due_at,
            expires_at=lambda row: row.replaced_at + REPLACED_WORTH,
        )
    ]
