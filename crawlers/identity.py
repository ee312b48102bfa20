"""Gives reviews stable ids and authors stable pseudonyms, with a key that only this installation has."""

import hashlib
import hmac
import os
import secrets
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock

from pipeline.errors import SettingsError

KEY_VARIABLE: Final = "MOKSORI_AUTHOR_KEY"
_ID_LIMIT: Final = 512


def author_key(state_dir: Path) -> bytes:
    """The key of pseudonyms and hashed ids: $MOKSORI_AUTHOR_KEY, else state_dir/author.key, made on first use.

    With another key the same row gets another id, so all machines of an installation need the same one.
    """
    if given := os.environ.get(KEY_VARIABLE):
        return hashlib.sha256(given.encode()).digest()
    path = state_dir / "author.key"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            if not path.exists():
                fresh = path.with_suffix(".new")
                fresh.touch(mode=0o600)
                fresh.write_text(secrets.token_hex(32))
                fresh.rename(path)
            return bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: cannot be used as the key of pseudonyms: {error}. Restore it, or set {KEY_VARIABLE}"
        ) from None


def pseudonym(key: bytes, source: str, author: str) -> str:
    """The name under which an author of this source is known to moksori; not to be turned back without the key."""
    return _keyed(key, "author", source, _normal(author))[:24]


def external_review_id(source: str, external_id: str) -> str:
    """The id of a review that has an id at its source; a very long one is hashed to fit."""
    whole = f"{source}:{external_id}"
    return whole if len(whole) <= _ID_LIMIT else f"{source}:sha256-{hashlib.sha256(external_id.encode()).hexdigest()}"


def content_review_id(
    key: bytes, source: str, author: str | None, created_at: datetime | None, text: str, occurrence: int = 0
) -> str:
    """The id of a review that has none at its source: from author, time and text, whatever their spacing or form."""
    time = created_at.astimezone(UTC).isoformat() if created_at else ""
    said = _keyed(key, "review", source, _normal(author or ""), time, _normal(text), str(occurrence or ""))
    return f"{source}:h-{said[:32]}"


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _keyed(key: bytes, *parts: str) -> str:
    # Each part with its length, so that ("ab", "c") and ("a", "bc") differ.
    message = b"".join(
        len(raw).to_bytes(8, "big") + raw for raw in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    return hmac.new(key, message, hashlib.sha256).hexdigest()
