"""What people complain about: all themes, and one theme with its trend, its products and its voices."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from desk.alerts.models import LIVE, Alert
from desk.console.access import allowed
from desk.console.pages.reviews import found, trend
from desk.console.search import since
from desk.index import thread_index
from pipeline.index.query import Query

DAYS = 90


@allowed("cases.view_case")
def themes(request: HttpRequest) -> HttpResponse:
    """All themes of the last 90 days."""
    index = thread_index()
    question = Query(since=since(DAYS, timezone.now()), spam=False)
    counted = index.terms(question, "negative_themes", limit=50)
    mentioned = {row.value: row.total for row in index.terms(question, "themes", limit=50)}
    rows = [(row.value, row.total, mentioned.get(row.value, row.total)) for row in counted]
    most = max((total for _, total, _ in rows), default=1)
    return render(request, "console/themes.html", {"rows": rows, "most": most, "days": DAYS})


@allowed("cases.view_case")
def theme(request: HttpRequest, name: str) -> HttpResponse:
    """One theme."""
    now = timezone.now()
    index = thread_index()
    question = Query(since=since(DAYS, now), spam=False).where(negative_themes=name)
    products = index.terms(question, "product", limit=10)
    context = {
        "name": name,
        "total": index.count(question),
        "days": DAYS,
        "chart": trend(index, question, now),
        "products": products,
        "most": max((row.total for row in products), default=1),
        "sources": index.terms(question, "source", limit=10),
        "quotes": found(index.search(question, sort="most_negative", limit=6).documents),
        "alerts": Alert.objects.filter(theme=name, state__in=LIVE).order_by("-severity", "-opened_at")[:5],
    }
    return render(request, "console/theme.html", context)
