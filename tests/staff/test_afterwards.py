"""Typing in afterwards: what became of the visits of a day, and visits that were never in the book."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment, State, Waiver
from clinic.db import db
from clinic.messaging import delivery
from clinic.messaging.models import Message
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.staff.test_suggesting_clients import leads, suggested
from tests.web.reading import read


@pytest.fixture
def yesterday(clock_at_now: None) -> str:
    """The local day before."""
    return (clock.now().astimezone(ZoneInfo("Europe/Berlin")).date() - timedelta(days=1)).isoformat()


def past(scene: Scene, **columns: object) -> Appointment:
    """A booked visit of yesterday noon, of which nobody has said anything yet."""
    day = clock.now().astimezone(ZoneInfo("Europe/Berlin")) - timedelta(days=1)
    noon = day.replace(hour=12, minute=0, second=0, microsecond=0)
    found = scene.visit(**{"starts_at": noon.astimezone(ZoneInfo("UTC")), **columns})
    db.session.commit()
    return found


def day_page(yesterday: str) -> str:
    return f"/staff/afterwards?day={yesterday}"


def test_a_day_lists_its_visits_with_one_press_for_each_end(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    visit = past(scene)
    page = front_desk.get(day_page(yesterday))
    for act in ("arrived", "missed", "cancelled-afterwards"):
        assert f"/staff/appointments/{visit.id}/{act}" in page


@pytest.mark.parametrize(
    ("act", "state"),
    [("arrived", State.ARRIVED), ("missed", State.MISSED), ("cancelled-afterwards", State.CANCELLED)],
)
def test_a_press_says_what_became_of_a_visit_and_comes_back_to_the_day(
    scene: Scene, yesterday: str, front_desk: Browser, act: str, state: State
) -> None:
    visit = past(scene)
    answer = front_desk.act(visit, act, back=day_page(yesterday))
    assert answer.headers["Location"] == day_page(yesterday)
    assert make.refreshed(visit).state == state
    assert "Came<span" not in front_desk.get(day_page(yesterday))
    with_purpose = [
        entry.actor for entry in db.session.scalars(sa.select(AuditEntry)) if entry.purpose == "afterwards"
    ]
    assert bool(with_purpose) is (state is State.CANCELLED)


def test_a_visit_to_come_is_not_cancelled_here(scene: Scene, yesterday: str, front_desk: Browser) -> None:
    visit = scene.visit()
    answer = front_desk.act(visit, "cancelled-afterwards")
    assert answer.status_code == 409
    assert make.refreshed(visit).state == State.BOOKED


def test_a_visit_that_changed_meanwhile_is_left_alone(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    visit = past(scene)
    answer = front_desk.act(visit, "cancelled-afterwards", revision="7")
    assert answer.status_code == 409
    assert "changed while your page was open" in answer.get_data(as_text=True)
    assert make.refreshed(visit).state == State.BOOKED


def adding(yesterday: str, client: Client | None = None) -> str:
    return f"/staff/afterwards/add?day={yesterday}" + (f"&client={client.id}" if client else "")


def fields(scene: Scene, browser: Browser, path: str, **changed: str) -> dict[str, str]:
    page = browser.get(path)
    key = page.split('name="key"')[1].split('value="')[1].split('"')[0]
    return {
        "key": key,
        "treatment": scene.treatment.slug,
        "therapist": scene.therapist.slug,
        "location": scene.location.slug,
        "at": "12:00",
        "reason": "The server was away.",
        **changed,
    }


def added() -> list[Appointment]:
    return list(db.session.scalars(sa.select(Appointment).where(Appointment.booked_by == "staff")))


def test_a_visit_that_was_not_in_the_book_stands_there_as_come_with_its_reason(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    path = adding(yesterday, scene.ada)
    page = front_desk.done(path, **fields(scene, front_desk, path))
    assert "Added: Ada was here." in page
    (visit,) = added()
    assert (visit.state, visit.client_id, visit.wall_start.hour) == (State.ARRIVED, scene.ada.id, 12)
    waiver = db.session.scalars(sa.select(Waiver)).one()
    assert waiver.reason == "The server was away."
    assert "notice" in waiver.rules
    deeds = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "afterwards")).all()
    assert [(deed.action, deed.subject_id) for deed in deeds] == [("book", visit.id)]
    assert "The server was away." in front_desk.get(f"/staff/appointments/{visit.id}")


def test_a_visit_of_somebody_known_begins_with_what_they_had_last_time(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    other = make.therapist(scene.location)
    usual = make.treatment(therapists=[scene.therapist, other], name="Zone massage")
    make.appointment(
        of=usual,
        who=scene.ada,
        therapist=other,
        starts_at=clock.now() - timedelta(days=9),
        state=State.DONE,
    )
    page = read(front_desk.get(adding(yesterday, scene.ada)))
    for label, slug in (("Treatment", usual.slug), ("Therapist", other.slug)):
        chosen = [one for one in page.labelled(label).all("option") if one.has("selected")]
        assert [one.get("value") for one in chosen] == [slug], label
    assert "For example 09:30." in page.text


def test_somebody_is_found_by_name_which_stands_in_no_address(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    answer = front_desk.post(f"/staff/afterwards/find?day={yesterday}", text=scene.ada.family_name)
    assert f"client={scene.ada.id}" in answer.get_data(as_text=True)


def test_somebody_new_is_added_with_no_more_than_a_name(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    path = adding(yesterday)
    front_desk.done(
        path, **fields(scene, front_desk, path, given_name="Walk", family_name="In", phone="", mail="")
    )
    (visit,) = added()
    assert visit.client is not None
    assert visit.client.name == "Walk In"


def test_somebody_who_looks_alike_is_asked_about(scene: Scene, yesterday: str, front_desk: Browser) -> None:
    path = adding(yesterday)
    typed = fields(
        scene,
        front_desk,
        path,
        given_name=scene.ada.given_name,
        family_name=scene.ada.family_name,
        phone="",
        mail="",
    )
    answer = front_desk.post(path, **typed)
    assert answer.status_code == 409
    assert "These records look alike" in answer.get_data(as_text=True)
    assert added() == []
    front_desk.done(path, **typed, same=str(scene.ada.id))
    assert [visit.client_id for visit in added()] == [scene.ada.id]


def test_two_visits_at_one_time_stay_impossible(scene: Scene, yesterday: str, front_desk: Browser) -> None:
    past(scene)
    other = make.client(given_name="Bob", mail="bob@client.example")
    path = adding(yesterday, other)
    answer = front_desk.post(path, **fields(scene, front_desk, path))
    assert answer.status_code == 409
    assert "The server was away." in answer.get_data(as_text=True)
    assert added() == []


def test_hours_are_set_aside_for_the_reason(scene: Scene, yesterday: str, front_desk: Browser) -> None:
    path = adding(yesterday, scene.ada)
    front_desk.done(path, **fields(scene, front_desk, path, at="22:30"))
    assert "hours" in db.session.scalars(sa.select(Waiver)).one().rules


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "Say why it was not in the book."),
        ({"at": ""}, "Enter when it began."),
        ({"at": "noonish"}, "Enter a time, like 9:30 or 2:15 pm."),
        ({"at": "12:03"}, "whole five minutes"),
    ],
)
def test_what_is_missing_or_unreadable_is_asked_for_again(
    scene: Scene, yesterday: str, front_desk: Browser, changed: dict[str, str], said: str
) -> None:
    path = adding(yesterday, scene.ada)
    answer = front_desk.post(path, **fields(scene, front_desk, path, **changed))
    assert answer.status_code in (409, 422)
    assert said in answer.get_data(as_text=True)
    assert added() == []


@pytest.mark.parametrize("days", [1, -8])
def test_only_a_time_that_has_begun_within_a_week_is_added(
    scene: Scene, yesterday: str, front_desk: Browser, days: int
) -> None:
    on = (clock.now().astimezone(ZoneInfo("Europe/Berlin")).date() + timedelta(days=days)).isoformat()
    path = adding(on, scene.ada)
    answer = front_desk.post(path, **fields(scene, front_desk, path))
    assert answer.status_code == 422
    assert "Enter a time that has begun" in answer.get_data(as_text=True)
    assert added() == []


def test_a_form_that_is_sent_twice_adds_one_visit(scene: Scene, yesterday: str, front_desk: Browser) -> None:
    path = adding(yesterday, scene.ada)
    typed = fields(scene, front_desk, path)
    for _ in range(2):
        assert front_desk.post(path, **typed).status_code == 303
    assert len(added()) == 1


def test_no_confirmation_or_reminder_is_owed_for_the_past(
    scene: Scene, yesterday: str, front_desk: Browser, now: datetime
) -> None:
    cancelled = past(scene)
    front_desk.act(cancelled, "cancelled-afterwards")
    path = adding(yesterday, scene.ada)
    front_desk.done(path, **fields(scene, front_desk, path, at="15:00"))
    for minutes in (1, 10, 60):
        delivery.find(clock.now() + timedelta(minutes=minutes))
    kinds = set(db.session.scalars(sa.select(Message.kind)))
    assert kinds <= {"aftercare"}


def test_therapists_and_the_desk_type_in_but_owners_do_not(
    scene: Scene, yesterday: str, sign_in: Callable[..., Browser]
) -> None:
    owner = sign_in(make.user(roles=["owner"]))
    assert owner.look(day_page(yesterday)).status_code == 403


def test_clients_who_fit_are_listed_while_a_name_is_typed_and_lead_to_their_visit(
    scene: Scene, yesterday: str, front_desk: Browser
) -> None:
    assert f'data-suggests="/staff/afterwards/suggest?day={yesterday}"' in front_desk.get(day_page(yesterday))
    (option,) = suggested(front_desk, "sampel", f"/staff/afterwards/suggest?day={yesterday}")
    page, asked = leads(option)
    assert page == "/staff/afterwards/add"
    assert asked == {"day": yesterday, "client": str(scene.ada.id)}
    assert suggested(front_desk, "s", f"/staff/afterwards/suggest?day={yesterday}") == []
