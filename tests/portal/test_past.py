"""A client's past visits: what became of each, its tips while they open, and the way to book it again."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.booking.past_visits import TIPS_KEPT
from clinic.db import db
from clinic.plans import check_ins
from clinic.portal.home import PAST_SHOWN
from clinic.portal.past import ON_A_PAGE
from clinic.practice.models import Location, Treatment
from clinic.public import aftercare, check_in
from tests.make import Make
from tests.visitor import Visitor, as_client


class Scene:
    """A signed-in client of a practice that sells one treatment, at the moment at which tests play."""

    def __init__(self, app: Flask, make: Make, now: datetime) -> None:
        make.practice()
        self.app, self.make, self.now = app, make, now
        self.sold: Treatment = make.offering(name="Deep work for a bad back", slug="deep-work")
        self.ada: Client = make.client()
        self.visitor = Visitor(as_client(app, self.ada.contacts[0], self.ada))

    def visit(self, days_ago: float, state: State = State.DONE, **columns: object) -> Appointment:
        """A visit of Ada that began so many days ago."""
        starts_at = self.now - timedelta(days=days_ago)
        visit: Appointment = self.make.appointment(
            **{"of": self.sold, "who": self.ada, "starts_at": starts_at, "state": state, **columns}
        )
        return visit

    def links(self, words: str) -> list[str]:
        """Where the links with these words lead, in the order of the page."""
        return [link.get("href") for link in self.visitor.page.all("a") if link.text.startswith(words)]

    def days(self) -> list[str]:
        """The dates of the past visits, in the order of the page."""
        *_, past = [
            one for one in self.visitor.page.all("ul") if one.attributes.get("class") == "plain stack"
        ]
        return [time.get("datetime")[:10] for time in past.all("time")]


@pytest.fixture
def scene(app: Flask, make: Make, now: datetime, clock_at_now: None) -> Scene:
    return Scene(app, make, now)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.DONE, "Took place"),
        (State.ARRIVED, "Took place"),
        (State.MISSED, "Missed"),
        (State.CANCELLED, "Cancelled"),
        (State.DECLINED, "Not confirmed"),
        (State.BOOKED, "Was booked"),
    ],
)
def test_each_past_visit_says_what_became_of_it(scene: Scene, state: State, words: str) -> None:
    visit = scene.visit(3, state)
    scene.visitor.open("/my")
    (shown,) = [
        one.text
        for one in scene.visitor.page.all("span")
        if one.attributes.get("class", "").startswith("tag")
    ]
    assert shown == words
    assert f"with {visit.therapist.given_name}" in scene.visitor.text
    assert "Friday 28 February 2031, 10:00" in scene.visitor.text
    assert f"Times are those of {visit.location.town}." in scene.visitor.text
    assert "Nothing is booked" in scene.visitor.text


def test_the_newest_stands_first_and_nothing_of_the_future_among_them(scene: Scene) -> None:
    for days_ago, state in [
        (9, State.DONE),
        (2, State.CANCELLED),
        (5, State.MISSED),
        (-2, State.CANCELLED),
        (-3, State.BOOKED),
    ]:
        scene.visit(days_ago, state)
    scene.visit(1, State.HELD)
    scene.visitor.open("/my")
    assert scene.days() == ["2031-03-01", "2031-02-26", "2031-02-22"]


def test_a_visit_settled_before_its_end_is_past_and_one_under_way_is_not(scene: Scene) -> None:
    half_an_hour = 0.5 / 24
    visit = scene.visit(half_an_hour, State.ARRIVED)
    assert "Took place" not in scene.visitor.open("/my").text
    assert len(scene.links("Move or cancel")) == 1
    visit.state = State.DONE
    db.session.commit()
    assert "Took place" in scene.visitor.open("/my").text
    assert scene.links("Move or cancel") == []


def test_the_tips_are_linked_as_long_as_their_page_opens(scene: Scene) -> None:
    fresh = scene.visit(TIPS_KEPT.days - 1)
    scene.visit(TIPS_KEPT.days + 1)
    scene.visit(4, State.MISSED)
    scene.visit(5, State.CANCELLED)
    scene.visitor.open("/my")
    (tips,) = scene.links("Tips after this visit")
    assert tips == signed_links.aftercare_path(fresh.id, fresh.link_epoch)
    assert scene.visitor.open(tips).heading == "Tips after your session"


@pytest.mark.parametrize(("left", "linked", "status"), [(timedelta(hours=1), 1, 200), (timedelta(0), 0, 410)])
def test_the_moment_the_tips_close_they_are_linked_no_more(
    scene: Scene, left: timedelta, linked: int, status: int
) -> None:
    lasts = timedelta(minutes=scene.sold.length_minutes)
    visit = scene.visit((TIPS_KEPT + lasts - left) / timedelta(days=1))
    scene.visitor.open("/my")
    assert len(scene.links("Tips after this visit")) == linked
    assert scene.visitor.open(signed_links.aftercare_path(visit.id, visit.link_epoch)).status == status


def test_the_words_of_what_is_over_name_the_days_it_was_open() -> None:
    assert f" {TIPS_KEPT.days} days" in aftercare.TipsOver.sentence
    assert f" {check_ins.OPEN_FOR.days} days" in check_in.Over.sentence


def test_book_this_again_leads_to_the_times_of_that_treatment_with_that_therapist(scene: Scene) -> None:
    visit = scene.visit(3)
    scene.visitor.open("/my")
    (again,) = scene.links("Book this again")
    assert again.startswith("/book/deep-work?")
    assert f"therapist={visit.therapist.slug}" in again
    assert f"location={visit.location.slug}" in again
    assert scene.visitor.open(again).status == 200


def test_what_is_not_sold_any_more_cannot_be_booked_again(scene: Scene) -> None:
    scene.visit(3)
    scene.sold.retired_at = scene.now
    db.session.commit()
    scene.visitor.open("/my")
    assert "Took place" in scene.visitor.text
    assert scene.links("Book this again") == []


def test_a_therapist_who_left_and_a_place_that_closed_are_not_asked_for_again(scene: Scene) -> None:
    visit = scene.visit(3)
    other = scene.make.therapist(scene.make.location())
    scene.sold.therapists.append(other)
    visit.therapist.left_on = scene.now.date()
    db.session.get_one(Location, visit.location_id).closed_on = scene.now.date()
    db.session.commit()
    scene.visitor.open("/my")
    (again,) = scene.links("Book this again")
    assert again == "/book/deep-work"
    assert scene.visitor.open(again).status == 200


def test_a_therapist_who_no_longer_gives_it_is_not_asked_for_again(scene: Scene) -> None:
    visit = scene.visit(3)
    scene.sold.therapists = [scene.make.therapist(scene.make.location())]
    db.session.commit()
    scene.visitor.open("/my")
    (again,) = scene.links("Book this again")
    assert visit.therapist.slug not in again
    assert scene.visitor.open(again).status == 200


def test_nobody_sees_the_past_of_somebody_else_nor_what_a_treatment_is_called(scene: Scene) -> None:
    bob = scene.make.client(given_name="Bob", mail="bob@client.example")
    scene.visit(3, who=bob)
    assert "Took place" not in scene.visitor.open("/my").text
    assert "When a visit is over, it stands here." in scene.visitor.text
    scene.visit(4)
    assert scene.visitor.open("/my").text.count("Took place") == 1
    assert "Deep work" not in scene.visitor.text
    assert "sign-in" in Visitor(scene.app.test_client()).open("/my/past").path


def test_more_than_a_page_of_visits_is_gone_through_without_losing_one(scene: Scene) -> None:
    visits = [scene.visit(days_ago) for days_ago in range(1, 2 * ON_A_PAGE + 2)]
    expected = [visit.starts_at.date().isoformat() for visit in visits]
    scene.visitor.open("/my")
    assert scene.days() == expected[:PAST_SHOWN]
    scene.visitor.open(scene.links("All past visits")[0])
    seen = scene.days()
    assert len(seen) == ON_A_PAGE
    while older := scene.links("Older visits"):
        scene.visitor.open(older[0])
        seen += scene.days()
    assert seen == expected
    assert scene.visitor.open(scene.links("Newer visits")[0]).path == "/my/past?page=2"


def test_exactly_one_page_of_visits_has_no_older_ones(scene: Scene) -> None:
    for days_ago in range(1, ON_A_PAGE + 1):
        scene.visit(days_ago)
    scene.visitor.open("/my/past")
    assert scene.links("Older visits") == []


@pytest.mark.parametrize("page", ["0", "-3", "two", "9", "99999999999999999999"])
def test_a_page_that_is_none_is_an_answer_too(scene: Scene, page: str) -> None:
    scene.visit(1)
    assert scene.visitor.open(f"/my/past?page={page}").status == 200


def test_twenty_past_visits_ask_the_database_as_often_as_one(scene: Scene) -> None:
    counts = []
    scene.visit(1)
    for more in (0, 19):
        for number in range(more):
            sold = scene.make.offering(name=f"Work {number}")
            scene.visit(2 + number, of=sold)
        db.session.expire_all()
        seen: list[str] = []

        def note(*about: object, seen: list[str] = seen) -> None:
            seen.append(str(about[2]))

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            scene.visitor.open("/my/past")
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
        counts.append(sum(statement.lstrip().startswith("SELECT") for statement in seen))
        assert scene.visitor.text.count("Took place") == 1 + more
    assert counts[0] == counts[1] <= 14


def test_the_page_speaks_german_to_those_who_read_german(scene: Scene) -> None:
    scene.ada.language = "de"
    scene.visit(3)
    scene.visit(4, State.CANCELLED)
    browser = scene.visitor.browser
    browser.get("/my", headers={"Accept-Language": "de"})
    answer = browser.get("/my", headers={"Accept-Language": "de"}).get_data(as_text=True)
    for words in (
        "Frühere Termine",
        "Stattgefunden",
        "Abgesagt",
        "Noch einmal buchen",
        "Freitag, 28.\u00a0Februar\u00a02031",
    ):
        assert words in answer
    assert "Took place" not in answer
