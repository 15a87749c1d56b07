"""A mail server on this machine that takes every mail and keeps it, for a product that sends as in life."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Writes each mail into a folder as `messaging.queries.outbox` reads it, numbered in the order in which they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take one mail."""
        content = envelope.original_content or b""
        assert message_from_bytes(content, policy=policy.default)["Message-ID"]
        with self.lock:
            self.count += 1
            draft = self.folder / "new" / f"{self.count:06}.{uuid4()}.{0:08x}.part"
            draft.write_bytes(content)
            draft.rename(draft.with_suffix(".eml"))
        return "250 2.0.0 taken"


@contextmanager
def sunk(folder: Path, port: int) -> Iterator[Path]:
    """The folder into which a mail server at a port writes, for as long as the block lasts."""
    (folder / "new").mkdir(parents=True, exist_ok=True)
    controller = Controller(Sink(folder), hostname="127.0.0.1", port=port)  # type: ignore[no-untyped-call]
    controller.start()  # type: ignore[no-untyped-call]
    try:
        yield folder
    finally:
        controller.stop()  # type: ignore[no-untyped-call]
