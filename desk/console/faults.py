"""Pages for what goes wrong: a database or index that is down, a form too old, a page not there or not allowed."""

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from desk.database import translated
from pipeline.errors import MoksoriError

_log = logging.getLogger(__name__)


class OutageMiddleware:
    """Turns an outage into a page that says what is down and that nothing was lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for an error of ours or of the database; None for programming errors."""
        return _outage(request, exception)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form did not come from a page of ours, or from one that is too old."""
    return render(request, "console/fault.html", {"fault": "csrf"}, status=403)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The user's role does not allow it."""
    return render(request, "console/fault.html", {"fault": "forbidden"}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page."""
    return render(request, "console/fault.html", {"fault": "missing"}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours, with its trace in the log; or an outage met before any view, while the session was read."""
    error = sys.exc_info()[1]
    outage = _outage(request, error) if isinstance(error, Exception) else None
    return outage or render(None, "console/fault.html", {"fault": "broken"}, status=500)


def _outage(request: HttpRequest, error: Exception) -> HttpResponse | None:
    if isinstance(error, OperationalError | InterfaceError):
        error = translated(error)
    if not isinstance(error, MoksoriError):
        return None
    _log.error("%s: %s", request.path, error)
    # Rendered without the request: its user may be just what cannot be read.
    return render(None, "console/fault.html", {"fault": "outage", "detail": str(error)}, status=503)
