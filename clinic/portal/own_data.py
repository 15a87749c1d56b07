"""What the practice holds about a signed-in client, and where each part can be read, changed or asked for."""

from flask import Blueprint, render_template

from clinic import language
from clinic.accounts import services as accounts
from clinic.accounts.models import Contact, ContactKind
from clinic.db import db
from clinic.portal import details
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_data", __name__)


@blueprint.get("/my/data")
@audience(client)
def show() -> str:
    """Contact data, choices, people on the same address, and what else is kept."""
    signed_in = client_of_page()
    person = signed_in.record
    proven = db.session.get_one(Contact, signed_in.contact_id)
    return render_template(
        "portal/data.html",
        person=person,
        mails=[one for one in person.contacts if one.kind == ContactKind.MAIL],
        phones=[one for one in person.contacts if one.kind == ContactKind.PHONE],
        others=[one for one in accounts.people_on(proven) if one.id != person.id],
        written_in=language.NAMES[person.language],
        asks_details=bool(details.fields_asked()),
    )
