"""Incidents: signed at once, sealed, added to and never changed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from clinic.accounts import merging
from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db, new_id
from clinic.plans import incidents
from clinic.plans.incidents import IncidentContent, IncidentKind
from clinic.plans.models import Incident, IncidentAddendum
from clinic.refusal import NotFound
from tests import make
from tests.plans.conftest import Scene

DURING = make.NOW + timedelta(days=3, minutes=50)
FAINT = IncidentContent(
    kind=IncidentKind.FAINT, happened="Grey and dizzy on standing up.", done="Lay down, water."
)


def recorded(scene: Scene, visit: Appointment | None = None, **more: Any) -> Incident:
    found = incidents.record(
        visit or scene.visit(state=State.ARRIVED),
        FAINT,
        **{"incident_id": new_id(), "by": scene.therapist_user, "now": DURING, **more},
    )
    db.session.commit()
    return found


def test_a_record_is_signed_sealed_and_audited(scene: Scene) -> None:
    row = recorded(scene)
    assert (row.author_id, row.signed_at) == (scene.therapist_user.id, DURING)
    assert b"dizzy" not in row.content_sealed
    assert b"faint" not in row.content_sealed
    opened = incidents.open_content([row], by=scene.therapist_user, now=DURING)
    assert opened == [FAINT]
    db.session.commit()
    entries = db.session.scalars(
        sa.select(AuditEntry.action).where(AuditEntry.subject_id == row.id).order_by(AuditEntry.id)
    )
    assert list(entries) == ["sign", "read"]


@pytest.mark.parametrize(
    ("columns", "may"),
    [
        ({"state": State.ARRIVED, "starts_at": DURING + timedelta(minutes=10)}, True),
        ({"state": State.DONE}, True),
        ({"state": State.BOOKED}, True),
        ({"state": State.BOOKED, "starts_at": DURING + timedelta(minutes=10)}, False),
        ({"state": State.REQUESTED, "request_reason": "level"}, False),
        ({"state": State.CANCELLED}, False),
        ({"state": State.MISSED}, False),
    ],
)
def test_only_somebody_who_is_or_was_here_has_an_incident(
    scene: Scene, columns: dict[str, Any], may: bool
) -> None:
    visit = scene.visit(**columns)
    assert incidents.can_record(visit, DURING) is may
    if not may:
        with pytest.raises(incidents.NobodyCameYet):
            recorded(scene, visit)


def test_a_form_sent_twice_records_once(scene: Scene) -> None:
    visit, of_the_form = scene.visit(state=State.ARRIVED), new_id()
    recorded(scene, visit, incident_id=of_the_form)
    with pytest.raises(incidents.RecordedAlready):
        recorded(scene, visit, incident_id=of_the_form)
    db.session.rollback()
    assert len(incidents.of_visit(visit.id)) == 1


def test_a_correction_is_added_and_the_record_stays(scene: Scene) -> None:
    row = recorded(scene)
    incidents.add(row, "It was before standing up.", by=scene.therapist_user, now=DURING)
    db.session.commit()
    assert [one.text for one in incidents.addenda(row)] == ["It was before standing up."]
    assert IncidentContent.of(row.content) == FAINT
    with pytest.raises(NotFound):
        incidents.add(row, "", by=scene.therapist_user, now=DURING)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE incidents SET signed_at = signed_at + interval '1 day'",
        "UPDATE incidents SET content_sealed = content_sealed || '\\x00'",
        "DELETE FROM incident_addenda",
        "UPDATE incident_addenda SET content_sealed = content_sealed || '\\x00'",
        "UPDATE incident_addenda SET added_at = added_at + interval '1 day'",
    ],
)
def test_the_database_changes_no_record(scene: Scene, change: str) -> None:
    incidents.add(recorded(scene), "More.", by=scene.therapist_user, now=DURING)
    db.session.commit()
    with pytest.raises(DBAPIError, match="a signed incident does not change"):
        db.session.execute(sa.text(change))
    db.session.rollback()


def test_the_database_deletes_no_record(scene: Scene) -> None:
    row = recorded(scene)
    with pytest.raises(DBAPIError, match="a signed incident does not change"):
        db.session.execute(sa.delete(Incident).where(Incident.id == row.id))
    db.session.rollback()


def test_joining_two_records_of_a_client_takes_incidents_along(scene: Scene) -> None:
    twin = make.client(given_name="Adah", mail="adah@client.example")
    row = recorded(scene, scene.visit(state=State.ARRIVED, who=twin))
    merging.merge(scene.ada.id, twin.id, by=scene.therapist_user, now=DURING)
    db.session.commit()
    db.session.refresh(row)
    assert row.client_id == scene.ada.id
    assert IncidentContent.of(row.content) == FAINT


def test_a_record_is_sealed_anew_under_a_newer_key_only(scene: Scene) -> None:
    row = recorded(scene)
    newer = bytes([row.content_sealed[0] + 1]) + row.content_sealed[1:]
    changed = db.session.execute(sa.update(Incident).values(content_sealed=newer).returning(Incident.id))
    assert list(changed.scalars()) == [row.id]
    db.session.rollback()


def test_the_list_holds_own_clients_only(scene: Scene) -> None:
    own = recorded(scene)
    user = make.user(roles=["therapist"], given_name="Omar")
    other = make.therapist(scene.location, user_id=user.id, given_name="Omar")
    bob = make.client(given_name="Bob", mail="bob@client.example")
    theirs = recorded(scene, scene.visit(state=State.ARRIVED, who=bob, therapist=other))
    found: list[UUID] = [one.id for one in incidents.of_own_clients(scene.therapist_user, DURING)]
    assert found == [own.id]
    assert [one.id for one in incidents.of_own_clients(user, DURING)] == [theirs.id]


def test_an_addendum_belongs_to_its_record(scene: Scene) -> None:
    visit = scene.visit(state=State.ARRIVED)
    first, second = recorded(scene, visit), recorded(scene, visit)
    incidents.add(first, "More.", by=scene.therapist_user, now=DURING)
    db.session.commit()
    assert incidents.addenda(second) == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(IncidentAddendum)) == 1
