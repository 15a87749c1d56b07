"""What a proven notification of a mail provider does to the message and its address."""

import json
from email import message_from_bytes
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from clinic.messaging.bounces import providers
from clinic.messaging.bounces.providers import TAG
from clinic.messaging.letters.composing import Letter
from tests import make
from tests.api.provider_notifications import (
    ADA,
    COMPLAINTS,
    PASSING,
    PROVIDERS,
    SENDER_BLAMED,
    SUPPRESSED,
    bounced,
    came_back,
    each_provider,
    message,
    proofs,
)
from tests.messaging.test_bounce_reports import NAME

__all__ = ["message", "proofs"]


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
        visit_starts_at=None,
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
