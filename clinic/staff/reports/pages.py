"""The pages of all reports. To add one, write a module beside this, its template, and a line in `REPORTS`."""

from typing import Final

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.refusal import NotFound
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.reports import overrides
from clinic.staff.reports.declaration import DeclaredReport
from clinic.web.access import audience, staff

REPORTS: Final = (overrides.REPORT,)
"""All reports in the order of their tabs; the first one opens first."""


@blueprint.get("/reports", endpoint="reports")
@audience(staff, Permission.REPORTS_READ)
def first() -> ResponseReturnValue:
    """Open the first report."""
    return redirect(url_for(".report", slug=REPORTS[0].slug), 303)


@blueprint.get("/reports/<slug>", endpoint="report")
@audience(staff, Permission.REPORTS_READ)
def show(slug: str) -> str:
    """One report with its current numbers; raises NotFound."""
    declared, now = _declared(slug), clock.now()
    return render_template(
        declared.template,
        here="reports",
        declared=declared,
        reports=[(one.title, url_for(".report", slug=one.slug), one is declared, "") for one in REPORTS],
        zone=practice_zone(now),
        **declared.numbers(now),
    )


@blueprint.post("/reports/<slug>", endpoint="recount_report")
@audience(staff, Permission.REPORTS_READ)
def recount(slug: str) -> ResponseReturnValue:
    """Ask the worker to count again, through a row that it reads; raises NotFound if nothing is counted for it."""
    declared = _declared(slug)
    if declared.recount is None:
        raise NotFound
    with transaction():
        declared.recount(clock.now())
    flash("The numbers are being counted. Open this page again in a minute.", "ok")
    return redirect(url_for(".report", slug=slug), 303)


def _declared(slug: str) -> DeclaredReport:
    found = next((one for one in REPORTS if one.slug == slug), None)
    if found is None:
        raise NotFound
    return found
