"""How a program is told: an event in JSON, signed with HMAC and a time stamp (Standard Webhooks)."""

from datetime import datetime
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from desk.outbox.channels.news import News
from pipeline.errors import SettingsError


def body(news: News) -> dict[str, Any]:
    """The event: {type, data}. data: the alert, with title, url and quotes."""
    told = {"title": news.title, "numbers": news.numbers, "url": news.link}
    return {"type": news.event, "data": {**news.data, **told}}


def signature(secret: str, key: str, moment: datetime, content: str) -> dict[str, str]:
    """The headers that prove who sent this content, and when. Raises SettingsError for a secret that is none."""
    try:
        signed = Webhook(secret).sign(key, moment, content)
    except (ValueError, EmptyWebhookSecretError):
        raise SettingsError("its secret is no webhook secret. It looks like whsec_ and Base64") from None
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signed,
    }
