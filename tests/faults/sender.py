"""A process that makes message passes until it is asked to end.

`python -m tests.faults.sender SMTP_URL [find] [SECONDS]`: with `find` it only owes; with a number its host's clock is off.
"""

import signal
import sys
import threading
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from clinic import clock
from clinic.app import create_app
from clinic.db import dispose, transaction
from clinic.messaging import delivery, heartbeat
from clinic.messaging.mailer import SmtpMailer


def main(url: str, *, only_find: bool, off: timedelta) -> None:
    """Pass after pass; a database that is away is tried again."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    app = create_app(in_background=True)
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


def _off(words: list[str]) -> timedelta:
    return timedelta(seconds=sum(int(word) for word in words if word.lstrip("-").isdigit()))


if __name__ == "__main__":
    main(sys.argv[1], only_find="find" in sys.argv, off=_off(sys.argv[2:]))
