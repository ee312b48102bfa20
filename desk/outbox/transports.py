"""Ways that a mail leaves: files in a folder, or SMTP. They raise Refused (for ever) or Unavailable (for now)."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from pipeline.errors import MoksoriError, SettingsError, Unavailable
from pipeline.settings import Settings

TIMEOUT_S: Final = 30
"""Of each step of an SMTP talk: far below the time after which another worker takes over a mail."""


class Refused(MoksoriError):
    """The other side will never take this mail."""


class Transport(Protocol):
    """Hands one mail over. On return it is delivered as far as we can tell."""

    def send(self, key: str, message: EmailMessage) -> None:
        """Send. The same key again may deliver the same mail again, never another one."""

    def close(self) -> None:
        """Free the connection."""


def open_transport(settings: Settings) -> Transport:
    """The transport behind mail.url. Raises SettingsError for another URL."""
    url = settings.mail.url
    if url == "file":
        return FileTransport(settings.state_dir / "mail")
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname:
        raise SettingsError(
            f"mail: url: {url!r} is no mail server. Write file, smtp://host:25, smtps://user@host:465 "
            "or smtp+starttls://user@host:587"
        )
    user = unquote(parts.username or "")
    password = settings.mail.password.get_secret_value() if settings.mail.password else unquote(parts.password or "")
    return SmtpTransport(parts.scheme, parts.hostname, parts.port, user, password)


class FileTransport:
    """One file a mail, named by its key: sent twice, it is still one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, key: str, message: EmailMessage) -> None:
        """Write the file whole or not at all."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{key}.{os.getpid()}"
            with draft.open("wb") as opened:
                opened.write(message.as_bytes())
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(self._folder / f"{key}.eml")
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Unavailable(f"{self._folder}: cannot write the mail: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to free."""


class SmtpTransport:
    """A mail server. The connection is kept for the next mail and made anew after any trouble."""

    def __init__(self, scheme: str, host: str, port: int | None, user: str, password: str) -> None:
        self._scheme, self._host, self._user, self._password = scheme, host, user, password
        self._port = port or {"smtp": 25, "smtps": 465, "smtp+starttls": 587}[scheme]
        self._server: smtplib.SMTP | None = None

    def send(self, key: str, message: EmailMessage) -> None:
        """Send. 5xx about this mail: Refused. All else, a login that fails too: Unavailable, a person may mend it."""
        with self._trouble():
            server = self._server or self._connect()
            self._server = server
            server.send_message(message)

    def close(self) -> None:
        """Say good-bye."""
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()
            self._server = None

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self._scheme == "smtps":
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            if self._scheme == "smtp+starttls":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        where = f"mail server {self._host}:{self._port}"
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise Unavailable(f"{where}: login refused ({_said(error)}). Check mail: url and password") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self.close()
            raise _by_code(code, f"{where}: recipient refused ({code} {_text(text)})") from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            self.close()
            raise _by_code(error.smtp_code, f"{where}: mail refused ({_said(error)})") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unavailable(f"{where}: {error}") from error


def _by_code(code: int, line: str) -> MoksoriError:
    return Refused(line) if 500 <= code < 600 else Unavailable(line)


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
