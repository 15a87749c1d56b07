"""A copy of everything about one client, made by a therapist who may read the record: for a client who asks at the desk.

The client is told when it is ready, and can fetch it in the portal too. The password is shown once, to whoever asked.
"""

from datetime import datetime
from uuid import UUID

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue

from clinic.accounts import data_exports, limits
from clinic.accounts.data_exports import AskedAlready
from clinic.accounts.models import Client, ContactKind, Relation
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.exports.building import STEPS
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.staff.clients.clinical_tabs import of_own_client
from clinic.staff.clients.file import FileHead
from clinic.web.access import actor, audience, staff
from clinic.web.copies import as_download


@blueprint.get("/clients/<uuid:client_id>/copy", endpoint="client_copy")
@audience(staff, Permission.HEALTH_READ, fresh=True)
@of_own_client("copy")
def show(head: FileHead, now: datetime) -> ResponseReturnValue:
    """What a copy holds and the button, or how far it is."""
    return _page(head, now)


@blueprint.post("/clients/<uuid:client_id>/copy", endpoint="client_copy_ask")
@audience(staff, Permission.HEALTH_READ, fresh=True)
@of_own_client("copy")
def ask(head: FileHead, now: datetime) -> ResponseReturnValue:
    """Ask for a copy. Its password is on this answer and nowhere else."""
    limits.take(limits.DATA_EXPORTS, str(head.person.id), now)
    try:
        with transaction():
            _, password = data_exports.ask(
                head.person.id,
                by_staff=desk.user().id,
                contact_id=_where_to_write(head.person),
                actor=actor(),
                now=now,
            )
    except AskedAlready as refusal:
        desk.say(refusal.sentence)
        return redirect(url_for("staff.client_copy", client_id=head.person.id), 303)
    return _page(file.head_of(head.person.id, now), now, password=password)


@blueprint.get("/clients/<uuid:client_id>/copy/file", endpoint="client_copy_file")
@audience(staff, Permission.HEALTH_READ, fresh=True)
@of_own_client("copy")
def fetch(head: FileHead, now: datetime) -> Response:
    """The file, which opens with the password alone; that it was fetched is recorded."""
    with transaction():
        export = data_exports.newest(head.person.id, now)
        return as_download(data_exports.fetch(export, actor=actor(), now=now), now)


@blueprint.post("/clients/<uuid:client_id>/copy/delete", endpoint="client_copy_delete")
@audience(staff, Permission.HEALTH_READ, fresh=True)
@of_own_client("copy")
def delete(head: FileHead, now: datetime) -> ResponseReturnValue:
    """Delete the copy, or stop making it."""
    with transaction():
        data_exports.delete(head.person.id, actor=actor(), now=now)
    desk.say("The copy is deleted.")
    return redirect(url_for("staff.client_copy", client_id=head.person.id), 303)


def _where_to_write(person: Client) -> UUID | None:
    """The client's own address, or else that of whoever looks after them; None if there is none that arrives."""
    mails = [one for one in person.contacts if one.kind == ContactKind.MAIL and one.bounced_at is None]
    mails.sort(key=lambda one: one.relation != Relation.SELF)
    return mails[0].id if mails else None


def _page(head: FileHead, now: datetime, *, password: str = "") -> str:
    return file.page(
        "access",
        head,
        template="copy",
        export=data_exports.newest(head.person.id, now),
        password=password,
        steps=STEPS,
    )
