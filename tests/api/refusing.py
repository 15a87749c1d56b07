"""A practice under attack through the JSON interface: whatever is wrong with a call, nothing is written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.db import Base, db
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


WRITING = ("keep", "book", "move")
"""The calls that have a body."""
TO_SPEAK = 1
"""Where there is nothing, the practice is read once, for the language in which that is said."""


def questions_to_own(name: str) -> int:
    """How many questions it takes to know whose visit a call is about."""
    return 1 if name == "move" else 0
