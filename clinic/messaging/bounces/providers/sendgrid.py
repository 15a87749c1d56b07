"""SendGrid: the signed event webhook, a list of events in each call.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and
…/getting-started-event-webhook-security-features (read 2026-11-28).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from clinic.messaging.bounces.parsing import BounceReport, UnreadableReport
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

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
SUPPRESSED_WRONG = ("Bounced Address", "Invalid", "Invalid SMTPAPI header: Email Address")
SUPPRESSED_UNWANTED = ("Spam Reporting Address", "Unsubscribed Address")
"""Reasons for which SendGrid dropped a letter without trying: the address is on one of its lists."""
WRONG_CLASS = "Invalid Address"


def read(
    content: bytes, headers: Mapping[str, str], public_key: str, domain: str, now: datetime
) -> Notification:
    """What a call reports. Raises UnreadableReport, and Unproven unless the configured key signed it within these
    hours."""
    stamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    _require_signature(public_key, signature, stamp.encode(errors="replace") + content)
    require_timely(instant(stamp), now)
    told = loaded(content)
    if not isinstance(told, list):
        raise UnreadableReport
    found = [report for event in told if (report := _report(event, domain)) is not None]
    return Notification(reports=found, key=hashlib.sha256(stamp.encode() + content).hexdigest())


def verification_key(text_of_key: str) -> EllipticCurvePublicKey:
    """The key as SendGrid's settings show it: base64 of its DER form. Raises ValueError."""
    key = load_der_public_key(base64.b64decode(text_of_key, validate=True))
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("not an elliptic curve key")
    return key


def _require_signature(public_key: str, signature: str, signed: bytes) -> None:
    try:
        given = base64.b64decode(signature, validate=True)
        verification_key(public_key).verify(given, signed, ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        raise Unproven from None


def _report(event: Any, domain: str) -> BounceReport | None:
    message_id = message_of(
        part(event, TAG) or part(event, "unique_args", TAG), text(event, "smtp-id"), domain
    )
    kind, reason = text(event, "event"), text(event, "reason")
    if message_id is None:
        return None
    if kind == "spamreport" or (kind == "dropped" and reason in SUPPRESSED_UNWANTED):
        return unwanted(message_id)
    if kind not in ("bounce", "dropped"):
        return None
    # A bounce of the type "blocked" is a letter refused for another reason than its address.
    known_wrong = text(event, "type") != "blocked" and (
        text(event, "bounce_classification") == WRONG_CLASS
        or (kind == "dropped" and reason in SUPPRESSED_WRONG)
    )
    return returned(message_id, text(event, "email"), text(event, "status"), reason, known_wrong=known_wrong)
