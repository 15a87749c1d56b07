"""Two records of one person: side by side, which one stays, and undoing the merge."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import client_records, merging
from clinic.accounts.models import Client, ClientMerge
from clinic.accounts.permissions import Permission
from clinic.booking import client_search
from clinic.booking import queries as booking
from clinic.db import db, transaction
from clinic.refusal import NotFound, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import layout
from clinic.staff.clients.forms import MergeClientsForm
from clinic.web.access import audience, staff


@blueprint.route(
    "/clients/<uuid:client_id>/join/<uuid:other_id>", methods=["GET", "POST"], endpoint="join_records"
)
@audience(staff, Permission.CALENDAR_WRITE)
def join(client_id: UUID, other_id: UUID) -> ResponseReturnValue:
    """Look at two records, choose the one that stays, and join them."""
    if client_id == other_id:
        raise NotFound
    now = clock.now()
    pair = client_search.pair(client_id, other_id, now)
    form = MergeClientsForm()
    form.kept.choices = [(str(known.client.id), known.client.name) for known in pair]
    if not form.is_submitted():
        form.seen.data = _seen(*(known.client for known in pair))
    elif form.validate():
        kept_id = UUID(form.kept.data)
        gone_id = other_id if kept_id == client_id else client_id
        try:
            with transaction():
                _require_unchanged(form.seen.data or "", client_id, other_id)
                made = merging.merge(kept_id, gone_id, by=desk.user(), now=now)
        except client_records.RecordChanged as refusal:
            form.form_errors.append(refusal.sentence)
            pair = client_search.pair(client_id, other_id, now)
            form.seen.data = _seen(*(known.client for known in pair))
            return _join_page(pair, form), Stale.status
        desk.say(
            "The two records are one now.", undo=url_for("staff.undo_joining", merge_id=made.id), fields={}
        )
        return redirect(url_for("staff.client_record", client_id=kept_id), 303)
    return _join_page(pair, form), 422 if form.has_errors else 200


def _join_page(pair: list[client_search.Caller], form: MergeClientsForm) -> str:
    counts = booking.visit_counts([known.client.id for known in pair])
    return layout.page(
        "join",
        pair=[
            (known, client_records.further_of(known.client), counts.get(known.client.id, 0)) for known in pair
        ],
        form=form,
        days=merging.UNDOABLE.days,
        has_errors=form.has_errors,
    )


@blueprint.route("/merges/<uuid:merge_id>/undo", methods=["GET", "POST"], endpoint="undo_joining")
@audience(staff, Permission.CALENDAR_WRITE)
def undo(merge_id: UUID) -> ResponseReturnValue:
    """Ask, and undo a merge."""
    made = db.session.get(ClientMerge, merge_id)
    if made is None:
        raise NotFound
    kept, other = (db.session.get_one(Client, id_) for id_ in (made.kept_id, made.other_id))
    refusal = None
    if request.method == "POST":
        try:
            with transaction():
                merging.undo(merge_id, by=desk.user(), now=clock.now())
        except merging.NotUndoable as said:
            refusal = said
        else:
            desk.say(f"{other.name} has a record of their own again.")
            return redirect(url_for("staff.client_record", client_id=made.other_id), 303)
    page = layout.page(
        "undo",
        made=made,
        kept=kept,
        other=other,
        refusal=refusal,
        may_be_undone=merging.may_be_undone(made, clock.now()),
        undoable=merging.UNDOABLE,
        has_errors=refusal is not None,
    )
    return page, refusal.status if refusal else 200


def _require_unchanged(seen: str, *ids: UUID) -> None:
    """Raise RecordChanged if a record is not what the page showed; locks both, lower id first, as a merge does."""
    people = {id_: client_records.locked_client(id_) for id_ in sorted(ids)}
    if seen != _seen(*(people[id_] for id_ in ids)):
        raise client_records.RecordChanged


def _seen(*people: Client) -> str:
    return ".".join(client_records.page_mark(person) for person in people)
