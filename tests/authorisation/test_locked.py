"""A locked session against every route of staff, with every method: nothing is shown, nothing changes."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from clinic import clock
from clinic.accounts import session_locks
from clinic.accounts.models import StaffSession, User
from clinic.db import Base, db
from clinic.web.signed_in_staff import POLLS, UNLOCKING
from tests.authorisation.policies import ANYONE, CLIENT, CONTACT, POLICIES
from tests.authorisation.test_matrix import path_of, rules, with_token
from tests.authorisation.world import World, build
from tests.make import Make
from tests.visitor import as_staff

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
OF_THE_SIGN_IN = "security."
LINKS = frozenset({"sign_in.set_up", "auth.join"})
"""One-time links, which are somebody's without a session."""
TYPED = {"text": "Words that somebody typed", "reason": "A reason", "name": "A name"}


@pytest.fixture(scope="module")
def shared_world(app: Flask, shared_database: sa.Connection) -> World:
    return build(app, Make())


@pytest.fixture
def world(shared_world: World, database: sa.Connection) -> World:
    return shared_world


def locked(world: World, user: User) -> FlaskClient:
    """A browser of this person with a PIN, locked just now."""
    browser = as_staff(world.app, user)
    newest = sa.select(StaffSession).where(StaffSession.user_id == user.id).order_by(StaffSession.id.desc())
    own = db.session.scalars(newest.limit(1)).one()
    session_locks.set_pin(own, "407216")
    session_locks.lock(own, proof=clock.now().timestamp(), now=clock.now())
    db.session.commit()
    return browser


def of_staff(app: Flask) -> list[Rule]:
    """Every route of staff, and those of the sign-in that are open to anyone and know the person by the cookie."""
    return [
        rule
        for rule in rules(app)
        if rule.endpoint not in UNLOCKING
        and (
            rule.endpoint.startswith(OF_THE_SIGN_IN)
            or POLICIES[rule.endpoint] not in (ANYONE, CLIENT, CONTACT)
        )
    ]


def prints() -> dict[str, str]:
    """A checksum of every table except the counts of tries."""
    db.session.expire_all()
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name != "limits":
            rows = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t"
            found[table.name] = str(db.session.scalar(sa.text(rows)))
    return found


@pytest.mark.parametrize("by_itself", [False, True], ids=["by a person", "by itself"])
def test_every_route_of_staff_refuses_and_changes_nothing(world: World, by_itself: bool) -> None:
    world.ines.role_names = ["owner", "therapist", "front_desk"]
    wrong: list[Any] = []
    listed = of_staff(world.app)
    paths = [path_of(world, rule) for rule in listed]  # Some objects are made when they are first named.
    browser = locked(world, world.ines)
    typed = {**with_token(browser), **TYPED}
    headers = {"X-By-Itself": "yes"} if by_itself else {}
    before = prints()
    for rule, path in zip(listed, paths, strict=True):
        for method in sorted(rule.methods or ()):
            fields = typed if method in CHANGING else None
            answer = browser.open(path, method=method, data=fields, headers=headers)
            if not is_refused(answer, by_itself=by_itself or rule.endpoint in POLLS):
                wrong.append((method, rule.rule, answer.status_code, answer.headers.get("Location")))
    assert prints() == before
    assert wrong == []
    assert len(listed) > 150


def is_refused(answer: Any, *, by_itself: bool) -> bool:
    """Whether a person is led to the page that unlocks, or shown what they typed; a page that asks by itself hears it."""
    if by_itself:
        return answer.status_code == 423 and not answer.text.strip().startswith("<")
    leads_to_lock = answer.status_code == 303 and answer.headers["Location"].startswith("/staff/unlock")
    return leads_to_lock or (answer.status_code == 423 and "This browser is locked" in answer.text)


def test_each_of_these_routes_answers_once_the_browser_is_open(world: World) -> None:
    """The test of the test: nothing of the kind is said to the same person with an open browser."""
    browser = as_staff(world.app, world.make.user(roles=["owner", "therapist", "front_desk"]))
    for rule in of_staff(world.app):
        if "GET" in (rule.methods or ()) and rule.endpoint != "security.logout":
            answer = browser.get(path_of(world, rule))
            assert not is_refused(answer, by_itself=False), rule.rule
            assert answer.status_code != 423, rule.rule


def test_what_stays_open_shows_nothing_but_the_persons_name(world: World) -> None:
    browser = locked(world, world.ines)
    for path in ("/staff/unlock", "/staff/again-passkey"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "rail" not in answer.text
        assert world.ada.name not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_links_that_are_somebodys_without_a_session_are_named() -> None:
    assert {
        name for name in POLICIES if name.startswith(("sign_in.", "auth.")) and POLICIES[name] == ANYONE
    } == LINKS
