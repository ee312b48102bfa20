"""Posts into channels, against a real HTTP receiver that answers as it is told."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from crawlers.listeners.webhook import create_app
from crawlers.registry import WebhookSource
from desk.alerts.life import apply
from desk.outbox.channels import kakaowork, slack, teams
from desk.outbox.channels.news import News, harmless
from desk.outbox.deliver import Delivered, deliver_due
from desk.outbox.models import OutboxMessage
from pipeline.alerting.detection import Quote
from pipeline.stream import open_stream
from tests.desk.conftest import BOTH, NOW, Cast, detection

State = OutboxMessage.State
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
TOKEN = "T0KEN-that-nobody-may-see"


class Receiver(HTTPServer):
    """Keeps what it gets; answers each request with the next of these, or drops the connection at None."""

    answers: tuple[tuple[int, dict[str, str], bytes] | None, ...] = ((200, {}, b"ok"),)

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{TOKEN}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = min(len(self.server.got), len(self.server.answers) - 1)
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        answer = self.server.answers[number]
        if answer is None:
            self.connection.close()
            return
        status, headers, text = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


Configure = Callable[..., None]


@pytest.fixture
def channel(
    tmp_path: Path, database: str, change_settings: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Configure:
    """Write an alerts.yaml whose only rule tells one channel of this kind."""
    monkeypatch.setenv("CHAT_URL", receiver.url)
    monkeypatch.setenv("CHAT_SECRET", SECRET)

    def configure(kind: str, language: str = "en") -> None:
        secret = ", secret: env:CHAT_SECRET" if kind == "webhook" else ""
        (tmp_path / "alerts.yaml").write_text(
            f"channels:\n  - {{name: chat, kind: {kind}, url: env:CHAT_URL, language: {language}{secret}}}\n"
            "rules:\n  - {name: trends, kind: trend, recipients: [], channels: [chat]}\n"
        )
        change_settings(CONFIG_DIR=str(tmp_path))

    return configure


def tell(**changes: Any) -> None:
    apply([detection(rule="trends", **changes)], [], NOW)


def strings(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("database", BOTH, indirect=True)
@pytest.mark.parametrize("kind", ["slack", "teams", "kakaowork", "webhook"])
def test_each_kind_tells_what_hurts_and_where_to_look(channel: Configure, receiver: Receiver, kind: str) -> None:
    channel(kind)
    tell()
    assert deliver_due(NOW) == Delivered(sent=1)
    assert deliver_due(NOW) == Delivered()
    ((path, headers, body),) = receiver.got
    assert path == f"/{TOKEN}"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    told = strings(body)
    for fact in (
        "에어프라이어: many complaints about delivery",
        "배송이 너무 늦어요.",
        "http://127.0.0.1:8600/alerts/",
    ):
        assert fact in told


def test_a_channel_speaks_its_language(channel: Configure, receiver: Receiver) -> None:
    channel("slack", "ko")
    tell()
    deliver_due(NOW)
    assert "배송 불만이 급증했습니다" in receiver.got[0][2]["text"]


def test_a_step_up_is_told_once_more(channel: Configure, receiver: Receiver) -> None:
    channel("webhook")
    for severity in (1, 1, 3):
        tell(severity=severity)
    assert deliver_due(NOW) == Delivered(sent=2)
    assert sorted(body["type"] for _, _, body in receiver.got) == ["alert.opened", "alert.worse"]
    data = receiver.got[0][2]["data"]
    assert (data["kind"], data["rule"], data["product"], data["observed"]) == ("surge", "trends", "에어프라이어", 36)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.mark.parametrize("known", [True, False])
def test_our_own_listener_accepts_the_signature_and_no_other(
    channel: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    channel("webhook")
    monkeypatch.setenv("OTHER", SECRET if known else "whsec_" + base64.b64encode(b"o" * 32).decode())
    source = WebhookSource(name="ours", kind="webhook", brand="b", secrets=["env:OTHER"])
    app = create_app([source], lambda: open_stream(f"sqlite:///{tmp_path}/stream.db"), state_dir=tmp_path)
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("CHAT_URL", f"http://127.0.0.1:{server.server_port}/ours")
        tell()
        # The listener refuses a time stamp of more than five minutes ago; it knows no event of ours and says 204.
        done = deliver_due(datetime.now(UTC))
        thread.join()
    assert done == (Delivered(sent=1) if known else Delivered(failed=1))
    if not known:
        assert "401 no valid signature" in OutboxMessage.objects.get().error


FOR_NOW = [(500, {}, b"oops"), (503, {"Retry-After": "600"}, b""), (429, {"Retry-After": "600"}, b"slow"), None]
FOR_EVER = [
    (404, {}, b"no_service"),
    (410, {}, b""),
    (400, {}, b"bad"),
    (302, {"Location": "http://evil.example/"}, b""),
]


@pytest.mark.parametrize("answer", FOR_NOW)
def test_trouble_for_now_is_tried_again_as_late_as_asked(
    channel: Configure, receiver: Receiver, answer: tuple[int, dict[str, str], bytes] | None
) -> None:
    channel("slack")
    receiver.answers = (answer, (200, {}, b"ok"))
    tell()
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)
    row = OutboxMessage.objects.get()
    wait = timedelta(seconds=600) if answer and answer[1] else timedelta(minutes=1)
    assert timedelta() <= row.next_try_at - NOW - wait < timedelta(seconds=5)
    assert "channel chat (127.0.0.1)" in row.error
    assert TOKEN not in row.error
    assert deliver_due(row.next_try_at) == Delivered(sent=1)
    assert receiver.got[0][2] == receiver.got[1][2]


@pytest.mark.parametrize("answer", FOR_EVER)
def test_a_refusal_for_good_is_not_tried_again(
    channel: Configure, receiver: Receiver, answer: tuple[int, dict[str, str], bytes]
) -> None:
    channel("slack")
    receiver.answers = (answer,)
    tell()
    assert deliver_due(NOW) == Delivered(failed=1)
    assert deliver_due(NOW + timedelta(days=1)) == Delivered()
    row = OutboxMessage.objects.get()
    assert (row.state, len(receiver.got)) == (State.REFUSED, 1)
    assert str(answer[0]) in row.error
    assert TOKEN not in row.error


def test_kakaowork_refuses_with_200(channel: Configure, receiver: Receiver) -> None:
    channel("kakaowork")
    receiver.answers = ((200, {}, b'{"success": false, "error": {"code": "invalid_parameter"}}'),)
    tell()
    deliver_due(NOW)
    row = OutboxMessage.objects.get()
    assert (row.state, row.error) == (State.REFUSED, "channel chat (127.0.0.1): invalid_parameter")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("CHAT_URL", "", "env:CHAT_URL: this variable is not set"),
        ("CHAT_URL", f"ftp://{TOKEN}", "env:CHAT_URL holds no address"),
        ("CHAT_URL", f"http://127.0.0.1:1/{TOKEN}", "refused"),
        ("CHAT_URL", f"http://127.0.0.1:1/{TOKEN} x", "InvalidURL"),
        ("CHAT_SECRET", TOKEN, "its secret is no webhook secret"),
    ],
)
def test_what_a_person_must_mend_waits_and_tells_no_secret(
    channel: Configure, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    channel("webhook")
    monkeypatch.setenv(variable, value)
    tell()
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)
    error = OutboxMessage.objects.get().error
    assert told in error
    assert TOKEN not in error


def test_a_channel_that_is_no_longer_there_is_refused(channel: Configure, tmp_path: Path) -> None:
    channel("slack")
    tell()
    (tmp_path / "alerts.yaml").write_text("rules: []")
    assert deliver_due(NOW) == Delivered(failed=1)
    assert "no longer in alerts.yaml" in OutboxMessage.objects.get().error


def test_the_console_shows_a_post(channel: Configure, cast: Cast) -> None:
    channel("slack")
    tell()
    page = cast.client("responder").get(reverse("mail", args=[OutboxMessage.objects.get().pk]))
    assert page.status_code == 200
    assert "many complaints about delivery" in page.content.decode()


EVIL = "<!channel> @here [free](http://evil.example) <http://evil.example|x> & *bold*"


def news(text: str) -> News:
    return News("alert.opened", text, "n", text, 3, "http://c/alerts/1", "Open", [text])


def test_words_of_strangers_stay_words() -> None:
    said = slack.body(news(EVIL))["text"]
    assert "<!channel>" not in said
    assert "@here" not in said
    assert "](" not in said
    assert said.count("<") == said.count("|") - said.count("evil.example|") == 1
    runs = teams.body(news(EVIL))["attachments"][0]["content"]["body"]
    assert {block["type"] for block in runs} == {"RichTextBlock"}


@given(st.text(max_size=2000))
def test_any_text_fits_and_is_the_same_to_the_eye(text: str) -> None:
    blocks = kakaowork.body(news(text))["blocks"]
    assert len(blocks[0]["text"]) <= 500
    assert harmless(text).replace("\u200b", "") == text.replace("\u200b", "")


def test_long_quotes_are_cut(channel: Configure) -> None:
    channel("teams")
    tell(quotes=[Quote(id="shop:1", text="긴 " * 2000, created_at=NOW)] * 10)
    assert len(strings(OutboxMessage.objects.get().payload).encode()) < 8000
