"""Rules as people write them: what is read, and what a mistake is told as, by line."""

from pathlib import Path

import pytest

from pipeline.alerting.rules import ALL_TRENDS, CriticalRule, TrendRule, alert_rules, load_rules
from pipeline.errors import SettingsError
from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]


def rules_file(folder: Path, text: str) -> Path:
    file = folder / "alerts.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_all_trends_are_told(tmp_path: Path) -> None:
    assert alert_rules(Settings(config_dir=tmp_path)).rules == (ALL_TRENDS,)


def test_the_example_tells_what_is_told_without_it_and_critical_reviews() -> None:
    rules = load_rules(ROOT / "config/alerts.yaml")
    assert rules.trends == (ALL_TRENDS,)
    assert [rule.name for rule in rules.critical] == ["safety", "legal", "press", "data-leak"]
    assert all(rule.phrases.ko and rule.phrases.en for rule in rules.critical)


def test_a_rule_is_read_with_its_scope_and_sensitivity(tmp_path: Path) -> None:
    text = """
rules:
  - name: kettle
    kind: trend
    scope: {products: [kettle], languages: [ko]}
    false_alarms_a_month: 2
    recipients: [a@example.com]
  - {name: vip, kind: critical, authors: ["shop:1"]}
"""
    trend, critical = load_rules(rules_file(tmp_path, text)).rules
    assert isinstance(trend, TrendRule)
    assert (trend.scope.products, trend.scope.languages, trend.false_alarms_a_month) == (("kettle",), ("ko",), 2)
    assert trend.recipients == ("a@example.com",)
    assert isinstance(critical, CriticalRule)
    assert critical.severity == 3


def test_a_change_counts_at_once(tmp_path: Path) -> None:
    settings = Settings(config_dir=tmp_path)
    rules_file(tmp_path, "rules: []")
    assert alert_rules(settings).rules == ()
    (tmp_path / "alerts.yaml").unlink()
    assert alert_rules(settings).rules == (ALL_TRENDS,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule: []", ":1: rule: unknown setting. Known here: channels, recipients, rules"),
        ("rules: 3", ":1: rules: expected a list"),
        ("recipients: a", ":1: recipients: expected a list"),
        ("recipients:\n  - {language: ko}", ":2: address: Field required"),
        ("recipients:\n  - address: a\n    quiet: {start: 9, end: late}", ":3: quiet.end: is no time of day"),
        ("rules:\n  - name: x", ":2: rules: kind: expected one of trend, critical, silence"),
        ("rules:\n  - name: x\n    kind: tremd", ":3: rules: kind: expected one of .*found 'tremd'"),
        ("rules:\n  - kind: trend", ":2: name: Field required"),
        ("rules:\n  - {name: A b, kind: trend}", ":2: name: is no name"),
        ("rules:\n  - name: x\n    kind: trend\n    minimum: 2", ":4: minimum: .*greater than or equal to 5.*found 2"),
        ("rules:\n  - name: x\n    kind: trend\n    scope:\n      shop: [a]", ":5: scope.shop: unknown setting"),
        ("rules:\n  - name: x\n    kind: trend\n    wndow: 2", ":4: wndow: unknown setting. Known here: .*minimum"),
        ("rules:\n  - {name: x, kind: critical}", ":2: would fit every review"),
        ("rules:\n  - {name: x, kind: trend}\n  - {name: x, kind: trend}", ":3: name: 'x' is taken by line 2"),
        ("rules:\n  - name: x\n    kind: critical\n    urgency: [huge]", ":4: urgency.0: .*'high'.*found 'huge'"),
        ("rules:\n  - name: x\n    kind: critical\n    phrases:\n      ko: ['*']", ":5: phrases.ko.0"),
        (
            "rules:\n  - name: x\n    kind: trend\n    escalate:\n      after: soon",
            ":5: escalate.after: is no length of time",
        ),
        ("rules:\n  - name: x\n    kind: trend\n    escalate:\n      after: 4h", ":4: escalate: tells nobody"),
        (
            "rules:\n  - name: x\n    kind: trend\n    escalate:\n      after: 4h\n      channels: [chat]",
            ":6: escalate.channels: no channel 'chat'. Known: none",
        ),
        ("recipients:\n  - address: a\n    digest: hourly", ":3: digest: .*'daily' or 'weekly'"),
        ("recipients:\n  - address: a\n    weekday: mon", ":3: weekday: .*'monday'"),
    ],
)
def test_a_mistake_is_told_by_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match="alerts.yaml" + told):
        load_rules(rules_file(tmp_path, text))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load_rules(
            rules_file(tmp_path, "rules:\n  - {name: x, kind: no}\n  - {name: y, kind: trend, minimum: 1}\nz: 1")
        )
    assert len(str(told.value).splitlines()) == 3


def test_a_rule_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match="'x': no such rule in alerts.yaml. Known: trends, silence"):
        load_rules(ROOT / "config/alerts.yaml").named("x")


CHAT = "channels:\n  - {name: chat, kind: slack, url: env:CHAT}\n"


def test_a_rule_names_channels_of_the_file(tmp_path: Path) -> None:
    rules = load_rules(rules_file(tmp_path, CHAT + "rules:\n  - {name: x, kind: trend, channels: [chat]}"))
    found = rules.channel("chat")
    assert found is not None
    assert (found.kind, found.url) == ("slack", "env:CHAT")
    with pytest.raises(SettingsError, match=":4: channels: no channel 'chta'. Known: chat"):
        load_rules(rules_file(tmp_path, CHAT + "rules:\n  - {name: x, kind: trend, channels: [chta]}"))


@pytest.mark.parametrize("field", ["url", "secret"])
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, field: str) -> None:
    text = f"channels:\n  - name: chat\n    kind: webhook\n    {field}: https://chat.example/T0KEN\n"
    with pytest.raises(SettingsError, match=f"alerts.yaml:4: {field}: secrets do not stand in this file") as told:
        load_rules(rules_file(tmp_path, text))
    assert "T0KEN" not in str(told.value)


@pytest.mark.parametrize(("text", "minutes"), [("30m", 30), ("4h", 240), ("2d", 2880)])
def test_who_is_told_when_nobody_acknowledges(tmp_path: Path, text: str, minutes: int) -> None:
    escalate = f"{{after: {text}, recipients: [a@example.com], severity: 2}}"
    (rule,) = load_rules(rules_file(tmp_path, f"rules:\n  - {{name: x, kind: trend, escalate: {escalate}}}")).rules
    assert rule.escalate is not None
    assert rule.escalate.after.total_seconds() == 60 * minutes
    assert (rule.escalate.recipients, rule.escalate.severity) == (("a@example.com",), 2)
