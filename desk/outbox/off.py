"""Turns mails off for somebody, and on again: the List-Unsubscribe of their mails (RFC 2369, RFC 8058)."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from typing import Final

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from desk.outbox.models import MailsOff, OutboxMessage
from pipeline.settings import settings

_SIGNER: Final = "desk.outbox.off"
State = OutboxMessage.State


def off_url(recipient: str) -> str:
    """The page that turns off the mails of this recipient. Who has it may: it is only in their mails."""
    token = Signer(salt=_SIGNER).sign(_address(recipient))
    return settings().console.url.rstrip("/") + reverse("mails-off", args=[token])


def address_of(token: str) -> str | None:
    """Whose mails a page is about; None for a token that we did not make."""
    try:
        return str(Signer(salt=_SIGNER).unsign(token))
    except BadSignature:
        return None


def turn_off(address: str, now: datetime) -> None:
    """No more mails to them, those that wait neither. May be repeated."""
    address = _address(address)
    MailsOff.objects.get_or_create(address=address, defaults={"at": now})
    waiting = OutboxMessage.objects.filter(state=State.WAITING, channel="", recipient__icontains=address)
    theirs = [pk for pk, recipient in waiting.values_list("pk", "recipient") if _address(recipient) == address]
    waiting.filter(pk__in=theirs).update(state=State.REFUSED, error="its reader turned their mails off")


def turn_on(address: str) -> None:
    """Mails to them again. May be repeated."""
    MailsOff.objects.filter(address=_address(address)).delete()


def turned_off(recipients: Iterable[str]) -> set[str]:
    """Those of the recipients who want no mails."""
    by_recipient = {recipient: _address(recipient) for recipient in recipients}
    off = set(MailsOff.objects.filter(address__in=set(by_recipient.values())).values_list("address", flat=True))
    return {recipient for recipient, address in by_recipient.items() if address in off}


def _address(recipient: str) -> str:
    return parseaddr(recipient)[1].lower()
