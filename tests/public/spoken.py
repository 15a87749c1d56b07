"""Which language a page really speaks: the English words left on a German one."""

import re
from html.parser import HTMLParser

from tests.visitor import Visitor

ENGLISH = re.compile(
    r"\b(the|your|you|and|with|until|times?|free|cancel|move|book|back|keep|choose|call|visits?|appointment|please"
    r"|of|to|is|are|we|our|for|not|have|this|that|when|it|from|or|by|at|on|as|be|if|what|who|how|answers?|questions?"
    r"|letters?|send|now|any|than|there|here|other|without|before|after|days?|sessions?|therapists?|treatments?"
    r"|waiting|list|yes|no|sign|open|nothing|first|weeks?|mornings?|afternoons?|evenings?"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b",
    re.IGNORECASE,
)
"""Words that German does not have, but for a part of the body; the names and rules of a practice are its own."""


NOT_ENGLISH = re.compile(r"\b(am|den) After\b|Aches and Pains|[\w-]+(\.[\w-]+)+(/\S+)?")
"""A part of the body, and names and addresses of sources."""


class Spoken(HTMLParser):
    """What a page says, read or heard, outside of parts that say they are in another language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.stack: list[bool] = []
        self.feed(page.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("meta", "link", "input", "use", "br", "rect", "path", "img"):
            return
        foreign = bool(self.stack and self.stack[-1]) or (given.get("lang") or "de") != "de"
        self.stack.append(foreign or tag in ("script", "style"))
        if not self.stack[-1]:
            self.said += [given[name] or "" for name in ("aria-label", "title") if name in given]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link", "input", "use", "br", "rect", "path", "img") and self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not (self.stack and self.stack[-1]):
            self.said.append(data)


def english_on(page: Visitor) -> list[str]:
    """The English that is left on a page which says that it is German."""
    assert page.page.one("html").get("lang") == "de", page.path
    said = Spoken(page.answer.text).said
    return [text.strip() for text in said if ENGLISH.search(NOT_ENGLISH.sub("", text))]
