"""Every page a client meets, in a real browser over https: narrow and wide, light and dark, by keyboard."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, Page, expect

from clinic import clock
from clinic.accounts import audit, services, signed_links
from clinic.accounts.models import Client, LinkPurpose
from clinic.booking import changes
from clinic.booking.models import Appointment, State
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.services import hold
from clinic.booking.waiting import offering
from clinic.booking.waiting import queries as waiting_list
from clinic.booking.waiting.models import Offer
from clinic.booking.waiting.models import WaitingListEntry as WaitingWish
from clinic.db import db, transaction
from clinic.guidance.questions import PAGES
from clinic.intake import path as intake_path
from clinic.intake import queries as intake
from clinic.intake.models import Draft
from clinic.messaging import preferences
from clinic.plans.models import VisitPreparation
from clinic.practice.models import Location, TherapistProfile, Treatment
from clinic.practice.profiles import ProfileDetails
from clinic.web.browser import digest
from tests import make
from tests.browser import PATIENCE_MS, enter, go
from tests.intake import walk
from tests.journeys.live import secure
from tests.journeys.looks import served, watched
from tests.patience import eventually
from tests.plans import at_the_gate
from tests.web import gallery

pytestmark = pytest.mark.browser

MONDAY = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
LONG = "Maria-Fernanda Wilhelmina Alexandra Theodora Constantia Otti"
FAMILY = "O'Neill-Sánchez"


@dataclass(frozen=True)
class Place:
    """The running product, where it is, and what it sells without asking health questions first."""

    app: Flask
    base: str
    plain: Treatment
    house: Location

    def cookies(self, secret: str) -> dict[str, str]:
        """The cookie of a browser that the product knows by this secret."""
        interface = SecureCookieSessionInterface()
        signer = interface.get_signing_serializer(self.app)
        assert signer is not None
        return {self.app.config["SESSION_COOKIE_NAME"]: signer.dumps({"browser": secret, "_permanent": True})}

    def visit(self, **columns: object) -> Appointment:
        """An appointment of a client with a long name."""
        return make.appointment(of=self.plain, who=self.client(), **columns)  # type: ignore[arg-type]

    def client(self, mail: str = "ada@client.example", given_name: str = LONG) -> Client:
        """A client; several may share one address."""
        return make.client(mail=mail, given_name=given_name, family_name=FAMILY)

    def address(self, visit: Appointment) -> str:
        """The page of an appointment."""
        return signed_links.manage_path(visit.id, visit.link_epoch)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with (
        secure(tmp_path_factory.mktemp("pages"), MONDAY) as product,
        served(product.stage.app, product.stage.settings.port),
    ):
        make.practice(
            about="Two therapists by the park.", advice_line="116 117", support_line="0800 111 0 111"
        )
        house = make.location(getting_here="Second door past the bakery.")
        people = [
            make.therapist(house, given_name=name, family_name=FAMILY, licence="RMT 1")
            for name in ("Thea", "Bartholomew-Maximilian")
        ]
        plain = make.treatment(
            therapists=people, name="Massage for long-standing tension of back and shoulders"
        )
        people[0].profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True, likes="Long journeys")))
        db.session.commit()
        yield Place(product.stage.app, product.base, plain, house)


def test_a_stranger_finds_nothing_in_the_way_before_booking(chromium: Browser, place: Place) -> None:
    with watched(chromium, place.base) as watch:
        page = watch.page()
        for path in (
            "/",
            "/book",
            "/privacy",
            "/terms",
            "/imprint",
            "/accessibility",
            "/guidance",
            "/my/sign-in",
            "/my/sign-in/sent",
        ):
            watch.open(page, path)
        watch.open(page, f"/therapists/{place.plain.therapists[0].slug}")
        watch.open(page, f"/locations/{place.house.slug}")
        watch.open(page, f"/book/{place.plain.slug}")
        watch.open(
            page, f"/book/{place.plain.slug}?therapist={place.plain.therapists[1].slug}&day=2031-03-06"
        )
        watch.open(page, f"/book/{place.plain.slug}?from=2032-01-05")
        watch.open(page, "/embed")
        watch.open(page, f"/embed/{place.plain.slug}?day=2031-03-06")
        go(page.get_by_role("button", name="10:00").first)
        watch.look(page)
        go(page.get_by_role("button", name="Choose another time"))  # The other tests find it free.
        watch.open(page, "/nowhere")
        watch.open(page, "/l/never-sent")
        page.goto(f"{place.base}/my/sign-in")
        go(page.get_by_role("button", name="Send me a link"))
        assert page.title().startswith("Error: ")
        watch.look(page)


TOO_LOW = """() => {
  const words = (each) => each.innerText.trim();
  const isInSentence = (each) => each.matches("a") && getComputedStyle(each).display === "inline"
    && words(each.parentElement.closest("p, li, dd, dt, h2, h3, div") ?? each).length > words(each).length + 3;
  return [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")]
    .filter((each) => each.checkVisibility() && !each.closest(".sr, .skip") && !isInSentence(each))
    .map((each) => [words(each) || each.name, (each.closest("label") ?? each).getBoundingClientRect().height])
    .filter(([, height]) => height < 43.5);
}"""
"""What is to be pressed, is no word of a sentence, and is lower than a finger: its words and its height."""


def test_on_a_phone_whatever_is_pressed_is_as_high_as_a_finger(chromium: Browser, place: Place) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740}, ignore_https_errors=True)
    plain, person = f"/book/{place.plain.slug}", place.plain.therapists[0].slug
    for path in ("/", plain, f"{plain}?therapist={person}", f"/locations/{place.house.slug}", "/embed"):
        page.goto(f"{place.base}{path}")
        assert page.evaluate(TOO_LOW) == [], path
    page.goto(f"{place.base}/my/sign-in")
    go(page.get_by_role("button", name="Send me a link"))
    assert page.evaluate(TOO_LOW) == []
    page.context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_every_target_of_a_therapists_page_is_large_enough(
    chromium: Browser, place: Place, width: int
) -> None:
    """WCAG 2.2, 2.5.8: at least 24 pixels each way, or as much room around it."""
    page = chromium.new_page(viewport={"width": width, "height": 800}, ignore_https_errors=True)
    page.goto(f"{place.base}/therapists/{place.plain.therapists[0].slug}")
    page.evaluate(AXE_SCRIPT)
    only = json.dumps({"runOnly": {"type": "rule", "values": ["target-size"]}})
    found = page.evaluate(f"axe.run({only}).then(({{violations, passes}}) => [violations, passes.length])")
    page.context.close()
    assert found == [[], 1]


def test_booking_loses_a_time_mends_its_errors_and_is_done(chromium: Browser, place: Place) -> None:
    with watched(chromium, place.base) as watch:
        page = watch.page()
        page.goto(f"{place.base}/book/{place.plain.slug}?day=2031-03-06")
        offer = page.get_by_role("button", name="10:00")
        for rival in (b"r" * 32, b"s" * 32):
            with transaction():
                starts_at = datetime(2031, 3, 6, 9, 0, tzinfo=UTC)
                hold(SearchCriteria(place.plain.id), starts_at, browser=rival, client_id=None, now=MONDAY)
        go(offer)
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        go(page.get_by_role("alert").get_by_role("button").first)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your details")
        watch.look(page)
        page.get_by_label("Mobile number").fill("12")
        go(page.get_by_role("button", name="Book this session"))
        expect(page.get_by_role("alert")).to_be_focused()
        assert page.get_by_role("alert").get_by_role("link").count() == 5
        watch.look(page)
        fill_in_details(page)
        go(page.get_by_role("button", name="Book this session"))
        expect(page.get_by_role("heading", level=1)).to_have_text(f"You are booked, {LONG}")
        watch.look(page)


def fill_in_details(page: Page) -> None:
    """Who is coming, as somebody with a long name."""
    page.get_by_label("First name").fill(LONG)
    page.get_by_label("Family name").fill(FAMILY)
    page.get_by_label("E-mail address").fill("a.rather.long.address@a-long-domain-of-a-client.example")
    page.get_by_label("Mobile number").fill("")
    page.get_by_label("I have read this and agree.").check()


def test_the_page_of_a_visit_reads_well_in_every_state(chromium: Browser, place: Place) -> None:
    soon = datetime(2031, 3, 4, 13, 0, tzinfo=UTC)
    booked = place.visit(starts_at=soon)
    requested = place.visit(state=State.REQUESTED, starts_at=soon + timedelta(hours=2))
    moved = place.visit(starts_at=soon + timedelta(days=1))
    cancelled = place.visit(starts_at=soon + timedelta(days=2))
    with transaction():
        actor = audit.by_link(moved.id)
        changes.move(
            moved.id, soon + timedelta(days=1, hours=2), revision=moved.revision, actor=actor, now=MONDAY
        )
        changes.cancel(cancelled.id, revision=cancelled.revision, actor=actor, now=MONDAY)
    over = place.visit(starts_at=MONDAY - timedelta(days=2), state=State.DONE)
    missed = place.visit(starts_at=MONDAY - timedelta(days=3), state=State.MISSED)
    declined = place.visit(starts_at=soon + timedelta(days=3), state=State.DECLINED)
    past = place.visit(starts_at=MONDAY - timedelta(days=40), state=State.DONE)
    with watched(chromium, place.base) as watch:
        page = watch.page()
        for visit in (booked, requested, moved, cancelled, over, missed, declined, past):
            watch.open(page, place.address(visit))
        for visit in (booked, requested):
            watch.open(page, f"{place.address(visit)}/done")
        for way in ("cancel", "move"):
            watch.open(page, f"{place.address(booked)}/{way}")
        watch.open(page, signed_links.aftercare_path(over.id, over.link_epoch))


def test_the_waiting_list_reads_well_from_joining_to_a_time(chromium: Browser, place: Place) -> None:
    with watched(chromium, place.base) as watch:
        page = watch.page()
        watch.open(page, f"/waiting-list/{place.plain.slug}")
        go(page.get_by_role("button", name="Join the waiting list"))
        expect(page.get_by_role("alert")).to_be_focused()
        watch.look(page)
        page.get_by_label("First name").fill(LONG)
        page.get_by_label("Family name").fill(FAMILY)
        page.get_by_label("E-mail address").fill("a.rather.long.address@a-long-domain-of-a-client.example")
        go(page.get_by_role("button", name="Join the waiting list"))
        expect(page.get_by_role("heading", level=1)).to_have_text("You are on the waiting list")
        watch.look(page)
        go(page.get_by_role("link", name="Change"))
        watch.look(page)
        visit = place.visit(starts_at=datetime(2031, 3, 27, 9, 0, tzinfo=UTC))
        watch.open(page, f"{place.address(visit)}/earlier")
        go(page.get_by_role("button", name="Tell me when something is free"))
        expect(page.get_by_role("heading", level=1)).to_have_text("You wait for something earlier")
        watch.look(page)
        first, second = offered_to_all_who_wait(place)
        watch.open(page, signed_links.offer_path(second, 1))
        watch.open(page, signed_links.offer_path(first, 1))
        go(page.get_by_role("button", name="Take this time"))
        expect(page.get_by_role("heading", level=1)).to_have_text(f"You are booked, {LONG}")
        watch.open(page, signed_links.offer_path(second, 1))
        expect(page.get_by_role("heading", level=1)).to_have_text("This time is gone")


def offered_to_all_who_wait(place: Place) -> list[UUID]:
    """A time that is kept and offered to everybody who waits; the offers, whoever waited longest first."""
    waiting = list(db.session.scalars(sa.select(WaitingWish).order_by(WaitingWish.created_at)))
    # Tomorrow: the first time of today begins as the clock is set, and cannot be taken a moment later.
    (time,) = waiting_list.fitting(waiting[0], MONDAY + timedelta(days=1), 1, apart=timedelta(0))
    with transaction():
        kept = offering.keep(place.plain.id, time, [entry.id for entry in waiting], now=clock.now())
    return list(
        db.session.scalars(
            sa.select(Offer.id)
            .join(Offer.entry)
            .where(Offer.offering_id == kept.id)
            .order_by(WaitingWish.created_at)
        )
    )


def test_signing_in_and_the_own_visits_read_well(chromium: Browser, place: Place) -> None:
    ada = place.client("two@client.example", given_name="Ada")
    with transaction():
        raw = services.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=ada.contacts[0].id, now=MONDAY)
    make.appointment(of=place.plain, who=ada, starts_at=datetime(2031, 3, 10, 9, 0, tzinfo=UTC))
    make.appointment(
        of=place.plain, who=ada, starts_at=datetime(2031, 3, 11, 9, 0, tzinfo=UTC), state=State.REQUESTED
    )
    db.session.add(
        WaitingWish(
            client_id=ada.id,
            treatment_id=place.plain.id,
            times=list(range(9)),
            last_on=MONDAY.date(),
            created_at=MONDAY,
        )
    )
    db.session.commit()
    with watched(chromium, place.base) as watch:
        page = watch.page()
        watch.open(page, signed_links.sign_in_path(raw))
        go(page.get_by_role("button", name="Open my visits"))
        expect(page.get_by_role("heading", name="Also booked")).to_be_visible()
        watch.look(page)
        for path in pages_of_the_portal(place.app):
            watch.open(page, path)
        watch.open(page, preferences.unsubscribe_path(ada.contacts[0].id, preferences.Topic.REBOOKING))
        watch.open(page, "/my/new")
        go(page.get_by_role("button", name="Continue"))
        assert page.title().startswith("Error: ")
        watch.look(page)
        page.get_by_label("First name").fill(LONG)
        page.get_by_label("Family name").fill(FAMILY)
        go(page.get_by_role("button", name="Continue"))
        expect(page.get_by_role("heading", name="Nothing is booked")).to_be_visible()
        watch.look(page)
        watch.open(page, "/my/who")


def test_the_german_pages_of_an_appointment_read_well(chromium: Browser, place: Place) -> None:
    visit = place.visit(starts_at=datetime(2031, 3, 17, 9, 0, tzinfo=UTC))
    german_letters(visit.client)
    with watched(chromium, place.base) as watch:
        page = watch.page()
        for part in ("", "/cancel", "/move", "/done"):
            watch.open(page, f"{place.address(visit)}{part}")
            expect(page.locator("html")).to_have_attribute("lang", "de")
        watch.open(page, "/intake")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        watch.open(page, "/guidance")
        expect(page.locator("html")).to_have_attribute("lang", "de")


def german_letters(person: Client | None) -> None:
    """From now on this person reads German."""
    assert person is not None
    with transaction():
        person.language = "de"


def test_german_pages_with_their_long_words_read_well_and_are_worked_by_keyboard(
    chromium: Browser, place: Place
) -> None:
    eva = place.client("eva@client.example", given_name="Eva")
    german_letters(eva)
    make.appointment(of=place.plain, who=eva, starts_at=datetime(2031, 3, 12, 9, 0, tzinfo=UTC))
    with transaction():
        raw = services.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=eva.contacts[0].id, now=MONDAY)
    with watched(chromium, place.base) as watch:
        page = watch.page()
        page.set_extra_http_headers({"Accept-Language": "de"})
        for path in ("/", f"/waiting-list/{place.plain.slug}", signed_links.sign_in_path(raw)):
            watch.open(page, path)
        tab_to(page, "Meine Termine öffnen")
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Guten Tag, Eva")
        watch.look(page)
        watch.open(page, "/my/letters")
        tab_to(page, "Speichern")
        enter(page)
        expect(page.get_by_role("status")).to_contain_text("Gespeichert.")
        page.goto(
            f"{place.base}{preferences.unsubscribe_path(eva.contacts[0].id, preferences.Topic.REBOOKING)}"
        )
        tab_to(page, "Diese E-Mails beenden")
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Diese E-Mails kommen nicht mehr")
        watch.look(page)


def answered(secret: str, *, until: str | None = None, **changed: list[str]) -> Draft:
    """The answers under way in a browser, up to a page."""
    with transaction():
        return walk.walk(MONDAY, browser=digest(secret), until=until, **changed)


def submitted(secret: str, **changed: list[str]) -> None:
    """A whole intake, sent from a browser."""
    with transaction():
        walk.sent(MONDAY, browser=digest(secret), **changed)


BRANCHES: Mapping[str, list[str]] = {
    "pain_areas": ["lower_back", "leg_left"],
    "radiation": ["leg_below_knee"],
    "limb_symptoms": ["tingling"],
    "diagnoses": ["herniated_disc"],
    "diagnoses_past": ["herniated_disc"],
    "skin_issues": ["rash_or_eczema"],
    "sex_at_birth": ["female"],
    "activity_level": ["athlete"],
}


def test_every_question_page_reads_well(chromium: Browser, place: Place) -> None:
    secret = "every-question"
    draft = answered(secret, **BRANCHES)
    asked = [page.slug for page in PAGES if intake_path.is_reached(page, draft.answers)]
    assert len(asked) > 25
    with watched(chromium, place.base, place.cookies(secret)) as watch:
        page = watch.page()
        for slug in asked:
            if slug != intake_path.CLOSING:
                watch.open(page, f"/intake/{slug}")


def test_the_pages_around_the_questions_read_well(chromium: Browser, place: Place) -> None:
    secret = "around"
    with watched(chromium, place.base, place.cookies(secret)) as watch:
        page = watch.page()
        watch.open(page, "/intake")
        go(page.get_by_role("button", name="Continue"))
        watch.look(page)
        page.get_by_label("No", exact=True).check()
        go(page.get_by_role("button", name="Continue"))
        expect(page.get_by_role("heading", level=1)).to_have_text("We have kept nothing")
        watch.look(page)
        answered(secret, until="safety-1")
        watch.open(page, "/intake")
        watch.open(page, "/intake/resume")
        go(page.get_by_role("button", name="Send me a link"))
        watch.look(page)
        page.goto(f"{place.base}/intake/safety-1")
        go(page.get_by_role("button", name="Continue"))
        summary = page.get_by_role("alert").get_by_role("link")
        assert len(set(summary.all_inner_texts())) == summary.count() > 1
        watch.look(page)
        answered(secret)
        watch.open(page, "/intake/check")
        go(page.get_by_role("button", name="Send your answers"))
        watch.look(page)
        draft = intake.draft(digest(secret), MONDAY)
        assert draft is not None
        for path in ("/intake/link-asked", f"/intake/go-on/{draft.id}", "/intake/resume/never-sent"):
            watch.open(page, path)
        with transaction():
            raw = services.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=draft.id, now=MONDAY)
        watch.open(page, f"/intake/resume/{raw}")


TOLD: Mapping[str, dict[str, list[str]]] = {
    "ok": {},
    "caution": {"conditions": ["asthma", "pacemaker_or_implant"], "approach_interest": ["essential_oils"]},
    "therapist_review": {"diagnoses": ["sciatica"], "radiation": ["leg_below_knee"]},
    "refer": {"swelling": ["area_or_limb_unexplained"]},
    "postpone": {"today": ["alcohol_or_drugs"]},
}


def test_every_outcome_reads_well(chromium: Browser, place: Place) -> None:
    for name, changed in TOLD.items():
        submitted(name, **changed)
        with watched(chromium, place.base, place.cookies(name)) as watch:
            watch.open(watch.page(), "/intake/outcome")
    for code, name in (("red_flags_saddle_numbness", "urgent"), ("red_flags_weight_loss", "stopped")):
        answered(name, **{code: ["yes"]})
        with watched(chromium, place.base, place.cookies(name)) as watch:
            watch.open(watch.page(), "/intake/outcome")


def test_every_refusal_reads_well(chromium: Browser) -> None:
    with served(gallery.face()) as base, watched(chromium, base) as watch:
        page = watch.page()
        for code in (403, 404, 409, 410, 429):
            watch.open(page, f"/error/{code}")


@pytest.mark.parametrize("code", [500, 503])
def test_a_failure_reads_well(chromium: Browser, code: int) -> None:
    with served(gallery.face()) as base, watched(chromium, base) as watch:
        page = watch.page()
        page.remove_listener("console", watch._said)
        watch.open(page, f"/error/{code}")


SHOWN = """() => { const on = document.activeElement, style = getComputedStyle(on);
  const around = on.closest("label"), box = around && getComputedStyle(around);
  return on !== document.body && (style.outlineStyle !== "none" || (box && box.outlineStyle !== "none")); }"""


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the control with these words has the focus; every stop on the way must show it. Links that skip are passed."""
    for _ in range(80):
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWN), page.evaluate("document.activeElement.outerHTML")
        said = page.evaluate(
            "() => { const on = document.activeElement;"
            " return on.matches('.skip') ? '' : on.labels?.[0]?.innerText ?? on.innerText ?? '' }"
        )
        if words in said:
            return
    raise AssertionError(f"Tab never came to {words!r} on {page.url}")


def test_a_session_is_booked_and_cancelled_by_keyboard_alone(chromium: Browser, place: Place) -> None:
    with watched(chromium, place.base) as watch:
        page = watch.page()
        page.goto(f"{place.base}/book/{place.plain.slug}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        tab_to(page, "First available")
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your details")
        for label, typed in (("First name", "Ada"), ("Family name", FAMILY), ("E-mail", "ada@keys.example")):
            tab_to(page, label)
            page.keyboard.type(typed)
        tab_to(page, "I have read this")
        page.keyboard.press("Space")
        tab_to(page, "Book this session")
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("You are booked, Ada")
        tab_to(page, "Move or cancel")
        enter(page)
        expect(page).to_have_title("Your appointment - Alder Lane")
        tab_to(page, "Cancel this appointment")
        enter(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Cancel this appointment?")
        tab_to(page, "Cancel appointment")
        enter(page)
        expect(page.get_by_role("heading", name="Cancelled by mistake?")).to_be_visible()


COVERED = """() => new Promise(told => requestAnimationFrame(() => requestAnimationFrame(() => {
  const on = document.activeElement, under = on.getBoundingClientRect(), message = document.querySelector(".flash");
  const over = message.getBoundingClientRect();
  told([on.innerText, message.contains(on), on.matches("main, body") || !over.height,
    over.left < under.right && under.left < over.right && over.top < under.bottom && under.top < over.bottom]);
})))"""


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)], ids=["wide", "narrow"])
def test_a_message_never_covers_what_has_the_focus(
    chromium: Browser, place: Place, size: tuple[int, int]
) -> None:
    """WCAG 2.2, 2.4.11, forwards and back, at every stop of a page that has just said something."""
    with watched(chromium, place.base) as watch:
        page = watch.page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{place.base}/kept-time")
        expect(page.locator(".flash")).to_be_visible()
        assert page.locator(".flashes").evaluate("found => getComputedStyle(found).position") == "fixed"
        stops = []
        for key in ["Tab"] * 20 + ["Shift+Tab"] * 20:
            page.keyboard.press(key)
            words, is_message, is_whole, is_covered = page.evaluate(COVERED)
            assert is_message or is_whole or not is_covered, words
            stops.append(words)
        assert len(set(stops)) > 8


def test_without_scripts_a_message_stands_in_the_flow(chromium: Browser, place: Place) -> None:
    context = chromium.new_context(java_script_enabled=False, ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{place.base}/kept-time")
    assert page.locator(".flash").bounding_box()["y"] < page.locator("h1").bounding_box()["y"]  # type: ignore[index]
    assert page.locator("main").bounding_box()["y"] >= page.locator(".flash").bounding_box()["y"]  # type: ignore[index]
    context.close()


def test_a_part_that_is_left_by_a_link_keeps_its_answers(chromium: Browser, place: Place) -> None:
    """*Before your visit* sends them as the page goes; opening a part and leaving it sends nothing."""
    secret = "leaves-by-a-link"
    ada = place.client("leaver@client.example", "Ada")
    at_the_gate.send(ada, MONDAY - timedelta(hours=1))
    asks = make.treatment(therapists=place.plain.therapists, intake="before_booking")
    visit = make.appointment(
        of=asks, who=ada, booked_in=digest(secret), starts_at=datetime(2031, 3, 21, 9, 0, tzinfo=UTC)
    )
    part = f"{signed_links.preparation_path(visit.id, visit.link_epoch)}/day"

    of_visit = sa.select(VisitPreparation.id).where(VisitPreparation.appointment_id == visit.id)

    def saved() -> bool:
        db.session.rollback()
        return db.session.scalar(of_visit) is not None

    with watched(chromium, place.base, place.cookies(secret)) as watch:
        page = watch.page()
        home = page.get_by_role("link", name=re.compile("Alder Lane")).first
        page.goto(f"{place.base}{part}")
        go(home)
        assert not saved()
        page.goto(f"{place.base}{part}")
        page.get_by_role("radio", name="At a desk").check(force=True)
        go(home)
        assert eventually(saved, PATIENCE_MS / 1000)
        page.goto(f"{place.base}{part}")
        expect(page.get_by_role("radio", name="At a desk")).to_be_checked()


def pages_of_the_portal(app: Flask) -> list[str]:
    """Every page below *My visits* whose address names nobody."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/my") and not rule.arguments and "GET" in (rule.methods or ())
    )
