"""The calendar part of a letter, read back by a library that did not write it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.timezone import IcsTimezoneInfo, Observance, Timezone

from clinic.accounts.models import Client
from clinic.booking import calendar_file
from clinic.booking.calendar_file import Invitee, Method
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.letters.composing import Letter
from clinic.messaging.models import MessageKind
from tests.make import Make
from tests.messaging.mailers import parsed
from tests.messaging.test_letters import about, claimed, composed, of_series, put

HOUR = timedelta(hours=1)


def read(letter: Letter) -> Calendar:
    """What the letter's calendar part says; the attached file says the same."""
    pieces = [
        piece
        for piece in parsed(letter.envelope().content).walk()
        if piece.get_content_type() == "text/calendar"
    ]
    inline, attached = [piece.get_payload(decode=True) for piece in pieces]
    assert inline == attached
    assert all(len(line) <= 75 for line in inline.split(b"\r\n"))
    found = IcsCalendarStream.calendar_from_ics(inline.decode())
    assert [piece.get_param("method") for piece in pieces] == [found.method, found.method]
    return found


def only(calendar: Calendar) -> Any:
    (event,) = calendar.events
    return event


def at(visit: Appointment, starts_at: datetime, revision: int) -> None:
    """Move the visit without asking whether that time is free."""
    visit.wall_start = starts_at.astimezone(ZoneInfo(visit.zone)).replace(tzinfo=None)
    visit.starts_at = visit.occupied_from = starts_at
    visit.ends_at = visit.occupied_until = starts_at + HOUR
    visit.revision = visit.time_revision = revision
    db.session.commit()


LIVES = {
    "Europe/Berlin": ("2031-03-28T09:00+00:00", "2031-03-31T08:00+00:00"),
    "Australia/Sydney": ("2031-10-03T00:00+00:00", "2031-10-06T23:00+00:00"),
    "Africa/Casablanca": ("2031-12-12T09:00+00:00", "2032-01-16T10:00+00:00"),
}
"""Zones, each with two starts between which its clocks are changed, or at least come near to it."""


@pytest.mark.parametrize("zone", LIVES)
def test_one_visit_keeps_its_uid_from_booking_over_a_clock_change_to_its_end(
    make: Make, ada: Client, now: datetime, zone: str
) -> None:
    before, after = (datetime.fromisoformat(each) for each in LIVES[zone])
    make.practice()
    house = make.location(zone=zone)
    visit = make.appointment(of=make.treatment(therapists=[make.therapist(house)]), who=ada, starts_at=before)
    told = [only(read(about(visit, ada, MessageKind.CONFIRMATION, now)))]
    put(visit, State.BOOKED, now)
    at(visit, after, revision=2)
    told.append(
        only(read(composed(claimed(MessageKind.CHANGE, visit.id, ada.contacts[0].id, now, "r2"), now)))
    )
    put(visit, State.CANCELLED, now)
    visit.revision = 3
    db.session.commit()
    last = read(composed(claimed(MessageKind.CANCELLATION, visit.id, ada.contacts[0].id, now, "r3"), now))
    told.append(only(last))
    assert last.method == "CANCEL"
    assert [event.status for event in told] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert {event.uid for event in told} == {f"{visit.id}@lumbar"}
    assert [event.sequence for event in told] == [1, 2, 3]
    assert [event.dtstart.astimezone(UTC) for event in told] == [before, after, after]
    assert [event.dtend.astimezone(UTC) for event in told] == [before + HOUR, after + HOUR, after + HOUR]
    assert [event.dtstart.replace(tzinfo=None) for event in told[1:]] == [visit.wall_start, visit.wall_start]


def rules(zone: str, *starts: str, make: Make, who: Client) -> Timezone:
    """What a file with visits at these local times says of their zone."""
    treatment = make.treatment(therapists=[make.therapist(make.location(zone=zone))])
    visits = [
        make.appointment(
            of=treatment,
            who=who,
            starts_at=datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC),
        )
        for start in starts
    ]
    content = calendar_file.serialise(
        visits, make.practice(), method=Method.REQUEST, now=make.NOW, invitee=Invitee("a@b.example", "A")
    )
    calendar = IcsCalendarStream.calendar_from_ics(content.decode())
    assert len(calendar.events) == len(starts)
    (found,) = calendar.timezones
    return found


def onsets(rules: Timezone) -> Iterator[tuple[datetime, Observance]]:
    """When each observance begins (UTC): its wall time is told by the clock as it stood before."""
    for observance in (*rules.standard, *rules.daylight):
        assert observance.dtstart is not None
        yield (observance.dtstart - observance.tz_offset_from.offset).replace(tzinfo=UTC), observance


@pytest.mark.parametrize(
    ("zone", "starts"),
    [
        ("Europe/Berlin", ("2031-03-29T10:00", "2031-03-31T10:00")),
        ("Europe/Berlin", ("2031-10-25T10:00", "2031-10-27T10:00")),
        ("Europe/Berlin", ("2045-07-03T10:00",)),
        ("Australia/Sydney", ("2031-04-05T10:00", "2031-04-07T10:00")),
        ("Australia/Sydney", ("2031-10-04T10:00", "2031-10-06T10:00")),
        ("Asia/Kathmandu", ("2031-10-04T10:00",)),
    ],
)
def test_a_zones_rules_hold_hour_by_hour_on_both_sides_of_a_clock_change(
    make: Make, ada: Client, zone: str, starts: tuple[str, ...]
) -> None:
    said, really = rules(zone, *starts, make=make, who=ada), ZoneInfo(zone)
    assert said.tz_id == zone
    read_back = IcsTimezoneInfo.from_timezone(said)
    around = datetime.fromisoformat(starts[0])
    for hour in range(-72, 96):
        wall = around + hour * HOUR
        first, second = (wall.replace(tzinfo=really, fold=fold).utcoffset() for fold in (0, 1))
        if first == second:  # A time of the clock that is there, and once.
            assert read_back.utcoffset(wall) == first, wall
    changing = 0
    for onset, observance in onsets(said):
        offsets = [
            (onset + step).astimezone(really).utcoffset() for step in (-timedelta(seconds=1), timedelta())
        ]
        assert offsets == [observance.tz_offset_from.offset, observance.tz_offset_to.offset], onset
        changing += offsets[0] != offsets[1]
    assert changing >= (0 if zone == "Asia/Kathmandu" else 3)
    assert min(onset for onset, _ in onsets(said)) < around.replace(tzinfo=UTC) - timedelta(days=300)


NAMES = [
    "Kim, Ada; & Söhne",
    'Zoë \\n 100% "Q" ^n: x=y',
    "Ada\r\nATTENDEE:mailto:x@y.example\nSUMMARY:Z",
    "\u05e2\u05d3\u05d4 \u202eadA\u202c \u0639",
    "Ŵ" * 90,
    "👩🏽‍⚕️ ½ ß ﬁ",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_kind_come_back_as_they_were(
    make: Make, visit: Appointment, ada: Client, now: datetime, name: str
) -> None:
    ada.given_name = visit.location.name = visit.treatment.mail_name = name[:80]
    make.practice(name=name[:80])
    event = only(read(about(visit, ada, MessageKind.CONFIRMATION, now)))
    one_line = "".join(" " if character in "\r\n" else character for character in name[:80])
    assert event.summary == f"{one_line}, {one_line}"
    assert event.location is not None
    assert event.location.startswith(f"{one_line}, Example Street")
    (guest,) = event.attendees
    assert event.organizer is not None
    assert str(event.organizer.uri).casefold() == "mailto:hello@alderlane.example"
    assert str(guest.uri).casefold() == "mailto:ada@client.example"
    assert guest.common_name is None, "no letter speaks with a name that could say something else"
    ada.contacts[0].verified_at = now
    db.session.commit()
    (guest,) = only(
        read(composed(claimed(MessageKind.CONFIRMATION, visit.id, ada.contacts[0].id, now, "r2"), now))
    ).attendees
    assert (str(guest.uri).casefold(), guest.common_name) == ("mailto:ada@client.example", None)


@pytest.mark.parametrize("name", NAMES)
def test_a_guests_name_of_any_kind_stays_one_name(make: Make, visit: Appointment, name: str) -> None:
    content = calendar_file.serialise(
        [visit],
        make.practice(),
        method=Method.REQUEST,
        now=make.NOW,
        invitee=Invitee("ada@client.example", name[:80]),
    )
    event = only(IcsCalendarStream.calendar_from_ics(content.decode()))
    (guest,) = event.attendees
    one_line = "".join(" " if character in "\r\n" else character for character in name[:80])
    assert str(guest.uri).casefold() == "mailto:ada@client.example"
    assert guest.common_name is not None
    assert " ".join(guest.common_name.split()) == " ".join(one_line.replace('"', "'").split())
    assert event.summary == f"{visit.treatment.mail_name}, {make.practice().name}"


@pytest.mark.parametrize(
    ("name", "unproven"),
    [
        ("Søren", "Søren"),
        ("Zoë O’Neill", "Zoë O’Neill"),
        ("עדה", "עדה"),
        ("Maria del Carmen", None),
        ("Ŵ" * 40, None),
        ("visit www.evil.example now", None),
    ],
)
def test_a_guest_is_named_as_far_as_the_address_is_proven(
    visit: Appointment, ada: Client, now: datetime, name: str, unproven: str | None
) -> None:
    def guest(occasion: str) -> str | None:
        held = claimed(MessageKind.CONFIRMATION, visit.id, ada.contacts[0].id, now, occasion)
        (found,) = only(read(composed(held, now))).attendees
        assert str(found.uri).casefold() == "mailto:ada@client.example"
        return found.common_name

    ada.given_name = name
    db.session.commit()
    assert guest("r1") == unproven
    ada.contacts[0].verified_at = now
    db.session.commit()
    assert guest("r2") == (None if "evil" in name else name)


def test_the_events_of_a_series_have_each_a_uid_of_their_own(
    make: Make, visit: Appointment, now: datetime
) -> None:
    calendar = read(of_series(make, visit, now))
    assert len({event.uid for event in calendar.events}) == len(calendar.events) == 2
    assert len(calendar.timezones) == 1


def test_the_file_speaks_the_language_of_its_letter(visit: Appointment, ada: Client, now: datetime) -> None:
    def about_it(spoken: str, occasion: str) -> str:
        ada.language = spoken
        db.session.commit()
        held = claimed(MessageKind.CONFIRMATION, visit.id, ada.contacts[0].id, now, occasion)
        return str(only(read(composed(held, now))).description)

    assert about_it("en", "r1").startswith("Change or cancel: http")
    assert about_it("de", "r2").startswith("Ändern oder absagen: http")
