"""Every time a page or call shows can be taken there, and every time that can be taken is shown, whatever changed since.

A visit was agreed a while ago; then the practice changed how its treatment is sold. Each page that shows times is opened as it
is by then, and every quarter of an hour of its day is tried, and taken back: what was taken must be what was shown.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import signed_links
from clinic.accounts.models import Client, User
from clinic.booking import changes, desk, services
from clinic.booking.models import Appointment
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Order, Slot
from clinic.booking.waiting import entries, offer_answers, offering
from clinic.booking.waiting.matching import WaitingListTime
from clinic.db import db, transaction
from clinic.practice import queries, treatments
from clinic.practice.models import Location, Room, Therapist, Treatment
from clinic.practice.supply import supply_of
from clinic.refusal import Refusal
from tests.booking.waiting_list import EVERY_TIME
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import as_staff

TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin on a Thursday."""
QUARTER, HOUR, ONE_DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
QUARTERS = [TEN + number * QUARTER for number in range(-8, 33)]
"""From eight to six."""
VALUE = re.compile(r"(2031-03-\d\dT\d\d:\d\d:\d\d\+00:00)/([0-9a-f-]{36})")
STAFF = "user:desk"
Shown = set[datetime]


class Taken(Exception):
    """Raised so that what was taken is taken back."""


@dataclass(frozen=True)
class Shop:
    """Two therapists with two rooms, who work nine to five; Ada comes on Friday at ten, and Bob is in the way on Thursday."""

    make: Make
    app: Flask
    place: Location
    people: tuple[Therapist, Therapist]
    rooms: tuple[Room, Room]
    sold: Treatment
    ada: Client
    visit: Appointment
    desk: User
    browser: FlaskClient
    staff: FlaskClient

    def shown(self, page: str, *, staff: bool = False) -> dict[datetime, UUID]:
        """The starts of a page with who would give them; on the way there nothing goes wrong."""
        answer = (self.staff if staff else self.browser).get(page)
        assert answer.status_code == 200, (page, answer.status)
        text = html.unescape(unquote(answer.get_data(as_text=True)))
        return {datetime.fromisoformat(at): UUID(who) for at, who in VALUE.findall(text)}

    def on_thursday(self, page: str, *, staff: bool = False) -> Shown:
        return {at for at in self.shown(page, staff=staff) if at.date() == TEN.date()}


@pytest.fixture
def shop(app: Flask, make: Make, client: FlaskClient, clock_at_now: None) -> Shop:
    make.practice(step_minutes=15, open_bookings_per_client=20)
    place = make.location()
    people = (make.therapist(place), make.therapist(place))
    rooms = (make.room(place), make.room(place))
    sold = make.treatment(therapists=people, rooms=rooms)
    make.treatment(therapists=people, rooms=rooms)
    ada = make.client()
    visit = make.appointment(of=sold, who=ada, starts_at=TEN + ONE_DAY, room_id=rooms[0].id, location=place)
    bob = make.client(mail="bob@client.example")
    make.appointment(of=sold, who=bob, starts_at=TEN, room_id=rooms[0].id, location=place)
    make.appointment(
        of=sold, who=bob, starts_at=TEN + 4 * HOUR, room_id=rooms[0].id, location=place, therapist=people[1]
    )
    user = make.user(roles=["front_desk"])
    return Shop(make, app, place, people, rooms, sold, ada, visit, user, client, as_staff(app, user))


def nothing(shop: Shop) -> None:
    """As it was."""


def longer(shop: Shop) -> None:
    shop.sold.length_minutes = 150


def shorter(shop: Shop) -> None:
    shop.sold.length_minutes = 30


def other_buffers(shop: Shop) -> None:
    shop.sold.buffer_before_minutes, shop.sold.buffer_after_minutes = 15, 30


def dearer(shop: Shop) -> None:
    shop.sold.price_cents += 1000


def one_room(shop: Shop) -> None:
    shop.sold.rooms = [shop.rooms[0]]


def another_therapist(shop: Shop) -> None:
    """Ada's own gives it no longer."""
    shop.sold.therapists = [shop.people[1]]


def retired(shop: Shop) -> None:
    treatments.retire(shop.sold.id, actor="user:owner", now=NOW)


def ada_is_elsewhere(shop: Shop) -> None:
    other = queries.treatments()[-1]
    shop.make.appointment(
        of=other, who=shop.ada, starts_at=TEN + 2 * HOUR, room_id=shop.rooms[1].id, location=shop.place
    )


CHANGES = [
    nothing,
    longer,
    shorter,
    other_buffers,
    dearer,
    one_room,
    another_therapist,
    retired,
    ada_is_elsewhere,
]


def can(act: Callable[[], object]) -> bool:
    """Whether it can be done; it is taken back."""
    db.session.expire_all()
    try:
        with transaction():
            act()
            raise Taken
    except Taken:
        return True
    except Refusal:
        return False


def takeable(act: Callable[[datetime], object]) -> Shown:
    return {at for at in QUARTERS if can(lambda at=at: act(at))}  # type: ignore[misc]


def by_whoever_is_free(shop: Shop, act: Callable[[datetime, UUID], object]) -> Shown:
    """What can be taken with at least one of both."""
    return {
        at
        for at in QUARTERS
        if any(can(lambda at=at, who=who: act(at, who.id)) for who in shop.people)  # type: ignore[misc]
    }


def moves(shop: Shop, at: datetime) -> Appointment:
    return changes.move(
        shop.visit.id,
        at,
        location_id=shop.place.id,
        revision=shop.visit.revision,
        actor=f"link:{shop.visit.id}",
        now=NOW,
    )


def pages(shop: Shop, *, sold: bool) -> Iterator[tuple[str, Shown, Shown]]:
    """Each page with what it shows for Thursday, and what can be taken there."""
    address, day = signed_links.manage_path(shop.visit.id, shop.visit.link_epoch), TEN.date()
    yield (
        "move",
        shop.on_thursday(f"{address}/move?day={day}&times=all&therapist=any"),
        takeable(lambda at: moves(shop, at)),
    )

    def at_the_desk(at: datetime, who: UUID) -> Appointment:
        return desk.move(
            shop.visit.id,
            at,
            therapist_id=who,
            location_id=shop.place.id,
            revision=shop.visit.revision,
            by=shop.desk,
            now=NOW,
        )

    page = f"/staff/appointments/{shop.visit.id}/move?day={day}&therapist="
    yield "staff move", shop.on_thursday(page, staff=True), by_whoever_is_free(shop, at_the_desk)
    if not sold:
        assert shop.browser.get(f"/book/{shop.sold.slug}").status_code == 404
        return

    def hold(at: datetime) -> Appointment:
        return services.hold(SearchCriteria(shop.sold.id), at, browser=b"m" * 32, client_id=None, now=NOW)

    page = f"/book/{shop.sold.slug}?day={day}&times=all"
    yield "book", shop.on_thursday(page), takeable(hold)
    call = f"/api/v1/availability?treatment={shop.sold.slug}&from={day}&to={day + ONE_DAY}"
    days = shop.browser.get(call).get_json()["locations"][0]["days"]
    told = {datetime.fromisoformat(f"{day}T{at}") for at in days[day.isoformat()]}
    yield "call", told, takeable(hold)

    def book(at: datetime, who: UUID) -> Appointment:
        return desk.book(
            shop.sold.id,
            at,
            therapist_id=who,
            location_id=shop.place.id,
            client=db.session.get_one(Client, shop.ada.id),
            by=shop.desk,
            now=NOW,
        )

    page = f"/staff/book?treatment={shop.sold.slug}&client={shop.ada.id}&day={day}"
    yield "desk", shop.on_thursday(page, staff=True), by_whoever_is_free(shop, book)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_page_shows_is_what_can_be_taken_there(shop: Shop, change: Callable[[Shop], None]) -> None:
    with transaction():
        change(shop)
    for name, shown, taken in pages(shop, sold=change is not retired):
        assert shown == taken, name
        assert shown, name


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_series_and_the_waiting_list_show_can_be_taken(
    shop: Shop, change: Callable[[Shop], None]
) -> None:
    """These show a few times of many, so only that all of them can be had."""
    with transaction():
        entry_id = entries.join_earlier(
            shop.visit, times=EVERY_TIME, any_therapist=True, actor=STAFF, now=NOW
        ).id
    with transaction():
        change(shop)
    offered = shop.shown(f"/staff/waiting-list/{entry_id}/offer", staff=True)
    for at, who in offered.items():
        assert can(lambda at=at, who=who: _offered_and_taken(shop, entry_id, at, who)), at  # type: ignore[misc]
    plan = f"/staff/appointments/{shop.visit.id}/series?every=1&count=3&on=2031-03-06&at=10:00&therapist="
    if change is retired:
        assert not offered
        assert shop.staff.get(plan).status_code == 404
        return
    assert offered
    order = Order(treatment_id=shop.sold.id, location_id=shop.place.id)
    shown = shop.shown(plan, staff=True)
    assert shown
    for at, who in shown.items():
        slot = Slot(starts_at=at, therapist_id=who)
        assert can(
            lambda slot=slot: new_series.book(  # type: ignore[misc]
                order, [slot], client=db.session.get_one(Client, shop.ada.id), actor=STAFF, now=NOW
            )
        ), at


def _offered_and_taken(shop: Shop, entry_id: UUID, at: datetime, who: UUID) -> None:
    zone = supply_of(shop.sold.id).zone_of(shop.place.id)
    made = offering.keep(
        shop.sold.id, WaitingListTime(at, who, shop.place.id, zone), [entry_id], now=NOW, by_id=shop.desk.id
    )
    db.session.expire(made, ["offers"])
    visit = offer_answers.accept(made.offers[0].id, browser=b"m" * 32, actor=f"link:{entry_id}", now=NOW)
    assert (visit.id, visit.starts_at) == (shop.visit.id, at)
