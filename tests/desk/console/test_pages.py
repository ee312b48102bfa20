"""The pages: what they show, that hostile text does nothing, and what they say when something is down or empty."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.db import OperationalError, connection
from django.test import Client

from desk.alerts.life import apply
from desk.alerts.models import Alert, State
from desk.cases.intake import take
from desk.cases.models import Case, Reply
from desk.console import wiring
from desk.outbox.deliver import deliver_due
from desk.outbox.models import OutboxMessage
from pipeline.errors import Unavailable
from pipeline.index import Index
from pipeline.index.document import from_tagged
from tests.desk.conftest import NOW, Cast, detection, tagged

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PAGES = ["/", "/alerts", "/cases", "/reviews", "/themes", "/themes/delivery", "/sources", "/ledger", "/mail"]


def today(number: int = 1, **changes: object):  # type: ignore[no-untyped-def]
    """A review of now: the pages look at the last days."""
    now = datetime.now(UTC)
    moment = {"created_at": now - timedelta(hours=number), "collected_at": now}
    return tagged(number, **{**moment, **changes})  # type: ignore[arg-type]


class Dangers(HTMLParser):
    """Reads a page as a browser does and notes what could act."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "object", "embed", "base"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "action") and not (value or "").startswith(
                ("/", "?", "#", "https://shop.example")
            ):
                self.found.append(f"{tag} {name}={value}")


def dangers(html: str) -> list[str]:
    reader = Dangers()
    reader.feed(html)
    return reader.found


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_empty_page_says_what_to_do(cast: Cast, path: str, language: str) -> None:
    client = cast.client("admin")
    client.cookies["moksori_language"] = language
    response = client.get(path)
    assert response.status_code == 200
    assert 'class="empty"' in response.text


@pytest.mark.parametrize("path", [*PAGES, "/alerts/1", "/cases/1", "/mail/1"])
def test_hostile_text_does_nothing_anywhere(cast: Cast, index: Index, path: str) -> None:
    review = today(text=EVIL, title=EVIL, product=EVIL, url="javascript:alert(1)")
    index.put([from_tagged(review)])
    take([review])
    quote = detection().quotes[0].model_copy(update={"text": EVIL, "url": "javascript:alert(1)", "start": 3, "end": 9})
    apply([detection(product=EVIL, theme=EVIL, quotes=[quote])], [], NOW)
    wiring_rows = [{"source": EVIL, "state": EVIL, EVIL: EVIL}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "health_rows", lambda: wiring_rows)
        patch.setattr(wiring, "ledger_rows", lambda: wiring_rows)
        html = cast.client("admin").get(path).text
    assert dangers(html) == []


def test_the_headers_allow_nothing_foreign(cast: Cast) -> None:
    response = cast.client("viewer").get("/")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in response.headers["Cache-Control"]


def test_static_files_are_kept_by_browsers(cast: Cast) -> None:
    page = Client().get("/login").text
    address = re.search(r'href="(/static/console/desk\.css\?v=\w{12})"', page)
    assert address
    response = Client().get(address[1])
    assert response.headers["Cache-Control"] == "max-age=604800, public"
    assert response.headers["Content-Type"].startswith("text/css")


def test_a_case_that_someone_else_changed_keeps_what_was_typed(cast: Cast) -> None:
    take([tagged()])
    case = Case.objects.get()
    first, second = cast.client("lead"), cast.client("admin")
    assert first.post(f"/cases/{case.pk}/reply", {"revision": 1, "text": "first"}).status_code == 302
    response = second.post(f"/cases/{case.pk}/reply", {"revision": 1, "text": "second"})
    assert response.status_code == 409
    assert ">second</textarea>" in response.text
    assert "first" in response.text
    assert Reply.objects.get().text == "first"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"revision": "x", "status": "solved"},
        {"revision": 1, "status": "gone"},
        {"revision": 10**20, "status": "new"},
    ],
)
def test_a_form_that_is_wrong_changes_nothing(cast: Cast, form: dict[str, object]) -> None:
    take([tagged()])
    case = Case.objects.get()
    assert cast.client("lead").post(f"/cases/{case.pk}/status", form).status_code == 400
    assert Case.objects.get().status == "new"


def test_the_length_is_counted_against_the_limit_of_the_source(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "reply_limit", lambda source: 10)
    take([tagged()])
    case = Case.objects.get()
    client = cast.client("lead")
    client.cookies["moksori_language"] = "en"
    client.post(f"/cases/{case.pk}/reply", {"revision": 1, "text": "0123456789abc"})
    page = client.get(f"/cases/{case.pk}").text
    assert "13 of at most 10 characters" in page
    assert "…0123456789</p>" in page


def test_the_life_of_an_alert_by_buttons(cast: Cast) -> None:
    apply([detection()], [], NOW)
    pk = Alert.objects.get().pk
    client = cast.client("lead")
    for button, state in (
        ("acknowledge", State.ACKNOWLEDGED),
        ("mute", State.MUTED),
        ("unmute", State.OPEN),
        ("resolve", State.RESOLVED),
    ):
        assert client.post(f"/alerts/{pk}/{button}", {"days": "7"}).status_code == 302
        assert Alert.objects.get().state == state
    assert client.post(f"/alerts/{pk}/acknowledge", follow=True).status_code == 200
    assert client.post("/alerts/99/acknowledge").status_code == 404


def test_reviews_are_found_narrowed_and_paged(cast: Cast, index: Index) -> None:
    index.put([from_tagged(today(number)) for number in range(1, 46)])
    index.put([from_tagged(today(50, sentiment="positive", text="정말 좋아요", rating=1.0))])
    take([today(1)])
    client = cast.client("viewer")
    client.cookies["moksori_language"] = "en"
    first = client.get("/reviews").text
    assert "46 reviews" in first
    assert first.count('class="found"') == 20
    assert f'href="/cases/{Case.objects.get().pk}"' in first
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', first)
    assert following
    seen = [first, client.get("/reviews" + following[1].replace("&amp;", "&")).text]
    assert seen[1].count('class="found"') == 20
    assert "1 review<" in client.get("/reviews?sentiment=positive").text
    assert "1 review<" in client.get("/reviews?q=좋아요").text
    assert "1 review<" in client.get("/reviews?rating=high").text
    assert "46 reviews" in client.get("/reviews?sentiment=").text
    assert client.get("/reviews?after=rubbish&period=rubbish&rating=rubbish&sort=rubbish").status_code == 200


@pytest.mark.parametrize("path", ["/reviews", "/themes", "/themes/delivery"])
def test_a_search_that_is_down_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def down() -> Index:
        raise Unavailable("no index at http://localhost:9200")

    for page in ("home", "reviews", "themes"):
        monkeypatch.setattr(f"desk.console.pages.{page}.thread_index", down)
    client = cast.client("viewer")
    response = client.get(path)
    assert response.status_code == 503
    assert "no index at http://localhost:9200" in response.text
    assert client.get("/").status_code == 200


def test_a_database_that_is_down_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise OperationalError("could not connect")

    monkeypatch.setattr("desk.console.pages.cases._filtered", down)
    response = cast.client("viewer").get("/cases")
    assert response.status_code == 503
    assert "could not connect" in response.text


def test_a_database_that_is_gone_altogether_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = cast.client("viewer")
    client.raise_request_exception = False
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nonexistent/folder/desk.db")
    for path in ("/", "/login", "/nowhere"):
        response = client.get(path)
        assert response.status_code == 503, path
        assert "database does not answer" in response.text


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(cast: Cast) -> None:
    apply([detection()], [], NOW)
    deliver_due(NOW)
    pk = OutboxMessage.objects.get().pk
    client = cast.client("responder")
    assert f'src="/mail/{pk}/html" sandbox title' in client.get(f"/mail/{pk}").text
    frame = client.get(f"/mail/{pk}/html")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "script-src" not in frame.headers["Content-Security-Policy"]
    assert 'src="data:image/png;base64,iVBOR' in frame.text


def test_a_refused_mail_can_be_sent_again_by_an_admin(cast: Cast) -> None:
    apply([detection()], [], NOW)
    OutboxMessage.objects.update(recipient="nobody")
    deliver_due(NOW)
    mail = OutboxMessage.objects.get()
    client = cast.client("admin")
    assert "nobody" in client.get("/mail?state=refused").text
    assert client.post(f"/mail/{mail.pk}/again").status_code == 302
    assert OutboxMessage.objects.get().state == "waiting"


def test_rows_of_the_wiring_are_shown_as_they_come(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"source": "play", "state": "broken", "last_try": NOW, "own_column": 1234, "problem": None}]
    monkeypatch.setattr(wiring, "health_rows", lambda: rows)
    html = cast.client("viewer").get("/sources").text
    for shown in ("play", "고장", "2026-11-20 12:00", "own column", "1,234"):
        assert shown in html


@pytest.mark.parametrize("view", ["open", "mine", "free", "due", "closed", "all", "rubbish"])
def test_the_views_of_the_list(cast: Cast, view: str) -> None:
    take([today(1), today(2), today(3)])
    mine, done, late = Case.objects.order_by("pk")
    Case.objects.filter(pk=mine.pk).update(assignee=cast.responder)
    Case.objects.filter(pk=done.pk).update(status="solved", closed_at=NOW)
    Case.objects.filter(pk=late.pk).update(due_at=NOW - timedelta(days=400))
    html = cast.client("responder").get(f"/cases?view={view}").text
    shown = {pk for pk in (mine.pk, done.pk, late.pk) if f'href="/cases/{pk}"' in html}
    everything = {"open": {mine, late}, "mine": {mine}, "free": {late}, "due": {late}, "closed": {done}}
    expected = everything.get(view, {mine, late} if view == "rubbish" else {mine, done, late})
    assert shown == {case.pk for case in expected}
