"""Settings, *Notes*: templates, which owners write, and phrases, which everybody who writes notes does."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from clinic import clock
from clinic.db import transaction
from clinic.plans import note_texts
from clinic.plans.note_content import MOST_SECTIONS
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical.note_form import HEADING_LENGTH
from clinic.staff.settings.layout import OWNERS, TREATING, page, saved
from clinic.web.access import audience, staff
from clinic.web.forms import Form

WRITERS = (*TREATING, *OWNERS)
PHRASE_LENGTH = 1000
NAME_LENGTH = 40


class TemplateForm(Form):
    """A name and headings, one a line."""

    name = StringField(
        "Name", validators=[InputRequired("Give the template a name."), Length(max=NAME_LENGTH)]
    )
    headings = TextAreaField(
        "Headings",
        description=f"One a line, at most {MOST_SECTIONS}. Each becomes a field of the note.",
        validators=[InputRequired("Write at least one heading.")],
    )

    @property
    def lines(self) -> list[str]:
        """The headings that were typed."""
        return [line.strip() for line in (self.headings.data or "").splitlines() if line.strip()]

    def validate_headings(self, _field: TextAreaField) -> None:
        """As many and as long as a note can show, each once."""
        if len(self.lines) > MOST_SECTIONS:
            raise ValidationError(f"Write at most {MOST_SECTIONS} headings.")
        if any(len(line) > HEADING_LENGTH for line in self.lines):
            raise ValidationError(f"Write at most {HEADING_LENGTH} characters in a line.")
        if len(set(self.lines)) < len(self.lines):
            raise ValidationError("Write each heading once.")


class PhraseForm(Form):
    """A short name to find it by, and the words."""

    whose = RadioField(
        "Who uses it",
        choices=[("mine", "Only you"), ("practice", "Everybody who writes notes")],
        default="mine",
        validators=[InputRequired("Say who uses the phrase.")],
    )
    name = StringField(
        "Name",
        description="What you type after / to find it, for example: rom",
        validators=[InputRequired("Give the phrase a name."), Length(max=NAME_LENGTH)],
    )
    text = TextAreaField("Words", validators=[InputRequired("Write the words."), Length(max=PHRASE_LENGTH)])


@blueprint.get("/settings/notes", endpoint="settings_notes")
@audience(staff, *WRITERS)
def note_texts_page() -> ResponseReturnValue:
    """The templates, and the phrases that the person who looks can use."""
    present = note_texts.templates()
    names = {each.name for each in present}
    return page(
        "notes",
        "notes",
        templates=present,
        known=[name for name in note_texts.KNOWN_TEMPLATES if name not in names],
        phrases=note_texts.phrases_for(desk.user()),
    )


@blueprint.post("/settings/notes/templates/known", endpoint="settings_known_template")
@audience(staff, *OWNERS)
def add_known_template() -> ResponseReturnValue:
    """Add a template that many practices use."""
    name = request.form.get("name", "")
    if name not in note_texts.KNOWN_TEMPLATES:
        raise NotFound
    with transaction():
        note_texts.save_template(
            None, name, note_texts.KNOWN_TEMPLATES[name], by=desk.user(), now=clock.now()
        )
    desk.say(f"{name} is added.")
    return redirect(url_for("staff.settings_notes"), 303)


@blueprint.route("/settings/notes/templates/new", endpoint="settings_new_template", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def new_template() -> ResponseReturnValue:
    """Another template."""
    return _template_page(None)


@blueprint.route(
    "/settings/notes/templates/<uuid:template_id>", endpoint="settings_template", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def change_template(template_id: UUID) -> ResponseReturnValue:
    """Change a template, or delete it."""
    return _template_page(template_id)


def _template_page(template_id: UUID | None) -> ResponseReturnValue:
    found = note_texts.template(template_id) if template_id else None
    if found and "delete" in request.form:
        with transaction():
            note_texts.delete(found, by=desk.user(), now=clock.now())
        desk.say("The template is deleted. Notes written with it stay as they are.")
        return redirect(url_for("staff.settings_notes"), 303)
    form = TemplateForm()
    if found and not form.is_submitted():
        form.name.data, form.headings.data = found.name, "\n".join(found.headings)
    if form.validate_on_submit() and saved(
        form,
        lambda: note_texts.save_template(
            found, form.name.data or "", form.lines, by=desk.user(), now=clock.now()
        ),
    ):
        desk.say("Saved.")
        return redirect(url_for("staff.settings_notes"), 303)
    return page("note_template", "notes", form, stored=found)


@blueprint.route("/settings/notes/phrases/new", endpoint="settings_new_phrase", methods=["GET", "POST"])
@audience(staff, *TREATING)
def new_phrase() -> ResponseReturnValue:
    """Another phrase."""
    return _phrase_page(None)


@blueprint.route(
    "/settings/notes/phrases/<uuid:phrase_id>", endpoint="settings_phrase", methods=["GET", "POST"]
)
@audience(staff, *TREATING)
def change_phrase(phrase_id: UUID) -> ResponseReturnValue:
    """Change a phrase, or delete it."""
    return _phrase_page(phrase_id)


def _phrase_page(phrase_id: UUID | None) -> ResponseReturnValue:
    found = note_texts.phrase(phrase_id, desk.user()) if phrase_id else None
    if found and "delete" in request.form:
        with transaction():
            note_texts.delete(found, by=desk.user(), now=clock.now())
        desk.say("The phrase is deleted. Notes written with it stay as they are.")
        return redirect(url_for("staff.settings_notes"), 303)
    form = PhraseForm()
    if found:  # Whose it is does not change.
        form.whose.data = "mine" if found.user_id else "practice"
    if found and not form.is_submitted():
        form.name.data, form.text.data = found.name, found.text
    if form.validate_on_submit() and saved(
        form,
        lambda: note_texts.save_phrase(
            found,
            form.name.data or "",
            form.text.data or "",
            of_practice=form.whose.data == "practice",
            by=desk.user(),
            now=clock.now(),
        ),
    ):
        desk.say("Saved.")
        return redirect(url_for("staff.settings_notes"), 303)
    return page("phrase", "notes", form, phrase=found)
