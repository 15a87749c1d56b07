"""A signed-in client's own email address and telephone.

A new email address counts once the one-time link sent there was used: that proves it, as a sign-in does. A telephone opens
nothing, so it changes at once.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, HiddenField, TelField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts import address_changes, audit, client_records, limits, sessions
from clinic.accounts import services as accounts
from clinic.accounts.client_records import AddressKnown
from clinic.accounts.models import Contact, ContactKind, LinkPurpose, Relation
from clinic.accounts.services import UnreadableAddress
from clinic.db import db, transaction
from clinic.intake.models import ConsentWay
from clinic.language import N_
from clinic.messaging import preferences
from clinic.practice import queries as practice
from clinic.refusal import Stale
from clinic.web import languages, one_time, signed_in_client
from clinic.web.access import anyone, audience, client
from clinic.web.forms import Form
from clinic.web.signed_in_client import SignedInClient, client_of_page

blueprint = Blueprint("contact_data", __name__)

UNPROCESSABLE = 422


class NewMailForm(Form):
    """The address to write to from now on."""

    mail = EmailField(
        N_("New e-mail address"),
        [InputRequired(N_("Enter the new e-mail address"))],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )


class TelephoneForm(Form):
    """The telephone to call."""

    seen = HiddenField()
    phone = TelField(
        N_("Telephone"),
        [InputRequired(N_("Enter a telephone number")), Length(max=40)],
        render_kw={"autocomplete": "tel"},
    )


@blueprint.get("/my/contact")
@audience(client)
def show() -> str:
    """What stands, what waits to be proven, and the forms to change it."""
    return _page(client_of_page())


@blueprint.post("/my/contact/mail")
@audience(client)
def ask_for_link() -> ResponseReturnValue:
    """Send a one-time link to the new address; the old one counts until it is used."""
    signed_in, form, now = client_of_page(), NewMailForm(), clock.now()
    if not form.validate():
        return _page(signed_in, mail=form), UNPROCESSABLE
    limits.take(limits.SIGN_IN_LINKS_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.SIGN_IN_LINKS, (form.mail.data or "").strip().lower(), now)
    try:
        with transaction():
            address_changes.ask(own_mail(signed_in), form.mail.data or "", now)
    except (UnreadableAddress, AddressKnown) as refusal:
        form.mail.errors = [refusal.sentence]
        return _page(signed_in, mail=form), UNPROCESSABLE
    flash(N_("Please look at your mail: a link is on its way to the new address."), "ok")
    return redirect(url_for(".show"), 303)


@blueprint.post("/my/contact/mail/stop")
@audience(client)
def give_up() -> ResponseReturnValue:
    """Keep the old address."""
    with transaction():
        address_changes.give_up(own_mail(client_of_page()))
    flash(N_("Your e-mail address stays as it was."), "ok")
    return redirect(url_for(".show"), 303)


@blueprint.post("/my/contact/phone")
@audience(client)
def change_phone() -> ResponseReturnValue:
    """Add or replace the telephone."""
    signed_in, form, now = client_of_page(), TelephoneForm(), clock.now()
    if not form.validate():
        return _page(signed_in, phone=form), UNPROCESSABLE
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    try:
        with transaction():
            _keep_phone(signed_in, form)
    except (UnreadableAddress, AddressKnown) as refusal:
        form.phone.errors = [refusal.sentence]
        return _page(signed_in, phone=form), UNPROCESSABLE
    except client_records.RecordChanged:
        form.form_errors.append(Stale.sentence)
        db.session.expire_all()
        form.seen.data = _mark(own_phone(signed_in))
        return _page(signed_in, phone=form), 409
    flash(N_("Saved."), "ok")
    return redirect(url_for(".show"), 303)


def _keep_phone(signed_in: SignedInClient, form: TelephoneForm) -> None:
    stands, typed, country = own_phone(signed_in), form.phone.data or "", practice.the_practice().country
    if stands is None:
        client_records.add_address(
            signed_in.client_id, ContactKind.PHONE, typed,
            relation=Relation.SELF, country=country, actor=signed_in.actor, now=clock.now(),
        )  # fmt: skip
        return
    now = clock.now()
    changed = client_records.change_address(
        stands.id, typed, relation=Relation(stands.relation), country=country,
        seen_as=form.seen.data or "", actor=signed_in.actor, now=now,
    )  # fmt: skip
    preferences.end_texts_to_changed(changed, signed_in.actor, now, ConsentWay.WEB)


@blueprint.get("/new-address/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link."""
    if accounts.find_link(raw, LinkPurpose.NEW_ADDRESS, clock.now()) is None:
        return _gone()
    return one_time.button_page(
        heading=N_("Your new e-mail address"),
        sentence=N_(
            "From now on we write to the address at which you opened this link. The old one no longer opens your visits."
        ),
        act=N_("This is my address"),
        to=url_for(".prove", raw=raw),
    )


@blueprint.post("/new-address/<raw>")
@audience(anyone)
def prove(raw: str) -> ResponseReturnValue:
    """Use up the link: the new address counts from now on, and this browser is signed in by it."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    try:
        with transaction():
            used = accounts.consume_link(raw, LinkPurpose.NEW_ADDRESS, now)
            contact = address_changes.prove(used.subject_id, now) if used and used.subject_id else None
            if contact is not None:
                secret = sessions.open_client(contact, contact.client_id, now)
                audit.record(
                    audit.by_contact(contact.id), "signed_in", contact, client_id=contact.client_id, now=now
                )
                languages.speak_to(contact.client)
    except AddressKnown:
        contact = None
    if contact is None:
        return _gone()
    flash(N_("Your new e-mail address counts from now on."), "ok")
    there = redirect(url_for(".show"), 303)
    signed_in_client.remember_client(there, secret)
    return there


def _gone() -> ResponseReturnValue:
    return one_time.gone_page(
        N_(
            "A link works for ten minutes, once. Your old address still counts: sign in with it and ask for another link."
        ),
        way_on=(N_("Ask for a new link"), url_for(".show")),
    )


def own_mail(signed_in: SignedInClient) -> Contact:
    """The client's own row of the address they proved, which several people may share."""
    proven = db.session.get_one(Contact, signed_in.contact_id)
    return next(
        one
        for one in signed_in.record.contacts
        if one.kind == ContactKind.MAIL and one.normalised == proven.normalised
    )


def own_phone(signed_in: SignedInClient) -> Contact | None:
    """The client's first telephone, if there is one."""
    return next((one for one in signed_in.record.contacts if one.kind == ContactKind.PHONE), None)


def _mark(contact: Contact | None) -> str:
    return client_records.page_mark(contact) if contact else ""


def _page(
    signed_in: SignedInClient, *, mail: NewMailForm | None = None, phone: TelephoneForm | None = None
) -> str:
    contact, telephone = own_mail(signed_in), own_phone(signed_in)
    data = {"seen": _mark(telephone), "phone": telephone.value if telephone else ""}
    wanted = address_changes.pending(contact)
    return render_template(
        "portal/contact.html",
        contact=contact,
        is_shared=len(accounts.people_on(contact)) > 1,
        wanted=wanted.mail if wanted else "",
        person=signed_in.record,
        mail=mail or NewMailForm(formdata=None),
        phone=phone or TelephoneForm(formdata=None, data=data),
        shown=phone or mail,
        has_errors=bool((mail and mail.errors) or (phone and phone.errors)),
    )
