"""Which language a page speaks, when it speaks several: the one this visitor chose, else that of the letter they came by,
else what their browser asks for, else the practice's.

A page is translated whole or stays English; `TRANSLATED` names those that are whole. The choice stays in the visitor's own
cookie, and a new client's letters begin in the same language.
"""

from flask import Blueprint, Flask, redirect, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from clinic import language
from clinic.accounts.models import Client
from clinic.language import ENGLISH, LANGUAGES, N_
from clinic.web import context
from clinic.web.access import MACHINE_PATHS, anyone, audience
from clinic.web.safe_redirects import own_path

CHOSEN, OF_LETTERS = "language", "letters_in"
TRANSLATED = (
    "appointment.",
    "booking.",
    "course.",
    "guardian.",
    "home.",
    "letters.",
    "own_details.",
    "own_tips.ask",
    "own_tips.link",
    "portal.",
    "resume.",
    "waiting.",
    "wishes.",
)
"""How the endpoints of those pages begin."""
ONLY_ENGLISH = (
    "aftercare.",
    "check_in.",
    "guidance.",
    "intake.",
    "outcome.",
    "own_tips.show",
    "progress.",
    "safety_form.",
)
"""Pages with health questions, care cards and tips: English until a translation was reviewed by somebody who knows both."""
SORRY = N_(
    "This page is in English for now: its translation still has to be reviewed. If that is difficult, please call us."
)

blueprint = Blueprint("languages", __name__)


def is_translated(endpoint: str | None) -> bool:
    """Whether a page speaks every language; that there is no such page is said in all of them, to people."""
    if endpoint is None:
        return not request.path.startswith(MACHINE_PATHS)
    return endpoint.startswith(TRANSLATED)


def wanted() -> str:
    """The language this visitor chose or gets letters in, else the first one of ours that the browser asks for."""
    for known in (session.get(CHOSEN), session.get(OF_LETTERS)):
        if known in LANGUAGES:
            return str(known)
    return request.accept_languages.best_match(LANGUAGES) or _of_practice()


def _of_practice() -> str:
    practice = context.practice()
    return practice.language if practice else ENGLISH


def speak_to(somebody: Client | None) -> None:
    """Speak the language of somebody's letters, here and on the pages that follow, unless the visitor chose one."""
    if somebody is None or session.get(OF_LETTERS) == somebody.language:
        return
    session[OF_LETTERS] = somebody.language
    _speak()


def forget() -> None:
    """Whoever got letters has left; a choice made here stays with the browser."""
    session.pop(OF_LETTERS, None)


@blueprint.post("/language")
@audience(anyone)
def choose() -> ResponseReturnValue:
    """Keep the choice, and go back to the page it was made on."""
    session[CHOSEN] = request.form.get("language") if request.form.get("language") in LANGUAGES else ENGLISH
    return redirect(own_path(request.form.get("back")) or "/", 303)


def init_app(app: Flask) -> None:
    """Speak before each view, and tell templates which language is spoken and which could be."""
    app.before_request(_speak)
    app.context_processor(
        lambda: {
            "lang": language.current(),
            "languages": language.NAMES if request and is_translated(request.endpoint) else {},
            "only_english": _sorry(),
            "own_words": _own_words(),
        }
    )


def _own_words() -> Markup:
    """The attribute of what the practice wrote itself, which stays in its language (WCAG 2.2, 3.1.2)."""
    practice = context.practice() if request else None
    if practice is None or practice.language == language.current():
        return Markup()
    return Markup(' lang="{}"').format(practice.language)


def _sorry() -> tuple[str, str] | None:
    """The language a visitor would rather read, and in it why this page is English; None where nothing is to be said."""
    if not request or not (request.endpoint or "").startswith(ONLY_ENGLISH) or wanted() == ENGLISH:
        return None
    with language.speaking(wanted()):
        return wanted(), language.gettext(SORRY)


def _speak() -> None:
    if is_translated(request.endpoint):
        language.speak(wanted())
