"""Whatever is sent, the answer is one that the description announces; what is wrong writes nothing and is answered at once."""

import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.api import openapi, request_parsing
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice.models import Treatment
from tests.api.caller import Caller
from tests.make import Make


@pytest.fixture
def sold(make: Make) -> Treatment:
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
        ({"phone": "555 0142"}, "/phone"),
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
        {
            name
            for shape in ("NewHold", "NewAppointment", "NewAppointmentAt", "Move")
            for name in shapes[shape]["properties"]
        }
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
    until = datetime.fromordinal(first.toordinal() + request_parsing.LONGEST_RANGE_DAYS)
    assert caller.days(sold, str(first.date()), str(until.date())) != {}
