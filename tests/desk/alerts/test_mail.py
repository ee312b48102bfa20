"""The alert's mail: what it says, in which language, and that hostile text stays text."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desk.accounts.models import Preference
from desk.alerts.life import apply
from desk.outbox.deliver import deliver_due
from desk.outbox.message import build
from desk.outbox.models import OutboxMessage
from pipeline.alerting.detection import Quote
from pipeline.settings import Settings
from tests.desk.conftest import NOW, detection

SENDER = "moksori <moksori@localhost>"
EVIL = "<script>alert(1)</script>\r\nBcc: evil@example.com\r\n\r\n<img src=x onerror=alert(1)>"


def written(**changes: object) -> EmailMessage:
    apply([detection(**changes)], [], NOW)  # type: ignore[arg-type]
    return build(OutboxMessage.objects.latest("pk"), SENDER)


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_it_names_what_hurts_how_much_and_where_to_look(database: str, installation: Settings) -> None:
    message = written()
    assert message["Subject"] == "[moksori] 에어프라이어: 배송 불만이 급증했습니다 (36)"
    plain, html = parts(message)
    facts = ("에어프라이어", "배송이 너무 늦어요", "36", "4.2", "2026-11-18", "http://127.0.0.1:8600/alerts/")
    for text in (plain, re.sub("</?strong[^>]*>", "", html)):
        assert [fact for fact in facts if fact not in text] == []


def test_a_recipient_reads_it_in_the_language_they_chose(database: str, change_settings) -> None:
    change_settings(MAIL__RECIPIENTS='["Ann <ann@example.com>", "team@example.com"]')
    Preference.objects.create(user=User.objects.create(username="ann", email="Ann@Example.com"), language="en")
    apply([detection()], [], NOW)
    subjects = dict(OutboxMessage.objects.values_list("recipient", "subject"))
    assert subjects["Ann <ann@example.com>"] == "[moksori] 에어프라이어: many complaints about delivery (36)"
    assert "급증" in subjects["team@example.com"]


def test_hostile_text_is_shown_and_does_nothing(database: str, installation: Settings) -> None:
    quote = Quote(id="shop:1", text=EVIL, created_at=NOW, start=0, end=8)
    raw = written(product=EVIL, brand=EVIL, theme=EVIL, quotes=[quote]).as_bytes()
    message = message_from_bytes(raw, policy=default)
    assert message["Bcc"] is None
    assert message.defects == []
    plain, html = parts(message)  # type: ignore[arg-type]
    assert "> <script>alert(1)</script> Bcc: evil@example.com <img src=x onerror=alert(1)>" in plain
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=120))
@example(text="\r\nBcc: a@b.c")
@example(text="a\u2028b\x85c\x00d")
@example(text="=?utf-8?q?=0ABcc:_a@b.c?=")
@example(text="\x0b\x0c\x1c\x1d\x1e")
@example(text="x" * 119 + "é")
def test_no_text_breaks_out_of_a_header(database: str, installation: Settings, text: str) -> None:
    OutboxMessage.objects.all().delete()
    row = OutboxMessage(dedupe_key="k", recipient="a@b.c", subject=text, text=text, html=text, created_at=NOW)
    raw = build(row, SENDER).as_bytes()
    message = message_from_bytes(raw, policy=default)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert message["To"] == "a@b.c"


def test_the_same_row_makes_the_same_bytes(database: str, installation: Settings) -> None:
    apply([detection()], [], NOW)
    row = OutboxMessage.objects.get()
    assert build(row, SENDER).as_bytes() == build(row, SENDER).as_bytes()


def test_the_picture_hangs_on_the_html(database: str, installation: Settings) -> None:
    message = written()
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<chart>"
    assert 'src="cid:chart"' in parts(message)[1]
    content = picture.get_content()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 1088


@pytest.mark.parametrize("kind", ["surge", "drift", "silence", "critical"])
@pytest.mark.parametrize("fields", [{}, {"theme": None}, {"product": None, "theme": None, "source": "shop"}])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_kind_of_alert_has_its_words(
    database: str, change_settings, kind: str, fields: dict[str, object], language: str
) -> None:
    change_settings(BRAND__LANGUAGE=language)
    message = written(kind=kind, days=[], quotes=[], **fields)
    plain, html = parts(message)
    assert "None" not in plain + html + message["Subject"]
    assert "  " not in message["Subject"]


def test_a_long_review_is_quoted_around_its_evidence(database: str, installation: Settings) -> None:
    text = "가" * 3000 + "배송이 늦어요" + "나" * 3000
    quote = Quote(id="shop:1", text=text, created_at=NOW, start=3000, end=3007)
    html = parts(written(quotes=[quote]))[1]
    assert ">배송이 늦어요</strong>" in html
    assert len(html) < 20_000


def test_a_delivered_mail_can_be_read_by_any_program(database: str, installation: Settings) -> None:
    apply([detection()], [], NOW)
    deliver_due(NOW)
    [file] = (installation.state_dir / "mail").glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert message["From"] == "moksori <moksori@localhost>"
    assert max(len(line) for line in file.read_bytes().splitlines()) <= 998


def test_quiet_hours_and_language_of_a_recipient(database: str, tmp_path: Path, change_settings: Any) -> None:
    (tmp_path / "alerts.yaml").write_text(
        "recipients:\n  - {address: Ann@example.com, language: en, quiet: {start: '11:00', end: '13:00'}}\n"
        "rules:\n  - {name: trends, kind: trend, recipients: ['Ann <ann@example.com>', bob@example.com]}\n"
    )
    change_settings(CONFIG_DIR=str(tmp_path))
    apply([detection(rule="trends")], [], NOW)  # noon in Seoul
    ann, bob = OutboxMessage.objects.order_by("recipient")
    assert ("many complaints" in ann.subject, "급증" in bob.subject) == (True, True)
    assert (ann.next_try_at - NOW, bob.next_try_at) == (timedelta(hours=1), NOW)
    assert deliver_due(NOW).sent == 1
    assert deliver_due(NOW + timedelta(hours=1)).sent == 1
    apply([detection(rule="trends", severity=3)], [], NOW)
    assert deliver_due(NOW).sent == 2
