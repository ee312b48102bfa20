"""Reads times as sources write them."""

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

_KOREAN: Final = re.compile(
    r"(\d{4})\s*[년./-]\s*(\d{1,2})\s*[월./-]\s*(\d{1,2})\s*[일.]?(?:\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_OFFSET: Final = re.compile(r"([+-]\d{2})(\d{2})$")
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def read_time(value: object, zone: tzinfo) -> datetime | None:
    """The moment that a value tells, in UTC; None where it tells none (None, "").

    Understands ISO 8601, 2026.3.4 and 2026년 3월 4일, RFC 822 dates, and seconds, milliseconds or microseconds since
    1970. A time without a zone is one of `zone`. Raises ValueError for anything else.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        moment: datetime | None = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(float(value))
    elif isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if re.fullmatch(r"\d{9,17}(\.\d+)?", text, re.ASCII):
            return _from_number(float(text))
        moment = _from_text(text)
    else:
        moment = None
    if moment is None:
        raise ValueError(f"{value!r:.60} is no time. Write for example: 2026-03-04T10:00:00+09:00")
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value!r:.60} lies outside of all calendars") from None


def _from_number(number: float) -> datetime:
    for scale in (1, 1_000, 1_000_000):
        if _EARLIEST <= number / scale < _LATEST:
            return datetime.fromtimestamp(number / scale, UTC)
    raise ValueError(f"{number:g} is no time since 1970 in seconds, milliseconds or microseconds")


def _from_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_OFFSET.sub(r"\1:\2", _FRACTION.sub(r"\1", text)) if len(text) > 10 else text)
    except ValueError:
        pass
    if match := _KOREAN.fullmatch(text):
        try:
            return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
