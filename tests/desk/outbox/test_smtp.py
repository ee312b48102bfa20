"""Mails over SMTP, against a real server that answers as it is told."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from desk.alerts.digest import write_digests
from desk.alerts.life import apply
from desk.outbox.deliver import Delivered, deliver_due
from desk.outbox.models import OutboxMessage
from desk.outbox.transports import open_transport
from pipeline.errors import SettingsError
from pipeline.settings import Settings
from tests.desk.conftest import NOW, detection


class Mailbox:
    """Keeps what it accepts; answers RCPT and DATA with these lines, or drops the connection."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK", drop: bool = False) -> None:
        self.rcpt, self.data, self.drop = rcpt, data, drop
        self.received: list[bytes] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drop:
            assert server.transport is not None
            server.transport.abort()
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return self.data


Serve = Callable[..., Mailbox]


@pytest.fixture
def serve(change_settings: Callable[..., Settings]) -> Iterator[Serve]:
    """Start a mail server on a free port and point the settings at it."""
    controllers: list[Controller] = []

    def start(mailbox: Mailbox, scheme: str = "smtp", user: str = "", **options: Any) -> Mailbox:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, server_hostname="localhost", **options)
        controller.start()
        controllers.append(controller)
        change_settings(MAIL__URL=f"{scheme}://{user}localhost:{port}")
        return mailbox

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture
def waiting(database: str) -> OutboxMessage:
    """One mail about an alert."""
    apply([detection()], [], NOW)
    return OutboxMessage.objects.get()


def test_the_mail_arrives_whole(waiting: OutboxMessage, serve: Serve) -> None:
    mailbox = serve(Mailbox())
    assert deliver_due(NOW) == Delivered(sent=1)
    [received] = mailbox.received
    message = message_from_bytes(received)
    assert message["Message-ID"] == f"<{waiting.dedupe_key}@localhost>"
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


def test_mails_about_an_alert_hang_together_and_offer_to_end(database: str, serve: Serve, change_settings) -> None:
    mailbox = serve(Mailbox())
    change_settings(CONSOLE__URL="https://desk.example")
    for severity in (1, 2, 3):
        apply([detection(severity=severity)], [], NOW)
    apply([detection("another")], [], NOW)
    deliver_due(NOW)
    first, worse, worst, other = (message_from_bytes(received) for received in mailbox.received)
    assert first["In-Reply-To"] is None
    assert other["In-Reply-To"] is None
    for later in (worse, worst):
        assert later["In-Reply-To"] == later["References"] == first["Message-ID"]
    assert len({each["Message-ID"] for each in (first, worse, worst, other)}) == 4
    assert first["List-Unsubscribe"].startswith("<https://desk.example/mails/off/")
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_report_arrives_with_its_picture_and_an_id_of_its_week(
    database: str, serve: Serve, change_settings, tmp_path: Path
) -> None:
    mailbox = serve(Mailbox())
    (tmp_path / "alerts.yaml").write_text("recipients:\n  - {address: ann@example.com, language: en, report: weekly}\n")
    change_settings(CONFIG_DIR=str(tmp_path))
    write_digests(NOW)  # a Friday
    assert deliver_due(NOW).sent == 1
    [received] = mailbox.received
    message = message_from_bytes(received)
    assert message["Message-ID"].startswith("<digest-report-2026-11-16-")
    assert message["In-Reply-To"] is None
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


@pytest.mark.parametrize(
    ("mailbox", "state"),
    [
        (Mailbox(rcpt="450 busy"), "waiting"),
        (Mailbox(data="451 later"), "waiting"),
        (Mailbox(drop=True), "waiting"),
        (Mailbox(rcpt="550 no such user"), "refused"),
        (Mailbox(data="554 spam"), "refused"),
    ],
    ids=["4xx recipient", "4xx data", "dropped", "5xx recipient", "5xx data"],
)
def test_the_answer_decides_between_later_and_never(
    waiting: OutboxMessage, serve: Serve, mailbox: Mailbox, state: str
) -> None:
    serve(mailbox)
    assert deliver_due(NOW).failed == 1
    waiting.refresh_from_db()
    assert waiting.state == state
    assert waiting.error.startswith("mail server localhost:")


def test_one_connection_carries_several_mails_and_a_bad_one_does_not_stop_the_rest(database: str, serve: Serve) -> None:
    mailbox = serve(Mailbox())
    apply([detection(f"k{number}") for number in range(3)], [], NOW)
    bad = OutboxMessage.objects.order_by("pk")[1]
    OutboxMessage.objects.filter(pk=bad.pk).update(recipient="nobody")
    assert deliver_due(NOW) == Delivered(sent=2, failed=1)
    assert len(mailbox.received) == 2


def test_a_server_that_is_not_there_means_later(waiting: OutboxMessage, change_settings) -> None:
    change_settings(MAIL__URL="smtp://127.0.0.1:1")
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def _login(expected: str) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == expected.encode()
        return AuthResult(success=good, handled=good)

    return check


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_tls_and_login(
    waiting: OutboxMessage, serve: Serve, certificate: Path, change_settings, monkeypatch, scheme: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    change_settings(MAIL__PASSWORD="good")
    tls = {"tls_context": _tls(certificate)} if scheme == "smtp+starttls" else {"ssl_context": _tls(certificate)}
    if scheme == "smtp+starttls":
        tls["require_starttls"] = True  # type: ignore[assignment]
    else:
        tls["auth_require_tls"] = False  # type: ignore[assignment]
    mailbox = serve(Mailbox(), scheme, "desk@", authenticator=_login("good"), auth_required=True, **tls)
    assert deliver_due(NOW) == Delivered(sent=1)
    assert len(mailbox.received) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_keeps_the_mail_and_says_what_to_check(
    waiting: OutboxMessage, serve: Serve, change_settings
) -> None:
    change_settings(MAIL__PASSWORD="wrong")
    serve(Mailbox(), "smtp", "desk@", authenticator=_login("good"), auth_required=True, auth_require_tls=False)
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)
    waiting.refresh_from_db()
    assert "Check mail: url and password" in waiting.error


def test_a_certificate_that_nobody_signed_is_not_trusted(
    waiting: OutboxMessage, serve: Serve, certificate: Path
) -> None:
    mailbox = serve(Mailbox(), "smtps", ssl_context=_tls(certificate))
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)
    assert mailbox.received == []


@pytest.mark.parametrize("url", ["ftp://host", "smtp://", "mail.example.com"])
def test_another_url_is_refused_with_examples(change_settings, url: str) -> None:
    with pytest.raises(SettingsError, match="smtp\\+starttls://"):
        open_transport(change_settings(MAIL__URL=url))
