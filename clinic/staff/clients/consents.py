"""The tab *Consents* of a client's file: what they agreed to, in which words, and recording a withdrawal that was said at the practice."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.intake.models import ConsentWay
from clinic.messaging import consent_ledger
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.web.access import actor, audience, staff


@blueprint.get("/clients/<uuid:client_id>/consents", endpoint="client_consents")
@audience(staff, Permission.CONTACTS_READ)
def show(client_id: UUID) -> ResponseReturnValue:
    """The ledger, with what stands first. It says what was agreed to and nothing that was answered."""
    head = file.head_of(client_id, clock.now())
    lines = consent_ledger.ledger_of(client_id)
    standing = consent_ledger.standing_of(lines)
    earlier = [one for one in lines if one not in standing]
    return file.page("consents", head, standing=standing, earlier=earlier)


@blueprint.get("/clients/<uuid:client_id>/consents/<kind>", endpoint="client_consent")
@audience(staff, Permission.CALENDAR_WRITE)
def ask(client_id: UUID, kind: str) -> ResponseReturnValue:
    """What withdrawing stops and what it does not, to be said to the client first. Raises NotFound for what does not stand."""
    head = file.head_of(client_id, clock.now())
    lines = consent_ledger.ledger_of(client_id)
    found = next((one for one in consent_ledger.standing_of(lines) if one.kind == kind), None)
    if found is None:
        raise NotFound
    return file.page("consents", head, template="withdraw_consent", line=found)


@blueprint.post("/clients/<uuid:client_id>/consents/<kind>", endpoint="withdraw_consent")
@audience(staff, Permission.CALENDAR_WRITE)
def withdraw(client_id: UUID, kind: str) -> ResponseReturnValue:
    """Record that the client withdrew; a second press changes nothing. Raises NotFound for what is no kind of consent."""
    now = clock.now()
    person = file.head_of(client_id, now).person
    if kind not in consent_ledger.WORDS:
        raise NotFound
    with transaction():
        consent_ledger.withdraw(person.id, kind, way=ConsentWay.DESK, actor=actor(), now=now)
    desk.say("Recorded. What stopped and what did not stands below.")
    return redirect(url_for("staff.client_consents", client_id=client_id), 303)
