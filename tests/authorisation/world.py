"""A practice with people in every role, and things that belong to some of them and not to others."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import Client, StaffSession, User
from clinic.accounts.models import Role as StaffRole
from clinic.booking.models import Appointment, Series, State
from clinic.booking.waiting.models import Offer, Offering, WaitingListEntry
from clinic.db import db
from clinic.intake.models import Draft
from clinic.plans.models import CheckIn, Review
from clinic.practice import invitations
from clinic.practice.invitations import RotaPlace
from clinic.practice.models import Closure, TimeOff, Treatment
from tests.make import Make
from tests.plans import intakes
from tests.visitor import as_client, as_staff


@dataclass(frozen=True)
class World:
    """Ada comes to Ines, Bob to Omar; each has a visit and a review that waits."""

    app: Flask
    ines: User
    omar: User
    treatment: Treatment
    ada: Client
    bob: Client
    visit_of_ada: Appointment
    visit_of_bob: Appointment
    review_of_ada: Review
    review_of_bob: Review
    draft: Draft
    entry_of_ada: WaitingListEntry
    entry_of_bob: WaitingListEntry
    offer_to_ada: Offer
    offer_to_bob: Offer
    set_up: dict[str, UUID]
    """What the owner set up, by kind."""
    make: Make

    def seen_from_bob(self) -> "World":
        """The same world, in which what is called Ada's is Bob's."""
        return replace(
            self,
            ada=self.bob,
            bob=self.ada,
            visit_of_ada=self.visit_of_bob,
            visit_of_bob=self.visit_of_ada,
            review_of_ada=self.review_of_bob,
            review_of_bob=self.review_of_ada,
            entry_of_ada=self.entry_of_bob,
            entry_of_bob=self.entry_of_ada,
            offer_to_ada=self.offer_to_bob,
            offer_to_bob=self.offer_to_ada,
        )


def build(app: Flask, make: Make) -> World:
    """The world, committed."""
    make.practice()
    place = make.location()
    ines = make.user(roles=["therapist"], given_name="Ines")
    omar = make.user(roles=["therapist"], given_name="Omar")
    people = [make.therapist(place, user_id=user.id, given_name=user.given_name) for user in (ines, omar)]
    sold = make.treatment(therapists=people, intake="before_booking")
    ada, bob = make.client(), make.client(given_name="Bob", mail="bob@client.example")
    wholes = [Series(client_id=who.id, created_at=make.NOW, changed_at=make.NOW) for who in (ada, bob)]
    db.session.add_all(wholes)
    db.session.flush()
    visit_of_ada, visit_of_bob = (
        make.appointment(of=sold, who=who, therapist=person, series_id=whole.id, series_index=1)
        for who, person, whole in zip((ada, bob), people, wholes, strict=True)
    )
    for visit in (visit_of_ada, visit_of_bob):
        given = CheckIn(
            appointment_id=visit.id, client_id=visit.client_id, asks_for_therapist=True, answered_at=make.NOW
        )
        given.answers = {"feels": "worse", "worrying": "no"}
        db.session.add(given)
    draft = Draft(
        browser=b"b" * 32,
        consented_at=make.NOW,
        consent_version="test",
        created_at=make.NOW,
        changed_at=make.NOW,
    )
    draft.answers = {}
    db.session.add(draft)
    away = TimeOff(therapist_id=people[0].id, from_on=make.day(30), until_on=make.day(31), note="")
    closed = Closure(name="Works", from_on=make.day(30), until_on=make.day(31))
    room = make.room(place)
    db.session.add_all([away, closed])
    invitations.invite(
        mail="new@alderlane.example",
        roles=[StaffRole.FRONT_DESK],
        place=RotaPlace(),
        by=make.user(roles=["owner"]),
        now=clock.now(),
    )
    db.session.commit()
    kept = make.appointment(of=sold, state=State.HELD, starts_at=make.NOW + timedelta(days=6))
    (entry_of_ada, offer_to_ada), (entry_of_bob, offer_to_bob) = (
        _offered(make, sold, who, make.NOW + timedelta(days=days)) for who, days in ((ada, 4), (bob, 5))
    )
    return World(
        app=app,
        ines=ines,
        omar=omar,
        treatment=sold,
        ada=ada,
        bob=bob,
        visit_of_ada=visit_of_ada,
        visit_of_bob=visit_of_bob,
        review_of_ada=intakes.review(visit_of_ada),
        review_of_bob=intakes.review(visit_of_bob),
        draft=draft,
        entry_of_ada=entry_of_ada,
        entry_of_bob=entry_of_bob,
        offer_to_ada=offer_to_ada,
        offer_to_bob=offer_to_bob,
        set_up={
            "location": place.id,
            "room": room.id,
            "treatment": sold.id,
            "therapist": people[0].id,
            "time_off": away.id,
            "closure": closed.id,
            "hold": kept.id,
        },
        make=make,
    )


def _offered(make: Make, sold: Treatment, who: Client, start: datetime) -> tuple[WaitingListEntry, Offer]:
    """Somebody who waits, and a time that is kept for them."""
    hold = make.appointment(of=sold, state=State.HELD, starts_at=start)
    entry = WaitingListEntry(
        client_id=who.id, treatment_id=sold.id, times=[0], last_on=make.day(30), created_at=make.NOW
    )
    offering = Offering(hold_id=hold.id, expires_at=make.NOW + timedelta(minutes=30), created_at=make.NOW)
    offer = Offer(
        offering=offering,
        entry=entry,
        round=1,
        offered_at=offering.created_at,
        expires_at=offering.expires_at,
    )
    db.session.add(offer)
    db.session.commit()
    return entry, offer


@dataclass(frozen=True)
class Role:
    """Somebody who asks: how their browser comes to be, and what they are by right."""

    name: str
    browser: Callable[[World], FlaskClient]
    client: bool = False
    contact: bool = False
    staff_roles: frozenset[str] = frozenset()


def _staff(world: World, *roles: str) -> FlaskClient:
    return as_staff(world.app, world.make.user(roles=list(roles)))


def _left(world: World) -> FlaskClient:
    person = world.make.user(roles=["owner", "therapist", "front_desk"])
    browser = as_staff(world.app, person)
    person.active = False
    db.session.commit()
    return browser


def _idle(world: World) -> FlaskClient:
    person = world.make.user(roles=["owner", "therapist", "front_desk"])
    browser = as_staff(world.app, person)
    row = db.session.query(StaffSession).filter_by(user_id=person.id).one()
    row.seen_at = clock.now() - sessions.STAFF_IDLE
    db.session.commit()
    return browser


def _before_the_code(world: World) -> FlaskClient:
    """Password given, code not yet."""
    person = world.make.user(roles=["owner", "therapist", "front_desk"], tf_primary_method="authenticator")
    person.tf_totp_secret = world.app.extensions["security"].totp_factory.generate_totp_secret()
    db.session.commit()
    browser = world.app.test_client()
    with browser.session_transaction() as session:
        session["tf_user_id"] = person.fs_uniquifier
        session["tf_state"] = "ready"
        session["fs_paa"] = time.time()
    return browser


def _forged(world: World) -> FlaskClient:
    """A cookie that names a member of staff, without a session on the server."""
    browser = world.app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = world.ines.fs_uniquifier
        session["_fresh"] = True
        session["fs_paa"] = time.time()
        session["staff"] = "made-up"
    return browser


ROLES = (
    Role("anonymous", lambda world: world.app.test_client()),
    Role(
        "client A",
        lambda world: as_client(world.app, world.ada.contacts[0], world.ada),
        client=True,
        contact=True,
    ),
    Role(
        "client B",
        lambda world: as_client(world.app, world.bob.contacts[0], world.bob),
        client=True,
        contact=True,
    ),
    Role(
        "address proven, nobody chosen",
        lambda world: as_client(world.app, world.ada.contacts[0], None),
        contact=True,
    ),
    Role("front desk", lambda world: _staff(world, "front_desk"), staff_roles=frozenset({"front_desk"})),
    Role("therapist", lambda world: as_staff(world.app, world.ines), staff_roles=frozenset({"therapist"})),
    Role(
        "other therapist", lambda world: as_staff(world.app, world.omar), staff_roles=frozenset({"therapist"})
    ),
    Role("owner", lambda world: _staff(world, "owner"), staff_roles=frozenset({"owner"})),
    Role("staff without a role", lambda world: _staff(world), staff_roles=frozenset({"none"})),
    Role("left", _left),
    Role("idle too long", _idle),
    Role("password given, code not yet", _before_the_code),
    Role("cookie without a session", _forged),
)
