import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import waitress
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from crawlers.listeners.webhook import create_app
from crawlers.registry import WebhookSource
from pipeline.errors import SettingsError, Unavailable
from pipeline.stream import Stream
from pipeline.stream.sqlite import SqliteStream
from tests.crawlers.conftest import Published

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()
Post = Callable[..., tuple[int, str]]


def source(tmp_path: Path) -> WebhookSource:
    (tmp_path / "new").write_text(SECRET)
    (tmp_path / "old").write_text(OLD_SECRET)
    secrets = [f"file:{tmp_path}/new", f"file:{tmp_path}/old"]
    return WebhookSource(name="live", kind="webhook", brand="b", secrets=secrets, max_bytes=2000)


def signed(body: bytes, identifier: str = "m1", moment: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    moment = moment or datetime.now(UTC)
    return {
        "webhook-id": identifier, "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(identifier, moment, body.decode()),
    }  # fmt: skip


def event(**data: Any) -> bytes:
    return json.dumps({"type": "review.created", "data": data}, ensure_ascii=False).encode()


@pytest.fixture
def post(tmp_path: Path, stream: Stream) -> Iterator[Post]:
    """Sends to a real listener."""
    app = create_app([source(tmp_path)], lambda: SqliteStream(str(tmp_path / "stream.db")), state_dir=tmp_path)
    server = waitress.create_server(app, host="127.0.0.1", port=0)

    def run() -> None:
        with suppress(OSError):  # it is closed while it waits
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def send(body: bytes, headers: dict[str, str], path: str = "/live", method: str = "POST") -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
        connection.request(method, path, body, headers)
        with connection.getresponse() as answer:
            told = answer.read().decode()
        connection.close()
        return answer.status, told

    yield send
    server.close()


def test_a_signed_review_is_in_the_stream_when_it_is_answered(post: Post, published: Published) -> None:
    body = event(id="1", text="좋아요 010-1234-5678", author="kim", rating=5)
    assert post(body, signed(body)) == (204, "")
    (review,) = published.reviews
    assert (review.id, review.text, review.rating) == ("live:1", "좋아요 [전화]", 1.0)


def test_a_repeat_of_a_delivery_is_taken_and_changes_nothing(post: Post, published: Published) -> None:
    body = event(text="without id")
    for _ in range(5):
        assert post(body, signed(body))[0] == 204
    changed = event(text="other")
    assert post(changed, signed(changed))[0] == 204
    assert [review.id for review in published.reviews] == ["live:m1"]


def test_while_secrets_rotate_both_count(post: Post, published: Published) -> None:
    body = event(id="1", text="a")
    assert post(body, signed(body, secret=OLD_SECRET))[0] == 204
    headers = signed(body, "m2")
    headers["webhook-signature"] = f"v1a,AAAA junk v1,*** v1,a {headers['webhook-signature']}"
    assert post(body, headers)[0] == 204
    assert len(published.reviews) == 1


BODY = event(id="1", text="a")
REFUSED: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
    "no headers": lambda: (BODY, {}),
    "other secret": lambda: (BODY, signed(BODY, secret="whsec_" + base64.b64encode(b"x" * 32).decode())),
    "one blank more": lambda: (BODY + b" ", signed(BODY)),
    "old": lambda: (BODY, signed(BODY, moment=datetime.now(UTC) - timedelta(minutes=10))),
    "of the future": lambda: (BODY, signed(BODY, moment=datetime.now(UTC) + timedelta(minutes=10))),
    "time is no number": lambda: (BODY, {**signed(BODY), "webhook-timestamp": "nan"}),
    "other id": lambda: (BODY, {**signed(BODY), "webhook-id": "m2"}),
    "no base64": lambda: (BODY, {**signed(BODY), "webhook-signature": "v1,***"}),
    "no utf-8": lambda: (b"\xff\xfe", signed(BODY)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_signed_lately_by_the_sender_is_refused(post: Post, published: Published, case: str) -> None:
    status, told = post(*REFUSED[case]())
    assert status == 401
    assert SECRET not in told
    assert published.messages == []


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/other", "POST", 404), ("/", "POST", 404), ("/live", "GET", 405), ("/live", "HEAD", 405)],
)
def test_other_requests(post: Post, path: str, method: str, status: int) -> None:
    assert post(BODY, signed(BODY), path, method)[0] == status


def test_a_body_too_big_is_refused(post: Post) -> None:
    body = event(text="x" * 3000)
    assert post(body, signed(body))[0] == 413


@pytest.mark.parametrize(
    "body", [b"[", b"[1]", event(), event(text=5), event(text="a", rating=9), event(text="a", id={"x": 1})]
)
def test_a_signed_event_without_a_review_is_taken_as_a_dead_letter(
    post: Post, published: Published, body: bytes
) -> None:
    status, _ = post(body, signed(body))
    assert published.reviews == []
    assert (status, [letter.original for letter in published.dead]) == (202, [body])


def test_events_of_other_types_are_taken_and_ignored(post: Post, published: Published) -> None:
    body = json.dumps({"type": "order.paid", "data": {"text": "no review"}}).encode()
    assert post(body, signed(body))[0] == 204
    assert (published.messages, published.dead) == ([], [])


def test_while_the_stream_is_down_the_sender_is_asked_to_come_again(tmp_path: Path) -> None:
    class Down:
        def publish(self, topic: str, key: str, value: bytes) -> None:
            raise Unavailable("down")

    answers: list[tuple[str, dict[str, str]]] = []
    app = create_app([source(tmp_path)], Down, state_dir=tmp_path)  # type: ignore[arg-type]
    for _ in range(2):
        answers.append(call(app, BODY, signed(BODY)))
    assert [status for status, _ in answers] == ["503 Service Unavailable"] * 2
    assert answers[0][1]["Retry-After"] == "30"


def call(app: Any, body: bytes, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """One request, without a server in between."""
    told: list[tuple[str, dict[str, str]]] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/live", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }  # fmt: skip
    list(app(environ, lambda status, given: told.append((status, dict(given)))))
    return told[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100), st.text(max_size=30), st.text(max_size=30), st.text(max_size=60))
def test_no_forged_request_is_taken(tmp_path: Path, body: bytes, identifier: str, moment: str, signature: str) -> None:
    app = create_app([source(tmp_path)], lambda: SqliteStream(str(tmp_path / "stream.db")), state_dir=tmp_path)
    headers = {"webhook-id": identifier, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
    assert call(app, body, headers)[0] == "401 Unauthorized"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_*"])
def test_a_secret_that_is_none_is_told_at_the_start_and_not_repeated(tmp_path: Path, secret: str) -> None:
    declared = source(tmp_path)
    (tmp_path / "new").write_text(secret)
    with pytest.raises(SettingsError, match=r"/new: "):
        create_app([declared], lambda: SqliteStream(str(tmp_path / "stream.db")), state_dir=tmp_path)
