"""Opening the practice for online booking, and closing it with a sentence for clients."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.db import transaction
from clinic.practice import practice_settings, queries
from clinic.practice.own_texts import OF_CLOSING
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.fields import text
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.staff.settings.practice import steps
from clinic.staff.settings.translated_forms import TranslatedForm, in_languages
from clinic.web.access import actor, audience, staff

WORDS_LENGTH = 300


class ClosingForm(TranslatedForm):
    """What clients read while nobody can book online."""

    texts = OF_CLOSING

    closed_words = TextAreaField(
        "What clients read meanwhile",
        description="One or two sentences: until when, and what they can do. Your telephone number stands below it.",
        validators=[
            InputRequired("Write a sentence for your clients."),
            Length(max=WORDS_LENGTH, message=f"Write at most {WORDS_LENGTH} characters."),
        ],
    )


@blueprint.route("/settings/online-booking", endpoint="settings_online", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def online() -> ResponseReturnValue:
    """Whether clients can book online; sending the form closes it."""
    if queries.find_practice() is None:
        desk.say("First say who you are; clients can book after that.")
        return redirect(url_for("staff.settings_practice"), 303)
    form = in_languages(ClosingForm)
    if not form.is_submitted():
        form.closed_words.data = queries.the_practice().closed_words
        form.show_translations(queries.the_practice().translations)
    if form.validate_on_submit() and saved(
        form,
        lambda: practice_settings.close_for_booking(
            text(form.closed_words), form.translations, actor=actor(), now=clock.now()
        ),
    ):
        desk.say("Online booking is closed.", undo=url_for("staff.settings_open_booking"))
        return redirect(url_for("staff.settings_online"), 303)
    return _page(form)


@blueprint.post("/settings/online-booking/open", endpoint="settings_open_booking")
@audience(staff, *OWNERS)
def open_booking() -> ResponseReturnValue:
    """Let clients book online, once everything that they need is there."""
    missing = next((step for step in steps() if not step.is_done), None)
    if missing is not None:
        flash(f"Clients cannot book yet. This is still to be done: {missing.text.lower()}.", "caution")
        return redirect(url_for("staff.settings"), 303)
    with transaction():
        practice_settings.open_for_booking(actor=actor(), now=clock.now())
    desk.say("Clients can book online now.")
    return redirect(url_for("staff.settings_online"), 303)


def _page(form: ClosingForm) -> ResponseReturnValue:
    missing = next((step for step in steps() if not step.is_done), None)
    return page("online", "online", form, present=queries.the_practice(), missing=missing)
