"""One check of all rules: silence beside trends, keys that are blind, who tells what two rules find."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from moksori.alert_scheduler import _look
from pipeline.index.sqlite import SqliteIndex
from pipeline.settings import Settings
from tests.conftest import document

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
RULES = """
rules:
  - {name: first, kind: trend, scope: {themes: [delivery]}}
  - {name: second, kind: trend}
  - {name: gone, kind: silence}
  - {name: many, kind: threshold, at_least: 5}
  - {name: places, kind: new-term, field: location}
  - {name: stars, kind: rating}
  - {name: answers, kind: reply-time}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """60 quiet days of two sources; then one falls silent, and the other has late parcels."""
    (tmp_path / "alerts.yaml").write_text(RULES)
    settings = Settings(state_dir=tmp_path, config_dir=tmp_path, brand={"name": "Haneul"})  # type: ignore[arg-type]
    index = SqliteIndex(f"{tmp_path}/index.db")
    for day in range(60):
        moment = NOW - timedelta(days=day)
        index.put([document(10 * day + n, source="forum", product="pan", created_at=moment) for n in range(6)])
        if day > 3:
            index.put([document(10 * day + n, product="kettle", created_at=moment) for n in range(6)])
    late = {"is_negative": 1, "sentiment": "negative", "themes": ["delivery"], "negative_themes": ["delivery"]}
    index.put([document(9000 + n, source="forum", product="pan", created_at=NOW, **late) for n in range(20)])
    index.close()
    return settings


def test_each_trouble_is_told_by_the_first_rule_that_finds_it(settings: Settings) -> None:
    found, checked = _look(settings, NOW, {})
    told = {(each.rule, each.kind, each.source, each.product) for each in found.values()}
    assert ("first", "surge", None, "pan") in told
    assert ("gone", "silence", "shop", None) in told
    assert ("many", "threshold", None, None) in told
    assert {each.rule for each in found.values() if each.theme == "delivery"} == {"first"}
    assert found.keys() <= checked
    assert {"Haneul|*|*|*|rating:stars", "Haneul|*|*|*|reply-time:answers"} <= checked - found.keys()


def test_quiet_of_a_silent_source_ends_no_alert(settings: Settings) -> None:
    _, checked = _look(settings, NOW, {"second": 2.0})
    assert "Haneul|forum|*|*|surge" in checked
    assert not {key for key in checked if key.startswith(("Haneul|shop|*|*|surge", "Haneul|*|kettle|"))}
