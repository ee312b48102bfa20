"""The detector: surges and drifts alarm, sales and quiet weeks do not, and only the past is seen."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerting.detect import backtest, detect, expected_days
from pipeline.alerting.series import SeriesSet, read_counts
from pipeline.errors import SettingsError


def counts(series: int, days: int, volume: float, share: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    total = random.poisson(volume, (series, days))
    return total, random.binomial(total, share)


def test_an_ordinary_year_is_quiet() -> None:
    total, negative = counts(60, 365, 40, 0.1)
    alarms = backtest(SeriesSet([str(n) for n in range(60)], date(2026, 1, 1), total, negative))
    assert len(alarms) / 60 <= 0.5, "false-alarm days per series and year"


def test_a_breakdown_of_days_is_a_surge_of_that_window() -> None:
    total, negative = counts(1, 120, 40, 0.1)
    negative[0, -3:] += 20
    total[0, -3:] += 20
    (finding,) = detect(total, negative)
    assert finding.kind == "surge"
    assert finding.window == 3
    assert finding.observed > 3 * finding.expected


def test_a_slow_rise_is_a_drift() -> None:
    total, negative = counts(1, 150, 40, 0.05)
    rise = np.random.default_rng(1).binomial(40, np.linspace(0, 0.15, 28))
    negative[0, -28:] += rise
    total[0, -28:] += rise
    (finding,) = detect(total, negative)
    assert finding.kind == "drift"


def test_a_sale_that_triples_the_volume_at_the_same_share_is_no_alarm() -> None:
    total, negative = counts(40, 120, 40, 0.1)
    random = np.random.default_rng(5)
    total[:, -3:] = random.poisson(120, (40, 3))
    negative[:, -3:] = random.binomial(total[:, -3:], 0.1)
    assert detect(total, negative) == []


def test_a_larger_share_of_fewer_reviews_is_no_alarm() -> None:
    total, negative = counts(40, 120, 40, 0.1)
    total[:, -7:] = negative[:, -7:] + 2
    assert detect(total, negative) == []


def test_an_alarm_ends_when_complaints_stop() -> None:
    total, negative = counts(1, 120, 40, 0.1)
    negative[0, -6:-3] += 20
    total[0, -6:-3] += 20
    negative[0, -3:] = 0
    assert detect(total, negative) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(0, 200))
def test_more_praise_never_makes_an_alarm(days: int, praise: int) -> None:
    total, negative = counts(20, 120, 20, 0.1, seed=praise)
    before = {finding.series for finding in detect(total, negative)}
    total[:, -days:] += praise
    assert {finding.series for finding in detect(total, negative)} <= before


def test_only_the_past_is_seen() -> None:
    total, negative = counts(3, 160, 30, 0.1)
    negative[0, 100:104] += 15
    total[0, 100:104] += 15
    whole = [(day, found) for day, found in backtest(SeriesSet(["a", "b", "c"], date(2026, 1, 1), total, negative))]
    cut = backtest(SeriesSet(["a", "b", "c"], date(2026, 1, 1), total[:, :130], negative[:, :130]))
    assert [each for each in whole if each[0] < 130] == cut
    assert any(100 <= day < 104 for day, _ in cut)


def test_a_series_without_a_past_says_nothing() -> None:
    total, negative = counts(1, 120, 0, 0.1)
    total[0, -5:], negative[0, -5:] = 50, 40
    assert detect(total, negative) == []


def test_the_band_of_the_chart_holds_most_ordinary_days() -> None:
    total, negative = counts(1, 200, 40, 0.1)
    expected, low, high = expected_days(total[0], negative[0])
    inside = ((negative[0] >= low) & (negative[0] <= high)).mean()
    assert inside > 0.9
    assert (low <= expected).all()


def test_counts_are_read_and_gaps_are_zero(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("series,date,total,negative\na,2026-01-01,5,1\na,2026-01-03,4,0\nb,2026-01-02,7,7\n")
    series = read_counts(file)
    assert series.names == ["a", "b"]
    assert series.total.tolist() == [[5, 0, 4], [0, 7, 0]]
    assert series.negative.tolist() == [[1, 0, 0], [0, 7, 0]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("series,date,total\na,2026-01-01,5\n", "counts.csv:1: no column negative"),
        ("series,date,total,negative\na,yesterday,5,1\n", "counts.csv:2: expected an ISO date"),
        ("series,date,total,negative\na,2026-01-01,5,6\n", "counts.csv:2: negative is 6, expected 0 to total"),
        ("series,date,total,negative\n", "no rows"),
    ],
)
def test_faults_of_a_counts_file_are_named_by_line(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=fault):
        read_counts(file)
