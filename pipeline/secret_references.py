"""Secrets by reference, env:NAME or file:PATH, so that no file of settings holds one."""

import os
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator

from pipeline.errors import SettingsError

REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*")


def _reference(value: str) -> str:
    if not REFERENCE.fullmatch(value):
        raise ValueError("is no reference to a secret. Write for example: env:MY_SECRET, or file:/run/secrets/my")
    return value


SecretReference = Annotated[str, AfterValidator(_reference)]


def read_secret(reference: str) -> str:
    """The secret behind env:NAME or file:PATH. Raises SettingsError naming the reference, never the value."""
    scheme, _, where = reference.partition(":")
    if scheme == "env":
        if not (value := os.environ.get(where, "")):
            raise SettingsError(f"{reference}: this variable is not set or empty. Set it where moksori runs")
        return value
    try:
        value = Path(where).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{reference}: cannot be read: {reason}") from None
    if not value:
        raise SettingsError(f"{reference}: this file is empty. Write the secret into it")
    return value
