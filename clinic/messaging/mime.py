"""A letter as bytes: text and HTML beside each other, the calendar file as invitation and as attachment.

The plain MIME classes are used because they are several times faster than `EmailMessage` and never decode what they are
given: a header value that looks like an encoded word stays what it is. All the same, nothing that could be read as one,
and no control character, reaches a header (CVE-2024-6923).
"""

import re
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

_wire = compat32.clone(linesep="\r\n", max_line_length=None)
_utf8 = Charset("utf-8")
_utf8.body_encoding = QP


def header_text(text: str) -> str:
    """Text that cannot become another header, whatever reads it."""
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
    body = MIMEMultipart("alternative")
    body.attach(_text("plain", text))
    body.attach(_text("html", html))
    mail = body
    if calendar is not None:
        body.attach(_calendar_part(calendar, calendar_method))
        mail = MIMEMultipart("mixed")
        mail.attach(body)
        mail.attach(_calendar_file(calendar, calendar_method))
    mail["From"] = _mailbox(sender_name, sender)
    # An address beyond ASCII stands in the header as it is (RFC 6532); an encoded word would be another address.
    mail["To"] = header_text(recipient).encode().decode("ascii", "surrogateescape")
    if answer_to.isascii() and "@" in answer_to:
        mail["Reply-To"] = _mailbox(sender_name, answer_to)
    mail["Subject"] = _encoded(header_text(subject))
    mail["Date"] = format_datetime(written_at)
    mail["Message-ID"] = f"<{message_id}>"
    # An answering machine must not answer (RFC 3834, section 5).
    mail["Auto-Submitted"] = "auto-generated"
    if stop_link:
        # One press in the mailbox itself (RFC 8058, section 3.1).
        mail["List-Unsubscribe"] = f"<{header_text(stop_link)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, line in (tags or {}).items():
        mail[name] = line
    return mail.as_bytes(policy=_wire)


def _mailbox(name: str, address: str) -> str:
    shown = header_text(name)[:LONGEST_NAME]
    if shown.isascii():
        return formataddr((shown, header_text(address)))
    return f"{_encoded(shown)} <{header_text(address)}>"


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", header_name="Reply-To").encode()


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
