"""Requests that no browser would send, to every route: whatever comes, the answer is a page or a refusal, never a crash.

`LUMBAR_LONG=1 pytest -s tests/attack/test_mutated_requests.py` sends 5,000 of them. One seed, so that a crash comes again.
"""

import os
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from clinic.accounts.models import Role
from clinic.db import db
from tests.authorisation import world as worlds
from tests.authorisation.test_matrix import path_of, rules, with_token
from tests.authorisation.world import World
from tests.make import Make
from tests.visitor import as_client, as_staff

LONG = bool(os.environ.get("LUMBAR_LONG"))
REQUESTS = 5_000 if LONG else 600
SEED = 20_261_128

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW")
NASTY = (
    "", "0", "-1", "99999999999999999999", "1e999", "NaN", "null", "true", "[]", "{}", "'", '"', "\\", "%", "%00", "\x00",
    "//[", "//evil.example", "https://[::1", "javascript:alert(1)", "../../etc/passwd", "\r\nX: y", "\u202e", "\ud7ff",
    "\N{FACE MASSAGE}", "a" * 5_000, "2031-02-30", "9999-12-31", "0000-00-00", "2031-03-30T02:30", "24:00", "-00:00",
    "00000000-0000-0000-0000-000000000000", "' OR 1=1--", "{{7*7}}", "=?utf-8?q?x?=", "<script>", "Ⅷ", "１２", "١٢",
)  # fmt: skip
FIELDS = (
    "start", "day", "from", "on", "at", "page", "name", "client", "treatment", "therapist", "location", "next", "back",
    "language", "key", "revision", "reason", "mail", "phone", "given_name", "family_name", "agree", "every", "count", "year",
    "before", "after", "shown", "kind", "weekday", "weeks", "scope", "index", "sure", "person", "seen", "rules", "times",
    "last_on", "password", "code", "email", "chosen", "price_cents", "length_minutes", "agrees", "topic", "q",
)  # fmt: skip
HEADERS = (
    "Accept", "Accept-Language", "Content-Type", "Origin", "Referer", "Host", "If-Match", "If-None-Match", "Idempotency-Key",
    "X-Forwarded-For", "X-Request-ID", "Range", "Cookie", "Accept-Encoding", "Authorization", "Sec-Fetch-Site",
)  # fmt: skip
KINDS = (
    "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "x", "application/xml",
)  # fmt: skip


def value(dice: random.Random) -> str:
    drawn = dice.choice(NASTY)
    return drawn if dice.random() < 0.8 else drawn + dice.choice(NASTY)[:50]


def path(dice: random.Random, known: str) -> str:
    """The address of one's own, or one with a part put wrong."""
    if dice.random() < 0.6:
        return known
    parts = known.split("/")
    place = dice.randrange(1, len(parts))
    parts[place] = quote(value(dice)[:300], safe="")
    return "/" + "/".join(parts[1:]).lstrip("/")


def fields(dice: random.Random) -> dict[str, Any]:
    drawn = dice.sample(FIELDS, dice.randrange(7))
    return {name: [value(dice) for _ in range(dice.choice((1, 1, 1, 2)))] for name in drawn}


def wire(text: str) -> str:
    """As a header can carry it at all: the server in front takes no line ends, and Latin-1 only."""
    return (
        text.replace("\r", "")
        .replace("\n", "")
        .replace("\x00", "")
        .encode("latin-1", "replace")
        .decode("latin-1")
    )


def request(dice: random.Random, known: str, methods: Sequence[str], token: str) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "path": path(dice, known),
        "method": dice.choice(methods if dice.random() < 0.9 else METHODS),
        "query_string": fields(dice) if dice.random() < 0.6 else None,
        "headers": {name: wire(value(dice)) for name in dice.sample(HEADERS, dice.choice((0, 0, 1, 2)))},
    }
    if dice.random() < 0.3:
        drawn["data"] = value(dice).encode("utf-8", "replace") * dice.choice((1, 1, 40))
        drawn["content_type"] = dice.choice(KINDS)
    elif drawn["method"] != "GET":
        drawn["data"] = {**fields(dice), "csrf_token": token}
    return drawn


@pytest.fixture
def world(app: Flask, make: Make) -> World:
    return worlds.build(app, make)


def test_no_mutated_request_is_answered_with_a_crash(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    dice = random.Random(SEED)  # Chance that can be repeated, no secret.
    world.ines.role_names = [role.value for role in Role]
    db.session.commit()
    routes: list[Rule] = [rule for rule in rules(app) if rule.endpoint != "static"]
    known = [path_of(world, rule) for rule in routes]
    methods = [sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}) for rule in routes]
    seen: Counter[int] = Counter()
    crashed = []
    for number in range(REQUESTS):
        if number % 60 == 0:
            browsers = people(app, world)
        at, browser = number % len(known), browsers[number % 3]
        token = with_token(browser)["csrf_token"]
        drawn = request(dice, known[at], methods[at], token)
        answer = browser.open(**drawn)
        seen[answer.status_code] += 1
        if answer.status_code >= 500:
            crashed.append(
                (
                    drawn["method"],
                    drawn["path"],
                    drawn.get("query_string"),
                    drawn.get("data"),
                    drawn["headers"],
                )
            )
        answer.close()
    print(f"\n{REQUESTS} requests to {len(routes)} routes: {dict(sorted(seen.items()))}")
    assert crashed == []


def people(app: Flask, world: World) -> tuple[FlaskClient, FlaskClient, FlaskClient]:
    """Somebody who works here and may do everything, a client, and nobody; anew from time to time, as some forms sign people out."""
    return (
        as_staff(app, world.ines),
        as_client(app, world.ada.contacts[0], world.ada),
        app.test_client(),
    )
