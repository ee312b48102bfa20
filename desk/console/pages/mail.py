"""The mails: what went out, what waits, what was refused; each can be read here without trusting what is in it."""

import base64
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from desk.console.access import allowed
from desk.outbox.deliver import retry
from desk.outbox.message import build
from desk.outbox.models import OutboxMessage
from desk.outbox.transports import Refused
from pipeline.settings import settings

FRAME_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
"""A mail carries its own styles; it may show them and its picture, and nothing else: no script, no form, no request."""


@allowed("outbox.view_outboxmessage")
def mails(request: HttpRequest) -> HttpResponse:
    """All mails, those in trouble first."""
    state = request.GET.get("state", "")
    found = OutboxMessage.objects.order_by("-created_at", "-pk").defer("text", "html", "chart")
    if state in OutboxMessage.State.values:
        found = found.filter(state=state)
    context = {
        "page": Paginator(found, 25).get_page(request.GET.get("page")),
        "state": state,
        "choices": [("", _("all")), *OutboxMessage.State.choices],
        "refused_count": OutboxMessage.objects.filter(state=OutboxMessage.State.REFUSED).count(),
        "folder": settings().state_dir / "mail" if settings().mail.url == "file" else None,
    }
    return render(request, "console/mails.html", context)


@allowed("outbox.view_outboxmessage")
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail, with its headers and its plain text; the HTML is in a frame."""
    row = get_object_or_404(OutboxMessage, pk=pk)
    message = _as_sent(row)
    headers = [
        (name, str(message[name]))
        for name in ("From", "To", "Subject", "Date", "Message-ID")
        if message and message[name]
    ]
    return render(request, "console/mail.html", {"mail": row, "headers": headers})


@xframe_options_sameorigin
@allowed("outbox.view_outboxmessage")
def mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part, for the frame."""
    message = _as_sent(get_object_or_404(OutboxMessage, pk=pk))
    html = _part(message, "text/html") if message else b""
    picture = _part(message, "image/png") if message else b""
    data = b"data:image/png;base64," + base64.b64encode(picture)
    response = HttpResponse(html.replace(b"cid:chart", data), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@require_POST
@allowed("outbox.change_outboxmessage")
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a refused or waiting mail at once."""
    get_object_or_404(OutboxMessage, pk=pk)
    if retry(pk, timezone.now()):
        messages.success(request, _("The mail will be tried again at once."))
    else:
        messages.warning(request, _("This mail is sent already, or is being sent."))
    return redirect("mail", pk=pk)


def _as_sent(row: OutboxMessage) -> EmailMessage | None:
    """The file that was written, where mails are files; else the mail as it would be sent. None: it cannot be."""
    file = settings().state_dir / "mail" / f"{row.dedupe_key}.eml"
    if row.dedupe_key.replace("-", "").isalnum() and file.is_file():
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(file.read_bytes())
    try:
        return build(row, settings().mail.sender)
    except Refused:
        return None


def _part(message: EmailMessage, content_type: str) -> bytes:
    for part in message.walk():
        if part.get_content_type() == content_type:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    return b""
