"""The sheet of the week as an owner works with it, without scripts: adding, copying, looking first, saving; and days that differ."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from clinic.accounts.models import User
from clinic.db import db
from clinic.practice.models import SpecialDay, WeeklyHours
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

SEEN = re.compile(r'name="seen"[^>]*value="([0-9a-f]+)"')
LINE = re.compile(r'name="(day|from|until|place)-(\d+)" value="([^"]*)"')


@pytest.fixture
def owner(make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(make.user(roles=["owner"], given_name="Olive"))


@pytest.fixture
def sheet(scene: Scene) -> str:
    """The address of the sheet of Ines, who works Monday to Friday from nine to five."""
    return f"/staff/settings/hours/{scene.therapist.id}"


def fields(page: str) -> dict[str, str]:
    """What a browser would send of the sheet on a page."""
    found = {f"{name}-{number}": value for name, number, value in LINE.findall(page)}
    mark = SEEN.search(page)
    assert mark is not None
    return {"from_on": "2031-03-03", **found, "seen": mark[1]}


def sent(owner: Browser, sheet: str, status: int = 200, **typed: str) -> str:
    """The page that answers a button of the sheet."""
    answer = owner.post(sheet, **typed)
    assert answer.status_code == status, answer.status
    return answer.get_data(as_text=True)


def weekly(scene: Scene) -> list[tuple[int, int, int]]:
    """Weekday, from and until in hours, of what is open-ended."""
    db.session.expire_all()
    rows = db.session.scalars(sa.select(WeeklyHours).where(WeeklyHours.valid_until.is_(None)))
    return sorted((row.weekday, row.from_minute // 60, row.until_minute // 60) for row in rows)


def test_a_line_is_added_filled_and_saved(owner: Browser, scene: Scene, sheet: str) -> None:
    page = sent(owner, sheet, **fields(owner.get(sheet)), act="add-5")
    typed = fields(page)
    assert typed["day-5"] == "5"
    owner.done(sheet, **{**typed, "from-5": "9", "until-5": "12:30", "act": "save"})
    assert (5, 9, 12) in weekly(scene)


def test_nothing_is_complained_about_before_somebody_saves(owner: Browser, scene: Scene, sheet: str) -> None:
    typed = {**fields(owner.get(sheet)), "from-0": "soon", "until-1": "", "from_on": "some day"}
    page = sent(owner, sheet, **typed, act="add-6")
    assert "There is a problem" not in page
    assert 'value="soon"' in page


def test_a_line_is_removed_only_by_saving(owner: Browser, scene: Scene, sheet: str) -> None:
    page = sent(owner, sheet, **fields(owner.get(sheet)), act="remove-0")
    assert len(weekly(scene)) == 5
    owner.done(sheet, **fields(page), act="save")
    assert [weekday for weekday, _, _ in weekly(scene)] == [1, 2, 3, 4]


@pytest.mark.parametrize(("onto", "days"), [("weekdays", 5), ("every", 7)])
def test_a_day_is_copied_to_the_others_with_its_break(
    owner: Browser, scene: Scene, sheet: str, onto: str, days: int
) -> None:
    typed = fields(owner.get(sheet))
    typed |= {"from-0": "8", "until-0": "12", "day-9": "0", "from-9": "13", "until-9": "18"}
    typed |= {"place-9": typed["place-0"], "copy_from": "0", "copy_onto": onto}
    page = sent(owner, sheet, **typed, act="copy")
    owner.done(sheet, **fields(page), act="save")
    expected = [(weekday, *span) for weekday in range(days) for span in ((8, 12), (13, 18))]
    assert weekly(scene) == expected


def test_hours_are_typed_as_clocks_with_two_halves_show_them(
    owner: Browser, scene: Scene, sheet: str
) -> None:
    typed = {**fields(owner.get(sheet)), "from-0": "1:00 pm", "until-0": "5:30 p.m."}
    typed |= {"from-1": "10:05\u00a0am", "until-1": "12:00 am"}
    owner.done(sheet, **typed, act="save")
    lasting = sa.select(WeeklyHours).where(WeeklyHours.valid_until.is_(None)).order_by(WeeklyHours.weekday)
    hours = db.session.scalars(lasting).all()
    assert [(row.from_minute, row.until_minute) for row in hours[:2]] == [(780, 1050), (605, 1440)]


def test_what_would_fall_outside_is_shown_first_and_nothing_is_written(
    owner: Browser, scene: Scene, sheet: str
) -> None:
    scene.visit()
    typed = {**fields(owner.get(sheet)), "from-3": "12"}
    page = sent(owner, sheet, **typed, act="look")
    assert "1 booking falls outside." in page
    assert "Nothing is saved yet" in page
    assert "3 h less than now" in page
    assert (3, 9, 17) in weekly(scene)
    followed = owner.done(sheet, **typed, act="save")
    assert "1 booking now lies outside hours" in followed
    assert (3, 12, 17) in weekly(scene)


def test_hours_that_fit_every_booking_are_said_to(owner: Browser, scene: Scene, sheet: str) -> None:
    scene.visit()
    page = sent(owner, sheet, **{**fields(owner.get(sheet)), "until-0": "12"}, act="look")
    assert "Every booking lies inside these hours." in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from-2": "soon"}, "Wednesday, line 3: Enter a time, for example 08:30."),
        ({"from-2": "9:07"}, "in steps of five minutes"),
        ({"from-2": ""}, "Enter both times, or clear both."),
        ({"from-2": "18"}, "The end lies before the beginning"),
        ({"until-2": "25:00"}, "Enter a time"),
        ({"place-2": "nowhere"}, "Choose a location."),
        ({"from_on": "2031-03-02"}, "Hours can be changed from today on"),
        ({"from_on": "yesterday"}, "Enter a day"),
        ({"last_on": "2031-03-02"}, "The last day lies before the first"),
        (
            {"day-9": "2", "from-9": "10", "until-9": "11"},
            "On Wednesday, 09:00 to 17:00 and 10:00 to 11:00 overlap.",
        ),
    ],
)
def test_hours_that_cannot_be_are_kept_as_typed_with_a_sentence(
    owner: Browser, scene: Scene, sheet: str, wrong: dict[str, str], said: str
) -> None:
    typed = fields(owner.get(sheet))
    typed = {**typed, "place-9": typed["place-0"], "until-1": "16:45", **wrong}
    for act in ("save", "look"):
        page = sent(owner, sheet, 422, **typed, act=act)
        assert said in page
        assert 'value="16:45"' in page
    assert (1, 9, 17) in weekly(scene)


def test_hours_at_another_location_overlap_by_its_name(owner: Browser, scene: Scene, sheet: str) -> None:
    other = scene.make.location(name="South")
    scene.location.name = "North"
    db.session.commit()
    typed = {**fields(owner.get(sheet)), **{f"place-{n}": str(scene.location.id) for n in range(5)}}
    typed |= {"day-9": "0", "from-9": "16", "until-9": "20", "place-9": str(other.id)}
    page = sent(owner, sheet, 422, **typed, act="save")
    assert "09:00 to 17:00 at North and 16:00 to 20:00 at South overlap" in page


def test_hours_from_a_later_day_on_are_planned_and_shown(owner: Browser, scene: Scene, sheet: str) -> None:
    typed = {**fields(owner.get(sheet)), "from_on": "2031-04-07", "from-0": "12"}
    page = owner.done(sheet, **typed, act="save")
    assert 'value="2031-04-07"' in page
    now = owner.get(sheet)
    assert "From Monday 7 April" in now
    assert 'value="2031-03-03"' in now
    assert "these hours hold until then" in now.replace(
        "these hold until then", "these hours hold until then"
    )
    owner.done(sheet, **{**fields(now), "until-0": "16"}, act="save")
    assert (0, 12, 17) in weekly(scene)
    owner.done(sheet, **{**fields(owner.get(sheet)), "forget_later": "y"}, act="save")
    assert (0, 9, 16) in weekly(scene)
    assert (0, 12, 17) not in weekly(scene)


def test_the_second_of_two_owners_is_told_and_may_look_again(
    owner: Browser, scene: Scene, sheet: str
) -> None:
    typed = fields(owner.get(sheet))
    owner.done(sheet, **{**typed, "from-0": "10"}, act="save")
    page = sent(owner, sheet, 409, **{**typed, "from-0": "11"}, act="save")
    assert "Somebody else changed this" in page
    assert 'value="11"' in page
    assert (0, 10, 17) in weekly(scene)
    owner.done(sheet, **{**fields(page), "from-0": "11"}, act="save")
    assert (0, 11, 17) in weekly(scene)


def test_a_day_that_differs_is_entered_shown_and_taken_back(owner: Browser, scene: Scene, sheet: str) -> None:
    path = f"/staff/settings/days/{scene.therapist.id}"
    page = owner.get(f"{path}?on=2031-03-06")
    mark = SEEN.search(page)
    assert mark is not None
    line = {"day-0": "0", "from-0": "12", "until-0": "14", "place-0": str(scene.location.id)}
    owner.done(f"{path}?on=2031-03-06", on="2031-03-06", seen=mark[1], **line)
    assert "Thursday 6 March" in owner.get(sheet)
    page = owner.get(f"{path}?on=2031-03-06")
    assert 'value="12:00"' in page
    mark = SEEN.search(page)
    assert mark is not None
    owner.done(f"{path}?on=2031-03-06", on="2031-03-06", seen=mark[1], remove="y")
    assert scene.make.count(SpecialDay) == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"on": ""}, "Enter the day."),
        ({"on": "2031-03-02", "from-0": "9", "until-0": "12"}, "Hours can be changed from today on"),
        ({"on": "2031-03-06"}, "For a free day, enter time off instead."),
        ({"on": "2031-03-06", "from-0": "9", "until-0": "8"}, "The end lies before the beginning"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words(
    owner: Browser, scene: Scene, typed: dict[str, str], said: str
) -> None:
    place = {"day-0": "0", "place-0": str(scene.location.id)}
    answer = owner.post(f"/staff/settings/days/{scene.therapist.id}", **{**place, **typed})
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert scene.make.count(SpecialDay) == 0


def test_another_clock_of_a_location_is_asked_about_before_visits_follow_it(
    owner: Browser, scene: Scene
) -> None:
    visit = scene.visit()
    path = f"/staff/settings/locations/{scene.location.id}"
    mark = SEEN.search(owner.get(path))
    assert mark is not None
    typed = {"name": "North", "street": "A", "town": "B", "zone": "Europe/Lisbon", "seen": mark[1]}
    asked = owner.post(path, **typed).get_data(as_text=True)
    assert "1 booking follows the new clock." in asked
    assert "Thursday 6 March, 10:00" in asked
    assert scene.make.refreshed(visit).zone == "Europe/Berlin"
    owner.done(path, **typed, keep_wall="y")
    visit = scene.make.refreshed(visit)
    assert (visit.zone, visit.wall_start.hour, visit.starts_at.hour) == ("Europe/Lisbon", 10, 10)
