"""The calendar: a day by therapist or by room, a week of one therapist or of everybody, a month with its load."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.language.reading import MONTHS, day_and_month, day_name, long_date
from clinic.practice.working_hours import clock_label
from clinic.scheduling import hours
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.calendar import columns, question, waiting
from clinic.staff.calendar.cards import Card, read_cards
from clinic.staff.calendar.columns import Column, DayPlan, clock_words, halves
from clinic.staff.calendar.frame import (
    MINUTES_A_DAY,
    ONE_DAY,
    CalendarPerson,
    CalendarRoom,
    Frame,
    read_frame,
)
from clinic.staff.calendar.gaps import CalendarGap
from clinic.staff.calendar.question import EVERYBODY, CalendarQuestion
from clinic.staff.day import today as practice_today
from clinic.web.access import audience, may, staff


@dataclass(frozen=True, kw_only=True)
class ShownColumn:
    """A column with its head."""

    title: str
    small: str
    colour: int
    column: Column
    on: date
    href: str | None = None
    initials: str = ""
    person: CalendarPerson | None = None
    now_minute: int | None = None
    """Where the line of the present stands."""


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A therapist's days, in the week of everybody."""

    person: CalendarPerson
    days: tuple[ShownColumn, ...]


@blueprint.get("/calendar", endpoint="calendar")
@audience(staff, Permission.CALENDAR_READ)
def calendar() -> ResponseReturnValue:
    """The view asked for, or the one this person saw last."""
    now = clock.now()
    user = desk.user()
    today = practice_today(now)
    asked = question.asked(today, user)
    with transaction():
        frame = read_frame(asked.days)
        asked = _settled(asked, frame, user.id)
        cards = read_cards(
            asked.days,
            frame.places,
            reader=user,
            shows_gone=asked.shows_gone,
            now=now,
        )
        answer = make_response(_page(asked, frame, cards, today, now))
    return question.remember(answer, asked, user)


def gaps_of_day(on: date, *, reader: User, now: datetime) -> list[CalendarGap]:
    """What is still free of a day, as the calendar draws it, earliest first; two statements. The caller commits."""
    asked = CalendarQuestion(view="day", on=on, whose=EVERYBODY, place="", shows_gone=False)
    frame = read_frame(asked.days)
    cards = read_cards(asked.days, frame.places, reader=reader, shows_gone=False, now=now)
    page = _Page(asked=asked, frame=frame, cards=cards, today=on, now=now)
    return page.gaps(page.people())


def _settled(asked: CalendarQuestion, frame: Frame, user_id: UUID) -> CalendarQuestion:
    """The question with its names looked up: a week is the reader's own where nobody was chosen."""
    if asked.place:
        frame.place(asked.place)
    own = next((one.slug for one in frame.people if one.user_id == user_id), EVERYBODY)
    whose = asked.whose or own
    if whose != EVERYBODY:
        frame.person(whose)
    return replace(asked, whose=whose)


def _page(asked: CalendarQuestion, frame: Frame, cards: Sequence[Card], today: date, now: datetime) -> str:
    page = _Page(asked=asked, frame=frame, cards=cards, today=today, now=now)
    shown = {
        "here": "calendar",
        "title": _title(asked),
        "neighbours": _neighbours(asked),
        "asked": asked,
        "frame": frame,
        "today": today,
        "clock_words": clock_words,
        "clock_label": clock_label,
        "halves": halves(),
        "EVERYBODY": EVERYBODY,
        "may_write": may(Permission.CALENDAR_WRITE),
    }
    if asked.view == "month":
        return render_template("staff/calendar/month.html", weeks=page.weeks(), **shown)
    if asked.view == "week" and asked.whose == EVERYBODY:
        return render_template("staff/calendar/week.html", rows=page.rows(), days=page.day_titles, **shown)
    found = (
        page.rooms()
        if asked.view == "rooms"
        else page.days_of_one()
        if asked.view == "week"
        else page.people()
    )
    at_work = [one for one in found if not one.column.is_empty]
    may_wait = may(Permission.CALENDAR_WRITE) and asked.view != "rooms"
    return render_template(
        "staff/calendar/grid.html",
        shown=at_work,
        absent=[one for one in found if one.column.is_empty],
        axis=columns.axis(one.column for one in at_work),
        may_wait=may_wait,
        would_come=waiting.panel(page.gaps(at_work), now) if may_wait and asked.shows_waiting else None,
        **shown,
    )


def _day_title(on: date) -> str:
    return f"{day_name(on)} {on.day}"


def _title(asked: CalendarQuestion) -> str:
    first, last = asked.days.first_on, asked.days.until_on - ONE_DAY
    if asked.view == "month":
        return f"{MONTHS[asked.on.month - 1]} {asked.on.year}"
    if asked.view != "week":
        return long_date(asked.on)
    begins = str(first.day) if first.month == last.month else day_and_month(first)
    return f"{begins} to {day_and_month(last)}"


def _neighbours(asked: CalendarQuestion) -> tuple[str, str]:
    """What the arrows to the left and to the right lead to."""
    if asked.view in ("week", "month"):
        return f"{asked.view.capitalize()} before", f"{asked.view.capitalize()} after"
    return long_date(asked.before), long_date(asked.after)


@dataclass(frozen=True, kw_only=True)
class _Page:
    asked: CalendarQuestion
    frame: Frame
    cards: Sequence[Card]
    today: date
    now: datetime

    @property
    def days(self) -> list[date]:
        asked = self.asked.days
        return [asked.first_on + number * ONE_DAY for number in range((asked.until_on - asked.first_on).days)]

    @property
    def only_at(self) -> UUID | None:
        return self.frame.place(self.asked.place).id if self.asked.place else None

    def people(self) -> list[ShownColumn]:
        """A column for each therapist."""
        return [self._of(person, self.asked.on, person.name) for person in self.frame.people]

    def days_of_one(self) -> list[ShownColumn]:
        """A column for each day of one therapist."""
        person = self.frame.person(self.asked.whose)
        return [self._of(person, on, "") for on in self.days]

    @property
    def day_titles(self) -> list[tuple[date, str]]:
        """The days with a heading for each."""
        return [(on, _day_title(on)) for on in self.days]

    def rows(self) -> list[ShownRow]:
        """Everybody's days."""
        return [
            ShownRow(person=person, days=tuple(self._of(person, on, "") for on in self.days))
            for person in self.frame.people
        ]

    def weeks(self) -> list[list[tuple[date, int, int, int]]]:
        """The weeks of a month: each day with its visits, its free minutes and its load."""
        people = [one for one in self.frame.people if self.asked.whose in (EVERYBODY, one.slug)]
        found = []
        for on in self.days:
            drawn = [self._of(person, on, "").column for person in people]
            booked = sum(one.booked_minutes for one in drawn)
            whole = booked + sum(one.free_minutes for one in drawn)
            found.append(
                (
                    on,
                    sum(one.visits for one in drawn),
                    whole - booked,
                    -(-5 * booked // whole) if whole else -1,
                )
            )
        return [found[first : first + 7] for first in range(0, len(found), 7)]

    def rooms(self) -> list[ShownColumn]:
        """A column for each room, and one for visits that need none."""
        rooms = [one for one in self.frame.rooms if self.only_at in (None, one.place_id)]
        found = [self._of_room(room, number) for number, room in enumerate(rooms)]
        rest = [card for card in self.cards if card.room_id is None and self.only_at in (None, card.place_id)]
        drawn = columns.column(DayPlan(on=self.asked.on, cards=rest, keeps_hours=False))
        return [
            *found,
            ShownColumn(
                title="No room", small="Visits that need none", colour=6, column=drawn, on=self.asked.on
            ),
        ]

    def gaps(self, drawn: Sequence[ShownColumn]) -> list[CalendarGap]:
        """What is free in these columns of people, earliest first."""
        found = []
        for one in drawn:
            if one.person is None:
                continue
            shifts, midnight = self.frame.shifts(one.person.id, one.on), datetime.combine(one.on, time())
            for piece in one.column.pieces:
                place_id = next((s.place_id for s in shifts if s.begins <= piece.begins < s.ends), None)
                if piece.kind == "free" and place_id is not None:
                    found.append(
                        CalendarGap(
                            person=one.person,
                            place_id=place_id,
                            zone=self._zone(place_id),
                            begins=midnight + timedelta(minutes=piece.begins),
                            ends=midnight + timedelta(minutes=piece.ends),
                        )
                    )
        return sorted(found, key=lambda gap: (gap.begins, gap.person.name))

    def _of_room(self, room: CalendarRoom, number: int) -> ShownColumn:
        on = self.asked.on
        shut = [one for one in self.frame.closures(on) if one.place_id in (None, room.place_id)]
        drawn = columns.column(
            DayPlan(
                on=on,
                absences=shut,
                cards=[card for card in self.cards if card.room_id == room.id],
                keeps_hours=False,
            )
        )
        place = self.frame.place_name(room.place_id) if len(self.frame.places) > 1 else ""
        return ShownColumn(
            title=room.name,
            small=place or columns.visits_words(drawn),
            colour=number % 6 + 1,
            column=drawn,
            on=on,
            now_minute=self._now_minute(on, self._zone(room.place_id)),
        )

    def _of(self, person: CalendarPerson, on: date, title: str) -> ShownColumn:
        shifts = self.frame.shifts(person.id, on)
        zone = self._zone(shifts[0].place_id if shifts else None)
        drawn = columns.column(
            DayPlan(
                on=on,
                shifts=shifts,
                absences=self.frame.absences(person.id, on),
                cards=self._by_day.get((person.id, on), ()),
                only_at=self.only_at,
                place_name=self.frame.place_name,
                minutes_between=self.frame.minutes_between,
                bookable_from=self._bookable_from(on, zone),
            )
        )
        return ShownColumn(
            title=title or _day_title(on),
            small=self._hours_words(shifts, drawn) if title else columns.visits_words(drawn),
            colour=person.colour,
            column=drawn,
            on=on,
            href=self.asked.address(view="week", whose=person.slug)
            if title
            else self.asked.address(view="day", on=on),
            initials=person.initials,
            person=person,
            now_minute=self._now_minute(on, zone),
        )

    @cached_property
    def _by_day(self) -> dict[tuple[UUID, date], list[Card]]:
        """The cards of each therapist and day; one that lies across midnight stands on both days."""
        found: dict[tuple[UUID, date], list[Card]] = {}
        for card in self.cards:
            for on in {card.taken_from.date(), (card.taken_until - timedelta(microseconds=1)).date()}:
                found.setdefault((card.therapist_id, on), []).append(card)
        return found

    def _hours_words(self, shifts: Sequence[object], drawn: Column) -> str:
        if not drawn.worked:
            return drawn.reason
        first, last = drawn.worked[0][0], drawn.worked[-1][1]
        return f"{clock_words(first)} to {clock_words(last)}"

    def _zone(self, place_id: UUID | None) -> ZoneInfo:
        places = self.frame.places
        found = next((one.zone for one in places if one.id == place_id), None)
        return found or (places[0].zone if places else ZoneInfo("UTC"))

    def _now_minute(self, on: date, zone: ZoneInfo) -> int | None:
        wall = hours.wall(self.now, zone)
        return wall.hour * 60 + wall.minute if wall.date() == on else None

    def _bookable_from(self, on: date, zone: ZoneInfo) -> int:
        wall = hours.wall(self.now, zone)
        if on != wall.date():
            return MINUTES_A_DAY if on < wall.date() else 0
        return -(-(wall.hour * 60 + wall.minute) // columns.CELL_MINUTES) * columns.CELL_MINUTES
