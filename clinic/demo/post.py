"""The letters that went out while the stories happened: owed and composed as in life, then noted as sent and thrown away.

Without it the worker would find weeks of letters owed at its first pass.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from clinic.messaging import due
from clinic.messaging import services as messaging
from clinic.messaging.kinds import QUESTIONS
from clinic.messaging.kinds.content import Drop
from clinic.messaging.letters import composing

LEFT_TO_THE_WORKER = timedelta(hours=1)
"""What was owed only just now is sent by the worker, so that a first look finds a few letters."""
ROUNDS = timedelta(days=2)
EVERY = timedelta(hours=3)


def rounds(now: datetime) -> Iterator[datetime]:
    """When letters are looked for though nothing happens: reminders and aftercare of the last days, earliest first."""
    last = now - LEFT_TO_THE_WORKER
    yield from (last - EVERY * number for number in range(ROUNDS // EVERY, -1, -1))


def deliver(at: datetime, now: datetime) -> None:
    """Owe and send what was due at an instant of the past; does nothing within the last hour before now."""
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
            messaging.settle(held, at, told=letter.told)
