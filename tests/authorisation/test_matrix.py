"""Every route, every method, every role: generated from the URL map, so that a new route cannot be forgotten."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from clinic.accounts.permissions import Permission, granted
from clinic.db import Base, db
from clinic.web import access
from tests.authorisation.objects import PROVIDERS
from tests.authorisation.policies import ANYONE, CLIENT, CONTACT, POLICIES, STAFF
from tests.authorisation.world import ROLES, Role, World, build
from tests.make import Make
from tests.visitor import token_for

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WITHOUT_COOKIES = ("api.", "bounces.", "letters.stop", "website_booking.")
"""Endpoints without a CSRF check, because cookies grant nothing there."""
MAY_BE_KEPT = frozenset({"api.description", "api.free_times", "photos.show", "website_booking.script"})
"""Endpoints whose answers a browser or cache may store: they contain nothing about anybody."""
THERAPIST = next(role for role in ROLES if role.name == "therapist")


@pytest.fixture(scope="module")
def shared_world(app: Flask, shared_database: sa.Connection) -> World:
    return build(app, Make())


@pytest.fixture
def world(shared_world: World, database: sa.Connection) -> World:
    return shared_world


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))


def calls(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route with every method it answers."""
    for rule in rules(app):
        for method in METHODS:
            if method in (rule.methods or ()):
                yield rule, method


def path_of(world: World, rule: Rule, kind: str = "own") -> str:
    if not rule.arguments:
        return rule.rule
    arguments = getattr(PROVIDERS[rule.endpoint](world), kind)
    with world.app.test_request_context():
        built = world.app.url_map.bind("localhost").build(rule.endpoint, arguments, method=None)
    return str(built)


def may_enter(role: Role, policy: str | frozenset[Permission]) -> bool:
    """What the table of policies says about this role."""
    if policy == ANYONE:
        return True
    if policy == CONTACT:
        return role.contact
    if policy == CLIENT:
        return role.client
    if policy == STAFF:
        return bool(role.staff_roles)
    held = granted(role.staff_roles - {"none"})
    return bool(policy & held) if isinstance(policy, frozenset) else Permission(policy) in held


def was_turned_away(answer: TestResponse) -> bool:
    """Whether the answer leads to a sign-in page, or is *not for you*."""
    if answer.status_code == 303:
        there = answer.headers["Location"]
        return there.startswith(("/staff/sign-in", "/my/sign-in", "/my/who"))
    return answer.status_code in (401, 403)


def with_token(browser: FlaskClient) -> dict[str, str]:
    """A form field that passes the CSRF check of this browser."""
    return {"csrf_token": token_for(browser)}


def test_every_route_has_its_line_in_the_table(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(POLICIES) == set(), "say in tests/authorisation/policies.py who these are for"
    assert set(POLICIES) - endpoints == set(), "these are gone: delete their lines"


def test_every_argument_of_an_address_has_its_objects(app: Flask) -> None:
    asking = {rule.endpoint for rule in app.url_map.iter_rules() if rule.arguments}
    assert asking - set(PROVIDERS) == set(), "give them objects in tests/authorisation/objects.py"
    assert set(PROVIDERS) - asking == set(), "these are gone: delete their lines"


def test_every_decorator_says_what_the_table_says(app: Flask) -> None:
    slips = []
    for endpoint, meant in POLICIES.items():
        declared = access.policy(app, endpoint)
        if declared is None:
            continue
        said = {str(held) for held in declared.permissions} or {declared.audience.name}
        wanted = {str(held) for held in meant} if isinstance(meant, frozenset) else {str(meant)}
        if said != wanted:
            slips.append((endpoint, sorted(said), sorted(wanted)))
    assert slips == []


LONG = bool(os.environ.get("LUMBAR_LONG"))
ON_A_LAPTOP = [role for role in ROLES if LONG or role.name in ("anonymous", "client A", "front desk")]


@pytest.mark.parametrize("role", ON_A_LAPTOP, ids=lambda role: role.name)
def test_a_role_enters_what_is_meant_for_it_and_nothing_else(world: World, role: Role) -> None:
    """Without https, as on a laptop; `test_over_https` lets every role try it as in production."""
    assert slips_of(world, role) == []


def slips_of(world: World, role: Role, *, doors_only: bool = False) -> list[Any]:
    """Where a role is let in and should not be, or the other way round; with `doors_only`, on pages not open to everyone.

    Forms are sent without a token: whoever is let in meets the CSRF check (400); the others never get that far.
    """
    wrong: list[Any] = []
    browser = role.browser(world)
    for rule, method in calls(world.app):
        if rule.endpoint == "static" or (doors_only and POLICIES[rule.endpoint] == ANYONE):
            continue
        if not (role.staff_roles or role.contact):
            browser = role.browser(world)  # Some pages discard half-finished sign-ins.
        answer = browser.open(path_of(world, rule), method=method)
        entered = not was_turned_away(answer)
        # Flask-Security sends a half-finished sign-in back to the start with 302, which is none of our doors.
        if entered != may_enter(role, POLICIES[rule.endpoint]):
            wrong.append((method, rule.rule, answer.status_code, answer.headers.get("Location")))
        checked = not rule.endpoint.startswith(WITHOUT_COOKIES)
        if rule.endpoint not in MAY_BE_KEPT and "no-store" not in answer.headers.get("Cache-Control", ""):
            wrong.append((method, rule.rule, answer.status_code, "may be kept by a cache"))
        if method != "GET" and entered and checked and answer.status_code != 400:
            wrong.append((method, rule.rule, answer.status_code, "no CSRF check"))
    return wrong


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_where_no_csrf_check_stands_no_cookie_opens_or_changes_anything(world: World, role: Role) -> None:
    looked = 0
    for rule, method in calls(world.app):
        if rule.endpoint.startswith(WITHOUT_COOKIES):
            path = path_of(world, rule)
            with_cookies, without = (
                comparable(browser.open(path, method=method))
                for browser in (role.browser(world), world.app.test_client())
            )
            assert with_cookies == without, (method, rule.rule)
            looked += 1
    assert looked >= 9


MOST_TELLING = ("client A", "therapist", "owner")
"""Between them they reach every page; the others are turned away, or see the same pages."""


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(role, id=role.name, marks=() if role.name in MOST_TELLING else pytest.mark.long)
        for role in ROLES
    ],
)
@pytest.mark.parametrize("kind", ["own", "missing"])
def test_no_role_brings_any_route_down(world: World, role: Role, kind: str) -> None:
    """With a token and an empty form; an error in a view would be raised here, because the test app hides none."""
    browser = role.browser(world)
    for rule, method in calls(world.app):
        if kind != "own" and not rule.arguments:
            continue  # The same address.
        fields = {} if method == "GET" else with_token(browser)
        with browser.open(path_of(world, rule, kind), method=method, data=fields or None) as answer:
            assert answer.status_code < 500, (method, rule.rule)


def comparable(answer: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """The answer without what differs each time: request id, nonce, tokens, and the requested path itself."""
    body = answer.get_data(as_text=True).replace(f'value="{answer.request.path}"', "")
    body = re.sub(
        r"[0-9a-f]{16}|nonce=\"[^\"]+\"|name=\"csrf_token\" value=\"[^\"]+\"|value=\"[^\"]{60,}\"", "", body
    )
    kept = ("Content-Type", "Location", "Cache-Control")
    return answer.status_code, body, [(name, answer.headers[name]) for name in kept if name in answer.headers]


def test_what_belongs_to_others_answers_exactly_like_what_is_not_there(world: World) -> None:
    differing: list[Any] = []
    looked = 0
    for rule, method in calls(world.app):
        if not rule.arguments or PROVIDERS[rule.endpoint](world).others is None:
            continue
        browser = THERAPIST.browser(world)
        fields = {} if method == "GET" else with_token(browser)
        others, missing = (
            comparable(browser.open(path_of(world, rule, kind), method=method, data=fields or None))
            for kind in ("others", "missing")
        )
        looked += 1
        if others != missing or others[0] != 404:
            differing.append((method, rule.rule, others[0], missing[0], _first_difference(others, missing)))
    assert differing == []
    assert looked >= 20


def test_a_get_changes_nothing(world: World) -> None:
    """Apart from the record of sessions and views, no row changes."""
    for role in (role for role in ROLES if LONG or role.name in LOOKING):
        browser = role.browser(world)
        # Providers create links and records themselves; what matters is that the requests change nothing.
        paths = [path_of(world, rule) for rule, method in calls(world.app) if method == "GET"]
        before_role = fingerprint()
        for path in paths:
            browser.open(path).close()
        assert fingerprint() == before_role, role.name


LOOKING = ("client A", "therapist", "owner")

UNCOUNTED = {
    "audit_entries": "a look is recorded",
    "staff_sessions": "seen_at",
    "client_sessions": "seen_at",
    "limits": "not part of a page",
    "documents": "read_at: the first look is recorded",
}


def fingerprint() -> dict[str, str]:
    """A checksum of every table that viewing a page must not change."""
    db.session.expire_all()
    prints = {}
    for table in Base.metadata.sorted_tables:
        if table.name in UNCOUNTED:
            continue
        rows = sa.text(
            f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t"
        )
        prints[table.name] = str(db.session.scalar(rows))
    for table in ("staff_sessions", "client_sessions"):
        ended = sa.text(f"SELECT count(*) FROM {table} WHERE ended_at IS NOT NULL")
        prints[f"ended {table}"] = str(db.session.scalar(ended))
    return prints


@pytest.mark.parametrize("endpoint", sorted(name for name, policy in POLICIES.items() if policy != ANYONE))
def test_a_guard_that_is_taken_away_is_noticed(
    world: World, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the tests: with the guard gone, a stranger gets in, and the matrix above would say so."""
    rule, method = next((rule, method) for rule, method in calls(world.app) if rule.endpoint == endpoint)
    path = path_of(world, rule)
    stranger = world.app.test_client()
    assert was_turned_away(stranger.open(path, method=method))
    open_to_all = {**world.app.extensions["policies"], endpoint: access.Policy(access.anyone)}
    monkeypatch.setitem(world.app.extensions, "policies", open_to_all)
    view = world.app.view_functions[endpoint]
    if hasattr(view, "policy"):
        monkeypatch.delattr(view, "policy")
    fields = {} if method == "GET" else with_token(stranger)
    try:
        answer = stranger.open(path, method=method, data=fields or None)
    except (AssertionError, AttributeError):
        return  # The view itself relied on somebody being signed in, so it was reached.
    assert not (answer.status_code == 303 and was_turned_away(answer)) or "security" in endpoint


def _first_difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> str:
    lines = zip(str(one).split("\\n"), str(other).split("\\n"), strict=False)
    return next((f"{left[:200]} | {right[:200]}" for left, right in lines if left != right), "length")
