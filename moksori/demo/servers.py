"""Serves the invented world on this machine: shop, app feed, social server, survey file and webhooks."""

import base64
import csv
import hashlib
import json
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from standardwebhooks import Webhook

from crawlers.registry import Source
from moksori.demo.app_feed import AppFeed
from moksori.demo.shop_site import ShopSite
from moksori.demo.social_server import SocialServer
from moksori.demo.sources import demo_sources
from moksori.demo.stage import Answer, Stage
from moksori.demo.world import ZONE, World

SURVEY_MAPPING: Final = {
    "id": "응답번호", "created_at": "응답일시", "author": "응답자", "product": "제품", "rating": "만족도",
    "text": "의견",
}  # fmt: skip
"""How the columns of the survey's export are called, for the import."""


class Site(Protocol):
    """Something that answers requests."""

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer: ...


@dataclass(slots=True)
class Sites:
    """The served world. sources are ready to be collected; requests holds every path that was asked for."""

    stage: Stage
    sources: list[Source]
    survey_csv: Path
    requests: list[str] = field(default_factory=list)
    _secret: str = ""

    @property
    def survey_mapping(self) -> dict[str, str]:
        return dict(SURVEY_MAPPING)

    def advance(self) -> None:
        """Let edits, deletions and the newest posts become visible."""
        self.stage.advance()

    def send_webhooks(self, url: str) -> int:
        """Post the live reviews, signed, to a listener; returns how many it took (2xx)."""
        webhook, taken = Webhook(self._secret), 0
        for one in self.stage.world.of("webhook"):
            moment = datetime.now(UTC)
            data = {"id": str(one.number), "text": one.text, "author": one.author, "created_at": moment.isoformat()}
            body = json.dumps({"type": "review.created", "timestamp": moment.isoformat(), "data": data})
            identifier = f"msg_{one.number}"
            headers = {
                "content-type": "application/json", "webhook-id": identifier,
                "webhook-timestamp": str(int(moment.timestamp())),
                "webhook-signature": webhook.sign(identifier, moment, body),
            }  # fmt: skip
            request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310  (our own listener)
            try:
                with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                    taken += 200 <= response.status < 300
            except urllib.error.HTTPError as error:
                error.close()
        return taken


@contextmanager
def serve(world: World) -> Iterator[Sites]:
    """The world on free ports of this machine, until the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="moksori-demo-")))
        stage = Stage(world)
        requests: list[str] = []
        sites: list[Site] = [ShopSite(stage), AppFeed(stage), SocialServer(stage)]
        shop, feed, social = (stack.enter_context(serve_site(site, requests)) for site in sites)
        secret = "whsec_" + base64.b64encode(hashlib.sha256(f"demo {world.seed}".encode()).digest()).decode()
        secret_file = folder / "webhook.secret"
        secret_file.write_text(secret)
        sources = demo_sources(shop, feed, social, f"file:{secret_file}")
        yield Sites(stage, sources, _write_survey(stage, folder), requests, secret)


@contextmanager
def serve_site(site: Site, requests: list[str] | None = None) -> Iterator[str]:
    """One site on a free port, and its base address."""
    log: list[str] = [] if requests is None else requests

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            log.append(self.path)
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = site.answer(parts.path, dict(parse_qsl(parts.query)), headers)
            time.sleep(answer.delay_s)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the terminal belongs to the demo."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


def _write_survey(stage: Stage, folder: Path) -> Path:
    """The survey's answers as a spreadsheet program exports them: CSV with a byte order mark."""
    path = folder / "survey.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["응답번호", "응답일시", "응답자", "제품", "만족도", "의견"])
        for one in reversed(stage.seen("survey")):
            when = one.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
            product = one.product.name if one.product else ""
            writer.writerow([one.number, when, one.author, product, one.stars, one.text])
    return path
