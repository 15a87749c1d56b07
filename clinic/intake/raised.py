"""Levels that were reached: kept, because changed answers do not undo them for a week."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake.assessment import Verdict
from clinic.intake.models import RaisedLevel

RAISED_ANEW: Final = timedelta(days=1)
"""The same level reached again within this time is not kept twice."""


def keep(reached: Verdict, *, browser: bytes | None, client_id: UUID | None, now: datetime) -> None:
    """Keep a level from therapist_review up; the same one again within a day is the same."""
    if reached.level < Level.THERAPIST_REVIEW:
        return
    known = sa.select(
        sa.exists().where(
            RaisedLevel.browser.is_not_distinct_from(browser),
            RaisedLevel.client_id.is_not_distinct_from(client_id),
            RaisedLevel.level == reached.level,
            RaisedLevel.disposition.is_not_distinct_from(reached.disposition),
            RaisedLevel.raised_at > now - RAISED_ANEW,
        )
    )
    if not db.session.scalar(known):
        db.session.add(
            RaisedLevel(
                browser=browser,
                client_id=client_id,
                level=reached.level,
                disposition=reached.disposition,
                raised_at=now,
            )
        )
