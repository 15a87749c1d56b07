"""A cache of answers about free times, which are sent again as long as what they depend on has not changed.

There is one dictionary per process; the least recently used answer leaves first. Age does not matter: each request
reads what the answer depends on (one statement), and only an equal `Basis` sends it again. So a booking made anywhere
shows in the next answer.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from clinic.booking.availability import Basis
from clinic.practice.supply import Supply
from clinic.scheduling.hours import Days

KEPT = "kept_answers"
KEPT_BYTES = 16 * 1024 * 1024
"""How much memory the cached answers of a process may take."""
ENTRY_BYTES, PERSON_BYTES = 4096, 256
"""Estimated size of an answer's supply besides its bytes: fixed, and for each therapist and room."""


@dataclass(frozen=True, slots=True)
class FreeTimesQuery:
    """A query's parameters; treatment, therapist and location by their slugs."""

    treatment: str
    therapist: str
    location: str | None
    days: Days


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer's bytes, what they depend on, and the ETag with which callers can ask whether anything changed."""

    asked: FreeTimesQuery
    basis: Basis
    supply: Supply
    body: bytes
    etag: str

    @classmethod
    def of(cls, asked: FreeTimesQuery, basis: Basis, supply: Supply, body: bytes) -> "KeptAnswer":
        """The answer to a query with its tag: equal bytes have equal tags, in every process."""
        return cls(asked, basis, supply, body, hashlib.blake2s(body, digest_size=12).hexdigest())

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
