"""Text messages: reminders to telephones whose owners agreed to them. Off unless SMS_URL is set.

A text message says when and where and carries the manage link; like a mail it holds no health data and no family name.
"""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask

from clinic.messaging.mailer import Refused, TryLater

CHANNEL = "sms"
TIMEOUT_SECONDS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """A text message to one telephone (E.164); `reference` is the same for every try, so that a provider can drop
    copies."""

    reference: UUID
    to: str
    text: str
    visit_starts_at: datetime | None = None
    """When the visit begins that it is about; not sent apart from the text."""


class SmsProvider(Protocol):
    """Delivers one text message at a time."""

    def send(self, message: TextMessage) -> None:
        """Hand over one message; returns once the provider has accepted it. Raises TryLater and Refused."""


class HttpSms:
    """Posts each message as JSON (`from`, `to`, `text`, `reference`) to the provider's address, with a bearer token."""

    def __init__(
        self, url: str, token: str, sender: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.parts = urlsplit(url)
        self.token = token
        self.sender = sender
        self.timeout_seconds = timeout_seconds

    def send(self, message: TextMessage) -> None:
        """Post it: 2xx is taken, 408, 425, 429 and 5xx mean later, any other answer means never."""
        try:
            status = self._status(message)
        except (OSError, http.client.HTTPException):
            raise TryLater("unreachable") from None
        if status in (408, 425, 429) or status >= 500:
            raise TryLater("not_now")
        if not 200 <= status < 300:
            raise Refused("refused")

    def _status(self, message: TextMessage) -> int:
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        connection = kinds[self.parts.scheme](self.parts.netloc, timeout=self.timeout_seconds)
        told = {
            "from": self.sender,
            "to": message.to,
            "text": message.text,
            "reference": str(message.reference),
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            connection.request("POST", self.parts.path or "/", json.dumps(told), headers)
            status: int = connection.getresponse().status
            return status
        finally:
            connection.close()


def sms_provider(app: Flask) -> SmsProvider | None:
    """The provider of the settings; None while text messages are off."""
    url = app.config["SMS_URL"]
    return HttpSms(url, app.config["SMS_TOKEN"], app.config["SMS_FROM"]) if url else None
