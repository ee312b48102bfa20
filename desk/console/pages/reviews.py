"""Search for brand teams: full text, facets with counts, the trend, and the way to the case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from desk.cases.highlight import Segment, segments
from desk.cases.models import Case
from desk.console import search
from desk.console.access import allowed
from desk.console.charts import Chart, trend_chart
from desk.console.labels import facet_label
from desk.index import thread_index
from pipeline.index import Index
from pipeline.index.document import IndexDocument
from pipeline.index.query import Query, Sort
from pipeline.settings import settings

PAGE: Final = 20
FACET_VALUES: Final = 8
SORTS: Final[dict[str, Sort]] = {"newest": "newest", "oldest": "oldest", "worst": "most_negative"}
_NAMES: Final = {
    "theme": gettext_noop("Theme"),
    "sentiment": gettext_noop("Sentiment"),
    "source": gettext_noop("Source"),
    "product": gettext_noop("Product"),
    "rating": gettext_noop("Rating"),
    "lang": gettext_noop("Language"),
    "case": gettext_noop("Case"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: where a click leads, how many reviews that would show, how many of them negative."""

    label: str
    address: str
    total: int
    negative: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A review of the result with its marked text and its case."""

    document: IndexDocument
    segments: list[Segment]
    case_id: int | None


@allowed("cases.view_case")
def reviews(request: HttpRequest) -> HttpResponse:
    """The search page. Raises Unavailable, which becomes a page of its own."""
    asked = {name: str(value).strip()[:300] for name, value in request.GET.items()}
    now = timezone.now()
    query = search.question(asked, now)
    index = thread_index()
    sort = SORTS.get(asked.get("sort", ""), "newest")
    try:
        page = index.search(query, sort=sort, limit=PAGE, after=asked.get("after") or None)
    except ValueError:  # a cursor from an old link: begin at the top
        page = index.search(query, sort=sort, limit=PAGE)
    context = {
        "asked": asked,
        "total": page.total,
        "results": found(page.documents),
        "next": _address(request.GET, after=page.next) if page.next else None,
        "first": _address(request.GET, after=None) if asked.get("after") else None,
        "facets": _facets(index, asked, request.GET, now),
        "periods": _periods(asked, request.GET),
        "sorts": _sorts(asked, request.GET),
        "chart": trend(index, query, now),
        "narrowed": any(asked.get(name) for name in (*_NAMES, "q", "id")),
        "empty_index": page.total == 0 and index.count(Query()) == 0,
    }
    return render(request, "console/reviews.html", context)


@allowed("cases.view_case")
def review(request: HttpRequest, id: str) -> HttpResponse:
    """Where a link from Kibana ends: the review's case, or the review by itself where nobody has to answer."""
    case = Case.objects.filter(review_id=id).first()
    if case is not None:
        return redirect("case", case.pk)
    return redirect(f"{reverse('reviews')}?{urlencode({'id': id, 'period': 'all'})}")


def found(documents: list[IndexDocument]) -> list[Found]:
    """Documents with their marked text and their cases."""
    ids = [document.id for document in documents]
    cases = dict(Case.objects.filter(review_id__in=ids).values_list("review_id", "pk"))
    return [Found(document, _marked(document), cases.get(document.id)) for document in documents]


def trend(index: Index, query: Query, now: datetime) -> Chart | None:
    """The chart of the reviews that fit."""
    zone = ZoneInfo(settings().brand.timezone)
    points = index.series(query, interval="day", timezone=settings().brand.timezone)
    counts = [(point.start.astimezone(zone).date(), point.total, point.negative) for point in points]
    first = query.since.astimezone(zone).date() if query.since else None
    return trend_chart(counts, first, now.astimezone(zone).date())


def _marked(document: IndexDocument) -> list[Segment]:
    spans = [(theme, span) for theme in document.negative_themes for span in document.evidence.get(theme, ())]
    return segments(document.text, spans)


def _facets(
    index: Index, asked: dict[str, str], address: QueryDict, now: datetime
) -> list[tuple[str, str, list[Choice]]]:
    facets: list[tuple[str, str, list[Choice]]] = []
    for name, field in search.FACETS.items():
        counted = index.terms(search.question(asked, now, without=name), field, limit=FACET_VALUES)
        chosen = asked.get(name, "")
        rows = [(row.value, row.total, row.negative) for row in counted]
        if chosen and chosen not in [value for value, *_ in rows]:
            rows.append((chosen, 0, 0))
        choices = [
            _choice(name, facet_label(name, value), value, total, negative, chosen, address)
            for value, total, negative in rows
        ]
        facets.append((name, _(_NAMES[name]), choices))
    facets.insert(4, ("rating", _(_NAMES["rating"]), _ratings(index, asked, address, now)))
    return [facet for facet in facets if facet[2]]


def _ratings(index: Index, asked: dict[str, str], address: QueryDict, now: datetime) -> list[Choice]:
    chosen, choices = asked.get("rating", ""), []
    for value in search.RATINGS:
        query = search.question({**asked, "rating": value}, now)
        total = index.count(query)
        negative = index.count(query.where(sentiment="negative")) if total else 0
        if total or value == chosen:
            choices.append(_choice("rating", facet_label("rating", value), value, total, negative, chosen, address))
    return choices


def _choice(
    name: str, label: str, value: str, total: int, negative: int, chosen: str, address: QueryDict
) -> Choice:  # fmt: skip
    is_chosen = value == chosen
    return Choice(label, _address(address, **{name: None if is_chosen else value}), total, negative, is_chosen)


def _periods(asked: dict[str, str], address: QueryDict) -> list[tuple[str, str, bool]]:
    chosen = asked.get("period", "")
    chosen = chosen if chosen in search.PERIODS else search.DEFAULT_PERIOD
    return [
        (facet_label("period", period), _address(address, period=period), period == chosen) for period in search.PERIODS
    ]


def _sorts(asked: dict[str, str], address: QueryDict) -> list[tuple[str, str, bool]]:
    chosen = asked.get("sort", "")
    chosen = chosen if chosen in SORTS else "newest"
    return [(facet_label("sort", sort), _address(address, sort=sort), sort == chosen) for sort in SORTS]


def _address(address: QueryDict, **changes: Any) -> str:
    """The page's address with some parameters changed (None: removed), from the first page on."""
    changed = address.copy()
    for name, value in {"after": None, **changes}.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return f"?{changed.urlencode()}"
