"""Posts a message into a channel. Raises Refused (for ever) or Unavailable (for now); neither tells the address."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from desk.outbox.channels import kakaowork, slack, teams, webhook
from desk.outbox.channels.news import News
from desk.outbox.transports import TIMEOUT_S, Refused
from pipeline.alerting.channels import Channel, WebhookChannel
from pipeline.errors import MoksoriError, SettingsError, Unavailable
from pipeline.secret_references import read_secret

BODIES: Final[Mapping[str, Callable[[News], dict[str, Any]]]] = {
    "slack": slack.body,
    "teams": teams.body,
    "kakaowork": kakaowork.body,
    "webhook": webhook.body,
}
_MOST_ANSWER: Final = 2000
_FOR_NOW: Final = {408, 425, 429}
_LONGEST_WAIT_S: Final = 3600.0


class _StayThere(HTTPRedirectHandler):
    """A redirect would carry the message, and turn it into a GET, to where nobody told us to send it."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER: Final = build_opener(_StayThere)


def post(channel: Channel, key: str, payload: dict[str, Any], now: datetime) -> None:
    """Send once. The same key again sends the same message again. now: the time stamp of a signature."""
    content = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "moksori"}
    try:
        url = read_secret(channel.url)
        if isinstance(channel, WebhookChannel):
            headers |= webhook.signature(read_secret(channel.secret), key, now, content)
    except SettingsError as error:
        raise Unavailable(f"channel {channel.name}: {error}") from None  # a person may mend it meanwhile
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unavailable(f"channel {channel.name}: {channel.url} holds no address of the form https://…")
    where = f"channel {channel.name} ({parts.hostname})"
    try:
        request = Request(url, content.encode(), headers, method="POST")  # noqa: S310
        with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
            said = answer.read(_MOST_ANSWER)
    except HTTPError as error:
        raise _by_code(error, where, now) from None
    except URLError as error:
        raise Unavailable(f"{where}: {error.reason}") from None
    except (OSError, HTTPException, ValueError) as error:  # their texts may hold the address
        raise Unavailable(f"{where}: {type(error).__name__}") from None
    if channel.kind == "kakaowork" and (refusal := kakaowork.refusal(said)):
        raise Refused(f"{where}: {refusal}")


def _by_code(error: HTTPError, where: str, now: datetime) -> MoksoriError:
    with error:
        try:
            said = " ".join(error.read(200).decode("utf-8", "replace").split())
        except (OSError, HTTPException):
            said = ""
    line = f"{where}: {error.code} {said}".rstrip()
    if error.code >= 500 or error.code in _FOR_NOW:
        return Unavailable(line, _retry_after(error.headers.get("Retry-After"), now))
    return Refused(line)


def _retry_after(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    try:
        wait = float(value) if value.isdecimal() else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), _LONGEST_WAIT_S)
