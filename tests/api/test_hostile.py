"""Whatever is sent, the answer is one that the description announces; what is wrong writes nothing and is answered at once."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.accounts import links
from clinic.api import openapi, reading
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Treatment
from tests.api.caller import ADA, Caller
from tests.conftest import NOW

SECONDS = 2.0
"""Long for what is refused before anything is computed; the machine of a test may be busy."""


@pytest.fixture
def sold(make: ModuleType) -> Treatment:
    return make.offering()  # type: ignore[no-any-return]


def kept_rows() -> list[int]:
    """How many rows the tables have that a booking writes to."""
    tables = ("appointments", "clients", "contacts", "idempotency_keys", "audit_entries")
    return [db.session.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0 for table in tables]


def refused(answer: Any) -> str:
    """The code of a refusal."""
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    document = answer.get_json()
    assert document["status"] == answer.status_code
    return str(document["code"])


@pytest.mark.parametrize(
    "words",
    [
        {"from": "2031-03-10", "to": "2031-03-10"},
        {"from": "2031-03-11", "to": "2031-03-10"},
        {"from": "2031-03-10", "to": "2041-03-10"},
        {"from": "2031-03-10", "to": "2031-06-12"},
        {"from": "0001-01-01", "to": "0001-01-02"},
        {"from": "9999-12-30", "to": "9999-12-31"},
        {"from": "2031-02-30", "to": "2031-03-10"},
        {"from": "2031-W10-1", "to": "2031-03-10"},
        {"from": "20310310", "to": "20310312"},
        {"from": "tomorrow", "to": "2031-03-10"},
        {"from": "2031-03-10"},
        {"to": "2031-03-10"},
        {},
        {"from": "2031-03-10", "to": "2031-03-12", "minutes": "5"},
    ],
)
def test_a_range_nobody_can_mean_is_refused_at_once(
    caller: Caller, sold: Treatment, words: dict[str, str]
) -> None:
    begun = time.perf_counter()
    answer = caller.get("/availability", query_string={"treatment": sold.slug, **words})
    assert (answer.status_code, refused(answer)) == (422, "invalid")
    assert time.perf_counter() - begun < SECONDS


@pytest.mark.parametrize(
    "words",
    [
        {"treatment": "nothing"},
        {"treatment": ""},
        {"treatment": "a\0b"},
        {"treatment": "x" * 5000},
        {"treatment": "' OR 1=1 --"},
        {"therapist": "nobody"},
        {"therapist": ""},
        {"location": "nowhere"},
        {"location": "\ud7ff\u202e"},
    ],
)
def test_what_there_is_not_is_not_found(caller: Caller, sold: Treatment, words: dict[str, str]) -> None:
    asked = {"treatment": sold.slug, "from": "2031-03-10", "to": "2031-03-12", **words}
    assert refused(caller.get("/availability", query_string=asked)) == "not-found"


def test_a_parameter_given_twice_is_no_question(caller: Caller, sold: Treatment) -> None:
    twice = f"/availability?treatment={sold.slug}&treatment={sold.slug}&from=2031-03-10&to=2031-03-12"
    assert refused(caller.get(twice)) == "malformed"


def raw(caller: Caller, path: str, body: bytes, kind: str = "application/json") -> Any:
    headers = {"Content-Type": kind, "Idempotency-Key": "k"}
    return caller.call("POST", path, data=body, headers=headers)


@pytest.mark.parametrize("path", ["/holds", "/appointments"])
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"start": NaN}', "application/json", 400),
        (b'{"start": 1e999}', "application/json", 422),
        (b'{"start": "a", "start": "b"}', "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
        (b"[" * 8000, "application/json", 400),
        (b"{}", "application/json", 422),
        (b'{"x": "' + b"y" * 17_000 + b'"}', "application/json", 413),
        (b'{"x": "' + b"y" * 300_000 + b'"}', "application/json", 413),
        (b'{"start": ' + b"9" * 9000 + b"}", "application/json", 400),
    ],
    ids=lambda part: str(part)[:24],
)
def test_a_body_that_is_no_body_is_refused_and_writes_nothing(
    caller: Caller, sold: Treatment, path: str, body: bytes, kind: str, status: int
) -> None:
    before = kept_rows()
    answer = raw(caller, path, body, kind)
    refused(answer)
    assert answer.status_code == status
    assert kept_rows() == before


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"start": "2031-03-10T09:00"}, "/start"),
        ({"start": "9999-12-31T23:59:59-12:00"}, "/start"),
        ({"start": "0001-01-01T00:00+14:00"}, "/start"),
        ({"start": 1930000000}, "/start"),
        ({"start": "now"}, "/start"),
        ({"length_minutes": 5}, "/length_minutes"),
        ({"price_cents": 0}, "/price_cents"),
        ({"client_id": "0190a8e2-0000-7000-8000-00000000dead"}, "/client_id"),
        ({"treatment": 5}, "/treatment"),
        ({"treatment": ["a"]}, "/treatment"),
    ],
)
def test_a_forged_member_of_a_hold_is_named_and_nothing_is_kept(
    caller: Caller, sold: Treatment, changed: dict[str, Any], pointer: str
) -> None:
    sent = {"treatment": sold.slug, "start": "2031-03-10T09:00+01:00", **changed}
    answer = caller.call("POST", "/holds", json=sent)
    assert refused(answer) == "invalid"
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert db.session.query(Appointment).count() == 0


@pytest.mark.parametrize(
    "start",
    [
        "2031-03-10T09:07+01:00",
        "2031-03-10T03:00+01:00",
        "2031-03-09T09:00+01:00",
        "2031-03-03T09:00+01:00",
        "2033-03-10T09:00+01:00",
        "2031-03-10T09:00:00.000001+01:00",
    ],
)
def test_a_start_nobody_offered_is_not_kept(caller: Caller, sold: Treatment, start: str) -> None:
    assert refused(caller.keep(sold, start)) == "not-offered"
    assert db.session.query(Appointment).count() == 0


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"given_name": ""}, "/given_name"),
        ({"given_name": " \t "}, "/given_name"),
        ({"given_name": "a\u202eb"}, "/given_name"),
        ({"given_name": "A\nBcc: x@example.org"}, "/given_name"),
        ({"family_name": "x" * 81}, "/family_name"),
        ({"mail": "nobody"}, "/mail"),
        ({"mail": "a@b.example\r\nBcc: c@d.example"}, "/mail"),
        ({"phone": "abc"}, "/phone"),
        ({"agreed_to_policy": False}, "/agreed_to_policy"),
        ({"agreed_to_policy": "yes"}, "/agreed_to_policy"),
        ({"without_health_answers": "no"}, "/without_health_answers"),
        ({"level": "ok"}, "/level"),
    ],
)
def test_details_that_cannot_be_are_named_and_nothing_is_booked(
    caller: Caller, sold: Treatment, changed: dict[str, Any], pointer: str
) -> None:
    hold = caller.keep(sold, "2031-03-10T09:00+01:00").get_json()["hold"]
    before = kept_rows()
    answer = caller.book(hold, **changed)
    assert refused(answer) == "invalid"
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert kept_rows() == before


def test_a_refusal_never_repeats_what_was_sent(caller: Caller, sold: Treatment) -> None:
    hold = caller.keep(sold, "2031-03-10T09:00+01:00").get_json()["hold"]
    answer = caller.book(hold, given_name="Unrepeatable" * 20, mail="unrepeatable", secret="unrepeatable")
    assert refused(answer) == "invalid"
    assert "nrepeatable" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("key", [None, "", "é", "x" * 256, "a\tb"])
def test_a_booking_without_a_key_is_refused(caller: Caller, sold: Treatment, key: str | None) -> None:
    hold = caller.keep(sold, "2031-03-10T09:00+01:00").get_json()["hold"]
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = caller.call("POST", "/appointments", json={"hold": hold, **ADA}, headers=headers)
    assert (answer.status_code, refused(answer)) == (400, "malformed")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/holds"), ("POST", "/treatments"), ("GET", "/nothing")]
)
def test_what_is_not_there_answers_as_a_problem_too(caller: Caller, method: str, path: str) -> None:
    assert refused(caller.call(method, path)).startswith("http-40")


# --- anything at all, by the description ----------------------------------------------------------------------------------

TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        "any",
        "2031-03-10",
        "2031-03-10T09:00+01:00",
        "2031-03-10T09:00",
        "1",
        "",
        "\0",
        "x" * 300,
        "ada@client.example",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
HEADERS = {"If-Match", "If-None-Match", "Idempotency-Key"}


def members() -> list[str]:
    """Every member that any body of the description knows."""
    shapes = openapi.document()["components"]["schemas"]
    return sorted(
        {name for shape in ("NewHold", "NewAppointment", "Move") for name in shapes[shape]["properties"]}
    )


def operations() -> list[tuple[str, str]]:
    return [
        (method.upper(), template.removeprefix("/api/v1"))
        for template, item in openapi.document()["paths"].items()
        for method in item
        if method != "parameters"
    ]


@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_anything_at_all_is_answered_as_announced(
    caller: Caller, sold: Treatment, data: st.DataObject
) -> None:
    """`Caller` fails on a status, a kind or a shape that the description does not name; an error inside is raised."""
    method, template = data.draw(st.sampled_from(operations()))
    token = data.draw(TEXTS.filter(lambda text: text and "/" not in text and text not in (".", "..")))
    path = template.replace("{token}", _quoted(token))
    named: dict[str, Any] = {
        "query_string": data.draw(st.dictionaries(st.sampled_from(reading_names()), TEXTS, max_size=6))
    }
    headers = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    named["headers"] = data.draw(st.dictionaries(st.sampled_from(sorted(HEADERS)), headers, max_size=3))
    if method in ("POST", "PATCH"):
        body = data.draw(st.dictionaries(st.sampled_from(members()) | TEXTS, VALUES, max_size=8) | VALUES)
        named["data"] = json.dumps(body)
        named["content_type"] = data.draw(st.sampled_from(["application/json", "text/plain"]))
    answer = caller.call(method, path, **named)
    assert answer.status_code < 500


def reading_names() -> list[str]:
    return ["treatment", "therapist", "location", "from", "to", "revision"]


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def test_the_description_names_every_path_and_method_there_is(client: FlaskClient) -> None:
    described = {(method, f"/api/v1{template}") for method, template in operations()}
    served = {
        (method, rule.rule.replace("<token>", "{token}"))
        for rule in client.application.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.description"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_the_description_is_served_and_its_references_lead_somewhere(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    references: list[str] = []

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            references.extend(value for name, value in part.items() if name == "$ref")
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for value in part:
                collect(value)

    collect(document)
    assert len(references) > 30
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_a_range_of_the_longest_length_is_answered(caller: Caller, sold: Treatment) -> None:
    first = datetime(2031, 3, 1)
    until = datetime.fromordinal(first.toordinal() + reading.LONGEST_RANGE_DAYS)
    assert caller.days(sold, str(first.date()), str(until.date())) != {}


def test_a_token_of_another_purpose_or_epoch_changes_nothing(
    make: ModuleType, caller: Caller, sold: Treatment, the_clock_says: Callable[[datetime], None]
) -> None:
    visit = make.appointment(of=sold, who=make.client())
    the_clock_says(NOW)
    for purpose, epoch in ((links.AFTERCARE, 1), (links.CHECK_IN, 1), (links.MANAGE, 2)):
        token = links.token(purpose, visit.id, epoch)
        assert refused(caller.call("DELETE", f"/appointments/{token}?revision=1")) == "not-found"
    assert make.refreshed(visit).state == "booked"
