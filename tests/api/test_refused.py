"""Whatever is wrong with a call is told as RFC 9457 says, before more is read than it takes to see it, and nothing is written."""

import base64
import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.accounts import signed_links
from clinic.db import Base, db
from clinic.practice import queries as practice
from tests.api.caller import ADA, Caller, announced
from tests.make import Make

TRIES = {"limits"}
"""How often something was tried is counted on a connection of its own, refused or not."""


@dataclass(frozen=True)
class Call:
    """A request, made of what it says."""

    method: str
    path: str
    query: str = ""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    kind: str | None = None

    def having(self, **members: Any) -> "Call":
        """With other members of its body."""
        return replace(self, body={**self.body, **members})

    def without(self, *members: str) -> "Call":
        """With some members of its body left out."""
        return replace(self, body={name: value for name, value in self.body.items() if name not in members})

    def raw(self, body: bytes | str, kind: str = "application/json") -> "Call":
        """With another body."""
        return replace(self, body=body.encode() if isinstance(body, str) else body, kind=kind)

    def asking(self, query: str) -> "Call":
        """With another query."""
        return replace(self, query=query)

    def saying(self, **headers: str) -> "Call":
        """With further headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


@dataclass
class Scene:
    """A practice with a kept time and a visit, and whoever attacks them."""

    browser: FlaskClient
    make: Make
    connection: sa.Connection
    calls: dict[str, Call]
    sold: str
    hold: str
    visit: dict[str, Any]
    networks: Iterator[int]

    def send(self, call: Call) -> TestResponse:
        """The answer; each call comes from another network, as an attack would."""
        content = json.dumps(call.body).encode() if isinstance(call.body, dict) else call.body
        network = next(self.networks)
        return self.browser.open(
            f"/api/v1{call.path}" + (f"?{call.query}" if call.query else ""),
            method=call.method,
            data=content,
            content_type="application/json" if call.kind is None and content is not None else call.kind,
            headers=call.headers,
            environ_overrides={"REMOTE_ADDR": f"10.0.{network // 256}.{network % 256}"},
        )

    def rows(self) -> dict[str, tuple[int, str]]:
        """Of every table how many rows it has, and what they say."""
        db.session.rollback()
        tables = sorted(set(Base.metadata.tables) - TRIES)
        each = " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM {name} r"
            for name in tables
        )
        return {name: (number, said) for name, number, said in self.connection.execute(sa.text(each))}

    @contextmanager
    def questions(self) -> Iterator[list[str]]:
        """What is asked of the database meanwhile; its savepoints, of which tests are made, are none."""
        asked: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_further: Any) -> None:
            if "SAVEPOINT" not in statement:
                asked.append(statement)

        sa.event.listen(self.connection, "before_cursor_execute", note)
        yield asked
        sa.event.remove(self.connection, "before_cursor_execute", note)

    def refuses(self, attacks: dict[str, Call], *, status: int | set[int], code: str, questions: int) -> None:
        """Fail for each attack that is not answered so, asks more of the database than that, or writes anything."""
        statuses = {status} if isinstance(status, int) else status
        before = self.rows()
        faults = []
        for name, call in attacks.items():
            with self.questions() as asked:
                answer = self.send(call)
            fault = _fault(call, answer, statuses, code)
            if fault is None and len(asked) > questions:
                fault = f"{len(asked)} questions to the database: {asked}"
            if asked and (after := self.rows()) != before:
                fault = fault or "something was written"
                before = after
            if fault:
                faults.append(f"{call.method} {call.path[:20]} {name}: {fault}")
        assert self.rows() == before
        assert not faults, "\n".join(faults)


def _fault(call: Call, answer: TestResponse, statuses: set[int], code: str) -> str | None:
    """What is wrong with a refusal; None when nothing is."""
    if answer.status_code not in statuses:
        return f"{answer.status_code}: {answer.get_data(as_text=True)[:200]}"
    if answer.mimetype != "application/problem+json":
        return f"{answer.mimetype}"
    if call.path != "/openapi.json":  # It does not describe itself.
        announced(call.method, f"/api/v1{call.path}", answer)
    problem = answer.get_json()
    if problem["code"] != code:
        return f"called {problem['code']}"
    told = problem["status"], problem["type"], bool(problem["title"]), bool(problem["detail"])
    if told != (answer.status_code, "about:blank", True, True):
        return f"told as {problem}"
    return None


@pytest.fixture
def scene(caller: Caller, make: Make, database: sa.Connection) -> Scene:
    sold = make.offering()
    visit = caller.booked(sold, "2031-03-11T09:00+01:00")
    hold = caller.keep(sold, "2031-03-10T09:00+01:00").get_json()["hold"]
    own = f"/appointments/{visit['token']}"
    calls = {
        "availability": Call("GET", "/availability", f"treatment={sold.slug}&from=2031-03-10&to=2031-03-12"),
        "keep": Call("POST", "/holds", body={"treatment": sold.slug, "start": "2031-03-12T09:00+01:00"}),
        "book": Call(
            "POST", "/appointments", body={"hold": hold, **ADA}, headers={"Idempotency-Key": "attack"}
        ),
        "look": Call("GET", own),
        "move": Call("PATCH", own, body={"start": "2031-03-13T09:00+01:00"}, headers={"If-Match": '"1"'}),
        "cancel": Call("DELETE", own, headers={"If-Match": '"2"'}),
    }
    return Scene(caller.browser, make, database, calls, sold.slug, hold, visit, iter(range(65_536)))


def test_the_calls_are_good_ones_when_nobody_attacks(scene: Scene) -> None:
    assert [scene.send(call).status_code for call in scene.calls.values()] == [200, 201, 201, 200, 200, 200]


WRITING = ("keep", "book", "move")
"""The calls that have a body."""
TO_SPEAK = 1
"""Where there is nothing, the practice is read once, for the language in which that is said."""


@pytest.mark.parametrize("name", WRITING)
def test_what_is_no_json_object_in_utf_8(scene: Scene, name: str) -> None:
    call = scene.calls[name]
    good = json.dumps(call.body)
    bodies: dict[str, bytes | str] = {
        "nothing": b"",
        "half": good[:-1],
        "twice": good + good,
        "more after it": good + "x",
        "an array": f"[{good}]",
        "a string": '"x"',
        "null": "null",
        "a number": "1",
        "single quotes": "{'start': 1}",
        "a comment": "/* */" + good,
        "a comma too many": good[:-1] + ",}",
        "NaN": good[:-1] + ', "x": NaN}',
        "Infinity": good[:-1] + ', "x": Infinity}',
        "-Infinity": good[:-1] + ', "x": -Infinity}',
        "a member twice": good[:-1] + ", " + good[1:],
        "a member twice inside": good[:-1] + ', "x": {"a": 1, "a": 2}}',
        "a number of 9000 digits": good[:-1] + f', "x": {"9" * 9000}}}',
        "a line break in a text": '{"start": "\n"}',
        "a bare NUL in a text": b'{"start": "\0"}',
        "UTF-16": good.encode("utf-16"),
        "UTF-16 without a mark": good.encode("utf-16-le"),
        "UTF-32": good.encode("utf-32"),
        "a byte order mark": b"\xef\xbb\xbf" + good.encode(),
        "a broken sequence": b'{"start": "\xff"}',
        "an overlong sequence": b'{"start": "\xc0\xaf"}',
        "a surrogate as bytes": b'{"start": "\xed\xa0\x80"}',
        "8000 arrays deep": "[" * 8000,
        "7000 arrays deep and closed": '{"start":' + "[" * 7000 + "]" * 7000 + "}",
        "2500 objects deep": '{"a":' * 2500 + "1" + "}" * 2500,
        "compressed": b"\x1f\x8b\x08\x00",
    }
    # A visit is looked up before anything is said to whoever does not own it.
    scene.refuses(
        {what: call.raw(body) for what, body in bodies.items()},
        status=400,
        code="malformed",
        questions=_to_own(name),
    )


@pytest.mark.parametrize("name", WRITING)
def test_what_says_that_it_is_no_json(scene: Scene, name: str) -> None:
    call = scene.calls[name]
    good = json.dumps(call.body)
    kinds = ("text/plain", "text/json", "application/x-json", "application/vnd.api+json", "", "x", "*/*")
    attacks = {kind: call.raw(good, kind) for kind in kinds}
    attacks["a form"] = call.raw("start=now&next=http://[", "application/x-www-form-urlencoded")
    attacks["parts"] = call.raw(
        '--x\r\nContent-Disposition: form-data; name="start"\r\n\r\nnow\r\n--x--',
        "multipart/form-data; boundary=x",
    )
    scene.refuses(attacks, status=415, code="wrong-content-type", questions=_to_own(name))
    file = '--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--'
    scene.refuses(
        {"a file": call.raw(file, "multipart/form-data; boundary=x")},
        status=415,
        code="http-415",
        questions=0,
    )


@pytest.mark.parametrize("name", WRITING)
def test_more_than_any_call_needs(scene: Scene, name: str) -> None:
    call = scene.calls[name]
    attacks = {
        f"{size} bytes": call.raw(json.dumps({**call.body, "x": "y" * size}))
        for size in (16_384, 300_000, 3_000_000)
    }
    attacks["5000 objects deep"] = call.raw('{"a":' * 5000 + "1" + "}" * 5000)
    scene.refuses(attacks, status=413, code="too-long", questions=_to_own(name))


@pytest.mark.parametrize("name", WRITING)
def test_a_body_that_does_not_say_how_long_it_is(scene: Scene, name: str) -> None:
    call, before = scene.calls[name], scene.rows()
    answer = scene.browser.open(
        f"/api/v1{call.path}",
        method=call.method,
        input_stream=io.BytesIO(b"[" * 1_000_000),
        headers={**call.headers, "Transfer-Encoding": "chunked", "Content-Type": "application/json"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert scene.rows() == before


@pytest.mark.parametrize("name", WRITING)
def test_members_that_are_not_what_they_are_called(scene: Scene, name: str) -> None:
    call = scene.calls[name]
    attacks = {
        f"{member} is {str(value)[:20]}": call.having(**{member: value})
        for member in call.body
        if member != "agreed_to_policy"
        for value in (7, 1.5, True, [], {}, ["x"], {"$ne": 1}, "", "x" * 3000, "\ud800", None)
    }
    for forged in (
        {"length_minutes": 5},
        {"price_cents": 0},
        {"client_id": str(uuid.uuid4())},
        {"state": "booked"},
        {"level": "ok"},
        {"held_until": "2099-01-01"},
        {"browser": "x"},
        {"ends_at": "2031-03-10T09:05+01:00"},
        {"__proto__": {"admin": True}},
        {"\ud800": 1},
        {"a\0": 1},
        {"": 1},
        {str(number): 1 for number in range(900)},
    ):
        attacks[f"forged {next(iter(forged))!a}"] = call.having(**forged)
    attacks["1e400"] = call.raw(json.dumps(call.body)[:-1] + ', "revision": 1e400}')
    attacks["nothing at all"] = replace(call, body={})
    scene.refuses(attacks, status=422, code="invalid", questions=_to_own(name))


def test_a_thousand_faults_are_not_told_one_by_one(scene: Scene) -> None:
    call = scene.calls["keep"].having(**{f"member{number}": 1 for number in range(900)})
    assert len(scene.send(call).get_json()["errors"]) == 20


TIMES_NOBODY_MEANS = (
    "2031-03-12T09:00",
    "2031-03-12",
    "09:00+01:00",
    "2031-03-12 09:00+01:00",
    "20310312T0900+0100",
    "2031-W11-3T09:00+01:00",
    "2031-071T09:00+01:00",
    "2031-03-12T9:00+01:00",
    "2031-03-12T24:00+01:00",
    "2031-03-12T09:60+01:00",
    "2031-03-12T09:00:60+01:00",
    "2031-03-12T09:00+25:00",
    "2031-03-12T09:00+1:00",
    "2031-03-12T09:00Europe/Berlin",
    "2031-03-12T09:00+01:00[Europe/Berlin]",
    "2031-02-30T09:00+01:00",
    "2031-00-12T09:00+01:00",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-12:00",
    "+12031-03-12T09:00+01:00",
    "-2031-03-12T09:00+01:00",
    "1930000000",
    "tomorrow",
    "2031-03-12T09:00+01:00\n",
    " 2031-03-12T09:00+01:00",
    "٢٠٣١-03-12T09:00+01:00",
    "2031-03-12T09:00+01:00\0",
    "2031-03-12T09:00\u221201:00",
)


@pytest.mark.parametrize("name", ["keep", "move"])
def test_times_nobody_can_mean(scene: Scene, name: str) -> None:
    attacks = {repr(start): scene.calls[name].having(start=start) for start in TIMES_NOBODY_MEANS}
    scene.refuses(attacks, status=422, code="invalid", questions=_to_own(name))


def test_times_that_are_not_offered(scene: Scene) -> None:
    starts = (
        "2031-03-12T09:07+01:00",
        "2031-03-12T09:00:01+01:00",
        "2031-03-12T09:00:00.000001+01:00",
        "2031-03-12T03:00+01:00",
        "2031-03-12T16:30+01:00",
        "2031-03-15T09:00+01:00",
        "2031-03-02T09:00+01:00",
        "2031-03-10T09:00+01:00",
        "2031-03-11T09:30+01:00",
        "2000-01-01T00:00Z",
        "2199-12-31T23:59-23:59",
    )
    for name in ("keep", "move"):
        # The visit itself does not stand in its own way; everything else does.
        attacks = {
            start: scene.calls[name].having(start=start)
            for start in starts
            if (name, start[8:10]) != ("move", "11")
        }
        scene.refuses(attacks, status=409, code="not-offered", questions=25)


def test_things_there_are_not(scene: Scene) -> None:
    keep, move, book = scene.calls["keep"], scene.calls["move"], scene.calls["book"]
    words = ("nothing", "a\0b", "' OR 1=1 --", "../etc", "%00", "\u202e", "ANY", "x" * 100)
    attacks = {f"treatment {word!a}": keep.having(treatment=word) for word in words}
    attacks |= {f"therapist {word!a}": keep.having(therapist=word) for word in words}
    attacks |= {f"location {word!a}": keep.having(location=word) for word in words}
    attacks |= {f"move to {word!a}": move.having(therapist=word) for word in words}
    scene.refuses(attacks, status=404, code="not-found", questions=5)
    holds = {
        "another": "A" * 43,
        "of the visit": scene.visit["token"],
        "nearly": scene.hold[:-1] + ("A" if scene.hold[-1] != "A" else "B"),
        "longer": scene.hold + "=",
        "spaced": " " + scene.hold,
        "with a NUL": scene.hold + "\0",
        "wide": "\U0001f600" * 40,
    }
    attacks = {f"hold {what}": book.having(hold=hold) for what, hold in holds.items()}
    scene.refuses(attacks, status=409, code="hold-gone", questions=3)


def test_ranges_nobody_can_mean(scene: Scene) -> None:
    sold = f"treatment={scene.sold}"
    ranges = {
        "none": "",
        "no beginning": "to=2031-03-12",
        "no end": "from=2031-03-10",
        "empty": "from=2031-03-10&to=2031-03-10",
        "reversed": "from=2031-03-12&to=2031-03-10",
        "ten years": "from=2031-03-10&to=2041-03-10",
        "a day too long": "from=2031-03-10&to=2031-06-12",
        "all years": "from=2000-01-01&to=2199-12-31",
        "before all years": "from=0001-01-01&to=0001-01-02",
        "after all years": "from=9999-12-30&to=9999-12-31",
        "a year of five digits": "from=12031-03-10&to=12031-03-12",
        "no such day": "from=2031-02-30&to=2031-03-10",
        "no such month": "from=2031-13-01&to=2031-13-02",
        "a week": "from=2031-W10-1&to=2031-W10-3",
        "without lines": "from=20310310&to=20310312",
        "times": "from=2031-03-10T00:00Z&to=2031-03-12T00:00Z",
        "numbers": "from=1930000000&to=1930086400",
        "words": "from=today&to=tomorrow",
        "other digits": f"from={quote('٢٠٣١')}-03-10&to=2031-03-12",
        "spaces": "from=%202031-03-10&to=2031-03-12%20",
        "a NUL": "from=2031-03-10%00&to=2031-03-12",
        "broken": "from=%FF&to=%FE",
        "minutes asked": "from=2031-03-10&to=2031-03-12&minutes=5",
        "a length forged": "from=2031-03-10&to=2031-03-12&length_minutes=5",
        "an array": "from[]=2031-03-10&to[]=2031-03-12",
        "a name with a NUL": "from=2031-03-10&to=2031-03-12&a%00=1",
        "a long one": "from=2031-03-10&to=2031-03-12&x=" + "y" * 50_000,
        "next": "from=2031-03-10&to=2031-03-12&next=http://[",
    }
    scene.refuses(
        {what: scene.calls["availability"].asking(f"{sold}&{asked}") for what, asked in ranges.items()},
        status=422,
        code="invalid",
        questions=0,
    )


def test_what_is_asked_for_twice_or_is_not_known(scene: Scene) -> None:
    good = scene.calls["availability"].query
    named = scene.calls.values()
    twice = {
        f"{name} twice": scene.calls["availability"].asking(f"{good}&{name}=any")
        for name in ("treatment", "from", "to")
    }
    twice["therapist twice"] = scene.calls["availability"].asking(f"{good}&therapist=any&therapist=any")
    twice["revision twice"] = scene.calls["cancel"].asking("revision=1&revision=1")
    scene.refuses(twice, status=400, code="malformed", questions=0)
    unknown = {
        f"{call.method} {call.path[:14]}": call.asking(f"{call.query}&nothing=1".lstrip("&"))
        for call in named
    }
    unknown |= {
        path: Call("GET", path, "nothing=1") for path in ("/treatments", "/therapists", "/openapi.json")
    }
    scene.refuses(unknown, status=422, code="invalid", questions=0)


def test_treatments_therapists_and_places_there_are_not(scene: Scene) -> None:
    days = "from=2031-03-10&to=2031-03-12"
    words = ["", "nothing", "%00", "%FF", "x" * 5000, "%27%20OR%201%3D1", "..%2F", "%E2%80%AE", "any%20"]
    asked = [f"treatment={word}" for word in words]
    asked += [f"treatment={scene.sold}&therapist={word}" for word in words]
    asked += [f"treatment={scene.sold}&location={word}" for word in words]
    attacks = {ask[:60]: scene.calls["availability"].asking(f"{ask}&{days}") for ask in asked}
    scene.refuses(attacks, status=404, code="not-found", questions=2)


def test_other_peoples_tokens(scene: Scene) -> None:
    token = scene.visit["token"]
    visit = signed_links.check(token)
    other = scene.make.appointment(of=practice.treatment(scene.sold), who=scene.make.client())
    head, _, mac = token.partition(".")
    tokens = {
        "made up": f"{_text(uuid.uuid4().bytes)}.{mac}",
        "of another visit": f"{_text(other.id.bytes)}.{mac}",
        "of aftercare": signed_links.token(signed_links.AFTERCARE, visit.subject_id, 1),
        "of a check-in": signed_links.token(signed_links.CHECK_IN, visit.subject_id, 1),
        "of a entry": signed_links.token(signed_links.ENTRY, visit.subject_id, 1),
        "of a later epoch": signed_links.token(signed_links.MANAGE, visit.subject_id, 2),
        "of an earlier epoch": signed_links.token(signed_links.MANAGE, visit.subject_id, 0),
        "another letter": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "shorter": token[:-1],
        "longer": token + "A",
        "padded": token + "=",
        "in capitals": token.upper(),
        "turned": f"{mac}.{head}",
        "without a mac": head,
        "with an empty mac": f"{head}.",
        "twice": f"{token}.{token}",
        "a hold": scene.hold,
        "the reference": scene.visit["reference"],
        "the id": str(visit.subject_id),
        "a NUL": "%00",
        "broken": "%FF%FE",
        "dots": "%2E%2E",
        "a text": quote("ключ"),
        "long": "A" * 5000,
        "a star": "*",
    }
    for name in ("look", "move", "cancel"):
        attacks = {
            what: replace(scene.calls[name], path=f"/appointments/{value}") for what, value in tokens.items()
        }
        nul = {"a NUL": attacks.pop("a NUL")}
        scene.refuses(attacks, status=404, code="not-found", questions=1)
        scene.refuses(nul, status=404, code="http-404", questions=TO_SPEAK)


def test_revisions_nobody_saw(scene: Scene) -> None:
    move, cancel = (replace(scene.calls[name], headers={}) for name in ("move", "cancel"))
    scene.refuses({"no move": move, "no cancel": cancel}, status=428, code="revision-needed", questions=3)
    tags = (
        '"2"',
        "0",
        "*",
        'W/"1"',
        '"1", "2"',
        "-1",
        "1.0",
        "1e0",
        '"' + "9" * 30 + '"',
        "\xb2",
        "x",
        '""',
        '" 1"',
    )
    stale = {tag: call.saying(If_Match=tag) for call in (move, cancel) for tag in tags}
    scene.refuses(stale, status=412, code="stale", questions=25)
    others = {
        "a move of another": move.having(revision=2),
        "a cancel of another": cancel.asking("revision=2"),
    }
    scene.refuses(others, status=409, code="stale", questions=25)
    numbers = ("-1", "1.0", "x", "", "%00", "%C2%B2", "%2B1", "0x1", "1_0", "9" * 30)
    none = {number: cancel.asking(f"revision={number}") for number in numbers}
    scene.refuses(none, status=422, code="invalid", questions=0)
    values: tuple[Any, ...] = (0, -1, 10**9, 10**40, 1.5, True, "1", [1])
    none = {str(value): move.having(revision=value) for value in values}
    scene.refuses(none, status=422, code="invalid", questions=1)
    assert scene.send(move.having(revision=1.0)).status_code == 200  # JSON has one kind of number.


def test_keys_that_are_none(scene: Scene) -> None:
    book = scene.calls["book"]
    keys = ("", " ", "\xe9", "x" * 256, "a\tb", "\x7f")
    attacks = {repr(key): book.saying(Idempotency_Key=key) for key in keys}
    attacks["none"] = replace(book, headers={})
    scene.refuses(attacks, status=400, code="malformed", questions=0)


def test_methods_there_are_not(scene: Scene) -> None:
    every = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY", "BREW")
    paths = {
        "/treatments": {"GET"},
        "/therapists": {"GET"},
        "/availability": {"GET"},
        "/openapi.json": {"GET"},
        "/holds": {"POST"},
        "/appointments": {"POST"},
        scene.calls["look"].path: {"GET", "PATCH", "DELETE"},
    }
    attacks = {
        f"{method} {path[:14]}": Call(method, path)
        for path, known in paths.items()
        for method in every
        if method not in known
    }
    scene.refuses(attacks, status=405, code="http-405", questions=TO_SPEAK)
    for path, known in paths.items():
        head = {"HEAD"} if "GET" in known else set()
        answer = scene.send(Call("OPTIONS", path))
        assert (answer.status_code, set(answer.allow)) == (200, known | head | {"OPTIONS"})
        assert set(scene.send(Call("PUT", path)).allow) == known | head | {"OPTIONS"}


def test_only_the_head_of_an_answer_is_sent_to_who_asks_for_no_more(scene: Scene) -> None:
    for name in ("availability", "look"):
        whole = scene.send(scene.calls[name])
        head = scene.send(replace(scene.calls[name], method="HEAD"))
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers["Content-Length"] == whole.headers["Content-Length"]
        wrong = scene.send(replace(scene.calls[name], method="HEAD", query="nothing=1"))
        assert (wrong.status_code, wrong.mimetype, wrong.get_data()) == (422, "application/problem+json", b"")


def test_no_header_makes_another_method_of_a_call(scene: Scene) -> None:
    before = scene.rows()
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert scene.send(replace(scene.calls["look"], headers={header: "DELETE"})).status_code == 200
        assert scene.send(replace(scene.calls["look"], query="_method=DELETE")).status_code == 422
    assert scene.rows() == before


def test_paths_there_are_not(scene: Scene) -> None:
    paths = (
        "/",
        "/nothing",
        "/availability/",
        "/holds/1",
        "/appointments/",
        "/appointments/a/b",
        "/appointments/a%2Fb",
    )
    paths += ("/../admin", "/%2e%2e/staff", "/availability;x=1", "/availability%00", "/" + "x" * 5000)
    scene.refuses(
        {path[:40]: Call(method, path) for path in paths for method in ("GET", "POST")},
        status=404,
        code="http-404",
        questions=TO_SPEAK,
    )


def _to_own(name: str) -> int:
    """How many questions it takes to know whose visit a call is about."""
    return 1 if name == "move" else 0


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
