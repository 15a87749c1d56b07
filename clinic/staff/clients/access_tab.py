"""The tab *Access* of a client's file: who looked at it or changed it, when, and why. Looking here is recorded too."""

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, audit_reading
from clinic.accounts.audit_reading import AuditQuestion
from clinic.accounts.models import AuditEntry
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import clinical_tabs, file
from clinic.staff.settings.audit_wording import deed, purpose
from clinic.web.access import actor, audience, may, staff


@blueprint.get("/clients/<uuid:client_id>/access", endpoint="client_access")
@audience(staff, Permission.AUDIT_READ, Permission.HEALTH_READ)
def access(client_id: UUID) -> ResponseReturnValue:
    """For owners, and for therapists of this client: the entries about one client, newest first."""
    now = clock.now()
    head = file.head_of(client_id, now)
    if not (may(Permission.AUDIT_READ) or head.is_own):
        return clinical_tabs.to_open_form(client_id, "access")
    found = audit_reading.page(AuditQuestion(client_id=client_id), before=_id("before"), after=_id("after"))
    with transaction():
        audit.record(
            actor(),
            "read",
            subject_type=AuditEntry.__tablename__,
            client_id=client_id,
            purpose="access",
            fields=("client_id",),
            now=now,
        )
    return file.page("access", head, found=found, deed=deed, purpose=purpose)


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None
