"""Alerts as rows for the command line."""

import json

import pytest

from desk.alerts.life import apply, resolve
from desk.alerts.models import Alert
from desk.alerts.queries import alert_row, alert_rows
from pipeline.errors import MoksoriError
from tests.desk.conftest import NOW, detection


def test_the_worst_comes_first_and_the_resolved_only_when_asked(database: str) -> None:
    apply([detection("a", severity=1), detection("b", severity=3), detection("c", severity=2)], [], NOW)
    resolve(Alert.objects.get(key="c").pk, None)
    assert [row["key"] for row in alert_rows()] == ["b", "a"]
    assert [row["key"] for row in alert_rows(["resolved"])] == ["c"]
    assert len(alert_rows(limit=1)) == 1


def test_a_state_that_is_none_is_named(database: str) -> None:
    with pytest.raises(MoksoriError, match="opne: no such state"):
        alert_rows(["opne"])


def test_a_row_holds_quotes_and_history(database: str) -> None:
    apply([detection()], [], NOW)
    row = alert_row(Alert.objects.get().pk)
    assert row["headline"] == "에어프라이어: 배송 불만이 급증했습니다"
    assert [event["what"] for event in row["history"]] == ["opened", "mailed"]
    assert row["quotes"][0]["text"] == "배송이 너무 늦어요."
    assert json.dumps(row, default=str)
