"""The downtime sheet in Settings, Data: when it was last made, making it now, and its encrypted file."""

from datetime import timedelta
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.backup import downtime_sheet
from clinic.db import transaction
from clinic.refusal import NotFound
from clinic.staff import day, desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.layout import OWNERS
from clinic.web.access import audience, staff

DAYS = {"today": timedelta(0), "tomorrow": timedelta(days=1)}


@blueprint.post("/settings/data/downtime", endpoint="settings_downtime")
@audience(staff, *OWNERS)
def make_now() -> ResponseReturnValue:
    """Make the sheet of today or tomorrow, in place of an earlier one."""
    now = clock.now()
    ahead = DAYS.get(request.form.get("day", ""))
    if ahead is None:
        raise NotFound
    on = day.today(now) + ahead
    with transaction():
        sheet = downtime_sheet.make(on, now)
        audit.record(audit.by_user(desk.user().id), "create", sheet, fields=["visits"], now=now)
        was_written = downtime_sheet.write_file(sheet, now)
    desk.say(
        "The sheet is made."
        if was_written
        else "The sheet is made and can be downloaded here. It could not be written beside the backups."
    )
    return redirect(url_for("staff.settings_data", _anchor="downtime"), 303)


@blueprint.get("/settings/data/downtime/<uuid:sheet_id>", endpoint="settings_downtime_file")
@audience(staff, *OWNERS)
def download(sheet_id: UUID) -> Response:
    """The encrypted file of one sheet; that it was fetched is recorded."""
    now = clock.now()
    with transaction():
        sheet = downtime_sheet.find(sheet_id)
        audit.record(audit.by_user(desk.user().id), "export", sheet, fields=["encrypted"], now=now)
        content, name = sheet.encrypted, downtime_sheet.file_name(sheet.day)
    return Response(
        content,
        mimetype="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
