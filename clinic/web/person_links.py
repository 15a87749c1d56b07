"""A therapist's name as it stands for clients: a link to their public page, if they have one."""

from flask import url_for
from markupsafe import Markup, escape

from clinic.practice import profiles
from clinic.practice.models import Therapist


def linked(person: Therapist, name: str | None = None) -> Markup:
    """The name, or the given one, as a link to the person's page; as plain text if they have no page."""
    shown = escape(name or person.name)
    if not profiles.has_page(person):
        return shown
    return Markup('<a href="{}">{}</a>').format(url_for("people.therapist", slug=person.slug), shown)
