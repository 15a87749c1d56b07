"""Scores at the desk: entered, corrected, given on the tablet, asked for by letter, and who sees them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import check_ins, score_sheets
from clinic.plans.check_ins import Feeling, Reply
from clinic.plans.models import OutcomeEntry, ScoreSheet
from tests import make
from tests.plans.conftest import Scene
from tests.plans.test_courses import begun, weekly
from tests.plans.test_scores import ACTIVITIES, PEG
from tests.staff.conftest import Browser
from tests.visitor import Visitor, as_staff


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    """The second visit of a course that began with scores; it is over."""
    first = begun(scene, **PEG, **ACTIVITIES)
    first.state = State.DONE
    second = weekly(scene, first, 1)
    db.session.commit()
    return second


def over(visit: Appointment) -> Appointment:
    """The visit took place."""
    visit.state = State.DONE
    db.session.commit()
    return visit


def entries() -> list[OutcomeEntry]:
    of_sheets = sa.select(OutcomeEntry).where(OutcomeEntry.sheet_id.is_not(None))
    return list(db.session.scalars(of_sheets.order_by(OutcomeEntry.id)))


def new(visit: Appointment) -> str:
    return f"/staff/clients/{visit.client_id}/scores/new?visit={visit.id}"


def all_scores(visit: Appointment) -> str:
    return f"/staff/clients/{visit.client_id}/scores"


GIVEN = {"pain_avg_nrs": "3", "peg_enjoyment": "4", "activity_now_1": "7", "global_change": "much_better"}


def test_a_therapist_enters_scores_in_the_clients_words_and_the_file_says_who_and_when(
    visit: Appointment, therapist: Browser
) -> None:
    assert "tying shoes" in therapist.get(new(visit))
    page = therapist.done(new(visit), **GIVEN)
    assert "Entered by Ines Moreau" in page
    assert "3 of 10 on average over the last week" in page
    assert "“tying shoes” 7" in page
    assert "Much better" in page
    kept = entries()
    assert {entry.instrument for entry in kept} == {"nrs", "peg", "psfs", "global_change"}
    assert {entry.appointment_id for entry in kept} == {visit.id}
    assert all(entry.entered_at is not None for entry in kept)
    (peg,) = [entry.scores for entry in kept if entry.instrument == "peg"]
    assert peg == {"pain": 3, "enjoyment": 4}, "average pain is asked once and counts for both"
    deed = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "enter")).one()
    assert sorted(deed.fields) == ["global_change", "nrs", "peg", "psfs"]
    assert db.session.scalar(
        sa.select(AuditEntry.id).where(AuditEntry.purpose == "scores", AuditEntry.action == "read")
    )


def test_entered_scores_count_for_the_visit_in_chart_words_and_table(
    visit: Appointment, therapist: Browser
) -> None:
    therapist.done(new(visit), **GIVEN)
    page = therapist.get(f"/staff/appointments/{visit.id}")
    assert "Average pain over the last week, 0 to 10: Start 5, 2 3" in page
    assert '<th scope="row">2</th><td>3</td>' in page
    note = therapist.get(f"/staff/appointments/{visit.id}/note")
    assert "3 of 10 on average over the last week. Entered by Ines Moreau." in note


def test_scores_between_visits_have_a_place_of_their_own(visit: Appointment, therapist: Browser) -> None:
    therapist.done(f"/staff/clients/{visit.client_id}/scores/new", pain_avg_nrs="2")
    page = therapist.get(f"/staff/appointments/{visit.id}")
    assert "between sessions 2" in page
    assert "A square was given between sessions." in page
    assert entries()[0].appointment_id is None


def test_a_check_in_is_marked_at_its_session_and_said_in_words_and_table(
    visit: Appointment, therapist: Browser
) -> None:
    over(visit)
    check_ins.answer(visit, Reply(Feeling.WORSE, is_worried=True), make.NOW)
    db.session.commit()
    page = therapist.get(f"/staff/appointments/{visit.id}")
    assert page.count('class="chart-mark"') == 1
    assert "(check-in: worse, worried)" in page
    assert "<td>check-in: worse, worried</td>" in page
    assert "After session 2, check-in: worse, worried" in " ".join(page.split())


def test_a_correction_counts_and_keeps_what_stood_there(visit: Appointment, therapist: Browser) -> None:
    therapist.done(new(visit), pain_avg_nrs="8")
    (wrong,) = entries()
    path = f"/staff/scores/{wrong.id}/correct"
    assert "checked" in therapist.get(path)
    page = therapist.done(path, pain_avg_nrs="3")
    assert "3 of 10" in page
    assert "<del>8 of 10 on average over the last week</del>" in page
    old, right = entries()
    assert (old.scores, right.scores) == ({"average": 8}, {"average": 3})
    assert right.corrects_id == old.id
    assert "Start 5, 2 3" in therapist.get(f"/staff/appointments/{visit.id}")
    assert therapist.post(path, pain_avg_nrs="4").status_code == 409
    assert len(entries()) == 2


def test_a_correction_of_an_older_entry_does_not_come_before_a_newer_one(
    visit: Appointment, therapist: Browser
) -> None:
    therapist.done(new(visit), pain_avg_nrs="8")
    first = entries()[0]
    first.recorded_at -= timedelta(minutes=5)
    db.session.commit()
    therapist.done(new(visit), pain_avg_nrs="3")
    therapist.done(f"/staff/scores/{first.id}/correct", pain_avg_nrs="7")
    assert "Start 5, 2 3" in therapist.get(f"/staff/appointments/{visit.id}")


def test_what_came_with_a_clients_own_form_is_not_corrected(visit: Appointment, therapist: Browser) -> None:
    begun_with = db.session.scalars(sa.select(OutcomeEntry).where(OutcomeEntry.sheet_id.is_(None))).first()
    assert begun_with is not None
    assert therapist.look(f"/staff/scores/{begun_with.id}/correct").status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "Give at least one number."), ({"pain_avg_nrs": "11", "peg_enjoyment": "4"}, "Error:")],
)
def test_nothing_and_nonsense_are_asked_for_again(
    visit: Appointment, therapist: Browser, fields: dict[str, str], said: str
) -> None:
    answer = therapist.post(new(visit), **fields)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert entries() == []


def test_the_front_desk_asks_and_sees_nothing(
    visit: Appointment, therapist: Browser, front_desk: Browser
) -> None:
    therapist.done(new(visit), **GIVEN)
    for path in (f"/staff/appointments/{visit.id}", f"/staff/clients/{visit.client_id}"):
        page = front_desk.get(path)
        assert "Scores on this tablet" in page
        for hidden in ("Enter scores", "All scores", "of 10", "Average pain", "Much better"):
            assert hidden not in page, (path, hidden)
    assert front_desk.look(all_scores(visit)).status_code == 403
    assert front_desk.post(new(visit), **GIVEN).status_code == 403
    assert front_desk.post(f"/staff/scores/{entries()[0].id}/correct").status_code == 403


def test_a_colleague_neither_sees_nor_enters(visit: Appointment, colleague: Browser) -> None:
    assert colleague.look(all_scores(visit)).status_code == 303
    assert colleague.post(new(visit), **GIVEN).status_code == 404
    assert entries() == []


def handed(app: Flask, by: User, visit: Appointment) -> Visitor:
    device = Visitor(as_staff(app, by)).open(f"/staff/appointments/{visit.id}")
    return device.press("Scores on this tablet")


def test_a_device_in_a_clients_hands_opens_no_page_of_the_staff(
    app: Flask, scene: Scene, visit: Appointment
) -> None:
    device = handed(app, scene.therapist_user, visit)
    assert device.heading == "How have you been?"
    assert "tying shoes" in device.text
    assert "Ada" not in device.text
    asked = device.path
    assert device.open("/staff/clients").heading == "Is it still you?"
    device.open(asked)
    done = device.press("Send your answers", **GIVEN)
    assert done.heading == "Thank you"
    assert "Please give the device back now." in done.text
    assert device.open(asked).status == 410
    assert {(entry.source, entry.entered_by_id) for entry in entries()} == {("client", None)}


def test_the_front_desk_hands_over_without_the_clients_words(app: Flask, visit: Appointment) -> None:
    device = handed(app, make.user(roles=["front_desk"]), visit)
    assert "The first everyday activity you named" in device.text
    assert "tying shoes" not in device.text


@pytest.mark.parametrize(("days", "counts"), [(0, True), (-8, False)])
def test_what_a_client_says_today_counts_for_a_visit_only_around_it(
    scene: Scene, visit: Appointment, days: int, counts: bool
) -> None:
    length = visit.ends_at - visit.starts_at
    visit.starts_at = visit.occupied_from = make.NOW + timedelta(days=days, hours=1)
    visit.ends_at = visit.occupied_until = visit.starts_at + length
    sheet = score_sheets.hand_over(visit, by=scene.therapist_user, now=make.NOW)
    score_sheets.answer(sheet.id, {"pain_avg_nrs": ["2"]}, make.NOW)
    (entry,) = entries()
    assert entry.appointment_id == (visit.id if counts else None)


def code_of(page: str) -> str:
    return page.split('class="code-shown"><strong>')[1].split("</strong>")[0]


def test_a_tablet_without_the_staff_opens_the_questions_by_a_code_once(
    app: Flask, visit: Appointment, therapist: Browser
) -> None:
    shown = therapist.post(f"/staff/appointments/{visit.id}/scores/code").get_data(as_text=True)
    code = code_of(shown)
    sheet = db.session.scalars(sa.select(ScoreSheet)).one()
    assert sheet.code_digest is not None
    assert code.replace(" ", "").encode() not in sheet.code_digest
    tablet = Visitor(app.test_client()).open("/tablet").press("Open the questions", code=code)
    assert tablet.heading == "How have you been?"
    assert "tying shoes" not in tablet.text
    assert "/my" not in [link.get("href") for link in tablet.page.all("a")]
    again = Visitor(app.test_client()).open("/tablet").press("Open the questions", code=code)
    assert again.status == 422
    assert "This code opens nothing." in again.text
    asked = tablet.path
    assert tablet.open("/staff/clients").path.startswith("/staff/sign-in")
    tablet.open(asked).press("Send your answers", pain_avg_nrs="4")
    assert [entry.scores for entry in entries()] == [{"average": 4}]


def test_a_code_is_too_old_after_ten_minutes(app: Flask, visit: Appointment, therapist: Browser) -> None:
    code = code_of(therapist.post(f"/staff/appointments/{visit.id}/scores/code").get_data(as_text=True))
    sheet = db.session.scalars(sa.select(ScoreSheet)).one()
    sheet.asked_at -= score_sheets.CODE_LASTS
    db.session.commit()
    tablet = Visitor(app.test_client()).open("/tablet").press("Open the questions", code=code)
    assert tablet.status == 422


def test_codes_cannot_be_guessed_for_long(app: Flask, visit: Appointment) -> None:
    tablet = Visitor(app.test_client()).open("/tablet")
    tries = [tablet.press("Open the questions", code=f"1234567{number % 10}").status for number in range(11)]
    assert tries[:10] == [422] * 10
    assert tries[10] == 429


def test_a_letter_is_asked_for_by_one_press_and_not_twice(visit: Appointment, front_desk: Browser) -> None:
    over(visit)
    path = f"/staff/appointments/{visit.id}/scores/letter"
    page = front_desk.done(path)
    assert "Asked by letter" in page
    assert "Ask by letter</button>" not in page
    assert front_desk.post(path).status_code == 409
    sheet = db.session.scalars(sa.select(ScoreSheet)).one()
    sheet.asked_at -= score_sheets.BY_LETTER
    db.session.commit()
    assert front_desk.post(path).status_code == 303


@pytest.mark.parametrize("why", ["no visit yet", "no address", "unwanted"])
def test_no_letter_is_asked_for_that_could_not_go(visit: Appointment, front_desk: Browser, why: str) -> None:
    assert visit.client is not None
    if why != "no visit yet":
        over(visit)
    if why == "no address":
        visit.client.contacts[0].bounced_at = make.NOW
    if why == "unwanted":
        visit.client.contacts[0].wants_check_ins = False
    db.session.commit()
    answer = front_desk.post(f"/staff/appointments/{visit.id}/scores/letter")
    assert answer.status_code == 409
    assert db.session.scalars(sa.select(ScoreSheet)).all() == []


def test_a_letters_answers_stand_between_visits(
    app: Flask, visit: Appointment, front_desk: Browser, therapist: Browser
) -> None:
    over(visit)
    front_desk.done(f"/staff/appointments/{visit.id}/scores/letter")
    sheet = db.session.scalars(sa.select(ScoreSheet)).one()
    reader = Visitor(app.test_client()).open(signed_links.scores_path(sheet.id))
    assert "tying shoes" not in reader.text
    assert reader.press("Send your answers", pain_avg_nrs="2").heading == "Thank you"
    assert entries()[0].appointment_id is None
    assert "Given by the client after a letter" in therapist.get(all_scores(visit))
    assert reader.open(signed_links.scores_path(sheet.id)).status == 410


def test_a_letters_page_closes_after_seven_days(app: Flask, visit: Appointment, front_desk: Browser) -> None:
    over(visit)
    front_desk.done(f"/staff/appointments/{visit.id}/scores/letter")
    sheet = db.session.scalars(sa.select(ScoreSheet)).one()
    sheet.closes_at = clock.now()
    db.session.commit()
    assert Visitor(app.test_client()).open(signed_links.scores_path(sheet.id)).status == 410


def test_the_activities_of_a_course_stay_those_it_began_with(
    scene: Scene, visit: Appointment, sign_in: Callable[[User], Browser]
) -> None:
    sign_in(scene.therapist_user).done(f"/staff/clients/{visit.client_id}/scores/new", activity_now_2="9")
    from clinic.plans import scores

    assert visit.client_id is not None
    assert len(scores.activities_of(visit.client_id)) == 2
