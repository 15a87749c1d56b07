"""The API's OpenAPI 3.1 description, made from the same schemas that validate input."""

from functools import cache
from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from clinic import __version__
from clinic.api import request_parsing, schemas
from clinic.api.blueprint import blueprint
from clinic.web.access import anyone, audience

JSON = "application/json"
PROBLEM = "application/problem+json"
SHAPES: tuple[type[BaseModel], ...] = (
    schemas.Treatments,
    schemas.Therapists,
    schemas.Availability,
    schemas.NewHold,
    schemas.Hold,
    schemas.NewAppointment,
    schemas.NewAppointmentAt,
    schemas.Move,
    schemas.Appointment,
    schemas.Problem,
)
REASONS = {
    400: "The request could not be read.",
    403: "Not now, for a reason of safety: the person should talk to the practice.",
    404: "No such thing, or not the caller's.",
    409: "The time is gone, the revision is stale, the state does not allow it, or nobody can book online for now.",
    410: "The visit was more than a month ago.",
    412: "The If-Match header names another revision than the present one.",
    413: "More than this takes.",
    415: "Not JSON.",
    422: "A member or parameter cannot be used.",
    428: "No revision was named.",
    429: "Tried too often; Retry-After says when to come again.",
    503: "The records cannot be reached right now.",
}
_TOKEN = {"token": "$response.body#/token"}
_REVISION = "$response.body#/revision"
LINKS: dict[type[BaseModel], dict[str, Any]] = {
    schemas.Hold: {"book": {"operationId": "book", "requestBody": {"hold": "$response.body#/hold"}}},
    schemas.Appointment: {
        "appointment": {"operationId": "appointment", "parameters": _TOKEN},
        "move": {"operationId": "move", "parameters": _TOKEN, "requestBody": {"revision": _REVISION}},
        "cancel": {"operationId": "cancel", "parameters": {**_TOKEN, "revision": _REVISION}},
    },
}
"""Where an answer leads on to: whoever was given a secret or a token can use it."""
SLUG = {"type": "string", "minLength": 1, "maxLength": request_parsing.LONGEST_NAME}
DAY = {"type": "string", "format": "date", "pattern": request_parsing.DAY}


@blueprint.get("/openapi.json")
@audience(anyone)
def description() -> Response:
    """This description."""
    request_parsing.query(())
    response = jsonify(document())
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    _, defined = models_json_schema(
        [(shape, "validation") for shape in SHAPES], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lumbar",
            "version": __version__,
            "description": "Free times and appointments of one practice. Days are local days of the location; times carry "
            "their distance from UTC. Health questions are answered on the practice's own pages, never here.",
        },
        "servers": [{"url": "/"}],
        "paths": _paths(),
        "components": {"schemas": defined["$defs"], "responses": _refusals()},
    }


def _paths() -> dict[str, Any]:
    token = _parameter("token", "path", {"type": "string"}, "The key that booking answered.", required=True)
    match = _parameter("If-Match", "header", {"type": "string"}, 'The revision that was seen, such as `"1"`.')
    return {
        "/api/v1/treatments": {
            "get": _operation("treatments", "Everything that can be booked", schemas.Treatments),
        },
        "/api/v1/therapists": {
            "get": _operation("therapists", "Everybody who works here", schemas.Therapists),
        },
        "/api/v1/availability": {
            "get": _operation(
                "availability",
                f"Free starts on local days from `from` up to, not including, `to`; at most {request_parsing.LONGEST_RANGE_DAYS} days",
                schemas.Availability,
                parameters=[
                    _parameter("treatment", "query", SLUG, "`slug` of a treatment.", required=True),
                    _parameter("therapist", "query", SLUG, "`slug` of a therapist, or `any` (default)."),
                    _parameter("location", "query", SLUG, "`slug` of a location; all when left out."),
                    _parameter("from", "query", DAY, "The first local day.", required=True),
                    _parameter("to", "query", DAY, "The first local day not asked for.", required=True),
                    _parameter(
                        "If-None-Match", "header", {"type": "string"}, "The ETag of an earlier answer."
                    ),
                ],
                further={"304": {"description": "Nothing changed since that answer."}},
                refusals=(404, 409),
            ),
        },
        "/api/v1/holds": {
            "post": _operation(
                "keepTime",
                "Keep a time for some minutes",
                schemas.Hold,
                status=201,
                takes=schemas.NewHold,
                refusals=(404, 409),
            ),
        },
        "/api/v1/appointments": {
            "post": _operation(
                "book",
                "Book or request the time that is held, or a start that nobody holds",
                schemas.Appointment,
                status=201,
                takes=(schemas.NewAppointment, schemas.NewAppointmentAt),
                parameters=[
                    _parameter(
                        "Idempotency-Key",
                        "header",
                        {"type": "string", "pattern": request_parsing.KEY},
                        "Sent again with the same key and hold, or secret, the first answer comes again; with other content, 409.",
                        required=True,
                    )
                ],
                refusals=(403, 404, 409),
            ),
        },
        "/api/v1/appointments/{token}": {
            "parameters": [token],
            "get": _operation(
                "appointment", "How an appointment stands", schemas.Appointment, refusals=(404, 410)
            ),
            "patch": _operation(
                "move",
                "Give an appointment another time; `revision` or If-Match is needed",
                schemas.Appointment,
                takes=schemas.Move,
                parameters=[match],
                refusals=(403, 404, 409, 410, 412, 428),
            ),
            "delete": _operation(
                "cancel",
                "Cancel an appointment; `revision` or If-Match is needed",
                schemas.Appointment,
                parameters=[
                    match,
                    _parameter(
                        "revision",
                        "query",
                        {"type": "integer", "minimum": 0, "maximum": 999_999_999},
                        "The revision that was seen.",
                    ),
                ],
                refusals=(404, 409, 410, 412, 428),
            ),
        },
    }


def _operation(
    name: str,
    summary: str,
    gives: type[BaseModel],
    *,
    status: int = 200,
    takes: type[BaseModel] | tuple[type[BaseModel], ...] | None = None,
    parameters: list[dict[str, Any]] | None = None,
    further: dict[str, Any] | None = None,
    refusals: tuple[int, ...] = (),
) -> dict[str, Any]:
    # 404 also while the practice has not been set up yet.
    always = (400, 404, 422, 503) if takes is None else (400, 404, 413, 415, 422, 429, 503)
    may_be_limited = (429,) if 428 in refusals else ()
    codes = sorted({*always, *refusals, *may_be_limited})
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {
            str(status): {
                "description": (gives.__doc__ or "").partition("\n")[0],
                "content": {JSON: _schema(gives)},
                **({"links": LINKS[gives]} if gives in LINKS else {}),
            },
            **(further or {}),
            **{str(code): {"$ref": f"#/components/responses/{_name(code)}"} for code in codes},
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if takes is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: _schema(takes)}}
    return operation


def _schema(shape: type[BaseModel] | tuple[type[BaseModel], ...]) -> dict[str, Any]:
    if isinstance(shape, tuple):
        return {"schema": {"oneOf": [_schema(each)["schema"] for each in shape]}}
    return {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}


def _parameter(
    name: str, place: str, schema: dict[str, Any], description: str, *, required: bool = False
) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "description": description, "schema": schema}


def _refusals() -> dict[str, Any]:
    content = {PROBLEM: _schema(schemas.Problem)}
    return {_name(code): {"description": reason, "content": content} for code, reason in REASONS.items()}


def _name(code: int) -> str:
    return f"Refused{code}"
