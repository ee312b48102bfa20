"""The key that signs sessions: given by the operator, else made once and kept in the state folder."""

import os
import secrets

from pipeline.errors import SettingsError
from pipeline.settings import Settings


def secret_key(settings: Settings) -> str:
    """The key of this installation. Raises SettingsError if none is given and none can be kept."""
    if settings.console.secret_key:
        return settings.console.secret_key.get_secret_value()
    file = settings.state_dir / "secret.key"
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        # Written aside and linked: two processes that start together agree on one whole key.
        draft = file.with_name(f"secret.key.{os.getpid()}.{secrets.token_hex(4)}")
        if not file.exists():
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(secrets.token_urlsafe(64))
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot keep the key that signs sessions: {error.strerror}. "
            "Make state_dir writable, or set MOKSORI_CONSOLE__SECRET_KEY"
        ) from None
