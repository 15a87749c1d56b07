"""Whom a mail server's answer blames: only what is certainly about the recipient may silence an address."""

import pytest

from clinic.messaging.bounces.smtp_replies import RECIPIENT_CODES, Blame, blame

ADA = "ada@client.example"
RFC_3463 = {
    1: range(11),
    2: range(5),
    3: range(6),
    4: range(8),
    5: range(7),
    6: range(11),
    7: range(31),
}
"""Subjects and details of the registry of enhanced status codes."""
ABOUT_THE_RECIPIENT = {"1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"}


def test_of_all_codes_seven_speak_of_the_recipient_alone() -> None:
    marking = {
        f"{subject}.{detail}"
        for subject, details in RFC_3463.items()
        for detail in details
        if blame(f"5.{subject}.{detail}", "") is Blame.RECIPIENT
    }
    assert marking == ABOUT_THE_RECIPIENT == set(RECIPIENT_CODES)


@pytest.mark.parametrize("code", sorted(ABOUT_THE_RECIPIENT))
def test_what_may_pass_blames_nobody_for_good(code: str) -> None:
    assert blame(f"4.{code}", "") is blame(f"2.{code}", "") is Blame.OTHER


@pytest.mark.parametrize(
    "said",
    [
        "smtp; 550 5.1.1 <ada@client.example>: Recipient address rejected: User unknown in local recipient table",
        "smtp;550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "smtp; 550 No such user here",
        "smtp; 550 User unknown",
        "550-5.2.1 The email account that you tried to reach is disabled.",
        "smtp; 554 delivery error: dd This user doesn't have a yahoo.com account (ada@client.example) [0]",
        "smtp; 550 Unrouteable address",
        "smtp; 550 sorry, no mailbox here by that name. (#5.7.17)".replace(" (#5.7.17)", ""),
        "smtp; 553 Invalid recipient ada@client.example",
        "550 Requested action not taken: mailbox does not exist",
        "smtp; 550 <sender-policy@client.example>: user unknown",
    ],
)
def test_a_hard_bounce_without_an_exact_code_is_read_by_its_words(said: str) -> None:
    assert blame("5.0.0", said, ADA) is blame("", said, ADA) is Blame.RECIPIENT


@pytest.mark.parametrize(
    "said",
    [
        "smtp; 550 5.1.8 <practice@lumbar.example>: Sender address rejected: Domain not found",
        "smtp; 550 5.1.0 <practice@lumbar.example>: Sender address rejected: User unknown in virtual mailbox table",
        "smtp; 550 5.1.1 Sender address rejected: user unknown",
        "smtp; 550 5.1.7 Invalid address in MAIL FROM",
        "smtp; 550 Verification failed for return-path: unknown user",
        "smtp; 550 5.7.1 Message rejected as spam; user unknown",
        "smtp; 550 Blocked by policy: no such user",
        "smtp; 550 5.7.26 This mail is unauthenticated",
        "smtp; 552 5.2.2 mailbox full",
        "smtp; 550 5.4.1 Recipient address rejected: Access denied",
        "smtp; 550 relay not permitted, unknown user",
        "smtp; 450 4.1.1 User unknown, try again later",
        "smtp; 550 5.3.4 message size exceeds the limit",
    ],
)
def test_what_is_about_the_sender_a_policy_or_a_system_marks_nobody(said: str) -> None:
    assert blame("", said, ADA) is Blame.OTHER
    assert blame("5.0.0", said, ADA) is Blame.OTHER


@pytest.mark.parametrize(
    "said", ["", "smtp; 550 mailbox unavailable", "smtp; 550 no", "user unknown", "450 user unknown"]
)
def test_what_nobody_can_be_sure_of_stays_unknown(said: str) -> None:
    assert blame("", said, ADA) is Blame.UNKNOWN


def test_a_domain_that_nobody_has_is_the_recipients_fault_only_when_it_is_the_recipients() -> None:
    said = "X-Postfix; Host or domain name not found. Name service error for name={} type=AAAA: Host {}"
    gone = said.format("client.example", "not found")
    assert blame("5.4.4", gone, ADA) is Blame.RECIPIENT
    assert blame("5.4.4", gone, "ada@elsewhere.example") is Blame.OTHER
    assert blame("5.4.4", said.format("relay.lumbar.example", "not found"), ADA) is Blame.OTHER
    assert blame("4.4.3", said.format("client.example", "not found, try again"), ADA) is Blame.OTHER
