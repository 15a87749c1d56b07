"""A language made up for the test: every sentence of ours stands in brackets and is 40 % longer. So a sentence that nobody can
translate shows, and a third language is proved to be a catalogue and no code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Route

from clinic import clock, language
from clinic.accounts import signed_links
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance import wording
from clinic.guidance.questions import PAGES
from clinic.language import health_texts
from clinic.messaging.kinds.wording import Words
from clinic.messaging.letters import practice_wording
from clinic.messaging.models import MessageKind
from clinic.practice import legal_texts, own_texts
from clinic.practice.legal_texts import LegalPage
from clinic.web import languages, sharing
from tests.browser import PATIENCE_MS
from tests.journeys.looks import NARROW
from tests.make import Make
from tests.public.test_german_health import answers_for
from tests.test_language import sentences
from tests.visitor import Visitor

SPOKEN = "fi"
"""A language for which there are dates and numbers, and in which the test recognises no English word."""
HTML = "text/html; charset=utf-8"
OPEN, CLOSE = "⟦", "⟧"
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter(part => !part.closest("[tabindex='0'], .sr, svg, .skip"))
  .filter(part => part.getClientRects().length && part.getBoundingClientRect().right > innerWidth + 1)
  .map(part => part.tagName + "." + part.className + ": " + part.textContent.slice(0, 60)).slice(0, 4)"""
"""What stands beyond the side of the window; what scrolls by itself is left out."""
LONG_WORD = 20
"""Letters of a long German word, such as Kreuzschmerzbehandlung."""
VALUE = re.compile(r"(%\(\w+\)s|\{\w+\})")
OURS = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[A-Za-z]{3,}")
PRACTICE = re.compile(r"\S+@\S+|https?://\S+|\blocalhost:\d+[^\s⟦]*|\b[A-Z]{6,}\b")
"""Addresses, and the letters under which a visit is found."""

ALLOWED = {
    "Lumbar": "the product's name",
    "English": "the name of a language, in itself",
    "Suomi": "the name of a language, in itself",
    "Deutsch": "the name of a language, in itself",
    "PDF": "the name of a kind of file",
    "GMT": "the name of a zone",
    "UTC": "the name of a zone",
    "Google": "the name of a service",
    "Outlook": "the name of a service",
    "Apple": "the name of a service",
    "OpenStreetMap": "the name of a service",
    "Maps": "part of the name of a service",
}
"""Words that stay as they are in each language, and why; what the test's practice and people are called is told by `DATA`."""
DATA = "Erlenpraxis Erlenhaus Erlenweg Musterstadt Erlenruhe Thea Tannert Ada Muster client example musta"


REQUEST_ID = re.compile(r"\b[0-9a-f]{16}\b")


def pseudo(sentence: str) -> str:
    """The sentence with brackets around what is ours, and as much longer as German may be; values stay outside."""
    letters = len(sentence) * 2 // 5
    longer = " ".join("~" * min(LONG_WORD, letters - at) for at in range(0, letters, LONG_WORD + 1))
    parts = [
        part if VALUE.fullmatch(part) or not part else f"{OPEN}{part}{CLOSE}"
        for part in VALUE.split(sentence)
    ]
    return f"{''.join(parts)}{OPEN}{longer}{CLOSE}"


def write_catalogues(folder: Path, spoken: str) -> None:
    """The two catalogues of a language, and nothing else."""
    pages, health = Catalog(locale=spoken), Catalog(locale=spoken)
    for forms in {forms[0]: forms for forms in sentences()}.values():
        said = tuple(pseudo(form) for form in forms)
        pages.add(forms if len(forms) > 1 else forms[0], said if len(forms) > 1 else said[0])
    for text in wording.texts():
        health.add(text, pseudo(text))
    (folder / "health").mkdir(parents=True)
    for path, catalogue in ((folder / f"{spoken}.po", pages), (folder / "health" / f"{spoken}.po", health)):
        with path.open("wb") as file:
            write_po(file, catalogue)


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the catalogues of a language."""
    folder = tmp_path_factory.mktemp("language")
    write_catalogues(folder, SPOKEN)
    return folder


@pytest.fixture
def third_language(catalogues: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language whose catalogues stand in a folder; the product finds it there."""
    found = language.languages_in(catalogues)
    assert found == (language.ENGLISH, SPOKEN)
    monkeypatch.setattr(language, "FOLDER", catalogues)
    monkeypatch.setattr(health_texts, "HEALTH", catalogues / "health")
    for module in (language, languages, sharing):
        monkeypatch.setattr(module, "LANGUAGES", found)
    monkeypatch.setattr(language, "NAMES", {code: language.name_of(code) for code in found})
    cached = (
        language.catalogue,
        language._which_form,
        health_texts.health_catalogue,
        health_texts._patterns,
        health_texts.has_health_texts,
    )
    for one in cached:
        one.cache_clear()
    yield SPOKEN
    for one in cached:
        one.cache_clear()


class Said(HTMLParser):
    """What a page says, read or heard; what declares another language is left out."""

    SILENT = frozenset({"script", "style"})
    VOID = frozenset({"meta", "link", "input", "use", "br", "rect", "path", "img", "hr", "source"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.stack: list[bool] = []
        self.feed(page.replace("<wbr>", ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = bool(self.stack and self.stack[-1]) or (given.get("lang") or SPOKEN) != SPOKEN
        if not foreign:
            self.said += [given[name] or "" for name in ("aria-label", "title", "alt") if name in given]
        if tag not in self.VOID:
            self.stack.append(foreign or tag in self.SILENT)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not (self.stack and self.stack[-1]):
            self.said.append(data)


def untranslated(page: Visitor, names: str = DATA) -> list[str]:
    """What stands on the page and is no sentence of ours in this language, no name of the test and not allowed."""
    assert page.page.one("html").get("lang") == SPOKEN, page.path
    known = {*ALLOWED, *names.split(), *DATES}
    left = []
    for said in Said(page.answer.text).said:
        plain = PRACTICE.sub(" ", OURS.sub(" ", REQUEST_ID.sub(" ", said)))
        if any(word not in known for word in WORD.findall(plain)):
            left.append(" ".join(said.split()))
    return left


DATES = [
    "maanantai",
    "tiistai",
    "keskiviikko",
    "torstai",
    "perjantai",
    "lauantai",
    "sunnuntai",
    "maanantaina",
    "tiistaina",
    "keskiviikkona",
    "torstaina",
    "perjantaina",
    "lauantaina",
    "sunnuntaina",
    "tammikuuta",
    "helmikuuta",
    "maaliskuuta",
    "huhtikuuta",
    "toukokuuta",
    "kesäkuuta",
    "heinäkuuta",
    "elokuuta",
    "syyskuuta",
    "lokakuuta",
    "marraskuuta",
    "joulukuuta",
    "marras",
    "joulu",
    "kuuta",
    "aika",
]


@dataclass
class Pages:
    """What was read, by where it stood: what is no sentence of ours there, and the page itself."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)

    def read(self, where: str, page: Visitor, names: str = DATA) -> None:
        """Keep a page under a name; `names` are those of its practice and people."""
        self.wrong[where], self.bodies[where] = untranslated(page, names), page.answer.text


def english_left(wrong: dict[str, list[str]]) -> list[str]:
    """One line for each thing that is left, with where it stands."""
    return [f"{where}: {said}" for where, each in wrong.items() for said in each]


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit in three days, at a practice whose names are known to `DATA`."""
    make.practice(name="Erlenpraxis", policy="Erlenruhe", is_demo=False, country="DE")
    at = make.location(name="Erlenhaus", street="Erlenweg 1", town="Musterstadt", getting_here="Erlenruhe")
    thea = make.therapist(at, weekdays=range(7), given_name="Thea", family_name="Tannert")
    massage = make.treatment(name="Erlenruhe", therapists=[thea])
    starts_at = (clock.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    who = make.client(given_name="Ada", family_name="Muster", language=SPOKEN)
    row: Appointment = make.appointment(of=massage, who=who, starts_at=starts_at)
    return row


def speaking(browser: FlaskClient) -> Visitor:
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = SPOKEN
    return Visitor(browser)


def questions(app: Flask) -> Pages:
    """Every page of the questions, and the outcome with the pages that lead on from it."""
    pages = Pages()
    page = speaking(app.test_client()).open("/intake")
    pages.read("/intake", page)
    go_on = pseudo("Continue")
    page.press(go_on, consent_health_data="yes")
    slugs = {one.slug for one in PAGES}
    while (slug := page.path.rsplit("/", 1)[-1].split("?")[0]) in slugs:
        pages.read(slug, page)
        page.press(go_on, **answers_for(slug))  # type: ignore[arg-type]
    pages.read("check", page)
    page.press(pseudo("Send your answers"), understood_not_diagnosis="yes", accuracy_confirmed="yes")
    pages.read("outcome", page)
    pages.read("mail", page.open("/intake/outcome/mail"))
    return pages


def around(app: Flask, visit: Appointment) -> Pages:
    """What somebody reads before and after the questions."""
    pages = Pages()
    manage = signed_links.manage_path(visit.id, visit.link_epoch)
    for path in (
        *("/", "/book", f"/book/{visit.treatment.slug}", "/guidance", "/my/sign-in", "/own-page/asked"),
        *(
            f"/locations/{visit.location.slug}",
            manage,
            f"{manage}/cancel",
            f"{manage}/move",
            "/own-page/gone",
        ),
    ):
        pages.read(path, speaking(app.test_client()).open(path))
    return pages


def test_every_page_of_the_questions_and_every_outcome_is_a_catalogue(
    app: Flask, visit: Appointment, third_language: str
) -> None:
    pages = questions(app)
    assert len(pages.wrong) > 20
    assert english_left(pages.wrong) == []


def test_the_pages_around_the_questions_are_a_catalogue(
    app: Flask, visit: Appointment, third_language: str
) -> None:
    assert english_left(around(app, visit).wrong) == []


def test_the_practice_can_write_its_own_texts_in_a_third_language(
    app: Flask, visit: Appointment, third_language: str, now: datetime
) -> None:
    """The tables name no language: what is known is what has a catalogue."""
    said = Words(subject="Hei", heading="Hei", opening="", closing="")
    practice_wording.save(MessageKind.CONFIRMATION, SPOKEN, said, seen="", actor="system", now=now)
    legal_texts.save(LegalPage.TERMS, SPOKEN, "Erlenruhe", seen="0", actor="system", now=now)
    visit.treatment.translations = {SPOKEN: {"name": "Rauha"}}
    db.session.commit()
    assert practice_wording.words(MessageKind.CONFIRMATION, SPOKEN).subject == "Hei"
    assert "Rauha" in speaking(app.test_client()).open("/book").text
    assert own_texts.other_languages("en") == (SPOKEN,)


@pytest.mark.browser
def test_no_page_breaks_when_its_sentences_are_forty_in_a_hundred_longer(
    app: Flask, visit: Appointment, third_language: str, chromium: Browser
) -> None:
    bodies = {**questions(app).bodies, **around(app, visit).bodies}
    static = Path(str(app.static_folder))

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=static / path.removeprefix("/static/"))
        else:
            route.fulfill(
                body=bodies[parse_qs(urlsplit(route.request.url).query)["where"][0]], content_type=HTML
            )

    context = chromium.new_context(viewport={"width": NARROW, "height": 800}, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    context.route("**/*", answer)
    tab, broken = context.new_page(), []
    for where in bodies:
        tab.goto(f"http://lumbar.test/?{urlencode({'where': where})}")
        beyond = tab.evaluate(BEYOND)
        if beyond:
            broken.append((where, beyond))
    context.close()
    assert len(bodies) > 30
    assert broken == []
