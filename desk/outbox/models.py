"""The outbox: mails and posts written in the transaction that causes them, sent afterwards."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """A mail to one recipient, or a post into one channel.

    dedupe_key: says what the mail is about, the same however often that is written; it becomes the Message-ID.
    channel: the name in alerts.yaml; "" for a mail; then recipient is the same name. payload: what is posted there.
    answers: the dedupe_key of the first mail about the same alert to the same person; "" for that one itself.
    link: the console's path that the mail is about. chart: what desk.outbox.chart draws, as {days, since, until}, or
    what desk.outbox.week_chart draws, as {week, before}.
    """

    class State(models.TextChoices):
        """How far the mail is. refused: the other side will never take it; a person must look."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused")

    dedupe_key = models.CharField(max_length=100, unique=True)
    answers = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=64, blank=True)
    payload = models.JSONField(null=True)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    chart = models.JSONField(null=True)
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "next_try_at"])]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


class MailsOff(models.Model):
    """Somebody who wants no more mails. address: in small letters."""

    address = models.CharField(max_length=320, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.address
