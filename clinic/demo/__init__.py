"""The demo practice of a first start: an obviously fictional clinic in the middle of its week. None of its people
exist.

    practice   the practice, its rooms, staff, hours and treatments
    german     what it says about itself in German
    people     its clients: who they are, what they answer, what they want
    stories    what each of them did until now, through the same services that real clients and staff use
    post       the letters that went out meanwhile

Nothing bypasses the services: a demo that broke one of the product's rules would fail to load.
"""

from datetime import datetime, timedelta

from clinic.demo import post, practice, stories
from clinic.demo.practice import PASSWORD, STAFF

__all__ = ["PASSWORD", "STAFF", "load"]

OPENED = timedelta(days=90)


def load(now: datetime) -> None:
    """Create the demo practice with a few weeks of history and a few days ahead; flushes only.

    The practice must not exist yet. The same `now` makes the same week. Letters of the last hour are left to the
    worker.
    """
    practice.set_up(now - OPENED)
    stories.play(now, after_each=lambda at: post.deliver(at, now), rounds=post.rounds(now))
