"""Postmark: bounce and spam complaint webhooks. https://postmarkapp.com/developer/webhooks/bounce-webhook (read
2026-11-28).

Postmark does not sign; it proves itself with the password in the URL that it calls.
"""

import hmac

from clinic.messaging.bounces.parsing import UnreadableReport
from clinic.messaging.bounces.providers import (
    TAG,
    Notification,
    Unproven,
    loaded,
    message_of,
    part,
    returned,
    text,
    unwanted,
)

WRONG_ADDRESS = ("HardBounce", "BadEmailAddress")
"""Types that Postmark gives to unknown users and unknown domains."""
OTHER_RETURNS = (
    "DnsError",
    "SpamNotification",
    "SoftBounce",
    "VirusNotification",
    "Blocked",
    "DMARCPolicy",
    "Unknown",
    "ManuallyDeactivated",
)
COMPLAINT = "SpamComplaint"


def read(content: bytes, password: str, secret: str, domain: str) -> Notification:
    """What a webhook reports. Raises Unproven unless `password` is the secret, and UnreadableReport."""
    if not hmac.compare_digest(password.encode(errors="replace"), secret.encode()):
        raise Unproven
    told = loaded(content)
    kind = text(told, "Type") or text(told, "RecordType")
    if not kind:
        raise UnreadableReport
    message_id = message_of(part(told, "Metadata", TAG), text(told, "MessageID"), domain)
    if message_id is None:
        return Notification()
    if COMPLAINT in (kind, text(told, "RecordType")):
        return Notification(reports=[unwanted(message_id)])
    if kind not in WRONG_ADDRESS + OTHER_RETURNS:
        return (
            Notification()
        )  # Something else, such as a delay or an automatic answer: the letter arrived, or still may.
    said = text(told, "Details")
    return Notification(
        reports=[returned(message_id, text(told, "Email"), "", said, known_wrong=kind in WRONG_ADDRESS)]
    )
