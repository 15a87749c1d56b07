"""The legal pages: privacy, terms and cancelling, imprint, accessibility. The practice's words first, then what the product does."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, current_app, render_template

from clinic import clock, language
from clinic.language import gettext, ngettext
from clinic.maintenance import retention
from clinic.maintenance.periods import Period, PeriodUnit
from clinic.maintenance.processing import PROCESSING
from clinic.maintenance.retention import Retention
from clinic.practice import legal_texts, queries
from clinic.practice.legal_texts import LegalPage
from clinic.practice.models import Practice
from clinic.refusal import NotFound
from clinic.web import legal_pages
from clinic.web.access import anyone, audience

blueprint = Blueprint("legal", __name__)

GDPR: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""Countries where the GDPR or its British copy applies."""


@dataclass(frozen=True)
class PrivacyRow:
    """One kind of record that is deleted by itself: what, how long after which moment, and why."""

    what: str
    period: str
    why: str


@blueprint.get("/privacy")
@audience(anyone)
def privacy() -> str:
    """What is recorded, why, who sees it, and how long it stays."""
    here = queries.find_practice()
    return _page(
        LegalPage.PRIVACY,
        here,
        processing=PROCESSING,
        names_articles=here is not None and here.country in GDPR,
        deleted=[_deleted(row, period) for row, period in retention.in_force()],
        sends_texts=bool(current_app.config["SMS_URL"]),
    )


@blueprint.get("/terms")
@audience(anyone)
def terms() -> str:
    """Until when one may cancel free of charge, what it costs later, and the practice's terms."""
    return _page(LegalPage.TERMS, queries.find_practice())


@blueprint.get("/imprint")
@audience(anyone)
def imprint() -> str:
    """Who runs this website. Raises NotFound where neither the law nor the practice asks for the page."""
    here = queries.the_practice()
    if not shows_imprint(here):
        raise NotFound
    return _page(LegalPage.IMPRINT, here, places=queries.locations(clock.now().date()))


@blueprint.get("/accessibility")
@audience(anyone)
def accessibility() -> str:
    """For whom these pages work, how that is tested, and whom to tell about problems."""
    return _page(LegalPage.ACCESSIBILITY, queries.find_practice())


@blueprint.app_context_processor
def footer_links() -> dict[str, object]:
    """Whether the footer leads to an imprint."""
    return {"shows_imprint": shows_imprint}


def shows_imprint(here: Practice) -> bool:
    """Whether there is an imprint: where the law asks for one, and where the practice wrote one."""
    return (
        here.country in legal_texts.IMPRINT_COUNTRIES
        or legal_texts.current(LegalPage.IMPRINT, language.current()) is not None
    )


def _page(page: LegalPage, here: Practice | None, **shown: object) -> str:
    now = clock.now()
    return render_template(
        f"public/legal/{page.value}.html",
        title=gettext(legal_pages.TITLES[page]),
        words=legal_pages.words_of(page, here, language.current(), now) if here else None,
        zone=queries.practice_zone(now.date()),
        **shown,
    )


def _deleted(row: Retention, keep: Period) -> PrivacyRow:
    why = gettext(row.why)
    period = gettext("%(period)s after %(moment)s.") % {
        "period": _period(keep),
        "moment": gettext(row.after),
    }
    return PrivacyRow(gettext(row.what), period, f"{why[0].upper()}{why[1:]}.")


def _period(keep: Period) -> str:
    number = {"num": keep.length}
    if keep.unit is PeriodUnit.HOURS:
        return ngettext("%(num)s hour", "%(num)s hours", keep.length) % number
    if keep.unit is PeriodUnit.YEARS:
        return ngettext("%(num)s year", "%(num)s years", keep.length) % number
    return ngettext("%(num)s day", "%(num)s days", keep.length) % number
