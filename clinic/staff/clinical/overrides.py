"""The owner's report on overrides: which rules' suggestions therapists follow or override, and why. Numbers only."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.language.reading import MONTHS
from clinic.plans import overrides
from clinic.plans.models import ReasonKind
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.web.access import audience, staff

KINDS = {
    ReasonKind.FINDING_ON_TOUCH: "Found by touch",
    ReasonKind.CLIENT_WISH: "The client’s wish",
    ReasonKind.SKILL_OR_EQUIPMENT: "Skill or equipment",
    ReasonKind.SAFETY: "Safety",
    ReasonKind.OTHER: "Another reason",
}


@blueprint.get("/reports/overrides", endpoint="overrides")
@audience(staff, Permission.REPORTS_READ)
def show() -> str:
    """The numbers as the worker last counted them."""
    now = clock.now()
    report = overrides.report(now)
    return render_template(
        "staff/clinical/overrides.html",
        here="reports",
        report=report,
        since=f"{MONTHS[report.since.month - 1]} {report.since.year}",
        KINDS=KINDS,
        zone=practice_zone(now),
    )


@blueprint.post("/reports/overrides", endpoint="count_overrides")
@audience(staff, Permission.REPORTS_READ)
def count() -> ResponseReturnValue:
    """Ask the worker to count again, through a row that it reads."""
    with transaction():
        overrides.ask_recount(clock.now())
    flash("The numbers are being counted. Open this page again in a minute.", "ok")
    return redirect(url_for(".overrides"), 303)
