"""What the frame around every page needs: the brand's name, the menu, how much is waiting."""

from typing import Any

from django.http import HttpRequest

from desk.alerts.models import Alert, State
from desk.cases.models import OPEN, Case
from pipeline.settings import settings


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    context: dict[str, Any] = {"brand": settings().brand.name}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        context["open_alert_count"] = Alert.objects.filter(state=State.OPEN).count()
        context["open_case_count"] = Case.objects.filter(status__in=OPEN).count()
    return context
