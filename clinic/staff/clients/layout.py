"""What every page of a client's file shows around itself."""

from flask import render_template

from clinic import clock, language
from clinic.staff.day import practice_zone


def page(template: str, **shown: object) -> str:
    """A page of the file; days of the record are days of the practice's first place."""
    return render_template(
        f"staff/clients/{template}.html",
        here="clients",
        LANGUAGES=language.NAMES,
        place_zone=practice_zone(clock.now()),
        **shown,
    )
