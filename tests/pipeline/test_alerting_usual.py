"""What a series usually brings is learnt from it: share, volume, week, scatter. Sales and outages do not disturb it."""

import numpy as np
import pytest

from pipeline.alerting.series import Counts
from pipeline.alerting.usual import Expected, Usual


def learn(others: Counts, complaints: Counts) -> Usual:
    """One that has seen these days of series. Shapes (series, days)."""
    usual = Usual(len(others))
    every, none = np.ones(len(others)), np.zeros(len(others), bool)
    for day in range(others.shape[1]):
        seen = usual.expect(day, others[:, day].astype(float))
        usual.learn_volume(
            day, others[:, day].astype(float), seen, np.maximum(seen.regular, 0.1) if day > 21 else every
        )
        usual.learn_complaints(day, complaints[:, day].astype(float), seen.volume * seen.factor, every, none)
    return usual


def shop(volume: float = 45.0, share: float = 0.1) -> Usual:
    """200 series of 140 days."""
    random = np.random.default_rng(1)
    others = random.poisson(volume * (1 - share), (200, 140))
    return learn(others, random.poisson(volume * share, others.shape))


def expect(usual: Usual, others: float, series: int = 200, day: int = 140) -> Expected:
    return usual.expect(day, np.full(series, others))


def test_an_ordinary_day_should_bring_the_usual_complaints() -> None:
    usual = shop()
    seen = expect(usual, 40.5)
    assert seen.mean.mean() == pytest.approx(4.5, rel=0.03)
    assert seen.by_volume.mean() == pytest.approx(4.5, rel=0.03)
    assert seen.regular.min() > 0.9


def test_a_sale_is_expected_to_bring_more_complaints_and_only_the_day_itself_says_so() -> None:
    usual = shop()
    seen = expect(usual, 3 * 40.5)
    assert seen.mean.mean() == pytest.approx(3 * 4.5, rel=0.1)
    assert seen.by_volume.mean() == pytest.approx(4.5, rel=0.03)
    assert seen.regular.max() < 0.1


def test_a_usual_day_of_an_unsteady_series_is_between_forecast_and_count() -> None:
    random = np.random.default_rng(1)
    others = random.poisson(random.gamma(40 / 3, 3, (200, 140)))
    usual = learn(others, random.poisson(others * 0.1))
    seen = expect(usual, 60)
    assert (seen.factor > 1).all()
    assert (seen.factor < 60 / seen.volume).all()


def test_more_other_reviews_are_never_a_reason_to_expect_fewer_complaints() -> None:
    usual = shop(volume=8)
    expected = [expect(usual, float(others)).mean for others in range(80)]
    assert (np.diff(expected, axis=0) > 0).all()


def test_the_week_is_learnt() -> None:
    random = np.random.default_rng(2)
    week = np.array([1.5, 1, 1, 1, 1, 1, 0.5])
    others = random.poisson(40 * np.tile(week, 20), (50, 140))
    usual = learn(others, random.poisson(others / 9))
    volumes = [usual.expect(day, np.full(50, 40.0)).volume.mean() for day in range(7)]
    assert volumes == pytest.approx(40 * week, rel=0.06)


def test_restless_shares_make_more_spread() -> None:
    random = np.random.default_rng(3)
    total = random.poisson(100, (50, 200))
    calm = learn(total, random.binomial(total, 0.1))
    restless = learn(total, random.binomial(total, random.beta(5, 45, total.shape)))
    assert np.median(expect(restless, 90, 50, 200).spread) > 3 * np.median(expect(calm, 90, 50, 200).spread)


def test_an_outage_of_two_weeks_changes_hardly_what_is_expected() -> None:
    random = np.random.default_rng(4)
    others, complaints = random.poisson(40, (50, 160)), random.poisson(4.4, (50, 160))
    whole = expect(learn(others, complaints), 40, 50, 160).mean
    others[:, 120:134] = complaints[:, 120:134] = 0
    gap = expect(learn(others, complaints), 40, 50, 160).mean
    assert gap == pytest.approx(whole, rel=0.08)


def test_what_was_seldom_seen_is_uncertain() -> None:
    rare = shop(volume=2, share=0.05)
    frequent = shop()
    assert expect(rare, 2).uncertain.mean() > 10 * expect(frequent, 40).uncertain.mean()
