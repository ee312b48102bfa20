"""Makes the series beside products and sources: of each version of a product, each place, each language of reviews."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.alerting.series import Counts, Scope, SeriesSet, local_midnight
from pipeline.index import Index
from pipeline.index.query import Field, Query

LEAST_COMPLAINTS: Final = 5
"""Below this a series can raise no alarm, see detect.py: it is not looked at."""
_MOST_VALUES: Final = 500
"""Of a field, those with the most reviews."""
_WAYS: Final[tuple[tuple[Field, ...], ...]] = (("product", "product_version"), ("location",), ("lang",))


def narrow_series(index: Index, last_day: date, timezone: str, days: int, of: Query) -> tuple[list[Scope], SeriesSet]:
    """The series that have enough complaints, for each theme and for all complaints together. Raises Unavailable.

    A value that all reviews of the brand (a version: of its product) have makes no series: it would be the same one.
    """
    first_day = last_day - timedelta(days=days - 1)
    query = of.model_copy(update={"spam": False}).between(
        local_midnight(first_day, timezone), local_midnight(last_day + timedelta(days=1), timezone)
    )
    rows: list[tuple[Scope, Counts, Counts]] = []
    for way in _WAYS:
        rows += _along(index, query, way, first_day, days, timezone)
    scopes = [scope for scope, _, _ in rows]
    total = np.array([reviews for _, reviews, _ in rows], np.int64).reshape(len(rows), days)
    negative = np.array([complaints for _, _, complaints in rows], np.int64).reshape(len(rows), days)
    return scopes, SeriesSet(["|".join(scope.parts) for scope in scopes], first_day, total, negative)


def _along(
    index: Index, query: Query, way: Sequence[Field], first_day: date, days: int, timezone: str
) -> Iterator[tuple[Scope, Counts, Counts]]:
    field, zone = way[-1], ZoneInfo(timezone)
    values = [each.value for each in index.terms(query, field, _MOST_VALUES) if each.negative >= LEAST_COMPLAINTS]
    if not values:
        return
    asked = query.where(**{field: tuple(values)})
    reviews: dict[tuple[str | None, ...], Counts] = {}
    complaints: dict[tuple[tuple[str | None, ...], str | None], Counts] = {}
    for point in index.series(asked, way, "day", timezone):
        day = (point.start.astimezone(zone).date() - first_day).days
        reviews.setdefault(point.keys, np.zeros(days, np.int64))[day] += point.total
        complaints.setdefault((point.keys, None), np.zeros(days, np.int64))[day] += point.negative
    for point in index.series(asked, (*way, "negative_themes"), "day", timezone):
        *keys, theme = point.keys
        if theme is not None:
            day = (point.start.astimezone(zone).date() - first_day).days
            complaints.setdefault((tuple(keys), theme), np.zeros(days, np.int64))[day] += point.total
    wide = _wide(index, query, way)
    for (key, theme), counts in complaints.items():
        if all(key) and counts.sum() >= LEAST_COMPLAINTS and reviews[key].sum() < wide.get(key[:-1], np.inf):
            yield _scope(way, key, theme), reviews[key], counts


def _wide(index: Index, query: Query, way: Sequence[Field]) -> dict[tuple[str | None, ...], int]:
    """How many reviews the series above have: of each product, or of the brand."""
    if len(way) == 1:
        return {(): index.count(query)}
    return {(each.value,): each.total for each in index.terms(query, way[0], _MOST_VALUES)}


def _scope(way: Sequence[Field], key: Sequence[str | None], theme: str | None) -> Scope:
    named = dict(zip(way, key, strict=True))
    return Scope(
        product=named.get("product"),
        theme=theme,
        version=named.get("product_version"),
        location=named.get("location"),
        language=named.get("lang"),
    )
