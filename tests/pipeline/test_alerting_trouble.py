"""The probability of trouble is that of the hidden Markov model, rises with complaints, and falls when all is over."""

import numpy as np
import pytest
from scipy import stats

from pipeline.alerting import trouble
from pipeline.alerting.trouble import Trouble

EVERY = np.ones(1, bool)


def follow(complaints: list[int], mean: float = 2.0, spread: float = 0.05) -> list[float]:
    filter_ = Trouble(1)
    return [float(filter_.see(np.array([n]), np.array([mean]), np.array([spread]), EVERY)[0]) for n in complaints]


def by_hand(complaints: list[int], mean: float, spread: float) -> float:
    """The same from all paths of states at once, with the full negative binomial."""
    sd = (mean + spread * mean**2) ** 0.5
    means = [mean] + [mean + height * sd for height, _ in trouble._LEVELS]
    states = np.array([1.0] + [0.0] * len(trouble._LEVELS))
    for count in complaints:
        states = states @ trouble._MOVES
        states *= [stats.nbinom.pmf(count, 1 / spread, 1 / (1 + spread * each)) for each in means]
    return 1 - float(states[0] / states.sum())


@pytest.mark.parametrize("mean", [0.05, 0.4, 3.0, 60.0])
@pytest.mark.parametrize("complaints", [[0, 0, 1], [1, 1, 1], [0, 5, 0, 2], [4, 9, 3]])
def test_small_and_large_counts_are_weighed_exactly(complaints: list[int], mean: float) -> None:
    assert follow(complaints, mean)[-1] == pytest.approx(by_hand(complaints, mean, 0.05), abs=1e-9)


def test_moves_are_probabilities() -> None:
    assert trouble._MOVES.sum(axis=1) == pytest.approx(np.ones(len(trouble._MOVES)))
    assert (trouble._MOVES >= 0).all()


def test_usual_days_are_no_trouble_and_it_comes_and_goes_within_days() -> None:
    told = follow([2, 1, 3, 2, 2, 1, 12, 14, 11, 2, 1, 2, 3, 1, 2])
    assert max(told[:6]) < 0.1
    assert min(told[6:9]) > 0.95
    assert told[-1] < 0.2


def test_many_days_that_are_each_no_news_are_trouble_together() -> None:
    told = follow([4, 5] * 5)
    assert told[0] < 0.2
    assert told[-1] > 0.9


def test_a_series_too_young_to_judge_is_as_usual() -> None:
    assert Trouble(1).see(np.array([90]), np.array([2.0]), np.array([0.1]), ~EVERY)[0] == 0
