"""A provider reports letters that came back."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.accounts.models import AuditEntry, Contact
from clinic.db import db
from clinic.messaging.models import Message
from tests import make
from tests.messaging.test_bounce_reports import LETTER, NAME, bounce

SECRET = "s" * 40
PROVEN = {"Authorization": f"Bearer {SECRET}"}
MAIL = {"Content-Type": "message/rfc822"}


@pytest.fixture(autouse=True)
def secret(app: Flask) -> Iterator[None]:
    """The product as it runs with a provider that reports."""
    app.config["BOUNCES_SECRET"] = SECRET
    yield
    app.config["BOUNCES_SECRET"] = None


@pytest.fixture
def message(client: FlaskClient) -> Message:
    """A letter that was sent to Ada."""
    ada = make.client()
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


def contact() -> Contact:
    db.session.expire_all()
    return db.session.scalars(sa.select(Contact)).one()


def report(client: FlaskClient, **options: object) -> TestResponse:
    return client.post("/api/bounces", **{"data": bounce(), "headers": {**PROVEN, **MAIL}, **options})


def test_a_report_mail_marks_message_and_address_and_says_nothing(
    client: FlaskClient, message: Message
) -> None:
    answer = report(client)
    assert (answer.status_code, answer.data) == (204, b"")
    assert contact().bounced_at is not None
    assert (message.why, message.sent_at) == ("bounced", None)
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "address_bounced"))
    assert (entry.actor, entry.fields) == ("system", ["bounced_at"])


def test_a_complaint_in_json_stops_further_mail(client: FlaskClient, message: Message) -> None:
    told = {"event": "complaint", "message_id": f"<{NAME}@lumbar.example>"}
    assert client.post("/api/bounces", json=told, headers=PROVEN).status_code == 204
    assert contact().bounced_at is not None
    assert (message.why, message.sent_at is None) == ("complaint", False)


def test_a_report_sent_twice_or_about_no_letter_of_ours_is_thanked_for_alike(
    client: FlaskClient, message: Message
) -> None:
    assert report(client).status_code == report(client).status_code == 204
    other = bounce(letter=LETTER.replace(str(NAME), "0190c9d4-0000-7000-8000-00000000dead"))
    assert report(client, data=other).status_code == 204


@pytest.mark.parametrize("given", ["", "Bearer", f"Bearer {SECRET}x", f"Basic {SECRET}", SECRET, "Bearer é"])
def test_without_the_secret_nothing_is_read(client: FlaskClient, message: Message, given: str) -> None:
    answer = report(client, headers={"Authorization": given, **MAIL})
    assert answer.status_code == 401
    assert contact().bounced_at is None


def test_without_a_secret_in_the_settings_there_is_no_such_address(
    client: FlaskClient, app: Flask, message: Message
) -> None:
    app.config["BOUNCES_SECRET"] = None
    assert report(client).status_code == 404
    assert report(client, headers={"Authorization": "Bearer None", **MAIL}).status_code == 404


def test_what_is_no_report_is_refused(client: FlaskClient) -> None:
    assert report(client, data=b"Subject: Hello\n\nHello").status_code == 422
    assert client.post("/api/bounces", json=["x"], headers=PROVEN).status_code == 422
    assert client.get("/api/bounces", headers=PROVEN).status_code == 405


def test_no_word_of_a_report_is_written_down(
    client: FlaskClient, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    report(client)
    report(client, data=bounce()[:200])
    assert "ada@" not in caplog.text
