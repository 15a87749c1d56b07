"""Another length for a visit: judged by the server, undone for two minutes, by hand in the calendar and by *Move…*."""

from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import desk
from clinic.booking.changes import TooLong
from clinic.booking.models import Appointment, State, Waiver
from clinic.db import db
from clinic.practice.models import Practice, TimeOff
from clinic.web import time_values
from tests import make
from tests.make import Make
from tests.plans.conftest import Scene
from tests.plans.intakes import PREGNANT, send
from tests.staff.conftest import Browser
from tests.web.reading import read


def judged(browser: Browser, visit: Appointment, minutes: object) -> dict[str, object]:
    answer = browser.look(f"/staff/calendar/visits/{visit.id}/judge?minutes={minutes}")
    found: dict[str, object] = answer.get_json()
    return found


def dropped(
    browser: Browser, visit: Appointment, minutes: object, revision: int | None = None, **fields: object
) -> tuple[int, dict[str, object]]:
    path = f"/staff/calendar/visits/{visit.id}/drop?minutes={minutes}"
    answer = browser.post(path, revision=visit.revision if revision is None else revision, **fields)
    return answer.status_code, answer.get_json()


def lasts(visit: Appointment) -> tuple[int, timedelta, timedelta]:
    """Length, time between start and end, and from the end to the end of the buffer."""
    visit = make.refreshed(visit)
    return visit.length_minutes, visit.ends_at - visit.starts_at, visit.occupied_until - visit.ends_at


def test_a_visit_becomes_longer_and_shorter_and_that_can_be_undone(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(buffer_after_minutes=15, occupied_until=make.NOW + timedelta(days=3, minutes=75))
    assert judged(front_desk, visit, 90) == {"verdict": "free", "said": []}
    assert make.refreshed(visit).length_minutes == 60
    assert dropped(front_desk, visit, 90) == (200, {"verdict": "moved", "said": []})
    assert lasts(visit) == (90, timedelta(minutes=90), timedelta(minutes=15))
    assert make.refreshed(visit).starts_at == make.NOW + timedelta(days=3)
    front_desk.acted(visit, "undo")
    assert lasts(visit) == (60, timedelta(minutes=60), timedelta(minutes=15))
    assert dropped(front_desk, make.refreshed(visit), 30)[0] == 200
    assert lasts(visit) == (30, timedelta(minutes=30), timedelta(minutes=15))
    front_desk.acted(visit, "undo")
    assert lasts(visit)[0] == 60
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "move").order_by(AuditEntry.id)
    ).first()
    assert entry is not None
    assert "length_minutes" in entry.fields


def test_what_it_gave_up_stays_reserved_as_long_as_it_can_be_undone(
    scene: Scene, front_desk: Browser
) -> None:
    visit = scene.visit()
    dropped(front_desk, visit, 30)
    kept = db.session.scalars(sa.select(Appointment).where(Appointment.undo_of_id == visit.id)).one()
    assert (kept.starts_at, kept.ends_at) == (
        visit.starts_at + timedelta(minutes=30),
        visit.starts_at + timedelta(minutes=60),
    )


def test_another_visit_in_the_way_refuses_and_hours_ask_for_a_reason(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    visit = scene.visit()
    other = make.appointment(
        of=scene.treatment, who=make.client(mail=None), starts_at=visit.starts_at + timedelta(hours=2)
    )
    assert judged(front_desk, visit, 125)["verdict"] == "no"
    assert dropped(front_desk, visit, 125)[0] == 409
    last = scene.visit(starts_at=visit.starts_at + timedelta(hours=6))
    assert other.id != last.id
    assert judged(front_desk, last, 90)["said"] == ["Ines has no open hours then, or a break lies in it."]
    assert dropped(front_desk, last, 90)[0] == 409
    status, _ = dropped(front_desk, last, 90, waived="hours", reason="Stays longer")
    assert status == 200
    assert db.session.scalars(sa.select(Waiver)).one().reason == "Stays longer"


def test_time_off_and_other_lengths_than_there_are_refuse_in_words(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    off = {"therapist_id": scene.therapist.id, "from_on": make.day(3), "until_on": make.day(4)}
    db.session.add(TimeOff(**off, from_minute=660, until_minute=720))
    db.session.commit()
    assert "away" in str(judged(front_desk, visit, 90)["said"])
    for minutes in (0, 3, 62, 365, "x", -60, 10**9):
        status, answer = dropped(front_desk, visit, minutes)
        assert (status, answer["verdict"]) == (422, "no"), minutes
        assert "Enter a length from 5 to 360 minutes" in str(answer["said"])
    assert lasts(visit)[0] == 60


def test_notice_does_not_ask_anew_for_a_visit_that_stays_where_it_is(
    scene: Scene, front_desk: Browser
) -> None:
    db.session.get_one(Practice, 1).notice_minutes = 120
    db.session.commit()
    visit = scene.visit(starts_at=make.NOW + timedelta(minutes=30))
    assert judged(front_desk, visit, 75)["verdict"] == "free"
    assert dropped(front_desk, visit, 75)[0] == 200


def test_of_two_who_change_a_length_the_second_is_told(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    visit = scene.visit()
    shown = visit.revision
    assert dropped(front_desk, visit, 75, revision=shown)[0] == 200
    status, answer = dropped(colleague, visit, 45, revision=shown)
    assert status == 409
    assert "This changed while your page was open." in str(answer["said"])
    assert lasts(visit)[0] == 75


def test_what_has_begun_keeps_its_length(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW - timedelta(minutes=10), state=State.ARRIVED)
    assert dropped(front_desk, visit, 75)[0] == 409


def test_by_keyboard_move_changes_the_length_too(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    page = front_desk.get(f"/staff/appointments/{visit.id}/move")
    field = read(page).one("input", name_="minutes")
    assert field.get("value") == "60"
    button = next(one for one in read(page).all("button") if one.text == "Only change the length")
    check = f"{button.get('formaction')}?start={quote(button.get('value'))}&location={scene.location.slug}&minutes=75"
    seen = front_desk.get(check)
    assert "Change the length of the visit of" in seen
    assert "60 minutes before, 75 now. The price stays" in read(seen).text
    form = next(one for one in read(seen).all("form") if "/move/check" in one.get("action"))
    page = front_desk.done(form.get("action"), revision=visit.revision)
    assert lasts(visit)[0] == 75
    assert "Undo" in page


def test_a_wrong_length_is_shown_again_with_what_is_wrong(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    start = time_values.value(visit.starts_at, visit.therapist_id)
    for path in (
        "move?minutes=62",
        f"move/check?start={quote(start)}&minutes=62",
        "move/at?on=2031-03-07&at=10:00&minutes=62&therapist=" + scene.therapist.slug,
    ):
        page = front_desk.get(f"/staff/appointments/{visit.id}/{path}", 422)
        assert "Enter a length from 5 to 360 minutes" in page
        assert 'value="62"' in page


def test_a_drawn_span_is_booked_at_its_length(scene: Scene, make: Make, front_desk: Browser) -> None:
    path = f"/staff/calendar/time?on=2031-03-04&at=12:00&until=13:20&therapist={scene.therapist.slug}"
    page = read(front_desk.get(path))
    assert "12:00 to 13:20" in page.one("h1").text
    assert page.one("input", name_="until_time").get("value") == "13:20"
    form = next(one for one in page.all("form") if one.get("action").startswith("/staff/book/find"))
    found = read(front_desk.post(form.get("action"), text="sample", treatment="").get_data(as_text=True))
    link = next(one for one in found.all("a") if one.text.startswith("Book for Ada"))
    check = read(front_desk.get(link.get("href")))
    assert "80 minutes instead of 60" in check.text
    sent = next(one for one in check.all("form") if "/book/check" in one.get("action"))
    key = sent.one("input", name_="key").get("value")
    front_desk.done(sent.get("action"), key=key)
    visit = db.session.scalars(sa.select(Appointment).where(Appointment.client_id == scene.ada.id)).one()
    assert (visit.length_minutes, visit.wall_start.hour) == (80, 12)
    assert visit.ends_at - visit.starts_at == timedelta(minutes=80)


def test_a_span_takes_the_same_treatment_of_its_own_length(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    long = make.treatment(therapists=[scene.therapist], minutes=90, name=scene.treatment.name, position=9)
    make.treatment(therapists=[scene.therapist], minutes=90, position=1)
    scene.visit(starts_at=make.NOW - timedelta(days=7), state=State.DONE)
    path = f"/staff/calendar/time?on=2031-03-04&at=12:00&until=13:30&therapist={scene.therapist.slug}"
    form = next(
        one
        for one in read(front_desk.get(path)).all("form")
        if one.get("action").startswith("/staff/book/find")
    )
    found = read(front_desk.post(form.get("action"), text="sample", treatment="").get_data(as_text=True))
    link = next(one for one in found.all("a") if one.text.startswith("Book for Ada"))
    assert f"treatment={long.slug}" in link.get("href")


@pytest.mark.parametrize("until", ["11:00", "12:00", "x", "25:00"])
def test_a_span_that_cannot_be_books_the_usual_length_or_is_not_found(
    scene: Scene, front_desk: Browser, until: str
) -> None:
    path = f"/staff/calendar/time?on=2031-03-04&at=12:00&until={until}&therapist={scene.therapist.slug}"
    answer = front_desk.look(path)
    assert answer.status_code in (200, 404)
    assert "&amp;minutes=" not in answer.get_data(as_text=True)


def test_answers_that_limit_a_visit_refuse_a_longer_one_without_naming_health(
    scene: Scene, front_desk: Browser
) -> None:
    send(scene.ada, PREGNANT)
    visit = scene.visit(length_minutes=30, ends_at=make.NOW + timedelta(days=3, minutes=30))
    refused = "This visit cannot be made so long. A therapist can say why."
    assert judged(front_desk, visit, 60)["said"] == [refused]
    status, said = dropped(front_desk, visit, 60)
    assert (status, said["said"]) == (409, [refused])
    value = quote(time_values.value(visit.starts_at, visit.therapist_id))
    check = f"/staff/appointments/{visit.id}/move/check?start={value}&minutes=60"
    assert refused in front_desk.get(check)
    answer = front_desk.post(check, revision=visit.revision)
    assert answer.status_code == 409
    assert refused in answer.get_data(as_text=True)
    assert "pregnan" not in answer.get_data(as_text=True).lower()
    with pytest.raises(TooLong):
        desk.move(
            visit.id,
            visit.starts_at,
            therapist_id=visit.therapist_id,
            location_id=visit.location_id,
            revision=visit.revision,
            by=scene.therapist_user,
            length_minutes=60,
            now=make.NOW,
        )
    db.session.rollback()
    assert lasts(visit)[0] == 30
    assert dropped(front_desk, visit, 45)[0] == 200
    assert lasts(visit)[0] == 45
