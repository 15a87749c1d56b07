"""Settings, Access: the owner reads who looked at whose answers, who signed in or could not, and what was changed.

Reading the record is itself recorded.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField
from wtforms.validators import AnyOf, Length, Optional, ValidationError

from clinic import clock
from clinic.accounts import audit, audit_reading, unusual_reading
from clinic.accounts.audit_reading import AuditLine, AuditQuestion, EntryKind
from clinic.accounts.models import AuditEntry
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.scheduling import hours
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.audit_wording import deed, purpose
from clinic.staff.settings.fields import SettingsDateField
from clinic.staff.settings.layout import page
from clinic.web.access import actor, audience, staff
from clinic.web.forms import Form
from clinic.web.spreadsheet import as_csv

KINDS = {
    EntryKind.ALL: "Everything",
    EntryKind.READS: "Looked at",
    EntryKind.SIGN_IN: "Signing in",
    EntryKind.CHANGES: "Changed",
}
EXPORTED = 10_000
ONE_DAY = timedelta(days=1)
HEADS = ("When (UTC)", "Who", "What", "Client", "Why", "Network", "Entry")


class AccessForm(Form):
    """Which entries to show; in the URL, so that a page can be bookmarked."""

    class Meta(Form.Meta):
        """GET changes nothing, so there is no CSRF token."""

        csrf = False

    kind = StringField(validators=[Optional(), AnyOf(list(EntryKind), "Choose what to show.")])
    who = SelectField("Who", validators=[Optional()])
    client_name = StringField(
        "Client’s name", [Optional(), Length(max=100)], render_kw={"autocomplete": "off"}
    )
    first_on = SettingsDateField("From", validators=[Optional()])
    last_on = SettingsDateField("To", validators=[Optional()])

    def validate_last_on(self, field: SettingsDateField) -> None:
        """The range must not end before it begins."""
        if field.data and self.first_on.data and field.data < self.first_on.data:
            raise ValidationError("The last day is before the first.")


@blueprint.get("/settings/access", endpoint="settings_access")
@audience(staff, Permission.AUDIT_READ)
def access() -> ResponseReturnValue:
    """The record, newest first, a page at a time."""
    now = clock.now()
    form, zone = _form(), practice_zone(now)
    is_valid = form.validate()
    question = _question(form, zone) if is_valid else AuditQuestion()
    found = None
    if is_valid:
        found = audit_reading.page(question, before=_id("before"), after=_id("after"))
        with transaction():
            _record("read", question, now)
    return page(
        "access",
        "access",
        form,
        found=found,
        question=question,
        kinds=KINDS,
        asked=_asked(form),
        deed=deed,
        purpose=purpose,
        zone=zone,
        unusual=unusual_reading.lately(now),
        day_of=lambda instant: hours.local_day(instant, ZoneInfo(zone)),
    )


@blueprint.get("/settings/access/export", endpoint="settings_access_export")
@audience(staff, Permission.AUDIT_READ, fresh=True)
def export() -> ResponseReturnValue:
    """What an export would hold, and the button that fetches it."""
    form, zone = _form(), practice_zone(clock.now())
    if not form.validate():
        return redirect(url_for("staff.settings_access", **_asked(form)), 303)
    count = audit_reading.count(_question(form, zone), EXPORTED + 1)
    return page(
        "access_export",
        "access",
        count=min(count, EXPORTED),
        is_cut=count > EXPORTED,
        asked=_asked(form),
    )


@blueprint.get("/settings/access/entries.csv", endpoint="settings_access_csv")
@audience(staff, Permission.AUDIT_READ, fresh=True)
def entries() -> ResponseReturnValue:
    """The entries as a table for a spreadsheet, the newest first."""
    now = clock.now()
    form = _form()
    if not form.validate():
        return redirect(url_for("staff.settings_access", **_asked(form)), 303)
    question = _question(form, practice_zone(now))
    written = _written(audit_reading.lines(question, EXPORTED))
    with transaction():
        _record("export", question, now)
    return Response(
        written,
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=access-{now:%Y-%m-%d}.csv"},
    )


def _form() -> AccessForm:
    form = AccessForm(formdata=request.args)
    form.who.choices = [
        ("", "Anybody"),
        *((str(user.id), user.name) for user in audit_reading.team()),
        (audit_reading.CLIENTS, "Clients and visitors"),
        (audit_reading.NOBODY, "Lumbar itself"),
    ]
    return form


def _question(form: AccessForm, zone: str) -> AuditQuestion:
    place, first_on, last_on = ZoneInfo(zone), form.first_on.data, form.last_on.data
    return AuditQuestion(
        kind=EntryKind(form.kind.data or EntryKind.ALL),
        who=form.who.data or "",
        client_name=form.client_name.data or "",
        since=hours.midnight(first_on, place) if first_on else None,
        until=hours.midnight(last_on + ONE_DAY, place) if last_on else None,
    )


def _asked(form: AccessForm) -> dict[str, Any]:
    """The filters in the URL."""
    return {name: request.args[name] for name in form.data if request.args.get(name)}


def _record(action: str, question: AuditQuestion, now: datetime) -> None:
    audit.record(
        actor(),
        action,
        subject_type=AuditEntry.__tablename__,
        purpose="access",
        fields=question.used,
        now=now,
    )


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _written(lines: Iterable[AuditLine]) -> str:
    return as_csv(HEADS, (_cells(line) for line in lines))


def _cells(line: AuditLine) -> tuple[str, ...]:
    return (
        line.entry.at.isoformat(timespec="seconds"),
        line.who,
        deed(line),
        line.client,
        purpose(line.entry),
        line.entry.network or "",
        str(line.entry.id),
    )
