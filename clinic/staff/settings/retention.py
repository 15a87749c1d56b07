"""How long things are kept, in Settings, Data: the table, what the next run takes away, and changing one period."""

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from clinic import clock
from clinic.maintenance import periods
from clinic.maintenance import retention as table
from clinic.maintenance.periods import Bounds, Period
from clinic.maintenance.retention import Retention
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm


class PeriodForm(UnchangedForm):
    """How long one kind is kept; empty for the usual period."""

    length = IntegerField("")
    agreed = HiddenField()
    """The length whose consequence the page has shown."""

    def ask(self, bounds: Bounds) -> None:
        """Take only what is allowed, and say what that is."""
        span = f"from {bounds.least} to {bounds.most}."
        self.length.label.text = f"How many {bounds.unit.value}"
        self.length.description = f"Anything {span}"
        asked = Optional() if self.is_usual else InputRequired(f"Enter a number {span}")
        self.length.validators = [asked, NumberRange(bounds.least, bounds.most, f"Enter a number {span}")]

    @property
    def is_usual(self) -> bool:
        """Whether the usual period is asked for."""
        return "usual" in request.form


@blueprint.get("/settings/data/retention", endpoint="settings_retention")
@audience(staff, *OWNERS)
def show() -> ResponseReturnValue:
    """The whole table: what, why, on which ground, how long, from when, and what happens."""
    known = periods.chosen()
    rows = [(row, row.period(known), row.kind in known) for row in table.RETENTION]
    return page("retention", "data", rows=rows, can_change=periods.is_chosen)


@blueprint.get("/settings/data/next-run", endpoint="settings_next_run")
@audience(staff, *OWNERS)
def next_run() -> ResponseReturnValue:
    """What the next run takes away, in numbers; nothing is changed."""
    now = clock.now()
    due = [(row, count, row.sweep.next_run(now)) for row, count in table.count_next(now)]
    return page("next_run", "data", due=due, can_change=periods.is_chosen, zone=practice_zone(now))


@blueprint.route(
    "/settings/data/retention/<kind>", endpoint="settings_retention_period", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def change(kind: str) -> ResponseReturnValue:
    """Change one period: first what it would take away, then saving it. Raises NotFound for a fixed one."""
    if not periods.is_chosen(kind):
        raise NotFound
    row, bounds, form = table.row_of(kind), periods.bounds_of(kind), PeriodForm()
    form.ask(bounds)
    present = row.period()
    if not form.is_submitted():
        form.seen.data, form.length.data = periods.mark(kind), present.length if present else None
    elif form.validate():
        wanted = None if form.is_usual else form.length.data
        asked = "usual" if wanted is None else str(wanted)
        if form.agreed.data != asked:
            form.agreed.data = asked
            would = bounds.period(bounds.usual if wanted is None else wanted)
            return _page(form, row, present, consequence=_consequence(row, would))
        if saved(
            form,
            lambda: periods.choose(
                kind, wanted, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
            ),
            present=lambda: periods.mark(kind),
        ):
            desk.say("Saved. The privacy page says it from now on, and the next run follows it.")
            return redirect(url_for("staff.settings_retention"), 303)
    form.agreed.data = ""
    return _page(form, row, present)


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What another period does at the next run."""

    would: Period | None
    takes: int
    takes_now: int
    """The same if nothing is changed."""
    at: datetime


def _consequence(row: Retention, would: Period | None) -> Consequence:
    now, known = clock.now(), periods.chosen()
    at = row.sweep.next_run(now)
    return Consequence(
        would=would,
        takes=row.count_due(at, {**known, row.kind: would.length}) if would else 0,
        takes_now=row.count_due(at, known),
        at=at,
    )


def _page(
    form: PeriodForm, row: Retention, present: Period | None, consequence: Consequence | None = None
) -> ResponseReturnValue:
    bounds, now = periods.bounds_of(row.kind), clock.now()
    return page(
        "retention_period",
        "data",
        form,
        row=row,
        bounds=bounds,
        present=present,
        usual=bounds.period(bounds.usual),
        consequence=consequence,
        zone=practice_zone(now),
    )
