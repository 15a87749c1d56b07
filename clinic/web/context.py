"""What every template may use: the practice, the present moment, and what staff should know before anything else."""

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
    """Names that stand in every template."""
    return {
        "practice": practice(),
        "now": clock.now(),
        "environment": current_app.config["ENVIRONMENT"],
        "public_url": current_app.config["PUBLIC_URL"],
    }


def practice() -> Practice | None:
    """The practice, read once a request; None before set-up.

    Raises OperationalError once when the database does not answer. After that it is None, so that the page that says so can
    be made; no other page takes a database that is away for a practice that was never set up.
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
