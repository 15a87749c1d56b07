"""*Keep it for me longer*: a hold can be extended once, from the pages on which somebody types.

The button sends its whole form, so that the page comes back with everything that was typed.
"""

from datetime import datetime, timedelta

from flask import flash, request

from clinic.booking import queries, services
from clinic.booking.models import Appointment
from clinic.booking.services import HoldGone
from clinic.db import transaction
from clinic.web.browser import browser, known_browser

ASKED = "keep_longer"
"""Name of the button."""
NEAR_END = timedelta(minutes=10)
"""How long before its end other pages mention the hold."""


def is_asked() -> bool:
    """Whether the form was sent by that button."""
    return ASKED in request.form


def ending(now: datetime) -> Appointment | None:
    """The hold, if it ends soon and can still be extended, or if that was asked for just now."""
    held = queries.reservation_of(known_browser(), now)
    if held is None or held.held_until is None or is_asked():
        return held
    if held.hold_extended:
        return None
    return held if held.held_until - now <= NEAR_END else None


def keep_longer(now: datetime) -> bool:
    """Extend this browser's hold; the next page says so, or that the time is gone."""
    held = queries.reservation_of(known_browser(), now, lapsed_too=True)
    try:
        if held is None:
            raise HoldGone
        with transaction():
            services.extend(held.id, browser=browser(), now=now)
    except HoldGone as gone:
        flash(gone.sentence, "caution")
        return False
    return True
