"""A mail server to be killed: `python -m tests.faults.mail_server PORT LEDGER [refuse]`.

It writes the moment and the id of each mail into the ledger before it says yes, so that a kill in between is a mail that was
accepted and whose sender does not know. With `refuse` every tenth mail is put off, none more than twice.
"""

import os
import re
import signal
import sys
import threading
import time
from collections import Counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE)
MOST_REFUSALS = 2


class Server:
    """Says yes, and remembers to what."""

    def __init__(self, ledger: str, *, refuses: bool) -> None:
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.refuses = refuses
        self.asked = 0
        self.refused: Counter[bytes] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        found = MESSAGE_ID.search(envelope.original_content or b"")
        if found is None:
            return "554 5.6.0 without a Message-ID"
        self.asked += 1
        if self.refuses and self.asked % 10 == 0 and self.refused[found[1]] < MOST_REFUSALS:
            self.refused[found[1]] += 1
            return "451 4.3.0 not now"
        os.write(self.ledger, b"%017.6f %s\n" % (time.monotonic(), found[1]))
        return "250 2.0.0 taken"


def main(port: int, ledger: str, *, refuses: bool) -> None:
    """Serve until the process is ended."""
    controller = Controller(Server(ledger, refuses=refuses), hostname="127.0.0.1", port=port)  # type: ignore[no-untyped-call]
    controller.start()  # type: ignore[no-untyped-call]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], refuses="refuse" in sys.argv)
