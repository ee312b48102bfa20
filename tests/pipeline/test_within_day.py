"""Laws of the checks within the day: usual days stay quiet however often one looks, praise and sales are no trouble."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.alerts.delays import HISTORY, looks, simulate
from pipeline.alerting.detect import UsualDays
from pipeline.alerting.profile import profile
from pipeline.alerting.sensitivity import daily_alpha
from pipeline.alerting.series import Counts
from pipeline.alerting.within_day import HOURS, evidence

EVEN = np.full((1, HOURS), 1 / HOURS)
ALPHA = daily_alpha(0.71)


def usual(complaints: float = 5.0, share: float = 0.1, scatter: float = 0.05, judged: bool = True) -> UsualDays:
    value = np.ones((1, 1))
    return UsualDays(complaints * value, scatter * value, share * value, scatter * value, np.array([[judged]]))


def speaks(total: Counts, negative: Counts, of: UsualDays | None = None) -> list[float]:
    found: list[float] = evidence(total, negative, EVEN, of or usual())[0].tolist()
    return found


def hours(*counts: int) -> Counts:
    return np.array([counts], np.int64)


counted = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 15)), min_size=24, max_size=24)


@settings(max_examples=60, deadline=None)
@given(counted, st.integers(1, 23))
def test_an_hour_is_told_alike_when_it_is_over_and_ever_after(day: list[tuple[int, int]], looked: int) -> None:
    """So neither a restart nor how often one looks changes what is found, only when."""
    others, negative = hours(*[rest for rest, _ in day]), hours(*[bad for _, bad in day])
    total = others + negative
    whole = speaks(total, negative)
    assert speaks(total[:, :looked], negative[:, :looked]) == pytest.approx(whole[:looked])
    assert whole == sorted(whole)


@settings(max_examples=60, deadline=None)
@given(counted, st.integers(0, 23), st.integers(1, 40))
def test_praise_never_speaks_for_trouble(day: list[tuple[int, int]], hour: int, praise: int) -> None:
    others, negative = hours(*[rest for rest, _ in day]), hours(*[bad for _, bad in day])
    before = speaks(others + negative, negative)
    others[0, hour] += praise
    after = speaks(others + negative, negative)
    assert all(less <= more * (1 + 1e-9) for less, more in zip(after, before, strict=True))


def test_complaints_that_pile_up_are_trouble_and_a_sale_or_a_quiet_day_is_none() -> None:
    few, many = hours(*[2] * 12), hours(*[0] * 9, 4, 5, 4)
    assert speaks(few + many, many)[-1] > 1 / ALPHA
    sale = hours(*[0] * 9, 80, 80, 80)
    assert speaks(sale + many, many)[-1] < 2
    alone = hours(*[0] * 9, 2, 2, 1)
    assert speaks(alone, alone, usual(complaints=12.0))[-1] < 2
    assert speaks(few + many, many, usual(judged=False))[-1] == 0
    four = hours(*[0] * 11, 4)
    assert speaks(four, four, usual(complaints=0.1))[-1] == 0


def test_usual_days_speak_for_trouble_more_than_one_over_alpha_no_oftener_than_alpha() -> None:
    """At any of the 24 hours: what makes it safe to look often."""
    random = np.random.default_rng(4)
    days, scatter, share, complaints = 20_000, 0.05, 0.1, 5.0
    level = random.gamma(1 / scatter, scatter, (days, 1)) * np.ones((1, HOURS)) * complaints / HOURS
    negative = random.poisson(level)
    together = 1 / (share * (1 - share) * scatter) - 1
    shares = random.beta(share * together, (1 - share) * together, (days, 1))
    others = random.poisson(level * (1 - shares) / shares)
    one = np.ones((days, 1))
    of = UsualDays(complaints * one, scatter * one, share * one, scatter * one, np.ones((days, 1), bool))
    found = evidence(others + negative, negative, np.repeat(EVEN, days, axis=0), of)
    for alpha in (0.05, 0.01):
        assert (found[:, -1] >= 1 / alpha).mean() <= alpha


@pytest.mark.slow
def test_usual_days_of_a_learnt_series_raise_fewer_alarms_than_alpha_though_each_hour_is_looked_at() -> None:
    random = np.random.default_rng(11)
    alarms = 0
    for level in (10, 50, 300):
        of = simulate(level, 1, 400, HISTORY + 1, np.full(400, 10**6), random)
        alarms += int(looks(of, HISTORY)[1].any(axis=1).sum())
    assert alarms <= 0.25 * ALPHA * 1200


@pytest.mark.slow
def test_a_sale_of_three_times_the_volume_raises_fewer_alarms_than_alpha() -> None:
    random = np.random.default_rng(12)
    of = simulate(50, 1, 500, HISTORY + 1, np.full(500, 10**6), random, sale=3.0)
    assert looks(of, HISTORY)[1].any(axis=1).mean() <= ALPHA


def test_a_profile_is_the_series_own_the_more_it_has_and_else_the_brands() -> None:
    morning, evening = np.zeros(24, np.int64), np.zeros(24, np.int64)
    morning[9], evening[21] = 5000, 5000
    own = profile(np.array([evening, evening // 5000, 0 * evening]), morning)
    assert own.sum(axis=1) == pytest.approx([1, 1, 1])
    assert own[0, 21] > 0.45
    assert own[1, 9] > 0.4
    assert own[2] == pytest.approx(profile(morning[None, :] * 0, morning)[0])
    assert profile(morning[None, :] * 0, morning * 0)[0] == pytest.approx(np.full(24, 1 / 24))
    assert own[0, 20] == pytest.approx(own[0, 22])
    assert own[0, 20] > 0.2
