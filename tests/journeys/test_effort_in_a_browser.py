"""The way to a chosen treatment in Chromium on a phone with scripts switched off: it costs what `public/test_effort.py` counts."""

import pytest
from playwright.sync_api import Browser, Page, expect

from clinic.db import db
from clinic.guidance.fields import FieldKind
from clinic.guidance.questions import QUESTIONS
from tests import make
from tests.browser import PATIENCE_MS
from tests.intake import walk
from tests.journeys.looks import NARROW
from tests.journeys.test_client_pages import Place, fill_in_details, place
from tests.public.test_effort import MOST, Effort, words_in

__all__ = ["place"]
pytestmark = pytest.mark.browser

SEEN = """() => {
  const said = [];
  const read = (element) => {
    if (element.matches(".sr, .column, svg, template") || getComputedStyle(element).display === "none") return;
    const folded = element.matches("details:not([open])");
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && !folded) said.push(node.data);
      if (node.nodeType === Node.ELEMENT_NODE && (!folded || node.matches("summary"))) read(node);
    }
  };
  read(document.querySelector("main"));
  return said.join(" ");
}"""
NAMES = "controls => [...new Set(controls.map(control => control.name))]"


def test_a_chosen_treatment_is_booked_on_a_phone_without_scripts(chromium: Browser, place: Place) -> None:
    sold = make.treatment(
        therapists=place.plain.therapists, name="Asked before", intake="before_booking", price_cents=6000
    )
    db.session.commit()
    context = chromium.new_context(
        java_script_enabled=False, ignore_https_errors=True, viewport={"width": NARROW, "height": 740}
    )
    context.set_default_timeout(PATIENCE_MS)
    page, effort = context.new_page(), Effort()
    page.goto(f"{place.base}/book/{sold.slug}?day=2031-03-07")
    press(page, "button.offer >> nth=0")
    while not page.url.endswith("/intake/outcome"):
        at = page.url
        effort.pages += 1
        effort.words += words_in(page.evaluate(SEEN))
        effort.actions += answer(page)
        assert page.url != at or at.endswith("/intake"), page.locator("main").inner_text()
    pages, actions, words, _ = MOST["chosen treatment, typical"]
    print(f"\nno JavaScript, Chromium: {effort}")
    assert effort.within(pages, actions, words), effort
    press(page, "a.button[href='/book/details'] >> visible=true >> nth=0")
    fill_in_details(page)
    press(page, "main form[method=post] button:not([name]) >> nth=0")
    expect(page.get_by_role("heading", level=1)).to_contain_text("You are booked")
    context.close()


def answer(page: Page) -> int:
    """Answer what is asked and go on; how many presses and typed fields it took."""
    names = page.eval_on_selector_all("main form[method=post] [name]", NAMES)
    asked = [QUESTIONS[name] for name in names if name in QUESTIONS]
    if asked and all(question.kind is FieldKind.RED_FLAG for question in asked):
        press(page, "button[name=none_of_these]")
        return 1
    actions = 1
    for question in asked:
        values = ["yes"] if question.field == "consent_health_data" else walk.answer_to(question, {})
        for value in values:
            actions += 1
            control = page.locator(f"[name='{question.field}'][value='{value}']")
            if control.count():
                control.first.check(force=True)
            else:
                page.locator(f"input[name='{question.field}']").fill(value)
    press(page, "main form[method=post] button:not([name]) >> visible=true >> nth=-1")
    return actions


def press(page: Page, control: str) -> None:
    """Press a control that leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.locator(control).click()
