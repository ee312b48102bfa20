"""Alerts on the command line, each command in a process of its own as a user runs it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.index.sqlite import SqliteIndex
from tests.conftest import document
from tests.moksori.cli.conftest import end, environment, start

pytestmark = pytest.mark.slow
RULES = """
recipients:
  - {address: ann@example.com, language: en, report: weekly}
rules:
  - {name: many, kind: threshold, at_least: 3, recipients: [ann@example.com]}
"""


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An installation with one alert, and a user kim."""
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "alerts.yaml").write_text(RULES)
    state = folder / "var"
    env = environment(state, MOKSORI_CONFIG_DIR=str(folder))
    assert end(start("setup", env=env)).code == 0
    index = SqliteIndex(f"{state}/index.db")
    bad = {"is_negative": 1, "sentiment": "negative", "negative_themes": ["delivery"], "themes": ["delivery"]}
    moment = datetime.now(UTC) - timedelta(minutes=1)
    index.put([document(number, created_at=moment, collected_at=moment, **bad) for number in range(4)])
    index.close()
    (folder / "password").write_text("a kettle full of tea")
    made = end(start("desk", "createuser", "kim", "--password-file", str(folder / "password"), env=env))
    assert made.code == 0, made.err
    checked = end(start("alerts", "check", "--json", env=env))
    assert json.loads(checked.out)["opened"] == 1, checked.err
    return env


def test_an_opinion_is_kept_with_its_author(env: dict[str, str]) -> None:
    assert end(start("alerts", "feedback", "1", "not-useful", "--user", "kim", env=env)).code == 0
    shown = json.loads(end(start("alerts", "show", "1", "--json", env=env)).out)
    assert (shown["history"][-1]["what"], shown["history"][-1]["by"]) == ("useless", "kim")
    nobody = end(start("alerts", "feedback", "1", "useful", "--user", "lee", env=env))
    assert (nobody.code, "there is no user 'lee'" in nobody.err) == (1, True)


def test_the_rules_are_listed_as_they_work(env: dict[str, str]) -> None:
    (row,) = map(json.loads, end(start("alerts", "rules", "--json", env=env)).lines)
    assert (row["rule"], row["sensitivity"], row["live_alerts"]) == ("many", "at least 3 complaints in a day", 1)
    assert "many" in end(start("alerts", "rules", env=env)).out


def test_a_digest_is_shown_written_and_sent(env: dict[str, str], tmp_path: Path) -> None:
    shown = end(start("alerts", "digest", "ann@example.com", env=env))
    assert shown.code == 0, shown.err
    assert shown.lines[0].startswith("[moksori] The week of My brand: ")
    file = tmp_path / "digest.html"
    sent = end(start("alerts", "digest", "ann@example.com", "--html", str(file), "--send", env=env))
    assert (sent.code, sent.out, "ann@example.com: sent" in sent.err) == (0, "", True)
    assert "data:image/png;base64," in file.read_text()
    assert list(Path(env["MOKSORI_STATE_DIR"]).glob("mail/digest-report-*.eml"))
    nothing = end(start("alerts", "digest", "bob@example.com", env=env))
    assert (nothing.code, nothing.out) == (1, "")


def test_a_replayed_rule_is_written_as_a_page(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    told = end(start("alerts", "backtest", "--rule", "many", "--html", str(file), env=env))
    assert told.code == 0, told.err
    assert "<svg" in file.read_text()
    refused = end(start("alerts", "backtest", "--rule", "many", "--html", str(tmp_path / "no" / "page"), env=env))
    assert (refused.code, refused.out) == (2, "")
