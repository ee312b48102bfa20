"""Takes signed webhooks (Standard Webhooks): checks, publishes, and answers 2xx only after the stream's flush."""

import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import waitress
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError, WebhookVerificationError

from crawlers.checkpoints import Checkpoints, now
from crawlers.found import Refused
from crawlers.identity import author_key
from crawlers.importer import Layout, RowReader
from crawlers.publish import Origin, Publisher
from crawlers.registry import Source, WebhookSource
from crawlers.rows import Row
from pipeline.errors import SettingsError, Unavailable
from pipeline.secret_references import read_secret
from pipeline.settings import settings
from pipeline.stream import Stream

_log = logging.getLogger(__name__)
_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_LONGEST_ID: Final = 256
_MOST_SIGNATURES: Final = 10
_RETRY_AFTER_S: Final = 30


class _Answer(Exception):
    def __init__(self, status: str, text: str = "", *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status, self.text, self.headers = status, text, headers


class _Listener:
    """One webhook source: its secrets and how its events read."""

    def __init__(self, source: WebhookSource) -> None:
        self.source = source
        self.origin = Origin(source.name, source.brand, source.review_kind, source.product, source.redact)
        self.reader = RowReader(Layout(source.mapping, source.scale, source.zone))
        self._webhooks = [_webhook(reference) for reference in source.secrets]

    def verify(self, body: bytes, headers: dict[str, str]) -> None:
        """Raises _Answer unless one of the secrets signed this body lately."""
        # One by one: the library stumbles over a signature that is not well formed, also where another one is good.
        given = headers["webhook-signature"].split()[:_MOST_SIGNATURES]
        for webhook, signature in itertools.product(self._webhooks, given):
            try:
                webhook.verify(body, {**headers, "webhook-signature": signature}, json_parse=False)
                return
            except (WebhookVerificationError, ValueError):
                continue
        raise _Answer("401 Unauthorized", "no valid signature of the last five minutes")


def _webhook(reference: str) -> Webhook:
    try:
        return Webhook(read_secret(reference))
    except (ValueError, EmptyWebhookSecretError):
        raise SettingsError(f"{reference}: is no webhook secret. It looks like whsec_ and Base64") from None


def create_app(
    sources: Sequence[Source], open_stream: Callable[[], Stream], *, state_dir: Path | None = None
) -> WSGIApplication:
    """A WSGI application that takes webhooks of each webhook source at /{its name}.

    open_stream is called once for each thread. Raises SettingsError when a secret cannot be read.
    """
    listeners = {source.name: _Listener(source) for source in sources if isinstance(source, WebhookSource)}
    folder = state_dir or settings().state_dir
    key = author_key(folder)
    mine = threading.local()

    def publisher() -> tuple[Publisher, Checkpoints]:
        if not hasattr(mine, "stream"):
            mine.stream, mine.checkpoints = open_stream(), Checkpoints(folder)
        return Publisher(mine.stream, mine.checkpoints, key, patient=False), mine.checkpoints

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _take(listeners, environ, publisher)
            answer = _Answer("204 No Content")
        except _Answer as given:
            answer = given
        except Unavailable as error:
            _log.warning("webhook not taken: %s", error)
            text = "the stream is down, send it again later"
            answer = _Answer("503 Service Unavailable", text, ("Retry-After", str(_RETRY_AFTER_S)))
        body = answer.text.encode()
        headers = [*answer.headers]
        if body:
            headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(answer.status, headers)
        return [body] if body else []

    return app


def _take(
    listeners: dict[str, _Listener], environ: WSGIEnvironment, publisher: Callable[[], tuple[Publisher, Checkpoints]]
) -> None:
    """Handle one request. Returns when its review is safe in the stream; raises _Answer otherwise."""
    listener = listeners.get(environ.get("PATH_INFO", "").strip("/"))
    if listener is None:
        raise _Answer("404 Not Found", "no such webhook source")
    if environ["REQUEST_METHOD"] != "POST":
        raise _Answer("405 Method Not Allowed", "send webhooks with POST", ("Allow", "POST"))
    body = _body(environ, listener.source.max_bytes)
    headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in _HEADERS}
    listener.verify(body, headers)
    delivery, name = headers["webhook-id"], listener.source.name
    if len(delivery) > _LONGEST_ID:
        raise _Answer("400 Bad Request", "webhook-id is too long")
    publish, checkpoints = publisher()
    if checkpoints.delivered(name, delivery):
        return
    reason = _publish(listener, publish, body, delivery)
    publish.flush()
    checkpoints.note_delivery(name, delivery, now())
    if reason is not None:
        # It is kept as a dead letter. Sending it again would not make it better, so it is taken.
        raise _Answer("202 Accepted", f"taken, but it is no review: {reason}")


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or "")
    except ValueError:
        raise _Answer("411 Length Required", "say Content-Length") from None
    if not 0 <= length <= limit:
        raise _Answer("413 Content Too Large", f"at most {limit} bytes")
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) != length:
        raise _Answer("400 Bad Request", "the body is cut off")
    return body


def _publish(listener: _Listener, publisher: Publisher, body: bytes, delivery: str) -> str | None:
    """Publish the review of an event. Returns the reason when it holds none."""
    try:
        event: Any = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    data = event.get("data") if isinstance(event, dict) else None
    if isinstance(event, dict) and event.get("type") != listener.source.type:
        return None  # another kind of event, which concerns us not
    reason = "expected a JSON object with `type` and `data`"
    if isinstance(data, dict):
        # Without an id of its own the event is known by its delivery: repeats of it have the same.
        values = data if any(data.get(name) for name in ("id", listener.source.mapping.get("id"))) else None
        try:
            found, _ = listener.reader.read(Row(0, values or {**data, "id": delivery}, body))
        except ValueError as error:
            reason = str(error)
        else:
            return publisher.publish(found, listener.origin, body)
    publisher.refuse(Refused(reason, body), listener.source.name)
    return reason


def serve(
    sources: Sequence[Source], open_stream: Callable[[], Stream], *, host: str = "127.0.0.1", port: int = 8620,
    state_dir: Path | None = None,
) -> None:  # fmt: skip
    """Listen until the process is ended. Put a server that speaks https in front of it."""
    app = create_app(sources, open_stream, state_dir=state_dir)
    waitress.serve(app, host=host, port=port, threads=4, max_request_body_size=2**20, ident="moksori")
