"""The cases: the list with its filters, and one case with its review, its work and its history."""

from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from desk.cases.highlight import segments
from desk.cases.models import CHOSEN_BY_PEOPLE, OPEN, Case, Reply, Status
from desk.cases.work import may_work_on
from desk.console import wiring
from desk.console.access import allowed, user_of
from desk.console.forms import colleagues

VIEWS: Final = {
    "open": gettext_noop("to do"),
    "mine": gettext_noop("mine"),
    "free": gettext_noop("nobody's"),
    "due": gettext_noop("overdue"),
    "closed": gettext_noop("closed"),
    "all": gettext_noop("all"),
}


@allowed("cases.view_case")
def cases(request: HttpRequest) -> HttpResponse:
    """The list, most urgent deadline first."""
    view = request.GET.get("view", "open")
    view = view if view in VIEWS else "open"
    text = request.GET.get("q", "").strip()[:200]
    status = request.GET.get("status", "")
    now = timezone.now()
    found = _filtered(view, request).select_related("assignee", "alert")
    if status in Status.values:
        found = found.filter(status=status)
    if text:
        found = found.filter(
            Q(text__icontains=text) | Q(title__icontains=text) | Q(product__icontains=text) | Q(review_id=text)
        )
    order = "-closed_at" if view == "closed" else "due_at"
    context = {
        "page": Paginator(found.order_by(order, "pk"), 25).get_page(request.GET.get("page")),
        "view": view,
        "views": [(name, _(label)) for name, label in VIEWS.items()],
        "statuses": Status.choices,
        "status": status,
        "q": text,
        "now": now,
        "filtered": bool(text or status in Status.values),
    }
    return render(request, "console/cases.html", context)


def _filtered(view: str, request: HttpRequest) -> "QuerySet[Case]":
    open_ = Case.objects.filter(status__in=OPEN)
    match view:
        case "mine":
            return open_.filter(assignee=user_of(request))
        case "free":
            return open_.filter(assignee=None)
        case "due":
            return open_.filter(due_at__lt=timezone.now())
        case "closed":
            return Case.objects.exclude(status__in=OPEN)
        case "all":
            return Case.objects.all()
        case _:
            return open_


@allowed("cases.view_case")
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case."""
    return case_page(request, pk)


def case_page(request: HttpRequest, pk: int, status: int = 200, **extra: Any) -> HttpResponse:
    """The page of a case. extra: a problem to tell, and what the user had typed when it arose."""
    shown = get_object_or_404(Case.objects.select_related("assignee", "alert"), pk=pk)
    user = user_of(request)
    reply = Reply.objects.filter(case=shown).select_related("author", "approved_by").first()
    spans = [
        (theme["name"], tuple(span))
        for theme in shown.themes
        for span in theme.get("evidence", ())
        if theme.get("sentiment") == "negative"
    ]
    text = extra.get("typed_reply", reply.text if reply else "")
    context = {
        "case": shown,
        "segments": segments(shown.text, spans),
        "alert": getattr(shown, "alert", None),
        "notes": shown.notes.select_related("author").order_by("-at", "-pk"),
        "events": shown.events.select_related("by"),
        "reply": reply,
        "reply_text": text,
        "reply_length": len(text.strip()),
        "reply_limit": wiring.reply_limit(shown.source) if wiring.reply_limit and shown.source else None,
        "may_work": may_work_on(user, shown) and shown.status != Status.GONE,
        "may_note": user.has_perm("cases.change_case"),
        "may_lead": user.has_perm("cases.lead_case"),
        "colleagues": colleagues() if user.has_perm("cases.lead_case") else [user],
        "statuses": [(value, label) for value, label in Status.choices if value in CHOSEN_BY_PEOPLE],
        "due_local": timezone.localtime(shown.due_at).strftime("%Y-%m-%dT%H:%M"),
        "now": timezone.now(),
        **extra,
    }
    return render(request, "console/case.html", context, status=status)
