"""The letters that went out while the stories happened: owed and composed as usual, then recorded as sent and thrown
away.

Without this the worker's first pass would find weeks of letters to send.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from clinic.messaging import due
from clinic.messaging import services as messaging
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.kinds.content import Drop
from clinic.messaging.letters import composing

LEFT_TO_THE_WORKER = timedelta(hours=1)
"""The worker sends what became due within the last hour, so that a first look finds a few letters."""
ROUNDS = timedelta(days=2)
EVERY = timedelta(hours=3)


def rounds(now: datetime) -> Iterator[datetime]:
    """When to look for letters although nothing else happens, earliest first: for the last days' reminders and
    aftercare."""
    last = now - LEFT_TO_THE_WORKER
    yield from (last - EVERY * number for number in range(ROUNDS // EVERY, -1, -1))


def deliver(at: datetime, now: datetime) -> None:
    """Owe and send what was due at a past instant; does nothing in the last hour before now."""
    rules = due.rules(at)
    if rules is None or at > now - LEFT_TO_THE_WORKER:
        return
    for question in QUESTIONS:
        messaging.owe(due.find(question, rules, at), at)
    while (held := messaging.claim(at)) is not None:
        letter = composing.compose(held, at)
        if isinstance(letter, Drop):
            messaging.drop(held, letter.why, at)
        else:
            messaging.settle(held, at, told=letter.told, visit_starts_at=letter.visit_starts_at)
