"""The first page: what hurts now, what is due, whether the machinery works."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from desk.alerts.models import Alert, State
from desk.cases.models import OPEN, Case
from desk.console import wiring
from desk.console.access import allowed, user_of
from desk.console.search import since
from desk.index import thread_index
from pipeline.errors import Unavailable
from pipeline.index.query import Query

SHOWN = 6


@allowed("cases.view_case")
def home(request: HttpRequest) -> HttpResponse:
    """Open alerts, cases by deadline, complaints of the week, sources in trouble."""
    now = timezone.now()
    live = Alert.objects.filter(state__in=(State.OPEN, State.ACKNOWLEDGED)).order_by("-severity", "-opened_at")
    cases = Case.objects.filter(status__in=OPEN)
    health = wiring.health_rows() if wiring.health_rows else None
    context = {
        "alerts": live[:SHOWN],
        "more_alerts": max(0, live.count() - SHOWN),
        "due": cases.select_related("assignee", "alert").order_by("due_at")[:SHOWN],
        "overdue_count": cases.filter(due_at__lt=now).count(),
        "mine_count": cases.filter(assignee=user_of(request)).count(),
        "free_count": cases.filter(assignee=None).count(),
        "now": now,
        "health": health,
        "troubled": [row for row in health or () if row.get("state") not in ("ok", None)],
        "ledger": _ledger(),
        **_week(),
    }
    return render(request, "console/home.html", context)


def _week() -> dict[str, Any]:
    question = Query(since=since(7, timezone.now()), spam=False)
    try:
        index = thread_index()
        themes = index.terms(question, "negative_themes", limit=6)
        return {
            "week_total": index.count(question),
            "week_negative": index.count(question.where(sentiment="negative")),
            "week_themes": themes,
            "week_most": max((theme.total for theme in themes), default=1),
        }
    except Unavailable as error:
        return {"index_down": str(error)}


def _ledger() -> dict[str, int] | None:
    if wiring.ledger_rows is None:
        return None
    rows = wiring.ledger_rows()
    return {"rows": len(rows), "wrong": sum(1 for row in rows if row.get("balanced") is False)}
