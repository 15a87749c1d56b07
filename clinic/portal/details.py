"""Further details that the practice asks signed-in clients for; only those are shown."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField, TelField, TextAreaField
from wtforms.validators import Length, Optional

from clinic import clock
from clinic.accounts import client_records
from clinic.accounts.client_records import ClientDetails, Further
from clinic.accounts.models import Client
from clinic.db import db, transaction
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.booking_rules import ASKABLE
from clinic.refusal import NotFound, Stale
from clinic.web.access import audience, client
from clinic.web.forms import Form
from clinic.web.record_fields import BirthDate
from clinic.web.signed_in_client import SignedInClient, client_of_page

blueprint = Blueprint("own_details", __name__)


class OwnDetailsForm(Form):
    """All possible fields; those that the practice does not ask for are removed."""

    seen = HiddenField()
    birth_on = BirthDate(N_("Birth date"), validators=[Optional()], render_kw={"autocomplete": "bday"})
    street = StringField(
        N_("Street and number"), validators=[Optional()], render_kw={"autocomplete": "street-address"}
    )
    postcode = StringField(
        N_("Postcode"), validators=[Optional(), Length(max=20)], render_kw={"autocomplete": "postal-code"}
    )
    town = StringField(N_("Town"), validators=[Optional()], render_kw={"autocomplete": "address-level2"})
    emergency_name = StringField(
        N_("Emergency contact"), description=N_("Name, and how they are related."), validators=[Optional()]
    )
    emergency_phone = TelField(
        N_("Telephone of the emergency contact"), validators=[Optional(), Length(max=40)]
    )
    doctor = TextAreaField(
        N_("Family doctor"),
        description=N_("Name and how to reach them."),
        validators=[Optional(), Length(max=300)],
    )


@blueprint.route("/my/details", methods=["GET", "POST"], endpoint="ask")
@audience(client)
def ask() -> ResponseReturnValue:
    """The details that the practice asks for. Raises NotFound if it asks for none."""
    found = client_of_page()
    asked = fields_asked()
    if not asked:
        raise NotFound
    person = found.record
    form = OwnDetailsForm(data={"seen": client_records.page_mark(person), **_present(person)})
    for name in {name for names in ASKABLE.values() for name in names} - set(asked):
        del form[name]
    status = 200
    if form.validate_on_submit():
        try:
            with transaction():
                _keep(form, asked, person, found)
        except client_records.NotBornYet as refusal:
            form.birth_on.errors = [refusal.sentence]
        except client_records.RecordChanged as refusal:
            form.form_errors.append(Stale.sentence)
            db.session.expire_all()
            form.seen.data = client_records.page_mark(person)
            status = refusal.status
        else:
            flash(N_("Saved."), "ok")
            return redirect(url_for("portal.home"), 303)
    page = render_template("portal/details.html", form=form, asked=asked, has_errors=form.has_errors)
    return page, (status if status != 200 else 422) if form.has_errors else 200


def fields_asked() -> list[str]:
    """The fields of a record that the practice asks its clients for, in the order of the page."""
    wanted = practice.the_practice().asked_details
    return [name for detail, names in ASKABLE.items() if detail in wanted for name in names]


def _present(person: Client) -> dict[str, Any]:
    stands = client_records.person_of(person)
    return {"birth_on": stands.birth_on, **vars(stands.further)}


def _keep(form: OwnDetailsForm, asked: list[str], person: Client, found: SignedInClient) -> None:
    stands = client_records.person_of(person)
    typed = {name: form[name].data or "" for name in asked if name in Further.__dataclass_fields__}
    wanted: ClientDetails = replace(
        stands,
        birth_on=form.birth_on.data if "birth_on" in asked else stands.birth_on,
        further=replace(stands.further, **typed),
    )
    client_records.correct(
        person.id,
        wanted,
        seen_as=form.seen.data or "",
        actor=found.actor,
        now=clock.now(),
    )
