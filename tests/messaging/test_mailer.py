"""Handing over, against a real SMTP server in this process and a real folder."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Received
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clinic.messaging.mailer import (
    HANDOVER_SECONDS,
    Envelope,
    MaildirMailer,
    Refused,
    SmtpMailer,
    TryLater,
    Undelivered,
    Unreachable,
)
from clinic.messaging.services import LEASE
from tests.ports import free_port

MAIL = Envelope(
    name="0190c9d4-0000-7000-8000-000000000001",
    sender="practice@alderlane.example",
    recipient="ada@client.example",
    content=b"Subject: x\r\n\r\nHello\r\n.\r\nend\r\n",
)


class Sink:
    """A server that keeps mails and answers as it is told; counts connections."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.connections = 0
        self.answers: dict[str, str] = {}
        self.silent_at = ""
        self.slow_seconds = 0.0

    async def _answer(self, verb: str, default: str) -> str:
        if self.silent_at == verb:
            await asyncio.Event().wait()
        await asyncio.sleep(self.slow_seconds)
        return self.answers.get(verb, default)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Received, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Received, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Received, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return await self._answer("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Received) -> str:
        answer = await self._answer("DATA", "250 OK")
        if answer.startswith("drop"):
            server.transport.close()
        if answer.startswith("250"):
            self.mails.append(envelope.original_content or b"")
        return answer


@contextmanager
def serving(sink: Sink, **options: object) -> Iterator[str]:
    """The sink on a free port, as `host:port`."""
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)  # type: ignore[arg-type]  # its own
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def mailer(sink: Sink) -> Iterator[SmtpMailer]:
    with serving(sink) as place:
        made = SmtpMailer(f"smtp://{place}", timeout_seconds=0.5)
        yield made
        made.close()


def failure(mailer: SmtpMailer) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        mailer.send(MAIL)
    return caught.value


def test_mails_arrive_whole_over_one_connection(mailer: SmtpMailer, sink: Sink) -> None:
    for _ in range(5):
        mailer.send(MAIL)
    assert sink.mails == [MAIL.content] * 5
    assert sink.connections == 1


def test_a_connection_the_server_closed_is_opened_anew(mailer: SmtpMailer, sink: Sink) -> None:
    mailer.send(MAIL)
    assert mailer.connection is not None
    mailer.connection.quit()
    mailer.send(MAIL)
    assert (len(sink.mails), sink.connections) == (2, 2)


JOERG = replace(
    MAIL, recipient="jörg@client.example", content="To: jörg@client.example\r\n\r\nHallo\r\n".encode()
)


@pytest.mark.parametrize("times", [1, 2])
def test_an_address_beyond_ascii_goes_to_a_server_that_offers_it(
    mailer: SmtpMailer, sink: Sink, times: int
) -> None:
    for _ in range(times):
        mailer.send(JOERG)
        mailer.send(MAIL)
    assert sink.mails == [JOERG.content, MAIL.content] * times
    assert sink.recipients == ["jörg@client.example", "ada@client.example"] * times
    assert sink.connections == 1


def test_an_address_beyond_ascii_is_refused_where_the_server_does_not_offer_it(sink: Sink) -> None:
    with serving(sink, enable_SMTPUTF8=False) as place:
        mailer = SmtpMailer(f"smtp://{place}", timeout_seconds=0.5)
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                mailer.send(JOERG)
            assert (caught.value.code, caught.value.no_such_address) == ("needs_utf8", False)
            mailer.send(MAIL)
        mailer.close()
    assert sink.mails == [MAIL.content] * 2


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "code"),
    [
        ("RCPT", "450 4.2.0 greylisted", TryLater, "not_now"),
        ("RCPT", "421 4.7.0 closing", TryLater, "not_now"),
        ("RCPT", "550 5.1.1 no such user", Refused, "no_such_address"),
        ("RCPT", "550 5.7.1 blocked", Refused, "refused"),
        ("DATA", "451 4.3.0 try again", TryLater, "not_now"),
        ("DATA", "554 5.6.0 no", Refused, "refused"),
        ("DATA", "drop", TryLater, "line_broke"),
        ("MAIL", "421 4.3.2 not now", Unreachable, "unreachable"),
        ("MAIL", "550 5.7.1 not from you", Unreachable, "sender_refused"),
    ],
)
def test_each_answer_of_the_server_means_one_of_three_things(
    mailer: SmtpMailer, sink: Sink, verb: str, answer: str, kind: type[Undelivered], code: str
) -> None:
    sink.answers[verb] = answer
    error = failure(mailer)
    assert (type(error), error.code) == (kind, code)
    assert getattr(error, "no_such_address", False) is (code == "no_such_address")
    sink.answers.clear()
    mailer.send(MAIL)
    assert len(sink.mails) == 1


@pytest.mark.parametrize(("verb", "kind"), [("MAIL", Unreachable), ("RCPT", TryLater), ("DATA", TryLater)])
def test_a_server_that_falls_silent_is_left_after_the_timeout(
    mailer: SmtpMailer, sink: Sink, verb: str, kind: type[Undelivered]
) -> None:
    sink.silent_at = verb
    assert type(failure(mailer)) is kind


def test_a_server_that_is_slow_at_each_step_is_left_before_the_lease_on_the_message_runs_out(
    sink: Sink,
) -> None:
    sink.slow_seconds = 0.4
    with serving(sink) as place:
        slow = SmtpMailer(f"smtp://{place}", timeout_seconds=20, handover_seconds=1.0)
        assert type(failure(slow)) is TryLater
        patient = SmtpMailer(f"smtp://{place}", timeout_seconds=20, handover_seconds=60)
        patient.send(MAIL)
        patient.close()
    assert len(sink.mails) == 1


def test_one_hand_over_takes_less_than_half_of_a_lease() -> None:
    assert LEASE.total_seconds() > 2 * HANDOVER_SECONDS


def test_nobody_at_the_port_is_unreachable() -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{free_port()}", timeout_seconds=0.5)
    assert type(failure(mailer)) is Unreachable
    with pytest.raises(Unreachable):
        mailer.probe()


def test_a_server_that_speaks_no_tls_is_unreachable_for_us_who_ask_for_it(sink: Sink) -> None:
    with serving(sink) as place:
        for scheme in ("smtps", "smtp+starttls"):
            assert type(failure(SmtpMailer(f"{scheme}://{place}", timeout_seconds=0.5))) is Unreachable
    assert sink.mails == []


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for `localhost`, from an authority that this process trusts for the test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    clear = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, clear))
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_mails_travel_by_starttls_and_by_tls_from_the_start(sink: Sink, certificate: ssl.SSLContext) -> None:
    for scheme, options in (
        ("smtp+starttls", {"tls_context": certificate, "require_starttls": True}),
        ("smtps", {"ssl_context": certificate}),
    ):
        with serving(sink, **options) as place:
            mailer = SmtpMailer(f"{scheme}://localhost:{place.rpartition(':')[2]}", timeout_seconds=5)
            mailer.send(MAIL)
            mailer.send(MAIL)
            mailer.close()
    assert sink.mails == [MAIL.content] * 4


def test_a_certificate_of_another_host_is_not_accepted(sink: Sink, certificate: ssl.SSLContext) -> None:
    with serving(sink, tls_context=certificate) as place:
        error = failure(SmtpMailer(f"smtp+starttls://{place}", timeout_seconds=5))
    assert (type(error), error.code) == (Unreachable, "tls")
    assert sink.mails == []


def test_probing_finds_a_server_that_is_back(mailer: SmtpMailer, sink: Sink) -> None:
    mailer.probe()
    mailer.send(MAIL)
    assert sink.connections == 1


def test_the_password_is_given_and_a_wrong_one_is_no_fault_of_the_message(sink: Sink) -> None:
    def check(
        server: SMTP, session: Session, envelope: Received, mechanism: str, given: object
    ) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (
            b"lumbar",
            b"p@ss word",
        )
        return AuthResult(success=right, handled=right)

    with serving(sink, authenticator=check, auth_require_tls=False) as place:
        right = SmtpMailer(f"smtp://lumbar:p%40ss%20word@{place}", timeout_seconds=2)
        right.send(MAIL)
        right.close()
        error = failure(SmtpMailer(f"smtp://lumbar:wrong@{place}", timeout_seconds=2))
    assert len(sink.mails) == 1
    assert (type(error), error.code) == (Unreachable, "sign_in_refused")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://mail.example", 25),
        ("smtps://mail.example", 465),
        ("smtp+starttls://mail.example", 587),
        ("smtp://mail.example:2525", 2525),
    ],
)
def test_each_scheme_has_its_own_port(url: str, port: int) -> None:
    assert SmtpMailer(url).port == port


def test_each_delivery_into_the_folder_is_a_file_of_its_own(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "mail")
    mailer.probe()
    mailer.send(MAIL)
    mailer.send(MAIL)
    files = list((tmp_path / "mail" / "new").iterdir())
    assert [file.read_bytes() for file in files] == [MAIL.content] * 2
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []
    assert all(MAIL.name in file.name for file in files)


def test_a_folder_that_cannot_be_written_is_a_matter_for_later(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(TryLater):
        MaildirMailer(tmp_path / "mail").send(MAIL)
