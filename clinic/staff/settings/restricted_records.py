"""Restricted records in Settings, Data: what the law keeps of erased clients, opened by an owner for a reason."""

from typing import Final
from uuid import UUID

from flask.typing import ResponseReturnValue
from wtforms import RadioField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.erasures import RestrictedRecord
from clinic.db import db, transaction
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.layout import OWNERS, page
from clinic.web.access import audience, staff
from clinic.web.forms import Form

REASONS: Final = {
    "client_asks": "The client asks for their record",
    "authority_asks": "A court or an authority asks for it",
    "legal_claim": "A legal claim is made or defended",
    "treatment": "Somebody who treats the client needs it, and the client agrees",
}
TABLES: Final = {
    "clients": "Who it was", "contacts": "How to reach them", "appointments": "Visits", "submissions": "Health answers",
    "outcomes": "What followed from them", "consents": "Consents", "guardian_consents": "Consents of a guardian",
    "reviews": "Decisions", "clearances": "Clearances", "safety_waivers": "Set aside, with reasons", "plans": "Plans",
    "plan_versions": "Versions of plans", "planned_sessions": "Planned sessions", "session_notes": "Notes",
    "note_addenda": "Additions to notes", "outcome_entries": "Scores", "look_backs": "Look backs", "check_ins": "Check-ins",
    "incidents": "Incidents", "incident_addenda": "Additions to incidents", "documents": "Letters and reports",
    "users": "Who wrote and decided",
}  # fmt: skip
"""The parts of a record in the order in which they are read."""


class OpeningForm(Form):
    """Why it is opened."""

    reason = RadioField(
        "Why do you open it?", choices=list(REASONS.items()), validators=[InputRequired("Choose why.")]
    )


@blueprint.route(
    "/settings/data/restricted/<uuid:record_id>", methods=["GET", "POST"], endpoint="settings_restricted"
)
@audience(staff, *OWNERS, fresh=True)
def show(record_id: UUID) -> ResponseReturnValue:
    """The record, once a reason is given; each opening is recorded with it."""
    now, form = clock.now(), OpeningForm()
    kept = db.session.get(RestrictedRecord, record_id)
    if kept is None:
        raise NotFound
    opened: dict[str, object] = {}
    if form.validate_on_submit():
        with transaction():
            content = kept.content
            audit.record(
                audit.by_user(desk.user().id), "read", kept, client_id=kept.client_id, purpose=form.reason.data or "",
                fields=sorted(content), now=now,
            )  # fmt: skip
            opened = {TABLES[name]: content[name] for name in TABLES if content.get(name)}
    return page("restricted", "data", form, kept=kept, opened=opened, zone=practice_zone(now))
