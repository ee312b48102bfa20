"""How much work there is."""

from desk.cases.models import OPEN, Case
from desk.database import outage_is_unavailable


def open_cases() -> int:
    """Cases that still need someone. Raises Unavailable."""
    with outage_is_unavailable():
        return Case.objects.filter(status__in=OPEN).count()
