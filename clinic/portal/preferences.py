"""Which letters a signed-in client gets, in which language, and how long before a visit they are reminded."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from clinic import clock, language
from clinic.accounts import audit
from clinic.accounts.models import Client, Contact
from clinic.db import db, transaction
from clinic.language import N_
from clinic.messaging import preferences
from clinic.messaging.preferences import NoSuchReminder
from clinic.web import languages
from clinic.web.access import audience, client
from clinic.web.forms import Form
from clinic.web.signed_in_client import SignedInClient, client_of_page

blueprint = Blueprint("preferences", __name__)

OFFSETS = {
    10080: N_("A week before"),
    4320: N_("Three days before"),
    2880: N_("Two days before"),
    1440: N_("A day before"),
    240: N_("Four hours before"),
    120: N_("Two hours before"),
    60: N_("An hour before"),
}
AS_USUAL, OWN, NEVER = "usual", "own", "never"


class LettersForm(Form):
    """A client's preferences."""

    language = RadioField(
        N_("Letters are written in"),
        choices=list(language.NAMES.items()),
        validators=[InputRequired(N_("Choose a language."))],
    )
    reminders = RadioField(
        N_("Reminders of my visits"),
        choices=[
            (AS_USUAL, N_("As the practice usually sends them")),
            (OWN, N_("At these times")),
            (NEVER, N_("None")),
        ],
        validators=[InputRequired(N_("Choose how to be reminded."))],
    )
    offsets = SelectMultipleField(
        N_("Remind me"),
        choices=[(str(minutes), name) for minutes, name in OFFSETS.items()],
        description=N_("Counts when you chose “At these times”. At most five."),
        validators=[Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    check_ins = BooleanField(N_("Ask me two questions two days after a visit"))
    news = BooleanField(preferences.NEWS.paragraphs[0])


@blueprint.route("/my/letters", methods=["GET", "POST"])
@audience(client)
def letters() -> ResponseReturnValue:
    """The current preferences; changes apply from the next letter on."""
    found = client_of_page()
    person, contact = found.record, _contact(found)
    form = LettersForm(data=_present(person, contact))
    if form.validate_on_submit():
        try:
            with transaction():
                _keep(form, person, contact)
        except NoSuchReminder as refusal:
            form.offsets.errors = [refusal.sentence]
        else:
            flash(N_("Saved. It holds from the next letter on."), "ok")
            return redirect(url_for(".letters"), 303)
    status = 422 if form.has_errors else 200
    return render_template("portal/preferences.html", form=form, has_errors=form.has_errors), status


def _present(person: Client, contact: Contact) -> dict[str, object]:
    own = contact.reminder_offsets_minutes
    reminders = AS_USUAL if own is None else OWN
    return {
        "language": person.language,
        "reminders": reminders if contact.wants_reminders else NEVER,
        "offsets": [str(minutes) for minutes in own or ()],
        "check_ins": contact.wants_check_ins,
        "news": preferences.wants_news(person.id),
    }


def _keep(form: LettersForm, person: Client, contact: Contact) -> None:
    now, actor = clock.now(), audit.by_contact(contact.id)
    chosen = {AS_USUAL: None, NEVER: []}.get(
        form.reminders.data, [int(minutes) for minutes in form.offsets.data or ()]
    )
    preferences.set_reminders(contact, chosen, now=now)
    preferences.set_check_ins(contact, bool(form.check_ins.data), now=now)
    change_news = preferences.agree_to_news if form.news.data else preferences.withdraw_news
    change_news(person.id, actor=actor, now=now)
    if person.language != form.language.data:
        person.language = form.language.data
        audit.record(actor, "change", person, client_id=person.id, fields=("language",), now=now)
        languages.speak_to(person)


def _contact(found: SignedInClient) -> Contact:
    """The chosen person's own row of the proven address, which several people may share."""
    proven = db.session.get_one(Contact, found.contact_id)
    return next(one for one in found.record.contacts if one.normalised == proven.normalised)
