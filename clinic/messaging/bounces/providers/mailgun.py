"""Mailgun: webhooks with `signature` and `event-data`.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads and …/securing-webhooks (read
2026-11-28).
"""

import hashlib
import hmac
from datetime import datetime

from clinic.messaging.bounces.parsing import UnreadableReport
from clinic.messaging.bounces.providers import (
    TAG,
    Notification,
    Unproven,
    instant,
    loaded,
    message_of,
    part,
    require_timely,
    returned,
    text,
    unwanted,
)

SUPPRESSED_BOUNCE, SUPPRESSED_UNWANTED = "suppress-bounce", ("suppress-complaint", "suppress-unsubscribe")
"""Reasons for which Mailgun did not even try a letter: the address is on one of its lists."""


def read(content: bytes, key: str, domain: str, now: datetime) -> Notification:
    """What a webhook reports. Raises UnreadableReport, and Unproven unless the signing key made its HMAC within these
    hours."""
    told = loaded(content)
    stamp, token, given = (text(told, "signature", name) for name in ("timestamp", "token", "signature"))
    expected = hmac.new(key.encode(), (stamp + token).encode(errors="replace"), hashlib.sha256).hexdigest()
    if not token or not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Unproven
    require_timely(instant(stamp), now)
    event = part(told, "event-data")
    kind = text(event, "event")
    if not kind:
        raise UnreadableReport
    message_id = message_of(
        part(event, "user-variables", TAG), text(event, "message", "headers", "message-id"), domain
    )
    # The HMAC covers stamp and token only, so whoever caught one call could fill it anew: a token speaks once.
    once = hashlib.sha256((stamp + token).encode(errors="replace")).hexdigest()
    if message_id is None:
        return Notification(key=once)
    reason = text(event, "reason")
    if kind == "complained" or (kind == "failed" and reason in SUPPRESSED_UNWANTED):
        return Notification(reports=[unwanted(message_id)], key=once)
    if kind != "failed" or text(event, "severity") != "permanent":
        return Notification(key=once)
    status = part(event, "delivery-status")
    said = " ".join(text(status, name) for name in ("code", "message", "description"))
    report = returned(
        message_id,
        text(event, "recipient"),
        text(status, "enhanced-code"),
        said,
        known_wrong=reason == SUPPRESSED_BOUNCE,
    )
    return Notification(reports=[report], key=once)
