"""The legal pages' drafts, and how the practice's own text becomes HTML: for the public page and the preview beside the editor.

Text is a small part of Markdown (CommonMark): paragraphs, headings, lists and links; a line ends where it was ended. HTML in it is shown as typed, and a link may
lead to the web, to an address or to a telephone, never to a script; markdown-it-py sees to both. Names in braces stand for facts of
the practice, so that a text stays true when its telephone number changes.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

from clinic import language
from clinic.language import N_, gettext, telephones
from clinic.practice import legal_texts, queries
from clinic.practice.legal_texts import LegalPage
from clinic.practice.models import Practice
from clinic.refusal import Refusal

TITLES: Final = {
    LegalPage.PRIVACY: N_("Privacy"),
    LegalPage.TERMS: N_("Terms and cancelling"),
    LegalPage.IMPRINT: N_("Imprint"),
    LegalPage.ACCESSIBILITY: N_("Accessibility"),
}
FACTS: Final = ("practice", "address", "phone", "mail")
"""What may stand in braces."""
BRACES = re.compile(r"\{([^{}\n]*)\}")
GAP = re.compile(r"\[[^\]\n]*\.\.\.\]|\[[^\]\n]*…\]")
"""What a draft leaves to the practice: a square bracket that ends in three dots."""

DRAFTS: Final = {
    LegalPage.PRIVACY: (
        N_("## Who is responsible"),
        N_(
            "{practice}, {address}. You reach us at {phone} and <{mail}>, also with every question about your data."
        ),
        N_("## Your rights"),
        N_(
            "You may ask us what we hold about you, have it corrected or deleted, have its use restricted, take it with you, and object to "
            "its use. You may withdraw your consent at any time, as easily as you gave it; what happened until then stays lawful. We answer "
            "within a month. Some records the law asks us to keep: those we cannot delete yet, and we tell you so."
        ),
        N_("You may also complain to the data protection authority where you live or where we are."),
        N_(
            "You do not have to tell us anything. Without a name and an e-mail address or telephone number we cannot book a visit for you."
        ),
    ),
    LegalPage.TERMS: (
        N_("## Booking"),
        N_(
            "A visit is agreed once our page says that it is booked. A request is agreed once a therapist has confirmed it. The price is the "
            "one shown when you booked."
        ),
        N_("## On our side"),
        N_(
            "If a therapist falls ill or cannot treat you, we tell you as early as we can and look for another time with you. You pay nothing "
            "for a visit that we cancel."
        ),
        N_("## What massage is not"),
        N_(
            "Our treatments do not replace a visit to a doctor. Please tell us honestly how you are; your therapist may postpone a treatment "
            "if it would not be safe."
        ),
    ),
    LegalPage.IMPRINT: (
        N_("## Who runs this website"),
        N_("{practice}, {address}"),
        N_("Represented by: [first and last name …]"),
        N_("Telephone: {phone}, e-mail: <{mail}>"),
        N_("VAT identification number: [number, or leave the line out …]"),
        N_(
            "Profession, the country that granted it, and the authority that supervises it: [for example physiotherapist, Germany, health "
            "office of the town …]"
        ),
        N_("Entry in a register: [court and number, or leave the line out …]"),
    ),
    LegalPage.ACCESSIBILITY: (
        N_(
            "We want everybody to be able to book and to answer our questions by themselves. These pages aim at the Web Content "
            "Accessibility Guidelines 2.2, level AA."
        ),
        N_("## Another way"),
        N_(
            "Everything here can also be done with a person: booking, moving, and the questions about your health. Call us on {phone} or "
            "write to <{mail}>."
        ),
        N_("## Something does not work for you?"),
        N_("Please tell us which page it is and what you use. We want to mend it, and we answer you."),
    ),
}
DRAFTED_AT: Final = datetime.fromisoformat("2026-11-29T12:00:00+00:00")
"""When the drafts were last changed."""


class UnfitText(Refusal):
    """A text that cannot be published as it stands; the sentence says why."""

    status = 422
    code = "unfit-text"


@dataclass(frozen=True)
class LegalWords:
    """What a page says in the practice's words."""

    html: Markup
    language: str
    """The language it is written in, which may differ from the page's."""
    version: int | None
    """None while the draft holds."""
    saved_at: datetime


def draft(page: LegalPage, spoken: str) -> str:
    """The draft of a page in a language, with its braces and gaps."""
    with language.speaking(spoken):
        return "\n\n".join(gettext(each) for each in DRAFTS[page])


def words_of(page: LegalPage, practice: Practice, spoken: str, now: datetime) -> LegalWords | None:
    """What a page says now: the practice's text, else the draft. None where a draft would promise in the practice's name:
    terms and imprint hold only once the practice has saved them."""
    own = legal_texts.current(page, spoken)
    if own is not None:
        return LegalWords(rendered(own.words or "", practice, now), own.language, own.version, own.saved_at)
    if page in (LegalPage.TERMS, LegalPage.IMPRINT):
        return None
    return LegalWords(rendered(draft(page, spoken), practice, now), spoken, None, DRAFTED_AT)


def rendered(text: str, practice: Practice, now: datetime) -> Markup:
    """A text as HTML, with the facts in place of their names."""
    facts = _facts(practice, now)
    filled = BRACES.sub(lambda found: facts.get(found[1], found[0]), text)
    html = _markdown().render(filled)
    return Markup(html)  # noqa: S704 - HTML is off, so the library escapes everything but its own tags


def check(text: str) -> None:
    """Raise UnfitText for a name in braces that we do not know, and for a gap that is still to be filled in."""
    unknown = [found[1] for found in BRACES.finditer(text) if found[1] not in FACTS]
    if unknown:
        known = ", ".join(f"{{{each}}}" for each in FACTS)
        raise UnfitText(f"{{{unknown[0]}}} stands for nothing. You can use {known}.")
    if gap := GAP.search(text):
        raise UnfitText(f"Fill in {gap[0]}, or delete that line.")


def _facts(practice: Practice, now: datetime) -> dict[str, str]:
    first = next(iter(queries.locations(now.date())), None)
    return {
        "practice": practice.legal_name or practice.name,
        "address": f"{first.street}, {first.town}" if first else "",
        "phone": telephones.telephone(practice.phone),
        "mail": practice.mail,
    }


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("zero", {"html": False, "breaks": True}).enable(
        ["heading", "list", "link", "autolink", "escape", "newline"]
    )
    made.core.ruler.push("headings_below_the_title", _below_the_title)
    return made


def _below_the_title(state: StateCore) -> None:
    """The page has its own main heading, so those of the text begin one level below it."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
