"""From the wish to be erased to the record that the law keeps: in the client's own pages, at the desk, and before an owner."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.erasures import Erasure, ErasureState, RestrictedRecord
from clinic.accounts.models import AuditEntry, Role
from clinic.booking.models import Appointment, State
from clinic.clock import now as the_time
from clinic.db import db
from clinic.maintenance import sweeps
from clinic.messaging import delivery
from clinic.messaging.kinds.erasures import AFTER_THE_HOUR
from clinic.plans.models import SessionNote
from tests.messaging.mailers import Postbox, part
from tests.plans.conftest import Scene, scene
from tests.visitor import Visitor, as_client, as_staff

__all__ = ["scene"]
POSTBOX = Postbox()
SAID = "Left shoulder, slow strokes"


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


@pytest.fixture
def owner(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_staff(app, scene.make.user(roles=[Role.OWNER], given_name="Olga")))


@pytest.fixture
def front_desk(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_staff(app, scene.make.user(roles=[Role.FRONT_DESK], given_name="Fritz")))


def signed_note(scene: Scene) -> Appointment:
    """A visit of last week with a note."""
    visit = scene.visit(starts_at=the_time() - timedelta(days=7), state=State.DONE)
    note = SessionNote(
        appointment_id=visit.id,
        client_id=scene.ada.id,
        author_id=scene.therapist_user.id,
        content={"subjective": SAID},
        written_at=the_time(),
        signed_at=the_time(),
    )
    db.session.add(note)
    db.session.commit()
    return visit


def link_of(visitor: Visitor, words: str) -> str:
    """Where the link leads that begins with these words."""
    return next(one.get("href") for one in visitor.page.all("a") if one.text.startswith(words))


def an_hour_later() -> None:
    """The worker's steps, once the hour of whoever is granted is over: the letter, and the erasure."""
    db.session.execute(sa.update(Erasure).values(decided_at=Erasure.decided_at - AFTER_THE_HOUR))
    db.session.commit()
    delivery.run_pass(the_time(), 100, POSTBOX)
    sweeps.erase_granted()


def test_a_client_asks_an_owner_grants_and_only_the_sealed_record_is_left(
    scene: Scene, ada: Visitor, owner: Visitor
) -> None:
    signed_note(scene)
    scene.visit(starts_at=the_time() + timedelta(days=2))
    ada.open(link_of(ada.open("/my/data"), "Have my data erased"))
    assert "1 visit to come: it is cancelled" in ada.text
    assert "Your record of treatment until" in ada.text
    ada.press("Ask for erasure")
    assert "We have your request." in ada.text
    assert "You asked for it on" in ada.text

    assert "Decide the erasure of" in owner.open("/staff/tasks").text
    owner.open(link_of(owner.open("/staff/settings/data"), "Asked for"))
    assert "The record of treatment, until" in owner.text
    owner.press("Erase in an hour")
    assert "This client is erased in an hour." in owner.text
    assert "Your data is erased within the next hour." in ada.open("/my/data/erase").text
    POSTBOX.kept.clear()
    an_hour_later()
    (letter,) = [mail for mail in POSTBOX.mails if "erase your data" in mail["Subject"]]
    assert "Your record of treatment stays until" in part(letter, "text/plain")
    assert ada.browser.get("/my/data").status_code == 303
    assert owner.browser.get(f"/staff/clients/{scene.ada.id}").status_code == 404

    owner.open(link_of(owner.open("/staff/settings/data"), "Erased"))
    assert SAID not in owner.text
    owner.press("Open it")
    assert owner.status == 422
    owner.press("Open it", reason="client_asks")
    assert SAID in owner.text
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject_type == "restricted_records")
    ).one()
    assert (entry.action, entry.purpose, entry.client_id) == ("read", "client_asks", scene.ada.id)


def test_the_pages_of_the_day_go_on_with_a_visit_that_has_no_person_any_more(
    scene: Scene, ada: Visitor, owner: Visitor, app: Flask
) -> None:
    visit = signed_note(scene)
    coming = scene.visit(starts_at=the_time() + timedelta(hours=3))
    ada.open("/my/data/erase").press("Ask for erasure")
    owner.open(f"/staff/clients/{scene.ada.id}/erase").press("Erase in an hour")
    an_hour_later()
    therapist = Visitor(as_staff(app, scene.therapist_user))
    for path in (
        "/staff",
        "/staff/calendar",
        "/staff/clients",
        "/staff/tasks",
        "/staff/reviews",
        "/staff/messages",
        f"/staff/appointments/{visit.id}",
        f"/staff/appointments/{coming.id}",
    ):
        assert therapist.open(path).status == 200, path
        assert "Ada Sample" not in therapist.text
    for path in ("/staff/reports", "/staff/settings/access"):
        assert owner.open(path).status == 200, path


def test_the_desk_notes_it_and_decides_nothing(scene: Scene, front_desk: Visitor, owner: Visitor) -> None:
    front_desk.open(link_of(front_desk.open(f"/staff/clients/{scene.ada.id}/record"), "Erase this client"))
    front_desk.press("Note that they ask for it")
    assert "Noted. An owner decides, within a month." in front_desk.text
    assert "Erase in an hour" not in front_desk.text
    asked = db.session.scalars(sa.select(Erasure)).one()
    answer = front_desk.browser.post(
        f"/staff/erasures/{asked.id}/grant", data={"csrf_token": front_desk.token()}
    )
    assert answer.status_code == 403
    assert owner.open(f"/staff/clients/{scene.ada.id}/erase").status == 200
    assert "and noted here." in owner.text


def test_an_owner_refuses_with_a_reason_that_the_client_reads(
    scene: Scene, ada: Visitor, owner: Visitor
) -> None:
    ada.open("/my/data/erase").press("Ask for erasure")
    owner.open(f"/staff/clients/{scene.ada.id}/erase").press("Refuse", reason="")
    assert owner.status == 422
    assert "Say why, so that the client understands." in owner.text
    owner.press("Refuse", reason="Two invoices are open; we talk about them on Friday.")
    assert "We cannot erase your data at present." in ada.open("/my/data/erase").text
    assert "Two invoices are open" in ada.text
    ada.press("Ask for erasure")
    assert [one.state for one in db.session.scalars(sa.select(Erasure).order_by(Erasure.asked_at))] == [
        ErasureState.REFUSED,
        ErasureState.ASKED,
    ]


def test_it_is_taken_back_by_the_client_or_within_the_hour(
    scene: Scene, ada: Visitor, owner: Visitor
) -> None:
    ada.open("/my/data/erase").press("Ask for erasure")
    ada.press("Keep my data after all")
    assert "Taken back. Nothing is erased." in ada.text
    ada.press("Ask for erasure")
    owner.open(f"/staff/clients/{scene.ada.id}/erase").press("Erase in an hour")
    owner.press("Take it back")
    an_hour_later()
    assert ada.open("/my/data").status == 200
    assert db.session.scalars(sa.select(RestrictedRecord)).all() == []


def test_two_presses_on_an_old_page_ask_once(scene: Scene, ada: Visitor) -> None:
    ada.open("/my/data/erase")
    for _ in range(2):
        ada.browser.post("/my/data/erase", data={"csrf_token": ada.token()})
    assert len(db.session.scalars(sa.select(Erasure)).all()) == 1
    assert "It was asked for already." in ada.open("/my/data/erase").text
