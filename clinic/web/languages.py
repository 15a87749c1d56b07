"""Chooses a page's language: the one its URL names, else the one this visitor chose, else that of the letter or link they
came by, else what their browser asks for, else the practice's.

A page is wholly in one language: what staff and machines read is English, `HEALTH` lists the pages that need a language's
catalogue of health texts, and every language has the rest. The choice is stored in the visitor's cookie, and
a new client's letters begin in the same language. `?lang=de` names the language of a page that is passed on; search
engines, which have no cookie, find each language by it.
"""

from flask import Blueprint, Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from clinic import language
from clinic.accounts.models import Client
from clinic.language import ENGLISH, LANGUAGES, N_
from clinic.language.health_texts import has_health_texts
from clinic.web import context
from clinic.web.access import MACHINE_PATHS, anyone, audience
from clinic.web.safe_redirects import own_path

CHOSEN, OF_LETTERS = "language", "letters_in"
IN_URL = "lang"
ONLY_ENGLISH = (*MACHINE_PATHS, "/staff")
"""Where pages and answers are in English alone; anything else can meet a client, and is in every language."""
HEALTH = (
    "aftercare.",
    "check_in.",
    "doctors_letter.",
    "guidance.",
    "intake.",
    "outcome.",
    "own_page.open_page",
    "own_tips.show",
    "preparation.finish",
    "preparation.part",
    "preparation.save",
    "returning.",
    "safety_form.",
    "score_sheet.",
)
"""Pages that say what the guidance says: in each language that has a catalogue of health texts."""
SORRY = N_(
    "This page is in English for now: its translation still has to be reviewed. If that is difficult, please call us."
)

blueprint = Blueprint("languages", __name__)


def is_translated() -> bool:
    """Whether the page that is asked for is available in the languages we have."""
    return not request.path.startswith(ONLY_ENGLISH)


def speaks(spoken: str) -> bool:
    """Whether the page that is asked for is available in this language."""
    if (request.endpoint or "").startswith(HEALTH):
        return has_health_texts(spoken)
    return spoken == ENGLISH or is_translated()


def wanted() -> str:
    """The language that the URL names, or this visitor chose or gets letters in, else the first of ours that the browser
    accepts."""
    for known in (request.args.get(IN_URL), session.get(CHOSEN), session.get(OF_LETTERS)):
        if known in LANGUAGES:
            return str(known)
    return request.accept_languages.best_match(LANGUAGES) or _of_practice()


def _of_practice() -> str:
    practice = context.practice()
    return practice.language if practice else ENGLISH


def speak_to(somebody: Client | None) -> None:
    """Use the language of somebody's letters on this and following pages, unless the visitor chose one."""
    if somebody is not None:
        speak_as_letters(somebody.language)


def speak_as_letters(spoken: str | None) -> None:
    """Use the language of a letter on this and following pages, unless the visitor chose one; None changes nothing."""
    if spoken is None or session.get(OF_LETTERS) == spoken:
        return
    session[OF_LETTERS] = spoken
    _speak()


def forget() -> None:
    """Forget the letters' language once the person has left; the browser's own choice stays."""
    session.pop(OF_LETTERS, None)


@blueprint.post("/language")
@audience(anyone)
def choose() -> ResponseReturnValue:
    """Store the choice and return to the page it was made on."""
    session[CHOSEN] = request.form.get("language") if request.form.get("language") in LANGUAGES else ENGLISH
    return redirect(own_path(request.form.get("back")) or "/", 303)


def init_app(app: Flask) -> None:
    """Set the language before each view, and tell templates the current and the available languages."""
    app.before_request(_speak)
    app.context_processor(
        lambda: {
            "lang": language.current(),
            "languages": language.NAMES if request and is_translated() else {},
            "only_english": _sorry(),
            "own_words": _own_words(),
            "has_health_texts": has_health_texts(language.current()),
        }
    )


def _own_words() -> Markup:
    """The `lang` attribute for the practice's own text, which stays in its language (WCAG 2.2, 3.1.2)."""
    practice = context.practice() if request else None
    if practice is None or practice.language == language.current():
        return Markup()
    return Markup(' lang="{}"').format(practice.language)


def _sorry() -> tuple[str, str] | None:
    """The visitor's preferred language, and a note in it that says why this page is English; None if there is nothing
    to say."""
    if not request or not (request.endpoint or "").startswith(HEALTH):
        return None
    if speaks(wanted()):
        return None
    with language.speaking(wanted()):
        return wanted(), language.gettext(SORRY)


def _speak() -> None:
    named = request.args.get(IN_URL)
    if named in LANGUAGES and request.method == "GET" and session.get(OF_LETTERS) != named:
        session[OF_LETTERS] = named  # The pages after this one, unless the visitor chose a language.
    if is_translated() and speaks(wanted()):
        language.speak(wanted())
