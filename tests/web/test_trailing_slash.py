"""An address with a slash at its end leads to the page without it, on the whole URL map, and to no other site."""

from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from clinic.web.access import MACHINE_PATHS
from tests.make import Make

AN_ID = UUID(int=7)


def address(app: Flask, rule: Rule) -> str:
    """An address of a rule, with anything in its places."""
    values: dict[str, object] = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__
        values[name] = {"UUIDConverter": AN_ID, "IntegerConverter": 7}.get(kind, "seven")
    if (rule.defaults or {}).keys() & values.keys():
        values |= rule.defaults or {}
    built = app.url_map.bind("localhost").build(rule.endpoint, values)
    return urlsplit(built).path


def pages(app: Flask, method: str = "GET") -> list[Rule]:
    """The rules of pages that do not answer with the slash by themselves, as the home page of staff does."""
    rules = list(app.url_map.iter_rules())
    known = {rule.rule for rule in rules}
    return [
        rule
        for rule in rules
        if method in (rule.methods or ())
        and rule.strict_slashes is not False
        and not rule.rule.endswith("/")
        and f"{rule.rule}/" not in known
        and "<path:" not in rule.rule
        and not rule.rule.startswith(MACHINE_PATHS)
    ]


def test_every_page_is_found_with_a_slash_too(app: Flask, make: Make) -> None:
    make.practice()
    found = pages(app)
    assert len(found) > 150
    here = app.test_client()
    wrong = []
    for rule in found:
        path = address(app, rule)
        for method in ("GET", "HEAD"):
            answer = here.open(f"{path}/", method=method)
            if (answer.status_code, answer.headers.get("Location")) != (308, path):
                wrong.append((method, path, answer.status_code, answer.headers.get("Location")))
    assert not wrong


def test_what_was_asked_for_goes_along(client: FlaskClient, make: Make) -> None:
    make.practice()
    answer = client.get("/guidance/?type=swedish&x=%0d%0aSet-Cookie:%20a=b")
    assert answer.headers["Location"] == "/guidance?type=swedish&x=%0d%0aSet-Cookie:%20a=b"


def test_nothing_that_is_sent_is_led_on(app: Flask, make: Make) -> None:
    make.practice()
    here = app.test_client()
    for rule in pages(app, "POST"):
        assert here.post(f"{address(app, rule)}/").status_code in (400, 404), rule.rule


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "///evil.example/",
        "//evil.example/my/",
        "//evil.example//",
        "/%2f/evil.example/",
        "/%2fevil.example/",
        "/\\evil.example/",
        "/%5cevil.example/",
        "/https://evil.example/",
        "//localhost@evil.example/guidance/",
        "/.//evil.example/",
        "/nowhere/",
        "/staff/nowhere/",
    ],
)
def test_no_address_leads_elsewhere_or_to_a_page_that_is_not_there(
    client: FlaskClient, make: Make, path: str
) -> None:
    make.practice()
    # As a server hands it over: the test client itself would take what follows two slashes for a host.
    answer = client.get("/", environ_overrides={"PATH_INFO": unquote(path)})
    assert answer.status_code == 404, answer.headers.get("Location")
    assert "Location" not in answer.headers


def test_several_slashes_lead_there_too_and_the_home_page_stays(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert client.get("/guidance//").headers["Location"].endswith("/guidance")
    assert client.get("/").status_code == 200


def test_machines_are_told_that_there_is_nothing(client: FlaskClient, make: Make) -> None:
    make.practice()
    for path in ("/api/v1/treatments/", "/health/live/"):
        assert client.get(path).status_code == 404, path
