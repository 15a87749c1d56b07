"""A body that is none, too large or wrong in its members is refused as RFC 9457 says, before anything is written."""

import io
import json
import uuid
from dataclasses import replace

import pytest

from tests.api.refusing import WRITING, Scene, questions_to_own, scene

__all__ = ["scene"]


def test_the_calls_are_good_ones_when_nobody_attacks(scene: Scene) -> None:
    assert [scene.send(call).status_code for call in scene.calls.values()] == [200, 201, 201, 200, 200, 200]


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
        questions=questions_to_own(name),
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
    scene.refuses(attacks, status=415, code="wrong-content-type", questions=questions_to_own(name))
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
    scene.refuses(attacks, status=413, code="too-long", questions=questions_to_own(name))


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
    scene.refuses(attacks, status=422, code="invalid", questions=questions_to_own(name))


def test_a_thousand_faults_are_not_told_one_by_one(scene: Scene) -> None:
    call = scene.calls["keep"].having(**{f"member{number}": 1 for number in range(900)})
    assert len(scene.send(call).get_json()["errors"]) == 20
