"""The demo practice of a first start: a clearly fictional clinic in the middle of its week. Nobody in it exists.

    practice   the practice, its rooms, staff, hours and treatments
    people     its clients: who they are, what they answer, what they want
    stories    what each of them did until now, by the same services that real clients and staff use
    post       the letters that went out meanwhile

Nothing here is written past the services: a demo that broke a rule of the product would fail to load.
"""

from datetime import datetime, timedelta

from clinic.demo import post, practice, stories
from clinic.demo.practice import PASSWORD, STAFF

__all__ = ["PASSWORD", "STAFF", "load"]

OPENED = timedelta(days=90)


def load(now: datetime) -> None:
    """Make the demo practice with some weeks behind it and some days ahead; flushes only.

    The practice must not exist yet. The same `now` makes the same week. Letters of the last hour are left to the worker.
    """
    practice.set_up(now - OPENED)
    stories.play(now, after_each=lambda at: post.deliver(at, now), rounds=post.rounds(now))
