"""Every page staff meet and every letter, in a real browser: narrow and wide, light and dark, by keyboard, without scripts."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from passlib.totp import TOTP
from playwright.sync_api import Browser, Locator, Page, expect

from clinic import clock, demo
from clinic.accounts import team
from clinic.accounts.models import Client, Contact, Role, User
from clinic.booking import changes, request_decisions
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.intake import drafts
from clinic.messaging import delivery, mailer, queries
from clinic.messaging.kinds.addresses import owe_sign_in
from clinic.plans.models import Review
from clinic.practice.models import Therapist, Treatment
from config import Environment
from tests import make
from tests.browser import enter, go
from tests.journeys.live import secure
from tests.journeys.looks import served, watched, weight

pytestmark = pytest.mark.browser

NOW = datetime(2031, 6, 11, 10, 20, tzinfo=ZoneInfo("America/Toronto")).astimezone(UTC)
"""A Wednesday: one visit is signed, one under way, two to come, three reviews and a request wait."""
INES = "ines@alderlane.example"
LONG = "Maria-Fernanda Wilhelmina Alexandra Theodora Constantia Otti"
FAMILY = "O'Neill-Sánchez"
PASSWORD = "velvet thumb ocean 91"
HEAVIEST = 200_000
"""The promise for a page of the staff's, in bytes, fonts included."""


@dataclass(frozen=True)
class Desk:
    """The demo's week as a real practice's, where it is, the folder of its mail server, and the cookies of Ines, who
    is signed in."""

    app: Flask
    base: str
    outbox: Path
    cookies: dict[str, str]
    weeks: Iterator[int] = field(default_factory=itertools.count)
    """Weeks from now, each for one test that needs days of its own; booking is open for some seventeen."""

    def visit(self, family: str, *states: State) -> Appointment:
        """The latest visit of a client in one of these states."""
        found = db.session.scalar(
            sa.select(Appointment)
            .join(Client, Client.id == Appointment.client_id)
            .where(Client.family_name == family, Appointment.state.in_(states or list(State)))
            .order_by(Appointment.starts_at.desc())
            .execution_options(populate_existing=True)
        )
        assert found is not None, family
        return found

    def today(self, family: str) -> str:
        """The page of a client's visit of today."""
        day = NOW.replace(hour=4, minute=0)
        found = db.session.scalar(
            sa.select(Appointment.id)
            .join(Client, Client.id == Appointment.client_id)
            .where(Client.family_name == family, Appointment.starts_at.between(day, day + timedelta(days=1)))
        )
        return f"/staff/appointments/{found}"

    def review(self, family: str) -> str:
        """The page of a client's review."""
        found = db.session.scalar(
            sa.select(Review.id)
            .join(Client, Client.id == Review.client_id)
            .where(Client.family_name == family)
        )
        return f"/staff/reviews/{found}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Desk]:
    """The demo's people and visits with production settings behind https, each of the staff with an app for codes: a
    page that works on a laptop alone is found here."""
    with (
        secure(tmp_path_factory.mktemp("desk"), NOW, with_demo=True) as product,
        served(product.stage.app, product.stage.settings.port),
    ):
        app, base = product.stage.app, product.proxy.base
        with transaction():
            furnish(app)
            db.session.execute(
                sa.update(Client)
                .where(Client.family_name == "Farouk")
                .values(given_name=LONG, family_name=FAMILY)
            )
        deliver(app, NOW)
        page = chromium.new_page(ignore_https_errors=True)
        sign_in(page, base)
        give_code(page, app)
        expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, June 11")
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        page.context.close()
        yield Desk(app, base, product.outbox, cookies)


def furnish(app: Flask) -> None:
    """Make the demo's people a real practice's, each of the staff with an app for codes. The caller commits."""
    for person in db.session.scalars(sa.select(User)):
        person.is_demo = False
        person.tf_primary_method = "authenticator"
        person.tf_totp_secret = app.extensions["security"].totp_factory.generate_totp_secret()


def sign_in(page: Page, base: str, mail: str = INES, password: str = demo.PASSWORD) -> None:
    page.goto(f"{base}/staff")
    page.get_by_label("E-mail address").fill(mail)
    page.get_by_label("Password").fill(password)
    go(page.get_by_role("button", name="Continue"))


def give_code(page: Page, app: Flask, mail: str = INES) -> None:
    page.get_by_label("Code from your app").fill(code_of(mail, app))
    go(page.get_by_role("button", name="Sign in"))


def code_of(mail: str, app: Flask) -> str:
    """What the app of this person shows now; each code is taken once."""
    with transaction():
        secret = db.session.scalars(sa.select(User.tf_totp_secret).where(User.email == mail)).one()
    code: str = app.extensions["security"].totp_factory.generate_totp_password(secret)
    return code


def deliver(app: Flask, now: datetime) -> None:
    delivery.run_pass(now, 100, mailer.mailer_of(app))


def test_the_days_and_their_visits(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff")
        for sheet in ("", "?length=week&names=no"):
            watch.open(page, f"/staff/day-sheet{sheet}")
        for whose in ("mine", "all", "nobodys", "done"):
            watch.open(page, f"/staff/tasks?whose={whose}")
        page.goto(f"{desk.base}/staff/tasks")
        go(page.get_by_role("link", name="Hand over…").first)
        watch.look(page)
        watch.open(page, "/staff/agenda")
        watch.open(page, "/staff/agenda?day=2031-06-15&therapist=ines-moreau")
        expect(page.get_by_role("link", name="Next: Wednesday, June 18")).to_be_visible()
        for view in (
            "day",
            "rooms",
            "week",
            "week&therapist=all",
            "month",
            "day&gone=yes",
            "day&waiting=yes",
        ):
            watch.open(page, f"/staff/calendar?view={view}&day=2031-06-12")
        watch.open(page, "/staff/calendar?view=day&day=2031-06-15")
        watch.open(page, "/staff/calendar/time?on=2031-06-19&at=09:00&therapist=ines-moreau")
        watch.open(page, desk.today(FAMILY))
        watch.open(page, desk.today("Castellano") + "/cancel")
        watch.open(page, f"/staff/appointments/{desk.visit('Kim').id}")
        expect(page.get_by_text("The time is kept until")).to_be_visible()
        watch.open(page, f"/staff/appointments/{desk.visit('Menon').id}/open")
        go(page.get_by_role("button", name="Open for 24 hours"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        watch.open(page, "/staff/agenda?day=nonsense")


def test_a_visit_of_a_course_leads_to_the_answers_it_rests_on(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(desk.base + desk.today("Lindqvist"))
        expect(page.get_by_text("Session 4 of 8")).to_be_visible()
        go(page.get_by_role("link", name="Answers and review"))
        expect(page.get_by_role("heading", name="Decided")).to_be_visible()
        watch.look(page)


def test_what_just_happened_does_not_lie_over_what_to_do_next(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(desk.base + desk.today("Castellano"))
        go(page.get_by_role("button", name="Arrived"))
        undo = page.get_by_role("status").get_by_role("button", name="Undo")
        expect(undo).to_be_visible()
        said = undo.bounding_box()
        acts = page.get_by_role("group", name="What to do with this visit").bounding_box()
        assert said is not None
        assert acts is not None
        assert said["y"] + said["height"] <= acts["y"]
        go(undo)
        expect(page.get_by_role("button", name="Arrived")).to_be_visible()


def test_paper_shows_what_one_reads_and_no_ways_to_go(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.emulate_media(media="print")
        for path in ("/staff/agenda", desk.today("Lindqvist")):
            page.goto(desk.base + path)
            expect(page.get_by_text("Lindqvist").first).to_be_visible()
            for around in (page.get_by_role("navigation"), page.get_by_role("button")):
                expect(around).to_have_count(0)  # A role is only found where it is shown.


def test_the_tab_that_is_open_is_in_sight_on_a_phone(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{desk.base}/staff/settings/closures")
        expect(page.get_by_role("link", name="Closures", exact=True)).to_be_in_viewport(ratio=0.9)


HIDDEN = """() => {
  const here = document.activeElement;
  if (!here.closest("main form") || here.closest(".actionbar")) return null;
  const bar = document.querySelector(".actionbar").getBoundingClientRect();
  return here.getBoundingClientRect().bottom > bar.top ? here.name : null;
}"""


def test_what_has_the_focus_is_never_under_the_acts(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(desk.base + desk.today(FAMILY) + "/note")
        act = page.get_by_role("button", name="Sign the note")
        page.get_by_label("First type").focus()
        for _ in range(60):
            page.keyboard.press("Tab")
            assert page.evaluate(HIDDEN) is None
            if act.evaluate("act => act === document.activeElement"):
                return
        raise AssertionError("The act is not reached by keyboard.")


def test_the_reviews_and_their_decisions(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/reviews")
        watch.open(page, desk.review("Nwosu"))
        letters_move_the_focus(page)
        for act in ("accept", "change", "doctor-first", "decline"):
            watch.open(page, f"{desk.review('Nwosu')}/{act}")
        watch.open(page, f"{desk.review('Castellano')}/change")
        page.get_by_label("First type").select_option("Deep tissue massage: left out")
        page.get_by_label("The client's wish").check()
        go(page.get_by_role("button", name="Decide"))
        expect(page.get_by_role("alert")).to_contain_text("Deep tissue massage is left out by C07")
        watch.look(page)
        assert page.title().startswith("Error: ")


def test_a_type_that_is_moved_changes_places_and_a_double_press_decides_nothing(
    chromium: Browser, desk: Desk
) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, f"{desk.review('Castellano')}/change")
        first, second = page.get_by_label("First type"), page.get_by_label("Second type")
        before = first.input_value(), second.input_value()
        assert all(before)
        first.select_option(before[1])
        assert (first.input_value(), second.input_value()) == (before[1], before[0])
        page.add_init_script("performance.now = () => 200")
        at = desk.base + desk.review("Nwosu")
        page.goto(at)
        page.get_by_role("button", name="Call first").click()
        page.wait_for_timeout(300)
        assert page.url == at
        expect(page.get_by_role("button", name="Call first")).to_be_visible()


def letters_move_the_focus(page: Page) -> None:
    """A letter leads to an act without doing it, and does nothing once the letters are switched off (WCAG 2.1.4)."""
    change, decline = page.get_by_role("link", name="Change…"), page.get_by_role("link", name="Decline…")
    page.keyboard.press("d")
    expect(decline).to_be_focused()
    page.keyboard.press("c")
    expect(change).to_be_focused()
    switch = page.get_by_role("button", name="Letter keys")
    switch.click()
    page.keyboard.press("d")
    expect(decline).not_to_be_focused()
    switch.click()
    page.keyboard.press("d")
    expect(decline).to_be_focused()


def test_the_notes(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, desk.today(FAMILY) + "/note")
        page.get_by_label("First type").select_option("")
        page.get_by_label("Second type").select_option("")
        go(page.get_by_role("button", name="Sign the note"))
        expect(page.get_by_role("alert")).to_contain_text("Say which types you gave")
        watch.look(page)
        watch.open(page, desk.today("Castellano") + "/note")
        expect(page.get_by_role("button", name="Sign the note")).to_have_count(0)
        watch.open(page, desk.today("Lindqvist") + "/note")
        expect(page.get_by_text("Signed by Ines Moreau")).to_be_visible()
        go(page.get_by_role("button", name="Add to the note"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)


def test_the_messages_and_ones_own_sign_in(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/messages")
        watch.open(page, "/staff/messages?shown=failed&name=nobody")
        watch.open(page, "/staff/messages/next")
        watch.open(page, "/staff/messages/held")
        watch.open(page, "/staff/account")


def test_the_mails_that_a_demo_keeps(chromium: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(desk.app.config, "ENVIRONMENT", Environment.DEMO.value)
    monkeypatch.setitem(desk.app.config, "SMTP_URL", None)
    with transaction():
        owe_sign_in(db.session.scalars(sa.select(Contact).where(Contact.kind == "mail")).all()[1], NOW)
    delivery.run_pass(NOW, 100, mailer.MaildirMailer(desk.app.config["MAILDIR"]))
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/messages/outbox")
        go(page.get_by_role("row").get_by_role("link").first)
        watch.look(page)


def test_the_settings(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/settings")
        for part in (
            "rules",
            "website",
            "locations",
            "treatments",
            "time-off",
            "closures/holidays",
            "outside",
        ):
            watch.open(page, f"/staff/settings/{part}")
        for part in ("texts", "texts/reminder/de"):
            watch.open(page, f"/staff/settings/{part}")
        watch.open(page, "/staff/settings/treatments/new")
        page.get_by_label("Length, in minutes").fill("62")
        go(page.get_by_role("button", name="Add the treatment"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        watch.open(page, "/staff/settings/hours")
        go(page.get_by_role("button", name="Add hours on Sunday"))
        page.get_by_label("Sunday, from").fill("late")
        go(page.get_by_role("button", name="Save hours").last)
        expect(page.get_by_role("alert")).to_contain_text("Sunday")
        watch.look(page)


def test_booking_and_moving_for_a_caller(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/book?treatment=swedish")
        page.get_by_label("Find a client").fill("osei")
        go(page.get_by_role("button", name="Find", exact=True))
        watch.look(page)
        page.goto(f"{desk.base}/staff/book?treatment=swedish")
        go(page.locator(".offer").first)
        go(page.get_by_role("button", name="Book", exact=True))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        page.get_by_label("First name").fill("Samuel")
        page.get_by_label("Family name").fill("Osei")
        page.get_by_label("Telephone number").fill("905 555 0142")
        go(page.get_by_role("button", name="Book", exact=True))
        watch.look(page)
        assert page.title().startswith("Error: Same person?")
        visit = desk.visit("Osei", State.BOOKED)
        where = f"/staff/appointments/{visit.id}/move"
        watch.open(page, where)
        go(page.locator(".offer").nth(1))
        watch.look(page)
        watch.open(page, f"{where}/at?therapist={visit.therapist.slug}&on=2031-06-20&at=21:35")
        go(page.get_by_role("button", name="Move outside the rules"))
        expect(page.get_by_role("alert")).to_contain_text("Say why")
        watch.look(page)
        watch.open(page, f"{where}/at?therapist={visit.therapist.slug}&on=2031-06-01&at=10:00")


def test_the_file_of_a_client(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/clients")
        page.get_by_label("Find a client").fill("Farouk")
        go(page.get_by_role("button", name="Find"))
        watch.look(page)
        go(page.get_by_role("link", name="Maria", exact=False).first)
        watch.look(page)
        own = page.url.removeprefix(desk.base)
        for rest in ("/details", "/addresses"):
            watch.open(page, own + rest)
        other = desk.visit("Menon").client_id
        watch.open(page, f"{own}/join/{other}")
        for tab in ("visits", "notes", "answers", "plan", "documents", "messages", "access"):
            watch.open(page, f"{own}/{tab}")
        watch.open(page, f"{own}/record")
        go(page.get_by_role("link", name="Change", exact=False).first)
        watch.look(page)


def test_several_sessions_in_one_act(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(f"{desk.base}/staff/appointments/{desk.visit('Osei', State.BOOKED).id}")
        go(page.get_by_role("link", name="Book further sessions"))
        watch.look(page)
        page.get_by_label("How many").fill("4")
        go(page.get_by_role("button", name="See what is free"))
        watch.look(page)
        go(page.get_by_role("button", name="Book the chosen sessions"))
        watch.look(page)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Series of")
        series = page.url
        go(page.get_by_role("link", name="Move all to come"))
        page.get_by_label("Time").fill("13:05")
        go(page.get_by_role("button", name="See what is free"))
        watch.look(page)
        page.goto(series)
        go(page.get_by_role("link", name="Cancel all to come"))
        watch.look(page)
        go(page.get_by_role("button", name="Cancel the chosen sessions"))
        expect(page.get_by_role("heading", name="Changed by mistake?")).to_be_visible()
        watch.look(page)
        go(page.get_by_role("button", name="Undo the last change"))
        expect(page.get_by_text("Taken back.")).to_be_visible()


def test_the_waiting_list_and_offering_by_hand(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/waiting-list")
        watch.open(page, "/staff/waiting-list/add?treatment=swedish")
        go(page.get_by_role("button", name="Put on the list"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        page.get_by_label("First name").fill(LONG)
        page.get_by_label("Family name").fill(FAMILY)
        page.get_by_label("E-mail address").fill("waits@client.example")
        go(page.get_by_role("button", name="Put on the list"))
        watch.look(page)
        go(page.get_by_role("link", name=f"Offer a time to {LONG}"))
        watch.look(page)
        go(page.locator("main li a").first)
        watch.look(page)
        go(page.get_by_role("button", name="Keep it and offer it"))
        expect(page.get_by_role("button", name=f"Take it for {LONG}")).to_be_visible()
        watch.look(page)


def test_the_front_desk_sees_a_day_without_health(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base) as watch:
        page = watch.page()
        sign_in(page, desk.base, "robin@alderlane.example")
        give_code(page, desk.app, "robin@alderlane.example")
        watch.look(page)
        for word in ("Caution", "Look first", "To review"):
            expect(page.get_by_text(word)).to_have_count(0)


def test_a_new_colleague_sets_up_password_app_and_codes(chromium: Browser, desk: Desk) -> None:
    with transaction():
        colleague = team.add_user(
            mail="sinead@alderlane.example",
            given_name="Sinéad",
            family_name=FAMILY,
            roles=[Role.THERAPIST],
            now=NOW,
        )
        path = team.set_up_path(team.mint_set_up_link(colleague, NOW))
    with watched(chromium, desk.base) as watch:
        page = watch.page()
        watch.open(page, path)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same password again").fill("something else entirely")
        go(page.get_by_role("button", name="Set the password"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same password again").fill(PASSWORD)
        go(page.get_by_role("button", name="Set the password"))
        watch.open(page, path)
        expect(page.get_by_role("heading", level=1)).to_have_text("This address no longer works")
        sign_in(page, desk.base, "sinead@alderlane.example", "not this one at all")
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        sign_in(page, desk.base, "sinead@alderlane.example", PASSWORD)
        watch.look(page)
        go(page.get_by_role("button", name="Show the picture to scan"))
        watch.look(page)
        page.get_by_label("The code your app shows now").fill("000000")
        go(page.get_by_role("button", name="Finish"))
        watch.look(page)
        go(page.get_by_role("link", name="Start again with a new picture"))
        go(page.get_by_role("button", name="Show the picture to scan"))
        key = page.locator("main .ref").inner_text().replace("-", "")
        page.get_by_label("The code your app shows now").fill(TOTP(key=key).generate().token)
        go(page.get_by_role("button", name="Finish"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, June 11")
        page.goto(f"{desk.base}/staff/account")
        go(page.get_by_role("link", name=re.compile("Make new ?: Recovery codes")))
        watch.look(page)
        go(page.get_by_role("button", name="Make ten new codes"))
        watch.look(page)
        page.goto(f"{desk.base}/staff/account")
        go(page.get_by_role("link", name=re.compile("Add ?: Passkeys")))
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        page.goto(f"{desk.base}/staff/account")
        go(page.get_by_role("link", name=re.compile("Change ?: Password")))
        go(page.get_by_role("button", name="Change the password"))
        watch.look(page)
    with watched(chromium, desk.base) as watch:
        page = watch.page()
        sign_in(page, desk.base, "sinead@alderlane.example", PASSWORD)
        watch.look(page)
        page.get_by_label("Code from your app").fill("000000")
        go(page.get_by_role("button", name="Sign in"))
        watch.look(page)
        go(page.get_by_role("link", name="Use a recovery code"))
        page.get_by_label("Recovery code").fill("aaaa")
        go(page.get_by_role("button", name="Sign in"))
        watch.look(page)
        watch.open(page, "/staff/passkey")


def test_by_keyboard_from_the_door_to_a_decision(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base) as watch:
        page = watch.page()
        page.goto(f"{desk.base}/staff")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        tab_to(page, page.get_by_label("E-mail address"))
        page.keyboard.type("priya@alderlane.example")
        tab_to(page, page.get_by_label("Password"))
        page.keyboard.type(demo.PASSWORD)
        enter(page)
        tab_to(page, page.get_by_label("Code from your app"))
        page.keyboard.type(code_of("priya@alderlane.example", desk.app))
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, June 11")
        with transaction():
            visit = desk.visit("Rahman")
            review = db.session.scalars(sa.select(Review).where(Review.appointment_id == visit.id)).one()
        page.goto(f"{desk.base}/staff/appointments/{visit.id}")
        tab_to(page, page.get_by_role("link", name="Answers and review"))
        enter(page)
        expect(page).to_have_url(f"{desk.base}/staff/reviews/{review.id}")
        page.goto(f"{desk.base}/staff/appointments/{visit.id}/note")
        tab_to(page, page.get_by_label("What you did and found"))
        page.keyboard.type("Long strokes over the neck.")
        tab_to(page, page.get_by_role("button", name="Save draft"))
        enter(page)
        expect(page.get_by_role("banner").get_by_role("status")).to_contain_text("Draft saved.")


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on by Tab until this has the focus, and see that each stop on the way shows where one is."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const at = document.activeElement, ring = n => n && getComputedStyle(n).outlineStyle !== 'none';"
            " return at === document.body || ring(at) || ring(at.closest('.choice')) }"
        )
        assert focused, page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"not to be reached by Tab: {wanted}")


def test_a_morning_without_scripts(chromium: Browser, desk: Desk) -> None:
    context = chromium.new_context(java_script_enabled=False, ignore_https_errors=True)
    page = context.new_page()
    sign_in(page, desk.base, "daniel@alderlane.example")
    give_code(page, desk.app, "daniel@alderlane.example")
    go(page.get_by_role("listitem").filter(has_text="Ravi Menon").get_by_role("button", name="Arrived"))
    expect(page.get_by_role("status")).to_contain_text("Ravi is here.")
    go(page.get_by_role("button", name="Undo"))
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    page.goto(f"{desk.base}/staff/messages")
    expect(page.get_by_role("heading", level=1)).to_have_text("Messages")
    context.close()


def test_every_letter_fits_a_phone_and_a_desk_by_day_and_night(chromium: Browser, desk: Desk) -> None:
    send_the_other_kinds(desk.app)
    mails = {mail.subject.split()[0]: mail for mail in queries.outbox(desk.outbox)}
    kinds = "Booked: Changed: Cancelled: Confirmed: Friday, Not We An Go Your"
    assert set(kinds.split()) <= set(mails)
    with watched(chromium, "about:blank") as watch:
        page = watch.page()
        for mail in mails.values():
            assert len(mail.subject) <= 78, mail.subject
            page.set_content(mail.html)
            watch.look(page)


def send_the_other_kinds(app: Flask) -> None:
    """Letters that the demo's own hour does not bring: decided requests, a move, links that were asked for."""
    maeve = db.session.scalars(sa.select(Therapist).where(Therapist.slug == "maeve-sullivan")).one()
    of = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "lymphatic-drainage")).one()
    who = make.client(mail="ada@client.example", given_name=LONG, family_name=FAMILY)
    later = NOW + timedelta(days=40)
    requests = [
        make.appointment(
            of=of, who=who, therapist=maeve, starts_at=later + timedelta(days=days), state=State.REQUESTED,
            request_reason="level", decide_by=later, created_at=NOW, changed_at=NOW,
        )
        for days in (0, 1)
    ]  # fmt: skip
    make.appointment(
        of=of, who=who, therapist=maeve, starts_at=NOW + timedelta(hours=47), time_agreed_at=NOW - timedelta(days=9),
        created_at=NOW - timedelta(days=9), changed_at=NOW - timedelta(days=9),
    )  # fmt: skip
    samuel = db.session.scalars(
        sa.select(Appointment)
        .join(Client, Client.id == Appointment.client_id)
        .where(Client.family_name == "Osei", Appointment.series_id.is_(None))
    ).one()
    with transaction():
        request_decisions.confirm(requests[0].id, actor="system", now=NOW)
        request_decisions.decline(requests[1].id, actor="system", now=NOW)
        changes.move(
            samuel.id,
            samuel.starts_at + timedelta(days=35),
            revision=samuel.revision,
            actor="user:staff",
            now=NOW + timedelta(minutes=1),
        )
        owe_sign_in(db.session.scalars(sa.select(Contact).where(Contact.kind == "mail")).all()[0], NOW)
        drafts.start(browser=b"q" * 32, client_id=None, mail="ada@client.example", now=NOW)
        drafts.ask_resume(b"q" * 32, None, NOW)
    deliver(app, NOW + timedelta(minutes=9))


def test_staff_pages_are_light(chromium: Browser, desk: Desk) -> None:
    for path in ("/staff", desk.review("Castellano"), "/staff/messages"):
        carried = weight(chromium, desk.base + path, desk.cookies)
        assert 20_000 < carried < HEAVIEST, f"{path}: {carried}"


def test_the_team_and_somebody_who_joins_it(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, "/staff/settings/team/invite")
        go(page.get_by_role("button", name="Send invitation"))
        expect(page.get_by_role("alert")).to_contain_text("Enter the e-mail address.")
        watch.look(page)
        page.get_by_label("E-mail address").fill("jonas.weir@mail.example")
        page.get_by_label("Front desk").check()
        go(page.get_by_role("button", name="Send invitation"))
        expect(page.get_by_text("is invited. The letter is on its way.")).to_be_visible()
        watch.look(page)
        go(page.get_by_role("link", name="Daniel Okafor"))
        watch.look(page)
        go(page.get_by_role("link", name="Daniel leaves…"))
        expect(page.get_by_role("heading", name="visits to come")).to_be_visible()
        watch.look(page)
        watch.open(page, "/staff/account")
    deliver(desk.app, clock.now())
    (mail,) = [each for each in queries.outbox(desk.outbox) if "jonas.weir" in each.to]
    address = next(word for word in mail.text.split() if "/staff/join/" in word)
    with watched(chromium, desk.base) as watch:
        page = watch.open(watch.page(), address[address.index("/staff/join/") :])
        expect(page.get_by_role("heading", level=1)).to_have_text("Join the team")
        watch.open(page, "/staff/join/nobody-made-this")
