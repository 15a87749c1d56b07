"""Amazon SES through Amazon SNS: bounce and complaint notifications, or events of a configuration set.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html, …/event-publishing-retrieving-sns-contents.html
and https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html (read 2026-11-28).

A notification is signed with a key, and names the URL of the key's certificate. The URL's host must be that of the
topic in the settings. A certificate that is not known yet is queued for the worker (`sns`), and SNS is asked to call
again. Only signatures of version 2 count, because version 1 uses SHA-1.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from clinic.messaging.bounces.parsing import BounceReport, UnreadableReport
from clinic.messaging.bounces.providers import (
    TAG,
    Notification,
    Unproven,
    loaded,
    message_of,
    part,
    require_timely,
    returned,
    sns,
    text,
    unwanted,
)

CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem", re.ASCII)
TOKEN = re.compile(r"[0-9a-f]{64,512}", re.ASCII)
NOTIFICATION, SUBSCRIPTION = "Notification", "SubscriptionConfirmation"
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
SUPPRESSED = ("Suppressed", "OnAccountSuppressionList")
"""Bounces of letters that SES did not even try, because the address is on its suppression list."""


def read(content: bytes, topic: str, domain: str, now: datetime) -> Notification:
    """What a call of SNS reports. A proven subscription is queued for the worker to confirm.

    Raises Unproven, UnreadableReport, and NotFetchedYet while the certificate is not known. The caller commits, even
    after NotFetchedYet.
    """
    told = loaded(content)
    kind = text(told, "Type")
    if text(told, "TopicArn") != topic or kind not in SIGNED or text(told, "SignatureVersion") != "2":
        raise Unproven
    require_timely(_written_at(told), now)
    _require_signature(told, kind, sns.fetched(_certificate_path(told, topic), now), now)
    once = hashlib.sha256(text(told, "MessageId").encode(errors="replace")).hexdigest()
    if kind == SUBSCRIPTION:
        token = text(told, "Token")
        if not TOKEN.fullmatch(token):
            raise UnreadableReport
        # The address is ours to build: the one that the message names is not used.
        sns.ask(
            "/?" + urlencode({"Action": "ConfirmSubscription", "TopicArn": topic, "Token": token}),
            now,
            proven=True,
        )
        return Notification(key=once)
    return Notification(reports=list(_reports(_inner(told), domain)), key=once)


def _certificate_path(told: Any, topic: str) -> str:
    try:
        address = urlsplit(text(told, "SigningCertURL"))
        port = address.port
    except ValueError:
        raise Unproven from None
    if (
        address.scheme != "https"
        or address.netloc != sns.host(topic)
        or port is not None
        or address.query
        or address.fragment
        or not CERTIFICATE_PATH.fullmatch(address.path)
    ):
        raise Unproven
    return address.path


def _require_signature(told: Any, kind: str, pem: str, now: datetime) -> None:
    fields = [(name, text(told, name)) for name in SIGNED[kind] if part(told, name) is not None]
    signed = "".join(f"{name}\n{value}\n" for name, value in fields).encode(errors="replace")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Unproven
        if not isinstance(key, RSAPublicKey) or not any(name.startswith("sns.") for name in names):
            raise Unproven
        key.verify(
            base64.b64decode(text(told, "Signature"), validate=True), signed, PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error, ValueError):
        raise Unproven from None


def _written_at(told: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text(told, "Timestamp"))
    except ValueError:
        raise Unproven from None
    if at.tzinfo is None:
        raise Unproven
    return at


def _inner(told: Any) -> Any:
    """SES's notification inside that of SNS; SNS itself sends plain sentences."""
    try:
        return json.loads(text(told, "Message"))
    except (ValueError, RecursionError):
        return None


def _reports(inner: Any, domain: str) -> Iterator[BounceReport]:
    kind = text(inner, "notificationType") or text(inner, "eventType")
    mail = part(inner, "mail")
    message_id = message_of(part(mail, "tags", TAG), _own_message_id(mail), domain)
    if message_id is None:
        return
    if kind == "Complaint":
        # `not-spam` takes an earlier complaint back; without a type it is one.
        if text(inner, "complaint", "complaintFeedbackType") in ("", "abuse", "fraud", "other"):
            yield unwanted(message_id)
    elif kind == "Bounce" and text(inner, "bounce", "bounceType") == "Permanent":
        known_wrong = text(inner, "bounce", "bounceSubType") in SUPPRESSED
        people = part(inner, "bounce", "bouncedRecipients")
        for person in people if isinstance(people, list) else []:
            yield returned(
                message_id,
                text(person, "emailAddress"),
                text(person, "status"),
                text(person, "diagnosticCode"),
                known_wrong=known_wrong,
            )


def _own_message_id(mail: Any) -> str:
    """The Message-ID that we gave: SES replaces it, and returns ours among the original headers."""
    headers = part(mail, "headers")
    for header in headers if isinstance(headers, list) else []:
        if text(header, "name").lower() == "message-id":
            return text(header, "value")
    return text(mail, "commonHeaders", "messageId")
