"""The desk's database: Django's settings for a URL, and what an outage looks like to the rest of moksori."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from pydantic import SecretStr

from pipeline.errors import MoksoriError, SettingsError, Unavailable


def django_database(url: str, password: SecretStr | None = None) -> dict[str, Any]:
    """Django's settings for sqlite:///path or postgresql://[user[:password]@]host[:port]/name[?option=value].

    Raises SettingsError for any other URL.
    """
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path.absolute()),
            # IMMEDIATE: a transaction takes the write lock when it begins and waits for it, instead of failing
            # in the middle. FULL: a commit that was reported survives a power cut.
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    parts = urlsplit(url)
    if parts.scheme in {"postgresql", "postgres"} and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": password.get_secret_value() if password else unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
        }
    raise SettingsError("database: this is no database. Write sqlite:///var/desk.db or postgresql://user@host/name")


@contextmanager
def outage_is_unavailable() -> Iterator[None]:
    """Turns an outage of the database within the block into Unavailable, and lets the next call connect anew."""
    connection.close_if_unusable_or_obsolete()
    try:
        yield
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        if not connection.in_atomic_block:
            connection.close()
        raise translated(error) from error


def translated(error: Exception) -> MoksoriError:
    """What a database error means to a user: tables are missing, or the server is down or busy."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "no such table" in line or "no such column" in line or isinstance(error, ProgrammingError):
        return MoksoriError(f"the desk's tables are missing or old ({line}). Run `moksori desk migrate`")
    return Unavailable(f"the desk's database does not answer: {line}")
