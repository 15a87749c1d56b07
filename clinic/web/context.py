"""Names for every template: the practice, the present moment, and staff banners."""

from datetime import date, datetime
from typing import Any

from flask import Flask, current_app, g, request
from sqlalchemy.exc import OperationalError

from clinic import clock
from clinic.db import ask_again, ask_once, db
from clinic.practice import queries
from clinic.practice.models import Practice


def init_app(app: Flask) -> None:
    """Add the context processor, and let pages that only show ask each question once."""
    app.before_request(_ask_once)
    app.teardown_request(_ask_again)
    app.context_processor(shared)


def _ask_once() -> None:
    if (
        request.method in ("GET", "HEAD")
        and request.endpoint != "static"
        and not request.path.startswith("/api/")
    ):
        ask_once()


def _ask_again(_error: BaseException | None) -> None:
    ask_again()


def shared() -> dict[str, Any]:
    """The names for every template."""
    return {
        "practice": practice(),
        "now": clock.now(),
        "environment": current_app.config["ENVIRONMENT"],
        "public_url": current_app.config["PUBLIC_URL"],
    }


def also_read(now: datetime) -> tuple[Any, ...]:
    """The practice and the zone of its first place, for the statement that finds who is signed in: nearly every page of theirs
    needs both. Join `Practice` (at most one row) and hand what was found to `already_read`."""
    return Practice, queries.first_zone(now.date()).label("first_zone")


def already_read(now: datetime, here: Practice | None, zone: str | None) -> None:
    """Keep the practice and its zone for this request."""
    if here is not None:
        queries.remember_practice(here)
        g.practice = here
    g.zone_on = (now.date(), zone or queries.NO_ZONE)


def practice_zone(now: datetime) -> str:
    """The zone of the practice's first place, for pages that belong to none; UTC while it has none."""
    known: tuple[date, str] | None = g.get("zone_on")
    if known is None or known[0] != now.date():
        known = g.zone_on = (now.date(), queries.practice_zone(now.date()))
    return known[1]


def practice() -> Practice | None:
    """The practice, read once a request; None before set-up.

    Raises OperationalError once if the database does not answer. After that it is None, so that the error page can be
    rendered; no other page mistakes an absent database for a practice that was never set up.
    """
    if "practice" not in g:
        try:
            g.practice = queries.find_practice()
        except OperationalError:
            db.session.rollback()
            g.practice = None
            raise
    found: Practice | None = g.practice
    return found
