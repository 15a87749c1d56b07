"""The letters and text messages a signed-in client was sent: what, when and where to. Their text is never stored."""

from uuid import UUID

from flask import Blueprint, render_template, request

from clinic import clock
from clinic.messaging import queries as messages
from clinic.messaging.kinds import label
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

ON_A_PAGE = 30

blueprint = Blueprint("own_messages", __name__)


@blueprint.get("/my/messages")
@audience(client)
def show() -> str:
    """What was sent, newest first, a page at a time."""
    before = request.args.get("before", type=UUID)
    found = messages.received(client_of_page().client_id, before=before, limit=ON_A_PAGE + 1)
    shown = found[:ON_A_PAGE]
    return render_template(
        "portal/messages.html",
        sent=[(one, label(one.kind)) for one in shown],
        older=shown[-1].id if len(found) > ON_A_PAGE else None,
        is_first=before is None,
        zone=context.practice_zone(clock.now()),
    )
