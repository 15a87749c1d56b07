"""Logging: one JSON object per line, with a fixed sentence and ids, never values.

A request is logged by its route's template (`/a/<token>`), so no key, name or search term is ever in a log. A trace has
code locations and error types, but not their messages, because a database error quotes the row.
"""

import json
import logging
import time
import traceback
from datetime import UTC, datetime
from typing import IO, Any

from flask import Flask, Response, g, request
from psycopg import Error as DriverError

from clinic.web.headers import request_id

access_log = logging.getLogger("clinic.requests")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One record as one line of JSON; line breaks inside cannot forge a second line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time (UTC), level, logger, sentence, extras, and where an error was raised.

        Messages of other libraries may quote an error, so only the fixed part of their sentence is logged.
        """
        is_ours = record.name.partition(".")[0] == "clinic"
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if is_ours or not record.exc_info else str(record.msg),
        }
        if is_ours:
            line.update({name: value for name, value in vars(record).items() if name not in _STANDARD})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = causes(record.exc_info[1])
        return _as_json(line)


_as_json = json.JSONEncoder(default=str, ensure_ascii=False).encode


def causes(error: BaseException) -> list[dict[str, Any]]:
    """The error and its causes, newest first: type, code locations, and PostgreSQL's code and constraint."""
    found = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        found.append(_cause(current))
        current = current.__cause__ or current.__context__
    return found


def _cause(error: BaseException) -> dict[str, Any]:
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    cause: dict[str, Any] = {"kind": f"{type(error).__module__}.{type(error).__qualname__}", "places": places}
    if isinstance(error, DriverError):
        cause |= {"sqlstate": error.sqlstate, "constraint": error.diag.constraint_name}
    return cause


def write_to(stream: IO[str], level: int = logging.INFO) -> None:
    """Send every record of this process to one stream, as lines of JSON; replaces what was set up before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Neither our lines nor gunicorn's, which name the process, use any of this.
    logging.logThreads = logging.logMultiprocessing = False


def init_app(app: Flask) -> None:
    """Write one line for each request when it is answered; files of the front end are left out."""
    app.before_request(_begin)
    app.after_request(_answered)


def _begin() -> None:
    g.began = time.perf_counter()


def _answered(response: Response) -> Response:
    if request.endpoint == "static":
        return response
    route = request.url_rule.rule if request.url_rule else "(no route)"
    took = time.perf_counter() - g.began if "began" in g else 0.0
    answered(request_id(), request.method, route, response.status_code, took)
    return response


def answered(request_id: str, method: str, route: str, status: int, seconds: float) -> None:
    """Write the line of one request."""
    access_log.info(
        "request",
        extra={
            "request_id": request_id,
            "method": method if method in _METHODS else "(other)",
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        },
    )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
