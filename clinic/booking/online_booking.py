"""Whether clients can book online at all: a practice opens for it when its owner says so, and may close it with a sentence.

Closed is what begins something new: keeping a time, booking it, booking a course, joining the waiting list. What was promised
stands. A client moves and cancels a visit as always. A time that was offered from the waiting list can be taken until the offer
ends; meanwhile the list makes no new offers. Staff book as always.
"""

from typing import Protocol

from clinic.language import N_
from clinic.practice.models import OnlineBooking
from clinic.refusal import Refusal


class BookingRule(Protocol):
    """Who can say whether online booking is open: the practice itself, or the rules read with a supply."""

    @property
    def online_booking(self) -> str: ...

    @property
    def closed_words(self) -> str: ...


class BookingClosed(Refusal):
    """The practice takes no bookings online for now; the sentence is the owner's own if there is one."""

    code = "booking-closed"
    sentence = N_("Online booking is closed at the moment. Please call us.")


class NotOpenYet(BookingClosed):
    """The practice is still being set up."""

    code = "not-open-yet"
    sentence = N_("Online booking is not open yet. Please call us.")


def refusal(rule: BookingRule) -> BookingClosed | None:
    """Why clients cannot book online now; none if they can."""
    if rule.online_booking == OnlineBooking.OPEN:
        return None
    if rule.online_booking == OnlineBooking.NOT_OPEN:
        return NotOpenYet()
    return BookingClosed(rule.closed_words or None)


def require_open(rule: BookingRule) -> None:
    """Raise BookingClosed or NotOpenYet unless clients can book online."""
    if (closed := refusal(rule)) is not None:
        raise closed
