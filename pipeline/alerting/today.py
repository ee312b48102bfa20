"""Looks at the hours of today: series whose complaints pile up, though the day as a whole does not show it yet."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.alerting.detect import Finding, count_interval, usual_days
from pipeline.alerting.profile import PROFILE_DAYS, profile
from pipeline.alerting.sensitivity import daily_alpha
from pipeline.alerting.series import Counts, Scope, SeriesSet, local_midnight
from pipeline.alerting.usual import Floats
from pipeline.alerting.watermark import Watermark, sources_of
from pipeline.alerting.within_day import HOURS, LEAST_COMPLAINTS, evidence
from pipeline.index import Index
from pipeline.index.query import FIELDS, Field, Query


@dataclass(frozen=True)
class Today:
    """The last day of series, which is not over. of: the reviews that count. Only hours are judged that are over and
    that all sources of a series have reported."""

    index: Index
    of: Query
    day: date
    timezone: str
    reported: Watermark

    def found(self, scopes: Sequence[Scope], series: SeriesSet, certain: Floats) -> list[Finding]:
        """The series in alarm. certain: as of the daily detector, shape (series,). Raises Unavailable."""
        rows = [int(row) for row in np.flatnonzero(series.negative[:, -1] >= LEAST_COMPLAINTS)]
        if not rows:
            return []
        some = [scopes[row] for row in rows]
        total, negative = self._hours(some)
        parts = self._profiles(some)
        usual = usual_days(series.total[rows], series.negative[rows], series.missing[rows]).only(-1)
        speaks = evidence(total, negative, parts, usual)
        asked = np.array([1 / daily_alpha(each) for each in certain[rows]])
        found = []
        for number in np.flatnonzero(speaks[:, -1] >= asked):
            over = self._over(some[number])
            if over == 0 or speaks[number, over - 1] < asked[number]:
                continue
            complaints, reviews = (int(counts[number, :over].sum()) for counts in (negative, total))
            by_volume = usual.complaints[number] * parts[number, :over].sum()
            expected = np.maximum(by_volume, usual.share[number] * reviews)
            low, high = count_interval(expected, expected + usual.scatter[number] * expected**2)
            found.append(
                Finding(
                    series=rows[number],
                    window=1,
                    observed=complaints,
                    expected=float(expected[0]),
                    low=float(low[0]),
                    high=float(high[0]),
                    total=reviews,
                    p_value=min(1.0, 1 / float(speaks[number, over - 1])),
                )
            )
        return found

    def _over(self, scope: Scope) -> int:
        """How many hours are over and in from all sources that the scope had lately."""
        sources = sources_of(self.index, scope, self.of, self.day, self.timezone)
        return self.reported.hours(self.day, self.timezone, sources)

    def _hours(self, scopes: Sequence[Scope]) -> tuple[Counts, Counts]:
        """Reviews and complaints of each hour of the day, shape (scopes, 24).

        Asks the index once for each way to cut its reviews, however many scopes lie along it.
        """
        query = self.of.model_copy(update={"spam": False}).between(self._begin(0), self._begin(-1))
        counts: dict[tuple[tuple[Field, ...], tuple[str | None, ...]], Counts] = defaultdict(
            lambda: np.zeros((2, HOURS), np.int64)
        )
        for way in sorted({_way(scope) for scope in scopes}):
            for by in (way, (*way, "negative_themes")):
                for point in self.index.series(query, by, "hour", self.timezone):
                    counts[by, point.keys][:, self._hour(point.start)] += point.total, point.negative
        total, negative = [], []
        for scope in scopes:
            way = _way(scope)
            keys = tuple(scope.place[name] for name in way)
            reviews, complaints = counts[way, keys]
            if scope.theme is not None:
                complaints = counts[(*way, "negative_themes"), (*keys, scope.theme)][0]
            total.append(reviews)
            negative.append(complaints)
        return np.array(total), np.array(negative)

    def _profiles(self, scopes: Sequence[Scope]) -> Floats:
        """Part of a day's reviews that each hour brings, shape (scopes, 24): of the scope's source, else of all."""
        query = self.of.model_copy(update={"spam": False}).between(self._begin(PROFILE_DAYS), self._begin(0))
        of_source: dict[str | None, Counts] = defaultdict(lambda: np.zeros(HOURS, np.int64))
        brand = np.zeros(HOURS, np.int64)
        for point in self.index.series(query, ("source",), "hour", self.timezone):
            hour = self._hour(point.start)
            of_source[point.keys[0]][hour] += point.total
            brand[hour] += point.total
        own = [of_source[scope.source] if scope.source is not None else brand for scope in scopes]
        return profile(np.array(own), brand)

    def _begin(self, days_ago: int) -> datetime:
        return local_midnight(self.day - timedelta(days=days_ago), self.timezone)

    def _hour(self, start: datetime) -> int:
        return start.astimezone(ZoneInfo(self.timezone)).hour


def _way(scope: Scope) -> tuple[Field, ...]:
    return tuple(name for name in FIELDS if name in scope.place)
