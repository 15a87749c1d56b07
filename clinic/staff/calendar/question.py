"""What somebody wants to see of the calendar: from the URL, and where it says nothing, as they saw it last."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import Response, current_app, request, url_for

from clinic.accounts.models import User
from clinic.refusal import NotFound
from clinic.scheduling.hours import Days
from clinic.staff.calendar.frame import ONE_DAY
from clinic.web import time_values

VIEWS = ("day", "rooms", "week", "month")
COOKIE = "lumbar-calendar"
"""How a person last looked at the calendar in this browser; no day, and nothing of any client."""
KEPT_FOR = timedelta(days=365)
EVERYBODY = "all"


@dataclass(frozen=True, kw_only=True)
class CalendarQuestion:
    """One view of the calendar."""

    view: str
    on: date
    whose: str = ""
    """Slug of a therapist, or `all`; empty where nobody chose yet."""
    place: str = ""
    """Slug of a location; empty for all."""
    shows_gone: bool = False
    shows_waiting: bool = False
    """Whether the waiting list stands beside it."""

    @property
    def days(self) -> Days:
        """The local days that are shown."""
        if self.view == "week":
            monday = self.on - self.on.weekday() * ONE_DAY
            return Days(monday, monday + 7 * ONE_DAY)
        if self.view == "month":
            first, following = self.on.replace(day=1), _next_month(self.on)
            last = following - ONE_DAY
            return Days(first - first.weekday() * ONE_DAY, last + (7 - last.weekday()) * ONE_DAY)
        return Days(self.on, self.on + ONE_DAY)

    @property
    def before(self) -> date:
        """The same view one step earlier."""
        if self.view == "month":
            return (self.on.replace(day=1) - ONE_DAY).replace(day=1)
        return self.on - (7 if self.view == "week" else 1) * ONE_DAY

    @property
    def after(self) -> date:
        """The same view one step later."""
        return (
            _next_month(self.on)
            if self.view == "month"
            else self.on + (7 if self.view == "week" else 1) * ONE_DAY
        )

    def address(self, **changes: Any) -> str:
        """The URL of this view with some changes."""
        asked = replace(self, **changes)
        return url_for(
            "staff.calendar",
            view=asked.view,
            day=asked.on,
            therapist=asked.whose or None,
            location=asked.place or None,
            gone="yes" if asked.shows_gone else None,
            waiting="yes" if asked.shows_waiting else None,
        )


def _next_month(on: date) -> date:
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1)


def asked(today: date, user: User) -> CalendarQuestion:
    """The question of this request. Raises NotFound for a view or a day that does not exist."""
    kept = _remembered(user)
    view = request.args.get("view") or kept.get("view", "day")
    if view not in VIEWS:
        raise NotFound("There is no such view of the calendar.")
    on = time_values.read_day(request.args.get("day")) or today
    # What was asked for by name is taken as it is; a form that shows a box and sends nothing means no.
    is_asked = bool(request.args)
    return CalendarQuestion(
        view=view,
        on=on,
        whose=request.args.get("therapist", kept.get("whose", "")),
        place=request.args.get("location", "" if is_asked else kept.get("place", "")),
        shows_gone=request.args.get("gone") == "yes",
        shows_waiting=request.args.get("waiting") == "yes",
    )


def remember(answer: Response, question: CalendarQuestion, user: User) -> Response:
    """Let this browser show the same view to this person next time."""
    parts = (_mark(user), question.view, question.whose, question.place)
    answer.set_cookie(
        COOKIE,
        "|".join(parts),
        max_age=KEPT_FOR,
        path=url_for("staff.calendar"),
        secure=bool(current_app.config.get("SESSION_COOKIE_SECURE")),
        httponly=True,
        samesite="Lax",
    )
    return answer


def _remembered(user: User) -> dict[str, str]:
    parts = request.cookies.get(COOKIE, "").split("|")
    if len(parts) != 4 or parts[0] != _mark(user) or parts[1] not in VIEWS:
        return {}
    return dict(zip(("view", "whose", "place"), parts[1:], strict=True))


def _mark(user: User) -> str:
    """Tells apart the people who share a browser."""
    return user.id.hex[-8:]
