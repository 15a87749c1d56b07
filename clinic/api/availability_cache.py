"""Answers about free times that are sent again as they are, as long as what they rest on has not changed.

One dictionary a process, the least used answer leaves first. An answer is never trusted by its age: each request reads what
it rests on (one statement), and only an equal `Basis` sends it again. So a booking made anywhere shows in the next answer.

A kept answer goes out before Flask is asked: its sessions, sign-ins and routes have no say in it, and cost more than it does.
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
from clinic.practice.queries import Supply, Unbookable
from clinic.web import headers, logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/api/v1/availability"
KEPT = "kept_answers"
KEPT_BYTES = 16 * 1024 * 1024
"""How much of the memory of a process the kept answers may take."""
ENTRY_BYTES, PERSON_BYTES = 4096, 256
"""About what an answer's supply takes besides its bytes: as a whole, and for each therapist and room in it."""
READ = "clinic.basis"
"""Key of the environ for what a question's kept answer would have to rest on by now, for whoever answers it anew; or for the
error that the reading ended in, which is not waited for twice."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The bytes of an answer, what they rest on, and the tag callers may show to be told that nothing changed."""

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
        """About how many bytes it takes in memory."""
        return (
            ENTRY_BYTES
            + PERSON_BYTES * (len(self.supply.therapists) + len(self.supply.rooms))
            + len(self.body)
        )

    @property
    def headers(self) -> dict[str, str]:
        """What goes with it, whether sent or only confirmed."""
        return {"ETag": f'"{self.etag}"', "Cache-Control": "no-cache"}


class KeptAnswers:
    """Answers by question, as it stands in the address, in about so many bytes at most. Threads may share it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, question: str) -> KeptAnswer | None:
        """The last answer to a question, true or not any more."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None:
                self._answers.move_to_end(question)
            return found

    def put(self, question: str, answer: KeptAnswer) -> None:
        """Keep an answer in place of the last one to the same question."""
        with self._lock:
            if (last := self._answers.pop(question, None)) is not None:
                self._bytes -= len(question) + last.size
            self._answers[question] = answer
            self._bytes += len(question) + answer.size
            while self._bytes > self._most_bytes:
                oldest, gone = self._answers.popitem(last=False)
                self._bytes -= len(oldest) + gone.size


def init_app(app: Flask) -> None:
    """Let the app keep answers, and send them before anything else of it is asked."""
    app.extensions[KEPT] = KeptAnswers(KEPT_BYTES)
    app.wsgi_app = KeptFirst(app)  # type: ignore[method-assign]  # The way Flask documents for middleware.


class KeptFirst:
    """WSGI: sends the kept answer to a question again when it is still true; everything else goes on to the product."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._product = app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The answer; what was read to judge a kept one that is no longer true goes on with the question."""
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
            environ[READ] = error  # The product knows how to say what is wrong.
            return False
        environ[READ] = read
        return read[0] == answer.basis


def _only_asks(environ: "WSGIEnvironment") -> bool:
    """Whether a request is a plain question; what comes with a body or wants another protocol is for the product to refuse."""
    more = (environ.get("CONTENT_LENGTH", "0") or "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and not more and "HTTP_UPGRADE" not in environ
