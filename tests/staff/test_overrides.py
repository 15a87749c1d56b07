"""The owner's report of followed and left suggestions."""

from collections.abc import Callable

import pytest

from clinic import clock
from clinic.accounts.models import User
from clinic.db import db
from clinic.maintenance import sweeps
from clinic.plans.models import Decision
from tests.make import Make
from tests.plans.conftest import Scene
from tests.plans.test_overrides import decide, replaced
from tests.staff.conftest import Browser

PAGE = "/staff/reports/overrides"


@pytest.fixture
def owner(scene: Scene, make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(make.user(roles=["owner"], given_name="Olga"))


def test_the_page_says_so_while_nothing_was_counted_or_decided(owner: Browser) -> None:
    assert "Not counted yet" in owner.get(PAGE)
    sweeps.count_overrides()
    assert "No decisions yet" in owner.get(PAGE)


def test_asking_leaves_a_row_that_the_worker_finds(owner: Browser, scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=6)
    replaced(scene, times=5)
    page = owner.done(PAGE)
    assert "A new count has been requested" in page
    assert ">E04<" not in page
    sweeps.count_overrides_if_asked()
    db.session.expire_all()
    page = owner.get(PAGE)
    assert "A new count has been requested" not in page
    assert ">E04<" in page
    assert "Tender points that send pain elsewhere" in page
    assert "The client’s wish: at least 5" in page


def test_the_night_counts_without_being_asked(owner: Browser, scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=4, at=clock.now())
    sweeps.count_overrides()
    page = owner.get(PAGE)
    assert "Too few decisions yet" in page
    assert "Counted " in page


def test_the_rail_leads_owners_there_and_nobody_else(
    owner: Browser, therapist: Browser, front_desk: Browser
) -> None:
    assert 'href="/staff/reports"' in owner.get("/staff/messages")
    assert owner.look("/staff/reports").location == PAGE
    for browser in (therapist, front_desk):
        assert "/staff/reports" not in browser.get("/staff/messages")
        assert browser.look("/staff/reports").status_code == browser.look(PAGE).status_code == 403


def test_there_is_no_report_of_another_name(owner: Browser) -> None:
    assert owner.look("/staff/reports/salaries").status_code == 404
