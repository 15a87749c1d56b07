"""Appointments as calendar files (RFC 5545, with the scheduling methods of RFC 5546).

An appointment keeps one UID for life; SEQUENCE is its revision. The file names the treatment's mail name only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from clinic.booking import calendar_file_zones
from clinic.booking.models import Appointment, State
from clinic.language import gettext
from clinic.practice import own_texts
from clinic.practice.models import Practice

PRODUCT = "-//Lumbar//Practice software//EN"


class Method(StrEnum):
    """What a calendar should do with the file."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Invitee:
    """Who is invited: the letter's address and the name to show; None only publishes."""

    mail: str
    name: str


def serialise(
    appointments: Sequence[Appointment],
    practice: Practice,
    *,
    method: Method,
    now: datetime,
    links: Mapping[UUID, str] | None = None,
    invitee: Invitee | None = None,
) -> bytes:
    """The appointments as one calendar file with their zones' rules: one event each, with its own UID.

    `links` says by id where an appointment can be changed; `now` stamps the file (UTC). Spoken in the language spoken now.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    for zone in sorted({appointment.zone for appointment in appointments}):
        inside = [appointment for appointment in appointments if appointment.zone == zone]
        first, last = min(one.starts_at for one in inside), max(one.ends_at for one in inside)
        calendar.add_component(calendar_file_zones.component(ZoneInfo(zone), first, last))
    for appointment in appointments:
        link = (links or {}).get(appointment.id, "")
        calendar.add_component(_event(appointment, practice, method, now, link, invitee))
    return bytes(calendar.to_ical())


def uid(appointment: Appointment) -> str:
    """The name of an appointment in every calendar, for life."""
    return f"{appointment.id}@lumbar"


def _event(
    appointment: Appointment,
    practice: Practice,
    method: Method,
    now: datetime,
    link: str,
    invitee: Invitee | None,
) -> Event:
    zone = ZoneInfo(appointment.zone)
    event = Event()
    event.add("uid", uid(appointment))
    event.add("sequence", appointment.revision)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(zone))
    event.add("dtend", appointment.ends_at.astimezone(zone))
    event.add("summary", clean(summary_of(appointment, practice)))
    event.add("location", clean(place_of(appointment)))
    event.add("status", _status(appointment, method))
    event.add("transp", "OPAQUE")
    if link:
        event.add("url", link)
        event.add("description", clean(gettext("Change or cancel: %(link)s") % {"link": link}))
    organizer = vCalAddress(f"MAILTO:{practice.mail}")
    organizer.params["CN"] = vText(clean(practice.name))
    event["organizer"] = organizer
    if invitee is not None and method is not Method.PUBLISH:
        event.add("attendee", _attendee(invitee), encode=False)
    return event


def summary_of(appointment: Appointment, practice: Practice) -> str:
    """What a calendar shows: the discreet name of the treatment, and the practice."""
    return f"{own_texts.said(appointment.treatment, 'mail_name')}, {practice.name}"


def place_of(appointment: Appointment) -> str:
    """Where it is, as a calendar shows it."""
    location = appointment.location
    return f"{location.name}, {location.address}"


def _attendee(invitee: Invitee) -> vCalAddress:
    attendee = vCalAddress(f"MAILTO:{invitee.mail}")
    if invitee.name:
        attendee.params["CN"] = vText(clean(invitee.name).replace('"', "'"))
    attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
    attendee.params["PARTSTAT"] = vText("ACCEPTED")
    attendee.params["RSVP"] = vText("FALSE")
    return attendee


def _status(appointment: Appointment, method: Method) -> str:
    if method is Method.CANCEL or appointment.state in (State.CANCELLED, State.DECLINED):
        return "CANCELLED"
    return "TENTATIVE" if appointment.state == State.REQUESTED else "CONFIRMED"


def clean(text: str) -> str:
    """Text without control characters and line separators, so that a name cannot inject a property."""
    return "".join(" " if ord(c) < 32 or ord(c) == 127 or c in "\u0085\u2028\u2029" else c for c in text)
