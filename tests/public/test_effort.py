"""What booking costs a client: pages, actions and words from consent to confirm, counted by walking through the pages.

An action is a press or a typed field. Words are those that can be seen in `<main>`: labels, hints, buttons, numbers and the way
back on every page, without what is folded away. The visitor runs no scripts, so every row holds without JavaScript;
`journeys/test_effort_in_a_browser.py` counts the same in Chromium. See the table with `pytest tests/public/test_effort.py -s`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.guidance.questions import QUESTIONS
from clinic.intake import services as intake
from clinic.public.question_time import MINUTES, SECONDS_AN_ACTION, WORDS_A_MINUTE
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.plans import at_the_gate
from tests.public.test_booking_pages import DETAILS
from tests.visitor import Visitor, as_client
from tests.web.reading import Element

Changes = Mapping[str, list[str]]

TYPICAL: Changes = {}
COMPLICATED: Changes = {
    "sex_at_birth": ["female"],
    "age_years": ["34"],
    "pregnancy": ["t2"],
    "conditions": ["asthma", "hypertension_controlled"],
    "medications": ["antiplatelet"],
    "limb_symptoms": ["numbness"],
    "radiation": ["leg_below_knee"],
    "red_flags.cough_sneeze_worse": ["unsure"],
    "red_flags.immunosuppressed_ivdu": ["unsure"],
    "clinician_seen": ["yes_cleared"],
}


@dataclass
class Effort:
    """What somebody had to do, page by page."""

    pages: int = 0
    actions: int = 0
    words: int = 0

    def add(self, page: Element, actions: int) -> None:
        """One more page, with what was done on it."""
        self.pages += 1
        self.actions += actions
        self.words += words_in(seen(page.one("main")))

    def within(self, pages: int, actions: int, words: int) -> bool:
        """Whether nothing costs more than this."""
        return self.pages <= pages and self.actions <= actions and self.words <= words


def words_in(text: str) -> int:
    """How many words; a sign between two of them is none."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


ELSEWHERE = {"sr", "column", "wide"}
"""Classes of what phones do not show: for screen readers only, and the parts of the form, which are bars there."""


def seen(element: Element) -> str:
    """The text that can be seen on a phone: neither for screen readers only, nor folded away."""
    if ELSEWHERE & set(element.attributes.get("class", "").split()):
        return ""
    if element.name in ("svg", "script", "template"):
        return ""
    parts = element.parts
    if element.name == "details" and not element.has("open"):
        parts = [part for part in parts if isinstance(part, Element) and part.name == "summary"]
    return " ".join(part if isinstance(part, str) else seen(part) for part in parts)


def through(visitor: Visitor, changes: Changes) -> Effort:
    """Answer everything from consent to confirm."""
    effort = Effort()
    visitor.open("/intake")
    while visitor.path.split("?")[0] != "/intake/outcome":
        page = visitor.page
        (form,) = page.one("main").all("form", method="post")
        if visitor.path == "/intake/anything-new":
            anything_new(visitor, effort, changes)
            continue
        names = list(dict.fromkeys(control.attributes.get("name") for control in form.below()))
        answers = {
            name: answer
            for name in names
            if name in QUESTIONS and (answer := walk.answer_to(QUESTIONS[name], changes))
        }
        if "consent_health_data" in names:
            answers = {"consent_health_data": ["yes"]}
        button = [button for button in form.all("button") if not button.has("name")][-1]
        none = [button for button in form.all("button") if button.attributes.get("name") == "none_of_these"]
        if none and all(answer == ["no"] for answer in answers.values()):
            button, answers = none[0], {}
        effort.add(page, sum(len(answer) for answer in answers.values()) + 1)
        at = visitor.path
        visitor.press(button.text, **answers)  # type: ignore[arg-type]  # several values for one field
        assert visitor.path != at or visitor.path == "/intake", visitor.text
    return effort


def anything_new(visitor: Visitor, effort: Effort, changes: Changes) -> None:
    """Today's page of a returning client: *None of these* for each group of signs in which nothing fits."""
    page = visitor.page
    answers: dict[str, list[str]] = {"none_of_these": []}
    for group in page.all("fieldset"):
        boxes = [box for box in group.all("input") if box.attributes.get("name") == "none_of_these"]
        if not boxes:
            continue
        names = {control.attributes.get("name") for control in group.all("input")} & QUESTIONS.keys()
        said = {name: walk.answer_to(QUESTIONS[name], changes) for name in names if name is not None}
        if all(answer == ["no"] for answer in said.values()):
            answers["none_of_these"].append(boxes[0].get("value"))
        else:
            answers |= said
    for control in page.one("main").below():
        name = control.attributes.get("name")
        if name in QUESTIONS and not name.startswith("red_flags."):
            answers[name] = walk.answer_to(QUESTIONS[name], changes)
    effort.add(page, sum(len(answer) for answer in answers.values()) + 1)
    (form,) = page.one("main").all("form", method="post")
    button = next(button for button in form.all("button") if not button.has("name"))
    visitor.press(button.text, **answers)  # type: ignore[arg-type]  # several values for one field
    assert visitor.path != "/intake/anything-new", visitor.text


BEFORE = {"chosen": (41, 130), "suggestion": (41, 130), "returning": (34, None)}
"""Pages and about how many actions a way took before the short gate, as far as somebody had counted them."""


def table(rows: Mapping[str, Effort]) -> str:
    """The rows as text."""
    lines = [f"{'way':42}{'pages':>7}{'actions':>9}{'words':>7}  before"]
    for name, effort in rows.items():
        pages, actions = BEFORE.get(name.split()[0].strip(","), (None, None))
        before = f"{pages} pages" if pages else ""
        before += f", about {actions} actions" if actions else ""
        lines.append(f"{name:42}{effort.pages:>7}{effort.actions:>9}{effort.words:>7}  {before}".rstrip())
    return "\n".join(lines)


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_what_booking_costs_a_client(
    spoken: str, app: Flask, make: Make, the_clock_says: Callable[[object], None]
) -> None:
    the_clock_says(NOW)
    rows: dict[str, Effort] = {}
    sold = make.offering(intake="before_booking")
    for kind, changes, at in (("typical", TYPICAL, "10:00"), ("complicated", COMPLICATED, "14:00")):
        chosen = speaks(spoken, app.test_client())
        chosen.open(f"/book/{sold.slug}?day=2031-03-06").press(f"{at} {sold.therapists[0].given_name}")
        rows[f"chosen treatment, {kind}"] = through(chosen, changes)
        rows[f"suggestion first, {kind}"] = through(speaks(spoken, app.test_client()), changes)
    for kind, changes in (("typical", TYPICAL), ("complicated", COMPLICATED)):
        person, then = make.client(mail=f"{kind}@returning.example"), NOW - timedelta(days=30)
        person.language = spoken
        told = {name.replace(".", "_", 1): answer for name, answer in changes.items()}
        walk.sent(then, **told)
        intake.adopt(walk.BROWSER, person.id, then)
        rows[f"returning, {kind}"] = through(
            speaks(spoken, as_client(app, person.contacts[0], person)), changes
        )
    assert visitor_lang(chosen) == spoken
    print(f"\n{spoken}\n{table(rows)}")
    for name, effort in rows.items():
        pages, actions, words, german_words = MOST[name]
        assert effort.within(pages, actions, german_words if spoken == "de" else words), table(rows)
    for door, name in (("chosen", "chosen treatment, typical"), ("suggestion", "suggestion first, typical")):
        minutes = rows[name].words / WORDS_A_MINUTE + SECONDS_AN_ACTION * rows[name].actions / 60
        assert abs(MINUTES[door] - minutes) < 1, "the doors say how long the questions take"


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_a_whole_booking_without_health_questions_costs_little(
    spoken: str, app: Flask, make: Make, the_clock_says: Callable[[object], None]
) -> None:
    """From the treatments to *Book*: choose one, a day, a time, and say who one is."""
    the_clock_says(NOW)
    effort, visitor = Effort(), speaks(spoken, app.test_client())
    sold = make.offering(intake="none")
    effort.add(visitor.open("/book").page, 1)
    effort.add(visitor.open(f"/book/{sold.slug}?day=2031-03-06").page, 2)
    visitor.press(f"10:00 {sold.therapists[0].given_name}")
    effort.add(visitor.page, sum(map(bool, DETAILS.values())) + 1)
    assert visitor_lang(visitor) == spoken
    print(f"\n{spoken}\n{table({'no health questions, the whole booking': effort})}")
    assert effort.within(5, 8, 400)


def visitor_lang(visitor: Visitor) -> str:
    """The language of the page that is open."""
    return str(visitor.page.one("html").get("lang"))


def speaks(language: str, browser: FlaskClient) -> Visitor:
    """Somebody whose browser asks for pages in this language."""
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    return Visitor(browser)


MOST = {
    "chosen treatment, typical": (14, 39, 1500, 1500),
    "suggestion first, typical": (20, 53, 2060, 2030),
    "chosen treatment, complicated": (16, 50, 1665, 1660),
    "suggestion first, complicated": (22, 64, 2225, 2200),
    "returning, typical": (3, 14, 780, 790),
    "returning, complicated": (4, 21, 910, 925),
}
"""Pages, actions, words and German words that nobody needs more of.

1,500 words are wanted for the first way. Decisions 85 and 93 say what is not cut for it: 23 signs asked whole, and lists asked whole.
"""


def test_what_is_asked_before_a_visit_costs_a_few_minutes(
    app: Flask, make: Make, the_clock_says: Callable[[object], None]
) -> None:
    the_clock_says(NOW)
    rows: dict[str, Effort] = {}
    sold = make.offering(intake="before_booking")
    for number, kind in enumerate(("typical", "complicated")):
        person = make.client(mail=f"{kind}@client.example")
        at_the_gate.send(person, NOW, **({} if kind == "typical" else COMPLICATED))
        visit = make.appointment(of=sold, who=person, starts_at=NOW + timedelta(days=3, hours=number))
        visitor = Visitor(as_client(app, person.contacts[0], person))
        rows[f"before your visit, {kind}"] = through_the_parts(
            visitor, signed_links.preparation_path(visit.id, visit.link_epoch)
        )
    print(f"\n{table(rows)}")
    for effort in rows.values():
        assert effort.within(*BEFORE_VISIT), table(rows)


def through_the_parts(visitor: Visitor, tasks: str) -> Effort:
    """From the list through every part to *Finish*."""
    effort = Effort()
    effort.add(visitor.open(tasks).page, 1)
    visitor.open(next(link for link in visitor.page.all("a") if "Next:" in link.text).get("href"))
    while visitor.path != tasks:
        button = "Save and go on" if "Save and go on" in visitor.text else "Save"
        form, _ = visitor.form_with(button)
        names = dict.fromkeys(control.attributes.get("name") for control in form.below())
        answers = {
            name: walk.answer_to(QUESTIONS[name], {})
            for name in names
            if name is not None and name in QUESTIONS
        }
        effort.add(visitor.page, sum(len(answer) for answer in answers.values()) + 1)
        visitor.press(button, **answers)  # type: ignore[arg-type]  # several values for one field
    effort.add(visitor.page, 1)
    visitor.press("Finish")
    assert "All done. " in visitor.text
    return effort


BEFORE_VISIT = (12, 40, 1500)
"""Pages, actions and words that nobody needs more of between booking and visit."""
