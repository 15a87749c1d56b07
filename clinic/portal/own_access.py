"""Who of the practice looked at a signed-in client's record or changed it: who, in which role, what, when, for which visit."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template, request

from clinic import clock
from clinic.accounts.models import Role
from clinic.db import transaction
from clinic.language import N_
from clinic.plans import record_access
from clinic.plans.record_access import RecordAccess
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_access", __name__)

ROLES: Final = {
    Role.FRONT_DESK: N_("Front desk"),
    Role.THERAPIST: N_("Massage therapist"),
    Role.OWNER: N_("Owner"),
}
THINGS: Final = {
    **dict.fromkeys(
        ("submissions", "outcomes", "drafts", "visit_preparations", "clearances"),
        N_("Your answers to the health questions"),
    ),
    **dict.fromkeys(("reviews", "safety_waivers"), N_("The decision on what suits you")),
    **dict.fromkeys(("plans", "plan_versions", "planned_sessions", "look_backs"), N_("Your course")),
    **dict.fromkeys(("session_notes", "note_addenda"), N_("Notes of your sessions")),
    **dict.fromkeys(("outcome_entries", "score_sheets", "check_ins"), N_("Your answers over time")),
    **dict.fromkeys(("incidents", "incident_addenda"), N_("What went wrong at a visit")),
    **dict.fromkeys(("appointments", "series"), N_("Your visits")),
    **dict.fromkeys(
        ("waiting_wishes", "waiting_offers", "waiting_offerings"), N_("Your place on the waiting list")
    ),
    **dict.fromkeys(("clients", "contacts", "client_bars", "client_merges"), N_("Your details")),
    **dict.fromkeys(("consents", "guardian_consents"), N_("What you agreed to")),
    "documents": N_("Letters and reports"),
    "messages": N_("Messages we sent you"),
    "audit_entries": N_("Who looked at your record"),
    "data_exports": N_("A copy of your data"),
}
"""What an entry is about, by its table; anything else is the record."""
THE_RECORD: Final = N_("Your record")


@blueprint.get("/my/data/access")
@audience(client)
def show() -> str:
    """The entries, newest first, a page at a time; that the client looked is recorded too."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        found = record_access.page(
            signed_in.client_id,
            before=request.args.get("before", type=UUID),
            after=request.args.get("after", type=UUID),
            actor=signed_in.actor,
            now=now,
        )
    return render_template(
        "portal/access.html",
        found=found,
        thing=lambda one: THINGS.get(one.thing, THE_RECORD),
        deed=_deed,
        roles=lambda one: [ROLES[Role(name)] for name in one.roles],
        zone=context.practice_zone(now),
    )


def _deed(one: RecordAccess) -> str:
    if one.was_taken_along:
        return N_("Downloaded")
    return N_("Looked at") if one.is_read else N_("Added or changed")
