"""Asking for a copy of everything, in the portal and at the desk: who may, what is shown, how it ends."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import data_exports, sessions
from clinic.accounts.data_exports import KEPT, LEASE, DataExport
from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.exports import building
from clinic.maintenance import sweeps
from clinic.messaging import delivery
from clinic.messaging.models import Message, MessageKind
from tests import make
from tests.messaging.mailers import Postbox
from tests.plans.conftest import Scene, scene
from tests.visitor import Visitor, as_client, as_staff

__all__ = ["scene"]
A_MINUTE = timedelta(minutes=1)
PASSWORD = re.compile(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}")


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


def deeds() -> list[tuple[str, str]]:
    rows = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject_type == "data_exports").order_by(AuditEntry.id)
    )
    return [(row.action, row.actor.partition(":")[0]) for row in rows]


def test_a_client_gets_a_copy_with_a_password_that_is_shown_once(scene: Scene, ada: Visitor) -> None:
    assert "Get a copy of everything" in ada.open("/my/data").text
    ada.open("/my/data/copy")
    assert "It holds everything we keep about you" in ada.text
    ada.press("Make my copy")
    assert PASSWORD.search(ada.text)
    assert "0 of 4 parts are done." in ada.text
    assert not PASSWORD.search(ada.open("/my/data/copy").text)
    building.build_data_exports()
    assert "Your copy is ready." in ada.open("/my/data/copy").text
    assert not PASSWORD.search(ada.text)
    answer = ada.browser.get("/my/data/copy/file")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].endswith('.zip"')
    assert scene.ada.given_name not in answer.headers["Content-Disposition"]
    ada.open("/my/data/copy").press("Delete the copy")
    assert "The copy is deleted." in ada.text
    assert ada.browser.get("/my/data/copy/file").status_code == 404
    assert deeds() == [
        ("ask", "contact"), ("read", "system"), ("build", "system"), ("export", "contact"), ("delete", "contact"),
    ]  # fmt: skip


def test_an_older_sign_in_has_to_be_proven_again_and_leads_back(
    scene: Scene, ada: Visitor, the_clock_says: Callable[[datetime], None]
) -> None:
    ada.open("/my/data/copy").press("Make my copy")
    the_clock_says(make.NOW + sessions.CLIENT_FRESH + A_MINUTE)
    assert "sign-in" in ada.open("/my/data/copy").path
    assert "prove once more that it is you" in ada.text
    assert ada.browser.get("/my/data/copy/file").status_code == 303
    assert ada.open("/my/data").status == 200, "other pages stay open"


def test_the_letter_says_that_it_is_ready_and_nothing_else(scene: Scene, ada: Visitor) -> None:
    ada.open("/my/data/copy").press("Make my copy")
    postbox = Postbox()
    delivery.run_pass(clock.now(), 100, postbox)
    kinds = sa.select(Message).where(Message.kind == MessageKind.DATA_EXPORT)
    assert db.session.scalars(kinds).all() == []
    building.build_data_exports()
    for _ in range(2):
        delivery.run_pass(clock.now(), 100, postbox)
    assert len(db.session.scalars(kinds).all()) == 1
    (letter,) = [one for one in postbox.mails if "copy" in one["Subject"]]
    body = letter.get_body(("plain",))
    assert body is not None
    assert "/my/data/copy" in body.get_content()
    assert not PASSWORD.search(body.get_content())


def test_there_is_one_copy_at_a_time(scene: Scene, ada: Visitor) -> None:
    ada.open("/my/data/copy").press("Make my copy")
    asked = db.session.scalars(sa.select(DataExport.id)).all()
    with pytest.raises(data_exports.AskedAlready):
        data_exports.ask(scene.ada.id, by_staff=None, contact_id=None, actor="system", now=clock.now())
    db.session.rollback()
    assert db.session.scalars(sa.select(DataExport.id)).all() == asked


def test_a_copy_goes_after_a_day_and_is_refused_before_the_sweep(
    scene: Scene, ada: Visitor, app: Flask, the_clock_says: Callable[[datetime], None]
) -> None:
    ada.open("/my/data/copy").press("Make my copy")
    building.build_data_exports()
    the_clock_says(make.NOW + KEPT + A_MINUTE)
    late = Visitor(as_client(app, scene.ada.contacts[0], scene.ada))
    assert late.browser.get("/my/data/copy/file").status_code == 404
    assert "Make my copy" in late.open("/my/data/copy").text
    assert make.count(DataExport) == 1
    sweeps.tidy()
    assert make.count(DataExport) == 0
    assert deeds()[-1] == ("expire", "system")


def test_nobody_fetches_the_copy_of_somebody_else(scene: Scene, ada: Visitor, app: Flask) -> None:
    ada.open("/my/data/copy").press("Make my copy")
    building.build_data_exports()
    bob = make.client(given_name="Bob")
    other = Visitor(as_client(app, bob.contacts[0], bob))
    assert other.browser.get("/my/data/copy/file").status_code == 404
    assert "Make my copy" in other.open("/my/data/copy").text


def test_a_therapist_makes_a_copy_of_their_own_client_and_the_desk_does_not(
    scene: Scene, app: Flask, clock_at_now: None
) -> None:
    scene.visit()
    ines = Visitor(as_staff(app, scene.therapist_user))
    path = f"/staff/clients/{scene.ada.id}/copy"
    ines.open(path).press("Make the copy")
    assert PASSWORD.search(ines.text)
    building.build_data_exports()
    assert "The copy is ready." in ines.open(path).text
    assert ines.browser.get(f"{path}/file").mimetype == "application/zip"
    desk = Visitor(as_staff(app, make.user(roles=("front_desk",))))
    assert desk.browser.get(path).status_code == 403
    assert desk.browser.get(f"{path}/file").status_code == 403
    other = Visitor(as_staff(app, make.user()))
    assert "Open the record of" in other.open(path).text
    assert other.browser.get(f"{path}/file").status_code == 303
    ines.open(path).press("Delete the copy")
    assert make.count(DataExport) == 0


def test_a_worker_that_was_killed_leaves_a_copy_that_the_next_one_builds(scene: Scene) -> None:
    now = make.NOW
    export, _ = data_exports.ask(scene.ada.id, by_staff=None, contact_id=None, actor="system", now=now)
    db.session.commit()
    assert data_exports.claim(now) is not None
    assert data_exports.claim(now + timedelta(minutes=1)) is None, "somebody is at it"
    again = data_exports.claim(now + LEASE)
    assert again is not None
    assert not data_exports.settle(export.id, 1, b"late", now + LEASE), "a late one cannot settle"
    assert data_exports.settle(export.id, 2, b"whole", now + LEASE)
    assert not data_exports.settle(export.id, 2, b"twice", now + LEASE)
    db.session.commit()
    assert make.refreshed(export).encrypted == b"whole"


def test_a_copy_that_fails_three_times_is_given_up_and_can_be_asked_for_again(
    scene: Scene, ada: Visitor
) -> None:
    now = make.NOW
    export, _ = data_exports.ask(scene.ada.id, by_staff=None, contact_id=None, actor="system", now=now)
    for number in range(3):
        assert data_exports.claim(now + number * LEASE) is not None
    assert data_exports.claim(now + 3 * LEASE) is None
    db.session.commit()
    failed = make.refreshed(export)
    assert failed.failed_at == now + 3 * LEASE
    assert failed.password is None
    assert "could not be made" in ada.open("/my/data/copy").text
    ada.press("Make my copy")
    assert "0 of 4 parts are done." in ada.text


def test_a_copy_that_is_deleted_while_it_is_built_stays_deleted(scene: Scene) -> None:
    now = make.NOW
    export, _ = data_exports.ask(scene.ada.id, by_staff=None, contact_id=None, actor="system", now=now)
    data_exports.claim(now)
    data_exports.delete(scene.ada.id, actor="system", now=now)
    assert not data_exports.settle(export.id, 1, b"whole", now)
    assert make.count(DataExport) == 0
