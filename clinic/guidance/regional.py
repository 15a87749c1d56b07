"""Words that people in one country use and in another do not: questions are written in British words and read in local ones."""

from typing import Final

_BRITISH: Final = frozenset({"GB", "IE", "AU", "NZ", "ZA", "IN"})
LOCAL_WORDS: Final = (("back passage", "anus"), ("pass urine", "urinate"))
"""The word as written, and what is read where British words are not at home."""


def in_local_words(text: str, country: str) -> str:
    """The text as somebody in this country (ISO 3166) reads it; without a country it stays as written."""
    if not country or country in _BRITISH:
        return text
    for written, read in LOCAL_WORDS:
        text = text.replace(written, read)
    return text
