"""The page behind the aftercare letter."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import SessionNote
from tests.make import Make


@pytest.fixture
def visit(make: Make) -> Appointment:
    """A visit that ended yesterday, of a treatment that leads with Swedish massage."""
    sold = make.offering(modalities=["swedish"])
    row: Appointment = make.appointment(
        of=sold, who=make.client(), starts_at=clock.now() - timedelta(days=1), state=State.DONE
    )
    return row


def path(visit: Appointment) -> str:
    return signed_links.aftercare_path(visit.id, visit.link_epoch)


def sign(make: Make, visit: Appointment, modalities: list[str]) -> None:
    now = clock.now()
    note = SessionNote(
        appointment_id=visit.id,
        client_id=visit.client_id,
        author_id=make.user().id,
        written_at=now,
        signed_at=now,
    )
    note.content = {"modalities": modalities, "text": "CANARY"}
    db.session.add(note)
    db.session.commit()


def test_the_page_shows_tips_for_what_was_really_done_and_the_warning_signs(
    client: FlaskClient, make: Make, visit: Appointment
) -> None:
    sign(make, visit, ["aromatherapy"])
    page = client.get(path(visit))
    assert page.status_code == 200
    assert "Wash the oil off" in page.text
    assert "Take it easy" not in page.text
    assert "call 112" in page.text
    assert "bladder or bowel" in page.text
    assert "CANARY" not in page.text


def test_without_a_note_the_tips_are_for_what_was_booked_and_the_page_does_not_say_what_was_done(
    client: FlaskClient, visit: Appointment
) -> None:
    page = client.get(path(visit))
    assert "Take it easy" in page.text
    assert "What was done" not in page.text


def test_the_page_has_nothing_of_the_clients_own_answers_or_name(
    client: FlaskClient, visit: Appointment
) -> None:
    page = client.get(path(visit)).text.replace(path(visit), "")  # The key in the address may spell anything.
    assert not re.search(r"\bAda\b", page)
    assert not re.search(r"\bSample\b", page)


def test_the_reading_leaves_an_audit_row(client: FlaskClient, visit: Appointment) -> None:
    client.get(path(visit))
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "aftercare")).one()
    assert (entry.actor, entry.action, entry.client_id) == (f"link:{visit.id}", "read", visit.client_id)
    assert entry.fields == ["modalities"]


def test_the_address_opens_for_thirty_days(client: FlaskClient, visit: Appointment, make: Make) -> None:
    opened = path(visit)
    for days, status in ((29, 200), (31, 410)):
        start = clock.now() - timedelta(days=days)
        visit.starts_at = visit.occupied_from = start
        visit.ends_at = visit.occupied_until = start + timedelta(hours=1)
        db.session.commit()
        assert client.get(opened).status_code == status


@pytest.mark.parametrize("state", [State.BOOKED, State.MISSED, State.CANCELLED])
def test_a_visit_that_did_not_take_place_has_no_tips(
    client: FlaskClient, visit: Appointment, state: State
) -> None:
    visit.cancelled_by = "client" if state == State.CANCELLED else None
    visit.state = state
    db.session.commit()
    assert client.get(path(visit)).status_code == 404


def test_no_other_key_opens_the_page(client: FlaskClient, visit: Appointment) -> None:
    manage = signed_links.manage_path(visit.id, visit.link_epoch).removeprefix("/a/")
    old = signed_links.token(signed_links.AFTERCARE, visit.id, visit.link_epoch + 1)
    right = path(visit).removeprefix("/c/")
    forged = right[:-1] + ("A" if right[-1] != "A" else "E")
    for token in (manage, old, "x", "x.y", forged):
        assert client.get(f"/c/{token}").status_code == 404


def test_an_erased_client_has_no_page(client: FlaskClient, visit: Appointment) -> None:
    assert visit.client is not None
    opened = path(visit)
    visit.client.erased_at = clock.now()
    db.session.commit()
    assert client.get(opened).status_code == 404
