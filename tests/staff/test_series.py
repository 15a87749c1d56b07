"""Staff book, move and cancel several sessions in one act, in a browser without scripts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.booking.models import Appointment, Series, State
from clinic.booking.series import new_series
from clinic.db import db
from clinic.plans.models import PlannedSession
from tests import make
from tests.plans.conftest import Scene
from tests.plans.test_to_book import course
from tests.staff.test_calling import clerk
from tests.visitor import Visitor, as_staff, shown

__all__ = ["clerk"]

ASKED = "count=4&every=1&on=2031-03-13&at=10:00"


def booked_walls() -> list[datetime]:
    rows = sa.select(Appointment.wall_start).where(Appointment.series_id.is_not(None))
    return list(db.session.scalars(rows.order_by(Appointment.series_index)))


def preview(clerk: Visitor, visit: Appointment, asked: str = ASKED) -> Visitor:
    return clerk.open(f"/staff/appointments/{visit.id}/series?{asked}&therapist={visit.therapist.slug}")


@pytest.fixture
def whole(scene: Scene, clerk: Visitor) -> Series:
    """Four weekly sessions, booked from a visit."""
    preview(clerk, scene.visit()).press("Book the chosen sessions")
    return db.session.scalars(sa.select(Series)).one()


def test_sessions_are_looked_at_first_and_booked_in_one_act(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    clerk.open(f"/staff/appointments/{visit.id}")
    link = next(one for one in clerk.page.all("a") if one.text == "Book further sessions")
    clerk.open(link.get("href"))
    assert "Book the chosen sessions" not in clerk.text
    preview(clerk, visit)
    assert "All 4 are free." in clerk.text
    assert make.count(Series) == 0
    clerk.press("Book the chosen sessions")
    assert "The sessions are booked. One letter tells of all of them." in clerk.text
    assert clerk.heading == "Series of Ada Sample"
    assert booked_walls() == [datetime(2031, 3, 13, 10) + number * timedelta(weeks=1) for number in range(4)]


def test_the_rest_of_a_course_is_proposed_and_given_its_visits(scene: Scene, clerk: Visitor) -> None:
    made, first = course(scene, sessions=4)
    clerk.open(f"/staff/appointments/{first.id}/series")
    assert "The course has 3 sessions left to book." in clerk.text
    form, _ = clerk.form_with("See what is free")
    values = shown(form)
    assert (values["count"], values["every"], values["on"], values["at"]) == ("3", "1", "2031-03-13", "10:00")
    clerk.open(form.get("action") + "?" + "&".join(f"{name}={value}" for name, value in values.items()))
    clerk.press("Book the chosen sessions")
    rows = sa.select(PlannedSession.appointment_id).where(PlannedSession.plan_id == made.id)
    given = list(db.session.scalars(rows.order_by(PlannedSession.number)))
    members = new_series.members(db.session.scalars(sa.select(Series.id)).one())
    assert given == [first.id, *(member.id for member in members)]
    clerk.open(f"/staff/appointments/{first.id}/series")
    assert "left to book" not in clerk.text


def test_a_conflict_is_left_out_unless_an_alternative_is_chosen(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    make.appointment(of=scene.treatment, who=make.client(), starts_at=make.NOW + timedelta(days=17))
    preview(clerk, visit)
    assert "3 of 4 are free" in clerk.text
    form, _ = clerk.form_with("Book the chosen sessions")
    options = [one.get("value") for one in form.all("input") if one.attributes.get("name") == "session-2"]
    assert len(options) == 4
    assert shown(form)["session-2"] == [""]
    clerk.press("Book the chosen sessions", **{"session-2": options[1]})
    assert booked_walls()[1] == datetime(2031, 3, 20, 11)
    assert len(booked_walls()) == 4


def test_some_of_them_are_left_out_on_purpose(scene: Scene, clerk: Visitor) -> None:
    preview(clerk, scene.visit()).press("Book the chosen sessions", **{"session-2": "", "session-4": ""})
    assert [wall.day for wall in booked_walls()] == [13, 27]


def test_nothing_chosen_books_nothing(scene: Scene, clerk: Visitor) -> None:
    none = {f"session-{number}": "" for number in range(1, 5)}
    preview(clerk, scene.visit()).press("Book the chosen sessions", **none)
    assert clerk.status == 422
    assert "Choose between one and 52 sessions." in clerk.text
    assert make.count(Series) == 0


def test_a_time_taken_meanwhile_comes_back_marked_and_nothing_is_written(
    scene: Scene, clerk: Visitor
) -> None:
    preview(clerk, scene.visit())
    make.appointment(of=scene.treatment, who=make.client(), starts_at=make.NOW + timedelta(days=17))
    clerk.press("Book the chosen sessions", **{"session-4": ""})
    assert clerk.status == 409
    assert clerk.title.startswith("Error: ")
    assert "Some of these times were taken meanwhile." in clerk.text
    assert clerk.text.count("Taken meanwhile") == 1
    assert make.count(Series) == 0
    form, _ = clerk.form_with("Book the chosen sessions")
    kept = shown(form)
    assert [bool(kept.get(f"session-{number}", [""])[0]) for number in range(1, 5)] == [
        True,
        False,
        True,
        False,
    ]
    clerk.press("Book the chosen sessions")
    assert [wall.day for wall in booked_walls()] == [13, 27]


def test_the_same_form_sent_twice_books_one_series(scene: Scene, clerk: Visitor) -> None:
    preview(clerk, scene.visit())
    form, _ = clerk.form_with("Book the chosen sessions")
    answers = [clerk.browser.post(form.get("action"), data=shown(form)) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert make.count(Series) == 1
    without = clerk.browser.post(form.get("action"), data={**shown(form), "key": ""})
    assert without.status_code == 409
    assert make.count(Series) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "count=0&every=1&on=2031-03-13&at=10:00",
        "count=53&every=1&on=2031-03-13&at=10:00",
        "count=4&every=0&on=2031-03-13&at=10:00",
        "count=four&every=1&on=2031-03-13&at=10:00",
        "count=4&every=1&on=&at=10:00",
        "count=4&every=1&on=9999-12-31&at=10:00",
        "count=4&every=1&on=2031-03-13&at=10:01",
        "count=4&on=2031-03-13",
    ],
)
def test_numbers_nobody_books_are_refused_with_a_sentence(scene: Scene, clerk: Visitor, asked: str) -> None:
    preview(clerk, scene.visit(), asked)
    assert clerk.status == 422
    assert clerk.title.startswith("Error: ")


def test_forged_choices_book_nothing(scene: Scene, clerk: Visitor) -> None:
    preview(clerk, scene.visit())
    form, _ = clerk.form_with("Book the chosen sessions")
    for value in (
        "soon",
        "2031-03-13T09:00:00+00:00/me",
        "9999-12-31T23:59:59+00:00/" + str(scene.therapist.id),
    ):
        answer = clerk.browser.post(form.get("action"), data={**shown(form), "session-1": value})
        assert answer.status_code == 404
    night = f"2031-03-13T02:00:00+00:00/{scene.therapist.id}"
    assert clerk.browser.post(form.get("action"), data={**shown(form), "session-1": night}).status_code == 409
    assert make.count(Series) == 0


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("urgent", "cannot be booked now"),
        ("refer", "cannot be booked now"),
        ("therapist_review", "A therapist looks first"),
    ],
)
def test_safety_comes_first_for_a_series_too(scene: Scene, clerk: Visitor, level: str, words: str) -> None:
    make.submission(
        who=scene.ada, level=level, disposition={"urgent": "emergency", "refer": "doctor"}.get(level)
    )
    preview(clerk, scene.visit()).press("Book the chosen sessions")
    assert clerk.status == 409
    assert words in clerk.text
    assert make.count(Series) == 0


def test_a_visit_says_which_session_of_a_series_it_is(scene: Scene, clerk: Visitor, whole: Series) -> None:
    clerk.open(f"/staff/appointments/{new_series.members(whole.id)[1].id}")
    link = next(one for one in clerk.page.all("a") if one.text == "Session 2 of a series")
    assert clerk.open(link.get("href")).heading == "Series of Ada Sample"


def test_this_and_later_ones_move_after_a_look(scene: Scene, clerk: Visitor, whole: Series) -> None:
    before = booked_walls()
    path = f"/staff/series/{whole.id}/move?index=3&scope=later"
    clerk.open(path)
    assert "Move the chosen sessions" not in clerk.text
    clerk.open(f"{path}&weekday=1&at=14:30&weeks=0&therapist=")
    assert "All 2 are free." in clerk.text
    assert booked_walls() == before
    clerk.press("Move the chosen sessions")
    assert "The sessions have new times." in clerk.text
    assert booked_walls() == [*before[:2], datetime(2031, 3, 25, 14, 30), datetime(2031, 4, 1, 14, 30)]


def test_one_that_was_moved_by_itself_stays_unless_it_is_chosen(
    scene: Scene, clerk: Visitor, whole: Series
) -> None:
    second = new_series.members(whole.id)[1]
    clerk.open(
        f"/staff/appointments/{second.id}/move/check?start=2031-03-21T13:00:00%2B00:00/{scene.therapist.id}"
    )
    clerk.press("Move")
    clerk.open(f"/staff/series/{whole.id}")
    assert clerk.text.count("Moved by itself") == 1
    clerk.open(f"/staff/series/{whole.id}/move?index=1&scope=all&weekday=1&at=14:30&weeks=0")
    form, _ = clerk.form_with("Move the chosen sessions")
    assert [bool(shown(form).get(f"session-{number}")) for number in range(1, 5)] == [True, False, True, True]
    clerk.press("Move the chosen sessions")
    assert [wall.day for wall in booked_walls()] == [11, 21, 25, 1]


def test_a_time_lost_while_moving_comes_back_marked(scene: Scene, clerk: Visitor, whole: Series) -> None:
    before = booked_walls()
    clerk.open(f"/staff/series/{whole.id}/move?index=1&scope=all&weekday=1&at=14:00&weeks=0")
    make.appointment(
        of=scene.treatment, who=make.client(), starts_at=datetime.fromisoformat("2031-03-18T13:00+00:00")
    )
    clerk.press("Move the chosen sessions")
    assert clerk.status == 409
    assert clerk.text.count("Taken meanwhile") == 1
    assert booked_walls() == before
    clerk.press("Move the chosen sessions")
    assert [wall.day for wall in booked_walls()] == [11, 20, 25, 1]


def test_an_old_page_moves_nobody_and_shows_how_it_stands(
    scene: Scene, clerk: Visitor, whole: Series
) -> None:
    clerk.open(f"/staff/series/{whole.id}/move?index=1&scope=all&weekday=1&at=14:00&weeks=0")
    first = new_series.members(whole.id)[0]
    first.revision += 1
    db.session.commit()
    before = booked_walls()
    clerk.press("Move the chosen sessions")
    assert clerk.status == 409
    assert "This changed while your page was open." in clerk.text
    assert booked_walls() == before
    clerk.press("Move the chosen sessions")
    assert booked_walls() != before


def test_the_chosen_ones_are_cancelled_after_asking(scene: Scene, clerk: Visitor, whole: Series) -> None:
    clerk.open(f"/staff/series/{whole.id}/cancel?index=3&scope=later")
    form, _ = clerk.form_with("Cancel the chosen sessions")
    assert shown(form)["take"] == ["3", "4"]
    assert {member.state for member in new_series.members(whole.id)} == {State.BOOKED}
    clerk.press("Cancel the chosen sessions")
    assert "The sessions are cancelled. One letter tells of all of them." in clerk.text
    states = [member.state for member in new_series.members(whole.id)]
    assert states == [State.BOOKED, State.BOOKED, State.CANCELLED, State.CANCELLED]
    clerk.open(f"/staff/series/{whole.id}/cancel?index=1&scope=all")
    clerk.press("Cancel the chosen sessions", take="")
    assert clerk.status == 422
    assert "Choose at least one session." in clerk.text


def test_nonsense_in_an_address_of_a_series_is_not_found(scene: Scene, clerk: Visitor, whole: Series) -> None:
    for query in ("", "?scope=some", "?scope=all&index=9", "?scope=later&index=x"):
        for page in ("move", "cancel"):
            assert clerk.open(f"/staff/series/{whole.id}/{page}{query}").status == 404, (page, query)
    for query in ("weekday=8&at=10:00&weeks=0", "weekday=1&at=10:00&weeks=9", "weekday=1&at=ten&weeks=0"):
        clerk.open(f"/staff/series/{whole.id}/move?scope=all&index=1&{query}")
        assert clerk.status == 422, query


def test_a_therapist_sees_a_series_and_an_owner_changes_nothing_of_it(
    scene: Scene, whole: Series, app: Flask
) -> None:
    owner = Visitor(as_staff(app, make.user(roles=["owner"])))
    assert owner.open(f"/staff/series/{whole.id}").status == 200
    assert "Cancel" not in owner.text
    assert owner.open(f"/staff/series/{whole.id}/cancel?index=1&scope=all").status == 403
    therapist = Visitor(as_staff(app, scene.therapist_user))
    assert therapist.open(f"/staff/series/{whole.id}").status == 200


def test_an_act_on_several_is_taken_back_from_what_is_said_after_it(
    scene: Scene, clerk: Visitor, whole: Series
) -> None:
    before = booked_walls()
    clerk.open(f"/staff/series/{whole.id}/move?index=2&scope=later&weekday=1&at=14:30&weeks=0")
    clerk.press("Move the chosen sessions")
    assert booked_walls() != before
    clerk.press("Undo")
    assert "Taken back. The sessions stand as before" in clerk.text
    assert booked_walls() == before
    assert "Undo the last change" not in clerk.text


def test_a_series_offers_to_take_the_last_act_back_for_two_minutes(
    scene: Scene, clerk: Visitor, whole: Series, the_clock_says: Callable[[datetime], None]
) -> None:
    clerk.open(f"/staff/series/{whole.id}/cancel?index=3&scope=later").press("Cancel the chosen sessions")
    clerk.open(f"/staff/series/{whole.id}").form_with("Undo the last change")
    the_clock_says(make.NOW + timedelta(minutes=10))
    clerk.press("Undo the last change")
    assert clerk.status == 409
    assert "too late to take that back" in clerk.text
    assert "Undo the last change" not in clerk.text
    states = [member.state for member in new_series.members(whole.id)]
    assert states == [State.BOOKED, State.BOOKED, State.CANCELLED, State.CANCELLED]


def test_an_old_time_that_is_gone_is_named_and_nothing_is_taken_back(
    scene: Scene, clerk: Visitor, whole: Series
) -> None:
    clerk.open(f"/staff/series/{whole.id}/cancel?index=3&scope=later").press("Cancel the chosen sessions")
    third = new_series.members(whole.id)[2]
    db.session.execute(
        sa.update(Appointment).where(Appointment.undo_of_id == third.id).values(state=State.LAPSED)
    )
    db.session.commit()
    make.appointment(of=scene.treatment, who=make.client(), starts_at=third.starts_at)
    clerk.press("Undo the last change")
    assert clerk.status == 409
    assert clerk.title.startswith("Error: ")
    assert "Nothing was taken back" in clerk.text
    assert "Thursday 27 March, 10:00" in clerk.text
    assert [one.state for one in new_series.members(whole.id)].count(State.CANCELLED) == 2


def test_a_visit_whose_old_time_another_of_its_series_has_is_not_taken_back_alone(
    scene: Scene, clerk: Visitor, whole: Series
) -> None:
    clerk.open(f"/staff/series/{whole.id}/move?index=1&scope=all&weekday=3&at=10:00&weeks=1")
    clerk.press("Move the chosen sessions")
    second = new_series.members(whole.id)[1]
    data = {"csrf_token": clerk.token(), "revision": second.revision}
    clerk.answer = clerk.browser.post(f"/staff/appointments/{second.id}/undo", data=data)
    assert clerk.status == 409
    assert "The old time is no longer free, so this cannot be taken back." in clerk.text


def test_right_after_a_booking_at_the_desk_it_can_be_repeated(scene: Scene, clerk: Visitor) -> None:
    start = f"{(make.NOW + timedelta(days=3)).isoformat()}/{scene.therapist.id}"
    place = scene.location.slug
    query = {
        "treatment": scene.treatment.slug,
        "client": str(scene.ada.id),
        "location": place,
        "start": start,
    }
    clerk.open(f"/staff/book/check?{urlencode(query)}").press("Book")
    assert "Repeat it?" in clerk.text
    form, _ = clerk.form_with("See what is free")
    asked = {**shown(form), "every": "2", "count": "3"}
    clerk.open(f"{form.get('action')}?{urlencode(asked)}")
    assert "All 3 are free." in clerk.text
    clerk.press("Book the chosen sessions")
    assert booked_walls() == [
        datetime(2031, 3, 6, 10) + number * timedelta(weeks=2) for number in range(1, 4)
    ]


def test_a_visit_looked_at_later_is_not_in_the_way_with_repeating(scene: Scene, clerk: Visitor) -> None:
    visit = scene.visit()
    assert "Repeat it?" not in clerk.open(f"/staff/appointments/{visit.id}").text
    assert "Repeat it?" in clerk.open(f"/staff/appointments/{visit.id}?just=booked").text
    visit.state, visit.decide_by = State.REQUESTED, visit.starts_at
    db.session.commit()
    assert "Repeat it?" not in clerk.open(f"/staff/appointments/{visit.id}?just=booked").text


@pytest.mark.parametrize("asked", ["count=3", "every=0&count=3", "every=x&count=3", "every=2&count=3"])
def test_repeating_goes_on_from_the_visit_in_the_rhythm_that_was_asked_for(
    scene: Scene, clerk: Visitor, asked: str
) -> None:
    clerk.open(f"/staff/appointments/{scene.visit().id}/series?{asked}")
    form, _ = clerk.form_with("See what is free")
    values = shown(form)
    weeks = 2 if asked.startswith("every=2") else 1
    assert (values["every"], values["count"], values["at"]) == (str(weeks), "3", "10:00")
    assert values["on"] == (datetime(2031, 3, 6) + timedelta(weeks=weeks)).date().isoformat()


def test_one_session_is_one_also_in_words(scene: Scene, clerk: Visitor) -> None:
    visit, one = scene.visit(), ASKED.replace("count=4", "count=1")
    assert "This time is free." in preview(clerk, visit, one).text
    scene.visit(starts_at=visit.starts_at + timedelta(weeks=1), who=make.client(given_name="Ben"))
    said = preview(clerk, visit, one).text
    assert "This time is not free; the nearest free times of the same week are shown." in said
