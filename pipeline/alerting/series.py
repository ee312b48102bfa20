"""Daily count series, as arrays: from the index for the brand's scopes, or from a file for a backtest."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.outages import outages
from pipeline.errors import SettingsError
from pipeline.index import Index
from pipeline.index.query import Query

Counts = NDArray[np.int64]
Outage = NDArray[np.bool_]
HISTORY_DAYS: Final = 180
"""Days of the past that a check looks at."""
_ALL: Final = Query()


@dataclass(frozen=True)
class Scope:
    """What a series is about. None: all of them together."""

    source: str | None = None
    product: str | None = None
    theme: str | None = None
    version: str | None = None
    location: str | None = None
    language: str | None = None

    @property
    def place(self) -> dict[str, str]:
        """Where its reviews lie, whatever they are about: index field → value."""
        values = {
            "source": self.source,
            "product": self.product,
            "product_version": self.version,
            "location": self.location,
            "lang": self.language,
        }
        return {field: value for field, value in values.items() if value is not None}

    @property
    def parts(self) -> list[str]:
        """Source, product and theme, and what else narrows it: its name, in parts."""
        narrow = [("version", self.version), ("location", self.location), ("language", self.language)]
        parts = [part or "*" for part in (self.source, self.product, self.theme)]
        return parts + [f"{what} {value}" for what, value in narrow if value is not None]

    def reviews(self, of: Query) -> Query:
        """The question for all its reviews but advertising, whatever they are about."""
        return of.model_copy(update={"spam": False}).where(**self.place)

    def complaints(self, of: Query) -> Query:
        """The question for its complaints."""
        about = {"negative_themes": self.theme} if self.theme else {"sentiment": "negative"}
        return self.reviews(of).where(**about)

    def others(self, of: Query) -> Query:
        """The question for its reviews that complain about nothing."""
        return self.reviews(of).where(sentiment=("neutral", "positive"))

    def holds(self, other: "Scope") -> bool:
        """Whether every review of `other` counts here too."""
        return self.theme in (None, other.theme) and self.place.items() <= other.place.items()


@dataclass(frozen=True)
class SeriesSet:
    """Many daily series over the same days, oldest first.

    total, negative: shape (series, days). total counts all reviews of the scope's source and product, negative those
    that complain about its theme (with no theme: all negative ones). outage: days on which reviews are missing, for
    their source was silent; None: no such day is known.
    """

    names: list[str]
    first_day: date
    total: Counts
    negative: Counts
    outage: Outage | None = None

    @property
    def days(self) -> int:
        return int(self.total.shape[1])

    @property
    def missing(self) -> Outage:
        """The outages, shape (series, days)."""
        return np.zeros(self.total.shape, bool) if self.outage is None else self.outage

    def day(self, number: int) -> date:
        return self.first_day + timedelta(days=number)

    def only(self, numbers: Sequence[int]) -> "SeriesSet":
        """These series alone, in this order."""
        rows = list(numbers)
        names = [self.names[row] for row in rows]
        return SeriesSet(names, self.first_day, self.total[rows], self.negative[rows], self.missing[rows])


def local_midnight(day: date, timezone: str) -> datetime:
    """The moment at which a local day begins, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def brand_series(
    index: Index, last_day: date, timezone: str, days: int = HISTORY_DAYS, of: Query = _ALL
) -> tuple[list[Scope], SeriesSet]:
    """The series of every product, source and the whole brand, for each theme and for all complaints together.

    of: only reviews that fit are counted. Advertising is left out. Narrow scopes come before wide ones: check.py
    explains the wide by the narrow.
    """
    first_day = last_day - timedelta(days=days - 1)
    query = of.model_copy(update={"spam": False}).between(
        local_midnight(first_day, timezone), local_midnight(last_day + timedelta(days=1), timezone)
    )
    zone = ZoneInfo(timezone)
    counts: dict[Scope, Counts] = {}
    reviews: dict[tuple[str | None, str | None], Counts] = {}
    parts: Counter[tuple[str, str]] = Counter()

    def add(into: Counts, start: datetime, amount: int) -> None:
        into[(start.astimezone(zone).date() - first_day).days] += amount

    for point in index.series(query, ("source", "product"), "day", timezone):
        source, product = point.keys
        if source and product:
            parts[source, product] += point.total
        for key in {(source, None), (None, product), (None, None)}:
            add(reviews.setdefault(key, np.zeros(days, np.int64)), point.start, point.total)
            add(counts.setdefault(Scope(*key), np.zeros(days, np.int64)), point.start, point.negative)
    for point in index.series(query, ("source", "product", "negative_themes"), "day", timezone):
        source, product, theme = point.keys
        if theme is None:
            continue
        for key in {(source, None), (None, product), (None, None)}:
            add(counts.setdefault(Scope(*key, theme), np.zeros(days, np.int64)), point.start, point.total)
    scopes = sorted(counts, key=_narrow_first)
    total = np.array([reviews[scope.source, scope.product] for scope in scopes]).reshape(len(scopes), days)
    negative = np.array([counts[scope] for scope in scopes]).reshape(len(scopes), days)
    missing = outages(reviews, parts)
    outage = np.array([missing[scope.source, scope.product] for scope in scopes]).reshape(len(scopes), days)
    return scopes, SeriesSet(["|".join(scope.parts) for scope in scopes], first_day, total, negative, outage)


def _narrow_first(scope: Scope) -> tuple[bool, bool, bool, str, str, str]:
    """Themes before all complaints together; products, then sources, then the brand."""
    return (
        scope.theme is None,
        scope.product is None,
        scope.source is None,
        scope.product or "",
        scope.source or "",
        scope.theme or "",
    )


def read_counts(path: Path) -> SeriesSet:
    """Series from a CSV with the columns series, date, total, negative; days that are missing are 0.

    Raises SettingsError naming file and line.
    """
    cells: dict[str, dict[date, tuple[int, int]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"series", "date", "total", "negative"} - set(reader.fieldnames or ())
            if missing:
                raise SettingsError(
                    f"{path}:1: no column {', '.join(sorted(missing))}. Expected series,date,total,negative"
                )
            for row in reader:
                day, reviews, complaints = _counts_of(row, f"{path}:{reader.line_num}")
                cells.setdefault(row["series"], {})[day] = (reviews, complaints)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    if not cells:
        raise SettingsError(f"{path}: no rows")
    first = min(min(days) for days in cells.values())
    last = max(max(days) for days in cells.values())
    shape = (len(cells), (last - first).days + 1)
    total, negative = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for number, by_day in enumerate(cells.values()):
        for day, counted in by_day.items():
            total[number, (day - first).days], negative[number, (day - first).days] = counted
    return SeriesSet(list(cells), first, total, negative)


def _counts_of(row: dict[str, str], where: str) -> tuple[date, int, int]:
    try:
        day, total, negative = date.fromisoformat(row["date"]), int(row["total"]), int(row["negative"])
    except (ValueError, TypeError):
        raise SettingsError(
            f"{where}: expected an ISO date and two whole numbers, found {list(row.values())}"
        ) from None
    if not 0 <= negative <= total:
        raise SettingsError(f"{where}: negative is {negative}, expected 0 to total ({total})")
    return day, total, negative


def subtract(counts: Counts, parts: Sequence[Counts]) -> Counts:
    """Counts without those of the parts, never below 0."""
    for part in parts:
        counts = counts - part
    return np.maximum(counts, 0)
