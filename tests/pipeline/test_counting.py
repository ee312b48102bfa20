"""The common kinds: limits that are crossed, sources that fall silent, values that are new; now and replayed."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.check import check
from pipeline.alerting.counting import blind, check_counts, crossed, wilson_low
from pipeline.alerting.detection import Detection
from pipeline.alerting.new_terms import check_terms
from pipeline.alerting.replay import replay
from pipeline.alerting.rules import ALL_TRENDS, RULES, CountingRule, NewTermRule, Rule
from pipeline.alerting.series import SeriesSet
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import NOW, document

TODAY = date(2026, 11, 20)


def rule(kind: str, **fields: Any) -> Any:
    return RULES[kind].model_validate({"name": "r", "kind": kind, **fields})


def days(total: list[int], negative: list[int] | None = None) -> SeriesSet:
    bad = np.array([negative or [0] * len(total)])
    return SeriesSet(["s"], date(2026, 1, 1), np.array([total]), bad)


def alarms(of: CountingRule, series: SeriesSet) -> list[int]:
    return [int(day) for day in np.flatnonzero(crossed(of, series).alarm[0])]


def test_a_threshold_counts_complaints_in_its_window() -> None:
    series = days([9] * 6, [1, 2, 0, 4, 0, 0])
    assert alarms(rule("threshold", at_least=4), series) == [3]
    assert alarms(rule("threshold", at_least=4, days=3), series) == [3, 4, 5]
    assert alarms(rule("threshold", at_least=1, days=90), series) == [0, 1, 2, 3, 4, 5]


def test_a_share_must_lie_above_its_limit_with_its_whole_interval() -> None:
    series = days([4, 10, 100], [3, 6, 60])
    assert alarms(rule("share", days=1, above=0.45, minimum=3), series) == [2]
    assert alarms(rule("share", days=1, above=0.45, minimum=61), series) == []


def test_a_flatline_looks_at_whole_days_once_the_series_has_begun() -> None:
    series = days([0, 0, 5, 5, 0, 0, 5, 0])
    assert alarms(rule("flatline", fewer_than=1), series) == [5, 6]
    assert alarms(rule("flatline", fewer_than=6, days=2), series) == [5, 6, 7]


def test_silence_is_a_gap_that_chance_would_not_bring() -> None:
    busy, rare = [3] * 40, [1, 0, 0, 0, 0] * 8
    assert alarms(rule("silence"), days([*busy, 0])) == []  # today is not over
    assert alarms(rule("silence"), days([*busy, 0, 0, 0])) == [41, 42]
    assert alarms(rule("silence"), days([*rare, *[0] * 9])) == []
    assert alarms(rule("silence"), days([*busy[:10], *[0] * 20])) == []  # too young to be known
    found = crossed(rule("silence"), days([*busy, 0, 0, 0]))
    assert (found.first[0, 42], found.limit[0, 42]) == (2, 6.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_begins_below_the_share(bad: int, good: int) -> None:
    low = wilson_low(np.array([bad]), np.array([bad + good]))[0]
    assert 0 <= low <= bad / max(bad + good, 1) + 1e-12


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    """60 days of a shop, of which the last two are missing, and of a forum; complaints only there, on the last day."""
    index = SqliteIndex(f"{tmp_path}/index.db")
    documents = []
    for day in range(60):
        for each in range(4):
            moment = NOW - timedelta(days=day, minutes=each)
            documents.append(document(10 * day + each, source="forum", product="pan", created_at=moment, location="a"))
            if day > 2:
                documents.append(document(10 * day + each, source="shop", product="kettle", created_at=moment))
    for each in range(6):
        documents.append(
            document(
                9000 + each, source="forum", product="pan", created_at=NOW, is_negative=1, sentiment="negative",
                themes=["price"], negative_themes=["price"], text="소송합니다", urgency="high", lang="ko", location="b",
                sentiment_score=-0.9, theme_sentiment={"price": -0.9}, model="m",
            )
        )  # fmt: skip
    index.put(documents)
    yield index
    index.close()


def told(index: SqliteIndex, of: CountingRule) -> list[Detection]:
    detections, checked = check_counts(index, "Haneul", TODAY, "Asia/Seoul", of)
    assert {each.key for each in detections} <= checked
    return detections


def test_a_silent_source_is_told_and_is_no_improvement(index: SqliteIndex) -> None:
    (silence,) = told(index, rule("silence"))
    assert (silence.kind, silence.source, silence.total, silence.expected) == ("silence", "shop", 0, 8.0)
    assert silence.key == "Haneul|shop|*|*|silence:r"
    unseen = blind(index, TODAY, "Asia/Seoul", ["shop"])
    assert unseen == {("shop", None), (None, "kettle")}
    _, checked = check(index, "Haneul", TODAY, "Asia/Seoul", ALL_TRENDS, unseen)
    assert "Haneul|shop|*|*|surge" not in checked
    assert "Haneul|*|kettle|*|drift" not in checked
    assert "Haneul|forum|*|*|surge" in checked


def test_a_limit_is_told_with_its_counts_and_quotes(index: SqliteIndex) -> None:
    (found,) = told(index, rule("threshold", at_least=6, scope={"sources": ["forum"], "themes": ["price"]}))
    assert (found.key, found.observed, found.expected) == ("Haneul|forum|*|price|threshold:r", 6, 6.0)
    assert [quote.text for quote in found.quotes] == ["소송합니다"]
    assert told(index, rule("threshold", at_least=7)) == []


def test_a_new_value_is_told_once_it_has_complaints(index: SqliteIndex) -> None:
    new: NewTermRule = rule("new-term", field="location")
    detections, checked = check_terms(index, "Haneul", TODAY, "Asia/Seoul", new)
    assert [(each.theme, each.observed) for each in detections] == [("b", 6)]
    assert "Haneul|*|*|a|new-term:r" in checked
    assert check_terms(index, "Haneul", TODAY, "Asia/Seoul", new.model_copy(update={"minimum": 7}))[0] == []


@pytest.mark.parametrize(
    ("of", "kinds"),
    [
        (rule("threshold", at_least=6), ["threshold"]),
        (rule("silence"), ["silence"]),
        (rule("new-term", field="location"), ["new-term"]),
        (rule("critical", phrases={"ko": ["소송"]}, scope={"themes": ["price"]}), ["critical"] * 6),
        (rule("critical", phrases={"ko": ["소송"]}, scope={"themes": ["quality"]}), []),
        (rule("trend", scope={"products": ["pan"], "themes": ["price"]}), ["surge"]),
        (rule("flatline", fewer_than=1), []),
    ],
)
def test_a_rule_is_replayed_over_the_past(index: SqliteIndex, of: Rule, kinds: list[str]) -> None:
    found = replay(index, "Haneul", TODAY, "Asia/Seoul", of, 30)
    alerts = found.told
    assert [each.kind for each in alerts] == kinds
    assert found.charts.keys() == ({each.where for each in alerts} if found.of_series else set())
    assert all(
        (each.days[0].date, each.days[-1].date) == (found.since, TODAY) and "|".join(each.scope.parts) == where
        for where, each in found.charts.items()
    )
    assert (found.false_alarms is not None) == (of.kind in ("trend", "silence"))
    assert all(TODAY - timedelta(days=30) < each.first <= each.last <= TODAY for each in alerts)
