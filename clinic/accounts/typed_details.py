"""Contact details that a visitor typed but could not submit yet: kept for an hour, sealed, for that browser only."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic.accounts.models import TypedDetails
from clinic.db import RowsToDelete, db

KEPT = timedelta(hours=1)


def keep(browser: bytes, details: Mapping[str, str], now: datetime) -> None:
    """Store this in place of what the browser typed before; flushed."""
    forget(browser)
    row = TypedDetails(browser=browser, typed_at=now)
    row.details = dict(details)
    db.session.add(row)
    db.session.flush()


def find(browser: bytes, now: datetime) -> dict[str, str]:
    """What was typed in this browser within the last hour; empty if nothing was."""
    row = db.session.scalar(
        sa.select(TypedDetails).where(TypedDetails.browser == browser, TypedDetails.typed_at > now - KEPT)
    )
    return row.details if row is not None else {}


def forget(browser: bytes) -> None:
    """Delete it: it was used, or somebody else has the browser now."""
    db.session.execute(sa.delete(TypedDetails).where(TypedDetails.browser == browser))


def old_details(until: datetime) -> RowsToDelete:
    """What was typed at an instant or before it."""
    return RowsToDelete(TypedDetails, TypedDetails.typed_at <= until)
