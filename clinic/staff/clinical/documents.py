"""Letters and reports of a client, read by a therapist who treats them. The front desk learns of none."""

from uuid import UUID

from flask import Response

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.intake import documents
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.web.access import actor, audience, staff

SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"


@blueprint.get("/documents/<uuid:document_id>", endpoint="document")
@audience(staff, Permission.HEALTH_READ)
def download(document_id: UUID) -> Response:
    """One document, to save or to open in a program of its own; the reading is recorded."""
    now = clock.now()
    with transaction():
        found = documents.find(document_id)
        desk.require_own(found.client_id, now)
        content = documents.read(found, actor=actor(), now=now)
        kind, ending = ("application/pdf", "pdf") if found.is_pdf else ("image/jpeg", "jpg")
        name = f"document-{found.sent_at:%Y-%m-%d}-{str(found.id)[-4:]}.{ending}"
    return Response(
        content,
        mimetype=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": SANDBOX,
        },
    )
