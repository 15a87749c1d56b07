"""The note of a visit: a draft until it is signed, then permanent."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import notes, services
from clinic.plans.models import Decision, SessionNote
from clinic.plans.note_content import NoteContent
from clinic.refusal import Stale
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import review

DURING = make.NOW + timedelta(days=3, minutes=50)
GIVEN = NoteContent(
    modalities=("swedish",), areas=("neck",), pressure="medium", text="Calm, no tender points."
)


def arrived(scene: Scene) -> Appointment:
    return scene.visit(state=State.ARRIVED)


def write(scene: Scene, visit: Appointment, content: NoteContent = GIVEN, **more: object) -> SessionNote:
    note = notes.write_note(visit, content, **{"by": scene.therapist_user, "now": DURING, **more})
    db.session.commit()
    return note


def sign(scene: Scene, visit: Appointment, content: NoteContent = GIVEN, **more: object) -> SessionNote:
    note = notes.sign_note(visit, content, **{"by": scene.therapist_user, "now": DURING, **more})
    db.session.commit()
    return note


def test_a_draft_can_be_written_again(scene: Scene) -> None:
    visit = arrived(scene)
    first = write(scene, visit)
    later = DURING + timedelta(minutes=5)
    write(scene, visit, NoteContent(modalities=("relaxation",)), now=later, seen=first.written_at)
    again = notes.note_of(visit)
    assert again is not None
    assert again.id == first.id
    assert notes.open_content(again, by=scene.therapist_user, now=later).modalities == ("relaxation",)
    assert again.signed_at is None


def test_two_open_pages_do_not_overwrite_each_other(scene: Scene) -> None:
    visit = arrived(scene)
    first = write(scene, visit)
    seen = first.written_at
    write(scene, visit, now=DURING + timedelta(minutes=1), seen=seen)
    with pytest.raises(Stale):
        write(scene, visit, now=DURING + timedelta(minutes=2), seen=seen)
    with pytest.raises(Stale):
        write(scene, visit, now=DURING + timedelta(minutes=2))


def test_a_draft_that_is_gone_is_not_written_as_a_first_one(scene: Scene) -> None:
    with pytest.raises(Stale):
        write(scene, arrived(scene), seen=DURING)


@pytest.mark.parametrize("state", [State.BOOKED, State.ARRIVED])
def test_signing_completes_the_visit_and_locks_the_note(scene: Scene, state: State) -> None:
    visit = scene.visit(state=state)
    note = sign(scene, visit)
    assert make.refreshed(visit).state == State.DONE
    assert note.signed_at == DURING
    with pytest.raises(notes.Signed):
        write(scene, visit, seen=note.written_at)


def test_a_visit_that_is_done_already_can_still_be_signed(scene: Scene) -> None:
    visit = scene.visit(state=State.DONE)
    draft = write(scene, visit)
    assert sign(scene, visit, seen=draft.written_at).signed_at == DURING


def test_the_database_itself_refuses_to_change_a_signed_note(scene: Scene) -> None:
    note = sign(scene, arrived(scene))
    note.content = {**note.content, "text": "Something else"}
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
    with pytest.raises(IntegrityError):
        db.session.execute(sa.text("UPDATE session_notes SET signed_at = NULL"))
    db.session.rollback()
    with pytest.raises(IntegrityError):
        db.session.execute(sa.text("DELETE FROM session_notes"))
    db.session.rollback()


def test_a_note_is_not_signed_before_the_visit_begins(scene: Scene) -> None:
    visit = scene.visit()
    with pytest.raises(notes.TooEarly):
        sign(scene, visit, now=visit.starts_at - timedelta(seconds=1))
    assert make.refreshed(visit).state == State.BOOKED


def test_a_note_is_not_signed_without_what_was_given(scene: Scene) -> None:
    with pytest.raises(notes.NoteIncomplete):
        sign(scene, arrived(scene), NoteContent(text="Was here."))


@pytest.mark.parametrize("state", [State.CANCELLED, State.MISSED, State.DECLINED, State.REQUESTED])
def test_a_visit_that_did_not_take_place_has_no_note(scene: Scene, state: State) -> None:
    with pytest.raises(notes.NoVisit):
        write(scene, scene.visit(state=state))


def test_additions_stand_below_a_signed_note_in_order(scene: Scene) -> None:
    note = sign(scene, arrived(scene))
    for minutes, text in ((1, "Called: sore for a day."), (2, "Well again.")):
        notes.add_to_note(note, text, by=scene.therapist_user, now=DURING + timedelta(minutes=minutes))
    db.session.commit()
    assert [addendum.text for addendum in notes.addenda(note)] == ["Called: sore for a day.", "Well again."]


def test_a_draft_takes_no_additions(scene: Scene) -> None:
    with pytest.raises(notes.NotSigned):
        notes.add_to_note(write(scene, arrived(scene)), "More", by=scene.therapist_user, now=DURING)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"modalities": ("reiki",)},
        {"modalities": ("swedish", "swedish")},
        {"areas": ("tail",)},
        {"pressure": "crushing"},
    ],
)
def test_a_note_holds_only_known_words(nonsense: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^(modalities|areas|pressure)$"):
        NoteContent(**nonsense)


def test_every_deed_with_a_note_is_recorded_without_its_words(scene: Scene) -> None:
    note = sign(scene, arrived(scene))
    notes.open_content(note, by=scene.therapist_user, now=DURING)
    db.session.commit()
    entries = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject_id == note.id).order_by(AuditEntry.id)
    ).all()
    assert [entry.action for entry in entries] == ["write", "sign", "read"]
    assert {entry.client_id for entry in entries} == {scene.ada.id}
    assert all("Calm" not in " ".join([*entry.fields, entry.purpose]) for entry in entries)
    stored = db.session.execute(sa.text("SELECT row_to_json(n)::text FROM session_notes n")).scalar_one()
    assert "Calm" not in stored


def test_a_note_begins_with_what_the_course_asks_for(scene: Scene) -> None:
    visit = arrived(scene)
    services.decide(
        review(visit), decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW
    )
    db.session.commit()
    content = notes.planned(visit, by=scene.therapist_user, now=DURING)
    assert content.modalities[0] == "trigger_point"
    assert {"neck", "shoulders"} <= set(content.areas)
    assert content.text == ""


def test_without_a_course_a_note_begins_with_what_was_booked(scene: Scene) -> None:
    assert notes.planned(arrived(scene), by=scene.therapist_user, now=DURING) == NoteContent(
        modalities=("swedish",)
    )
