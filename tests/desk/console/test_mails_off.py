"""Turning mails off by the link in them: by a person, by a mail program, and by nobody else."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk.alerts.life import apply
from desk.outbox.deliver import deliver_due
from desk.outbox.message import build
from desk.outbox.models import MailsOff, OutboxMessage
from desk.outbox.off import off_url, turned_off
from pipeline.settings import Settings
from tests.desk.conftest import NOW, detection

WHO = "Ann <ann@example.com>"


@pytest.fixture
def page(database: str, installation: Settings) -> str:
    return off_url(WHO).removeprefix(installation.console.url.rstrip("/"))


def test_a_person_turns_their_mails_off_and_on(page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    shown = client.get(page)
    assert shown.status_code == 200
    assert "ann@example.com" in shown.content.decode()
    assert not MailsOff.objects.exists(), "looking changes nothing"
    assert client.post(page, {"mails": "off"}).status_code == 200
    assert turned_off([WHO, "bob@example.com"]) == {WHO}
    client.post(page, {"mails": "on"})
    assert turned_off([WHO]) == set()


def test_a_mail_program_does_it_by_itself(page: str) -> None:
    for _ in range(2):
        assert Client(enforce_csrf_checks=True).post(page, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert MailsOff.objects.get().address == "ann@example.com"


def test_a_made_up_link_turns_nothing_off(page: str) -> None:
    for token in ("ann@example.com", "bob@example.com:" + page.rsplit(":", 1)[1], "x"):
        assert Client().post(reverse("mails-off", args=[token])).status_code == 404
    assert not MailsOff.objects.exists()


def test_who_turned_them_off_gets_none(page: str, tmp_path: Path, change_settings: Any) -> None:
    (tmp_path / "alerts.yaml").write_text(
        f"rules:\n  - {{name: trends, kind: trend, recipients: ['{WHO}', bob@example.com]}}\n"
    )
    change_settings(CONFIG_DIR=str(tmp_path))
    Client().post(page)
    apply([detection(rule="trends", severity=3)], [], NOW)
    assert OutboxMessage.objects.get().recipient == "bob@example.com"


def test_mails_that_wait_are_not_sent_either(page: str, change_settings: Any) -> None:
    change_settings(MAIL__RECIPIENTS='["Ann <Ann@example.com>", "hann@example.com"]')
    apply([detection()], [], NOW)
    Client().post(page)
    assert deliver_due(NOW).sent == 1
    assert OutboxMessage.objects.get(state="sent").recipient == "hann@example.com"
    assert "turned their mails off" in OutboxMessage.objects.get(state="refused").error


@pytest.mark.parametrize(("console", "one_click"), [("http://desk.example", False), ("https://desk.example", True)])
def test_mails_offer_it_in_their_headers(database: str, change_settings: Any, console: str, one_click: bool) -> None:
    change_settings(CONSOLE__URL=console)
    apply([detection()], [], NOW)
    message = build(OutboxMessage.objects.get(), "moksori <moksori@localhost>")
    assert message["List-Unsubscribe"].startswith(f"<{console}/mails/off/")
    assert (message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") == one_click
