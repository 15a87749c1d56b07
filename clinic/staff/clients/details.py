"""The tab *Details* of a client's file, and the forms that correct what stands there."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from clinic import clock
from clinic.accounts import client_records, merging
from clinic.accounts.models import Client, Contact, ContactKind, Relation
from clinic.accounts.permissions import Permission
from clinic.accounts.services import UnreadableAddress
from clinic.booking import barring, client_search
from clinic.db import db, transaction
from clinic.intake.models import ConsentWay
from clinic.messaging import preferences
from clinic.practice import queries as practice
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file, layout
from clinic.staff.clients.forms import ChangeForm, ClientAddressForm, ClientDetailsForm
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm


@blueprint.get("/clients/<uuid:client_id>/record", endpoint="client_record")
@audience(staff, Permission.CONTACTS_READ)
def record(client_id: UUID) -> ResponseReturnValue:
    """Details, contacts, online booking, and records that may be the same person."""
    now = clock.now()
    head = file.head_of(client_id, now)
    return file.page(
        "record",
        head,
        further=client_records.further_of(head.person),
        alike=client_search.twins(head.person, now),
        bars=barring.of_client(client_id),
        therapists={one.id: one.name for one in practice.therapists(date.min)},
        joined=[(made, merging.may_be_undone(made, now)) for made in merging.of_client(client_id)],
        undoable=merging.UNDOABLE,
    )


@blueprint.route("/clients/<uuid:client_id>/details", methods=["GET", "POST"], endpoint="client_details")
@audience(staff, Permission.CALENDAR_WRITE)
def details(client_id: UUID) -> ResponseReturnValue:
    """Correct a client's details."""
    person = client_search.client(client_id)
    form = ClientDetailsForm()
    if not form.is_submitted():
        form.show(client_records.person_of(person), client_records.page_mark(person))
    elif form.validate():

        def change(now: datetime) -> None:
            client_records.correct(
                client_id, form.person, seen_as=form.seen.data or "", actor=actor(), now=now
            )

        if _saved(
            form, form.birth_on, change, lambda: client_records.page_mark(client_search.client(client_id))
        ):
            desk.say("Saved. It holds from the next letter on.")
            return redirect(url_for("staff.client_record", client_id=client_id), 303)
    return _page("details", form, person)


@blueprint.route("/clients/<uuid:client_id>/addresses", methods=["GET", "POST"], endpoint="add_address")
@audience(staff, Permission.CALENDAR_WRITE)
def add_address(client_id: UUID) -> ResponseReturnValue:
    """Add a contact."""
    person = client_search.client(client_id)
    form = ClientAddressForm()
    if not form.is_submitted():
        form.kind.data, form.relation.data = ContactKind.MAIL.value, Relation.SELF.value
    elif form.validate():

        def add(now: datetime) -> None:
            client_records.add_address(
                client_id,
                ContactKind(form.kind.data),
                form.value.data or "",
                relation=Relation(form.relation.data),
                country=practice.the_practice().country,
                actor=actor(),
                now=now,
            )

        if _saved(form, form.value, add):
            desk.say("Added. It is unverified until somebody follows a link sent there.")
            return redirect(url_for("staff.client_record", client_id=client_id), 303)
    return _page("address", form, person)


@blueprint.route("/contacts/<uuid:contact_id>/change", methods=["GET", "POST"], endpoint="change_address")
@audience(staff, Permission.CALENDAR_WRITE)
def change_address(contact_id: UUID) -> ResponseReturnValue:
    """Replace an address that is wrong or out of date."""
    contact = db.session.get(Contact, contact_id)
    if contact is None:
        raise NotFound
    person = client_search.client(contact.client_id)
    form = ChangeForm()
    form.value.label.text = "E-mail address" if contact.kind == ContactKind.MAIL else "Telephone number"
    if not form.is_submitted():
        form.seen.data = client_records.page_mark(contact)
        form.value.data, form.relation.data = contact.value, contact.relation
    elif form.validate():

        def change(now: datetime) -> None:
            changed = client_records.change_address(
                contact_id,
                form.value.data or "",
                relation=Relation(form.relation.data),
                country=practice.the_practice().country,
                seen_as=form.seen.data or "",
                actor=actor(),
                now=now,
            )
            preferences.end_texts_to_changed(changed, actor(), now, ConsentWay.DESK)

        if _saved(
            form,
            form.value,
            change,
            lambda: client_records.page_mark(db.session.get_one(Contact, contact_id)),
        ):
            desk.say("Saved.")
            return redirect(url_for("staff.client_record", client_id=contact.client_id), 303)
    return _page("address", form, person, contact=contact)


def _page(template: str, form: UnchangedForm, person: Client, **shown: object) -> ResponseReturnValue:
    written = layout.page(
        template,
        form=form,
        person=person,
        present=client_records.person_of(person) if form.is_stale else None,
        has_errors=form.has_errors,
        **shown,
    )
    return written, (409 if form.is_stale else 422) if form.has_errors else 200


def _saved(
    form: UnchangedForm,
    field: Field,
    change: Callable[[datetime], None],
    present: Callable[[], str] | None = None,
) -> bool:
    """Make a change in a transaction. An error is shown at its field; an outdated page shows the present state."""
    try:
        with transaction():
            change(clock.now())
    except (UnreadableAddress, client_records.AddressKnown, client_records.NotBornYet) as refusal:
        field.errors = [refusal.sentence]
        return False
    except client_records.RecordChanged as refusal:
        _old(form, refusal, present)
        return False
    return True


def _old(form: UnchangedForm, refusal: Refusal, present: Callable[[], str] | None) -> None:
    form.form_errors.append(refusal.sentence)
    form.is_stale = True
    db.session.expire_all()
    form.seen.data = present() if present else ""
