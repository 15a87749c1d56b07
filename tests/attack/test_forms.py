"""Every form the pages show, filled in by somebody who wants to break them: refused or kept, never broken, never echoed raw."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote_from_bytes, urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from clinic.db import db
from config import Settings
from tests import make
from tests.authorisation import world as worlds
from tests.authorisation.objects import PROVIDERS
from tests.authorisation.policies import POLICIES
from tests.authorisation.test_matrix import may_enter
from tests.authorisation.world import World
from tests.conftest import NOW, moved_clock, undone, undone_within
from tests.visitor import Visitor, as_client, as_staff, shown
from tests.web.reading import Element

LONG_RUN = bool(os.environ.get("LUMBAR_LONG"))
EXAMPLES = int(os.environ.get("FORM_EXAMPLES", "1000" if LONG_RUN else "60"))
EACH = 1000 if LONG_RUN else 3
"""How many of the odd bodies and questions each form meets; taken in turn, so that each of them meets many forms."""
LONG = 64 * 1024
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$XXcSkCI8ZvB/oQbLP3nyMQ"
"""Nobody knows of what; quick to try."""
LEAVING = re.compile(r"/(sign-out|sign-out-others)$")
"""Forms that end the session everything else is sent in."""

SCRIPT = "<script>atk()</script>"
NAUGHTY: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\x00",
    b"a\x00b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"a\r\nBcc: x@attack.example",
    b"a\nX-Evil: 1\n\nbody",
    SCRIPT.encode(),
    b'"><img src=x onerror=atk()>',
    b"'; DROP TABLE clients; --",
    b"{{ 7*7 }}{% raw %}",
    b"%s%n%(x)s{0}",
    b"=?utf-8?q?=0aBcc=3a_x=40attack.example?=",
    b"=cmd|' /C calc'!A0",
    b'BEGIN:VEVENT\\nSUMMARY;X="y":,;',
    "\u202etxt.exe\u2066".encode(),
    "\u2028\u2029\u0085\u200b\ufeff".encode(),
    "👩‍👩‍👧‍👦".encode() * 20,
    "z͑ͫ̓̂".encode() * 50,
    "٣".encode(),
    b"-1",
    b"0",
    b"1e309",
    b"NaN",
    b"99999999999999999999999999",
    b"9" * 5000,
    b"2031-02-30",
    b"0001-01-01T00:00+14:00/0190a8e2-0000-7000-8000-00000000dead",
    b"9999-12-31T23:59:59Z/0190a8e2-0000-7000-8000-00000000dead",
    b"0190a8e2-0000-7000-8000-00000000dead",
    b"//attack.example/",
    b"//[attack.example",
    b"http://[::1",
    b"/\\attack.example",
    b"//[attack.example/",
    b"http://[::1",
    b"/staff/../../x",
    b"javascript:atk()",
    b"yes",
    b"true",
    b"[]",
    b'{"a":{"b":[1,2]}}',
    b"a" * LONG,
    b"a@" + b"b" * 5000 + b".example",
    b"+" * 300,
)
EXTRA_FIELDS = (
    "id",
    "client_id",
    "state",
    "role_names",
    "revision",
    "is_demo",
    "back",
    "next",
    "browser",
    "\x00",
    "key",
)

texts = (
    st.sampled_from(NAUGHTY)
    | st.binary(max_size=40)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
)


@dataclass(frozen=True)
class Form:
    """One form of one page, and what a browser would send for it."""

    role: str
    path: str
    values: dict[str, list[str]]

    def __repr__(self) -> str:
        return f"{self.role}: {self.path} {sorted(self.values)}"


@dataclass(frozen=True)
class Site:
    """Who looks at the product in this test, and the forms they were shown."""

    browsers: dict[str, FlaskClient]
    forms: list[Form]


@pytest.fixture(scope="module")
def shared_database(app: Flask) -> Iterator[sa.Connection]:
    """The transaction in which every page was opened once; undone after the last test."""
    with undone(app) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_site(app: Flask, shared_database: sa.Connection, settings: Settings) -> Iterator[Site]:
    with moved_clock(settings) as says:
        says(NOW)
        yield seen_by_all(app)


@pytest.fixture
def site(shared_site: Site, shared_database: sa.Connection) -> Iterator[Site]:
    """The forms, and everybody's browser and the database as they were when the last form was found."""
    cookies = {role: dict(browser._cookies) for role, browser in shared_site.browsers.items()}
    with undone_within(shared_database):
        yield shared_site
    for role, browser in shared_site.browsers.items():
        browser._cookies = cookies[role]


def seen_by_all(app: Flask) -> Site:
    """Open every page in everybody's browser, as far as it is meant for them."""
    world = worlds.build(app, make)
    people = {role: make.user(roles=[role]) for role in ("front_desk", "owner")}
    for user in (world.ines, *people.values()):
        user.password = PASSWORD_HASH
    browsers = {
        "visitor": a_visitor_in_the_middle(world),
        "client": as_client(app, world.ada.contacts[0], world.ada),
        "therapist": as_staff(app, world.ines),
        "front desk": as_staff(app, people["front_desk"]),
        "owner": as_staff(app, people["owner"]),
    }
    roles = {role.name: role for role in worlds.ROLES} | {
        "visitor": worlds.Role("visitor", lambda world: browsers["visitor"]),
        "client": worlds.Role("client", lambda world: browsers["client"], client=True, contact=True),
    }
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    with app.test_request_context():
        addresses = {rule.endpoint: address(rule, world) for rule in rules}
    found: dict[tuple[str, str, str], Form] = {}
    for role, browser in browsers.items():
        meant = [
            addresses[rule.endpoint] for rule in rules if may_enter(roles[role], POLICIES[rule.endpoint])
        ]
        for form in forms_reached(role, browser, meant):
            found.setdefault((role, urlsplit(form.path).path, str(sorted(form.values))), form)
    return Site(browsers, list(found.values()))


def a_visitor_in_the_middle(world: World) -> FlaskClient:
    """Somebody who keeps a time and has begun to answer."""
    visitor = Visitor(world.app.test_client())
    page = visitor.open(f"/book/{world.treatment.slug}").answer.get_data(as_text=True)
    offered = re.findall(r'name="start" value="([^"]+)"', page)
    visitor.browser.post(visitor.path, data={"csrf_token": visitor.token(), "start": offered[-1]})
    visitor.open("/intake").press("Continue", consent_health_data="yes")
    return visitor.browser


def address(rule: Rule, world: World) -> str:
    """One's own page behind a rule."""
    arguments = PROVIDERS[rule.endpoint](world).own if rule.arguments else {}
    return url_for(rule.endpoint, **arguments)


def forms_reached(role: str, browser: FlaskClient, addresses: list[str]) -> list[Form]:
    """The forms that stand on the pages this browser is shown at these addresses."""
    visitor, found = Visitor(browser), []
    for place in addresses:
        if place.startswith("/static"):
            continue
        visitor.open(place)
        if visitor.status != 200 or "html" not in visitor.answer.content_type:
            continue
        for form in visitor.page.all("form"):
            target = urljoin(visitor.path, form.attributes.get("action") or visitor.path)
            if form.attributes.get("method", "get").lower() == "post" and not LEAVING.search(target):
                found.append(Form(role, target, sent_by(form)))
    return found


def sent_by(form: Element) -> dict[str, list[str]]:
    """Every field of a form, with what stands in it."""
    names = (one.attributes["name"] for one in form.below() if one.attributes.get("name"))
    values = {name: value if isinstance(value, list) else [value] for name, value in shown(form).items()}
    return {**{name: [""] for name in names}, **values}


def test_no_form_breaks_whatever_is_written_into_it(site: Site) -> None:

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(data=st.data())
    def attack(data: st.DataObject) -> None:
        form = data.draw(st.sampled_from(site.forms), label="form")
        body, kind = filled(form, data)
        db.session.rollback()
        with db.engine.begin() as sweep:
            sweep.execute(sa.text("DELETE FROM limits"))
        answer = site.browsers[form.role].post(form.path, data=body, content_type=kind)
        judge(answer, form)

    attack()


def filled(form: Form, data: st.DataObject) -> tuple[bytes, str]:
    """A body for a form, wrong in some of its fields or in its kind."""
    pairs = [(name.encode(), value.encode()) for name, values in form.values.items() for value in values]
    names = [name for name, _ in pairs if name != b"csrf_token"]
    if names:
        for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4), label="fields"):
            pairs = [pair for pair in pairs if pair[0] != name]
            pairs += [(name, value) for value in data.draw(st.lists(texts, max_size=2), label="values")]
    if data.draw(st.booleans(), label="more"):
        extra = data.draw(st.sampled_from(EXTRA_FIELDS), label="extra").encode()
        pairs.append((extra, data.draw(texts, label="extra value")))
    encoded = b"&".join(
        quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode() for name, value in pairs
    )
    return encoded, "application/x-www-form-urlencoded"


def judge(answer: TestResponse, form: Form) -> None:
    """Refused or done, with a page that repeats nothing raw and no header of the sender's."""
    assert answer.status_code < 500, form
    assert "X-Evil" not in answer.headers
    where = urlsplit(answer.headers.get("Location", ""))
    assert where.netloc == "", form
    assert not where.path.startswith(("//", "/\\")), form
    if "html" in answer.content_type:
        assert SCRIPT not in answer.get_data(as_text=True), form
        assert "onerror=atk()>" not in answer.get_data(as_text=True), form


ODD_BODIES: tuple[tuple[bytes, str], ...] = (
    (b"", "application/x-www-form-urlencoded"),
    (b'{"csrf_token": [1]}', "application/json"),
    (b'{"', "application/json"),
    (b"--x", "multipart/form-data"),
    (b'--x\r\nContent-Disposition: form-data; name="a', "multipart/form-data; boundary=x"),
    (
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../a"\r\n\r\nb\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    (
        b"&".join(b"a%d=1" % n for n in range(10_000)),
        "application/x-www-form-urlencoded",
    ),
    (b"a=" + b"b" * 300_000, "application/x-www-form-urlencoded"),
    (b"a=\xe4", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"a=b", ""),
)
ASKED = ("day", "from", "therapist", "location", "next", "change", "plain", "page", "q", "person")
ASKED_FOR = (
    b"\x00",
    b"\xff\xfe",
    SCRIPT.encode(),
    b"//attack.example/",
    b"9999-12-31",
    b"a\r\nX-Evil: 1",
    b"a" * 5000,
)


Odd = TypeVar("Odd")


def in_turn(things: Sequence[Odd], number: int) -> list[Odd]:
    """The share of the form with this number."""
    count = len(things)
    return [things[(number * EACH + step) % count] for step in range(min(EACH, count))]


def test_no_form_breaks_when_something_else_arrives_or_is_asked_in_its_address(site: Site) -> None:
    assert {form.role for form in site.forms} == set(site.browsers)
    one_each = {urlsplit(form.path).path: form for form in site.forms}
    assert len(one_each) > 25
    for number, (path, form) in enumerate(one_each.items()):
        browser = site.browsers[form.role]
        for content, kind in in_turn(ODD_BODIES, number):
            answer = browser.post(form.path, data=content, content_type=kind)
            # A mailbox that ends letters by itself sends no token of ours (RFC 8058); their key is in the address.
            ended = path.startswith("/stop/") and answer.status_code == 303
            assert ended or 400 <= answer.status_code < 500, (form, kind)
        for naughty in in_turn(ASKED_FOR, number):
            asked = "&".join(f"{name}={quote_from_bytes(naughty)}" for name in ASKED)
            judge(browser.get(f"{path}?{asked}"), form)
