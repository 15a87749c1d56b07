"""Staff pages say times as the practice's country does; the calendar alone keeps the clock of 24 hours, and fields what is typed."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from clinic.accounts.models import User
from clinic.booking.models import State
from clinic.db import db
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.staff.test_no_health_at_the_desk import pages
from tests.web import reading

OF_24_HOURS = re.compile(r"(?<![\d:+-])([01]?\d|2[0-4]):[0-5]\d(?!:?\d)(?! ?[ap]m)")
KEEPS_24_HOURS = ("/staff/calendar", "/staff/day", "/staff/week")


def test_no_page_of_staff_mixes_two_clocks(
    scene: Scene,
    app: Flask,
    sign_in: Callable[[User], Browser],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "MAILDIR", tmp_path)  # No letters of other tests, to practices elsewhere.
    make.practice(country="CA", currency="CAD")
    visit = scene.visit(starts_at=make.NOW + timedelta(hours=3))
    scene.visit(starts_at=make.NOW - timedelta(hours=3), state=State.DONE)
    scene.request(starts_at=make.NOW + timedelta(days=1, hours=5))
    db.session.commit()
    browser = sign_in(make.user(roles=["owner", "therapist", "front_desk"], given_name="Odile"))
    known = {"appointment_id": visit.id, "client_id": scene.ada.id, "therapist_id": visit.therapist_id}
    wrong, seen = [], 0
    for path in pages(app, **known):
        if path.startswith(KEEPS_24_HOURS):
            continue
        answer = browser.client.get(path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        seen += 1
        page = reading.read(answer.text)
        said = " ".join(main.text for main in page.all("main")) or page.text
        for typed in (
            *page.all("button"),
            *page.all("p", class_="hint"),
        ):  # They speak of a field beside them.
            said = said.replace(typed.text, "")
        wrong += [(path, said[max(0, at.start() - 40) : at.end() + 20]) for at in OF_24_HOURS.finditer(said)]
    assert seen > 40
    assert not wrong, "\n".join(f"{path}: …{said}…" for path, said in wrong)
