"""Sends what waits in the outbox. Any number of workers at once; killed at any point, nothing is lost.

Claim, send, mark, in this order:

1. A conditional UPDATE claims the row, so one worker sends it. The claim has a time: a dead worker's row returns.
2. The transport hands the mail over, or the post.
3. The row is marked as sent. A kill between 2 and 3 sends the mail once more, with the same Message-ID: file mails are
   overwritten by it, mail programs can recognise it.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q

from desk.database import outage_is_unavailable
from desk.outbox.channels.post import post
from desk.outbox.message import build
from desk.outbox.models import OutboxMessage
from desk.outbox.transports import Refused, Transport, open_transport
from pipeline.alerting.rules import alert_rules
from pipeline.errors import SettingsError, Unavailable
from pipeline.settings import settings

CLAIM_LASTS: Final = timedelta(minutes=5)
PAUSES_MIN: Final = (1, 2, 5, 10, 30, 60)
"""Minutes before the next try; the last one repeats for ever."""

State = OutboxMessage.State


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a round did: mails sent, tries that failed, and mails that wait for another try, now or later."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0


def deliver_due(now: datetime) -> Delivered:
    """Try every mail that is due, once. Raises Unavailable (the database is down) or SettingsError."""
    started = time.monotonic()
    sent = failed = 0
    transport = open_transport(settings())
    try:
        with outage_is_unavailable():
            for row in OutboxMessage.objects.filter(_due(now)).order_by("created_at", "pk"):
                # A long round must not claim with a time of long ago.
                moment = now + timedelta(seconds=time.monotonic() - started)
                if not _claim(row, moment):
                    continue
                if _send(row, transport, moment):
                    sent += 1
                else:
                    failed += 1
            waiting = OutboxMessage.objects.filter(state__in=(State.WAITING, State.SENDING)).count()
    finally:
        transport.close()
    return Delivered(sent, failed, waiting)


def retry(pk: int, now: datetime) -> bool:
    """A person wants a refused or waiting mail tried at once. False: it is neither."""
    again = OutboxMessage.objects.filter(pk=pk, state__in=(State.REFUSED, State.WAITING))
    return again.update(state=State.WAITING, next_try_at=now) == 1


def _due(now: datetime) -> Q:
    return Q(state=State.WAITING, next_try_at__lte=now) | Q(state=State.SENDING, claimed_at__lt=now - CLAIM_LASTS)


def _claim(row: OutboxMessage, now: datetime) -> bool:
    due = OutboxMessage.objects.filter(_due(now), pk=row.pk)
    if due.update(state=State.SENDING, claimed_at=now, tries=F("tries") + 1) != 1:
        return False  # another worker got there first
    row.claimed_at, row.tries = now, row.tries + 1
    return True


def _post(row: OutboxMessage, now: datetime) -> None:
    try:
        channel = alert_rules(settings()).channel(row.channel)
    except SettingsError as error:
        raise Unavailable(str(error).splitlines()[0]) from None  # mails do not wait for alerts.yaml to be mended
    if channel is None:
        raise Refused(f"channel {row.channel}: no longer in alerts.yaml")
    post(channel, row.dedupe_key, row.payload or {}, now)


def _send(row: OutboxMessage, transport: Transport, now: datetime) -> bool:
    # Only our own claim is marked: if it ran out and another worker has the row, the row is theirs.
    ours = OutboxMessage.objects.filter(pk=row.pk, state=State.SENDING, claimed_at=row.claimed_at)
    try:
        if row.channel:
            _post(row, now)
        else:
            transport.send(row.dedupe_key, build(row, settings().mail.sender))
    except Refused as error:
        ours.update(state=State.REFUSED, error=str(error)[:500])
        return False
    except Unavailable as error:
        pause = timedelta(minutes=PAUSES_MIN[min(row.tries, len(PAUSES_MIN)) - 1])
        pause = max(pause, timedelta(seconds=error.retry_after_s or 0))
        ours.update(state=State.WAITING, next_try_at=now + pause, error=str(error)[:500])
        return False
    ours.update(state=State.SENT, sent_at=now, error="")
    return True
