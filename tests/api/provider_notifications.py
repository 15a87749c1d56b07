"""Notifications as four mail providers send and sign them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts.models import Contact
from clinic.db import db
from clinic.messaging.bounces.providers import TAG, sns
from clinic.messaging.models import Message
from tests import make
from tests.messaging.test_bounce_reports import NAME

TOPIC = "arn:aws:sns:eu-central-1:123456789012:letters"
SNS_HOST = "sns.eu-central-1.amazonaws.com"
CERTIFICATE_PATH = f"/SimpleNotificationService-{'a' * 32}.pem"
POSTMARK_SECRET = "p" * 40
MAILGUN_KEY = "key-" + "m" * 32
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
SNS_KEY = rsa.generate_private_key(65537, 2048)
ADA = "ada@client.example"


@pytest.fixture(autouse=True)
def proofs(app: Flask) -> Iterator[None]:
    """The product as it runs with all four providers."""
    public = SENDGRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    settings = {
        "SES_TOPIC_ARN": TOPIC,
        "POSTMARK_SECRET": POSTMARK_SECRET,
        "MAILGUN_SIGNING_KEY": MAILGUN_KEY,
        "SENDGRID_PUBLIC_KEY": base64.b64encode(public).decode(),
    }
    app.config.update(settings)
    yield
    app.config.update(dict.fromkeys(settings))


@pytest.fixture(autouse=True)
def message(client: FlaskClient) -> Message:
    """A letter that was sent to Ada."""
    ada = make.client(mail=ADA)
    row = Message(
        id=NAME,
        kind="sign_in",
        subject_id=ada.id,
        recipient_id=ada.contacts[0].id,
        client_id=ada.id,
        occasion="x",
        owed_at=make.NOW,
        due_at=make.NOW,
        sent_at=make.NOW,
    )
    db.session.add(row)
    db.session.commit()
    return row


def bounced() -> bool:
    db.session.expire_all()
    return db.session.scalars(sa.select(Contact)).one().bounced_at is not None


def came_back() -> bool:
    db.session.expire_all()
    return db.session.get_one(Message, NAME).why == "bounced"


def clear() -> None:
    """Staff have spoken to the client: the address works again."""
    db.session.execute(sa.update(Contact).values(bounced_at=None))
    db.session.commit()


def postmark(told: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {TAG: str(NAME)},
        "Email": ADA,
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        **(told or {}),
        **more,
    }


def mailgun(told: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "generic",
        "recipient": ADA,
        "delivery-status": {
            "code": 550,
            "enhanced-code": "5.1.1",
            "message": "5.1.1 User unknown",
            "description": "",
        },
        "user-variables": {TAG: str(NAME)},
        "message": {"headers": {"message-id": "20261128.1@mailgun.example"}},
        **(told or {}),
        **more,
    }


def sendgrid(told: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "event": "bounce",
        "type": "bounce",
        "email": ADA,
        "status": "5.1.1",
        "reason": "550 5.1.1 user unknown",
        "bounce_classification": "Invalid Address",
        TAG: str(NAME),
        "smtp-id": "<x@sendgrid.example>",
        **(told or {}),
        **more,
    }


def ses(told: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": ADA,
                    "status": "5.1.1",
                    "action": "failed",
                    "diagnosticCode": "smtp; 550 5.1.1 User",
                }
            ],
        },
        "mail": {"messageId": "0000-ses", "tags": {TAG: [str(NAME)]}},
        **(told or {}),
        **more,
    }


def post_postmark(client: FlaskClient, told: Any, *, secret: str = POSTMARK_SECRET) -> TestResponse:
    return client.post("/api/bounces/postmark", json=told, auth=("lumbar", secret))


def post_mailgun(
    client: FlaskClient,
    told: Any,
    *,
    key: str = MAILGUN_KEY,
    at: datetime | None = None,
    token: str = "t" * 50,
) -> TestResponse:
    stamp = str(int((at or clock.now()).timestamp()))
    signature = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": stamp, "token": token, "signature": signature}
    return client.post("/api/bounces/mailgun", json={"signature": signed, "event-data": told})


def post_sendgrid(
    client: FlaskClient,
    told: Any,
    *,
    key: ec.EllipticCurvePrivateKey = SENDGRID_KEY,
    at: datetime | None = None,
    sent: Any = None,
) -> TestResponse:
    stamp = str(int((at or clock.now()).timestamp()))
    events = told if isinstance(told, list) else [told]
    content = json.dumps(events).encode()
    signature = base64.b64encode(key.sign(stamp.encode() + content, ec.ECDSA(hashes.SHA256()))).decode()
    return client.post(
        "/api/bounces/sendgrid",
        data=content if sent is None else json.dumps(sent).encode(),
        headers={
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        },
    )


def certificate(name: str = "sns.amazonaws.com", days: int = 30) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(SNS_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(SNS_KEY, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def signed_by_sns(
    told: Any, *, key: rsa.RSAPrivateKey = SNS_KEY, at: datetime | None = None, **more: str
) -> dict[str, str]:
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps(told),
        "Timestamp": (at or clock.now()).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "2",
        "SigningCertURL": f"https://{SNS_HOST}{CERTIFICATE_PATH}",
        **more,
    }
    unsigned = ("SignatureVersion", "SigningCertURL", "UnsubscribeURL")
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in sorted(envelope) if name not in unsigned)
    signature = key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
    return {**envelope, "Signature": base64.b64encode(signature).decode()}


def post_ses(client: FlaskClient, told: Any, *, pem: str | None = None, **options: Any) -> TestResponse:
    """A notification whose certificate the worker has fetched."""
    sns.ask(CERTIFICATE_PATH, clock.now())
    db.session.commit()
    sns.run_errands(TOPIC, clock.now(), lambda host, path: pem or certificate())
    return client.post("/api/bounces/ses", json=signed_by_sns(told, **options))


PROVIDERS: dict[str, tuple[Callable[..., TestResponse], Callable[..., dict[str, Any]]]] = {
    "postmark": (post_postmark, postmark),
    "mailgun": (post_mailgun, mailgun),
    "sendgrid": (post_sendgrid, sendgrid),
    "ses": (post_ses, ses),
}
SENDER_BLAMED: dict[str, dict[str, Any]] = {
    "postmark": {"Details": "smtp;550 5.1.8 Sender address rejected: Domain not found"},
    "mailgun": {
        "delivery-status": {"code": 550, "enhanced-code": "5.1.8", "message": "5.1.8 Sender address rejected"}
    },
    "sendgrid": {"status": "5.1.8", "reason": "550 5.1.8 Sender address rejected"},
    "ses": {
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {"emailAddress": ADA, "status": "5.1.8", "diagnosticCode": "smtp; 550 5.1.8 Sender"}
            ],
        }
    },
}
COMPLAINTS: dict[str, dict[str, Any]] = {
    "postmark": {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
    "mailgun": {"event": "complained"},
    "sendgrid": {"event": "spamreport"},
    "ses": {"notificationType": "Complaint", "complaint": {"complaintFeedbackType": "abuse"}},
}
PASSING: dict[str, dict[str, Any]] = {
    "postmark": {"Type": "Transient"},
    "mailgun": {"severity": "temporary"},
    "sendgrid": {"event": "deferred"},
    "ses": {
        "bounce": {
            "bounceType": "Transient",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": ADA}],
        }
    },
}
SUPPRESSED: dict[str, dict[str, Any]] = {
    "postmark": {"Type": "BadEmailAddress", "Details": ""},
    "mailgun": {
        "reason": "suppress-bounce",
        "delivery-status": {"code": 605, "message": "Not delivering to previously bounced address"},
    },
    "sendgrid": {"event": "dropped", "reason": "Bounced Address", "status": ""},
    "ses": {
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "OnAccountSuppressionList",
            "bouncedRecipients": [{"emailAddress": ADA}],
        }
    },
}
each_provider = pytest.mark.parametrize("provider", PROVIDERS)
