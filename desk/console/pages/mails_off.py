"""Turns off the mails of whoever has the link that is in them: a person by two buttons, a mail program by itself."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from desk.outbox.off import address_of, turn_off, turn_on, turned_off


@csrf_exempt  # the link itself is the proof, and mail programs know no other (RFC 8058)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def mails_off(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing: programs that scan mails open every link. RFC 8058 forbids to answer with a redirect."""
    address = address_of(token)
    if address is None:
        raise Http404
    if request.method == "POST":
        if request.POST.get("mails") == "on":
            turn_on(address)
        else:
            turn_off(address, timezone.now())
    off = bool(turned_off([address]))
    return render(request, "console/mails_off.html", {"address": address, "off": off})
