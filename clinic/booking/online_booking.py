"""Whether clients can book online at all: the owner opens online booking, and can close it with a sentence for clients.

Closing stops everything new: holding a time, booking it, booking a course, joining the waiting list. Promises are kept:
clients can still move and cancel visits, and accept an offer from the waiting list until it ends, but no new offers are
made. Staff book as always.
"""

from typing import Protocol

from clinic.language import N_
from clinic.practice import own_texts
from clinic.practice.models import OnlineBooking
from clinic.practice.own_texts import Translations
from clinic.refusal import Refusal


class BookingRule(Protocol):
    """Who can say whether online booking is open: the practice itself, or the rules read with a supply."""

    @property
    def online_booking(self) -> str: ...

    @property
    def closed_words(self) -> str: ...

    @property
    def translations(self) -> Translations: ...


class BookingClosed(Refusal):
    """The practice takes no online bookings at the moment; the sentence is the owner's, if they wrote one."""

    code = "booking-closed"
    sentence = N_("Online booking is closed at the moment. Please call us.")


class NotOpenYet(BookingClosed):
    """The practice is still being set up."""

    code = "not-open-yet"
    sentence = N_("Online booking is not open yet. Please call us.")


def refusal(rule: BookingRule) -> BookingClosed | None:
    """Why clients cannot book online now; None if they can."""
    if rule.online_booking == OnlineBooking.OPEN:
        return None
    if rule.online_booking == OnlineBooking.NOT_OPEN:
        return NotOpenYet()
    return BookingClosed(own_texts.said(rule, "closed_words") or None)


def require_open(rule: BookingRule) -> None:
    """Raise BookingClosed or NotOpenYet unless clients can book online."""
    if (closed := refusal(rule)) is not None:
        raise closed
