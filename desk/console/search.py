"""Turns what a person typed and ticked on the reviews page into a question for the index."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pipeline.index.query import Field, Query, Term
from pipeline.settings import settings


def words(text: str) -> tuple[Term, ...]:
    """Each word in lower case, as it was typed."""
    return tuple(((word,),) for word in text.lower().split())


terms: Callable[[str], tuple[Term, ...]] = words
"""From typed text to search terms. The wiring puts the tagger's search_terms here, which know Korean endings."""

Facet = Literal["source", "product", "theme", "sentiment", "lang", "case"]
FACETS: Final[dict[Facet, Field]] = {
    "theme": "themes",
    "sentiment": "sentiment",
    "source": "source",
    "product": "product",
    "lang": "lang",
    "case": "case_status",
}
RATINGS: Final[dict[str, tuple[float, float]]] = {"low": (0.0, 0.3), "middle": (0.301, 0.7), "high": (0.701, 1.0)}
PERIODS: Final[dict[str, int | None]] = {"7": 7, "30": 30, "90": 90, "365": 365, "all": None}
DEFAULT_PERIOD: Final = "90"


def local_midnight(day: date) -> datetime:
    """Where a day of the brand begins."""
    return datetime.combine(day, time.min, ZoneInfo(settings().brand.timezone))


def since(days: int, now: datetime) -> datetime:
    """The beginning of the first of the last so many days, today included."""
    today = now.astimezone(ZoneInfo(settings().brand.timezone)).date()
    return local_midnight(today - timedelta(days=days - 1))


def question(asked: Mapping[str, str], now: datetime, without: str | None = None) -> Query:
    """The query for the parameters of the page's address; unknown values ask nothing.

    without: a facet that is left out, to count what else could be chosen in it.
    """
    filters: dict[Field, tuple[str, ...]] = {
        field: (asked[name],) for name, field in FACETS.items() if asked.get(name) and name != without
    }
    if asked.get("id"):
        filters["id"] = (asked["id"],)
    low, high = RATINGS.get(asked.get("rating", ""), (None, None)) if without != "rating" else (None, None)
    days = PERIODS.get(asked.get("period") or DEFAULT_PERIOD, PERIODS[DEFAULT_PERIOD])
    return Query(
        terms=terms(asked.get("q", "")),
        filters=filters,
        rating_min=low,
        rating_max=high,
        since=since(days, now) if days and without != "period" else None,
        spam=False,
    )
