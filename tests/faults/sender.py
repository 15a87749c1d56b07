"""Processes that make message passes until they are asked to end.

`python -m tests.faults.sender SMTP_URL [ROLE ...]` forks one for each role, and is one itself if none is named. The role `find`
only owes; a number of seconds sends on a host whose clock is so much off.
"""

import os
import signal
import sys
import threading
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from clinic import clock
from clinic.background import create_background_app
from clinic.db import dispose, transaction
from clinic.messaging import delivery, heartbeat
from clinic.messaging.mailer import SmtpMailer


def main(url: str, *, role: str, ended: threading.Event) -> None:
    """Pass after pass; a database that is away is tried again."""
    only_find = role == "find"
    off = timedelta() if only_find else timedelta(seconds=int(role))
    app = create_background_app()
    mailer = SmtpMailer(url)
    while not ended.wait(0.05):
        with app.app_context():
            try:
                with transaction():
                    now = heartbeat.on_time(clock.now() + off, clock.system() + off)
                if only_find:
                    delivery.find(now)
                else:
                    delivery.run_pass(now, 20, mailer)
            except DBAPIError:
                dispose()


def all_of(url: str, roles: list[str], ended: threading.Event) -> int:
    """A process for each role, which share nothing but what was imported; gives how many of them failed."""
    children = []
    for role in roles:
        child = os.fork()
        if child == 0:
            main(url, role=role, ended=ended)
            sys.exit()
        children.append(child)
    ended.wait()
    for child in children:
        os.kill(child, signal.SIGTERM)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    if sys.argv[2:]:
        sys.exit(all_of(sys.argv[1], sys.argv[2:], asked_to_end))
    main(sys.argv[1], role="0", ended=asked_to_end)
