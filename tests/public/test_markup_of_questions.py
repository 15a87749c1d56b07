"""The markup of every inner page of the health questions: what an HTML validator would say, on pages that no crawler reaches.

Each page is looked at empty, refused and filled in. What a browser shows of them is in `journeys/test_client_pages.py`.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from flask import Flask

from clinic.guidance.red_flags import ASKED_FLAGS
from tests.make import Make
from tests.public.test_german_health import answer_all_seen
from tests.visitor import Visitor
from tests.web.reading import Element, read

REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list")
FLOW = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
PHRASING_ONLY = frozenset(
    ["p", "h1", "h2", "h3", "h4", "span", "label", "button", "b", "strong", "small", "a", "summary"]
)
MAY_HOLD_FLOW = frozenset(("a",))
"""Transparent: holds what its parent may hold."""
PRESSED = frozenset(["a", "button", "input", "select", "textarea", "summary", "label"])
CHILDREN = {
    "ul": {"li", "template"},
    "ol": {"li", "template"},
    "dl": {"dt", "dd", "div"},
    "select": {"option", "optgroup"},
    "table": {"caption", "thead", "tbody", "tfoot", "tr"},
}


def flaws(page: Element) -> Iterator[str]:
    """What is wrong with a page as HTML."""
    every = page.below()
    ids = Counter(one.attributes["id"] for one in every if one.has("id"))
    yield from (f"the id {name!r} stands {count} times" for name, count in ids.items() if count > 1)
    for one in every:
        for name in REFERRING:
            for target in one.attributes.get(name, "").split():
                if target not in ids:
                    yield f"<{one.name} {name}={target!r}> leads to nothing"
        yield from flaws_inside(one)
    levels = [int(one.name[1]) for one in every if one.name in ("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} main headings"
    for above, below in pairwise(levels):
        if below > above + 1:
            yield f"a heading of level {below} follows one of level {above}"
    for one in page.all("input"):
        if one.attributes.get("type") != "hidden" and not has_label(page, one):
            yield f"<input name={one.attributes.get('name')!r}> has no label"


def flaws_inside(one: Element) -> Iterator[str]:
    """What may not stand in this element."""
    children = [part for part in one.parts if isinstance(part, Element)]
    if one.name in CHILDREN:
        wrong = {child.name for child in children} - CHILDREN[one.name]
        yield from (f"<{name}> stands in <{one.name}>" for name in sorted(wrong))
    if one.name in PHRASING_ONLY - MAY_HOLD_FLOW and one.name != "summary":
        yield from (f"<{below.name}> stands in <{one.name}>" for below in one.below() if below.name in FLOW)
    if one.name in ("a", "button"):
        yield from (
            f"<{below.name}> stands in <{one.name}>" for below in one.below() if below.name in PRESSED
        )
    if one.name == "fieldset" and (not children or children[0].name != "legend"):
        yield "a fieldset does not begin with its legend"
    if one.name == "details" and (not children or children[0].name != "summary"):
        yield "details do not begin with their summary"
    if one.name == "form" and any(below.name == "form" for below in one.below()):
        yield "a form stands in a form"
    if one.name == "img" and not one.has("alt"):
        yield "an image has no alternative"


def has_label(page: Element, control: Element) -> bool:
    """Whether a control has a name for somebody who hears the page."""
    if control.has("aria-label") or control.has("aria-labelledby"):
        return True
    around = control.parent
    while around is not None:
        if around.name == "label":
            return True
        around = around.parent
    return bool(page.all("label", for_=control.attributes.get("id", "")))


def rows_of_signs(page: Element) -> list[Element]:
    """The warning signs among others on a page."""
    return [one for one in page.all("fieldset") if "flag-row" in one.attributes.get("class", "").split()]


def signs_without_heading(page: Element) -> Iterator[str]:
    """The signs that somebody who goes through a page by its headings would not find."""
    for row in rows_of_signs(page):
        legend = row.one("legend")
        if not any(below.name in ("h2", "h3") for below in legend.below()):
            yield f"the sign {legend.text!r} is no heading"


def test_every_inner_page_of_the_questions_is_valid_html(app: Flask, make: Make) -> None:
    make.practice(name="Praxis Erle", country="DE", language="de", emergency_number="112", is_demo=False)
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    visitor = Visitor(client).open("/intake")
    found = {"/intake": set(flaws(visitor.page))}
    visitor.press("Weiter", consent_health_data="yes")
    signs = 0
    for where, page in answer_all_seen(visitor):
        found[where] = set(flaws(page)) | set(signs_without_heading(page))
        signs += len(rows_of_signs(page))
    assert len(found) > 40, "each page empty and refused"
    assert signs >= len(ASKED_FLAGS), "screen readers go from sign to sign by headings"
    found["the list"] = set(flaws(visitor.page))
    visitor.press("Antworten absenden", understood_not_diagnosis="yes", accuracy_confirmed="yes")
    found["the outcome"] = set(flaws(visitor.page))
    assert visitor.path == "/intake/outcome"
    assert {where: said for where, said in found.items() if said} == {}


def test_a_validator_that_sees_nothing_would_be_of_no_use() -> None:
    page = read(
        '<main><h1>One</h1><h3>Deep</h3><p><b><div>x</div></b></p><ul><p>y</p></ul><a href="/"><button>z</button></a>'
        '<label for="gone">n</label><input name="bare"><i id="a"></i><i id="a"></i><fieldset><p>q</p></fieldset></main>'
    )
    said = " | ".join(flaws(page))
    for words in (
        "'a' stands 2 times",
        "'gone'> leads to nothing",
        "level 3 follows one of level 1",
        "<div> stands in <p>",
        "<p> stands in <ul>",
        "<button> stands in <a>",
        "'bare'> has no label",
        "does not begin with its legend",
    ):
        assert words in said, words
