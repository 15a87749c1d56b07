"""A process that makes message passes until it is asked to end: `python -m tests.faults.sender SMTP_URL [find]`."""

import signal
import sys
import threading

from sqlalchemy.exc import DBAPIError

from clinic import clock
from clinic.app import create_app
from clinic.db import dispose
from clinic.messaging import delivery
from clinic.messaging.mailer import SmtpMailer


def main(url: str, *, only_find: bool) -> None:
    """Pass after pass; a database that is away is tried again."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    app = create_app()
    mailer = SmtpMailer(url)
    while not ended.wait(0.05):
        with app.app_context():
            try:
                if only_find:
                    delivery.find(clock.now())
                else:
                    delivery.run_pass(clock.now(), 20, mailer)
            except DBAPIError:
                dispose()


if __name__ == "__main__":
    main(sys.argv[1], only_find="find" in sys.argv)
