"""Critical reviews on their way in: one alert a review, at once, until a person resolves it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.alerts.intake import take_critical
from desk.alerts.life import Changes, apply, mute, resolve
from desk.alerts.models import Alert, State
from desk.cases.intake import take
from desk.cases.models import Case, Priority
from desk.outbox.models import OutboxMessage
from pipeline.errors import Unavailable
from pipeline.models import TaggedReview, Tombstone
from pipeline.settings import Settings
from tests.desk.conftest import BOTH, NOW, Cast, tagged

RULES = """
rules:
  - name: safety
    kind: critical
    phrases: {ko: [화상], en: [burned]}
    recipients: [safety@example.com]
"""
BURNED = "손에 화상을 입었습니다."


@pytest.fixture
def rules(tmp_path: Path, change_settings: Callable[..., Settings], database: str) -> None:
    (tmp_path / "alerts.yaml").write_text(RULES, encoding="utf-8")
    change_settings(CONFIG_DIR=str(tmp_path))


def come(*messages: TaggedReview | Tombstone, after: timedelta = timedelta()) -> Changes:
    take(messages)
    return take_critical(messages, NOW + after)


def burned(**changes: Any) -> TaggedReview:
    return tagged(text=BURNED, **changes)


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_it_opens_one_alert_mails_its_own_people_and_makes_the_case_urgent(rules: None) -> None:
    assert come(burned(), tagged(2)) == Changes(opened=1)
    assert come(burned()) == Changes(updated=1)
    alert, mail = Alert.objects.get(), OutboxMessage.objects.get()
    assert (alert.kind, alert.rule, alert.severity, alert.case) == ("critical", "safety", 3, None)
    assert mail.recipient == "safety@example.com"
    assert BURNED in mail.text
    assert Case.objects.get(review_id="shop:1").priority == Priority.HIGH
    assert Case.objects.get(review_id="shop:2").priority == Priority.LOW


def test_a_review_without_a_case_gets_one_with_its_alert(rules: None) -> None:
    come(burned(sentiment="neutral"))
    assert Alert.objects.get().case == Case.objects.get()


def test_no_check_ends_it(rules: None) -> None:
    come(burned())
    for day in range(1, 5):
        apply([], ["Haneul|*|*|delivery|surge"], NOW + timedelta(days=day))
    assert Alert.objects.get().state == State.OPEN


def test_resolved_by_a_person_it_never_comes_back(rules: None, cast: Cast) -> None:
    come(burned())
    resolve(Alert.objects.get().pk, cast.lead)
    assert come(burned(version=2), after=timedelta(days=10)) == Changes()
    assert Alert.objects.get().state == State.RESOLVED


def test_history_is_no_alarm(rules: None) -> None:
    assert come(burned(age_days=15)) == Changes()


def test_a_review_that_is_gone_leaves_no_words_and_an_old_copy_brings_none(rules: None) -> None:
    come(burned())
    come(Tombstone(id="shop:1", source="shop", version=2, at=NOW))
    assert Alert.objects.get().quotes == []
    assert come(burned()) == Changes()
    come(Tombstone(id="shop:9", source="shop", version=2, at=NOW), burned(id="shop:9"))
    assert Alert.objects.count() == 1


def test_a_muted_rule_sends_nothing(rules: None) -> None:
    # life.mute() looks at the real clock.
    mute("*", NOW + timedelta(days=3650), None, rule="safety")
    mute("*", NOW + timedelta(days=3650), None, rule="another")
    come(burned())
    assert Alert.objects.get().state == State.MUTED
    assert not OutboxMessage.objects.exists()


def test_it_opens_when_its_mute_is_over_though_no_check_finds_it(rules: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    mute("*", NOW + timedelta(days=1), None)
    come(burned())
    assert apply([], [], NOW) == Changes()
    assert apply([], [], NOW + timedelta(days=2)) == Changes(opened=1)
    assert (Alert.objects.get().state, OutboxMessage.objects.count()) == (State.OPEN, 1)


def test_a_mistake_in_the_file_is_waited_for_and_nothing_is_lost(rules: None, tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text("rules: 3")
    with pytest.raises(Unavailable, match="alerts.yaml:1: rules: expected a list"):
        come(burned())
    (tmp_path / "alerts.yaml").write_text(RULES + "\n", encoding="utf-8")
    assert come(burned()) == Changes(opened=1)


def test_without_rules_nothing_is_critical(database: str, tmp_path: Path, change_settings: Any) -> None:
    change_settings(CONFIG_DIR=str(tmp_path))
    assert come(burned()) == Changes()


@pytest.mark.parametrize("role", ["lead", "viewer"])
def test_the_console_shows_it_with_its_rule_and_case(rules: None, cast: Cast, role: str) -> None:
    come(burned())
    page = cast.client(role).get(f"/alerts/{Alert.objects.get().pk}").content.decode()
    assert "safety" in page
    assert "화상" in page
    if role == "lead":
        assert f"/cases/{Case.objects.get().pk}" in page
