"""Raised levels: stored, because for a week changed answers do not undo them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake.assessment import SafetyVerdict
from clinic.intake.models import RaisedLevel

RAISED_ANEW: Final = timedelta(days=1)
"""The same level reached again within this time updates its row, which then counts from the later moment."""


def keep(reached: SafetyVerdict, *, browser: bytes | None, client_id: UUID | None, now: datetime) -> None:
    """Store a level from therapist_review up; reached again within a day, it counts from now.

    It outweighs what was submitted before `now`, so an older row must not hide that it was reached again.
    """
    if reached.level < Level.THERAPIST_REVIEW:
        return
    known = (
        sa.update(RaisedLevel)
        .where(
            RaisedLevel.browser.is_not_distinct_from(browser),
            RaisedLevel.client_id.is_not_distinct_from(client_id),
            RaisedLevel.level == reached.level,
            RaisedLevel.disposition.is_not_distinct_from(reached.disposition),
            RaisedLevel.raised_at > now - RAISED_ANEW,
        )
        .values(raised_at=now)
        .returning(RaisedLevel.id)
    )
    if not db.session.scalars(known).all():
        db.session.add(
            RaisedLevel(
                browser=browser,
                client_id=client_id,
                level=reached.level,
                disposition=reached.disposition,
                raised_at=now,
            )
        )
