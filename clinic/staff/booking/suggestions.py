"""Clients who fit what is being typed into a field, as the list that `assets/js/combobox.js` puts below it."""

from collections.abc import Callable, Sequence

from flask import render_template

from clinic import clock
from clinic.booking import client_search
from clinic.booking.client_search import Caller
from clinic.practice import queries as practice
from clinic.staff.booking.forms import FindForm

SHORTEST_TEXT = 2
"""A single letter fits nearly everybody."""


def list_of(lead: Callable[[Sequence[Caller]], Sequence[str]]) -> str:
    """The list for what was sent, each client leading to the address that `lead` gives; what was typed is in no URL."""
    form = FindForm()
    text = form.text.data or ""
    is_long_enough = form.validate() and len(text.strip()) >= SHORTEST_TEXT
    found = client_search.find(text, practice.the_practice().country, clock.now()) if is_long_enough else []
    return render_template("staff/booking/suggestions.html", found=list(zip(found, lead(found), strict=True)))
