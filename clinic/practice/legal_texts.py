"""The practice's own words on its legal pages: privacy, terms, imprint, accessibility. Each page has one text in each language.

Every saved text is a version that stays, so that the practice can say what was on a page on a day. Going back to the draft is a
version without words. What the product itself does (what is stored, for how long, how late one may cancel) stands on these pages
beside the practice's words and is not edited here.

Sources: an imprint is required by section 5 of Germany's Digitale-Dienste-Gesetz, by section 5 of Austria's E-Commerce-Gesetz and
by article 3(1)(s) of Switzerland's UWG (read 2026-11-29).
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from clinic import language
from clinic.accounts import audit
from clinic.db import Model, db, violates
from clinic.practice.editing import ChangedMeanwhile
from clinic.practice.models import Practice
from clinic.practice.own_texts import LANGUAGE_IS_CODE

LONGEST: Final = 20_000
"""The longest text, in characters."""
IMPRINT_COUNTRIES: Final = ("DE", "AT", "CH")
"""Where a website must name who is behind it."""


class LegalPage(StrEnum):
    """One page; its value is its path."""

    PRIVACY = "privacy"
    TERMS = "terms"
    IMPRINT = "imprint"
    ACCESSIBILITY = "accessibility"


class LegalText(Model):
    """One version of the practice's own text of one page in one language."""

    __tablename__ = "legal_texts"

    page: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str | None]
    """None: from this version on the page shows the draft again."""
    saved_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("page IN ('privacy', 'terms', 'imprint', 'accessibility')", name="page_known"),
        sa.CheckConstraint(LANGUAGE_IS_CODE, name="language_is_code"),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.CheckConstraint(f"words <> '' AND length(words) <= {LONGEST}", name="words_fit"),
    )


def versions(page: LegalPage, spoken: str) -> list[LegalText]:
    """Every version of one page's text in one language, newest first."""
    return list(
        db.session.scalars(
            sa.select(LegalText)
            .where(LegalText.page == page, LegalText.language == spoken)
            .order_by(LegalText.version.desc())
        )
    )


def current(page: LegalPage, spoken: str) -> LegalText | None:
    """The practice's own text of a page, in this language if it has one, else in another; None where the draft holds."""
    found = {each.language: each for each in _newest(page) if each.words is not None}
    return found.get(spoken) or next(iter(found.values()), None)


def edited() -> set[tuple[LegalPage, str]]:
    """Pages and languages for which the practice has its own text."""
    return {(page, each.language) for page in LegalPage for each in _newest(page) if each.words is not None}


def lacks_imprint(practice: Practice) -> bool:
    """Whether the practice's country requires an imprint and nobody has written it yet."""
    return practice.country in IMPRINT_COUNTRIES and current(LegalPage.IMPRINT, language.ENGLISH) is None


def mark(page: LegalPage, spoken: str) -> str:
    """A mark of what a page for editing shows: the newest version's number, 0 before the first."""
    return str(_newest_version(page, spoken))


def save(page: LegalPage, spoken: str, words: str | None, *, seen: str, actor: str, now: datetime) -> None:
    """Publish the next version; None returns to the draft. Saving what already holds changes nothing.

    `seen` is the mark of what the editor was shown. The caller commits. Raises ChangedMeanwhile.
    """
    newest = _newest_version(page, spoken)
    if seen != str(newest):
        raise ChangedMeanwhile
    before = db.session.get(LegalText, (page.value, spoken, newest)) if newest else None
    if words == (before.words if before else None):
        return
    text = LegalText(page=page.value, language=spoken, version=newest + 1, words=words, saved_at=now)
    with violates("pk_legal_texts", ChangedMeanwhile()):
        db.session.add(text)
        db.session.flush()
    audit.record(
        actor,
        "change" if words is not None else "reset",
        text,
        purpose=f"{page.value}/{spoken}",
        fields=["words"],
        now=now,
    )


def _newest_version(page: LegalPage, spoken: str) -> int:
    counted = sa.select(sa.func.max(LegalText.version)).where(
        LegalText.page == page, LegalText.language == spoken
    )
    return db.session.scalar(counted) or 0


def _newest(page: LegalPage) -> list[LegalText]:
    """The newest version in each language, in the order of languages."""
    newest = (
        sa.select(LegalText)
        .where(LegalText.page == page)
        .ext(pg.distinct_on(LegalText.language))
        .order_by(LegalText.language, LegalText.version.desc())
    )
    order = language.LANGUAGES.index
    return sorted(db.session.scalars(newest), key=lambda each: order(each.language))
