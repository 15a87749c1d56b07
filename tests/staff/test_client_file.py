"""A client's file: who may open which tab, what each shows, and what is recorded."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, HealthGrant, User
from clinic.booking.models import State
from clinic.db import db
from clinic.intake.models import SubmissionKind
from clinic.plans import notes
from clinic.plans.note_content import NoteContent
from tests.conftest import NOW
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import read

CLINICAL = ("notes", "answers", "plan", "documents")
OPEN_TABS = ("", "/visits", "/messages", "/record")
EMPTY = {
    "notes": "No note yet",
    "answers": "No answers yet",
    "plan": "No plan yet",
    "documents": "No documents yet",
}


def file_of(scene: Scene, tab: str = "") -> str:
    return f"/staff/clients/{scene.ada.id}{tab}"


def reads(scene: Scene, user: User) -> list[tuple[str, str]]:
    """What this member of staff read about Ada, as (table, purpose)."""
    entries = sa.select(AuditEntry.subject_type, AuditEntry.purpose).where(
        AuditEntry.client_id == scene.ada.id,
        AuditEntry.action == "read",
        AuditEntry.actor == f"user:{user.id}",
    )
    return [(table, purpose) for table, purpose in db.session.execute(entries)]


@pytest.fixture
def visit(scene: Scene) -> None:
    scene.visit(starts_at=NOW - timedelta(days=7), state=State.DONE)
    scene.visit()


@pytest.mark.parametrize("tab", OPEN_TABS)
@pytest.mark.parametrize("roles", [["front_desk"], ["therapist"], ["owner"]], ids=lambda roles: roles[0])
def test_everybody_opens_what_is_not_clinical(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser], visit: None, tab: str, roles: list[str]
) -> None:
    seen = sign_in(make.user(roles=roles)).get(file_of(scene, tab))
    assert "Ada Sample" in seen
    is_therapist = roles == ["therapist"]
    for one in CLINICAL:
        assert (f'href="{file_of(scene, f"/{one}")}"' in seen) is is_therapist, one


@pytest.mark.parametrize("tab", [*CLINICAL, "access"])
def test_the_desk_opens_no_clinical_tab(scene: Scene, front_desk: Browser, visit: None, tab: str) -> None:
    assert front_desk.look(file_of(scene, f"/{tab}")).status_code == 403
    assert front_desk.look(file_of(scene, f"/open/{tab}")).status_code == 403


@pytest.mark.parametrize("tab", CLINICAL)
def test_an_owner_who_is_no_therapist_opens_no_clinical_tab(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser], visit: None, tab: str
) -> None:
    assert sign_in(make.user(roles=["owner"])).look(file_of(scene, f"/{tab}")).status_code == 403


@pytest.mark.parametrize("tab", CLINICAL)
def test_each_clinical_tab_opens_for_the_therapist_says_when_it_is_empty_and_is_recorded(
    scene: Scene, therapist: Browser, visit: None, tab: str
) -> None:
    assert EMPTY[tab] in therapist.get(file_of(scene, f"/{tab}"))
    assert [purpose for _, purpose in reads(scene, scene.therapist_user)] == ["file"]


@pytest.mark.parametrize("tab", [*CLINICAL, "access"])
def test_a_colleague_reads_only_with_a_reason_and_for_a_day(
    scene: Scene, colleague: Browser, visit: None, the_clock_says: Callable[..., None], tab: str
) -> None:
    to_open = file_of(scene, f"/open/{tab}")
    assert colleague.look(file_of(scene, f"/{tab}")).headers["Location"] == to_open
    closed = colleague.get(to_open)
    assert "Open the record of" in closed
    assert EMPTY.get(tab, "Entries") not in closed
    assert colleague.post(to_open, reason=" ").status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(HealthGrant)) == 0
    answer = colleague.post(to_open, reason="I stand in today.")
    assert answer.headers["Location"] == file_of(scene, f"/{tab}")
    colleague.get(file_of(scene, f"/{tab}"))
    granted = db.session.scalars(sa.select(HealthGrant)).one()
    assert (granted.reason, granted.until - granted.granted_at) == ("I stand in today.", timedelta(hours=24))
    actions = sa.select(AuditEntry.action).where(AuditEntry.client_id == scene.ada.id)
    assert "open_with_reason" in db.session.scalars(actions).all()
    the_clock_says(NOW + timedelta(hours=24, minutes=1))
    assert colleague.look(file_of(scene, f"/{tab}")).status_code == 303


def test_the_overview_shows_a_colleague_nothing_clinical(
    scene: Scene, make: Make, colleague: Browser, therapist: Browser, visit: None
) -> None:
    make.submission(who=scene.ada)
    assert "Health questions answered" in therapist.get(file_of(scene))
    closed = colleague.get(file_of(scene))
    assert "Health questions answered" not in closed
    assert "Open with reason" in closed


def test_the_overview_is_one_list_of_visits_messages_and_decisions_the_newest_first(
    scene: Scene, make: Make, therapist: Browser, front_desk: Browser
) -> None:
    scene.visit(starts_at=NOW - timedelta(days=10), state=State.DONE)
    scene.visit(starts_at=NOW + timedelta(days=3))
    make.submission(who=scene.ada, submitted_at=NOW - timedelta(days=5))
    lines = [one.text for one in read(therapist.get(file_of(scene))).one("ol").all("li")]
    assert len(lines) == 3
    assert "Booked" in lines[0]
    assert "Health questions answered" in lines[1]
    assert "Done" in lines[2]
    assert len(read(front_desk.get(file_of(scene))).one("ol").all("li")) == 2


def test_notes_stand_below_each_other_and_each_is_recorded(
    scene: Scene, therapist: Browser, visit: None
) -> None:
    for days, text in ((20, "Tight on the left"), (13, "Softer now")):
        at = NOW - timedelta(days=days)
        held = scene.visit(starts_at=at, state=State.ARRIVED)
        content = NoteContent(modalities=("swedish",), text=text)
        note = notes.sign_note(held, content, by=scene.therapist_user, now=at + timedelta(hours=1))
        notes.add_to_note(note, f"More on {text}", by=scene.therapist_user, now=NOW)
    draft = scene.visit(starts_at=NOW - timedelta(days=2), state=State.ARRIVED)
    notes.write_note(draft, NoteContent(text="half a sentence"), by=scene.therapist_user, now=NOW)
    db.session.commit()
    seen = therapist.get(file_of(scene, "/notes"))
    assert seen.index("Softer now") < seen.index("Tight on the left")
    assert "More on Softer now" in seen
    assert "half a sentence" not in seen
    assert "Finish this note" in seen
    assert reads(scene, scene.therapist_user) == [("session_notes", "note")] * 2


def test_a_later_version_says_what_changed(scene: Scene, make: Make, therapist: Browser, visit: None) -> None:
    for days, pain in ((40, 7), (2, 4)):
        make.submission(
            who=scene.ada,
            kind=SubmissionKind.FULL,
            submitted_at=NOW - timedelta(days=days),
            answers={"pain_avg_nrs": pain, "flag.saddle_numbness": "no"},
        )
    newest = therapist.get(file_of(scene, "/answers"))
    assert "What changed since" in newest
    assert "7 of 10" in newest
    assert "4 of 10" in newest
    oldest = therapist.get(file_of(scene, "/answers?version=1"))
    assert "What changed since" not in oldest
    assert "4 of 10" not in oldest
    for nonsense in ("0", "99", "x", "-1", "9" * 30):
        therapist.get(file_of(scene, f"/answers?version={nonsense}"))
    assert ("submissions", "file") in reads(scene, scene.therapist_user)


def test_access_shows_who_looked_and_why(
    scene: Scene, make: Make, colleague: Browser, sign_in: Callable[[User], Browser], visit: None
) -> None:
    colleague.post(file_of(scene, "/open/notes"), reason="A question on the telephone.")
    colleague.get(file_of(scene, "/notes"))
    seen = sign_in(make.user(roles=["owner"])).get(file_of(scene, "/access"))
    assert "Opened a record with a reason" in seen
    assert "A question on the telephone." in seen
    assert "Looked at a note" in seen
    assert "Daniel Okafor" in seen


def test_what_stands_above_the_tabs_leads_on(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit()
    seen = therapist.get(file_of(scene))
    for address in (
        f"/staff/appointments/{visit.id}",
        f"/staff/appointments/{visit.id}/move",
        f"/staff/book?client={scene.ada.id}",
        "mailto:ada@client.example",
    ):
        assert f'href="{address}"' in seen, address


@pytest.mark.parametrize("tab", [*OPEN_TABS, "/notes", "/answers", "/plan", "/documents", "/access"])
def test_a_tab_asks_the_same_of_a_long_file(
    scene: Scene, make: Make, therapist: Browser, visit: None, tab: str
) -> None:
    counts = []
    for _ in range(2):
        for days in range(30, 60, 10):
            at = NOW - timedelta(days=days + 100 * len(counts))
            held = scene.visit(starts_at=at, state=State.ARRIVED)
            content = NoteContent(modalities=("swedish",), text="Noted")
            notes.sign_note(held, content, by=scene.therapist_user, now=at + timedelta(hours=1))
            make.submission(who=scene.ada, submitted_at=at)
        db.session.commit()
        with statements() as asked:
            therapist.get(file_of(scene, tab))
        counts.append(len(asked))
    assert counts[0] == counts[1], counts


def test_a_name_on_a_page_leads_to_the_file(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=NOW - timedelta(minutes=30), state=State.ARRIVED)
    scene.visit()
    for page in ("", "/note", "/incidents/new"):
        seen = therapist.get(f"/staff/appointments/{visit.id}{page}")
        assert f'<a class="who" href="{file_of(scene)}">Ada Sample</a>' in seen, page


def test_find_leads_to_the_visit_and_to_moving_it(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    seen = front_desk.post("/staff/book/find", text="sample").get_data(as_text=True)
    for address in (
        file_of(scene),
        f"/staff/appointments/{visit.id}",
        f"/staff/appointments/{visit.id}/move",
    ):
        assert f'href="{address}"' in seen, address
