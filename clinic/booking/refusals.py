"""Where a refused booking leads: one table for the public pages, the portal and the API.

A surface catches `Refusal`, looks whether the same form made a booking before (of two presses at once the second waited
for the first, and finds its time taken), and then asks `next_step`. It decides only what each step looks like there.
No row contains a child of another row's refusals, so the order of the rows does not matter.
"""

from enum import Enum

from clinic.booking import admission, idempotency
from clinic.booking.barring import BarredOnline
from clinic.booking.online_booking import BookingClosed
from clinic.booking.placing import NotOffered
from clinic.booking.services import HoldGone
from clinic.refusal import Refusal


class NextStep(Enum):
    """What comes next for somebody whose booking was refused."""

    HEALTH_QUESTIONS = "health questions"
    """Answer the health questions, then go on."""
    GUARDIAN = "guardian"
    """Ask a parent or guardian to agree."""
    CARE_CARD = "care card"
    """Read what to do instead of a massage; nothing can be booked."""
    PHONE = "phone"
    """Call the practice: there is nothing to choose from online."""
    NEW_RESERVATION = "new reservation"
    """Choose a time again: the one that was kept cannot be booked any more."""
    OTHER_TIME = "other time"
    """Choose another time: this one cannot be had."""
    EARLIER_BOOKING = "earlier booking"
    """Look at what the same form, sent before or at the same time, has booked."""
    READ = "read"
    """Read why, on the page where it happened, and try again."""


STEPS: dict[NextStep, tuple[type[Refusal], ...]] = {
    NextStep.HEALTH_QUESTIONS: (admission.IntakeNeeded,),
    NextStep.GUARDIAN: (admission.GuardianNeeded,),
    NextStep.CARE_CARD: (admission.NotCleared,),
    NextStep.PHONE: (BookingClosed, BarredOnline),
    NextStep.NEW_RESERVATION: (HoldGone,),
    NextStep.OTHER_TIME: (NotOffered,),
    NextStep.EARLIER_BOOKING: (idempotency.AtTheSameTime,),
}
"""A refusal leads where its parent leads; one that stands nowhere here is read on the spot."""


def next_step(refusal: Refusal) -> NextStep:
    """Where this refusal leads."""
    return next((step for step, kinds in STEPS.items() if isinstance(refusal, kinds)), NextStep.READ)
