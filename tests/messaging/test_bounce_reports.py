"""Reports about letters that came back, as mail systems write them."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.messaging.bounces.parsing import BounceReport, UnreadableReport, What, read_json, read_mail

NAME = UUID("0190c9d4-0000-7000-8000-000000000001")
DOMAIN = "lumbar.example"
LETTER = f"From: practice@{DOMAIN}\nTo: ada@client.example\nMessage-ID: <{NAME}@{DOMAIN}>\nSubject: You are booked\n"


def bounce(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    letter: str = LETTER,
    kind: str = "text/rfc822-headers",
    recipient: str = "Final-Recipient: rfc822; ada@client.example",
    said: str = "550 no such user",
) -> bytes:
    """A report as Postfix and others write it (RFC 3464)."""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: practice@lumbar.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI am sorry.\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nArrival-Date: Mon, 3 Mar 2031 09:00:00 +0000\n\n"
        f"{recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n"
        f"--b\nContent-Type: {kind}\n\n{letter}\nHello\n--b--\n"
    ).encode()


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_letter_that_came_back_is_known_by_the_message_id_within(kind: str) -> None:
    found = read_mail(bounce(kind=kind), DOMAIN)
    assert found == BounceReport(message_id=NAME, what=What.NO_SUCH_ADDRESS, recipient="ada@client.example")


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("5.1.1", What.NO_SUCH_ADDRESS),
        ("5.1.10", What.NO_SUCH_ADDRESS),
        ("5.2.1", What.NO_SUCH_ADDRESS),
        ("5.2.2", What.RETURNED),
        ("5.7.1", What.RETURNED),
        ("5.1.8", What.RETURNED),
        ("5.4.4", What.RETURNED),
        ("4.4.7", What.RETURNED),
        ("5.0.0", What.NO_SUCH_ADDRESS),
        ("nonsense", What.NO_SUCH_ADDRESS),
    ],
)
def test_only_a_status_about_the_address_speaks_against_the_address(status: str, what: What) -> None:
    found = read_mail(bounce(status=status), DOMAIN)
    assert found is not None
    assert found.what is what


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_delay_is_no_return(action: str) -> None:
    assert read_mail(bounce(action=action, status="4.4.1"), DOMAIN) is None


def test_letters_of_others_are_none_of_our_business() -> None:
    assert read_mail(bounce(letter="Message-ID: <abc@elsewhere.example>\n"), DOMAIN) is None
    assert read_mail(bounce(letter=f"Message-ID: <{NAME}@elsewhere.example>\n"), DOMAIN) is None
    assert read_mail(bounce(letter="Subject: nothing\n"), DOMAIN) is None


def complaint(kind: str) -> bytes:
    """A report of a mail system's own feedback (RFC 5965)."""
    return (
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is a report.\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{LETTER}\nHello\n--b--\n"
    ).encode()


def test_a_complaint_is_read_as_unwanted() -> None:
    assert read_mail(complaint("abuse"), DOMAIN) == BounceReport(message_id=NAME, what=What.UNWANTED)


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "virus", "other", ""])
def test_feedback_about_something_else_is_no_complaint(kind: str) -> None:
    assert read_mail(complaint(kind), DOMAIN) is None


def test_a_slip_in_the_practices_own_domain_speaks_against_no_client() -> None:
    rejected = "550 5.1.8 <practice@lumbar.example>: Sender address rejected: Domain not found"
    for status in ("5.1.8", "5.1.1", "5.0.0", ""):
        found = read_mail(bounce(status=status, said=rejected), DOMAIN)
        assert found is not None
        assert found.what is What.RETURNED


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ('"event": "bounce", "permanent": true', What.NO_SUCH_ADDRESS),
        ('"event": "bounce", "permanent": false', What.RETURNED),
        ('"event": "bounce"', What.RETURNED),
        ('"event": "complaint"', What.UNWANTED),
        ('"event": "bounce", "permanent": true, "status": "5.7.1"', What.RETURNED),
        ('"event": "bounce", "permanent": true, "status": "5.1.8"', What.RETURNED),
        ('"event": "bounce", "status": "5.1.1"', What.NO_SUCH_ADDRESS),
        ('"event": "bounce", "diagnostic": "550 user unknown"', What.NO_SUCH_ADDRESS),
    ],
)
def test_a_provider_may_report_in_json(told: str, what: What) -> None:
    for name in (f"<{NAME}@{DOMAIN}>", f"{NAME}@{DOMAIN}"):
        found = read_json(f'{{"message_id": "{name}", {told}}}'.encode(), DOMAIN)
        assert found == BounceReport(message_id=NAME, what=what)
    assert read_json(f'{{"message_id": "<x@y>", {told}}}'.encode(), DOMAIN) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"event": "bounce"}',
        '{"message_id": 1, "event": "bounce"}',
        '{"message_id": "x", "event": ["bounce"]}',
        "[" * 100_000,
    ],
)
def test_json_that_is_no_report_is_refused(content: str) -> None:
    with pytest.raises(UnreadableReport):
        read_json(content.encode(), DOMAIN)


def test_a_mail_that_is_no_report_is_refused() -> None:
    for content in (b"", b"Subject: Hello\n\nWrite back", LETTER.encode()):
        with pytest.raises(UnreadableReport):
            read_mail(content, DOMAIN)


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=900))
def test_no_bytes_bring_the_reading_down(noise: bytes, at: int) -> None:
    whole = bounce()
    for content in (noise, whole[:at] + noise + whole[at:]):
        with suppress(UnreadableReport):
            read_mail(content, DOMAIN)
        with suppress(UnreadableReport):
            read_json(content, DOMAIN)
