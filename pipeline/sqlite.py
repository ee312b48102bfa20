"""Opens the SQLite files of the embedded backends, and turns SQLite's errors into ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import SettingsError, StorageFull, Unavailable

_BUSY_S = 30.0


def connect(path: str | Path, schema: str) -> sqlite3.Connection:
    """A connection in WAL mode, in autocommit (transactions are written out), with the schema made where missing.

    The folder is made too. Raises SettingsError when the place cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        with translated(path):
            db.execute("PRAGMA journal_mode=WAL")
            # FULL: what is acknowledged survives a power cut, not only a crash of ours.
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(schema)
    except OSError as error:
        raise SettingsError(_unwritable(path, error)) from None
    return db


@contextmanager
def translated(path: str | Path) -> Iterator[None]:
    """Within it, SQLite's errors about locks, full disks and permissions become our own."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Unavailable(f"{path}: busy with another process") from error
        if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
            raise StorageFull(
                f"{path}: no space left, or the disk fails ({error}). Nothing is lost; free space and start again"
            ) from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
            raise SettingsError(
                f"{path}: cannot be written ({error}). Mend its permissions, or set state_dir"
            ) from error
        raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            raise SettingsError(f"{path}: no healthy SQLite file ({error}). Move it away, or restore a copy") from error
        raise


def _unwritable(path: str | Path, error: Exception) -> str:
    return f"{path}: cannot be written ({error}). Mend its permissions, or set state_dir to another folder"


@contextmanager
def transaction(db: sqlite3.Connection, path: str | Path) -> Iterator[None]:
    """One write transaction: all of it or nothing. It takes the write lock at its start, so it cannot fail half-way."""
    with translated(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
