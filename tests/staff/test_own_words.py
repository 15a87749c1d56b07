"""A client's own words are what a therapist reads first: on the review, the visit and the note, as they were typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import notes
from clinic.plans.note_content import NoteContent
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import KNOTS, review
from tests.staff.conftest import Browser

TEXT = "A <b>zebrafish</b>\nbit me"
WRITTEN: dict[str, Any] = {
    **KNOTS,
    "own_words.happened": {"text": "Lifted a child", "look": False},
    "own_words.conditions": {"text": TEXT, "look": True},
}
HEADING = "In Ada’s own words"


def first_heading(page: str) -> str:
    """The first heading below the page's own."""
    found = re.search(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)
    assert found
    return found[1]


def read_entries(purpose: str) -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == purpose)))


@pytest.mark.parametrize("page", ["review", "visit", "note"])
def test_they_stand_first_escaped_and_with_their_lines(scene: Scene, therapist: Browser, page: str) -> None:
    waiting = review(scene.visit() if page == "note" else scene.request(), WRITTEN)
    path = {
        "review": f"/staff/reviews/{waiting.id}",
        "visit": f"/staff/appointments/{waiting.appointment_id}",
        "note": f"/staff/appointments/{waiting.appointment_id}/note",
    }[page]
    shown = therapist.get(path)
    if page == "review":
        assert shown.index(HEADING) < shown.index("Your decision") < shown.index("Answers that counted")
    else:
        assert first_heading(shown) == HEADING
    assert '<q class="lines-kept">A &lt;b&gt;zebrafish&lt;/b&gt;\nbit me</q>' in shown
    assert shown.index("zebrafish") < shown.index("Lifted a child")
    assert "Asks for a look before confirmation" in shown
    read = [
        field for entry in read_entries("review" if page == "review" else "care") for field in entry.fields
    ]
    assert "own_words" in read
    assert "zebrafish" not in " ".join(read)


def test_they_stand_first_on_a_signed_note_and_are_stored_there_for_nobody_to_read(
    scene: Scene, therapist: Browser, database: sa.Connection
) -> None:
    visit = scene.visit(starts_at=make.NOW - timedelta(hours=2), state=State.ARRIVED)
    review(visit, WRITTEN)
    notes.sign_note(
        visit,
        NoteContent(modalities=("swedish",), text="Calm after it."),
        by=scene.therapist_user,
        now=make.NOW,
    )
    db.session.commit()
    shown = therapist.get(f"/staff/appointments/{visit.id}/note")
    assert "Signed" in shown
    assert first_heading(shown) == HEADING
    assert shown.index("zebrafish") < shown.index("Calm after it.")
    assert "own_words" in [field for entry in read_entries("care") for field in entry.fields]
    for table in ("session_notes", "submissions", "reviews", "outcomes", "audit_entries"):
        for (row,) in database.execute(sa.text(f"SELECT CAST(t AS text) FROM {table} t")):
            assert "zebrafish" not in row, table
            assert b"zebrafish".hex() not in row, table


def test_the_review_says_that_the_client_asked(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.request(), WRITTEN)
    page = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "Look first" in page
    assert "The client asks for a look before confirmation" in page
    assert "“Conditions: please look before my visit is confirmed.”" in page


def test_a_wish_is_no_caution_for_the_session(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.request(), WRITTEN)
    assert "client:look" not in therapist.get(f"/staff/appointments/{waiting.appointment_id}")


def test_without_words_there_is_no_panel(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.request(), KNOTS)
    assert HEADING not in therapist.get(f"/staff/reviews/{waiting.id}")
    assert HEADING not in therapist.get(f"/staff/appointments/{waiting.appointment_id}")


def test_neither_front_desk_nor_colleague_reads_them(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    waiting = review(scene.request(), WRITTEN)
    for somebody in (front_desk, colleague):
        assert "zebrafish" not in somebody.get(f"/staff/appointments/{waiting.appointment_id}")
    assert "zebrafish" not in front_desk.get(f"/staff/clients/{scene.ada.id}")


def test_the_queue_and_the_day_do_not_show_them(scene: Scene, therapist: Browser) -> None:
    review(scene.request(), WRITTEN)
    for path in ("/staff/reviews", "/staff", "/staff/agenda"):
        assert "zebrafish" not in therapist.get(path)
