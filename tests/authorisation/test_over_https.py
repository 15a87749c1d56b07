"""In production a proxy speaks https for the product; there too every form that a page shows is taken from that page."""

from types import ModuleType

import pytest
from flask import Flask
from werkzeug.routing import Rule

from clinic.web.headers import SECRET_PATHS
from tests.authorisation.test_matrix import METHODS, THERAPIST, path_of, rules, with_token
from tests.authorisation.world import World, build

SECRETS = {"token", "raw"}
"""What arguments are called that let in whoever knows them."""


@pytest.fixture
def world(secure_app: Flask, make: ModuleType) -> World:
    return build(secure_app, make)


def is_secret(rule: Rule) -> bool:
    """Whether the address of a page is a key, or tells where one can be had."""
    return rule.rule.startswith(SECRET_PATHS)


def test_every_address_that_holds_a_secret_is_kept_from_the_next_page(secure_app: Flask) -> None:
    told = [rule.rule for rule in rules(secure_app) if SECRETS & rule.arguments and not is_secret(rule)]
    assert told == [], "add them to SECRET_PATHS"
    used = {path for path in SECRET_PATHS for rule in rules(secure_app) if rule.rule.startswith(path)}
    assert set(SECRET_PATHS) - used == set(), "no page begins like this any more"


def test_a_form_on_a_page_with_a_secret_address_is_taken_over_https_without_a_referer(world: World) -> None:
    """No browser sends one from such a page; its origin is `null`."""
    refused = []
    asked = 0
    for rule in filter(is_secret, rules(world.app)):
        for method in set(METHODS) - {"GET"} & (rule.methods or set()):
            browser = THERAPIST.browser(world) if rule.rule.startswith("/staff/") else world.app.test_client()
            headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
            fields = with_token(world.app, browser)
            answer = browser.open(path_of(world, rule), method=method, data=fields, headers=headers)
            assert answer.headers["Referrer-Policy"] == "no-referrer", rule.rule
            asked += 1
            if answer.status_code >= 500 or "open for too long" in answer.get_data(as_text=True):
                refused.append((method, rule.rule, answer.status_code))
    assert refused == []
    assert asked >= 20


def test_a_form_without_a_token_is_refused_over_https_also_with_our_own_referer(world: World) -> None:
    browser = THERAPIST.browser(world)
    answer = browser.post("/staff/sign-out", headers={"Referer": "https://practice.example/staff"})
    assert answer.status_code == 400
    assert "open for too long" in answer.get_data(as_text=True)
