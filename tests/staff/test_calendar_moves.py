"""Moving a visit inside the calendar, and following what others do: the server judges, and one of two wins."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import StaffSession
from clinic.booking.models import Appointment, State, Waiver
from clinic.db import db
from clinic.practice.models import TimeOff
from tests import make
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

STAMP = "/staff/calendar/stamp?from=2031-03-03&until=2031-03-10"


def judged(
    browser: Browser, visit: Appointment, at: str, on: str = "2031-03-06", **others: str
) -> dict[str, object]:
    slug = others.get("therapist") or visit.therapist.slug
    answer = browser.look(f"/staff/calendar/visits/{visit.id}/judge?on={on}&at={at}&therapist={slug}")
    found: dict[str, object] = answer.get_json()
    return found


def dropped(
    browser: Browser,
    visit: Appointment,
    at: str,
    on: str = "2031-03-06",
    revision: int | None = None,
    **fields: object,
) -> tuple[int, dict[str, object]]:
    path = f"/staff/calendar/visits/{visit.id}/drop?on={on}&at={at}&therapist={visit.therapist.slug}"
    answer = browser.post(path, revision=visit.revision if revision is None else revision, **fields)
    return answer.status_code, answer.get_json()


def test_a_free_place_takes_the_visit_and_the_move_can_be_undone(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    before = visit.starts_at
    assert judged(front_desk, visit, "14:00") == {"verdict": "free", "said": []}
    assert make.refreshed(visit).starts_at == before
    assert dropped(front_desk, visit, "14:00") == (200, {"verdict": "moved", "said": []})
    assert make.refreshed(visit).starts_at == before + timedelta(hours=4)
    page = front_desk.get("/staff/calendar?view=day&day=2031-03-06")
    assert "The visit has a new time." in page
    assert "Undo" in page
    front_desk.acted(visit, "undo")
    assert make.refreshed(visit).starts_at == before


def test_a_place_outside_the_rules_asks_why_and_writes_it_down(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    found = judged(front_desk, visit, "18:00")
    assert found["verdict"] == "reason"
    assert found["said"] == ["Ines has no open hours then, or a break lies in it."]
    assert dropped(front_desk, visit, "18:00")[0] == 409
    status, refused = dropped(front_desk, visit, "18:00", waived="hours", reason=" ")
    assert (status, refused["verdict"]) == (422, "no")
    assert not db.session.scalars(sa.select(Waiver)).all()
    status, moved = dropped(front_desk, visit, "18:00", waived="hours", reason="Comes from a night shift")
    assert (status, moved["verdict"]) == (200, "moved")
    waiver = db.session.scalars(sa.select(Waiver)).one()
    assert (waiver.rules, waiver.reason) == (["hours"], "Comes from a night shift")


def test_a_taken_place_and_an_absence_refuse_by_name(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    scene.make.appointment(
        of=scene.treatment, who=scene.make.client(), starts_at=visit.starts_at + timedelta(hours=2)
    )
    assert judged(front_desk, visit, "12:30") == {
        "verdict": "no",
        "said": ["The therapist or every room is taken then, buffers included."],
    }
    assert dropped(front_desk, visit, "12:30")[0] == 409
    db.session.add(TimeOff(therapist_id=scene.therapist.id, from_on=make.day(4), until_on=make.day(5)))
    db.session.commit()
    said = judged(front_desk, visit, "10:00", on="2031-03-07")
    assert said["verdict"] == "no"
    assert "away" in str(said["said"])


def test_a_therapist_who_does_not_give_the_treatment_refuses(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    visit = scene.visit()
    other = make.therapist(scene.location)
    assert judged(front_desk, visit, "14:00", therapist=other.slug)["verdict"] == "no"


def test_of_two_people_who_drag_one_visit_the_second_is_told(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    visit = scene.visit()
    shown = visit.revision
    assert dropped(front_desk, visit, "14:00", revision=shown)[0] == 200
    status, answer = dropped(colleague, visit, "15:00", revision=shown)
    assert (status, answer["verdict"]) == (409, "no")
    assert "This changed while your page was open." in str(answer["said"])
    assert make.refreshed(visit).wall_start.hour == 14


@pytest.mark.parametrize(
    ("on", "at", "status"), [("2031-03-30", "02:30", 422), ("x", "10:00", 422), ("2031-03-06", "25:00", 422)]
)
def test_a_time_that_does_not_exist_is_refused_in_words(
    scene: Scene, front_desk: Browser, on: str, at: str, status: int
) -> None:
    visit = scene.visit()
    found, answer = dropped(front_desk, visit, at, on=on)
    assert (found, answer["verdict"]) == (status, "no")
    assert answer["said"]


def test_what_is_over_or_unknown_is_not_moved(scene: Scene, front_desk: Browser) -> None:
    done = scene.visit(starts_at=make.NOW - timedelta(days=3), state=State.DONE)
    assert dropped(front_desk, done, "14:00")[0] == 409
    visit = scene.visit()
    path = f"/staff/calendar/visits/{visit.id}/drop?on=2031-03-06&at=14:00&therapist=nobody"
    assert front_desk.post(path, revision=1).status_code == 404
    assert dropped(front_desk, visit, "14:00", revision=77)[0] == 409


def test_the_stamp_changes_with_what_the_calendar_shows(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    seen = [front_desk.get(STAMP)]
    assert front_desk.get(STAMP) == seen[0]
    dropped(front_desk, visit, "14:00")
    seen.append(front_desk.get(STAMP))
    front_desk.done(
        f"/staff/calendar/time?on=2031-03-04&at=12:00&therapist={scene.therapist.slug}",
        until_time="13:00",
        repeats="once",
    )
    seen.append(front_desk.get(STAMP))
    assert len(set(seen)) == 3
    shown = front_desk.get("/staff/calendar?view=week&day=2031-03-03&therapist=" + scene.therapist.slug)
    assert f'data-stamp="{seen[-1].split(chr(34))[3]}"' in shown


def test_a_poll_is_one_statement_and_nobody_is_seen_by_it(scene: Scene, front_desk: Browser) -> None:
    long_ago = make.NOW - timedelta(minutes=10)
    db.session.execute(sa.update(StaffSession).values(seen_at=long_ago))
    db.session.commit()
    with statements() as asked:
        front_desk.get(STAMP)
    assert len([one for one in asked if "users." not in one]) == 1
    by_itself = {"X-By-Itself": "yes"}
    front_desk.client.get("/staff/calendar?view=day&day=2031-03-03", headers=by_itself)
    assert set(db.session.scalars(sa.select(StaffSession.seen_at))) == {long_ago}
    front_desk.get("/staff/calendar?view=day&day=2031-03-03")
    assert min(db.session.scalars(sa.select(StaffSession.seen_at))) >= make.NOW


@pytest.mark.parametrize(
    "asked", ["", "from=2031-03-03", "from=2031-03-03&until=2031-03-03", "from=x&until=y"]
)
def test_a_stamp_of_no_days_is_not_found(scene: Scene, front_desk: Browser, asked: str) -> None:
    front_desk.get(f"/staff/calendar/stamp?{asked}", 404)
