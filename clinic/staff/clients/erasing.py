"""Erasing a client: what would go and what the law keeps, noting that it was asked for, and an owner's decision."""

from typing import Final
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts import audit, erasures
from clinic.accounts.erasures import Erasure, ErasureState
from clinic.accounts.permissions import Permission
from clinic.booking import client_search
from clinic.db import db, transaction
from clinic.maintenance import erasure
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import layout
from clinic.web.access import audience, staff
from clinic.web.forms import Form

LONGEST_REASON: Final = 600
KINDS: Final = (
    (
        "Health answers and what followed from them",
        ("submissions", "drafts", "visit_preparations", "outcomes", "documents"),
    ),
    (
        "Notes, plans and scores",
        ("session_notes", "plans", "outcome_entries", "look_backs", "check_ins", "incidents"),
    ),
    ("E-mail addresses and telephone numbers", ("contacts",)),
    ("Consents", ("consents", "guardian_consents")),
    ("Entries of the waiting list", ("waiting_wishes",)),
    ("Records of messages sent", ("messages",)),
)
"""What a person reads of the tables that matter to them; the rest goes unnamed."""


class RefusalForm(Form):
    """Why a client is not erased."""

    reason = TextAreaField(
        "Why not?",
        description="The client reads this in a letter and in their own pages. Write nothing about health here.",
        validators=[InputRequired("Say why, so that the client understands."), Length(max=LONGEST_REASON)],
    )


@blueprint.get("/clients/<uuid:client_id>/erase", endpoint="erase_client")
@audience(staff, Permission.CALENDAR_WRITE, Permission.SETTINGS_WRITE)
def show(client_id: UUID) -> ResponseReturnValue:
    """What an erasure would do now, and what was asked and decided."""
    return _page(client_id, RefusalForm())


@blueprint.post("/clients/<uuid:client_id>/erase", endpoint="ask_erasure")
@audience(staff, Permission.CALENDAR_WRITE, Permission.SETTINGS_WRITE)
def ask(client_id: UUID) -> ResponseReturnValue:
    """Note that this client wants to be erased; an owner decides."""
    user = desk.user()
    with transaction():
        erasures.ask(client_id, actor=audit.by_user(user.id), by_id=user.id, now=clock.now())
    desk.say("Noted. An owner decides, within a month.")
    return redirect(url_for("staff.erase_client", client_id=client_id), 303)


@blueprint.post("/erasures/<uuid:erasure_id>/grant", endpoint="grant_erasure")
@audience(staff, Permission.SETTINGS_WRITE, fresh=True)
def grant(erasure_id: UUID) -> ResponseReturnValue:
    """Decide that it is done, in an hour."""
    client_id, now = _asked(erasure_id).client_id, clock.now()
    with transaction():
        kept_until = erasure.preview(client_id, now).kept_until
        erasures.grant(erasure_id, kept_until=kept_until, by_id=desk.user().id, now=now)
    desk.say("This client is erased in an hour. Until then you can take it back here. A letter tells them.")
    return redirect(url_for("staff.erase_client", client_id=client_id), 303)


@blueprint.post("/erasures/<uuid:erasure_id>/refuse", endpoint="refuse_erasure")
@audience(staff, Permission.SETTINGS_WRITE)
def refuse(erasure_id: UUID) -> ResponseReturnValue:
    """Decide that it is not done, and why."""
    client_id, form = _asked(erasure_id).client_id, RefusalForm()
    if not form.validate_on_submit():
        return _page(client_id, form), 422
    with transaction():
        erasures.refuse(erasure_id, form.reason.data or "", by_id=desk.user().id, now=clock.now())
    desk.say("Refused. A letter tells the client why; they read it in their own pages too.")
    return redirect(url_for("staff.erase_client", client_id=client_id), 303)


@blueprint.post("/erasures/<uuid:erasure_id>/take-back", endpoint="take_back_erasure")
@audience(staff, Permission.SETTINGS_WRITE)
def take_back(erasure_id: UUID) -> ResponseReturnValue:
    """Keep the record after all."""
    client_id = _asked(erasure_id).client_id
    with transaction():
        erasures.take_back(erasure_id, actor=audit.by_user(desk.user().id), now=clock.now())
    desk.say("Taken back. Nothing is erased.")
    return redirect(url_for("staff.erase_client", client_id=client_id), 303)


def _asked(erasure_id: UUID) -> Erasure:
    found = db.session.get(Erasure, erasure_id)
    if found is None:
        raise NotFound
    return found


def _page(client_id: UUID, form: RefusalForm) -> str:
    now = clock.now()
    person = client_search.client(client_id)
    would = erasure.preview(client_id, now)
    newest = erasures.newest_erasure(client_id)
    return layout.page(
        "erase",
        person=person,
        form=form,
        would=would,
        going=[
            (words, count)
            for words, tables in KINDS
            if (count := sum(would.deleted.get(table, 0) for table in tables))
        ],
        newest=newest,
        is_open=newest is not None and newest.state in (ErasureState.ASKED, ErasureState.GRANTED),
        can_take_back=newest is not None
        and (newest.carried_out_from is None or now < newest.carried_out_from),
        decide_by=newest.asked_at + erasures.ANSWER_WITHIN if newest else None,
    )
