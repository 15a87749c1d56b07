"""Free times that suit an entry, each with the URL at which it can be booked."""

from datetime import datetime, timedelta

from flask import url_for

from clinic.accounts import signed_links
from clinic.booking.waiting import queries
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import WaitingListEntry
from clinic.practice import queries as practice
from clinic.scheduling import hours

SHOWN_FREE = 3
ABOUT_A_DAY = timedelta(hours=12)
"""One free time per day is shown, to tell that there are some."""


def times(waited_for: WaitingListEntry, now: datetime) -> list[tuple[WaitingListTime, str, str]]:
    """Free times that suit the entry, with therapist and URL."""
    if not waited_for.is_live:
        return []
    names = {person.id: person.given_name for person in waited_for.treatment.therapists}
    return [
        (time, names.get(time.therapist_id, ""), _where_to_take(waited_for, time))
        for time in queries.fitting(waited_for, now, SHOWN_FREE, apart=ABOUT_A_DAY)
    ]


def _where_to_take(waited_for: WaitingListEntry, time: WaitingListTime) -> str:
    on = hours.local_day(time.starts_at, time.zone)
    visit = waited_for.replaces
    if visit is not None:
        token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
        return url_for("appointment.choose", token=token, day=on, _anchor="times")
    places = {place.id: place.slug for place in practice.locations(on)}
    return url_for(
        "booking.choose",
        slug=waited_for.treatment.slug,
        location=places.get(time.location_id),
        day=on,
        _anchor="times",
    )
