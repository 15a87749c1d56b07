"""A program that calls the interface, and holds every answer against the published description."""

import itertools
import re
from typing import Any

from flask.testing import FlaskClient
from pydantic import BaseModel
from werkzeug.test import TestResponse

from clinic.api import openapi, schemas
from clinic.practice.models import Treatment

ADA = {
    "given_name": "Ada",
    "family_name": "Sample",
    "mail": "ada@client.example",
    "agreed_to_policy": True,
}
SECRET = "a secret of the caller's own"
_keys = itertools.count(1)


class Caller:
    """Calls, and fails on an answer that the description does not announce."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser

    def get(self, path: str, **named: Any) -> TestResponse:
        """Ask."""
        return self.call("GET", path, **named)

    def call(self, method: str, path: str, **named: Any) -> TestResponse:
        """Send a request to a path under `/api/v1`."""
        answer = self.browser.open(f"/api/v1{path}", method=method, **named)
        announced(method, f"/api/v1{path}", answer)
        return answer

    def days(self, sold: Treatment, first: str, until: str, **further: str) -> dict[str, list[str]]:
        """The free times, of all locations together."""
        words = {"treatment": sold.slug, "from": first, "to": until, **further}
        answer = self.get("/availability", query_string=words)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, list[str]] = {}
        for place in answer.get_json()["locations"]:
            found.update(place["days"])
        return found

    def keep(self, sold: Treatment, start: str, **further: str) -> TestResponse:
        """Keep a time."""
        return self.call("POST", "/holds", json={"treatment": sold.slug, "start": start, **further})

    def book(self, hold: str, key: str | None = None, **changed: Any) -> TestResponse:
        """Book what is held, for Ada unless said otherwise."""
        headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
        return self.call("POST", "/appointments", json={"hold": hold, **ADA, **changed}, headers=headers)

    def book_start(self, sold: Treatment, start: str, key: str | None = None, **changed: Any) -> TestResponse:
        """Book a start without keeping it, for Ada unless said otherwise."""
        headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
        asked = {"treatment": sold.slug, "start": start, "secret": SECRET, **ADA, **changed}
        return self.call("POST", "/appointments", json=asked, headers=headers)

    def booked(self, sold: Treatment, start: str) -> dict[str, Any]:
        """A whole booking."""
        answer = self.book(self.keep(sold, start).get_json()["hold"])
        assert answer.status_code == 201, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found


def announced(method: str, path: str, answer: TestResponse) -> None:
    """Fail unless the description announces this status and kind of content, and its shape fits."""
    described = _operation(method, path.partition("?")[0])
    if described is None:
        assert answer.status_code in (404, 405)
        return
    response = described["responses"].get(str(answer.status_code))
    assert response is not None, (method, path, answer.status_code, answer.get_data(as_text=True))
    if "$ref" in response:
        response = openapi.document()["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    if "content" not in response:
        assert answer.get_data() == b""
        return
    (kind, content), *others = response["content"].items()
    assert (answer.mimetype, others) == (kind, [])
    shape: type[BaseModel] = getattr(schemas, content["schema"]["$ref"].rsplit("/", 1)[1])
    shape.model_validate(answer.get_json(), extra="allow" if shape is schemas.Problem else "forbid")


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, item in openapi.document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = item.get(method.lower())
            return found
    return None
