"""Whether the machinery works: sources and the ledger, as rows that other parts of moksori give."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from desk.console import wiring
from desk.console.access import allowed


@allowed("cases.view_case")
def sources(request: HttpRequest) -> HttpResponse:
    """When each source was last read, and what failed."""
    return render(request, "console/sources.html", _table(wiring.health_rows))


@allowed("cases.view_case")
def ledger(request: HttpRequest) -> HttpResponse:
    """Whether every review that was collected arrived."""
    return render(request, "console/ledger.html", _table(wiring.ledger_rows))


def _table(give: Callable[[], wiring.Rows] | None) -> dict[str, object]:
    rows = list(give()) if give else []
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return {"columns": columns, "rows": [(row, [(column, row.get(column)) for column in columns]) for row in rows]}
