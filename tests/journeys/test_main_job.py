"""The whole line once: intake, suggestion, slot, confirm, review, arrived, note signed; and the mails that follow from it."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import go, settle
from tests.intake.walk import DULL
from tests.journeys.live import PASSWORD, THERAPIST, Live, links_in, live

pytestmark = pytest.mark.browser

MONDAY = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
FRIDAY_TEN = datetime(2031, 3, 7, 9, 0, tzinfo=UTC)
"""10:00 in Berlin."""
HEALTH_WORDS = ("swedish", "lower back", "tight", "pain", "effleurage", "relax", "stiff", "caution", "knots")
"""Words of this client's answers, suggestion and note: none may stand in a mail."""


class Person:
    """Somebody in front of a browser, who finds things by what they say."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.errors: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.base + path)

    def press(self, name: str) -> None:
        go(self.page.get_by_role("button", name=name, exact=True).first)

    def follow(self, name: str) -> None:
        go(self.page.get_by_role("link", name=name, exact=True).first)

    @property
    def heading(self) -> str:
        return self.page.locator("h1").first.inner_text()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path


def tick(page: Page, control: Locator) -> None:
    """Choose an answer by keyboard, which works wherever the page is scrolled to."""
    if not control.is_checked():
        control.focus()
        page.keyboard.press("Space")
    assert control.is_checked()


def answer_page(person: Person) -> None:
    """Answer every question on the page that is open, by the dull answers, and go on."""
    controls = person.page.locator("main form[method=post] [name]")
    names = dict.fromkeys(control.get_attribute("name") or "" for control in controls.all())
    for name in names:
        first = person.page.locator(f'main [name="{name}"]').first
        kind = first.get_attribute("type")
        wanted = DULL.get(name, ["no"] if name.startswith("red_flags.") else ["none"])
        if name == "pain_areas":
            # A tap on the figure ticks the box of the list, also without scripts.
            person.page.locator('label[data-area="lower_back"] path').first.click()
        elif kind in ("radio", "checkbox"):
            for value in wanted:
                chosen = person.page.locator(f'main [name="{name}"][value="{value}"]')
                if chosen.count():
                    tick(person.page, chosen)
        elif kind == "number" or first.get_attribute("inputmode") == "numeric":
            first.fill(wanted[0])
    go(person.page.locator("main form[method=post] button").last)


def fill_intake(client: Person) -> None:
    tick(client.page, client.page.locator('[name="consent_health_data"][value="yes"]'))
    client.press("Continue")
    for _ in range(60):
        if client.path == "/intake/outcome":
            return
        answer_page(client)
    raise AssertionError(f"the intake does not end: {client.path}")


def sign_in(therapist: Person) -> None:
    therapist.open("/staff")
    therapist.page.get_by_label("E-mail address").fill(THERAPIST)
    therapist.page.get_by_label("Password").fill(PASSWORD)
    therapist.press("Continue")
    assert therapist.path == "/staff"


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(True, id="with scripts", marks=pytest.mark.long),
        pytest.param(False, id="without scripts"),
    ],
)
def test_the_main_job_from_the_first_question_to_aftercare(
    tmp_path: Path, chromium: Browser, scripts: bool
) -> None:
    """Each run goes this way without scripts here, and with them in `test_opening_a_clinic`."""
    with live(tmp_path, MONDAY) as product:
        product.start_worker()
        product.start_web()
        client = Person(chromium.new_page(java_script_enabled=scripts, viewport=PHONE), product.base)
        manage = book(client)
        therapist = Person(chromium.new_page(java_script_enabled=scripts), product.base)
        decide(therapist)
        product.wait_for_mails("Booked", 1)

        product.set_clock(FRIDAY_TEN - timedelta(hours=47, minutes=50))
        product.wait_for_mails("your session at", 1)
        product.set_clock(FRIDAY_TEN - timedelta(hours=1, minutes=50))
        product.wait_for_mails("your session at", 2)
        treat(product, therapist)
        product.set_clock(FRIDAY_TEN + timedelta(minutes=65))
        product.wait_for_mails("Your tips", 1)

        judge(product, manage)
        read_aftercare(client, product)
        assert client.errors == therapist.errors == []


PHONE = {"width": 360, "height": 740}


def book(client: Person) -> str:
    """From the home page to a booking; gives the address of the appointment."""
    client.open("/")
    go(client.page.get_by_role("link", name="Not sure what you need?"))
    fill_intake(client)
    assert client.heading == "A good place to start: Swedish massage"
    assert client.page.locator('.reason a[href^="/guidance#G"]').count() >= 1
    client.follow("Choose a time")
    client.page.get_by_role("link", name="Friday 7").click()
    expect(client.page.get_by_role("heading", name="Friday 7")).to_be_visible()
    client.page.get_by_role("link", name="Show all").click()
    client.press("10:00 Thea")
    assert client.heading == "Your details"
    client.page.get_by_label("First name").fill("Hannah")
    client.page.get_by_label("Family name").fill("O'Neill")
    client.page.get_by_label("E-mail address").fill("hannah@client.example")
    tick(client.page, client.page.get_by_label("I have read this and agree."))
    client.press("Book this session")
    assert client.heading == "You are booked, Hannah"
    return client.path.removesuffix("/done")


def decide(therapist: Person) -> None:
    """The review: answers beside reasons, accepted."""
    sign_in(therapist)
    therapist.open("/staff/reviews")
    go(therapist.page.get_by_role("link", name="Hannah O'Neill").first)
    shown = therapist.page.locator("main").inner_text()
    assert "Lower back" in shown
    assert "Swedish massage" in shown
    settle(therapist.page)
    therapist.press("Accept suggestion")
    assert "No review waits" in therapist.page.locator("main").inner_text()


def treat(product: Live, therapist: Person) -> None:
    """The day: arrived, note written and signed."""
    product.set_clock(FRIDAY_TEN + timedelta(minutes=2))
    sign_in(therapist)
    go(therapist.page.get_by_role("link", name="visit of Hannah O'Neill").first)
    therapist.press("Arrived")
    go(therapist.page.get_by_role("link", name="Write note").first)
    therapist.page.locator('[name="first"]').select_option("swedish")
    therapist.page.locator('[name="text"]').fill("Effleurage on the lower back; knots on the left.")
    product.set_clock(FRIDAY_TEN + timedelta(minutes=25))
    therapist.press("Sign the note")
    assert "Done, signed" in therapist.page.locator("main").inner_text()


def judge(product: Live, manage: str) -> None:
    """Each mail once, each right, none about health."""
    to_client = [mail for mail in product.mails() if mail.to == "hannah@client.example"]
    kinds = Counter(mail.subject.split(":")[0].split(" after")[0] for mail in to_client)
    assert kinds == {
        "Booked": 1,
        "Before your visit on Friday 7 March": 1,
        "Friday 7 March, 10": 2,
        "Your tips": 1,
    }, "two reminders: two days, two hours; and a word about what is still to be answered"
    for mail in product.mails():
        said = f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.calendar}"
        said = re.sub(r"https?://[^\s\"]+", "", said).casefold()  # A key may spell anything.
        assert [word for word in HEALTH_WORDS if word in said] == [], mail.subject
    confirmation = product.mails("Booked")[0]
    assert "10:00 to 11:00" in confirmation.text
    assert f"{product.base}{manage}" in links_in(confirmation)
    (event,) = Calendar.from_ical(confirmation.calendar).walk("VEVENT")
    assert event.decoded("dtstart") == FRIDAY_TEN
    assert event["summary"].startswith("Massage")


def read_aftercare(client: Person, product: Live) -> None:
    """The link in the aftercare mail opens tips for what was really given."""
    address = next(link for link in links_in(product.mails("Your tips")[0]) if "/c/" in link)
    client.open(address)
    assert "swedish" in client.page.locator("main").inner_text().casefold()
