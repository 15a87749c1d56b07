"""The search for the other record of one person, on the way to joining the two."""

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import client_search
from clinic.practice import queries as practice
from clinic.refusal import NotFound
from clinic.staff.booking.forms import FindForm
from clinic.staff.clients import layout


def search() -> ResponseReturnValue:
    """The page of the search; what was typed is in no URL. Raises NotFound if `join` names no client."""
    try:
        joined = client_search.client(UUID(request.args["join"]))
    except ValueError:
        raise NotFound from None
    form = FindForm()
    found = None
    if form.validate_on_submit():
        found = client_search.find(form.text.data or "", practice.the_practice().country, clock.now())
        found = [one for one in found if one.client.id != joined.id]
    page = layout.page("find", form=form, found=found, joined=joined, has_errors=form.has_errors)
    return page, 422 if form.has_errors else 200
