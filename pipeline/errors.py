"""Errors, sorted by who must act.

MoksoriError
├── SettingsError   the operator mends a file or a variable   → one line on stderr, exit code 2
├── StorageFull     the disk is full                          → a clear stop; nothing was lost
├── Unavailable     the other side is down or busy            → retried with back-off, for ever
└── BadRecord       this record will never work               → dead letter
    └── TooLarge    a message over the stream's limit
"""


class MoksoriError(Exception):
    """Something a user can read in one line: what is wrong, where, and what to do."""


class SettingsError(MoksoriError):
    """A file or variable that the operator must mend."""


class StorageFull(MoksoriError):
    """No space left where we write. Waiting does not help: the process stops, and goes on when started again."""


class Unavailable(MoksoriError):
    """A server that is down, busy or unreachable; the same call may work later.

    retry_after_s: seconds the other side asked to wait, where it said so.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BadRecord(MoksoriError):
    """A record that will never be parsed, tagged or indexed, however often it is tried."""


class TooLarge(BadRecord):
    """A message over the stream's limit (1 MiB)."""
