"""What proves nothing changes nothing: signatures, copies, old and foreign words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic import clock
from clinic.messaging.bounces import providers
from clinic.messaging.bounces.providers import TAG
from tests.api.provider_notifications import (
    PASSING,
    PROVIDERS,
    TOPIC,
    bounced,
    came_back,
    clear,
    each_provider,
    mailgun,
    message,
    post_mailgun,
    post_postmark,
    post_sendgrid,
    post_ses,
    postmark,
    proofs,
    sendgrid,
    ses,
    signed_by_sns,
)

__all__ = ["message", "proofs"]


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
