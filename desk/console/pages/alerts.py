"""The alerts: list, one alert with its evidence, and the buttons of its life."""

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.alerts import feedback, life
from desk.alerts.case import case_of_review
from desk.alerts.explanation import causes, phrases, signs, usual_range
from desk.alerts.kibana import kibana_link
from desk.alerts.models import LIVE, Alert, State
from desk.alerts.wording import numbers
from desk.console.access import allowed, user_of
from desk.console.charts import alert_chart
from pipeline.errors import MoksoriError, Unavailable

MUTE_DAYS: Final = (1, 7, 30)


@allowed("alerts.view_alert")
def alerts(request: HttpRequest) -> HttpResponse:
    """All alerts of a state; those that are alive by default."""
    state = request.GET.get("state", "live")
    found = Alert.objects.order_by("-severity", "-opened_at", "-pk")
    if state in State.values:
        found = found.filter(state=state)
    elif state != "all":
        state, found = "live", found.filter(state__in=LIVE)
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    choices = [("live", _("in progress")), *State.choices, ("all", _("all"))]
    return render(request, "console/alerts.html", {"page": page, "state": state, "choices": choices})


@allowed("alerts.view_alert")
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert."""
    shown = get_object_or_404(Alert.objects.select_related("case", "acknowledged_by"), pk=pk)
    context = {
        "alert": shown,
        "case": shown.case or case_of_review(shown),
        "numbers": numbers(shown),
        "usual_range": usual_range(shown),
        "causes": causes(shown),
        "phrases": phrases(shown),
        "signs": signs(shown),
        "kibana": kibana_link(shown),
        "chart": alert_chart(shown.days, shown.since, shown.until),
        "events": shown.events.select_related("by"),
        "mute_days": MUTE_DAYS,
    }
    return render(request, "console/alert.html", context)


@require_POST
@allowed("alerts.acknowledge_alert")
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """I look after it."""
    get_object_or_404(Alert, pk=pk)
    try:
        life.ack(pk, user_of(request))
    except Unavailable:
        raise
    except MoksoriError:
        messages.warning(request, _("This alert can no longer be acknowledged."))
    else:
        messages.success(request, _("You look after this alert."))
    return redirect("alert", pk=pk)


@require_POST
@allowed("alerts.acknowledge_alert")
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    """Was it worth my time?"""
    get_object_or_404(Alert, pk=pk)
    feedback.rate(pk, request.POST.get("useful") == "yes", user_of(request))
    messages.success(request, _("Thank you. The rule learns from it."))
    return redirect("alert", pk=pk)


@require_POST
@allowed("alerts.resolve_alert")
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """It is over."""
    get_object_or_404(Alert, pk=pk)
    life.resolve(pk, user_of(request))
    messages.success(request, _("The alert is resolved. It comes back only if it gets worse or begins anew."))
    return redirect("alert", pk=pk)


@require_POST
@allowed("alerts.mute_alert")
def mute(request: HttpRequest, pk: int) -> HttpResponse:
    """Not now."""
    shown = get_object_or_404(Alert, pk=pk)
    chosen = request.POST.get("days", "")
    days = int(chosen) if chosen in map(str, MUTE_DAYS) else MUTE_DAYS[0]
    until = timezone.now() + timedelta(days=days)
    if shown.rule and request.POST.get("what") == "rule":
        life.mute("*", until, user_of(request), shown.rule)
    else:
        # A star in a product's name mutes a little more than this key, never less.
        life.mute(shown.key, until, user_of(request))
    messages.success(request, _("No mails about this for %(days)d days.") % {"days": days})
    return redirect("alert", pk=pk)


@require_POST
@allowed("alerts.mute_alert")
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    """Now after all."""
    get_object_or_404(Alert, pk=pk)
    life.unmute(pk, user_of(request))
    messages.success(request, _("The alert is no longer silent."))
    return redirect("alert", pk=pk)
