"""Mail providers report in their own words, each with its own proof."""

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic import clock
from clinic.accounts.models import Contact
from clinic.db import db
from clinic.messaging.bounces import providers
from clinic.messaging.bounces.providers import TAG, sns
from clinic.messaging.letters.composing import Letter
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


# What each provider documents.


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


# How each proves itself.


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


def test_each_letter_carries_our_id_in_its_headers(client: FlaskClient) -> None:
    letter = Letter(
        message_id=NAME,
        sender_name="Lumbar",
        sender="practice@lumbar.example",
        answer_to="practice@lumbar.example",
        recipient=ADA,
        subject="You are booked",
        text="Hello",
        html="<p>Hello</p>",
        calendar=None,
        calendar_method="",
        told=None,
        stop_link="",
        contact_id=None,
        written_at=make.NOW,
    )
    head = message_from_bytes(letter.envelope().content)
    assert head["X-SES-MESSAGE-TAGS"] == f"{TAG}={NAME}"
    assert head[f"X-PM-Metadata-{TAG}"] == str(NAME)
    assert json.loads(head["X-Mailgun-Variables"]) == {TAG: str(NAME)}
    assert json.loads(head["X-SMTPAPI"]) == {"unique_args": {TAG: str(NAME)}}


@each_provider
def test_a_proven_bounce_marks_message_and_address(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    answer = post(client, documented())
    assert (answer.status_code, answer.data) == (204, b"")
    assert (came_back(), bounced()) == (True, True)


@each_provider
def test_a_bounce_that_blames_the_sender_marks_no_address(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    assert post(client, documented(SENDER_BLAMED[provider])).status_code == 204
    assert (came_back(), bounced()) == (True, False)


@each_provider
def test_an_address_the_provider_no_longer_writes_to_is_marked(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    assert post(client, documented(SUPPRESSED[provider])).status_code == 204
    assert (came_back(), bounced()) == (True, True)


@each_provider
def test_a_complaint_stops_further_mail(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    assert post(client, documented(COMPLAINTS[provider])).status_code == 204
    assert (came_back(), bounced()) == (False, True)


@each_provider
def test_what_may_still_arrive_changes_nothing(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    assert post(client, documented(PASSING[provider])).status_code == 204
    assert (came_back(), bounced()) == (False, False)


@each_provider
def test_a_bounce_of_another_persons_address_leaves_this_one(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    told = json.loads(json.dumps(documented()).replace(ADA, "somebody@else.example"))
    assert post(client, told).status_code == 204
    assert not bounced()


@each_provider
def test_our_own_message_id_serves_where_there_is_no_tag(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    ours = f"<{NAME}@lumbar.example>"
    untagged: dict[str, dict[str, Any]] = {
        "postmark": {"Metadata": {}, "MessageID": ours},
        "mailgun": {"user-variables": {}, "message": {"headers": {"message-id": ours[1:-1]}}},
        "sendgrid": {TAG: None, "smtp-id": ours},
        "ses": {"mail": {"headers": [{"name": "Message-Id", "value": ours}]}},
    }
    assert post(client, documented(untagged[provider])).status_code == 204
    assert bounced()


@each_provider
def test_unproven_notifications_change_nothing(client: FlaskClient, provider: str) -> None:
    forged: dict[str, Callable[[], TestResponse]] = {
        "postmark": lambda: post_postmark(client, postmark(), secret="q" * 40),
        "mailgun": lambda: post_mailgun(client, mailgun(), key="key-" + "n" * 32),
        "sendgrid": lambda: post_sendgrid(client, sendgrid(), key=ec.generate_private_key(ec.SECP256R1())),
        "ses": lambda: post_ses(client, ses(), key=rsa.generate_private_key(65537, 2048)),
    }
    assert forged[provider]().status_code == 401
    assert (came_back(), bounced()) == (False, False)


@each_provider
@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"signature": [], "Type": 5}']
)
def test_bodies_that_prove_nothing_are_refused(client: FlaskClient, provider: str, content: bytes) -> None:
    answer = client.post(
        f"/api/bounces/{provider}", data=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (401, 422)


@each_provider
def test_proven_words_that_make_no_sense_are_no_fault_of_ours(client: FlaskClient, provider: str) -> None:
    post, _ = PROVIDERS[provider]
    for told in (
        {},
        [],
        {"event": 5, "Type": ["x"], "mail": [], "bounce": "x"},
        "hello",
        {"event": "failed", "user-variables": {TAG: "x"}},
    ):
        assert post(client, told).status_code in (204, 401, 422)
    assert (came_back(), bounced()) == (False, False)


@each_provider
def test_without_its_proof_in_the_settings_there_is_no_such_address(
    client: FlaskClient, app: Flask, provider: str
) -> None:
    _, documented = PROVIDERS[provider]
    told = {"ses": signed_by_sns(ses())}.get(provider, documented())
    names = ("SES_TOPIC_ARN", "POSTMARK_SECRET", "MAILGUN_SIGNING_KEY", "SENDGRID_PUBLIC_KEY")
    app.config.update(dict.fromkeys(names))
    assert client.post(f"/api/bounces/{provider}", json=told).status_code == 404


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "ses"])
def test_a_copy_of_a_notification_speaks_once(client: FlaskClient, provider: str) -> None:
    post, documented = PROVIDERS[provider]
    at = clock.now()
    assert post(client, documented(), at=at).status_code == 204
    clear()
    assert post(client, documented(), at=at).status_code == 204
    assert not bounced()


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "ses"])
@pytest.mark.parametrize("away", [timedelta(hours=27), -timedelta(minutes=11)])
def test_a_notification_from_another_time_is_unproven(
    client: FlaskClient, provider: str, away: timedelta
) -> None:
    post, documented = PROVIDERS[provider]
    assert post(client, documented(), at=clock.now() - away).status_code == 401
    assert not bounced()


def test_a_mailgun_token_with_other_words_speaks_no_second_time(client: FlaskClient) -> None:
    at = clock.now()
    post_mailgun(client, mailgun(event="delivered"), at=at)
    assert post_mailgun(client, mailgun(), at=at).status_code == 204
    assert not bounced()


def test_a_signed_call_with_other_words_is_unproven(client: FlaskClient) -> None:
    assert post_sendgrid(client, sendgrid(event="delivered"), sent=[sendgrid()]).status_code == 401
    envelope = {**signed_by_sns(ses(PASSING["ses"])), "Message": json.dumps(ses())}
    post_ses(client, {})
    assert client.post("/api/bounces/ses", json=envelope).status_code == 401
    assert not bounced()


@pytest.mark.parametrize(
    "address",
    [
        f"http://{SNS_HOST}{CERTIFICATE_PATH}",
        f"https://sns.us-east-1.amazonaws.com{CERTIFICATE_PATH}",
        f"https://sns.eu-central-1.amazonaws.com.evil.example{CERTIFICATE_PATH}",
        f"https://evil.example/{SNS_HOST}{CERTIFICATE_PATH}",
        f"https://{SNS_HOST}@evil.example{CERTIFICATE_PATH}",
        f"https://{SNS_HOST}:444{CERTIFICATE_PATH}",
        f"https://{SNS_HOST}/bucket/x.pem",
        f"https://{SNS_HOST}{CERTIFICATE_PATH}?x=1",
        f"https://{SNS_HOST}/..{CERTIFICATE_PATH}",
        "https://[",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_neither_used_nor_asked_for(
    client: FlaskClient, address: str
) -> None:
    assert post_ses(client, ses(), SigningCertURL=address).status_code == 401
    assert db.session.scalars(sa.select(sns.SnsErrand.path)).all() == [CERTIFICATE_PATH]
    assert not bounced()


@pytest.mark.parametrize(
    "more",
    [
        {"SignatureVersion": "1"},
        {"TopicArn": TOPIC + "x"},
        {"Type": "UnsubscribeConfirmation"},
        {"Timestamp": "yesterday"},
        {"Timestamp": "2026-11-28T10:00:00"},
    ],
)
def test_an_sns_message_of_another_kind_is_unproven(client: FlaskClient, more: dict[str, str]) -> None:
    assert post_ses(client, ses(), **more).status_code == 401
    assert not bounced()


@pytest.mark.parametrize("pem", [certificate("evil.example"), certificate(days=-1), "no certificate"])
def test_a_certificate_that_is_not_for_sns_or_has_run_out_proves_nothing(
    client: FlaskClient, pem: str
) -> None:
    assert post_ses(client, ses(), pem=pem).status_code == 401
    assert not bounced()


def test_an_unknown_certificate_is_fetched_by_the_worker_and_the_notification_judged_when_it_comes_again(
    client: FlaskClient,
) -> None:
    envelope = signed_by_sns(ses())
    first = client.post("/api/bounces/ses", json=envelope)
    assert first.status_code == 503
    assert not bounced()
    asked: list[tuple[str, str]] = []

    def fetch(host: str, path: str) -> str:
        asked.append((host, path))
        return certificate()

    assert sns.run_errands(TOPIC, clock.now(), fetch) == 1
    assert asked == [(SNS_HOST, CERTIFICATE_PATH)]
    assert client.post("/api/bounces/ses", json=envelope).status_code == 204
    assert bounced()
    assert sns.run_errands(TOPIC, clock.now(), fetch) == 0


def test_a_subscription_is_confirmed_by_the_worker_at_an_address_of_our_own_making(
    client: FlaskClient,
) -> None:
    token = "2336412f37f" * 12
    more = {"Type": "SubscriptionConfirmation", "Token": token, "SubscribeURL": "https://evil.example/"}
    assert post_ses(client, {}, **more).status_code == 204
    asked: list[tuple[str, str]] = []

    def fetch(host: str, path: str) -> str:
        asked.append((host, path))
        return "<ConfirmSubscriptionResponse/>"

    assert sns.run_errands(TOPIC, clock.now(), fetch) == 1
    arn = TOPIC.replace(":", "%3A")
    assert asked == [(SNS_HOST, f"/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}")]


def test_what_nobody_can_fetch_is_bounded_and_forgotten(client: FlaskClient) -> None:
    for number in range(20):
        path = f"/SimpleNotificationService-{number:032x}.pem"
        client.post("/api/bounces/ses", json=signed_by_sns(ses(), SigningCertURL=f"https://{SNS_HOST}{path}"))
    count = sa.select(sa.func.count()).select_from(sns.SnsErrand)
    assert db.session.scalar(count) == sns.WAITING_AT_MOST
    assert sns.run_errands(TOPIC, clock.now(), lambda host, path: None) == 0
    sns.run_errands(TOPIC, clock.now() + timedelta(hours=2), lambda host, path: None)
    assert db.session.scalar(count) == 0


@pytest.mark.parametrize(
    ("topic", "host"),
    [
        ("arn:aws:sns:us-east-1:123456789012:x", "sns.us-east-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:x", "sns.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_host_that_signs_follows_from_the_topic(topic: str, host: str) -> None:
    assert sns.host(topic) == host


@pytest.fixture
def certificate_host(tmp_path: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A host with TLS that has one certificate to give, sends elsewhere from another path, and what trusts it."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + own.public_bytes(Encoding.PEM)
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == CERTIFICATE_PATH else 302)
            self.send_header("Location", CERTIFICATE_PATH)
            self.end_headers()
            self.wfile.write(b"a certificate")

        def log_message(self, *args: object) -> None:
            pass

    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    with HTTPServer(("localhost", 0), Handler) as server:
        server.socket = serving.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"localhost:{server.server_port}", ssl.create_default_context(cafile=str(file))
        server.shutdown()
        thread.join()


def test_the_worker_fetches_over_tls_and_follows_nobody_elsewhere(
    certificate_host: tuple[str, ssl.SSLContext],
) -> None:
    host, trust = certificate_host
    assert sns.over_https(host, CERTIFICATE_PATH, trust=trust) == "a certificate"
    assert sns.over_https(host, "/elsewhere", trust=trust) is None
    assert sns.over_https(host, CERTIFICATE_PATH) is None


def test_letters_carry_our_id_for_the_providers_of_the_settings_alone(
    app: Flask, client: FlaskClient
) -> None:
    assert set(providers.tags(NAME)) == {
        "X-SES-MESSAGE-TAGS",
        f"X-PM-Metadata-{TAG}",
        "X-Mailgun-Variables",
        "X-SMTPAPI",
    }
    app.config.update(dict.fromkeys(("SES_TOPIC_ARN", "MAILGUN_SIGNING_KEY", "SENDGRID_PUBLIC_KEY")))
    assert providers.tags(NAME) == {f"X-PM-Metadata-{TAG}": str(NAME)}


def test_no_word_of_a_notification_is_written_down(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for post, documented in PROVIDERS.values():
        post(client, documented())
    assert "ada@" not in caplog.text


def test_seconds_that_are_no_moment_are_unproven() -> None:
    for written in ("", "-1", "1.5", "９", "9" * 12, None, ["1"]):
        with pytest.raises(providers.Unproven):
            providers.instant(written)
    assert providers.instant("0") == datetime(1970, 1, 1, tzinfo=UTC)
