"""With production settings behind nginx and TLS, every request over the wire: who enters what, what one client can do to another, and that
every form on a page whose address is a secret is taken from that page.
"""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from clinic.db import db
from clinic.web.headers import SECRET_PATHS
from tests.authorisation.policies import ANYONE, CLIENT, CONTACT, POLICIES
from tests.authorisation.test_matrix import (
    LONG,
    METHODS,
    THERAPIST,
    calls,
    comparable,
    path_of,
    rules,
    slips_of,
    was_turned_away,
    with_token,
)
from tests.authorisation.world import ROLES, Role, World, build
from tests.make import Make
from tests.visitor import Visitor, shown

SECRETS = {"token", "raw"}
"""What arguments are called that let in whoever knows them."""


@pytest.fixture(scope="module")
def shared_world(proxied_app: Flask, shared_database: sa.Connection) -> World:
    return build(proxied_app, Make())


@pytest.fixture
def world(shared_world: World, database: sa.Connection) -> World:
    return shared_world


def is_secret(rule: Rule) -> bool:
    """Whether the address of a page is a key, or tells where one can be had."""
    return rule.rule.startswith(SECRET_PATHS)


def test_every_address_that_holds_a_secret_is_kept_from_the_next_page(proxied_app: Flask) -> None:
    told = [rule.rule for rule in rules(proxied_app) if SECRETS & rule.arguments and not is_secret(rule)]
    assert told == [], "add them to SECRET_PATHS"
    used = {path for path in SECRET_PATHS for rule in rules(proxied_app) if rule.rule.startswith(path)}
    assert set(SECRET_PATHS) - used == set(), "no page begins like this any more"


def test_a_form_on_a_page_with_a_secret_address_is_taken_over_https_without_a_referer(world: World) -> None:
    """No browser sends one from such a page; its origin is `null`."""
    refused = []
    asked = 0
    for rule in filter(is_secret, rules(world.app)):
        for method in set(METHODS) - {"GET"} & (rule.methods or set()):
            browser = THERAPIST.browser(world) if rule.rule.startswith("/staff/") else world.app.test_client()
            headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
            fields = with_token(browser)
            answer = browser.open(path_of(world, rule), method=method, data=fields, headers=headers)
            assert answer.headers["Referrer-Policy"] == "no-referrer", rule.rule
            asked += 1
            if answer.status_code >= 500 or "open for too long" in answer.get_data(as_text=True):
                refused.append((method, rule.rule, answer.status_code))
    assert refused == []
    assert asked >= 20


def test_a_form_without_a_token_is_refused_over_https_also_with_our_own_referer(world: World) -> None:
    browser = THERAPIST.browser(world)
    answer = browser.post("/staff/sign-out", headers={"Referer": f"{world.app.config['PUBLIC_URL']}/staff"})
    assert answer.status_code == 400
    assert "open for too long" in answer.get_data(as_text=True)


EVERYWHERE = ("anonymous", "client A", "therapist", "owner")
"""Who opens the pages for anyone too; the others do in `make test-long`. Such a page asks nobody who they are."""


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_over_https_a_role_enters_what_is_meant_for_it_and_nothing_else(world: World, role: Role) -> None:
    assert slips_of(world, role, doors_only=not LONG and role.name not in EVERYWHERE) == []


CLIENTS = [role for role in ROLES if role.name in ("client A", "address proven, nobody chosen")]


@pytest.mark.parametrize("role", CLIENTS, ids=lambda role: role.name)
def test_what_belongs_to_another_client_is_to_a_client_as_if_it_were_not_there(
    world: World, role: Role
) -> None:
    """Bob's objects in Ada's browser. What its address alone opens, it opens to her as to any stranger, and no further."""
    wrong: list[Any] = []
    browser, bobs = role.browser(world), world.seen_from_bob()
    before = rows_of_bob(world)
    looked = 0
    for rule, method in calls(world.app):
        if not rule.arguments or rule.endpoint == "static":
            continue
        looked += 1
        policy, path = POLICIES[rule.endpoint], path_of(bobs, rule)
        fields = {} if method == "GET" else with_token(browser)
        if (policy == ANYONE and method != "GET") or path == path_of(world, rule):
            continue  # The address is a key, and who holds it may use it; or it is nobody's in particular.
        answer = browser.open(path, method=method, data=fields or None)
        if policy == ANYONE:
            if says_who_is_signed_in(answer.get_data(as_text=True)):
                wrong.append((method, rule.rule, "mixes two clients"))
        elif policy in (CLIENT, CONTACT) and role.client:
            missing = browser.open(path_of(world, rule, "missing"), method=method, data=fields or None)
            if comparable(answer) != comparable(missing) or answer.status_code != 404:
                wrong.append((method, rule.rule, answer.status_code, missing.status_code))
        elif not was_turned_away(answer):
            wrong.append((method, rule.rule, answer.status_code))
    assert wrong == []
    assert looked >= 100
    assert rows_of_bob(world) == before


def says_who_is_signed_in(page: str) -> bool:
    """Whether a page names Ada's address, which no page of Bob's has a reason to."""
    return "ada@client.example" in page


def test_no_page_of_a_client_shows_another_one_and_no_form_changes_them(world: World) -> None:
    """Every page that Ada has without an argument, and each of its forms with Bob's ids in place of what it holds."""
    for visit in (world.visit_of_ada, world.visit_of_bob):
        assert visit.client_id  # Both have something that could be shown.
    bob = world.bob
    ids = [str(each) for each in (bob.id, bob.contacts[0].id, world.visit_of_bob.id, world.entry_of_bob.id)]
    before = rows_of_bob(world)
    sent = 0
    for rule, method in calls(world.app):
        if rule.arguments or POLICIES[rule.endpoint] not in (CLIENT, CONTACT) or method != "GET":
            continue
        ada = Visitor(CLIENTS[0].browser(world))
        page = ada.open(rule.rule).text
        assert "Bob" not in page, rule.rule
        assert bob.contacts[0].value not in page, rule.rule
        for form in ada.page.all("form"):
            if form.attributes.get("method", "get").lower() != "post":
                continue
            target = form.attributes.get("action") or rule.rule
            names = set(shown(form)) | {"person", "client", "id"}
            for wanted in ids:
                given = {**shown(form), **dict.fromkeys(names - {"csrf_token"}, wanted)}
                browser = CLIENTS[0].browser(world)
                answer = browser.post(target, data={**given, **with_token(browser)})
                assert answer.status_code < 500, (target, wanted)
                assert "Bob" not in answer.get_data(as_text=True), (target, wanted)
                sent += 1
    assert sent >= 20
    assert rows_of_bob(world) == before


def rows_of_bob(world: World) -> dict[str, str]:
    """A checksum of every row that belongs to Bob, by table."""
    db.session.expire_all()
    found = {}
    for table in ("clients", "contacts", "appointments", "waiting_wishes", "reviews", "client_sessions"):
        column = {"clients": "id", "contacts": "id", "client_sessions": "client_id"}.get(table, "client_id")
        owner = world.bob.contacts[0].id if table == "contacts" else world.bob.id
        rows = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE {column} = :owner"
        found[table] = str(db.session.scalar(sa.text(rows), {"owner": owner}))
    assert sum(each != "None" for each in found.values()) >= 5
    return found
