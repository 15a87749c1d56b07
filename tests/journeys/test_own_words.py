"""A client's own words in a real browser: the tick comes with the words, the database holds them sealed, the therapist reads
them first."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, expect

from clinic.accounts.models import Client
from clinic.db import db, transaction
from clinic.intake import services
from clinic.intake.models import Draft
from clinic.plans import services as plans
from clinic.web.browser import digest
from tests.browser import go
from tests.intake import walk
from tests.journeys.looks import watched
from tests.journeys.test_staff_pages import NOW, Desk, desk

__all__ = ["desk"]
pytestmark = pytest.mark.browser

SECRET = "the browser of somebody who writes"
WORDS = "A zebrafish bit me, and it still swells."


def cookies(desk: Desk) -> dict[str, str]:
    """The cookie of a browser that the product knows by its secret."""
    signer = SecureCookieSessionInterface().get_signing_serializer(desk.app)
    assert signer is not None
    return {
        desk.app.config["SESSION_COOKIE_NAME"]: signer.dumps({"browser": SECRET, "_permanent": True}),
    }


def test_words_are_typed_sealed_and_read_first(chromium: Browser, desk: Desk) -> None:
    with transaction():
        walk.walk(NOW, browser=digest(SECRET), until="conditions")
    with watched(chromium, desk.base, cookies(desk)) as watch:
        page = watch.page()
        watch.open(page, "/intake/conditions")
        page.get_by_label("None of these").check()
        page.get_by_text("Say more").click()
        tick = page.get_by_label("This may matter for my safety")
        expect(tick).to_be_hidden()
        page.get_by_label("Anything else we should know about your health?").fill(WORDS)
        tick.check()
        watch.look(page)
        go(page.get_by_role("button", name="Continue"))
    with transaction():
        sealed = db.session.scalars(
            sa.select(Draft.answers_sealed).where(Draft.browser == digest(SECRET))
        ).one()
        assert b"zebrafish" not in sealed
        submission = walk.sent(NOW, browser=digest(SECRET))
        somebody = db.session.scalars(sa.select(Client).where(Client.family_name == "Castellano")).one()
        services.adopt(digest(SECRET), somebody.id, NOW)
        visit = desk.visit("Castellano")
        waiting = plans.open_review(submission.outcome, somebody.id, visit, NOW + timedelta(minutes=1))
        assert waiting is not None
        address = f"/staff/reviews/{waiting.id}"
    with watched(chromium, desk.base, desk.cookies) as watch:
        page = watch.page()
        watch.open(page, address)
        expect(page.get_by_role("heading", level=2).first).to_contain_text("own words")
        expect(page.get_by_role("region", name="own words")).to_contain_text(WORDS)
        expect(page.get_by_text("The client asks for a look before confirmation").first).to_be_visible()
