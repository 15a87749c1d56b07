"""A mailer for tests: keeps what it was handed, and fails as it is told."""

from collections import deque
from email import message_from_bytes, policy
from email.message import EmailMessage

from clinic.messaging.mailer import Envelope, Undelivered, Unreachable


class Postbox:
    """Keeps every mail. `faults` are raised one by one before mails are kept; `away` is the server that does not answer."""

    def __init__(self, *faults: Undelivered) -> None:
        self.kept: list[Envelope] = []
        self.faults = deque(faults)
        self.away = False
        self.probes = 0

    def send(self, envelope: Envelope) -> None:
        if self.away:
            raise Unreachable("unreachable")
        if self.faults:
            raise self.faults.popleft()
        self.kept.append(envelope)

    def probe(self) -> None:
        self.probes += 1
        if self.away:
            raise Unreachable("unreachable")

    @property
    def mails(self) -> list[EmailMessage]:
        """What was kept, parsed as a mail program would."""
        return [parsed(envelope.content) for envelope in self.kept]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    """The first part of a type, decoded."""
    return next(piece.get_content() for piece in mail.walk() if piece.get_content_type() == kind)
