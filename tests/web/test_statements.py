"""What a page asks of the database does not grow with the practice: every page, in the demo and with ten times as much.

`pytest -s tests/web/test_statements.py` prints the table.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import demo
from clinic.accounts.models import Client, Role, User
from clinic.booking import outside_reservations, same_person
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.plans.models import Review
from clinic.practice.models import Practice, Therapist, Treatment
from clinic.web import time_values
from tests.authorisation import world as worlds
from tests.authorisation.test_matrix import path_of, rules
from tests.authorisation.world import World
from tests.make import Make
from tests.measuring import statements
from tests.visitor import as_client, as_staff
from tests.web.tenfold import tenfold

WEDNESDAY = datetime(2031, 6, 11, 13, 5, tzinfo=ZoneInfo("America/Toronto")).astimezone(UTC)

GROWS: dict[str, str] = {
    "staff.visit": "Two of its questions are the same one while there is one plan, and are then asked once; with more they are two.",
    "portal.choose": "When people of one name first came is asked once for all of them, and not where there are none, as in the demo.",
    "staff.client_record": "People who look alike are read only where there are any; in the demo itself there are none.",
    "staff.move_series": "Sessions are asked about one by one, and again where the wished time is taken, as it is in a full week.",
    "staff.settings_access_csv": "An export holds everything there is, and reads it five hundred rows at a time.",
}
"""Pages that may ask more of a greater practice, each with its reason."""

MOST = 8
"""Statements that a page may take."""
ABOVE: dict[str, dict[str, int]] = {
    "A record is many facts, each read by the part that answers for it: answers and their safety, plan, scores, notes, reviews, documents.": {
        "staff.visit": 47,
        "staff.client": 36,
        "staff.change": 30,
        "portal.home": 29,
        "staff.look_back": 23,
        "staff.note": 21,
        "staff.edit_plan": 19,
        "staff.client_plan": 18,
        "staff.review": 18,
        "staff.client_record": 15,
        "staff.accept": 15,
        "own_plan.show": 14,
        "staff.fit_visit": 12,
        "staff.client_access": 11,
        "staff.ask_aloud": 11,
        "staff.decline_review": 10,
        "staff.doctor_first": 10,
        "staff.correct_scores": 10,
        "staff.client_consents": 9,
        "staff.client_consent": 9,
        "staff.client_notes": 9,
    },
    "The day's visits, what to know about each client, and what waits for the reader.": {
        "staff.today": 27,
        "staff.agenda": 16,
        "staff.calendar": 11,
        "staff.waiting_list": 10,
        "staff.tasks": 9,
    },
    "A time is judged by every rule: supply, what is taken, training, who is elsewhere, answers and their safety.": {
        "staff.check_booking": 26,
        "staff.check_move": 25,
        "staff.plan_series": 16,
        "staff.book_for": 14,
        "appointment.choose": 14,
        "staff.move_series": 13,
        "waiting.offer": 13,
        "booking.choose": 12,
        "appointment.done": 11,
        "waiting.ask": 11,
        "staff.move": 10,
        "staff.add_to_waiting_list": 9,
        "appointment.manage": 9,
        "waiting.entry": 9,
    },
    "It counts what an act would change, table by table.": {
        "staff.erase_client": 58,
        "staff.settings_next_run": 28,
        "staff.settings_week": 12,
        "staff.settings_leave": 11,
        "staff.settings_outside": 11,
    },
    "A form of settings with the lists to choose from.": {
        "staff.settings_treatment": 11,
        "staff.settings_member": 10,
        "staff.settings_data": 9,
        "staff.settings_guidance": 9,
        "staff.settings_team": 9,
    },
}
"""Pages that take more, by the reason, each with how many it takes at most. A number only sinks."""

MESSAGES_NEXT = 6
"""The promise for the forecast of messages, all that its page asks: who is signed in, the rules, what is foreseen, the
lines of both, how the delivery is, and how many reviews wait."""

Counted = dict[str, tuple[int, Counter[str]]]

OF_CLIENTS = (
    "portal.", "course.", "progress.", "preferences.", "own_plan.", "own_answers.", "own_messages.", "own_data.", "own_details.", "consents.", "contact_data.",
)  # fmt: skip
OURS = (
    "staff.",
    *OF_CLIENTS,
    "security.",
    "sign_in.",
    "booking.",
    "appointment.",
    "waiting.",
    "aftercare.",
    "preparation.",
)
LEAVES = ("portal.sign_in", "portal.sent", "portal.link", "sign_in.", "security.")
"""Pages for somebody who has not signed in; a signed-in browser is led on from them."""

AT = "therapist=ines-moreau&on=2031-06-19&at=09:00"
QUERIES = {
    "staff.agenda": ("", "day=2031-06-12", "day=2031-06-12&therapist=ines-moreau"),
    "staff.calendar": (
        "view=day&day=2031-06-12",
        "view=day&day=2031-06-12&waiting=yes",
        "view=rooms&day=2031-06-12",
        "view=week&day=2031-06-12",
        "view=week&day=2031-06-12&therapist=all",
        "view=month&day=2031-06-12",
    ),
    "staff.calendar_time": (AT, AT + "&until=10:15"),
    "staff.calendar_judge": (AT,),
    "staff.calendar_waiting_judge": (AT,),
    "staff.calendar_stamp": ("from=2031-06-12&until=2031-06-13",),
    "staff.find_client": ("", "name=a"),
    "staff.book_for": ("", "client={client}&treatment=swedish"),
    "staff.look_at": ("client={client}&treatment=swedish&" + AT,),
    "staff.check_booking": ("start={value}&treatment=swedish&client={client}",),
    "staff.move_at": (AT,),
    "staff.check_move": ("start={value}", "start={value}&minutes=75"),
    "staff.messages": ("", "shown=sent", "name=a", "client={client}"),
    "staff.plan_series": ("every=1&count=4", "every=1&count=4&on=2031-06-20&at=09:00&therapist=ines-moreau"),
    "staff.cancel_series": ("scope=all&index=2",),
    "staff.move_series": ("scope=all&index=2", "scope=all&index=2&weekday=2&at=09:00&weeks=0&therapist="),
}
"""What further stands in an address; a page without a line is opened as it is."""
OPENED_FOR = {
    "staff.decline": (
        Appointment.state == State.REQUESTED,
        ~sa.exists().where(Review.appointment_id == Appointment.id, Review.decided_at.is_(None)),
    ),
    "staff.ask_aloud": (
        Appointment.state == State.BOOKED,
        Appointment.starts_at.between(WEDNESDAY, WEDNESDAY + timedelta(hours=20)),
    ),
    "staff.fit_visit": (
        Appointment.state == State.BOOKED,
        Appointment.treatment.has(Treatment.slug == "mechanical-impulse"),
        Appointment.client.has(Client.given_name == "Amara"),
    ),
    "staff.new_incident": (
        Appointment.state == State.DONE,
        Appointment.therapist.has(Therapist.slug == "ines-moreau"),
    ),
}
"""Which visits a page opens for, where it does not for every one."""
OPENS = (*QUERIES, *OPENED_FOR)
"""Pages that must answer with a page, or with the way to one, for their count to mean anything."""


@pytest.fixture
def demo_world(app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch, the_clock_says: Any) -> World:
    """The demo in the middle of its week, with the clock set to it."""
    monkeypatch.setitem(app.config, "ENVIRONMENT", "demo")
    the_clock_says(WEDNESDAY)
    return build_demo(app, make)


def build_demo(app: Flask, make: Make) -> World:
    """The demo in the middle of its week. Ines holds every role; Hannah's visits and answers stand in the addresses."""
    with transaction():
        demo.load(WEDNESDAY)
    practice = db.session.get_one(Practice, 1)
    practice.notice_minutes = 0
    built = worlds.build(app, make)
    ines = db.session.scalars(sa.select(User).where(User.given_name == "Ines", User.is_demo)).one()
    ines.role_names = [role.value for role in Role]
    hannah = db.session.scalars(sa.select(Client).where(Client.given_name == "Hannah")).one()
    of_hannah = sa.select(Appointment).where(Appointment.client_id == hannah.id)
    coming = of_hannah.where(Appointment.state == State.BOOKED).order_by(Appointment.starts_at)
    visit = db.session.scalars(coming.offset(1).limit(1)).one()
    review = sa.select(Review).join(Client).where(Client.given_name == "Amara")
    built.entry_of_ada.client_id = hannah.id
    whole = db.session.get_one(worlds.Series, built.visit_of_ada.series_id)
    whole.client_id = hannah.id
    for index, one in enumerate(db.session.scalars(coming.offset(1)), start=2):
        one.series_id, one.series_index = whole.id, index
    swedish = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "swedish")).one()
    someone_everywhere(make, swedish, hannah)
    something_unsuitable(make)
    db.session.commit()
    return replace(
        built,
        ines=ines,
        ada=hannah,
        treatment=swedish,
        visit_of_ada=visit,
        review_of_ada=db.session.scalars(review).one(),
        set_up=built.set_up
        | {"treatment": swedish.id, "therapist": visit.therapist_id, "location": visit.location_id},
    )


def someone_everywhere(make: Make, sold: Treatment, who: Client) -> None:
    """What the demo has none of, and the practice grown from it would: one person at two places, and a time kept at night."""
    night = WEDNESDAY + timedelta(days=4, hours=14)
    for therapist in sold.therapists[:2]:
        make.appointment(of=sold, who=who, starts_at=night, therapist=therapist)
    kept_until = WEDNESDAY + timedelta(minutes=20)
    make.appointment(of=sold, state=State.HELD, starts_at=night + timedelta(days=1), held_until=kept_until)


def something_unsuitable(make: Make) -> None:
    """A visit that the client's answers speak against; nobody of the demo keeps one."""
    device = db.session.scalars(sa.select(Treatment).where(Treatment.slug == "mechanical-impulse")).one()
    amara = db.session.scalars(sa.select(Client).where(Client.given_name == "Amara")).one()
    make.appointment(of=device, who=amara, starts_at=WEDNESDAY + timedelta(days=13, hours=2))


def pages(world: World) -> dict[str, str]:
    """Address of every page that is opened by a GET, by a name for the table."""
    start = time_values.value(WEDNESDAY + timedelta(days=8), world.visit_of_ada.therapist_id)
    filled = {"client": str(world.ada.id), "value": quote(start)}
    found = {}
    for rule in rules(world.app):
        if "GET" in (rule.methods or ()) and rule.endpoint.startswith(OURS):
            path = path_of(with_visit_for(rule.endpoint, world), rule)
            for query in QUERIES.get(rule.endpoint, ("",)):
                query = query.format(**filled)
                name = f"{rule.endpoint}?{query}" if query else rule.endpoint
                found[name] = f"{path}?{query}" if query else path
    return found


def with_visit_for(endpoint: str, world: World) -> World:
    """The world with a visit for which this page opens, where it does not for every visit."""
    if endpoint not in OPENED_FOR:
        return world
    visits = sa.select(Appointment).where(*OPENED_FOR[endpoint]).order_by(Appointment.starts_at).limit(1)
    return replace(world, visit_of_ada=db.session.scalars(visits).one())


@dataclass(frozen=True)
class Visitors:
    """Who opens the pages."""

    staff: FlaskClient
    client: FlaskClient
    nobody: FlaskClient

    @classmethod
    def of(cls, world: World) -> "Visitors":
        """Ines, Hannah, and somebody who has not signed in."""
        client = as_client(world.app, world.ada.contacts[0], world.ada)
        return cls(as_staff(world.app, world.ines), client, world.app.test_client())

    def who_opens(self, page: str) -> FlaskClient:
        """The one of them whose page it is."""
        if page.startswith(LEAVES):
            return self.nobody
        return self.client if page.startswith(OF_CLIENTS) else self.staff


def counts(visitors: Visitors, found: dict[str, str]) -> Counted:
    """Status and statements of each page; each is opened before, so that what is kept is kept."""
    counted = {}
    for name, path in found.items():
        browser, seen = visitors.who_opens(name), []
        # The fewer of two: the first fills what is kept, and once a minute one more notes that somebody is here.
        for _ in range(2):
            db.session.expunge_all()  # As every request does; else what the page before left depends on the collector.
            with statements() as asked:
                status = browser.get(path).status_code
            seen.append((status, Counter(asked)))
        counted[name] = min(seen, key=lambda one: one[1].total())
    return counted


def test_no_page_asks_more_of_the_database_when_there_is_ten_times_as_much(demo_world: World) -> None:
    found, today, tenfold_later = pages(demo_world), Visitors.of(demo_world), Visitors.of(demo_world)
    assert len(same_person.pairs(WEDNESDAY)) == len(outside_reservations.outside_now(WEDNESDAY)) == 1
    before = counts(today, found)
    rows = db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) or 0
    tenfold()
    assert (db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) or 0) >= 10 * rows
    after = counts(tenfold_later, found)
    print(*table(before, after), sep="\n")
    broken = {name: status for name, (status, _) in (before | after).items() if status >= 500}
    assert broken == {}
    closed = {
        name: count[0] for name, count in before.items() if name.split("?")[0] in OPENS and count[0] >= 400
    }
    # What opens for some visits only leads on from the others, which says nothing about its own statements.
    closed |= {name: before[name][0] for name in OPENED_FOR if before[name][0] != 200}
    assert closed == {}
    assert after["staff.next_messages"][1].total() <= MESSAGES_NEXT
    allowed = {page: most for pages_of_kind in ABOVE.values() for page, most in pages_of_kind.items()}
    over = {
        name: count.total()
        for name, (_, count) in before.items()
        if count.total() > allowed.get(name.split("?")[0], MOST)
    }
    assert over == {}
    asked = {
        page: max(before[name][1].total() for name in found if name.split("?")[0] == page) for page in allowed
    }
    assert [page for page, most in asked.items() if most <= MOST] == [], "these no longer need their line"
    grown = {name: after[name][1] - before[name][1] for name in found if grows(name, before, after)}
    assert {name: more for name, more in grown.items() if name.split("?")[0] not in GROWS} == {}


def grows(name: str, before: Counted, after: Counted) -> bool:
    return after[name][1].total() > before[name][1].total()


def table(before: Counted, after: Counted) -> list[str]:
    """Page, status, statements in the demo and with ten times as much."""
    lines = ["", f"{'page':<70} {'status':>6} {'demo':>5} {'x10':>5}"]
    for name, (status, count) in before.items():
        mark = " grows" if grows(name, before, after) else ""
        lines.append(f"{name[:70]:<70} {status:>6} {count.total():>5} {after[name][1].total():>5}{mark}")
    return lines
