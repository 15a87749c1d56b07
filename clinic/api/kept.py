"""Answers about free times that are sent again as they are, as long as what they rest on has not changed.

One dictionary a process, the least used answer leaves first. An answer is never trusted by its age: each request reads what
it rests on (one statement), and only an equal `Basis` sends it again. So a booking made anywhere shows in the next answer.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

from clinic.booking.availability import Basis
from clinic.practice.queries import Supply


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The bytes of an answer, what they rest on, and the tag callers may show to be told that nothing changed."""

    basis: Basis
    supply: Supply
    body: bytes
    etag: str

    @classmethod
    def of(cls, basis: Basis, supply: Supply, body: bytes) -> "KeptAnswer":
        """The answer with its tag: equal bytes have equal tags, in every process."""
        return cls(basis, supply, body, hashlib.blake2s(body, digest_size=12).hexdigest())


class KeptAnswers:
    """At most so many bytes of answers, by question. Threads may share it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, question: Hashable) -> KeptAnswer | None:
        """The last answer to a question, true or not any more."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None:
                self._answers.move_to_end(question)
            return found

    def put(self, question: Hashable, answer: KeptAnswer) -> None:
        """Keep an answer in place of the last one to the same question."""
        with self._lock:
            self._forget(self._answers.pop(question, None))
            self._answers[question] = answer
            self._bytes += len(answer.body)
            while self._bytes > self._most_bytes:
                self._forget(self._answers.popitem(last=False)[1])

    def _forget(self, answer: KeptAnswer | None) -> None:
        if answer is not None:
            self._bytes -= len(answer.body)
