"""The letter that says that a copy of a client's data can be fetched; it holds neither the copy nor its password."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.data_exports import KEPT, DataExport
from clinic.accounts.models import Client, Contact
from clinic.db import db
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.kinds.content import Drop, LetterContent, public_url, why_unreachable
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice
from clinic.practice.queries import practice_zone

PAGE = "/my/data/copy"


def ready(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """A copy is ready: at once, because it is kept for a day only."""
    found = sa.select(
        DataExport.id,
        DataExport.client_id,
        DataExport.contact_id.label("recipient_id"),
        DataExport.ready_at,
    ).where(
        DataExport.ready_at > now - KEPT,
        DataExport.contact_id.is_not(None),
        never_owed(MessageKind.DATA_EXPORT, DataExport.id),
    )
    return [
        due_query(
            MessageKind.DATA_EXPORT,
            found,
            rules.until(now),
            occasion=lambda row: "ready",
            due_at=lambda row: row.ready_at,
            expires_at=lambda row: row.ready_at + KEPT,
        )
    ]


def _letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    export = db.session.get(DataExport, claim.subject_id)
    contact = db.session.get(Contact, claim.recipient_id)
    if export is None or contact is None or not export.can_be_fetched(now):
        return Drop("gone")
    client = db.session.get_one(Client, export.client_id)
    if why := why_unreachable(contact, client):
        return Drop(why)
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=client.language,
        facts={"link": public_url(PAGE), "until": export.until, "zone": practice_zone(now.date())},
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.DATA_EXPORT,
        label=N_("A copy of your data is ready"),
        due=(ready,),
        words=Words(
            subject=N_("The copy of your data at {practice} is ready"),
            heading=N_("Your copy is ready"),
        ),
        placeholders=OF_PRACTICE,
        compose=_letter,
        sample=lambda scene: {
            "link": scene.link,
            "until": scene.now + timedelta(hours=23),
            "zone": scene.visit.zone,
        },
    ),
)
