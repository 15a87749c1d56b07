"""The calendar: why a time is taken or cannot be booked, who sees what, and what it asks of the database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import services
from clinic.plans.models import Decision
from clinic.practice import queries
from clinic.practice.models import Closure, Therapist, TimeOff
from clinic.staff.calendar.free_time import MOST_BLOCKS
from tests import make
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, KNOTS, review, send
from tests.staff.conftest import Browser
from tests.web.reading import Element, read

BERLIN = ZoneInfo("Europe/Berlin")
AT_TEN = make.NOW  # Monday, 10:00 in Berlin
AT_ONE = AT_TEN + timedelta(hours=3)
DAY = "/staff/calendar?view=day&day=2031-03-03"
MOST_BYTES = 60_000
MOST_STATEMENTS = 4
OF_EVERY_PAGE = ("SELECT users.", "SELECT heartbeats.", "SELECT count(*) FILTER")
"""What every page of the staff asks: who is signed in, how the delivery of messages is, and how many tasks wait."""


def column(page: str, slug: str, on: str = "2031-03-03") -> Element:
    """What stands in somebody's column of a day."""
    found = [
        one
        for one in read(page).all("ol")
        if one.attributes.get("data-therapist") == slug and one.attributes.get("data-on") == on
    ]
    return found[0]


def test_a_card_says_time_client_treatment_and_only_the_flags_that_are_present(
    scene: Scene, front_desk: Browser
) -> None:
    visit = scene.visit(starts_at=AT_ONE)
    card = read(front_desk.get(DAY)).one("a", href=f"/staff/appointments/{visit.id}")
    for word in ("13:00 to 14:00", "Ada Sample", scene.treatment.name, "New", "Intake missing"):
        assert word in card.text
    assert "of 8" not in card.text
    scene.visit(starts_at=AT_TEN - timedelta(days=60), state=State.DONE)
    send(scene.ada)
    card = read(front_desk.get(DAY)).one("a", href=f"/staff/appointments/{visit.id}")
    assert "New" not in card.text
    assert "Intake missing" not in card.text


def test_times_read_as_clocks_of_the_practices_country_show_them(scene: Scene, front_desk: Browser) -> None:
    assert "data-halves" not in front_desk.get(DAY)
    queries.the_practice().country = "CA"
    db.session.commit()
    visit = scene.visit(starts_at=AT_ONE)
    page = read(front_desk.get(DAY))
    assert "1:00 pm to 2:00 pm" in page.one("a", href=f"/staff/appointments/{visit.id}").text
    hours = [one.text for one in page.one("ol", class_="cal-hours").all("li")]
    assert {"11:00 am", "12:00 pm", "1:00 pm"} <= {*hours}
    assert page.one("div", class_="cal").get("data-halves") == "am pm"
    free = next(one for one in page.all("a") if one.text.endswith(" free"))
    assert free.text == "10:00 am to 1:00 pm free"
    assert "at=10:00" in free.get("href")
    block = front_desk.get(free.get("href"))
    assert read(block).labelled("Until").get("value") == "11:00 am"
    assert "The time is blocked." in front_desk.done(
        free.get("href"), until_time="11:00 a.m.", repeats="once"
    )
    row = db.session.scalars(sa.select(TimeOff)).one()
    assert (row.from_minute, row.until_minute) == (600, 660)


def test_caution_is_for_those_who_may_know_and_leaves_a_mark(
    scene: Scene, therapist: Browser, colleague: Browser, front_desk: Browser
) -> None:
    scene.visit(starts_at=AT_ONE)
    send(scene.ada, BLOOD_PRESSURE)
    for browser in (colleague, front_desk):
        page = browser.get(DAY)
        assert "Ada Sample" in page
        assert "Caution" not in page
    marks = sa.select(AuditEntry).where(AuditEntry.purpose == "calendar")
    assert not db.session.scalars(marks).all()
    assert "Caution" in therapist.get(DAY)
    entry = db.session.scalars(marks).one()
    assert (entry.client_id, entry.fields) == (scene.ada.id, ["level"])


def test_the_session_of_a_course_is_counted_as_today_counts_it(scene: Scene, therapist: Browser) -> None:
    first = scene.visit(starts_at=AT_TEN - timedelta(days=21), state=State.DONE)
    services.decide(
        review(first, KNOTS),
        decision=Decision.ACCEPT,
        revision=1,
        by=scene.therapist_user,
        now=first.starts_at,
    )
    db.session.commit()
    for days in (14, 7):
        scene.visit(starts_at=AT_TEN - timedelta(days=days), state=State.DONE)
    scene.visit(starts_at=AT_TEN - timedelta(days=4), state=State.CANCELLED)
    scene.visit(starts_at=AT_ONE)
    assert "Session 4 of 8" in therapist.get("/staff")
    assert "4 of 8" in column(therapist.get(DAY), scene.therapist.slug).text


def test_one_sees_why_a_gap_cannot_be_booked(scene: Scene, make: Make, front_desk: Browser) -> None:
    scene.treatment.buffer_after_minutes = 15
    scene.visit(starts_at=AT_ONE)
    make.appointment(of=scene.treatment, state=State.HELD, starts_at=AT_TEN + timedelta(hours=5))
    off = {"therapist_id": scene.therapist.id, "from_on": make.day(), "until_on": make.day(1)}
    db.session.add(TimeOff(**off, from_minute=660, until_minute=720, note="Meeting"))
    db.session.commit()
    found = column(front_desk.get(DAY), scene.therapist.slug).text
    for why in ("Buffer 15 minutes", "Kept for somebody until 10:20", "Meeting"):
        assert why in found
    assert [one.text for one in column(front_desk.get(DAY), scene.therapist.slug).all("a")] == [
        "10:00 to 11:00 free",
        "12:00 to 13:00 free",
        f"13:00 to 14:00 Ada Sample {scene.treatment.name} New Intake missing",
        "14:15 to 15:00 free",
        "16:15 to 17:00 free",
    ]


def test_hours_begin_and_end_and_whole_days_off_are_told_by_name(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    other = make.therapist(scene.location, hours=(12, 20))
    found = column(front_desk.get(DAY), other.slug).text
    assert "Starts at 12:00" in found
    assert "Off from 17:00" in column(front_desk.get(DAY), scene.therapist.slug).text
    db.session.add(TimeOff(therapist_id=other.id, from_on=make.day(), until_on=make.day(1), note="Holiday"))
    db.session.commit()
    assert f"{other.name}: Holiday" in read(front_desk.get(DAY)).text
    db.session.add(Closure(name="Carnival", from_on=make.day(), until_on=make.day(1)))
    db.session.commit()
    page = read(front_desk.get(DAY)).text
    assert f"{scene.therapist.name}: Closed: Carnival" in page
    assert "Nobody works here on these days" in page


def test_a_day_before_today_offers_nothing_to_book(scene: Scene, front_desk: Browser) -> None:
    scene.visit(starts_at=AT_TEN - timedelta(days=3))
    found = column(
        front_desk.get("/staff/calendar?view=day&day=2031-02-28"), scene.therapist.slug, "2031-02-28"
    )
    assert "free" not in found.text


def test_an_owner_reads_the_calendar_and_is_offered_nothing_to_change(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser]
) -> None:
    scene.visit(starts_at=AT_ONE)
    owner = sign_in(make.user(roles=["owner"]))
    page = owner.get(DAY)
    assert "Ada Sample" in page
    assert "/staff/calendar/time" not in page
    assert "/staff/book" not in page
    owner.get("/staff/calendar/time?on=2031-03-04&at=10:00&therapist=" + scene.therapist.slug, 403)


def test_what_was_cancelled_or_missed_is_shown_on_request(scene: Scene, front_desk: Browser) -> None:
    scene.visit(starts_at=AT_ONE, state=State.CANCELLED)
    scene.visit(starts_at=AT_TEN - timedelta(hours=1), state=State.MISSED)
    assert "Ada Sample" not in front_desk.get(DAY)
    found = column(front_desk.get(DAY + "&gone=yes"), scene.therapist.slug).text
    assert "Cancelled" in found
    assert "Did not come" in found
    assert "13:00 to 14:00 Ada" in found


def test_visits_across_midnight_and_outside_hours_are_shown(scene: Scene, front_desk: Browser) -> None:
    scene.visit(starts_at=datetime(2031, 3, 3, 22, 30, tzinfo=UTC))
    for on in ("2031-03-03", "2031-03-04"):
        page = front_desk.get(f"/staff/calendar?view=day&day={on}")
        assert "23:30 to 00:30" in column(page, scene.therapist.slug, on).text
    assert ">23:00<" in front_desk.get(DAY)
    assert "23:30 to 00:30" not in front_desk.get("/staff/calendar?view=day&day=2031-03-05")


@pytest.mark.parametrize(
    ("starts_at", "words"),
    [
        (datetime(2031, 3, 30, 0, 30, tzinfo=UTC), "01:30 to 03:30"),
        (datetime(2031, 3, 30, 7, 0, tzinfo=UTC), "09:00 to 10:00"),
        (datetime(2031, 10, 26, 0, 30, tzinfo=UTC), "02:30 to 02:30"),
        (datetime(2031, 10, 26, 8, 0, tzinfo=UTC), "09:00 to 10:00"),
    ],
)
def test_on_the_days_when_the_clock_changes_times_are_those_of_the_place(
    scene: Scene, front_desk: Browser, starts_at: datetime, words: str
) -> None:
    visit = scene.visit(starts_at=starts_at)
    on = starts_at.astimezone(BERLIN).date().isoformat()
    page = front_desk.get(f"/staff/calendar?view=day&day={on}")
    card = read(page).one("a", href=f"/staff/appointments/{visit.id}")
    assert card.text.startswith(words)
    hour = int(words[:2])
    first = next(one for one in read(page).all("ol") if "cal-hours" in one.attributes["class"]).all("li")[0]
    row = (hour * 60 + int(words[3:5]) - int(first.text[:2]) * 60) // 5
    assert f'class="cal-slot at-{row} ' in page


def test_a_place_in_another_zone_shows_its_own_clock(scene: Scene, make: Make, front_desk: Browser) -> None:
    away = make.location(zone="America/Toronto")
    person = make.therapist(away)
    make.appointment(of=scene.treatment, who=scene.ada, therapist=person, location=away, starts_at=AT_ONE)
    assert "07:00 to 08:00" in column(front_desk.get(DAY), person.slug).text
    only = front_desk.get(f"{DAY}&location={scene.location.slug}")
    assert "07:00 to 08:00" not in only


def test_rooms_have_columns_of_their_own(scene: Scene, make: Make, front_desk: Browser) -> None:
    room = make.room(scene.location)
    scene.visit(starts_at=AT_ONE, room_id=room.id)
    scene.visit(starts_at=AT_TEN)
    page = read(front_desk.get("/staff/calendar?view=rooms&day=2031-03-03"))
    heads = [one.text for one in page.all("h2")]
    assert any(head.startswith(room.name) for head in heads)
    assert any(head.startswith("No room") for head in heads)


def test_week_month_and_the_week_of_everybody_count_visits_and_free_time(
    scene: Scene, therapist: Browser, front_desk: Browser
) -> None:
    scene.visit(starts_at=AT_ONE)
    scene.visit(starts_at=AT_ONE + timedelta(days=1))
    week = read(therapist.get("/staff/calendar?view=week&day=2031-03-05"))
    assert [one.text for one in week.all("h1")] == ["3 to 9 March"]
    assert "Monday 3 1 visit, 7 h free" in week.text
    team = read(front_desk.get("/staff/calendar?view=week&day=2031-03-05")).text
    assert "Ines Moreau 1 visit, 7 h free 1 visit, 7 h free 0 visits, 8 h free" in team
    month = read(front_desk.get("/staff/calendar?view=month&day=2031-03-05"))
    assert "4 1 visit, a little booked" in month.text
    assert "5, nothing booked" in month.text
    assert "8, nobody works" in month.text
    assert [one.text for one in month.all("th")][:2] == ["Monday", "Tuesday"], "short to see, whole to hear"


def test_the_view_is_remembered_for_the_person_and_not_for_the_next_one(
    scene: Scene, therapist: Browser
) -> None:
    therapist.get("/staff/calendar?view=month&day=2031-05-05")
    assert "March 2031" in therapist.get("/staff/calendar")
    kept = therapist.client.get_cookie("lumbar-calendar", path="/staff/calendar")
    assert kept is not None
    assert "Sample" not in kept.value
    other = kept.value.replace(kept.value.split("|")[0], "00000000")
    therapist.client.set_cookie("lumbar-calendar", other, path="/staff/calendar")
    assert "<h1>Monday 3 March</h1>" in therapist.get("/staff/calendar")


@pytest.mark.parametrize(
    "nonsense",
    ["view=year", "day=x", "day=9999-12-31", "view=week&therapist=nobody", "location=nowhere"],
)
def test_nonsense_in_the_address_is_not_found(scene: Scene, front_desk: Browser, nonsense: str) -> None:
    front_desk.get(f"/staff/calendar?{nonsense}", 404)


@pytest.mark.parametrize("many", [2, 10])
def test_a_full_day_is_read_in_four_statements_and_stays_small(
    scene: Scene, make: Make, front_desk: Browser, many: int
) -> None:
    """Its own: the zone of today, the frame with the practice, the hours, the visits. A therapist's has one more, the record
    of what was read of health."""
    scene.treatment.buffer_after_minutes = 15
    db.session.commit()
    people = [scene.therapist, *(make.therapist(scene.location) for _ in range(many - 1))]
    fill(scene, make, people)
    front_desk.get(DAY)
    with statements() as sent:
        page = front_desk.get(DAY)
    asked = [one for one in sent if not one.startswith(OF_EVERY_PAGE)]
    assert page.count("cal-visit") >= 6 * many
    print(many, "therapists:", len(asked), "statements,", len(page.encode()), "bytes")
    assert len(asked) <= MOST_STATEMENTS, asked
    assert len(page.encode()) <= MOST_BYTES


def test_each_view_of_ten_therapists_is_few_statements_and_little_to_send(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    """`pytest -s` prints the table: own statements, those of every page (who is signed in, delivery, tasks), and kB."""
    scene.treatment.buffer_after_minutes = 15
    db.session.commit()
    people = [scene.therapist, *(make.therapist(scene.location) for _ in range(9))]
    for days in range(5):
        fill(scene, make, people, AT_TEN + timedelta(days=days))
    own = f"week&therapist={scene.therapist.slug}"
    for view in ("day", "rooms", own, "week&therapist=all", "month"):
        path = f"/staff/calendar?view={view}&day=2031-03-03"
        front_desk.get(path)
        with statements() as sent:
            page = front_desk.get(path)
        asked = [one for one in sent if not one.startswith(OF_EVERY_PAGE)]
        size = len(page.encode())
        print(
            f"{view.split('&')[0]:6} {len(asked)} own, {len(sent) - len(asked)} of every page, {size / 1000:5.1f} kB"
        )
        assert len(asked) <= MOST_STATEMENTS, (view, asked)
        assert size <= MOST_BYTES, view


@pytest.mark.parametrize("view", ["rooms", "week", "week&therapist=all", "month"])
def test_no_view_asks_more_of_a_greater_practice(
    scene: Scene, make: Make, therapist: Browser, view: str
) -> None:
    path = f"/staff/calendar?view={view}&day=2031-03-03"
    fill(scene, make, [scene.therapist])
    therapist.get(path)
    with statements() as before:
        therapist.get(path)
    fill(scene, make, [make.therapist(scene.location) for _ in range(3)])
    with statements() as after:
        therapist.get(path)
    assert len(after) <= len(before)


def fill(scene: Scene, make: Make, people: list[Therapist], day: datetime = AT_TEN) -> None:
    """Six visits for each of these therapists on a day, and as many clients."""
    for person in people:
        for number in range(6):
            who = make.client(mail=None, given_name=f"Theodora-{number}", family_name="Brandtner")
            starts_at = day + timedelta(minutes=75 * number - 60)
            make.appointment(
                of=scene.treatment, who=who, therapist=person, location=scene.location, starts_at=starts_at
            )


TIME = "/staff/calendar/time?on=2031-03-04&at=12:00&therapist={}"


def test_a_free_time_leads_to_booking_with_everything_chosen(scene: Scene, front_desk: Browser) -> None:
    page = read(front_desk.get(TIME.format(scene.therapist.slug)))
    form = next(one for one in page.all("form") if one.attributes["action"].startswith("/staff/book/find"))
    check = front_desk.done(form.attributes["action"], treatment=scene.treatment.slug, new="yes")
    assert "Tuesday 4 March 2031, 12:00 to 13:00" in read(check).text
    assert "Ines Moreau" in check


def test_a_block_is_entered_once_and_can_be_undone(scene: Scene, front_desk: Browser) -> None:
    path = TIME.format(scene.therapist.slug)
    page = front_desk.done(path, until_time="13:00", note="Lunch", repeats="once")
    assert "The time is blocked." in page
    assert "Undo" in page
    assert "Lunch" in column(page, scene.therapist.slug, "2031-03-04").text
    row = db.session.scalars(sa.select(TimeOff)).one()
    assert (row.from_minute, row.until_minute, row.until_on) == (720, 780, make.day(2))


def test_a_block_repeats_by_day_or_by_week_until_its_last_day(scene: Scene, front_desk: Browser) -> None:
    path = TIME.format(scene.therapist.slug)
    front_desk.done(path, until_time="13:00", repeats="daily", last_on="2031-03-07")
    row = db.session.scalars(sa.select(TimeOff)).one()
    assert (row.from_on, row.until_on) == (make.day(1), make.day(5))
    db.session.delete(row)
    front_desk.done(path, until_time="13:00", repeats="weekly", last_on="2031-03-18")
    rows = db.session.scalars(sa.select(TimeOff).order_by(TimeOff.from_on)).all()
    assert [one.from_on for one in rows] == [make.day(1), make.day(8), make.day(15)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"until_time": "11:00"}, "end of the time lies before its beginning"),
        ({"until_time": "noon"}, "Enter"),
        ({"until_time": ""}, "Enter when the block ends."),
        ({"until_time": "13:00", "repeats": "weekly"}, "Enter the last day"),
        (
            {"until_time": "13:00", "repeats": "weekly", "last_on": "2039-03-04"},
            f"more than {MOST_BLOCKS} blocks",
        ),
    ],
)
def test_a_block_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    scene: Scene, front_desk: Browser, fields: dict[str, str], sentence: str
) -> None:
    sent = {"repeats": "once", "note": "Team lunch", **fields}
    answer = front_desk.post(TIME.format(scene.therapist.slug), **sent)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert sentence in page
    assert "Team lunch" in page
    assert not db.session.scalars(sa.select(TimeOff)).all()


@pytest.mark.parametrize(
    "nonsense", ["on=2031-03-30&at=02:30", "on=x&at=10:00", "on=2031-03-04&at=10:02", ""]
)
def test_a_time_that_does_not_exist_is_not_found(scene: Scene, front_desk: Browser, nonsense: str) -> None:
    answer = front_desk.look(f"/staff/calendar/time?{nonsense}&therapist={scene.therapist.slug}")
    assert answer.status_code in (404, 422)
