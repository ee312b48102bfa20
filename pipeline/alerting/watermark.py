"""Says up to when the reviews of each source are in: before that there is no verdict on what is missing.

A source is in up to a moment when a later review of it has come, or when its usual delay since then is over. The usual
delay is the time from a review's writing to its collection that nine of ten reviews keep.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.alerting.series import Scope, local_midnight
from pipeline.index import Index
from pipeline.index.query import Query

_RECENT: Final = timedelta(days=28)
_SETTLED: Final = timedelta(days=2)
"""Age from which on even late reviews have come, so that the delay is not measured on the quick ones."""
_MOST_DELAY: Final = timedelta(hours=20)
"""What came later was brought in at once, or has changed since: it tells nothing of how often the source is read."""
_LEAST_REVIEWS: Final = 20
_MOST_READ: Final = 200
_MOST_SOURCES: Final = 1000
_KEPT: Final = 0.9


@dataclass(frozen=True)
class Watermark:
    """Up to when each source is in, as of `now`; one that is not named is in up to now."""

    now: datetime
    reported: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, sources: Collection[str]) -> datetime:
        """Up to when all of these are in."""
        return min((self.reported.get(source, self.now) for source in sources), default=self.now)

    def late_days(self, sources: Collection[str], timezone: str) -> int:
        """How many of the days before today are not wholly in from all these."""
        zone = ZoneInfo(timezone)
        return (_day(self.now, zone) - _day(self.of(sources), zone)).days

    def late(self, timezone: str) -> list[str]:
        """Sources whose yesterday is not wholly in."""
        return sorted(source for source in self.reported if self.late_days([source], timezone))

    def hours(self, today: date, timezone: str, sources: Collection[str]) -> int:
        """How many hours of today are over and in from all these sources."""
        reported = self.of(sources).astimezone(ZoneInfo(timezone))
        if reported.date() != today:
            return 24 if reported.date() > today else 0
        return reported.hour


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def sources_of(index: Index, scope: Scope, of: Query, day: date, timezone: str) -> list[str]:
    """The sources that brought a scope's reviews in the weeks before this day and on it. of: the reviews that count."""
    if scope.source is not None:
        return [scope.source]
    begin, end = (local_midnight(each, timezone) for each in (day - _RECENT, day + timedelta(days=1)))
    return [each.value for each in index.terms(scope.reviews(of).between(begin, end), "source", _MOST_SOURCES)]


def watermark(index: Index, now: datetime) -> Watermark:
    """Of all sources that brought reviews in the last weeks. Raises Unavailable."""
    recent = Query().between(now - _RECENT, now)
    sources = [each.value for each in index.terms(recent, "source", _MOST_SOURCES)]
    return Watermark(now, {source: _reported(index, recent.where(source=source), now) for source in sources})


def _reported(index: Index, of: Query, now: datetime) -> datetime:
    settled = index.search(of.between(of.since, now - _SETTLED), "newest", _MOST_READ).documents
    delays = sorted(each.collected_at - each.created_at for each in settled)
    usual = [max(delay, timedelta()) for delay in delays if delay <= _MOST_DELAY]
    if len(usual) < max(_LEAST_REVIEWS, len(delays) // 2):
        return now
    newest = index.search(of, "newest", 1).documents
    return max(now - usual[int(_KEPT * len(usual))], *(each.created_at for each in newest))
