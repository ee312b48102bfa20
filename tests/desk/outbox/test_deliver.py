"""Mails leave once: claims, retries, refusals, and a worker that dies between sending and marking."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from desk.alerts.life import apply
from desk.outbox.deliver import CLAIM_LASTS, PAUSES_MIN, Delivered, deliver_due, retry
from desk.outbox.models import OutboxMessage
from desk.outbox.transports import FileTransport, Refused
from pipeline.errors import SettingsError, Unavailable
from pipeline.settings import Settings
from tests.desk.conftest import BOTH, NOW, detection

State = OutboxMessage.State


@pytest.fixture
def waiting(database: str) -> OutboxMessage:
    """One mail about an alert."""
    apply([detection()], [], NOW)
    return OutboxMessage.objects.get()


def eml(settings: Settings) -> list[Path]:
    return sorted((settings.state_dir / "mail").glob("*.eml"))


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_a_mail_is_sent_once(waiting: OutboxMessage, installation: Settings) -> None:
    assert deliver_due(NOW) == Delivered(sent=1)
    assert deliver_due(NOW) == Delivered()
    assert [file.stem for file in eml(installation)] == [waiting.dedupe_key]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries, waiting.error) == (State.SENT, 1, "")


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_workers_at_once_send_each_mail_once(
    database: str, installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply([detection(f"k{number}") for number in range(12)], [], NOW)
    sent: list[str] = []
    send = FileTransport.send

    def counted(self: FileTransport, key: str, message: object) -> None:
        sent.append(key)
        send(self, key, message)  # type: ignore[arg-type]

    monkeypatch.setattr(FileTransport, "send", counted)

    def work() -> None:
        deliver_due(NOW)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(sent) == len(set(sent)) == len(eml(installation)) == 12


_DIES = """
import os, signal
from desk.setup import configure
configure()
from datetime import datetime
from desk.outbox import deliver
from desk.outbox.transports import FileTransport
send = FileTransport.send
def send_and_die(self, key, message):
    send(self, key, message)
    os.kill(os.getpid(), signal.SIGKILL)
FileTransport.send = send_and_die
deliver.deliver_due(datetime.fromisoformat(os.environ["NOW"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_a_kill_between_sending_and_marking_leaves_one_file(waiting: OutboxMessage, installation: Settings) -> None:
    died = subprocess.run([sys.executable, "-c", _DIES], env={**os.environ, "NOW": NOW.isoformat()}, check=False)
    assert died.returncode == -signal.SIGKILL
    [file] = eml(installation)
    first = file.read_bytes()
    assert deliver_due(NOW + timedelta(minutes=1)) == Delivered(waiting=1)  # the dead worker's claim still holds
    assert deliver_due(NOW + CLAIM_LASTS + timedelta(minutes=1)) == Delivered(sent=1)
    assert [one.read_bytes() for one in eml(installation)] == [first]


def test_trouble_for_now_is_retried_with_growing_pauses(
    waiting: OutboxMessage, installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(self: FileTransport, key: str, message: object) -> None:
        raise Unavailable("server down")

    with monkeypatch.context() as patch:
        patch.setattr(FileTransport, "send", down)
        moment = NOW
        for pause in (*PAUSES_MIN, PAUSES_MIN[-1]):
            assert deliver_due(moment) == Delivered(failed=1, waiting=1)
            assert deliver_due(moment + timedelta(minutes=pause, seconds=-1)) == Delivered(waiting=1)
            moment += timedelta(minutes=pause, seconds=5)
    waiting.refresh_from_db()
    assert waiting.error == "server down"
    assert deliver_due(moment) == Delivered(sent=1)


def test_a_refusal_is_final_until_a_person_retries(
    waiting: OutboxMessage, installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FileTransport, key: str, message: object) -> None:
        raise Refused("550 no such user")

    with monkeypatch.context() as patch:
        patch.setattr(FileTransport, "send", refuse)
        assert deliver_due(NOW) == Delivered(failed=1)
    assert deliver_due(NOW + timedelta(days=1)) == Delivered()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (State.REFUSED, "550 no such user")
    assert retry(waiting.pk, NOW)
    assert deliver_due(NOW) == Delivered(sent=1)
    assert not retry(waiting.pk, NOW)


def test_a_claim_that_ran_out_is_not_marked_by_its_old_owner(
    waiting: OutboxMessage, installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(self: FileTransport, key: str, message: object) -> None:
        OutboxMessage.objects.update(claimed_at=NOW + CLAIM_LASTS)  # another worker took it over meanwhile
        raise Unavailable("too late")

    monkeypatch.setattr(FileTransport, "send", slow)
    deliver_due(NOW)
    waiting.refresh_from_db()
    assert waiting.state == State.SENDING


@pytest.mark.parametrize("recipient", ["nobody", "a@b.c\nBcc: x@y.z", "a b@c.d", "<>", "a@b.c, d@e.f"])
def test_a_recipient_that_is_no_address_is_refused(waiting: OutboxMessage, recipient: str) -> None:
    OutboxMessage.objects.update(recipient=recipient)
    assert deliver_due(NOW) == Delivered(failed=1)
    assert OutboxMessage.objects.get().state == State.REFUSED


def test_a_sender_that_is_no_address_stops_the_round_by_name(waiting: OutboxMessage, change_settings) -> None:
    change_settings(MAIL__SENDER="moksori")
    with pytest.raises(SettingsError, match="sender"):
        deliver_due(NOW)
    change_settings(MAIL__SENDER="moksori <m@example.com>")
    assert deliver_due(NOW) == Delivered(waiting=1)  # the claim is given back when it has run out
    assert deliver_due(NOW + CLAIM_LASTS + timedelta(seconds=1)) == Delivered(sent=1)


def test_a_folder_that_cannot_be_written_keeps_the_mail(waiting: OutboxMessage, installation: Settings) -> None:
    (installation.state_dir / "mail").write_text("not a folder")
    assert deliver_due(NOW) == Delivered(failed=1, waiting=1)
    assert "cannot write the mail" in OutboxMessage.objects.get().error
