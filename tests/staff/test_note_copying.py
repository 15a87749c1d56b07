"""The note of the visit before stands beside the new one, and is copied part by part."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import notes
from clinic.plans.models import SessionNote
from clinic.plans.note_content import Finding, NoteContent
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor, shown

BEFORE = make.NOW - timedelta(days=7)
THEN = NoteContent(
    modalities=("trigger_point", "swedish"),
    areas=("neck",),
    pressure="firm",
    consent="left_out",
    text="Tight band left of L4",
    reaction="Fell asleep",
    advice="Hip stretch",
    findings=(Finding(view="back", area="lower_back", side="left", words="tight", pain=4),),
)
DAY = f"{BEFORE:%-d} {BEFORE:%B}"


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    found: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50), state=State.ARRIVED)
    return found


@pytest.fixture
def page(therapist: Browser, visit: Appointment) -> Visitor:
    """The new note, beside one that a colleague signed a week ago."""
    return Visitor(therapist.client)


def sign_before(scene: Scene, content: NoteContent = THEN, days: int = 7, **columns: object) -> SessionNote:
    earlier = scene.visit(starts_at=make.NOW - timedelta(days=days), state=State.ARRIVED, **columns)
    note = notes.sign_note(earlier, content, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    return note


def note_path(visit: Appointment) -> str:
    return f"/staff/appointments/{visit.id}/note"


def copy(page: Visitor, part: str, **typed: str) -> Visitor:
    form, _ = page.form_with("Save draft")
    page.answer = page.browser.post(page.path, data={**shown(form), **typed, "copy": part})
    return page


def values(page: Visitor) -> dict[str, str]:
    form, _ = page.form_with("Save draft")
    return {name: value.strip() for name, value in shown(form).items() if isinstance(value, str)}


def test_the_last_signed_note_stands_beside_and_a_look_at_it_is_recorded(
    scene: Scene, page: Visitor, visit: Appointment
) -> None:
    sign_before(scene, NoteContent(modalities=("swedish",), text="Older"), days=14)
    newest = sign_before(scene)
    text = page.open(note_path(visit)).text
    assert "Tight band left of L4" in text
    assert "Older" not in text
    read = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_id == newest.id)).all()[-1]
    assert (read.action, read.client_id) == ("read", scene.ada.id)


def test_nothing_stands_beside_without_an_earlier_signed_note_of_this_client(
    scene: Scene, page: Visitor, visit: Appointment
) -> None:
    draft = scene.visit(starts_at=BEFORE, state=State.ARRIVED)
    notes.write_note(draft, NoteContent(text="only begun"), by=scene.therapist_user, now=make.NOW)
    bob = scene.make.client(mail="bob@client.example")
    sign_before(scene, NoteContent(modalities=("swedish",), text="Somebody else"), days=5, who=bob)
    text = page.open(note_path(visit)).text
    assert "only begun" not in text
    assert "Somebody else" not in text
    assert "Signed by" not in text


def test_each_part_is_copied_by_one_press_and_marked_until_it_is_edited(
    scene: Scene, page: Visitor, visit: Appointment
) -> None:
    sign_before(scene)
    copy(page.open(note_path(visit)), "advice")
    assert values(page)["advice"] == "Hip stretch"
    assert values(page)["text"] == "", "the other parts stay empty"
    assert f"{DAY}, change what differs" in page.text
    copy(page, "modalities")
    assert (values(page)["first"], values(page)["second"]) == ("trigger_point", "swedish")
    copy(page, "text", text="New today")
    assert values(page)["text"] == "New today\nTight band left of L4", "what was typed stays"
    assert notes.note_of(visit) is None, "copying stores nothing"
    page.press("Save draft", text="New today. Tight band gone")
    assert page.text.count("change what differs") == 2, "an edited part is the writer's own"
    page.press("Sign the note")
    signed = page.open(note_path(visit)).text
    assert "Advice for home, copied from" in signed
    assert DAY in signed
    assert "Done and found, copied" not in signed


def test_consent_is_given_anew_at_each_visit(scene: Scene, page: Visitor, visit: Appointment) -> None:
    sign_before(scene)
    copy(page.open(note_path(visit)), "consent")
    assert "copied from" not in page.text.lower().split("what differs")[0].split("signed by")[0]
    assert not page.page.all("input", checked="")  # Nothing is ticked.


@pytest.mark.parametrize(
    "nonsense", ["x", "[]", '{"text": 1}', '{"text": ["x", ""]}', '{"tail": ["2031-01-01", "a"]}']
)
def test_a_made_up_mark_marks_nothing(therapist: Browser, visit: Appointment, nonsense: str) -> None:
    therapist.done(note_path(visit), save="yes", text="Mine", copied=nonsense)
    assert db.session.query(SessionNote).one().content["copied"] == []


def test_a_mark_that_is_not_of_these_words_marks_nothing(therapist: Browser, visit: Appointment) -> None:
    of_others = json.dumps({"text": ["2031-01-01", "0" * 16]})
    therapist.done(note_path(visit), save="yes", text="Mine", copied=of_others)
    assert db.session.query(SessionNote).one().content["copied"] == []


def test_a_note_from_before_these_parts_reads_as_it_did() -> None:
    old = {"modalities": ["swedish"], "areas": [], "pressure": "", "text": "Calm", "reaction": "", "next": ""}
    assert NoteContent.of(old) == NoteContent(modalities=("swedish",), text="Calm")
    assert NoteContent.of(THEN.stored) == THEN
