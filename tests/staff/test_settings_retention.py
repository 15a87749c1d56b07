"""An owner sees how long things are kept, changes a period after reading what that takes away, and goes back to the usual one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic.accounts.models import User
from clinic.db import transaction
from clinic.maintenance import periods, sweeps
from clinic.maintenance.retention import RETENTION
from tests import make
from tests.maintenance.kept_rows import KeptRows
from tests.visitor import Visitor, as_staff

TABLE, NEXT = "/staff/settings/data/retention", "/staff/settings/data/next-run"
SHEETS = f"{TABLE}/waiting_list"
NOW = make.NOW


@pytest.fixture
def kept(app: Flask, database: object, the_clock_says: Callable[[datetime], None]) -> KeptRows:
    the_clock_says(NOW)
    return KeptRows()


@pytest.fixture
def owner(app: Flask, kept: KeptRows) -> Visitor:
    olive: User = make.user(roles=["owner"], email="olive@alderlane.example")
    return Visitor(as_staff(app, olive))


def test_the_table_says_of_each_kind_what_why_how_long_and_what_happens(owner: Visitor) -> None:
    text = owner.open(TABLE).text
    for row in RETENTION:
        period = row.period()
        assert row.what in text
        assert row.ground.words in text
        assert (f"{period} after {row.after}" if period else "Not deleted by itself") in text
    assert owner.open("/staff/settings/data").text.count("How long things are kept") == 1


def test_a_period_is_changed_after_reading_what_that_takes_away(owner: Visitor, kept: KeptRows) -> None:
    for days in (20, 40, 100):
        kept.waiting_list(NOW - timedelta(days=days))
    owner.open(SHEETS).press("Go on", length="30")
    assert "then takes away 2." in owner.text
    assert "As it is now it would take 1." in owner.text
    assert periods.chosen() == {}, "nothing is saved before it is agreed to"
    owner.press("Save")
    assert owner.path == TABLE
    assert "30 days after the entry ended You chose this." in owner.text
    assert "30 days after the entry ended." in owner.open("/privacy").text
    sweeps.tidy()
    owner.open("/staff/settings/access")
    assert "Deleted what was kept long enough" in owner.text
    assert "Waiting-list entries and their offers: 2" in owner.text
    assert "Changed how long records are kept" in owner.text
    assert "Waiting-list entries and their offers: 90 days → 30 days" in owner.text
    owner.open(SHEETS).press("Back to the usual period")
    assert "takes away nothing of this kind" in owner.text
    owner.press("Save")
    assert periods.chosen() == {}
    assert "You chose this" not in owner.text


def test_clients_who_are_gone_are_counted_before_anybody_is_erased(owner: Visitor, kept: KeptRows) -> None:
    for _ in range(3):
        kept.unseen_clients(NOW - timedelta(days=12 * 366))
    assert "Nothing is due" in owner.open(NEXT).text
    owner.open(f"{TABLE}/unseen_clients").press("Go on", length="10")
    assert "then takes away 3. As it is now it would take none." in owner.text
    assert "That cannot be undone after the run." in owner.text
    owner.press("Save")
    assert "Clients who have not been here for a long time" in owner.open(NEXT).text
    assert "Tue 4 Mar, 04:30" in owner.text
    owner.open(f"{TABLE}/unseen_clients").press("No longer delete them by themselves")
    owner.press("Save")
    assert "Nothing is due" in owner.open(NEXT).text


@pytest.mark.parametrize("typed", ["6", "366", "", "many", "9" * 30])
def test_what_is_outside_the_bounds_is_not_taken_and_stands_there_again(owner: Visitor, typed: str) -> None:
    owner.open(SHEETS).press("Go on", length=typed)
    assert owner.status == 422
    assert owner.title.startswith("Error: ")
    assert owner.page.one("input", id="length").get("value") == typed
    assert periods.chosen() == {}


def test_a_consequence_that_was_not_shown_is_shown_first(owner: Visitor) -> None:
    owner.open(SHEETS).press("Go on", length="30")
    owner.press("Save", length="7")
    assert "Keep them for 7 days?" in owner.text
    assert periods.chosen() == {}


def test_who_was_too_late_sees_how_it_is_now(owner: Visitor, kept: KeptRows) -> None:
    owner.open(SHEETS).press("Go on", length="30")
    with transaction():
        periods.choose("waiting_list", 60, seen_as=periods.mark("waiting_list"), actor="user:other", now=NOW)
    owner.press("Save")
    assert owner.status == 409
    assert "60 days after the entry ended" in owner.text
    assert periods.chosen() == {"waiting_list": 60}
    owner.press("Go on", length="30")
    owner.press("Save")
    assert periods.chosen() == {"waiting_list": 30}


def test_a_fixed_period_has_no_page(owner: Visitor) -> None:
    assert owner.open(f"{TABLE}/drafts").status == 404
    assert owner.open(f"{TABLE}/nothing").status == 404


@pytest.mark.parametrize("role", ["front_desk", "therapist"])
def test_only_owners_see_it(app: Flask, kept: KeptRows, role: str) -> None:
    page = Visitor(as_staff(app, make.user(roles=[role], email="robin@alderlane.example")))
    for path in (TABLE, NEXT, SHEETS):
        assert page.open(path).status == 403
