"""The practice's wording of letters, for each kind and language, with a preview."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape
from werkzeug.wrappers import Response
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic import clock, language
from clinic.db import transaction
from clinic.messaging import services as messaging
from clinic.messaging.kinds import KINDS, wording
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.kinds.sample import sample_scene
from clinic.messaging.kinds.wording import LONGEST, PARTS, BadWords, Words
from clinic.messaging.letters import practice_wording, rendering
from clinic.messaging.models import MessageKind
from clinic.messaging.services import SIGN_IN_WORTH, Owed
from clinic.practice import queries as practice
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.messaging.outbox import FRAME_POLICY
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm


class TextsForm(UnchangedForm):
    """The wording of one kind of letter in one language."""

    subject = StringField(
        "Subject",
        description="What stands in the list of mails.",
        validators=[InputRequired("Enter a subject."), Length(max=LONGEST["subject"])],
    )
    heading = StringField(
        "Heading", validators=[InputRequired("Enter a heading."), Length(max=LONGEST["heading"])]
    )
    opening = TextAreaField(
        "First words",
        description="Before the facts. An empty line begins a new paragraph.",
        validators=[Optional(), Length(max=LONGEST["opening"])],
    )
    closing = TextAreaField(
        "Last words",
        description="After the facts, before the practice's name.",
        validators=[Optional(), Length(max=LONGEST["closing"])],
    )
    kind: MessageKind

    def validate_subject(self, field: Field) -> None:
        """Only placeholders this letter has."""
        self._check(field)

    def validate_heading(self, field: Field) -> None:
        """Only placeholders this letter has."""
        self._check(field)

    def validate_opening(self, field: Field) -> None:
        """Only placeholders this letter has."""
        self._check(field)

    def validate_closing(self, field: Field) -> None:
        """Only placeholders this letter has."""
        self._check(field)

    def _check(self, field: Field) -> None:
        try:
            wording.check(KINDS[self.kind].placeholders, field.short_name, field.data or "")
        except BadWords as refusal:
            raise ValidationError(refusal.sentence) from None

    @property
    def words(self) -> Words:
        """What was typed."""
        return Words(**{part: self[part].data or "" for part in PARTS})


@blueprint.get("/settings/texts", endpoint="settings_texts")
@audience(staff, *OWNERS)
def all_texts() -> ResponseReturnValue:
    """Every kind of letter, with its languages and where the practice has its own wording."""
    edited = practice_wording.edited()
    rows = [
        (
            declared.label,
            [
                (language.NAMES[spoken], url_for(".settings_text", kind=kind, spoken=spoken), spoken)
                for spoken in _languages(kind)
            ],
            [language.NAMES[spoken] for spoken in _languages(kind) if (kind, spoken) in edited],
            declared.recipient is Recipient.STAFF,
        )
        for kind, declared in KINDS.items()
    ]
    return page("texts", "texts", rows=rows)


@blueprint.route("/settings/texts/<kind>/<spoken>", endpoint="settings_text", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def one_text(kind: str, spoken: str) -> ResponseReturnValue:
    """The wording of one kind in one language, beside a preview of the letter."""
    about = _kind(kind, spoken)
    form = _form(about, spoken)
    if form.validate_on_submit():
        now = clock.now()
        if saved(
            form,
            lambda: practice_wording.save(
                about, spoken, form.words, seen=form.seen.data or "", actor=actor(), now=now
            ),
            lambda: practice_wording.mark(about, spoken),
        ):
            desk.say("The words are saved. They hold from the next letter on.")
            return redirect(url_for(".settings_text", kind=kind, spoken=spoken), 303)
    return page(
        "text",
        "texts",
        form,
        name=KINDS[about].label,
        kind=kind,
        spoken=spoken,
        speaks=language.NAMES[spoken],
        placeholders=KINDS[about].placeholders,
        is_own=(about, spoken) in practice_wording.edited(),
    )


@blueprint.route(
    "/settings/texts/<kind>/<spoken>/preview", endpoint="settings_text_preview", methods=["GET", "POST"]
)
@audience(staff, *OWNERS)
def preview(kind: str, spoken: str) -> Response:
    """The letter with invented facts, under its own content policy, for the sandboxed frame: as typed, or as saved."""
    about = _kind(kind, spoken)
    words = None
    if request.method == "POST":
        form = _form(about, spoken)
        if not form.validate():
            wrong = next(iter(form.errors.values()))[0]
            return _framed(f"<!doctype html><title>Preview</title><p>{escape(wrong)}</p>", 422)
        words = form.words
    here, now = practice.the_practice(), clock.now()
    with language.speaking(spoken):
        facts = KINDS[about].sample(sample_scene(here, now))
    return _framed(rendering.render_letter(about, facts, here, spoken=spoken, words=words).html, 200)


@blueprint.post("/settings/texts/<kind>/<spoken>/reset", endpoint="settings_text_reset")
@audience(staff, *OWNERS)
def reset(kind: str, spoken: str) -> ResponseReturnValue:
    """Return to the default wording."""
    about = _kind(kind, spoken)
    with transaction():
        practice_wording.reset(about, spoken, actor=actor(), now=clock.now())
    desk.say("The letter says our words again.")
    return redirect(url_for(".settings_text", kind=kind, spoken=spoken), 303)


@blueprint.post("/settings/texts/<kind>/<spoken>/test", endpoint="settings_text_test")
@audience(staff, *OWNERS)
def send_test(kind: str, spoken: str) -> ResponseReturnValue:
    """Send the saved letter with invented facts to the person who asks; twice within a minute is the same one."""
    _kind(kind, spoken)
    user, now = desk.user(), clock.now()
    test = Owed(
        kind=MessageKind.TEXT_SAMPLE,
        subject_id=user.id,
        recipient_id=user.id,
        occasion=f"{kind}/{spoken}/{now:%Y-%m-%dT%H:%M}",
        due_at=now,
        expires_at=now + SIGN_IN_WORTH,
    )
    with transaction():
        messaging.owe([test], now)
    desk.say(f"A test of the saved words goes to {user.email}.")
    return redirect(url_for(".settings_text", kind=kind, spoken=spoken), 303)


def _form(kind: MessageKind, spoken: str) -> TextsForm:
    said = practice_wording.words(kind, spoken)
    form = TextsForm(
        data={**{part: getattr(said, part) for part in PARTS}, "seen": practice_wording.mark(kind, spoken)}
    )
    form.kind = kind
    return form


def _kind(kind: str, spoken: str) -> MessageKind:
    """Raises NotFound for an unknown letter, or one that does not exist in this language."""
    found = next((one for one in KINDS if one.value == kind), None)
    if found is None or spoken not in _languages(found):
        raise NotFound
    return found


def _languages(kind: MessageKind) -> tuple[str, ...]:
    """Staff pages are English, and so are the letters that lead to them."""
    return (language.ENGLISH,) if KINDS[kind].recipient is Recipient.STAFF else language.LANGUAGES


def _framed(html: str, status: int) -> Response:
    response = Response(html, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
