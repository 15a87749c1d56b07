"""A cache of answers about free times, which are sent again as long as what they depend on has not changed.

There is one dictionary per process; the least recently used answer leaves first. Age does not matter: each request
reads what the answer depends on (one statement), and only an equal `Basis` sends it again. So a booking made anywhere
shows in the next answer.

A cached answer is sent before Flask is involved: sessions, sign-ins and routes do not affect it, and cost more than it
does.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import parse_etags

from clinic import clock
from clinic.booking import availability
from clinic.booking.availability import Basis
from clinic.practice.queries import Unbookable
from clinic.practice.supply import Supply
from clinic.web import headers, logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/api/v1/availability"
KEPT = "kept_answers"
KEPT_BYTES = 16 * 1024 * 1024
"""How much memory the cached answers of a process may take."""
ENTRY_BYTES, PERSON_BYTES = 4096, 256
"""Estimated size of an answer's supply besides its bytes: fixed, and for each therapist and room."""
READ = "clinic.basis"
"""The environ key for the current basis, which a new answer can reuse, or for the error from reading it, so that nobody
waits twice."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer's bytes, what they depend on, and the ETag with which callers can ask whether anything changed."""

    treatment: str
    basis: Basis
    supply: Supply
    body: bytes
    etag: str

    @classmethod
    def of(cls, treatment: str, basis: Basis, supply: Supply, body: bytes) -> "KeptAnswer":
        """The answer about a treatment, by its slug, with its tag: equal bytes have equal tags, in every process."""
        return cls(treatment, basis, supply, body, hashlib.blake2s(body, digest_size=12).hexdigest())

    @property
    def size(self) -> int:
        """The estimated size in memory, in bytes."""
        return (
            ENTRY_BYTES
            + PERSON_BYTES * (len(self.supply.therapists) + len(self.supply.rooms))
            + len(self.body)
        )

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, whether it is sent or only confirmed (304)."""
        return {"ETag": f'"{self.etag}"', "Cache-Control": "no-cache"}


class KeptAnswers:
    """Answers by query string, limited to about this many bytes. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, question: str) -> KeptAnswer | None:
        """The last answer to a query, current or not."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None:
                self._answers.move_to_end(question)
            return found

    def put(self, question: str, answer: KeptAnswer) -> None:
        """Store an answer in place of the last one to the same query."""
        with self._lock:
            if (last := self._answers.pop(question, None)) is not None:
                self._bytes -= len(question) + last.size
            self._answers[question] = answer
            self._bytes += len(question) + answer.size
            while self._bytes > self._most_bytes:
                oldest, gone = self._answers.popitem(last=False)
                self._bytes -= len(oldest) + gone.size


def init_app(app: Flask) -> None:
    """Give the app a cache that answers before everything else."""
    app.extensions[KEPT] = KeptAnswers(KEPT_BYTES)
    app.wsgi_app = KeptFirst(app)  # type: ignore[method-assign]  # The way Flask documents for middleware.


class KeptFirst:
    """WSGI middleware: sends a cached answer again if it is current; everything else goes to the app."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._product = app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The response; if the cached answer is outdated, the basis just read is passed on with the request."""
        if environ["PATH_INFO"] != PATH or not _only_asks(environ):
            return self._product(environ, start_response)
        began = time.perf_counter()
        answer = self._app.extensions[KEPT].get(environ.get("QUERY_STRING", ""))
        if answer is None or not self._is_true(answer, environ):
            return self._product(environ, start_response)
        shown = environ.get("HTTP_IF_NONE_MATCH")
        is_known = shown is not None and parse_etags(shown).contains_weak(answer.etag)
        status = "304 NOT MODIFIED" if is_known else "200 OK"
        request_id = headers.request_id_of(environ.get("HTTP_X_REQUEST_ID"), self._app.config)
        sent = {
            **headers.for_machines(self._app.config, PATH),
            **answer.headers,
            "X-Request-ID": request_id,
        }
        if not is_known:
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(answer.body))}
        start_response(status, list(sent.items()))
        method = environ["REQUEST_METHOD"]
        logs.answered(request_id, method, PATH, int(status[:3]), time.perf_counter() - began)
        return [] if is_known or method == "HEAD" else [answer.body]

    def _is_true(self, answer: KeptAnswer, environ: dict[str, Any]) -> bool:
        try:
            with self._app.app_context():
                read = availability.basis(answer.treatment, clock.now(), (answer.basis, answer.supply))
        except (SQLAlchemyError, Unbookable) as error:
            environ[READ] = error  # The app reports what is wrong.
            return False
        environ[READ] = read
        return read[0] == answer.basis


def _only_asks(environ: "WSGIEnvironment") -> bool:
    """Whether a request is a plain GET; the app refuses those with a body or another protocol."""
    more = (environ.get("CONTENT_LENGTH", "0") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and not more and "HTTP_UPGRADE" not in environ
