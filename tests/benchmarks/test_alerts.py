"""The benchmark of the alerts: its worlds are what they say, scores count right, the detector meets its aims."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.alerts import elastalert
from benchmarks.alerts.__main__ import METHODS, mean, ours
from benchmarks.alerts.methods import ears_c2, limit, negative_binomial_tail, spike, three_sd
from benchmarks.alerts.score import score
from benchmarks.alerts.settings import HELD_BACK, HELD_BACK_SEEDS, MADE_WITH, SEEDS
from benchmarks.alerts.simulate import DRIFT_DAYS, WARM_UP_DAYS, Event, Setting, World, simulate

QUIET = Setting("quiet", days=200, outbreaks=0, drifts=0, sales=0)


@pytest.fixture(scope="module")
def usual() -> World:
    return simulate(Setting("usual"), 120, 77)


def test_a_world_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(QUIET, 5, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.total, same.total)
    assert not np.array_equal(one.total, other.total)


def test_ordinary_days_have_the_mean_share_and_scatter_that_they_say() -> None:
    world = simulate(replace(QUIET, days=2000, dispersion=(3, 3), restless=(0.01, 0.01)), 40, 1)
    expected = world.mean * world.share[:, None]
    assert world.total.mean() == pytest.approx(world.mean.mean(), rel=0.01)
    assert world.negative.mean() == pytest.approx(expected.mean(), rel=0.02)
    scatter = ((world.negative - expected) ** 2).mean() / (expected * world.complaint_dispersion()).mean()
    assert scatter == pytest.approx(1, rel=0.05)


def test_events_lie_apart_after_the_warm_up_and_last_as_long_as_they_should(usual: World) -> None:
    assert {event.kind for event in usual.events} == {"outbreak", "drift", "sale"}
    for event in usual.events:
        assert event.first >= WARM_UP_DAYS
        assert event.last < 730
        length = event.last - event.first + 1
        assert length == DRIFT_DAYS if event.kind == "drift" else 1 <= length <= 10
    by_series = sorted((event.series, event.first, event.last) for event in usual.events)
    for (one, _, last), (other, first, _) in pairwise(by_series):
        assert one != other or first > last + 14


def test_a_sale_triples_reviews_and_keeps_the_share(usual: World) -> None:
    sale = np.zeros(usual.total.shape, bool)
    for event in usual.events:
        if event.kind == "sale":
            sale[event.series, event.first : event.last + 1] = True
    share = (usual.mean * usual.share[:, None])[sale].sum() / usual.mean[sale].sum()
    assert usual.negative[sale].sum() / usual.total[sale].sum() == pytest.approx(share, rel=0.03)


def test_the_score_counts_each_day_once_and_where_it_belongs() -> None:
    world = simulate(QUIET, 2, 1)
    world.events[:] = [Event(0, "outbreak", 100, 102), Event(0, "drift", 130, 157), Event(1, "sale", 120, 123)]
    alarms = np.zeros((2, 200), bool)
    assert score(world, alarms).detected == 0
    alarms[0, 102:110] = True  # to the seventh day after
    alarms[0, 140] = True
    alarms[1, 120] = True
    alarms[1, 30] = True  # warm-up
    of = score(world, alarms)
    assert (of.detected, of.drifts, of.delay, of.false_days, of.sale_days) == (1, 1, 10, 0, 0.25)
    alarms[0, 110] = alarms[1, 150] = True
    judged = 2 * (200 - WARM_UP_DAYS) - (3 + 7) - (DRIFT_DAYS + 7) - 4
    assert score(world, alarms).false_days == pytest.approx(2 * 365 / judged)


def test_known_rules_do_as_they_are_known_to(usual: World) -> None:
    """A plain spike misses half, EARS C2 finds much and is loud, a sale deceives both."""
    day, week = score(usual, spike(usual.negative, 1, 3)), score(usual, spike(usual.negative, 7, 2))
    ears, sd = score(usual, ears_c2(usual.negative)), score(usual, three_sd(usual.negative))
    tail = score(usual, negative_binomial_tail(usual.negative))
    assert day.detected < 0.65 < ears.detected
    assert week.false_days > 10 > ears.false_days > sd.false_days > 1 > tail.false_days
    assert min(ears.sale_days, sd.sale_days) > 0.25


def counts(*days: int) -> np.ndarray:
    return np.array([days], np.int64)


def test_a_spike_rule_is_silent_until_its_windows_are_filled_again() -> None:
    negative = counts(5, 5, 5, 15, 45, 135, 405, 5, 5)
    assert np.flatnonzero(elastalert.spike(negative, 1, 3, 3, 5)[0]).tolist() == [3, 5]
    assert not elastalert.spike(counts(0, 0, 9), 1, 3, 3, 5).any(), "too few before"
    assert not elastalert.spike(counts(3, 1, 4), 1, 3, 1, 5).any(), "too few now"
    weeks = elastalert.spike(counts(*[2] * 14, *[4] * 7, *[2] * 7), 7, 2, 5, 10)
    assert np.flatnonzero(weeks[0]).tolist() == [20]


def test_a_frequency_rule_counts_anew_after_a_match() -> None:
    assert np.flatnonzero(elastalert.frequency(counts(4, 4, 4, 4, 4, 4), 2, 8)[0]).tolist() == [1, 3, 5]
    usual = elastalert.twice_the_usual(np.full((2, 100), [[1], [0]]), 7)
    assert usual.tolist() == [14, 5]


def test_a_percentage_asks_for_enough_reviews() -> None:
    alarms = elastalert.percentage_match(counts(4, 4, 3), counts(10, 9, 10), 1, 30, 10)
    assert alarms[0].tolist() == [True, False, False]


def test_the_detector_meets_its_aims_and_keeps_up_with_one_that_is_told_the_truth(usual: World) -> None:
    found, told = score(usual, ours(usual)), score(usual, limit(usual, 2e-4))
    assert found.detected > told.detected - 0.03
    assert found.drifts >= 0.67
    assert found.false_days <= 0.6
    assert found.sale_days <= 0.01


def test_nothing_held_back_was_made_with() -> None:
    assert not set(SEEDS) & set(HELD_BACK_SEEDS)
    assert {setting.name for setting in HELD_BACK} & {setting.name for setting in MADE_WITH} == {"usual"}


def test_the_table_names_every_method_and_a_mean_is_one_of_each_figure(usual: World) -> None:
    scores = [score(usual, method(usual)) for method in METHODS.values()]
    assert len(scores) == 17
    assert mean(scores).detected == pytest.approx(np.mean([each.detected for each in scores]))
