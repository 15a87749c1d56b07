"""What all settings pages share: tabs, saving without losing input, and what a change leaves outside hours."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import outside_hours, outside_reservations
from clinic.booking.outside_hours import Outside
from clinic.db import db, transaction
from clinic.practice.editing import ChangedMeanwhile, Direction
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.web.access import may
from clinic.web.forms import Form, UnchangedForm

OWNERS = (Permission.SETTINGS_WRITE,)
BLOCKERS = (Permission.CALENDAR_WRITE, Permission.SETTINGS_WRITE)
"""The front desk blocks time too."""
READERS = (Permission.AUDIT_READ,)
SIGNERS = (Permission.GUIDANCE_SIGN, Permission.SETTINGS_WRITE)
"""Therapists read the rule book and sign it; owners read it."""
TREATING = (Permission.NOTE_WRITE,)
"""Whoever treats clients has a page to write."""

# (section, endpoint, word, who may)
SECTIONS = (
    ("home", "staff.settings", "Overview", BLOCKERS),
    ("practice", "staff.settings_practice", "Practice", OWNERS),
    ("rules", "staff.settings_rules", "Rules", OWNERS),
    ("online", "staff.settings_online", "Online booking", OWNERS),
    ("website", "staff.settings_website", "Your website", OWNERS),
    ("texts", "staff.settings_texts", "Letters", OWNERS),
    ("legal", "staff.settings_legal", "Legal pages", OWNERS),
    ("locations", "staff.settings_locations", "Locations", OWNERS),
    ("rooms", "staff.settings_rooms", "Rooms", OWNERS),
    ("treatments", "staff.settings_treatments", "Treatments", OWNERS),
    ("therapists", "staff.settings_therapists", "Therapists", OWNERS),
    ("notes", "staff.settings_notes", "Notes", (*TREATING, *OWNERS)),
    ("own_page", "staff.settings_own_page", "Your page", TREATING),
    ("hours", "staff.settings_hours", "Hours", OWNERS),
    ("time_off", "staff.settings_time_off", "Time off", BLOCKERS),
    ("closures", "staff.settings_closures", "Closures", BLOCKERS),
    ("guidance", "staff.settings_guidance", "Guidance", SIGNERS),
    ("access", "staff.settings_access", "Access", READERS),
    ("team", "staff.settings_team", "Team", OWNERS),
    ("data", "staff.settings_data", "Data", OWNERS),
)


Problems = Sequence[tuple[str | None, str]]
"""The id of a control, if any, and its error."""


class _Undone(Exception):
    """Rolls back a trial change."""


def page(
    template: str,
    section: str,
    form: Form | None = None,
    *,
    problems: Problems = (),
    status: int | None = None,
    **shown: object,
) -> ResponseReturnValue:
    """A settings page: 422 if the input has errors, 409 if somebody else was first.

    `problems` are those of week lines, which are not form fields. `status` overrides the status.
    """
    tabs = [
        (word, url_for(endpoint), name == section, None)
        for name, endpoint, word, held in SECTIONS
        if any(may(each) for each in held)
    ]
    status = status or (422 if problems else 200)
    if form is not None and form.has_errors:
        status = 409 if isinstance(form, UnchangedForm) and form.is_stale else 422
    shown = {"form": form, **shown} if form is not None else shown
    written = render_template(
        f"staff/settings/{template}.html",
        here="settings",
        sections=tabs,
        problems=problems,
        has_errors=bool(problems),
        **shown,
    )
    return written, status


def saved(form: Form, change: Callable[[], object], present: Callable[[], str] | None = None) -> bool:
    """Make a change in a transaction; a refusal is shown above the form, and nothing is saved.

    `present` returns the current mark, so that the next attempt of somebody who was too late can succeed.
    """
    try:
        with transaction():
            change()
    except NotFound:
        raise
    except Refusal as refusal:
        form.form_errors.append(refusal.sentence)
        if isinstance(refusal, ChangedMeanwhile) and isinstance(form, UnchangedForm) and present:
            form.is_stale = True
            form.seen.data = present()
        return False
    return True


def tried(change: Callable[[], object], now: datetime) -> list[Outside]:
    """The visits that a change would newly leave outside hours; the change is rolled back. Raises its refusals."""
    before = outside_hours.ids(now)
    found: list[Outside] = []
    with suppress(_Undone), transaction():
        change()
        found = [each for each in outside_hours.visits(now) if each.appointment.id not in before]
        raise _Undone
    db.session.expire_all()
    return found


class OutsideHoursWatch:
    """Finds the visits and reservations that a change leaves outside hours: create it before the change, ask after
    it."""

    def __init__(self, now: datetime) -> None:
        self.before = outside_hours.ids(now)
        self.kept_before = outside_reservations.ids(now)

    def leave(
        self, text: str, fallback: str, *, undo: str | None = None, fields: dict[str, str] | None = None
    ) -> ResponseReturnValue:
        """Say what was done, and go to what it affects, if anything, or else to the fallback."""
        now = clock.now()
        new, kept = outside_hours.ids(now) - self.before, outside_reservations.ids(now) - self.kept_before
        if not new and not kept:
            desk.say(text, undo=undo, fields=fields)
            return redirect(fallback, 303)
        said = [text]
        if new:
            visits = "1 booking now lies" if len(new) == 1 else f"{len(new)} bookings now lie"
            said.append(f"{visits} outside hours; nothing was cancelled.")
        if kept:
            times = "1 time is being kept" if len(kept) == 1 else f"{len(kept)} times are being kept"
            said.append(
                f"{times} for somebody at this moment: end or spare {'it' if len(kept) == 1 else 'them'}."
            )
        desk.say(" ".join(said), undo=undo, fields=fields)
        return redirect(url_for("staff.settings_outside"), 303)


def way() -> Direction:
    """The direction in which a row was moved; raises NotFound for any other word."""
    sent = request.form.get("way", "")
    if sent not in list(Direction):
        raise NotFound
    return Direction(sent)
