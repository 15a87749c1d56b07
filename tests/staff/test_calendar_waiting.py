"""The waiting list beside the calendar: who would come into what is free, offered or booked by the acts there are."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import User
from clinic.booking.models import Appointment, State
from clinic.booking.waiting.models import EntryEnd, Offer, WaitingListEntry
from clinic.db import db
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTerms
from clinic.messaging.models import Message, MessageKind
from tests.booking.waiting_list import times, waits
from tests.make import Make
from tests.measuring import statements
from tests.messaging.mailers import Postbox
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import Element, read

DAY = "/staff/calendar?view=day&day=2031-03-04&waiting=yes"
TUESDAY, AFTERNOON = 1, 1


def listed(page: str) -> list[Element]:
    """The people beside the grid."""
    return [one for one in read(page).all("li") if one.attributes.get("data-waits")]


def judged(
    browser: Browser, entry: WaitingListEntry, therapist: str, at: str, on: str = "2031-03-04"
) -> dict[str, Any]:
    answer = browser.look(f"/staff/calendar/waiting/{entry.id}/judge?on={on}&at={at}&therapist={therapist}")
    found: dict[str, Any] = answer.get_json()
    return found


def test_those_who_would_come_stand_beside_the_grid_and_the_others_are_counted(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    waits(make, scene.treatment, "Ada", times=times([TUESDAY], [AFTERNOON]))
    waits(make, scene.treatment, "Bea", times=times([3], [0]))
    assert listed(front_desk.get(DAY.replace("&waiting=yes", ""))) == []
    page = front_desk.get(DAY)
    (card,) = listed(page)
    assert card.text.startswith("Ada Sample")
    assert "Tuesdays, afternoons" in card.text
    assert "First free: 12:00 with Ines" in card.text
    assert "1 other person on the list" in read(page).text
    week = front_desk.get(
        f"/staff/calendar?view=week&day=2031-03-04&therapist={scene.therapist.slug}&waiting=yes"
    )
    assert "First free: Tuesday 12:00 with Ines" in read(week).text
    link = card.one("a")
    assert link.text == "Offer a time to Ada Sample"
    assert "Offer a time to" in front_desk.get(link.get("href"))


def test_a_full_day_lists_nobody_and_says_so(scene: Scene, make: Make, front_desk: Browser) -> None:
    waits(make, scene.treatment, "Ada", times=times([TUESDAY], [AFTERNOON]))
    for hour in range(9, 17):
        scene.visit(who=make.client(mail=None), starts_at=make.NOW.replace(day=4, hour=hour - 1, minute=0))
    page = front_desk.get(DAY)
    assert listed(page) == []
    assert "Nobody on the waiting list could come into what is free here." in page


def test_a_place_is_judged_and_leads_to_the_page_that_offers_it(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    entry = waits(make, scene.treatment, "Ada", times=times([TUESDAY], [AFTERNOON]))
    slug = scene.therapist.slug
    assert "asked for" in judged(front_desk, entry, slug, "10:00")["said"][0]
    assert "not free" in judged(front_desk, entry, slug, "20:00")["said"][0]
    assert judged(front_desk, entry, slug, "25:00")["verdict"] == "no"
    found = judged(front_desk, entry, slug, "14:00")
    assert found["verdict"] == "free"
    page = front_desk.get(found["leads"])
    assert "Tuesday 4 March, 14:00" in page
    front_desk.done(
        found["leads"].split("?")[0],
        **{name: value for name, value in hidden(page).items() if name != "csrf_token"},
        people=str(entry.id),
    )
    offer = db.session.scalars(sa.select(Offer)).one()
    assert offer.ended_at is None
    assert "already" in judged(front_desk, entry, slug, "15:00")["said"][0]


def hidden(page: str) -> dict[str, str]:
    form = next(one for one in read(page).all("form") if one.all("input", name_="people"))
    return {one.get("name"): one.get("value") for one in form.all("input") if one.get("type") == "hidden"}


def test_who_says_yes_at_once_is_booked_and_gets_no_offer(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    entry = waits(make, scene.treatment, "Ada", times=times([TUESDAY], [AFTERNOON]))
    leads = judged(front_desk, entry, scene.therapist.slug, "14:00")["leads"]
    fields = {name: value for name, value in hidden(front_desk.get(leads)).items() if name != "csrf_token"}
    page = front_desk.done(leads.split("?")[0], **fields, at_once="yes")
    assert "Booked. A letter tells Ada." in page
    visit = db.session.scalars(sa.select(Appointment).where(Appointment.state == State.BOOKED)).one()
    assert (visit.client_id, visit.wall_start.hour) == (entry.client_id, 14)
    assert db.session.get_one(WaitingListEntry, entry.id, populate_existing=True).end == EntryEnd.FULFILLED
    delivery.run_pass(make.NOW + timedelta(minutes=1), 100, Postbox(), PassTerms(pause=lambda seconds: None))
    kinds = set(db.session.scalars(sa.select(Message.kind)))
    assert MessageKind.CONFIRMATION in kinds
    assert not {kind for kind in kinds if "offer" in kind}


def test_a_time_taken_meanwhile_is_refused_in_words(scene: Scene, make: Make, front_desk: Browser) -> None:
    entry = waits(make, scene.treatment, "Ada", times=times([TUESDAY], [AFTERNOON]))
    leads = judged(front_desk, entry, scene.therapist.slug, "14:00")["leads"]
    fields = {name: value for name, value in hidden(front_desk.get(leads)).items() if name != "csrf_token"}
    scene.visit(starts_at=make.NOW.replace(day=4, hour=13, minute=0))
    answer = front_desk.post(leads.split("?")[0], **fields, at_once="yes")
    assert answer.status_code == 409
    assert "no longer free" in answer.get_data(as_text=True)
    assert db.session.get_one(WaitingListEntry, entry.id, populate_existing=True).ended_at is None


def test_an_owner_sees_no_list_to_act_on(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser]
) -> None:
    waits(make, scene.treatment, "Ada")
    owner = sign_in(make.user(roles=["owner"]))
    assert listed(owner.get(DAY)) == []
    assert "waiting=yes" not in owner.get(DAY.removesuffix("&waiting=yes"))


def test_the_list_is_kept_from_day_to_day_and_closes(scene: Scene, make: Make, front_desk: Browser) -> None:
    page = read(front_desk.get(DAY))
    later = next(one for one in page.all("a") if one.attributes.get("rel") == "next")
    assert "waiting=yes" in later.get("href")
    close = next(one for one in page.all("a") if one.text.strip() == "Close the waiting list")
    assert "waiting" not in close.get("href")


def test_more_people_and_more_gaps_ask_no_more(scene: Scene, make: Make, front_desk: Browser) -> None:
    waits(make, scene.treatment, "Ada", last_on=date(2031, 3, 20))
    front_desk.get(DAY)
    with statements() as before:
        front_desk.get(DAY)
    other = make.therapist(scene.location)
    scene.treatment.therapists.append(other)
    db.session.commit()
    for number in range(5):
        waits(make, scene.treatment, f"Bea-{number}")
    with statements() as after:
        assert len(listed(front_desk.get(DAY))) == 6
    assert len(after) <= len(before)


@pytest.mark.parametrize("asked", ["on=x&at=10:00", "on=2031-03-30&at=02:30", ""])
def test_a_time_that_does_not_exist_is_refused(
    scene: Scene, make: Make, front_desk: Browser, asked: str
) -> None:
    entry = waits(make, scene.treatment, "Ada")
    path = f"/staff/calendar/waiting/{entry.id}/judge?{asked}&therapist={scene.therapist.slug}"
    answer = front_desk.look(path)
    assert answer.status_code == 422
    assert answer.get_json()["said"]
