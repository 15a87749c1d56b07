"""What somebody agrees to with a visit: length, price, therapist, place, and until when it can be cancelled.

The pages of times, of details, after booking and of the appointment show these rows, so that they cannot differ.
"""

from datetime import datetime

from clinic.booking import states
from clinic.booking.models import Appointment
from clinic.language import gettext, ngettext
from clinic.language.reading import local_date, local_time, money
from clinic.practice.models import Location, Practice, Therapist, Treatment
from clinic.web.person_links import linked

Rows = list[tuple[str, str]]


def facts_of_treatment(
    sold: Treatment, place: Location, therapist: Therapist | None, practice: Practice
) -> Rows:
    """Before a time is chosen; without a therapist, each time names its own."""
    hours = practice.late_cancel_hours
    free = ngettext("Until %(num)s hour before it begins", "Until %(num)s hours before it begins", hours)
    return _rows(
        sold.length_minutes,
        sold.price_cents,
        linked(therapist) if therapist else gettext("As named beside each time"),
        place,
        free % {"num": hours} if hours else gettext("Until it begins"),
        practice,
    )


def facts_of_visit(visit: Appointment, practice: Practice, now: datetime) -> Rows:
    """Once a time is kept or booked: what was agreed, whatever the treatment costs or takes since."""
    until = states.free_until(visit)
    free = gettext("Until %(day)s, %(time)s") % {
        "day": local_date(until, visit.zone),
        "time": local_time(until, visit.zone),
    }
    return _rows(
        visit.length_minutes,
        visit.price_cents,
        linked(visit.therapist),
        visit.location,
        free if now < until else gettext("The time for cancelling free of charge is over."),
        practice,
    )


def _rows(minutes: int, cents: int, therapist: str, place: Location, free: str, practice: Practice) -> Rows:
    price = gettext("%(price)s, paid at the visit") % {"price": money(cents, practice.currency)}
    return [
        (gettext("Length"), gettext("%(minutes)s min") % {"minutes": minutes}),
        (gettext("Price"), price),
        (gettext("Therapist"), therapist),
        (gettext("Where"), place.address),
        (gettext("Cancel free of charge"), free),
    ]
