"""Counts the reviews that two scopes have in common: a source and a product, two themes."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.alerting.series import Counts, Scope, local_midnight
from pipeline.index import Index
from pipeline.index.query import FIELDS, Field, Query

_Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Together:
    """Asks the index once for each scope and way to cut it, however many scopes lie along that way."""

    index: Index
    of: Query
    last_day: date
    days: int
    timezone: str
    _known: dict[tuple[str, tuple[str, ...]], dict[_Key, Counts]] = field(default_factory=dict)

    def complaints(self, scope: Scope, other: Scope) -> Counts:
        """Complaints of both, shape (days,). They are about the same, or one is about anything."""
        query = scope.complaints(self.of)
        return self._cut(query if other.theme else query.where(sentiment="negative"), scope, other)

    def others(self, scope: Scope, other: Scope) -> Counts:
        """Reviews that lie in both and complain about nothing, shape (days,)."""
        return self._cut(scope.others(self.of), scope, other)

    def about_both(self, scope: Scope, theme: str, days: int) -> int:
        """Reviews of the last days that complain about the scope's theme and about the other."""
        since = local_midnight(self.last_day - timedelta(days=days - 1), self.timezone)
        query = scope.complaints(self.of).between(since, self._end)
        points = self.index.series(query, ("negative_themes",), "day", self.timezone)
        return sum(point.total for point in points if point.keys == (theme,))

    @property
    def _end(self) -> datetime:
        return local_midnight(self.last_day + timedelta(days=1), self.timezone)

    def _cut(self, query: Query, scope: Scope, other: Scope) -> Counts:
        nothing = np.zeros(self.days, np.int64)
        if any(scope.place.get(name, value) != value for name, value in other.place.items()):
            return nothing
        ways = tuple(name for name in FIELDS if name in other.place and name not in scope.place)
        return self._by(query, ways).get(tuple(other.place[name] for name in ways), nothing)

    def _by(self, query: Query, ways: tuple[Field, ...]) -> dict[_Key, Counts]:
        if (query_key := (query.model_dump_json(), ways)) not in self._known:
            first = self.last_day - timedelta(days=self.days - 1)
            counts: dict[_Key, Counts] = {}
            asked = query.between(local_midnight(first, self.timezone), self._end)
            for point in self.index.series(asked, ways, "day", self.timezone):
                day = (point.start.astimezone(ZoneInfo(self.timezone)).date() - first).days
                counts.setdefault(point.keys, np.zeros(self.days, np.int64))[day] += point.total
            self._known[query_key] = counts
        return self._known[query_key]
