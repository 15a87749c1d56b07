"""Hand a letter over to a mail server, or to a folder if there is none.

Three things can go wrong, and the sender treats each differently: the server cannot be reached (everything waits), this
message can go later, this message can never go.
"""

import contextlib
import os
import smtplib
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import Flask

from clinic.messaging.bounces.smtp_replies import Blame, blame

TIMEOUT_SECONDS = 8.0
"""For each step of a hand-over; a slower server counts as unreachable."""
HANDOVER_SECONDS = 20.0
"""For all steps together, so that a slow server does not outlast the lease on the message."""
TAKEN, TAKEN_ELSEWHERE = 250, 251
"""Replies of a server that agrees (RFC 5321, section 4.2.3)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail ready to go: serialised with CRLF, the name of its message, and the two addresses the server is told."""

    name: str
    sender: str
    recipient: str
    content: bytes


class Undelivered(Exception):
    """The mail was not handed over; `code` is a short word for staff, never an address or a server's text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unreachable(Undelivered):
    """The server does not take any mail from us now."""


class TryLater(Undelivered):
    """The server does not take this mail now."""


class Refused(Undelivered):
    """The server will never take this mail; `no_such_address` when it said that the recipient does not exist."""

    def __init__(self, code: str, *, no_such_address: bool = False) -> None:
        super().__init__(code)
        self.no_such_address = no_such_address


class Mailer(Protocol):
    """Delivers one mail at a time."""

    def send(self, envelope: Envelope) -> None:
        """Hand one mail over; returns once the other side has accepted it.

        Raises Unreachable, TryLater, Refused.
        """

    def probe(self) -> None:
        """Raises Unreachable while the other side does not answer."""


class MaildirMailer:
    """Writes each delivery into a file of its own under `new/`, so that a mail that was sent twice shows up twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, envelope: Envelope) -> None:
        """Write the whole email, or raise TryLater if the folder cannot take it."""
        name = f"{time.time_ns()}.{envelope.name}.{token_hex(4)}.eml"
        draft = self.folder / "tmp" / name
        try:
            for part in ("tmp", "new"):
                (self.folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
            with draft.open("xb") as file:
                file.write(envelope.content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self.folder / "new" / name)
        except OSError:
            raise TryLater("folder") from None

    def probe(self) -> None:
        """Create the folder if it does not exist."""


def delete_files(folder: Path, message_ids: Iterable[UUID]) -> None:
    """Delete what MaildirMailer wrote of these messages; a folder that does not exist holds none."""
    ids = {str(one) for one in message_ids}
    for file in (folder / "new").glob("*.eml"):
        if file.name.split(".")[1] in ids:
            file.unlink(missing_ok=True)


class SmtpMailer:
    """Speaks SMTP over one connection, which is reused.

    The address is `smtp://`, `smtp+starttls://` or `smtps://`, with `user:password@` when the server asks for them.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        handover_seconds: float = HANDOVER_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = parts.hostname or "localhost"
        self.port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        self.user = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password or "")
        self.timeout_seconds = timeout_seconds
        self.handover_seconds = handover_seconds
        self.deadline = 0.0
        self.connection: smtplib.SMTP | None = None

    def send(self, envelope: Envelope) -> None:
        """Hand over the email; a reused connection that the server has closed is reopened once."""
        self._begin_to_count()
        self._finish(self._begun(envelope), envelope)

    def probe(self) -> None:
        """Ask the server for a sign of life. Raises Unreachable."""
        self._begin_to_count()
        self.close()
        self._connect()

    def close(self) -> None:
        """Close the cached connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _begin_to_count(self) -> None:
        self.deadline = time.monotonic() + self.handover_seconds

    def _seconds(self, steps: int) -> float:
        """How long each of the next steps may take, so that all end before the deadline; TimeoutError if it has
        passed."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self.timeout_seconds, left / steps)

    def _wait_at_most(self, connection: smtplib.SMTP, steps: int = 1) -> smtplib.SMTP:
        """The connection, with its timeout set."""
        if connection.sock is not None:
            connection.sock.settimeout(self._seconds(steps))
        return connection

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The system's certificate authorities, cached because reading them takes longer than a whole hand-over."""
        return ssl.create_default_context()

    def _connect(self) -> smtplib.SMTP:
        try:
            self.connection = self._signed_in()
        except smtplib.SMTPAuthenticationError:
            raise Unreachable("sign_in_refused") from None
        except ssl.SSLError:
            raise Unreachable("tls") from None
        except (smtplib.SMTPException, OSError):
            raise Unreachable("unreachable") from None
        return self.connection

    def _signed_in(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self._seconds(2), context=self._trust
            )
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=self._seconds(2))
        try:
            self._wait_at_most(opened).ehlo_or_helo_if_needed()
            if self.scheme == "smtp+starttls":
                self._wait_at_most(opened, steps=2).starttls(context=self._trust)
                self._wait_at_most(opened).ehlo()
            if self.user is not None:
                self._wait_at_most(opened, steps=3).login(self.user, self.password)
        except BaseException:
            opened.close()
            raise
        return opened

    def _begun(self, envelope: Envelope) -> smtplib.SMTP:
        """A connection on which the server accepted our sender address; a server that rejects it accepts none of our
        mail."""
        if self.connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                options = _options(self.connection, envelope)
                if self._wait_at_most(self.connection).mail(envelope.sender, options)[0] == TAKEN:
                    return self.connection
            self.close()
        fresh = self._connect()
        options = _options(fresh, envelope)
        try:
            code, _ = self._wait_at_most(fresh).mail(envelope.sender, options)
        except (smtplib.SMTPException, OSError):
            code = 0
        if code != TAKEN:
            self.close()
            raise Unreachable("sender_refused" if code >= 500 else "unreachable")
        return fresh

    def _finish(self, connection: smtplib.SMTP, envelope: Envelope) -> None:
        try:
            code, said = self._wait_at_most(connection).rcpt(envelope.recipient)
            if code not in (TAKEN, TAKEN_ELSEWHERE):
                raise _recipient_refused(code, said, envelope.recipient)
            code, _ = self._wait_at_most(connection, steps=3).data(envelope.content)
            if code != TAKEN:
                raise Refused("refused") if code >= 500 else TryLater("not_now")
        except smtplib.SMTPDataError as error:
            self._reset(connection)
            raise (Refused("refused") if error.smtp_code >= 500 else TryLater("not_now")) from None
        except (smtplib.SMTPException, OSError):
            # It may have been accepted just before the connection broke; the next try has the same Message-ID.
            self.close()
            raise TryLater("line_broke") from None
        except Undelivered:
            self._reset(connection)
            raise

    def _reset(self, connection: smtplib.SMTP) -> None:
        try:
            self._wait_at_most(connection).rset()
        except (smtplib.SMTPException, OSError):
            self.close()


def _options(connection: smtplib.SMTP, envelope: Envelope) -> list[str]:
    """SMTP options for the email: a non-ASCII address needs a server that offers SMTPUTF8 (RFC 6531).

    Raises Refused for a server without it; the address itself may be valid.
    """
    if envelope.recipient.isascii():
        return []
    if not connection.has_extn("smtputf8"):
        raise Refused("needs_utf8")
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _recipient_refused(code: int, said: bytes, recipient: str) -> Undelivered:
    if code < 500:
        return TryLater("not_now")
    # 550 also means policy, blocklists, and a sender whose own domain is amiss.
    wrong = blame("", f"{code} {said.decode('ascii', 'replace')}", recipient) is Blame.RECIPIENT
    return Refused("no_such_address" if wrong else "refused", no_such_address=wrong)


def mailer_of(app: Flask) -> Mailer:
    """The mailer of this process: the server of SMTP_URL, else the folder. Made once; its connection is reused."""
    found: Mailer | None = app.extensions.get("mailer")
    if found is None:
        url = app.config["SMTP_URL"]
        found = SmtpMailer(url) if url else MaildirMailer(app.config["MAILDIR"])
        app.extensions["mailer"] = found
    return found
