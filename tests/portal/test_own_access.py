"""A client reads who of the practice looked at their record: who, in which role, what, when, for which visit."""

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import audit
from clinic.accounts.audit_reading import PAGE
from clinic.accounts.models import AuditEntry
from clinic.db import db
from tests import make
from tests.measuring import statements
from tests.plans.conftest import Scene, scene
from tests.visitor import Visitor, as_client

__all__ = ["scene"]


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


def entry(scene: Scene, action: str, subject: str, **columns: object) -> None:
    audit.record(
        audit.by_user(scene.therapist_user.id), action, subject_type=subject,
        **{"now": make.NOW, "client_id": scene.ada.id, **columns},  # type: ignore[arg-type]
    )  # fmt: skip
    db.session.commit()


def test_nobody_has_looked_yet(ada: Visitor) -> None:
    assert "Nobody yet" in ada.open("/my/data/access").text


def test_each_entry_says_who_in_which_role_what_when_and_for_which_visit(scene: Scene, ada: Visitor) -> None:
    visit = scene.visit()
    entry(scene, "read", "appointments", subject_id=visit.id)
    entry(scene, "change", "contacts")
    entry(scene, "export", "data_exports")
    text = ada.open("/my/data/access").text
    assert "Looked at: Ines Moreau (Massage therapist)" in text
    assert "Added or changed: Ines Moreau" in text
    assert "Downloaded: Ines Moreau" in text
    assert "Monday 3 March 2031, 10:00" in text
    assert "About your visit on Thursday 6 March 2031." in text


def test_others_and_what_clients_do_are_not_listed(scene: Scene, ada: Visitor) -> None:
    bob = make.client(given_name="Bob")
    entry(scene, "read", "session_notes", client_id=bob.id)
    audit.record("visitor", "book", subject_type="appointments", client_id=scene.ada.id, now=make.NOW)
    db.session.commit()
    assert "Nobody yet" in ada.open("/my/data/access").text


def test_looking_is_recorded_and_the_list_has_pages_at_the_same_cost(scene: Scene, ada: Visitor) -> None:
    visit = scene.visit()
    entry(scene, "read", "appointments", subject_id=visit.id)
    ada.open("/my/data/access")
    with statements() as few:
        ada.open("/my/data/access")
    for _ in range(PAGE + 1):
        entry(scene, "read", "session_notes", subject_id=visit.id)
    with statements() as many:
        ada.open("/my/data/access")
    assert [one[:60] for one in many if " practice." not in one] == [
        one[:60] for one in few if " practice." not in one
    ]
    assert "Older" in ada.text
    looks = sa.select(sa.func.count()).where(AuditEntry.purpose == "own_access")
    assert db.session.scalar(looks) == 3
