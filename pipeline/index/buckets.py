"""Local days and hours as UTC moments: where a bucket of a series begins."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=6)


def offset_changes(timezone: str, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """The UTC offsets (seconds) of a zone between two moments: [(from when, offset), …], the first one from `since` on.

    Transitions are found to the second by bisection between samples six hours apart; no zone shifts twice in less.
    """
    zone = ZoneInfo(timezone)

    def offset(moment: datetime) -> int:
        shift = moment.astimezone(zone).utcoffset()
        return int(shift.total_seconds()) if shift else 0

    changes = [(since, offset(since))]
    moment = since
    while moment < until:
        following = min(moment + _STEP, until)
        if offset(following) != changes[-1][1]:
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if offset(middle) == changes[-1][1] else (low, middle)
            changes.append((high.replace(microsecond=0), offset(high)))
        moment = following
    return changes


def start_of_local(millis: int) -> datetime:
    """The moment of these milliseconds since 1970, in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC)
