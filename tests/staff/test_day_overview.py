"""What *Today* shows beside the visits: the desk's work and gaps, the owner's numbers; and the day on paper."""

from collections.abc import Callable
from datetime import timedelta

from clinic.accounts.models import User
from clinic.booking.models import State
from clinic.booking.waiting.models import WaitingListEntry
from clinic.db import db
from clinic.plans import notes
from clinic.plans.notes import NoteContent
from tests import make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.plans.intakes import KNOTS, review
from tests.staff.conftest import Browser
from tests.web.reading import read

LATER = make.NOW + timedelta(hours=3)


def test_the_desk_sees_what_is_to_do_what_is_not_confirmed_and_what_is_free(
    scene: Scene, front_desk: Browser
) -> None:
    scene.visit(starts_at=LATER)
    scene.visit(
        state=State.REQUESTED,
        request_reason="level",
        starts_at=LATER + timedelta(days=1),
        who=make.client(given_name="Ben"),
    )
    page = read(front_desk.get("/staff"))
    aside = page.one("aside", aria_label="To do").text
    assert "Answers missing: Ada Sample" in aside
    assert "Asked for, not decided yet Ben Sample" in aside
    assert "Still free today 10:00 to 13:00, Ines" in aside
    assert "14:00 to 17:00, Ines" in aside
    assert "waiting list" not in aside


def test_a_gap_says_how_many_on_the_waiting_list_would_come(scene: Scene, front_desk: Browser) -> None:
    waits = {"treatment_id": scene.treatment.id, "last_on": LATER.date(), "created_at": make.NOW}
    db.session.add_all(
        [
            WaitingListEntry(client_id=scene.ada.id, times=list(range(21)), **waits),
            WaitingListEntry(client_id=make.client(given_name="Ben").id, times=[20], **waits),
        ]
    )
    db.session.commit()
    aside = read(front_desk.get("/staff")).one("aside", aria_label="To do").text
    assert "1 person on the waiting list fits" in aside


def test_a_therapists_own_day_stays_clinical(scene: Scene, therapist: Browser) -> None:
    aside = read(therapist.get("/staff")).one("aside", aria_label="To do").text
    assert "Still free today" not in aside


def test_the_owner_sees_yesterday_and_the_week_in_five_numbers(
    scene: Scene, sign_in: Callable[[User], Browser]
) -> None:
    monday = make.NOW
    scene.visit(starts_at=monday - timedelta(days=1), state=State.DONE)
    scene.visit(starts_at=monday - timedelta(hours=1), state=State.DONE)
    scene.visit(starts_at=monday - timedelta(days=1, hours=3), state=State.MISSED)
    owner = sign_in(make.user(roles=["owner"]))
    with statements() as sent:
        rows = [row.text for row in read(owner.get("/staff")).all("tr")]
    sections = read(owner.get("/staff")).one("main").all("section")
    order = [one.attributes.get("aria-label") or one.attributes.get("aria-labelledby") for one in sections]
    assert order.index("The day") < order.index("numbers")
    assert "Clients who came 1 1" in rows
    assert "Did not come 1 0" in rows
    assert "New clients 1 0" in rows
    assert any(row.startswith("Worth €60") for row in rows), rows
    assert len([one for one in sent if "price_cents) FILTER" in one]) == 1


def test_nobody_but_an_owner_sees_the_numbers(scene: Scene, therapist: Browser, front_desk: Browser) -> None:
    assert "In five numbers" not in therapist.get("/staff")
    assert "In five numbers" not in front_desk.get("/staff")


def test_the_day_on_paper_with_and_without_names(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=LATER)
    later = scene.visit(starts_at=LATER + timedelta(days=2), who=make.client(given_name="Ben"))
    day = read(front_desk.get("/staff/day-sheet")).one("main").text
    assert "13:00 to 14:00 Ada Sample" in day
    assert "Ben" not in day
    week = read(front_desk.get("/staff/day-sheet?length=week&names=no")).one("main").text
    assert visit.reference in week
    assert later.reference in week
    assert "Ada" not in week
    page = read(front_desk.get("/staff/day-sheet"))
    for link, named in (("Without names", False), ("Week", False), ("With names", True), ("Day", True)):
        address = next(one.get("href") for one in page.all("a") if one.text == link)
        page = read(front_desk.get(address))
        assert ("Ada" in page.one("main").text) == named, link
    for length, names in (
        ("day", ["Sunday 2 March", "Tuesday 4 March"]),
        ("week", ["Week of Monday 24 February", "Week of Monday 10 March"]),
    ):
        page = read(front_desk.get(f"/staff/day-sheet?length={length}&names=no"))
        others = page.one("nav", aria_label=f"Other {length}s").all("a")
        assert [one.get("aria-label") for one in others] == names
        next_page = read(front_desk.get(others[1].get("href")))
        assert next_page.one("h1").text == names[1]
        assert "With names" in next_page.text
    for nonsense in ("length=year", "day=x"):
        assert front_desk.look(f"/staff/day-sheet?{nonsense}").status_code == 404


def test_the_week_on_paper_is_one_statement_however_many_come(scene: Scene, front_desk: Browser) -> None:
    def asked() -> int:
        with statements() as sent:
            front_desk.get("/staff/day-sheet?length=week")
        return len(sent)

    scene.visit(starts_at=LATER)
    few = asked()
    for days in range(1, 4):
        scene.visit(starts_at=LATER + timedelta(days=days), who=make.client(given_name=f"C{days}"))
    assert asked() == few


def test_a_therapist_reads_of_a_visit_first_what_is_clinical_and_messages_last(
    scene: Scene, therapist: Browser
) -> None:
    before = scene.visit(starts_at=make.NOW - timedelta(days=7), state=State.DONE)
    said = NoteContent(modalities=("swedish",), text="Marker: tight on the left.", next="Begin on the left.")
    notes.sign_note(before, said, by=scene.therapist_user, now=make.NOW)
    visit = scene.visit(starts_at=LATER)
    review(visit, KNOTS)
    db.session.commit()
    page = therapist.get(f"/staff/appointments/{visit.id}")
    order = [page.index(f'id="{part}"') for part in ("care", "last-note", "the-visit", "messages")]
    assert order == sorted(order)
    assert "Marker: tight on the left." in page


def test_the_last_note_is_not_shown_to_the_desk(scene: Scene, front_desk: Browser) -> None:
    before = scene.visit(starts_at=make.NOW - timedelta(days=7), state=State.DONE)
    said = NoteContent(modalities=("swedish",), text="Marker: tight on the left.")
    notes.sign_note(before, said, by=scene.therapist_user, now=make.NOW)
    visit = scene.visit(starts_at=LATER)
    db.session.commit()
    assert "Marker" not in front_desk.get(f"/staff/appointments/{visit.id}")
