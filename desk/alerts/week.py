"""The figures of a report: a brand's week beside the week before, from the index and the desk."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from desk.cases.models import Case
from desk.database import outage_is_unavailable
from pipeline.alerting.series import local_midnight
from pipeline.index import Index, SeriesPoint, TermCount
from pipeline.index.query import Field, Query
from pipeline.models import clean

DAYS: Final = 7
_LEAST: Final = 5
"""Complaints of what may be said to have grown."""
_BEYOND_CHANCE: Final = 2.0
"""Standard deviations of a difference of two counts."""
_SENTIMENTS: Final = ("positive", "neutral", "negative")
_MOST: Final = 8
"""Lines of a table."""


@dataclass(frozen=True)
class Pair:
    """A count of this week and of the week before."""

    now: int = 0
    before: int = 0


@dataclass(frozen=True)
class Line:
    """A theme or source: its complaints, and of a source its reviews."""

    name: str
    complaints: Pair
    reviews: Pair = Pair()


@dataclass(frozen=True)
class Riser:
    """Complaints about a theme of a product that grew beyond chance."""

    product: str
    theme: str
    complaints: Pair


@dataclass(frozen=True)
class Answers:
    """How many were answered or closed, and in how many hours half of them (None: none was)."""

    count: Pair
    hours: float | None
    hours_before: float | None


@dataclass(frozen=True)
class Week:
    """since, until: days, inclusive. days: [day, reviews, complaints] of both weeks, oldest first."""

    since: date
    until: date
    days: list[list[Any]]
    reviews: Pair
    complaints: Pair
    sentiments: dict[str, Pair]
    themes: list[Line]
    sources: list[Line]
    risers: list[Riser]
    replies: Answers
    cases: Answers


def week(index: Index, end: date, timezone: str) -> Week:
    """The seven days before `end`, days of the brand's time zone. Advertising is left out. Raises Unavailable."""
    index.refresh()
    edges = [local_midnight(end - timedelta(days=back), timezone) for back in (2 * DAYS, DAYS, 0)]
    both = Query(spam=False).between(edges[0], edges[2])
    before, now = both.between(edges[0], edges[1]), both.between(edges[1], edges[2])
    days = _days(index.series(both, (), "day", timezone), end, timezone)
    sentiments = _paired(index, now, before, "sentiment")
    return Week(
        since=end - timedelta(days=DAYS),
        until=end - timedelta(days=1),
        days=days,
        reviews=_sums(days, 1),
        complaints=_sums(days, 2),
        sentiments={name: sentiments[name][0] if name in sentiments else Pair() for name in _SENTIMENTS},
        themes=[
            Line(one_line(name), all_) for name, (all_, _) in _paired(index, now, before, "negative_themes").items()
        ][:_MOST],
        sources=[Line(name, bad, all_) for name, (all_, bad) in _paired(index, now, before, "source").items()][:_MOST],
        risers=_risers(index.series(both, ("product", "negative_themes"), "day", timezone), edges[1]),
        replies=_replies(index, now, before),
        cases=_cases(edges),
    )


def _days(points: Iterable[SeriesPoint], end: date, timezone: str) -> list[list[Any]]:
    counted = {point.start.astimezone(ZoneInfo(timezone)).date(): [point.total, point.negative] for point in points}
    dates = [end - timedelta(days=back) for back in range(2 * DAYS, 0, -1)]
    return [[day.isoformat(), *counted.get(day, [0, 0])] for day in dates]


def _sums(days: list[list[Any]], column: int) -> Pair:
    return Pair(sum(day[column] for day in days[DAYS:]), sum(day[column] for day in days[:DAYS]))


def _paired(index: Index, now: Query, before: Query, field: Field) -> dict[str, tuple[Pair, Pair]]:
    """By value: all reviews and negative ones, the most frequent first."""
    empty = TermCount("", 0, 0)
    counts = {each.value: each for each in index.terms(now, field, 100)}
    past = {each.value: each for each in index.terms(before, field, 100)}
    pairs = {}
    for value in {**counts, **past}:
        one, other = counts.get(value, empty), past.get(value, empty)
        pairs[value] = (Pair(one.total, other.total), Pair(one.negative, other.negative))
    return dict(sorted(pairs.items(), key=lambda each: (-each[1][0].now, -each[1][0].before, each[0])))


def _risers(points: Iterable[SeriesPoint], middle: datetime) -> list[Riser]:
    now: Counter[tuple[str, str]] = Counter()
    before: Counter[tuple[str, str]] = Counter()
    for point in points:
        product, theme = point.keys
        if theme is not None:
            (now if point.start >= middle else before)[product or "", theme] += point.total
    grown = {key: (count - before[key]) / sqrt(count + before[key]) for key, count in now.items() if count >= _LEAST}
    most = sorted((key for key, by in grown.items() if by >= _BEYOND_CHANCE), key=lambda key: (-grown[key], key))
    return [
        Riser(one_line(product), one_line(theme), Pair(now[product, theme], before[product, theme]))
        for product, theme in most[:_MOST]
    ]


def one_line(text: str) -> str:
    """Words of strangers, so that they cannot pass for lines of our own."""
    return " ".join(clean(text).split())


def _replies(index: Index, now: Query, before: Query) -> Answers:
    hours = [
        [
            document.response_hours
            for document in index.export(query.model_copy(update={"answered": True}))
            if document.response_hours is not None
        ]
        for query in (now, before)
    ]
    return _answers(*hours)


def _cases(edges: list[datetime]) -> Answers:
    with outage_is_unavailable():
        closed = [
            list(Case.objects.filter(closed_at__gte=since, closed_at__lt=until).values_list("opened_at", "closed_at"))
            for since, until in ((edges[1], edges[2]), (edges[0], edges[1]))
        ]
    return _answers(*([(end - start) / timedelta(hours=1) for start, end in each if end] for each in closed))


def _answers(now: list[float], before: list[float]) -> Answers:
    return Answers(Pair(len(now), len(before)), median(now) if now else None, median(before) if before else None)
