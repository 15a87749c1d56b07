"""A student's note waits for the co-signature of their supervisor; both names and times stand on it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.accounts import team
from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import notes
from clinic.plans.models import SessionNote
from clinic.plans.note_content import NoteContent
from tests import make
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

SignIn = Callable[[User], Browser]


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    """A visit of the student, who is the therapist of the scene."""
    found: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50), state=State.ARRIVED)
    return found


@pytest.fixture
def supervisor(scene: Scene, make: Make) -> User:
    found: User = make.user(roles=["therapist"], given_name="Daniel", family_name="Okafor")
    scene.therapist_user.supervisor_id = found.id
    db.session.commit()
    return found


def signed(scene: Scene, visit: Appointment) -> SessionNote:
    content = NoteContent(modalities=("swedish",), text="Calm")
    note = notes.sign_note(visit, content, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    return note


def path_of(visit: Appointment) -> str:
    return f"/staff/appointments/{visit.id}/note"


def test_a_students_note_waits_and_carries_both_names_once_it_is_co_signed(
    scene: Scene, visit: Appointment, supervisor: User, sign_in: SignIn
) -> None:
    student, above = sign_in(scene.therapist_user), sign_in(supervisor)
    student.done(path_of(visit), sign="yes", first="swedish", text="Calm")
    page = student.get(path_of(visit))
    assert "Waits for a co-signature" in page
    assert "waits for the co-signature of Daniel Okafor" in page
    assert "Co-sign the note" not in page
    assert make.refreshed(visit).state == State.DONE
    assert "Notes to co-sign" in above.get("/staff")
    page = above.get(path_of(visit))
    assert "Calm" in page
    page = above.done(f"{path_of(visit)}/cosign")
    assert "Signed by Ines Moreau" in page
    assert "Co-signed by Daniel Okafor" in page
    assert "Notes to co-sign" not in above.get("/staff")
    assert "Co-signed by Daniel Okafor" in student.get(f"/staff/clients/{scene.ada.id}/notes")
    written = db.session.query(SessionNote).one()
    first = written.cosigned_at
    above.done(f"{path_of(visit)}/cosign")
    db.session.refresh(written)
    assert written.cosigned_at == first, "twice is once"
    deeds = sa.select(AuditEntry.actor).where(AuditEntry.action == "cosign")
    assert db.session.scalars(deeds).all() == [f"user:{supervisor.id}"]


def test_nobody_else_co_signs(
    scene: Scene,
    visit: Appointment,
    supervisor: User,
    sign_in: SignIn,
    colleague: Browser,
    front_desk: Browser,
) -> None:
    student, above = sign_in(scene.therapist_user), sign_in(supervisor)
    assert above.post(f"{path_of(visit)}/cosign").status_code == 404, (
        "before it is signed it is not theirs to open"
    )
    signed(scene, visit)
    assert student.post(f"{path_of(visit)}/cosign").status_code == 409
    assert colleague.post(f"{path_of(visit)}/cosign").status_code == 404
    assert front_desk.post(f"{path_of(visit)}/cosign").status_code == 403
    assert db.session.query(SessionNote).one().cosigned_at is None


def test_who_signs_alone_needs_nobody(scene: Scene, visit: Appointment, therapist: Browser) -> None:
    note = signed(scene, visit)
    assert not note.needs_cosigning
    assert "co-signature" not in therapist.get(path_of(visit))
    assert therapist.post(f"{path_of(visit)}/cosign").status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        "SET cosigned_at = NULL, cosigned_by_id = NULL",
        "SET cosigned_at = cosigned_at + interval '1 hour'",
        "SET needs_cosigning = false, cosigned_at = NULL, cosigned_by_id = NULL",
    ],
)
def test_the_database_refuses_to_change_a_co_signature(
    scene: Scene, visit: Appointment, supervisor: User, change: str
) -> None:
    signed(scene, visit)
    notes.cosign_note(visit, by=supervisor, now=make.NOW)
    db.session.commit()
    with pytest.raises(IntegrityError):
        db.session.execute(sa.text(f"UPDATE session_notes {change}"))
    db.session.rollback()


def test_the_database_refuses_a_co_signature_that_is_not_waited_for(scene: Scene, visit: Appointment) -> None:
    note = signed(scene, visit)
    note.cosigned_at, note.cosigned_by_id = make.NOW, make.user().id
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_a_supervisor_is_a_therapist_who_is_no_student(scene: Scene, make: Make, supervisor: User) -> None:
    student, now = scene.therapist_user, make.NOW
    desk, other = make.user(roles=["front_desk"]), make.user(roles=["therapist"])
    assert set(team.supervisors_for(student)) == {supervisor, other}
    for nobody in (desk, student):
        with pytest.raises(team.NoSupervisor):
            team.set_supervisor(student, nobody.id, actor="user", now=now)
    with pytest.raises(team.NoSupervisor):
        team.set_supervisor(other, student.id, actor="user", now=now)
    with pytest.raises(team.NoSupervisor):
        team.set_supervisor(supervisor, other.id, actor="user", now=now)
    team.set_supervisor(student, other.id, actor="user", now=now)
    assert student.supervisor_id == other.id
    team.set_supervisor(student, None, actor="user", now=now)
    assert student.supervisor_id is None
