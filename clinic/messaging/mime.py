"""Serialises a letter: text and HTML alternatives, and the calendar file as invitation and attachment.

The plain MIME classes are used because they are several times faster than `EmailMessage` and never decode what they are
given: a header value that looks like an encoded word stays what it is. All the same, nothing that could be read as one,
and no control character, reaches a header (CVE-2024-6923).
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+|=\\?")
"""Control characters, line separators, changes of direction, and what begins an encoded word."""
CALENDAR_NAME = "appointment.ics"
LONGEST_NAME = 78
LONGEST_LINE = 76
"""Of a header, in octets without its end: RFC 5322 wants at most 78, and RFC 2047 at most 76 with an encoded word."""
LONGEST_WORD = 60

_wire = compat32.clone(linesep="\r\n", max_line_length=None)
_utf8 = Charset("utf-8")
_utf8.body_encoding = QP


def header_text(text: str) -> str:
    """Text that cannot become another header, whatever parses it."""
    return " ".join(UNSAFE.sub(" ", text).split())


def bare_address(text: str) -> str:
    """`practice@lumbar.example` of `Lumbar <practice@lumbar.example>`."""
    return parseaddr(text)[1]


def serialised(
    *,
    message_id: str,
    sender_name: str,
    sender: str,
    answer_to: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    calendar: bytes | None,
    calendar_method: str,
    stop_link: str = "",
    tags: Mapping[str, str] | None = None,
    written_at: datetime,
) -> bytes:
    """The whole mail with CRLF line ends; `tags` are further header lines, made by us alone."""
    body = MIMEMultipart("alternative", _boundary())
    body.attach(_text("plain", text))
    body.attach(_text("html", html))
    mail = body
    if calendar is not None:
        body.attach(_calendar_part(calendar, calendar_method))
        mail = MIMEMultipart("mixed", _boundary())
        mail.attach(body)
        mail.attach(_calendar_file(calendar, calendar_method))
    mail["From"] = _mailbox("From", sender_name, sender)
    # A non-ASCII address stays in the header as it is (RFC 6532); an encoded word would be another address.
    mail["To"] = header_text(recipient).encode().decode("ascii", "surrogateescape")
    if answer_to.isascii() and "@" in answer_to:
        mail["Reply-To"] = _mailbox("Reply-To", sender_name, answer_to)
    mail["Subject"] = _folded("Subject", header_text(subject))
    mail["Date"] = format_datetime(written_at)
    mail["Message-ID"] = f"<{message_id}>"
    # Automatic responders must not answer (RFC 3834, section 5).
    mail["Auto-Submitted"] = "auto-generated"
    if stop_link:
        # One-click unsubscribe (RFC 8058, section 3.1).
        mail["List-Unsubscribe"] = f"<{header_text(stop_link)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, line in (tags or {}).items():
        mail[name] = line
    return mail.as_bytes(policy=_wire)


def _boundary() -> str:
    """Short enough for its header's line; quoted-printable never writes `=_` (RFC 2045, section 6.7), so no part holds it."""
    return f"=_{secrets.token_hex(12)}"


def _mailbox(header: str, name: str, address: str) -> str:
    """A name with its address, on a line of its own where both do not fit into one."""
    shown, address = header_text(name)[:LONGEST_NAME], header_text(address)
    if not shown:
        return address
    phrase = formataddr((shown, "")).removesuffix(" <>") if shown.isascii() else ""
    if not phrase or not _fits(header, phrase):
        phrase = _in_encoded_words(header, shown)
    last_line = phrase.rsplit("\n", 1)[-1] if "\n" in phrase else f"{header}: {phrase}"
    between = " " if len(last_line) + len(f" <{address}>") <= LONGEST_LINE else "\n "
    return f"{phrase}{between}<{address}>"


def _folded(header: str, text: str) -> str:
    """Text as the value of a header none of whose lines is longer than RFC 5322 wants (section 2.1.1, read 2026-11-28).

    Folding at spaces changes nothing for the reader. A word longer than a line becomes encoded words (RFC 2047), which
    may be cut anywhere.
    """
    if not text.isascii() or max(map(len, text.split(" "))) > LONGEST_WORD:
        return _in_encoded_words(header, text)
    return Header(text, "us-ascii", LONGEST_LINE, header_name=header).encode()


def _fits(header: str, text: str) -> bool:
    return len(f"{header}: {text}") <= LONGEST_LINE


def _in_encoded_words(header: str, text: str) -> str:
    return Header(text, "utf-8", LONGEST_LINE, header_name=header).encode()


def _text(subtype: str, content: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype)
    part.set_payload(content, _utf8)
    return part


def _calendar_part(calendar: bytes, method: str) -> MIMENonMultipart:
    part = _text("calendar", calendar.decode())
    part.set_param("method", method)
    return part


def _calendar_file(calendar: bytes, method: str) -> MIMENonMultipart:
    part = _calendar_part(calendar, method)
    part.add_header("Content-Disposition", "attachment", filename=CALENDAR_NAME)
    return part
