"""From nothing to the first signed note, as a real practice comes to be: in production, over https, in real browsers.

The owner begins with one command and goes on by pages alone. Nothing is written into the database beside them.
"""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from passlib.totp import TOTP
from playwright.sync_api import Browser, expect

from clinic.messaging.queries import Mail
from tests.browser import go, settle
from tests.journeys.live import Secure, links_in, secure
from tests.journeys.looks import ANSWERED
from tests.journeys.test_main_job import HEALTH_WORDS, Person, fill_intake, tick
from tests.patience import eventually

pytestmark = pytest.mark.browser

BERLIN = ZoneInfo("Europe/Berlin")
PASSWORD = "velvet thumb ocean 91"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
STEP = 30
"""Seconds for which a code of the app is shown; each is taken once."""
CLIENT = "hannah@client.example"
LONGEST_WAIT = 240


@dataclass
class Colleague(Person):
    """Somebody of the staff: their address, their browser, and the app on their telephone."""

    browser: Browser
    product: Secure
    mail: str
    key: str = ""
    used: int = 0
    """The last step of the clock whose code was taken."""
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(
            self.browser.new_page(ignore_https_errors=True, viewport=DESK),  # type: ignore[arg-type]
            self.product.base,
        )

    def code(self) -> str:
        """A code that was not used yet."""
        self.used = max(self.used + 1, int(time.time()) // STEP)
        return TOTP(key=self.key).generate(time=self.used * STEP).token

    def fill(self, label: str, text: str) -> None:
        """Write into a field."""
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def tick(self, label: str) -> None:
        """Tick a box or choose an answer."""
        tick(self.page, self.page.get_by_label(re.compile(f"^{re.escape(label)}")))

    def says(self, words: str) -> None:
        """Wait until the page says so."""
        expect(self.page.locator("body")).to_contain_text(words)

    def sign_in(self) -> None:
        """With the password, and the code where an app is set up."""
        self.open("/staff")
        self.fill("E-mail address", self.mail)
        self.fill("Password", PASSWORD)
        self.press("Continue")
        if self.key:
            self.fill("Code from your app", self.code())
            self.press("Sign in")
            assert self.path == "/staff"

    def set_up_the_app(self) -> None:
        """The first sign-in asks for a second factor and opens nothing before."""
        self.sign_in()
        self.press("Show the picture to scan")
        self.key = self.page.locator("main .ref").inner_text().replace("-", "")
        self.fill("The code your app shows now", self.code())
        self.press("Finish")


def test_a_clinic_opens_and_signs_its_first_note(tmp_path: Path, chromium: Browser) -> None:
    begun = datetime.now(UTC)
    day = (begun.astimezone(BERLIN) + timedelta(days=3)).date()
    visit = datetime(day.year, day.month, day.day, 10, tzinfo=BERLIN).astimezone(UTC)
    with secure(tmp_path, begun) as product:
        product.start_worker()
        product.start_web()
        owner = Colleague(chromium, product, "olga@clinic.example")
        therapist = Colleague(chromium, product, "thea@clinic.example")
        desk = Colleague(chromium, product, "frida@clinic.example")
        client = Person(chromium.new_page(ignore_https_errors=True, viewport=PHONE), product.base)  # type: ignore[arg-type]

        become_owner(owner)
        describe_the_practice(owner)
        invite(owner, therapist, "Therapist", rota="A new therapist")
        invite(owner, desk, "Front desk")
        join(therapist, "Thea", "Lind")
        join(desk, "Frida", "Front")
        offer_something(owner)
        open_for_booking(owner)

        manage = book(client, visit)
        change_ones_mind(client, manage)
        decide(therapist)
        look_at_the_desk(desk, visit)
        product.set_clock(visit - timedelta(hours=47, minutes=50))
        the_mail(product, CLIENT, "your session at")
        treat(product, therapist, visit)
        product.set_clock(visit + timedelta(minutes=65))
        the_mail(product, CLIENT, "Your tips")
        look_back(client, product)

        judge(product, manage, day.strftime("%-d %B"))
        errors = [said for person in (owner, therapist, desk, client) for said in person.errors]
        assert [said for said in errors if ANSWERED not in said] == []


def become_owner(owner: Colleague) -> None:
    """One command prints an address; there a password, and at the sign-in a second factor."""
    stage = owner.product.stage
    program = stage.start("clinic", "create-owner", owner.mail, "Olga", "Owner")
    assert program.wait(LONGEST_WAIT) == 0
    said = (stage.settings.lumbar_data.parent / f"program-{len(stage.programs) - 1}.log").read_text()
    (address,) = re.findall(r"https://\S+", said)
    assert address.startswith(owner.base)
    owner.open(address)
    owner.tick("No, I only run the practice")
    owner.fill("New password", PASSWORD)
    owner.fill("The same password again", PASSWORD)
    owner.press("Set the password")
    owner.set_up_the_app()
    assert owner.path.startswith("/staff")


def describe_the_practice(owner: Colleague) -> None:
    owner.open("/staff/settings")
    owner.follow("Describe the practice")
    owner.fill("Name", "Alder Lane")
    owner.fill("Telephone", "+49 30 901820")
    owner.fill("E-mail address", "hello@clinic.example")
    owner.choose("Country", "Germany")
    owner.page.get_by_label("Currency", exact=True).select_option("EUR")
    owner.fill("Emergency number", "112")
    owner.press("Save the practice")
    owner.open("/staff/settings")
    owner.follow("Add a location")
    owner.fill("Name", "House by the park")
    owner.fill("Street and number", "Alder Lane 1")
    owner.fill("Town", "Berlin")
    owner.fill("Time zone", "Europe/Berlin")
    owner.press("Add the location")


def invite(owner: Colleague, somebody: Colleague, role: str, *, rota: str = "") -> None:
    owner.open("/staff/settings/team")
    owner.follow("Invite someone")
    owner.fill("E-mail address", somebody.mail)
    owner.tick(role)
    if rota:
        owner.choose("In the rota as", rota)
    owner.press("Send invitation")
    owner.says(f"{somebody.mail} is invited")


def join(somebody: Colleague, given: str, family: str) -> None:
    """By the address in the letter, in a browser of their own."""
    letter = the_mail(somebody.product, somebody.mail)
    somebody.open(next(link for link in links_in(letter) if "/join/" in link))
    somebody.fill("Given name", given)
    somebody.fill("Family name", family)
    somebody.fill("New password", PASSWORD)
    somebody.fill("The same password again", PASSWORD)
    somebody.press("Join the team")
    somebody.set_up_the_app()
    assert somebody.path == "/staff"


def offer_something(owner: Colleague) -> None:
    """One treatment that asks its questions first, a room for it, and the hours of the one therapist."""
    owner.open("/staff/settings/treatments/new")
    owner.fill("Name", "Swedish massage")
    owner.page.get_by_label("Type of massage").select_option("swedish")
    owner.fill("Length, in minutes", "60")
    owner.fill("Minutes free before", "0")
    owner.fill("Minutes free after", "15")
    owner.fill("Price", "60")
    owner.fill("Name in letters and calendars", "Massage")
    owner.page.locator('[name="intake"][value="before_booking"]').check()
    owner.tick("Thea Lind")
    owner.press("Add the treatment")
    owner.open("/staff/settings/rooms/new")
    owner.fill("Name", "Quiet room")
    owner.tick("Swedish massage")
    owner.press("Add the room")
    owner.open("/staff/settings")
    owner.follow("Enter hours")
    if owner.page.get_by_role("link", name="Thea Lind").count():
        owner.follow("Thea Lind")
    go(owner.page.get_by_role("button", name="Add hours on Monday"))
    owner.page.get_by_label("Monday, from").fill("9:00")
    owner.page.get_by_label("Monday, until").fill("17:00")
    owner.page.get_by_label("Day to copy").select_option(label="Monday")
    owner.page.get_by_label("Days that become the same").select_option(label="Every day")
    owner.press("Copy")
    owner.press("Save hours")


def open_for_booking(owner: Colleague) -> None:
    """In Germany an imprint comes first."""
    owner.open("/staff/settings")
    owner.follow("Write the imprint")
    go(owner.page.locator('a[hreflang="en"]').filter(has_text="Imprint"))
    owner.fill("Text", "Represented by: Olga Brandt")
    owner.press("Save the text")
    owner.says("Saved. Clients read it from now on.")
    owner.open("/staff/settings/online-booking")
    owner.press("Open for booking")
    owner.says("Clients can book online now.")


def book(client: Person, visit: datetime) -> str:
    """From the home page to a booking; gives the address of the appointment."""
    here = visit.astimezone(BERLIN)
    client.open("/")
    go(client.page.get_by_role("link", name="Not sure what you need?"))
    fill_intake(client)
    assert client.heading == "A good place to start: Swedish massage"
    client.follow("Choose a time")
    client.page.locator(f'main a[href*="day={here:%Y-%m-%d}"]').first.click()
    expect(client.page.get_by_role("heading", name=f"{here:%A} {here.day}")).to_be_visible()
    client.page.get_by_role("link", name="Show all").click()
    client.press("10:00 Thea")
    client.page.get_by_label("First name").fill("Hannah")
    client.page.get_by_label("Family name").fill("O'Neill")
    client.page.get_by_label("E-mail address").fill(CLIENT)
    tick(client.page, client.page.get_by_label("I have read this and agree."))
    client.press("Book this session")
    assert client.heading == "You are booked, Hannah"
    return client.path.removesuffix("/done")


def change_ones_mind(client: Person, manage: str) -> None:
    """Cancelled, and taken back: two forms on pages whose address is a secret."""
    client.open(manage)
    client.follow("Cancel this appointment…")
    client.press("Cancel appointment")
    client.press("Undo")
    expect(client.page.get_by_role("link", name="Cancel this appointment…")).to_be_visible()


def decide(therapist: Colleague) -> None:
    """The answers beside the suggestion, accepted."""
    therapist.open("/staff/reviews")
    therapist.page.get_by_role("link", name="Hannah O'Neill").first.click()
    therapist.says("Lower back")
    settle(therapist.page)
    therapist.press("Accept suggestion")
    therapist.says("No review waits")


def look_at_the_desk(desk: Colleague, visit: datetime) -> None:
    """The visit, without a word about health."""
    desk.open(f"/staff/agenda?day={visit.astimezone(BERLIN):%Y-%m-%d}")
    desk.says("Hannah O'Neill")
    desk.open("/staff/reviews")
    assert "Lower back" not in desk.page.locator("body").inner_text()


def treat(product: Secure, therapist: Colleague, visit: datetime) -> None:
    """The day itself: signed in anew, arrived, note written and signed."""
    product.set_clock(visit + timedelta(minutes=2))
    therapist.sign_in()
    go(therapist.page.get_by_role("link", name="visit of Hannah O'Neill").first)
    therapist.press("Arrived")
    go(therapist.page.get_by_role("link", name="Write note").first)
    therapist.page.locator('[name="first"]').select_option("swedish")
    therapist.page.locator('[name="text"]').fill("Effleurage on the lower back; knots on the left.")
    product.set_clock(visit + timedelta(minutes=25))
    therapist.press("Sign the note")
    therapist.says("Done, signed")


def look_back(client: Person, product: Secure) -> None:
    """By the link of the letter to the tips, and by a sign-in link to one's own visits."""
    client.open(next(link for link in links_in(the_mail(product, CLIENT, "Your tips")) if "/c/" in link))
    expect(client.page.locator("main")).to_contain_text(re.compile("swedish", re.IGNORECASE))
    client.open("/my/sign-in")
    client.page.get_by_label("E-mail address").fill(CLIENT)
    client.press("Send me a link")
    letter = the_mail(product, CLIENT, "Your sign-in link")
    client.open(next(link for link in links_in(letter) if "/l/" in link))
    client.press("Open my visits")
    if client.path == "/my/who":
        go(client.page.get_by_role("button", name="Hannah").first)
    assert client.path == "/my"


def the_mail(product: Secure, to: str, subject: str = "") -> Mail:
    """The newest letter to an address with this text in its subject, once it has come."""

    def found() -> list[Mail]:
        return [mail for mail in product.mails(subject) if mail.to == to]

    assert eventually(lambda: bool(found()), LONGEST_WAIT), [mail.subject for mail in product.mails()]
    return found()[-1]


def judge(product: Secure, manage: str, day: str) -> None:
    """Every letter leads to https and says nothing about health."""
    mails = product.mails()
    for mail in mails:
        assert {urlsplit(link).scheme for link in links_in(mail)} <= {"https"}, mail.subject
        said = re.sub(r"https?://[^\s\"]+", "", f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.calendar}")
        assert [word for word in HEALTH_WORDS if word in said.casefold()] == [], mail.subject
    to_client = [mail for mail in mails if mail.to == CLIENT]
    assert any(f"{product.base}{manage}" in links_in(mail) for mail in to_client)
    assert any(day in mail.subject for mail in to_client)
