"""Names for every template: the practice, the present moment, and staff banners."""

from typing import Any

from flask import Flask, current_app, g
from sqlalchemy.exc import OperationalError

from clinic import clock
from clinic.db import db
from clinic.practice import queries
from clinic.practice.models import Practice


def init_app(app: Flask) -> None:
    """Add the context processor."""
    app.context_processor(shared)


def shared() -> dict[str, Any]:
    """The names for every template."""
    return {
        "practice": practice(),
        "now": clock.now(),
        "environment": current_app.config["ENVIRONMENT"],
        "public_url": current_app.config["PUBLIC_URL"],
    }


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
