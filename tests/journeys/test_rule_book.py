"""The rule book in a real browser: read, signed, changed and signed again; numbers from five clients on; and incidents."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from clinic import clock
from clinic.accounts.models import User
from clinic.booking.models import State
from clinic.db import db
from clinic.guidance import rules
from clinic.maintenance import sweeps
from clinic.plans.models import Decision, DeclineReason
from clinic.plans.rule_book import signatures
from tests.browser import go
from tests.journeys.looks import watched
from tests.journeys.test_staff_pages import INES, Desk, desk
from tests.plans.conftest import Scene
from tests.plans.intakes import FEVER
from tests.plans.rule_book.test_experience import decided, people
from tests.plans.rule_book.test_signatures import new_rules

__all__ = ["desk"]
pytestmark = pytest.mark.browser

BOOK = "/staff/settings/guidance"


def sign(page: Page, version: str) -> None:
    page.get_by_label("Licence").fill("RMT A482")
    page.get_by_label("I have read these rules").check()
    go(page.get_by_role("button", name=f"Sign rule set {version}"))


def test_rules_are_signed_changed_and_signed_again(
    chromium: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = rules.CURRENT.version
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(f"{desk.base}/staff/reviews")
        expect(page.get_by_text("Nobody here has read and signed the rules in use yet")).to_be_visible()
        go(page.get_by_role("link", name="Open the rule book"))
        watch.look(page)
        go(page.get_by_role("button", name=f"Sign rule set {version}"))
        expect(page.get_by_role("alert")).to_contain_text("Tick that you have read the rules.")
        sign(page, version)
        expect(page.get_by_text("Somebody here has read and signed these rules.")).to_be_visible()
        new_rules(monkeypatch)
        page.goto(desk.base + "/staff")
        expect(page.get_by_text(f"The last one signed here is {version}.")).to_be_visible()
        page.goto(desk.base + BOOK)
        changed = page.get_by_role("region", name="What changed since the text signed last")
        expect(changed.get_by_text("Removed")).to_be_visible()
        expect(changed.get_by_text("Said differently").first).to_be_visible()
        sign(page, "2032.01")
        expect(changed).to_have_count(0)
        go(page.get_by_role("button", name="Withdraw your signature under rule set 2032.01"))
        expect(page.get_by_text("Not signed yet")).to_be_visible()
        expect(changed).to_be_visible()


def test_paper_shows_the_rules_and_no_ways_to_go(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(desk.base + BOOK)
        expect(page.get_by_role("button", name="Print or save as PDF")).to_be_visible()
        page.emulate_media(media="print")
        for around in (page.get_by_role("navigation"), page.get_by_role("button")):
            expect(around).to_have_count(0)
        source = page.locator(f"#rule-{signatures.book_in_use().rules[-1].id} .tag").first
        expect(source).to_be_visible()
        page.emulate_media(media="screen")
        expect(source).to_be_hidden()


def test_a_phone_page_is_a_few_screens_and_a_word_leads_to_its_rule(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(desk.base + BOOK)
        assert page.evaluate("document.documentElement.scrollHeight") < 8 * 740
        page.get_by_label("Find rules that say").fill("shingles")
        go(page.get_by_role("button", name="Find"))
        expect(page.get_by_role("status").filter(has_text="shingles")).to_be_visible()
        watch.look(page)


def test_numbers_stand_beside_a_rule_from_five_clients_on(chromium: Browser, desk: Desk) -> None:
    ines = db.session.scalars(sa.select(User).where(User.email == INES)).one()
    scene = cast(Scene, SimpleNamespace(therapist_user=ines))
    ill: dict[str, Any] = {"reason_kind": DeclineReason.CALL_FIRST, "reason": "Ill.", "at": clock.now()}
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        here = page.locator("#rule-R03 .rule-here")
        for number, shown in ((4, 0), (1, 1)):
            decided(scene, people(number), Decision.DECLINE, FEVER, **ill)
            sweeps.count_experiences()
            page.goto(desk.base + BOOK)
            page.locator("#group-refer > summary").click()
            page.locator("#rule-R03 summary").click()
            expect(page.locator("#rule-R03 .facts")).to_be_visible()
            expect(here).to_have_count(shown)
        expect(here).to_contain_text("Counted: 5 clients.")
        expect(here).not_to_contain_text("followed")


def test_an_incident_is_signed_on_its_visit_and_added_to(chromium: Browser, desk: Desk) -> None:
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        page.goto(f"{desk.base}/staff/appointments/{desk.visit('Lindqvist', State.ARRIVED, State.DONE).id}")
        go(page.get_by_role("link", name="Record an incident"))
        watch.look(page)
        page.get_by_label("Faint", exact=True).check()
        page.get_by_label("What happened").fill("Dizzy on standing up.")
        go(page.get_by_role("button", name="Sign the record"))
        watch.look(page)
        page.get_by_label("Add to this record").fill("Well again after ten minutes.")
        go(page.get_by_role("button", name="Add to the record"))
        expect(page.get_by_text("Well again after ten minutes.")).to_be_visible()
        go(page.get_by_role("link", name="All incidents"))
        expect(page.get_by_role("row", name="Faint")).to_be_visible()
        watch.look(page)
