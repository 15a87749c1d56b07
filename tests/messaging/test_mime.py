"""Serialising: whatever stands in a name, a mail has the headers we wrote and no other."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.messaging import mime
from tests.messaging.mailers import parsed, part

NAUGHTY = [
    "Ada\r\nBcc: everyone@evil.example",
    "Ada\nBcc: everyone@evil.example",
    "=?utf-8?q?a=0ABcc:_x@evil.example?=",
    "=?UTF-8?B?YQpCY2M6IHhAZXZpbC5leGFtcGxl?=",
    "=\x00?utf-8?q?a=0ABcc:_x?=",
    "==??utf-8?q?a=0ABcc:_x?=",
    "Ada\u2028Bcc: x",
    "Ada\x85Bcc: x",
    '"><script>alert(1)</script>',
    "Zoë Ångström, 山田",
    "a" * 2000,
    "é" * 500,
    '"quoted" <x@evil.example>, other',
    "",
    "..",
    "\x00\x07\x1b[31m",
]
HEADERS = [
    "Content-Type",
    "MIME-Version",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
]


def written(name: str, *, calendar: bytes | None = None, recipient: str = "ada@client.example") -> bytes:
    return mime.serialised(
        message_id="1@alderlane.example",
        sender_name=name,
        sender="practice@alderlane.example",
        answer_to="hello@alderlane.example",
        recipient=recipient,
        subject=f"Booked: {name}",
        text=f"Hello {name}\n.\nend\n",
        html=f"<p>Hello {name}</p>",
        calendar=calendar,
        calendar_method="REQUEST",
        written_at=datetime(2031, 3, 3, 9, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", NAUGHTY)
def test_a_naughty_name_adds_no_header(name: str) -> None:
    mail = parsed(written(name))
    assert mail.keys() == HEADERS
    assert [address.addr_spec for address in mail["From"].addresses] == ["practice@alderlane.example"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["ada@client.example"]
    assert "evil" not in str(mail["To"])


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_survives_as_one_subject(text: str) -> None:
    mail = parsed(written(text))
    assert mail.keys() == HEADERS
    assert str(mail["Subject"]).split() == f"Booked: {mime.header_text(text)}".split()


SUBJECTS = [
    "Your visit",
    "Your visit on Thursday, and everything that you may want to know about it before you come to see us here "
    * 2,
    "x" * 300,
    "https://alderlane.example/" + "y" * 1200,
    "short " + "z" * 80 + " short again",
    "\N{FACE MASSAGE}" * 400,
    "Überweisungsträgerzwischenablagefächer" * 30,
    "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16} " * 90,
    "a," * 500,
    "山田" * 200,
]


def head(content: bytes) -> list[bytes]:
    return content.partition(b"\r\n\r\n")[0].split(b"\r\n")


def with_subject(subject: str, *, name: str = "Alder Lane", local: str = "practice") -> bytes:
    return mime.serialised(
        message_id="1@alderlane.example",
        sender_name=name,
        sender=f"{local}@alderlane.example",
        answer_to=f"{local}@alderlane.example",
        recipient="ada@client.example",
        subject=subject,
        text="",
        html="",
        calendar=None,
        calendar_method="REQUEST",
        stop_link="https://alderlane.example/stop/check-ins/" + "t" * 46,
        written_at=datetime(2031, 3, 3, 9, 0, tzinfo=UTC),
    )


def sender_of(content: bytes) -> tuple[str, str]:
    """Name and address; the blanks between two encoded words are none (RFC 2047, section 6.2), which the parser forgets."""
    (one,) = parsed(content)["From"].addresses
    written = str(message_from_bytes(content)["From"]).rpartition("<")[0].strip()
    is_encoded = written.startswith("=?")
    return str(make_header(decode_header(written))) if is_encoded else one.display_name, one.addr_spec


def keeps_the_lengths(content: bytes, subject: str) -> None:
    """No line beyond 998 octets, none of a subject or name beyond 78; and what is read is what was written."""
    mail = parsed(content)
    lines = head(content)
    assert max(map(len, lines)) <= 998
    unfoldable = (b"List-Unsubscribe:", b"To:")
    assert [line for line in lines if len(line) > 78 and not line.startswith(unfoldable)] == []
    assert str(mail["Subject"]) == mime.header_text(subject)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_of_any_length_keeps_the_lines_short_and_is_read_as_written(subject: str) -> None:
    keeps_the_lengths(with_subject(subject), subject)


@settings(deadline=None, max_examples=150)
@given(
    st.text(alphabet='ab ,;:.!?éß山\N{GRINNING FACE}"<>@=', max_size=400),
    st.text(alphabet='abc é\N{GRINNING FACE}",.()<>@', max_size=120),
)
def test_any_subject_and_any_name_keep_the_lines_short(subject: str, name: str) -> None:
    content = with_subject(subject, name=name)
    keeps_the_lengths(content, subject)
    assert sender_of(content) == (mime.header_text(name)[:78].strip(), "practice@alderlane.example")


@pytest.mark.parametrize("local", ["practice", "p" * 64])
@pytest.mark.parametrize("name", ["Alder Lane " * 7, "Zoë Ångström & Söhne, Praxis " * 3, "n" * 90])
def test_a_long_name_and_a_long_address_share_no_line(name: str, local: str) -> None:
    content = with_subject("Your visit", name=name, local=local)
    lines = head(content)
    assert [line for line in lines if len(line) > 100 and not line.startswith(b"List-Unsubscribe:")] == []
    assert sender_of(content) == (mime.header_text(name)[:78].strip(), f"{local}@alderlane.example")


def test_control_characters_and_encoded_words_are_taken_out() -> None:
    assert mime.header_text("a\r\n =?utf-8?q?b?= \u2028c") == "a utf-8?q?b?= c"


def test_taking_one_out_leaves_none_behind() -> None:
    assert "=?" not in mime.header_text("==?\x00?utf-8?q?x?=")
    assert "=?" not in mime.header_text("=\x00?utf-8?q?x?=")


def test_every_line_ends_in_crlf_and_none_is_too_long() -> None:
    content = written("Zoë " * 400, calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_the_calendar_file_is_an_invitation_and_an_attachment() -> None:
    ics = "BEGIN:VCALENDAR\r\nSUMMARY:Zoë\r\nEND:VCALENDAR\r\n"
    mail = parsed(written("Ada", calendar=ics.encode()))
    calendars = [piece for piece in mail.walk() if piece.get_content_type() == "text/calendar"]
    assert [piece.get_param("method") for piece in calendars] == ["REQUEST", "REQUEST"]
    assert [piece.get_filename() for piece in calendars] == [None, "appointment.ics"]
    assert {piece.get_payload(decode=True) for piece in calendars} == {ics.encode()}


def test_text_and_html_are_read_back_as_written() -> None:
    mail = parsed(written("Zoë"))
    assert part(mail, "text/plain").replace("\r\n", "\n") == "Hello Zoë\n.\nend\n"
    assert part(mail, "text/html").strip() == "<p>Hello Zoë</p>"
    assert mail.get_content_type() == "multipart/alternative"


def test_an_address_beyond_ascii_stands_in_the_header_as_it_is() -> None:
    content = written("Ada", recipient="jörg@client.example")
    assert "\r\nTo: jörg@client.example\r\n".encode() in content
