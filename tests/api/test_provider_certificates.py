"""The certificates of Amazon's notifications are fetched by the worker, from Amazon alone."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient

from clinic import clock
from clinic.db import db
from clinic.messaging.bounces.providers import sns
from tests.api.provider_notifications import (
    CERTIFICATE_PATH,
    SNS_HOST,
    TOPIC,
    bounced,
    certificate,
    message,
    post_ses,
    proofs,
    ses,
    signed_by_sns,
)

__all__ = ["message", "proofs"]


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
