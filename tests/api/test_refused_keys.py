"""Tokens of other people, revisions nobody saw and keys that are none open nothing."""

import base64
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from clinic.accounts import signed_links
from clinic.practice import queries as practice
from tests.api.refusing import TO_SPEAK, Scene, scene

__all__ = ["scene"]


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


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
