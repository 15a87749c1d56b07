"""Links that add an appointment to an online calendar.

The service behind a link reads everything in it. So the link holds what the calendar file holds, under the same discreet
name, without the URL by which the appointment can be changed.
"""

from datetime import UTC
from urllib.parse import quote, urlencode

from clinic.booking.calendar_file import place_of, summary_of
from clinic.booking.models import Appointment
from clinic.practice.models import Practice


def calendar_links(visit: Appointment, practice: Practice) -> list[tuple[str, str]]:
    """The names of online calendars, each with the URL of its page for a new entry."""
    summary, place = summary_of(visit, practice), place_of(visit)
    start, end = (moment.astimezone(UTC) for moment in (visit.starts_at, visit.ends_at))
    google = {
        "action": "TEMPLATE",
        "text": summary,
        "dates": f"{start:%Y%m%dT%H%M%SZ}/{end:%Y%m%dT%H%M%SZ}",
        "location": place,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": summary,
        "startdt": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "location": place,
    }
    return [
        ("Google", f"https://calendar.google.com/calendar/render?{urlencode(google, quote_via=quote)}"),
        (
            "Outlook",
            f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook, quote_via=quote)}",
        ),
    ]
