"""The API's errors: `application/problem+json` (RFC 9457); programs can rely on the code.

`web.errors` answers most refusals; this module has the API's own, and members that help a caller continue.
"""

from typing import Any

from flask import Response, json

from clinic.refusal import Refusal
from clinic.web import errors


class Malformed(Refusal):
    """The request cannot be read at all."""

    status = 400
    code = "malformed"
    sentence = "The request could not be read."


class WrongKind(Refusal):
    """What was sent is not JSON."""

    status = 415
    code = "wrong-content-type"
    sentence = "Send JSON, with the content type application/json."


class BodyTooLong(Refusal):
    """The body is longer than any call needs."""

    status = 413
    code = "too-long"
    sentence = "That was more than this takes."


class Invalid(Refusal):
    """The request can be read but not used; `faults` says which members and why, without repeating them."""

    status = 422
    code = "invalid"
    sentence = "Some of what was sent cannot be used."

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__()
        self.faults = faults


class RevisionNeeded(Refusal):
    """A change must name the revision of the appointment it was made for."""

    status = 428
    code = "revision-needed"
    sentence = "Say which revision you saw: in the If-Match header, or as `revision`."


class StaleMatch(Refusal):
    """The If-Match header names a revision other than the current one."""

    status = 412
    code = "stale"
    sentence = "This changed since you looked. Nothing was done; look again."


class LongPast(Refusal):
    """The visit was more than a month ago, so its URL shows nothing else."""

    status = 410
    code = "past"
    sentence = "This visit is past."


def problem(refusal: Refusal, **members: Any) -> Response:
    """The problem document of a refusal, with further members."""
    response = errors.refused(refusal)
    response.data = json.dumps({**json.loads(response.data), **members})
    return response


def invalid(refusal: Invalid) -> Response:
    """The problem document of invalid input: one entry for each member."""
    faults = [{"pointer": name, "detail": sentence} for name, sentence in refusal.faults.items()]
    return problem(refusal, errors=faults)
