"""What a mail server's reply says about an address: whether the address itself is wrong, or something else failed.

Only a reply that is certainly about the recipient may block an address. An exact status code decides; otherwise the
words of the reply do; words that blame the sender outweigh both.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

RECIPIENT_CODES: Mapping[str, str] = {
    "1.1": "no such mailbox",
    "1.2": "no such domain",
    "1.3": "the address is not written as one",
    "1.4": "the address is that of several mailboxes",
    "1.6": "the mailbox has moved and nobody knows where to",
    "1.10": "the domain says that it takes no mail (RFC 7505)",
    "2.1": "the mailbox is closed",
}
"""Permanent status codes (RFC 3463, section 3, and the IANA registry, read 2026-11-28) that are about the recipient
only.

All other codes do not: 1.5 is a success, 1.7 to 1.9 blame the sender's address or a relay, 2.2 to 2.4 are a full
mailbox, a long letter and a mailing list, 3 to 5 are systems, routes and protocols, 6 is the content, 7 is policy, spam
and authentication.
"""
OPEN_CODES = frozenset({"0.0", "1.0", "2.0", "5.0"})
"""Codes that only say "other", so the words of the reply decide."""

CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
REFUSED_FOR_GOOD = re.compile(r"(?<![\d.])5\d\d(?![\d.])", re.ASCII)
ADDRESSES = re.compile(r"<[^<>]*>|\S+@\S+")
"""Quoted parts of a reply are removed, because an address may contain any word."""
SENDER = re.compile(
    r"\bsender\b(?! policy framework)|\bmail from\b|\breturn[- ]path\b|\bfrom address\b|\boriginator\b", re.I
)
POLICY = re.compile(
    r"policy|spam|spf|dkim|dmarc|block|black|reputation|\brbl\b|dnsbl|relay|denied|authent|content|virus|quota|full|\brate|"
    r"too many|temporar|try again|later|greylist|size|listed",
    re.I,
)
NOBODY = re.compile(
    r"\b(user|recipient|mailbox|address|account|local part|addressee)( name| address)?( is)? "
    r"(unknown|not found|invalid|does ?n[o']t exist|does not exist|not known|disabled|closed|deactivated)\b|"
    r"\b(unknown|invalid|no such|nonexistent|non-existent|bad destination) "
    r"(user|recipient|mailbox|address|account|local part|person|customer)\b|"
    r"\bunrouteable address\b|\bno mailbox (here )?by that name\b|\buser does ?n[o']t have an? \S+ account\b|"
    r"\b(mailbox|user|account) .{0,60}does not exist\b|\bno longer (valid|in use|exists)\b",
    re.I,
)
NO_SUCH_HOST = re.compile(r"host or domain name not found", re.I)
HOST = re.compile(r"name=([^\s;]+)", re.I)


class Blame(StrEnum):
    """Why a letter did not arrive."""

    RECIPIENT = "recipient"
    OTHER = "other"
    UNKNOWN = "unknown"


def blame(status: str, said: str, recipient: str | None = None) -> Blame:
    """What a reply blames: `status` is its enhanced code or empty, `said` its words, `recipient` the address concerned.

    UNKNOWN if neither an exact code nor clear words tell.
    """
    words = ADDRESSES.sub(" ", said)
    if SENDER.search(words):
        return Blame.OTHER
    if status.strip().startswith("5") and _names_no_domain_of(recipient, said):
        return Blame.RECIPIENT
    codes = [found for text in (status, words) for found in CODE.findall(text)]
    exact = next((found for found in codes if found[1] not in OPEN_CODES), None)
    if exact is not None:
        certain = exact[0] == "5" and exact[1] in RECIPIENT_CODES
        return Blame.RECIPIENT if certain else Blame.OTHER
    if any(found[0] != "5" for found in codes) or POLICY.search(words):
        return Blame.OTHER
    for_good = REFUSED_FOR_GOOD.search(words)
    return Blame.RECIPIENT if for_good and NOBODY.search(words) else Blame.UNKNOWN


def _names_no_domain_of(recipient: str | None, said: str) -> bool:
    """Whether DNS says that the recipient's domain does not exist; a DNS failure says something else."""
    if recipient is None or not NO_SUCH_HOST.search(said):
        return False
    host = HOST.search(said)
    return host is not None and host[1].lower() == recipient.rpartition("@")[2].lower()
