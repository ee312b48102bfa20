"""Ratings that fall and answers that take longer: told when clear, of days that scatter, now and replayed."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerting.detection import Detection
from pipeline.alerting.means import difference
from pipeline.alerting.replay import replay
from pipeline.alerting.rules import RULES, MeanRule, load_rules
from pipeline.alerting.worse import check_means
from pipeline.errors import SettingsError
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import NOW, document

TODAY = date(2026, 11, 20)
SEOUL = "Asia/Seoul"


def rule(kind: str, **fields: Any) -> Any:
    return RULES[kind].model_validate({"name": "r", "kind": kind, **fields})


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    """100 days. The pan's ratings fall from 0.8 to 0.4 four days ago; the kettle's complaints were answered after six
    hours, and since six days after two days or not at all."""
    index = SqliteIndex(f"{tmp_path}/index.db")
    for day in range(100):
        moments = [NOW - timedelta(days=day, minutes=30 * number) for number in range(8)]
        ratings = (0.25, 0.5) if day < 4 else (0.75, 1.0)
        documents = [
            document(100 * day + n, product="pan", created_at=at, rating=ratings[(7 * day + 3 * n) % 5 < 2])
            for n, at in enumerate(moments[:4])
        ]
        hours = (48.0 if day % 2 else None) if day < 7 else 6.0
        documents += [
            document(
                100 * day + 50 + n, product="kettle", created_at=at, is_negative=1, sentiment="negative",
                text=f"late {n}", rating=0.25, negative_themes=["delivery"],
                response_hours=None if hours is None else hours + n / 4,
            )
            for n, at in enumerate(moments[4:])
        ]  # fmt: skip
        index.put(documents)
    yield index
    index.close()


def told(index: SqliteIndex, of: MeanRule, day: date = TODAY) -> list[Detection]:
    detections, checked = check_means(index, "Haneul", day, SEOUL, of)
    assert {each.key for each in detections} <= checked
    return detections


def test_ratings_that_fall_are_told_with_both_means(index: SqliteIndex) -> None:
    pan = rule("rating", days=4, minimum=10, scope={"products": ["pan", "kettle"]})
    (found,) = told(index, pan)
    assert (found.key, found.kind, found.product) == ("Haneul|*|pan|*|rating:r", "rating", "pan")
    assert (found.since, found.until, found.total) == (TODAY - timedelta(days=3), TODAY, 16)
    assert found.explanation is not None
    (sign,) = found.explanation.signs
    assert (sign.name, sign.count) == ("rating", 16)
    assert sign.now == pytest.approx(0.35, abs=0.03)
    assert sign.before == pytest.approx(0.85, abs=0.01)
    assert sign.low < sign.now - sign.before < sign.high < 0
    assert 0 < found.p_value < 0.0005
    assert told(index, pan.model_copy(update={"falls_by": 0.6})) == []
    assert told(index, pan.model_copy(update={"minimum": 17})) == []
    assert told(index, pan, TODAY - timedelta(days=5)) == []
    assert [each.product for each in told(index, rule("rating", days=4, minimum=10))] == [None]


def test_answers_that_take_longer_than_half_of_those_before_are_told(index: SqliteIndex) -> None:
    (found,) = told(index, rule("reply-time"))
    assert (found.kind, found.key) == ("reply-time", "Haneul|*|*|*|reply-time:r")
    assert (found.observed, found.total) == (26, 28)
    assert found.explanation is not None
    (sign,) = found.explanation.signs
    assert sign.name == "late"
    assert sign.now > 0.85
    assert sign.before < 0.55
    assert [quote.text[:4] for quote in found.quotes] == ["late"] * len(found.quotes)
    assert told(index, rule("reply-time", scope={"themes": ["price"]})) == []
    assert [each.theme for each in told(index, rule("reply-time", scope={"themes": ["delivery"]}))] == ["delivery"]


def test_a_complaint_whose_time_is_not_up_is_not_late(index: SqliteIndex) -> None:
    """Unanswered so far, as they may be for six hours: at midnight those since half past five have time left."""
    index.put(
        [
            document(90_000 + n, created_at=NOW - timedelta(hours=n), is_negative=1, sentiment="negative")
            for n in range(26)
        ]
    )
    (found,) = told(index, rule("reply-time"))
    assert found.total == 28 + 7


@pytest.mark.parametrize(("kind", "where", "observed"), [("rating", "pan", 2.44), ("reply-time", "Haneul", 26)])
def test_it_is_replayed(index: SqliteIndex, kind: str, where: str, observed: float) -> None:
    fields = {"days": 4, "minimum": 10, "scope": {"products": ["pan"]}} if kind == "rating" else {}
    (alert,) = replay(index, "Haneul", TODAY, SEOUL, rule(kind, **fields), 30).told
    assert (alert.kind, alert.where, alert.last) == (kind, where, TODAY)
    assert alert.observed == observed
    assert alert.first > TODAY - timedelta(days=7)


@pytest.mark.slow
def test_usual_days_that_scatter_are_seldom_told() -> None:
    """Reviews of a day lie together: the 99.9 % interval holds all the same."""
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(2000):
        counts = random.poisson(6, 97)
        level = random.normal(0.7, 0.08, 97)
        sums = random.normal(level * counts, 0.3 * np.sqrt(counts))
        found = difference(sums, counts, 7, 5)
        assert found is not None
        assert (found.p_value < 0.0005) == (not found.low <= 0 <= found.high)
        wrong += found.p_value < 0.0005
    assert wrong <= 12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), min_size=30, max_size=100), st.floats(0.05, 0.3))
def test_worse_days_only_lower_the_difference(days: list[tuple[int, float]], worse: float) -> None:
    counts = np.array([count for count, _ in days])
    sums = np.array([count * mean for count, mean in days])
    before, lower = difference(sums, counts, 7, 5), sums.copy()
    lower[-7:] -= worse * counts[-7:]
    after = difference(lower, counts, 7, 5)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after.now == pytest.approx(before.now - worse)
        assert after.before == before.before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- {name: r, kind: rating, falls_by: 2}", ":2: falls_by: "),
        ("- {name: r, kind: rating, scope: {themes: [price]}}", ":2: "),
        ("- {name: r, kind: reply-time, hours: 3}", ":2: hours: "),
    ],
)
def test_a_mistake_is_told_by_its_line(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(f"rules:\n  {text}\n")
    with pytest.raises(SettingsError, match=fault) as error:
        load_rules(file)
    assert str(file) in str(error.value)
