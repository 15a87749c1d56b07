"""What the practice types for clients, in the languages of its pages: names of treatments, what cancelling late costs, the way in.

Each text is typed in the practice's main language, in a column of its own. `translations` holds it in others, by language and
column, as far as somebody has typed it. What is missing there is read in the main language.
"""

from collections.abc import Collection
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from clinic import language

Translations = dict[str, dict[str, str]]

OF_TREATMENT: Final = ("name", "description", "mail_name")
OF_LOCATION: Final = ("getting_here", "step_free", "parking")
OF_PRACTICE: Final = ("about", "policy")
OF_CLOSING: Final = ("closed_words",)
OF_THERAPIST: Final = ("licence", "about")
OF_PROFILE: Final = ("languages", "likes", "training")
OF_PHOTO: Final = ("alt",)
"""The columns that can be said in several languages."""
LANGUAGE_IS_CODE: Final = "language ~ '^[a-z]{2,3}(_[A-Za-z]{2,4})?$'"
"""For tables with a row for each language: which ones there are is a matter of the catalogues."""
ARE_OBJECTS: Final = "jsonb_typeof(translations) = 'object'"


class HasOwnTexts:
    """A row with texts that the practice typed."""

    translations: Mapped[dict[str, Any]] = mapped_column(
        pg.JSONB, default=dict, server_default=sa.text("'{}'")
    )
    """Texts by language and column; see `own_texts`."""


class SaidInLanguages(Protocol):
    """Whatever holds such texts: a row, or what was read from one."""

    @property
    def translations(self) -> Translations: ...


def is_said_in(row: SaidInLanguages, column: str, spoken: str) -> bool:
    """Whether somebody has typed this text in this language beside the main one."""
    return bool(row.translations.get(spoken, {}).get(column))


def said(row: SaidInLanguages, column: str, spoken: str | None = None) -> str:
    """A text in this language, or in the one spoken now; where nobody has typed it, in the practice's main language."""
    spoken = spoken or language.current()
    text: str = row.translations.get(spoken, {}).get(column) or getattr(row, column)
    return text


def replaced(standing: Translations, columns: Collection[str], typed: Translations) -> Translations:
    """The texts of these columns as they were typed now, and those of others as they stand."""
    kept = {
        spoken: {column: text for column, text in texts.items() if column not in columns}
        for spoken, texts in standing.items()
    }
    merged = {spoken: {**kept.get(spoken, {}), **typed.get(spoken, {})} for spoken in {**kept, **typed}}
    return {spoken: texts for spoken, texts in merged.items() if texts}


def other_languages(main: str) -> tuple[str, ...]:
    """The languages of our pages beside the practice's main one."""
    return tuple(each for each in language.LANGUAGES if each != main)
