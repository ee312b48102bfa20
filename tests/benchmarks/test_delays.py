"""The benchmarks of delays and holidays: their worlds are what they say, and what they show still holds."""

from datetime import date

import numpy as np
import pytest

from benchmarks.alerts.delays import _PROFILE, HISTORY, HOURS, delays, hours_text, looks, simulate
from benchmarks.alerts.holidays import calendar, knowing, world
from benchmarks.alerts.simulate import Setting
from benchmarks.alerts.simulate import simulate as simulate_days

NEVER = np.full(300, 10**6)


def test_hours_have_the_level_share_and_profile_that_they_say() -> None:
    hours = simulate(50, 1, 300, 70, NEVER, np.random.default_rng(1))
    assert hours.total.sum(axis=2).mean() == pytest.approx(50, rel=0.02)
    assert hours.negative.sum() / hours.total.sum() == pytest.approx(0.1, rel=0.03)
    parts = hours.total.sum(axis=(0, 1)) / hours.total.sum()
    assert parts == pytest.approx(_PROFILE / _PROFILE.sum(), rel=0.05)


def test_a_spike_begins_in_its_hour_and_a_sale_is_of_everything() -> None:
    onset = np.full(300, 3 * HOURS + 12)
    hours = simulate(50, 5, 300, 6, onset, np.random.default_rng(2))
    plain = simulate(50, 1, 300, 6, NEVER, np.random.default_rng(2))
    before, after = (
        of.negative.reshape(300, -1)[:, part].sum()
        for of, part in ((hours, slice(None, 3 * HOURS + 12)), (hours, slice(3 * HOURS + 12, None)))
    )
    assert before == pytest.approx(plain.negative.reshape(300, -1)[:, : 3 * HOURS + 12].sum(), rel=0.05)
    assert after == pytest.approx(5 * plain.negative.reshape(300, -1)[:, 3 * HOURS + 12 :].sum(), rel=0.05)
    sale = simulate(50, 1, 300, 6, NEVER, np.random.default_rng(3), sale=3.0)
    assert sale.total[:, -1].sum() == pytest.approx(3 * sale.total[:, :-1].sum() / 5, rel=0.1)


@pytest.mark.slow
def test_looks_within_the_day_are_earlier_and_no_later() -> None:
    alone, both = delays(300, 5, 20, 7)
    assert (both <= alone).all()
    assert np.median(both) <= np.median(alone) - 3
    assert np.median(both) < 7
    assert hours_text(float("inf")) == "over 168"


def test_a_look_counts_no_hour_that_is_not_over() -> None:
    hours = simulate(300, 10, 5, HISTORY + 1, np.full(5, HISTORY * HOURS + 18), np.random.default_rng(4))
    daily, within = looks(hours, HISTORY)
    assert not daily[:, :18].any()
    assert not within[:, :18].any()
    assert within[:, -1].all()


def test_holidays_dip_and_are_learnt_as_a_kind_of_day() -> None:
    holiday, after = calendar(date(2025, 9, 1), 60)
    assert [int(day) for day in np.flatnonzero(holiday)] == [32, 34, 35, 36, 37, 38]
    assert [int(day) for day in np.flatnonzero(after)] == [39, 40]
    setting = Setting("quiet", days=60, level=(100, 100), outbreaks=0, drifts=0, sales=0)
    plain, dipped = simulate_days(setting, 200, 5), world(setting, holiday, after, 5)
    assert dipped.total[:, holiday].mean() == pytest.approx(0.4 * plain.total[:, holiday].mean(), rel=0.05)
    assert dipped.total[:, after].mean() == pytest.approx(1.8 * plain.total[:, after].mean(), rel=0.05)
    usual = knowing(holiday)(200)
    for day in range(60):
        others = (dipped.total - dipped.negative)[:, day].astype(np.float64)
        due = usual.expect(day, others)
        usual.learn_volume(day, others, due, np.ones(200))
    assert usual._weekday(38).mean() == pytest.approx(0.4, abs=0.1)
