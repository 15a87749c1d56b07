"""The practice's words on its legal pages, for each page and language, with a preview, earlier versions and the way back to the draft."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from clinic import clock, language
from clinic.db import transaction
from clinic.practice import legal_texts, queries
from clinic.practice.legal_texts import LONGEST, LegalPage
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.fields import text
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.web import legal_pages
from clinic.web.access import actor, audience, staff
from clinic.web.forms import UnchangedForm
from clinic.web.legal_pages import DRAFTS, FACTS, TITLES, UnfitText

ABOUT = {
    LegalPage.PRIVACY: "Who is responsible, and which rights people have. What is stored, why, who sees it and how long it stays "
    "follows below your words by itself, from what Lumbar does.",
    LegalPage.TERMS: "Until when clients cancel free of charge, and your sentence about it, stand above your words by themselves. "
    "The draft is not shown to clients until you save it.",
    LegalPage.IMPRINT: "Required in Germany, Austria and Switzerland. The draft is not shown to clients: fill in what stands in "
    "square brackets, and save it.",
    LegalPage.ACCESSIBILITY: "How to reach you if something does not work. How the pages are tested follows below your words by itself.",
}


class LegalTextForm(UnchangedForm):
    """The practice's text of one page in one language."""

    words = TextAreaField(
        "Text",
        description="An empty line begins a paragraph, ## a heading, a hyphen a point of a list. A link: [words](https://address) "
        "or <https://address>.",
        validators=[
            InputRequired("Write a text, or go back to the draft."),
            Length(max=LONGEST, message=f"Write at most {LONGEST} characters."),
        ],
    )

    def validate_words(self, field: Field) -> None:
        """Only facts that we know, and no gap of a draft."""
        try:
            legal_pages.check(field.data or "")
        except UnfitText as refusal:
            raise ValidationError(refusal.sentence) from None


@blueprint.get("/settings/legal", endpoint="settings_legal")
@audience(staff, *OWNERS)
def all_pages() -> ResponseReturnValue:
    """Every legal page with its languages, where the practice has its own text, and whether a required one is missing."""
    here, edited = queries.find_practice(), legal_texts.edited()
    rows = [
        (
            TITLES[each],
            ABOUT[each],
            [
                (language.NAMES[spoken], url_for(".settings_legal_text", name=each, spoken=spoken), spoken)
                for spoken in language.LANGUAGES
            ],
            [language.NAMES[spoken] for spoken in language.LANGUAGES if (each, spoken) in edited],
        )
        for each in DRAFTS
    ]
    return page(
        "legal", "legal", rows=rows, lacks_imprint=here is not None and legal_texts.lacks_imprint(here)
    )


@blueprint.route("/settings/legal/<name>/<spoken>", endpoint="settings_legal_text", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def one_page(name: str, spoken: str) -> ResponseReturnValue:
    """The text of one page in one language, beside how clients see it."""
    about = _page_of(name, spoken)
    if queries.find_practice() is None:
        desk.say("First say who you are; the legal pages come after.")
        return redirect(url_for("staff.settings_practice"), 303)
    earlier = legal_texts.versions(about, spoken)
    own = earlier[0].words if earlier else None
    form = LegalTextForm(
        data={
            "words": own or legal_pages.draft(about, spoken),
            "seen": legal_texts.mark(about, spoken),
        }
    )
    is_trial = "show" in request.form
    if (
        form.validate_on_submit()
        and not is_trial
        and saved(
            form,
            lambda: legal_texts.save(
                about,
                spoken,
                text(form.words).replace("\r\n", "\n"),
                seen=form.seen.data or "",
                actor=actor(),
                now=clock.now(),
            ),
            lambda: legal_texts.mark(about, spoken),
        )
    ):
        desk.say("Saved. Clients read it from now on.")
        return redirect(url_for(".settings_legal_text", name=name, spoken=spoken), 303)
    return page(
        "legal_text",
        "legal",
        form,
        title=TITLES[about],
        about=ABOUT[about],
        name=name,
        spoken=spoken,
        speaks=language.NAMES[spoken],
        facts=FACTS,
        shown=legal_pages.rendered(text(form.words), queries.the_practice(), clock.now()),
        is_trial=is_trial,
        is_own=own is not None,
        versions=earlier,
        zone=queries.practice_zone(clock.now().date()),
    )


@blueprint.post("/settings/legal/<name>/<spoken>/reset", endpoint="settings_legal_reset")
@audience(staff, *OWNERS)
def reset_to_draft(name: str, spoken: str) -> ResponseReturnValue:
    """Return to the draft; the practice's versions stay listed."""
    about = _page_of(name, spoken)
    with transaction():
        legal_texts.save(
            about, spoken, None, seen=legal_texts.mark(about, spoken), actor=actor(), now=clock.now()
        )
    desk.say("The page is as it was before you wrote your own.")
    return redirect(url_for(".settings_legal_text", name=name, spoken=spoken), 303)


def _page_of(name: str, spoken: str) -> LegalPage:
    """Raises NotFound for an unknown page or language."""
    if name not in list(LegalPage) or spoken not in language.LANGUAGES:
        raise NotFound
    return LegalPage(name)
